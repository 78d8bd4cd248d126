#include "transports/tcp_listener.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <optional>

namespace vouch {

namespace {

constexpr int kAcceptsPerWake = 32;

// What the kernel may hold of answers that are not even on their way yet; without a bound it is 4 MiB per connection.
constexpr int kUnsentInKernel = 128 * 1024;

void destroy_all(LinkedList<TcpSession, TcpSessions>& sessions) noexcept {
  while (TcpSession* const session = sessions.front()) { delete session; }  // leaves the list as it goes
}

}  // namespace

std::expected<std::unique_ptr<TcpListener>, std::string> TcpListener::open(EventLoop& loop,
                                                                           const SocketAddress& address,
                                                                           const TcpListenerOptions& options,
                                                                           SessionLimits& limits, QuerySink& sink,
                                                                           TransportCounters& counters) {
  Socket socket = open_socket(address.ip(), SOCK_STREAM);
  // Accepted sockets inherit the last two options.
  const bool ready =
      socket.is_open() && socket.set(SOL_SOCKET, SO_REUSEADDR, 1) && socket.set(SOL_SOCKET, SO_REUSEPORT, 1) &&
      (address.ip().is_v4() || socket.set(IPPROTO_IPV6, IPV6_V6ONLY, 1)) && socket.set(IPPROTO_TCP, TCP_NODELAY, 1) &&
      socket.set(IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentInKernel) &&
      // Inherited as well: what a client never acknowledges must not outlive its connection in the kernel.
      socket.set(IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(limits.stall().count())) && socket.bind(address) &&
      listen(socket.fd(), options.backlog) == 0;
  if (!ready) { return std::unexpected(listen_failure(address, "TCP", errno)); }
  const SocketAddress bound = socket.local_address();
  std::unique_ptr<TcpListener> listener(
      new TcpListener(loop, std::move(socket), bound, options, limits, sink, counters));
  if (!listener->watch_.watch(true)) { return std::unexpected(listen_failure(address, "TCP", errno)); }
  return listener;
}

TcpListener::TcpListener(EventLoop& its_loop, Socket socket, const SocketAddress& address,
                         const TcpListenerOptions& its_options, SessionLimits& its_limits, QuerySink& its_sink,
                         TransportCounters& its_counters)
    : TcpSessionHome(its_loop, its_limits, its_sink, its_counters, its_options),
      address_(address),
      socket_(std::move(socket)),
      watch_(its_loop.base(), socket_.fd(), EV_READ, &TcpListener::acceptable, this),
      resume_timer_(its_loop.base(), &TcpListener::resume, this) {}

TcpListener::~TcpListener() {
  destroy_all(open_);
  destroy_all(closed_);
}

void TcpListener::acceptable(void* self) {
  auto& listener = *static_cast<TcpListener*>(self);
  for (int i = 0; i < kAcceptsPerWake; ++i) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    auto* const name = reinterpret_cast<sockaddr*>(&storage);
    Socket socket(accept4(listener.socket_.fd(), name, &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.is_open()) {
      const auto client = SocketAddress::from(name);
      if (client) { listener.admit(std::move(socket), *client); }
      continue;
    }
    switch (errno) {
      case EAGAIN:
        return;
      case EINTR:
      case ECONNABORTED:  // it left while it stood in the queue; so for the network errors that accept(2) names
      case EPROTO:
      case ENETDOWN:
      case ENETUNREACH:
      case EHOSTDOWN:
      case EHOSTUNREACH:
      case ENOPROTOOPT:
      case ENONET:
        continue;
      default:
        listener.pause();
        return;
    }
  }
}

void TcpListener::admit(Socket socket, const SocketAddress& client) {
  const SocketAddress local = address_.ip().is_unspecified() ? socket.local_address() : address_;
  const int fd = socket.fd();
  TcpSessionHome& home = *this;
  auto session = std::make_unique<TcpSession>(home, std::move(socket), client, local);
  if (!limits.admit(*session, client.ip())) {
    counters.tcp_refused.add();
    reset_on_close(fd);
    return;
  }
  if (!session->start()) { return; }
  counters.tcp_accepted.add();
  open_.push_back(*session.release());
}

void TcpListener::pause() {
  limits.evict_one();  // gives back one descriptor
  watch_.watch(false);
  resume_timer_.arm(options.accept_pause);
}

void TcpListener::resume(void* self) {
  auto& listener = *static_cast<TcpListener*>(self);
  if (!listener.watch_.watch(true)) { listener.resume_timer_.arm(listener.options.accept_pause); }
}

void TcpListener::bury(TcpSession& session) {
  closed_.push_back(session);
  loop.at_end_of_turn(*this);
}

void TcpListener::end_of_turn() { destroy_all(closed_); }

}  // namespace vouch
