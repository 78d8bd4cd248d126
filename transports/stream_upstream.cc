#include "transports/stream_upstream.h"

#include <algorithm>
#include <cerrno>

#include "transports/connecting_socket.h"
#include "transports/plain_stream.h"

namespace vouch {

namespace {
constexpr int kAttempts = 2;  // the second on a fresh connection, which the server cannot have closed for being idle
constexpr Duration kSweepPeriod = std::chrono::milliseconds(250);
}  // namespace

StreamUpstream::StreamUpstream(EventLoop& loop, const OutgoingOptions& options, Random& random)
    : loop_(loop),
      random_(random),
      options_(options),
      sources_(options.source_addresses),
      scratch_(std::make_unique_for_overwrite<std::array<Octet, kRead>>()),
      sweep_timer_(loop.base(), &StreamUpstream::sweep, this) {}

StreamUpstream::~StreamUpstream() = default;

Task<UpstreamReply> StreamUpstream::ask(UpstreamQuestion question) {
  UpstreamReply reply;
  if (question.deadline <= loop_.now()) { co_return reply; }
  reply.status = UpstreamReply::Status::unreachable;
  if (question.packet.size() > LengthFramer::kMaxMessage) { co_return reply; }
  if (question.protocol == UpstreamProtocol::tls) {
    if (auto why = why_not_over_tls(question)) {
      reply.status = UpstreamReply::Status::untrusted;
      reply.why = std::move(*why);
      co_return reply;
    }
  }
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    UpstreamExchange exchange(*this, question);
    if (!exchange.begin(attempt != 1)) {
      if (had_no_room_) { reply.status = UpstreamReply::Status::no_room; }
      break;
    }
    StreamOutcome outcome = co_await exchange.done;
    reply = std::move(outcome.reply);
    if (!outcome.may_retry) { break; }
  }
  co_return reply;
}

UpstreamConnection* StreamUpstream::connection_for(const UpstreamQuestion& question, bool fresh) {
  if (!fresh) {
    const auto [first, last] = connections_.equal_range(question.server);
    const auto known = std::find_if(first, last, [&](const auto& entry) {
      return entry.second->takes_questions(options_.max_questions_per_connection) &&
             entry.second->leads_to_peer_of(question);
    });
    if (known != last) { return known->second.get(); }
  }
  had_no_room_ = connections_.size() >= options_.max_connections && !close_longest_idle();
  return had_no_room_ ? nullptr : open_connection(question);
}

UpstreamConnection* StreamUpstream::open_connection(const UpstreamQuestion& question) {
  const SocketAddress& server = question.server;
  Socket socket = begin_connecting(server, sources_, random_);
  had_no_room_ = !socket.is_open() && is_exhaustion(errno);
  if (!socket.is_open()) { return nullptr; }
  auto connection = make_connection(std::move(socket), question);
  if (connection == nullptr || !connection->start()) { return nullptr; }
  return connections_.emplace(server, std::move(connection))->second.get();
}

std::unique_ptr<UpstreamConnection> StreamUpstream::make_connection(Socket socket, const UpstreamQuestion& question) {
  TlsPeer peer = peer_of(question);
  if (question.protocol != UpstreamProtocol::tls) {
    auto stream = std::make_unique<PlainStream>(std::move(socket));
    return std::make_unique<UpstreamConnection>(*this, std::move(stream), nullptr, std::move(peer));
  }
  auto stream = tls_->connect(std::move(socket), peer);
  had_no_room_ = stream == nullptr;
  if (stream == nullptr) { return nullptr; }
  TlsStream* const tls = stream.get();
  return std::make_unique<UpstreamConnection>(*this, std::move(stream), tls, std::move(peer));
}

// What is known beforehand to keep this question from being asked.
std::optional<std::string> StreamUpstream::why_not_over_tls(const UpstreamQuestion& question) {
  if (question.tls_name.empty() && question.tls_pins.empty()) { return "nothing says whom to expect"; }
  const Instant now = loop_.now();
  std::erase_if(distrusted_, [now](const Distrust& entry) { return entry.until <= now; });
  for (const Distrust& entry : distrusted_) {
    if (is_peer_of(entry.peer, question)) { return entry.why; }
  }
  auto why = prepare_tls();
  if (why) { distrust(peer_of(question), *why); }
  return why;
}

std::optional<std::string> StreamUpstream::prepare_tls() {
  if (tls_ != nullptr) { return std::nullopt; }
  auto made = TlsClientContext::make(options_.tls_ca_file);
  if (!made) { return std::move(made.error()); }
  tls_ = std::move(*made);
  return std::nullopt;
}

void StreamUpstream::distrust(const TlsPeer& peer, const std::string& why) {
  // Several connections may have failed at once.
  const bool is_known = std::ranges::any_of(distrusted_, [&](const Distrust& entry) {
    return entry.peer.address == peer.address && entry.peer.name == peer.name && entry.peer.pins == peer.pins;
  });
  if (is_known) { return; }
  if (distrusted_.size() >= kMaxDistrusted) { distrusted_.clear(); }
  distrusted_.push_back({peer, why, loop_.now() + kDistrustFor});
  log(LogLevel::warning, "forwarder_untrusted", {{"server", peer.address.text()}, {"name", peer.name}, {"why", why}});
}

bool StreamUpstream::close_longest_idle() noexcept {
  UpstreamConnection* const longest = idle_.front();
  if (longest == nullptr) { return false; }
  longest->close(UpstreamReply::Status::unreachable);  // nobody waits on it
  return true;
}

// Over TLS a connection has cost a handshake, and a household asks every few seconds.
Duration StreamUpstream::patience_with(const UpstreamConnection& connection) const noexcept {
  return connection.is_tls() ? options_.tls_connection_idle : options_.connection_idle;
}

void StreamUpstream::set_idle(UpstreamConnection& connection) noexcept {
  connection.idle_since = loop_.now();
  idle_.push_back(connection);
  if (++idle_count_ > options_.max_idle_connections) { close_longest_idle(); }
  if (!sweep_timer_.is_armed()) { arm_sweep(); }
}

void StreamUpstream::bury(UpstreamConnection& connection) noexcept {
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

void StreamUpstream::arm_sweep() noexcept {
  sweep_timer_.arm(std::min<Duration>({options_.connection_idle, options_.tls_connection_idle, kSweepPeriod}));
}

void StreamUpstream::sweep(void* self) {
  auto& upstream = *static_cast<StreamUpstream*>(self);
  const Instant now = upstream.loop_.now();
  for (UpstreamConnection* connection = upstream.idle_.front(); connection != nullptr;) {
    UpstreamConnection* const next = upstream.idle_.after(*connection);
    if (connection->idle_since + upstream.patience_with(*connection) <= now) {
      connection->close(UpstreamReply::Status::unreachable);
    }
    connection = next;
  }
  if (!upstream.idle_.empty()) { upstream.arm_sweep(); }
}

void StreamUpstream::end_of_turn() { const auto gone = std::exchange(closed_, {}); }

}  // namespace vouch
