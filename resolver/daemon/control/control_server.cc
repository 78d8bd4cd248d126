#include "resolver/daemon/control/control_server.h"

#include <pthread.h>
#include <sys/socket.h>

#include <cerrno>

namespace vouch {

namespace {

constexpr int kAcceptsPerWake = 32;

}  // namespace

std::unique_ptr<ControlServer> ControlServer::create(ControlLimits limits) {
  auto loop = EventLoop::create();
  if (loop == nullptr) { return nullptr; }
  return std::unique_ptr<ControlServer>(new ControlServer(std::move(loop), limits));
}

ControlServer::ControlServer(std::unique_ptr<EventLoop> loop, const ControlLimits& limits)
    : loop_(std::move(loop)),
      limits_(limits),
      sweeper_(
          loop_->base(), [](void* self) { static_cast<ControlServer*>(self)->sweep(); }, this) {}

ControlServer::~ControlServer() {
  stop();
  connections_.clear();
}

std::expected<void, std::string> ControlServer::open(const std::string& path) {
  auto socket = ControlSocket::open(path);
  if (!socket) { return std::unexpected(std::move(socket.error())); }
  socket_ = std::make_unique<ControlSocket>(std::move(*socket));
  acceptable_ = std::make_unique<LoopWatch>(
      loop_->base(), socket_->socket().fd(), EV_READ,
      [](void* self) { static_cast<ControlServer*>(self)->accept_some(); }, this);
  if (!acceptable_->watch(true)) { return std::unexpected("the kernel has no room to watch " + path); }
  return {};
}

void ControlServer::start() {
  sweeper_.arm(limits_.sweep);
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "vouchd/control");  // by itself: a confined process may not name another
    loop_->run();
    acceptable_.reset();
    connections_.clear();  // their calls are hung up on the thread that they belong to
    socket_.reset();
  });
}

void ControlServer::stop() {
  if (!thread_.joinable()) { return; }
  loop_->stop();
  thread_.join();
}

void ControlServer::accept_some() {
  for (int i = 0; i < kAcceptsPerWake; ++i) {
    Socket socket(::accept4(socket_->socket().fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.is_open()) {
      admit(std::move(socket));
    } else if (errno == EAGAIN) {
      return;
    } else if (is_exhaustion(errno)) {
      // It would be acceptable again at once: look again at the next sweep, when there may be descriptors.
      acceptable_->watch(false);
      return;
    }
  }
}

void ControlServer::admit(Socket socket) {
  const auto peer = peer_of(socket);
  const bool is_allowed = peer && may_control(*peer);
  const bool has_room = is_allowed && make_room();
  const auto made = connections_.emplace(
      connections_.end(),
      ControlConnection::Parts{.loop = *loop_, .registry = registry_, .limits = limits_, .traffic = traffic_},
      std::move(socket), peer.value_or(ControlPeer{}));
  if (!is_allowed) {
    ++traffic_.refused;
    if (const auto silenced = refusals_.allow(loop_->now())) {
      log(LogLevel::warning, "control_refused",
          {{"uid", peer ? std::to_string(peer->user) : "unknown"},
           {"pid", peer ? std::to_string(peer->process) : "unknown"},
           {"like_it", *silenced}});
    }
    made->turn_away(control_code::kNotAllowed, "only root and the user that vouchd runs as may use this socket");
  } else if (!has_room) {
    ++traffic_.evicted;
    made->turn_away(control_code::kBusy, "too many commands are under way; try again");
  } else {
    ++traffic_.accepted;
    if (made->start()) { return; }
  }
  connections_.erase(made);  // nobody but us has met it
}

// The one that has been idle for longest goes: who holds connections open without a use must not shut the operator out.
bool ControlServer::make_room() {
  std::erase_if(connections_, [](const ControlConnection& connection) { return !connection.is_open(); });
  if (connections_.size() < limits_.connections) { return true; }
  auto oldest = connections_.end();
  for (auto at = connections_.begin(); at != connections_.end(); ++at) {
    if (at->is_idle() && (oldest == connections_.end() || at->since() < oldest->since())) { oldest = at; }
  }
  if (oldest == connections_.end()) { return false; }
  ++traffic_.evicted;
  connections_.erase(oldest);
  return true;
}

void ControlServer::sweep() {
  sweeper_.arm(limits_.sweep);  // first: what follows may run out of memory, and must be tried again
  const Instant now = loop_->now();
  for (ControlConnection& connection : connections_) { connection.sweep(now); }
  std::erase_if(connections_, [](const ControlConnection& connection) { return !connection.is_open(); });
  if (acceptable_ != nullptr) { acceptable_->watch(true); }
}

}  // namespace vouch
