#include "transports/quic/quic_listener.h"

#include <gnutls/crypto.h>
#include <sys/socket.h>

#include <cerrno>

#include "transports/quic/worker_steering.h"

namespace vouch {

namespace {

// As for UDP: some 250 datagrams, then other sockets and timers get their turn.
constexpr int kBatchesPerWake = 4;

// So many new connections a second, for each that may be half open at a time, before clients are asked to prove their
// address whatever is half open. Forged Initials that cannot be decrypted never are, but cost a connection's making;
// with the usual 64 half open that is some 2 % of a core. Honest clients beyond it wait for one round trip more.
constexpr double kUnprovenRate = 4;

// A connection that goes may be another listener's, and then gives us nothing back: not all of them in one turn.
constexpr int kEvictionsPerTurn = 8;

void destroy_all(LinkedList<QuicConnection, QuicConnections>& connections) noexcept {
  while (QuicConnection* const connection = connections.front()) { delete connection; }  // leaves the list as it goes
}

// What the kernel must do for QUIC: never fragment (RFC 9000 section 14), and tell the ECN bits and, where it is not
// clear, which address was written to.
bool prepare(const Socket& socket, const SocketAddress& address) noexcept {
  const bool is_wildcard = address.ip().is_unspecified();
  if (address.ip().is_v4()) {
    return socket.set(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO) && socket.set(IPPROTO_IP, IP_RECVTOS, 1) &&
           (!is_wildcard || socket.set(IPPROTO_IP, IP_PKTINFO, 1));
  }
  return socket.set(IPPROTO_IPV6, IPV6_V6ONLY, 1) && socket.set(IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO) &&
         socket.set(IPPROTO_IPV6, IPV6_RECVTCLASS, 1) &&
         (!is_wildcard || socket.set(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
}

// Each address has a key of its own, which a restart does not change: a listener that knows nothing of another's
// connections must not be brought to give away the token that ends them (RFC 9000 section 21.11).
bool derive_reset_key(std::array<Octet, 32>& key, const SocketAddress& address) {
  const std::string label = "stateless reset " + address.text();
  std::array<Octet, 32> derived{};
  if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, key.data(), key.size(), label.data(), label.size(), derived.data()) != 0) {
    return false;
  }
  key = derived;
  return true;
}

}  // namespace

std::expected<std::unique_ptr<QuicListener>, std::string> QuicListener::open(
    EventLoop& loop, const SocketAddress& address, const QuicSetup& setup, SessionLimits& limits, QuerySink& sink,
    TransportCounters& counters, const IdentityHolder& identities) {
  if (setup.workers == 0 || setup.workers > ConnectionId::kFirstOctets || setup.worker >= setup.workers) {
    return std::unexpected("cannot listen on " + address.text() + " (QUIC): no more than " +
                           std::to_string(ConnectionId::kFirstOctets) + " workers can share its port");
  }
  Socket socket = open_socket(address.ip(), SOCK_DGRAM);
  const bool ready = socket.is_open() && socket.set(SOL_SOCKET, SO_REUSEPORT, 1) && prepare(socket, address) &&
                     socket.bind(address) && (setup.workers == 1 || steer_by_connection_id(socket, setup.workers));
  if (!ready) { return std::unexpected(listen_failure(address, "QUIC", errno)); }
  set_buffers(socket, setup.options.socket_buffer);
  const SocketAddress bound = socket.local_address();
  QuicSetup own = setup;
  if (!derive_reset_key(own.secrets.reset, bound)) { return std::unexpected(listen_failure(address, "QUIC", ENOMEM)); }
  std::unique_ptr<QuicListener> listener(
      new QuicListener(loop, std::move(socket), bound, own, limits, sink, counters, identities));
  if (auto usable = listener->renew_credentials(); !usable) { return std::unexpected(std::move(usable.error())); }
  if (setup.options.early_data) {
    listener->early_data = EarlyDataGuard::make();
    if (listener->early_data == nullptr) { return std::unexpected(listen_failure(address, "QUIC", ENOMEM)); }
  }
  if (!listener->watch_.watch(true)) { return std::unexpected(listen_failure(address, "QUIC", errno)); }
  return listener;
}

QuicListener::QuicListener(EventLoop& its_loop, Socket socket, const SocketAddress& address, const QuicSetup& its_setup,
                           SessionLimits& its_limits, QuerySink& its_sink, TransportCounters& its_counters,
                           const IdentityHolder& identities)
    : QuicHome(its_loop, its_limits, its_sink, its_counters, its_setup),
      address_(address),
      identities_(identities),
      socket_(std::move(socket)),
      inbox_(address),
      outbox_(address.ip().is_unspecified()),
      stateless_(*this, its_loop.now()),
      unproven_(kUnprovenRate * static_cast<double>(its_setup.options.max_half_open),
                kUnprovenRate * static_cast<double>(its_setup.options.max_half_open), its_loop.now()),
      watch_(its_loop.base(), socket_.fd(), EV_READ, &QuicListener::readable, this) {}

QuicListener::~QuicListener() {
  while (QuicConnection* const connection = open_.front()) {
    connection->leave_politely();
    ended_.push_back(*connection);
  }
  flush();
  destroy_all(ended_);
}

// Takes the identity that is current now. One that cannot be used changes nothing: the old one goes on.
std::expected<void, std::string> QuicListener::renew_credentials() {
  const std::shared_ptr<const Identity> current = identities_.current();
  if (credentials_ != nullptr && (current == nullptr || credentials_->identity() == current.get())) { return {}; }
  if (current == nullptr) { return std::unexpected("QUIC needs a certificate, and there is none"); }
  if (refused_identity_ == current) { return {}; }
  auto made = QuicCredentials::make(current, setup.secrets.ticket);
  if (!made) {
    refused_identity_ = current;
    return std::unexpected(std::move(made.error()));
  }
  credentials_ = std::move(*made);
  refused_identity_.reset();
  return {};
}

void QuicListener::readable(void* self) {
  auto& listener = *static_cast<QuicListener*>(self);
  for (int batch = 0; batch < kBatchesPerWake; ++batch) {
    const unsigned got = listener.inbox_.receive(listener.socket_.fd());
    if (got == 0) { return; }
    const Instant now = listener.loop.now();
    listener.table_.forget_old(now);
    for (unsigned i = 0; i < got; ++i) {
      if (const auto datagram = listener.inbox_.at(i)) { listener.take(*datagram, now); }
    }
    listener.loop.at_end_of_turn(listener);
    if (got < QuicInbox::kBatch) { return; }  // the queue is empty: asking again would be a call for nothing
  }
}

void QuicListener::take(const QuicInbox::Datagram& datagram, Instant now) {
  ngtcp2_version_cid head{};
  const int result =
      ngtcp2_pkt_decode_version_cid(&head, datagram.octets.data(), datagram.octets.size(), ConnectionId::kOurLength);
  if ((result != 0 && result != NGTCP2_ERR_VERSION_NEGOTIATION)) { return; }
  if (head.dcidlen <= ConnectionId::kLongest) {
    const ConnectionTable::Found found = table_.find(ConnectionId(Bytes(head.dcid, head.dcidlen)));
    if (found.live != nullptr) {
      found.live->read(datagram, now);
      return;
    }
    if (found.ended != nullptr) {
      take_late(*found.ended, datagram);
      return;
    }
  }
  constexpr Octet kLongHeader = 0x80;
  if ((datagram.octets[0] & kLongHeader) == 0) {
    stateless_.reset(ConnectionId(Bytes(head.dcid, head.dcidlen)), datagram, now);
  } else if (!sink.admits(datagram.client->value().ip())) {
    counters.quic.refused.add();
  } else if (result == NGTCP2_ERR_VERSION_NEGOTIATION || head.version != NGTCP2_PROTO_VER_V1) {
    if (head.version != 0) { stateless_.offer_versions(head, datagram, now); }  // never answers an offer
  } else {
    take_new(datagram, now);
  }
}

void QuicListener::take_late(ConnectionTable::Ended& ended, const QuicInbox::Datagram& datagram) {
  ++ended.heard;
  if (ended.farewell.empty() || !ConnectionTable::is_answered(ended.heard)) { return; }
  // Where the connection was, and nowhere else: an address that was never proven is not written to.
  if (ended.client != datagram.client->value() || ended.farewell.size() > datagram.octets.size() * 3) { return; }
  QuicOutbox& out = outbox();
  std::ranges::copy(ended.farewell, out.room().begin());
  out.add(ended.farewell.size(),
          {.local = datagram.local.ref(), .remote = datagram.client->ref(), .user_data = nullptr}, 0);
}

// No connection knows it: an Initial, or nothing that concerns us.
void QuicListener::take_new(const QuicInbox::Datagram& datagram, Instant now) {
  ngtcp2_pkt_hd header{};
  if (datagram.octets.size() < StatelessReplies::kLeastInitial ||
      ngtcp2_accept(&header, datagram.octets.data(), datagram.octets.size()) != 0) {
    return;
  }
  const AddressTokens::Found token = tokens.read(header, datagram.client->ref(), since_1970());
  switch (token.kind) {
    case AddressTokens::Kind::wrong_retry:
      counters.quic.refused.add();
      stateless_.refuse(header, NGTCP2_INVALID_TOKEN, datagram, now);
      return;
    case AddressTokens::Kind::none:
      if (half_open >= setup.options.max_half_open || !unproven_.take(1, now)) {
        stateless_.ask_for_address(header, datagram);
        return;
      }
      break;
    case AddressTokens::Kind::retry:
    case AddressTokens::Kind::visit:
      break;
  }
  const bool is_retried = token.kind == AddressTokens::Kind::retry;
  admit({.header = header, .datagram = datagram, .original = is_retried ? &token.original : nullptr}, now);
}

void QuicListener::admit(const QuicConnection::Arrival& arrival, Instant now) {
  if (QuicHome::memory + QuicConnection::kNewMemory > setup.options.max_memory) {
    limits.evict_one();  // gives back its memory at the end of the turn: the next one may come in
    counters.quic.refused.add();
    stateless_.refuse(arrival.header, NGTCP2_CONNECTION_REFUSED, arrival.datagram, now);
    return;
  }
  if (!renew_credentials()) { /* the old ones go on; who replaced the identity was told what is wrong with it */
  }
  QuicHome& home = *this;
  auto connection = std::make_unique<QuicConnection>(home, credentials_, arrival, now);
  if (!limits.admit(*connection, arrival.datagram.client->value().ip())) {
    counters.quic.refused.add();
    stateless_.refuse(arrival.header, NGTCP2_CONNECTION_REFUSED, arrival.datagram, now);
    return;
  }
  if (!connection->start(arrival, now)) { return; }
  QuicConnection& started = *connection.release();
  open_.push_back(started);
  started.read(arrival.datagram, now);
}

QuicOutbox& QuicListener::outbox() {
  if (outbox_.is_full()) { flush(); }
  if (!is_at_end_of_turn_) { loop.at_end_of_turn(*this); }
  return outbox_;
}

void QuicListener::flush() {
  if (outbox_.empty()) { return; }
  if (const unsigned lost = outbox_.flush(socket_.fd()); lost != 0) { counters.udp_send_failed.add(lost); }
}

void QuicListener::wake(QuicConnection& connection) {
  awake_.push_back(connection);
  loop.at_end_of_turn(*this);
}

void QuicListener::bury(QuicConnection& connection, Bytes farewell, bool may_come_late) {
  if (may_come_late) { table_.keep_ended(connection, farewell, loop.now()); }
  ended_.push_back(connection);
  if (!is_at_end_of_turn_) { loop.at_end_of_turn(*this); }
}

void QuicListener::end_of_turn() {
  is_at_end_of_turn_ = true;  // what is written from here on is sent from here, too
  const Instant now = loop.now();
  LinkedList<QuicConnection, AwakeConnections> due;
  due.take(awake_);
  while (QuicConnection* const connection = due.front()) {
    connection->Linked<AwakeConnections>::unlink();
    connection->write(now);
  }
  destroy_all(ended_);
  relieve();
  flush();
  is_at_end_of_turn_ = false;
}

// Connections grow a little with what they are asked. When they have outgrown the bound, the idle ones go.
void QuicListener::relieve() {
  for (int left = kEvictionsPerTurn; left > 0 && QuicHome::memory > setup.options.max_memory; --left) {
    if (!limits.evict_one()) { return; }
    destroy_all(ended_);
  }
}

}  // namespace vouch
