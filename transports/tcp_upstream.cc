#include "transports/tcp_upstream.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace vouch {

namespace {
// Older headers of the C library lack it; the value is the kernel's.
constexpr int kBindAddressNoPort =
    24;                       // IP_BIND_ADDRESS_NO_PORT: connect() chooses the port, by the whole address pair
constexpr int kAttempts = 2;  // the second on a fresh connection, which the server cannot have closed for being idle
constexpr Duration kSweepPeriod = std::chrono::milliseconds(250);
}  // namespace

TcpUpstream::TcpUpstream(EventLoop& loop, const OutgoingOptions& options, Random& random)
    : loop_(loop),
      random_(random),
      options_(options),
      sources_(options.source_addresses),
      scratch_(std::make_unique_for_overwrite<std::array<Octet, kRead>>()),
      sweep_timer_(loop.base(), &TcpUpstream::sweep, this) {}

TcpUpstream::~TcpUpstream() = default;

Task<UpstreamReply> TcpUpstream::ask(UpstreamQuestion question) {
  UpstreamReply reply;
  if (question.deadline <= loop_.now()) { co_return reply; }
  reply.status = UpstreamReply::Status::unreachable;
  if (question.packet.size() > LengthFramer::kMaxMessage) { co_return reply; }
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    TcpExchange exchange(*this, question);
    if (!exchange.begin(attempt != 1)) {
      if (had_no_room_) { reply.status = UpstreamReply::Status::no_room; }
      break;
    }
    TcpOutcome outcome = co_await exchange.done;
    reply = std::move(outcome.reply);
    if (!outcome.may_retry) { break; }
  }
  co_return reply;
}

TcpConnection* TcpUpstream::connection_to(const SocketAddress& server, bool fresh) {
  if (!fresh) {
    const auto [first, last] = connections_.equal_range(server);
    const auto known = std::find_if(first, last, [this](const auto& entry) {
      return entry.second->takes_questions(options_.max_questions_per_connection);
    });
    if (known != last) { return known->second.get(); }
  }
  had_no_room_ = connections_.size() >= options_.max_connections && !close_longest_idle();
  return had_no_room_ ? nullptr : open_connection(server);
}

TcpConnection* TcpUpstream::open_connection(const SocketAddress& server) {
  Socket socket = open_socket(server.ip(), SOCK_STREAM);
  had_no_room_ = !socket.is_open() && is_exhaustion(errno);
  if (!socket.is_open() || !socket.set(IPPROTO_TCP, TCP_NODELAY, 1)) { return nullptr; }
  if (sources_.any_for(server.ip())) {
    socket.set(IPPROTO_IP, kBindAddressNoPort, 1);
    if (!socket.bind(SocketAddress(sources_.draw(server.ip(), random_), 0))) { return nullptr; }
  }
  if (!socket.connect(server) && errno != EINPROGRESS) { return nullptr; }
  auto connection = std::make_unique<TcpConnection>(*this, std::move(socket), server);
  if (!connection->start()) { return nullptr; }
  return connections_.emplace(server, std::move(connection))->second.get();
}

bool TcpUpstream::close_longest_idle() noexcept {
  TcpConnection* const longest = idle_.front();
  if (longest == nullptr) { return false; }
  longest->close(UpstreamReply::Status::unreachable);  // nobody waits on it
  return true;
}

void TcpUpstream::set_idle(TcpConnection& connection) noexcept {
  connection.idle_since = loop_.now();
  idle_.push_back(connection);
  if (++idle_count_ > options_.max_idle_connections) { close_longest_idle(); }
  if (!sweep_timer_.is_armed()) { sweep_timer_.arm(std::min<Duration>(options_.connection_idle, kSweepPeriod)); }
}

void TcpUpstream::bury(TcpConnection& connection) noexcept {
  if (connection.vouch::Linked<IdleConnections>::is_linked()) {
    connection.vouch::Linked<IdleConnections>::unlink();
    --idle_count_;
  }
  const auto [first, last] = connections_.equal_range(connection.server());
  const auto ours = std::find_if(first, last, [&](const auto& entry) { return entry.second.get() == &connection; });
  if (ours == last) { return; }
  closed_.push_back(std::move(ours->second));
  connections_.erase(ours);
  loop_.at_end_of_turn(*this);
}

void TcpUpstream::sweep(void* self) {
  auto& upstream = *static_cast<TcpUpstream*>(self);
  const Instant before = upstream.loop_.now() - upstream.options_.connection_idle;
  while (TcpConnection* const connection = upstream.idle_.front()) {
    if (connection->idle_since > before) { break; }
    connection->close(UpstreamReply::Status::unreachable);
  }
  if (!upstream.idle_.empty()) {
    upstream.sweep_timer_.arm(std::min<Duration>(upstream.options_.connection_idle, kSweepPeriod));
  }
}

void TcpUpstream::end_of_turn() { const auto gone = std::exchange(closed_, {}); }

}  // namespace vouch
