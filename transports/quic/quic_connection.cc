#include "transports/quic/quic_connection.h"

#include <cstring>
#include <limits>
#include <utility>

#include "transports/quic/doq_streams.h"
#include "transports/quic/http3_streams.h"
#include "transports/quic/quic_callbacks.h"

namespace vouch {

namespace {

// Octets that may be under way to us on one connection, and on one stream of it: the longest message and its frame.
constexpr std::uint64_t kConnectionWindow = 128 * 1024;
constexpr std::uint64_t kStreamWindow = 65'535 + 1024;
constexpr std::uint64_t kControlWindow = 16 * 1024;  // HTTP/3's own streams: settings, never more than some octets
// HTTP/3 has three (control, and two of QPACK). In DNS over QUIC each is an error, which we can only tell if one may be
// opened at all.
constexpr std::uint64_t kControlStreams = 3;
// How many ids of the client's we keep for its migrations.
constexpr std::uint64_t kClientIds = 4;
// SessionLimits ends a handshake that takes too long; this is only there so that ngtcp2 never waits for ever.
constexpr ngtcp2_duration kLongestHandshake = 30 * NGTCP2_SECONDS;

// A client that asks gets more than it can use; one that sends packets that ask for nothing (PING, ACKs of nothing,
// frames of one octet) is heard 500 times a second, some 5 % of a core.
constexpr double kPacketBurst = 2000;
constexpr double kPacketsPerSecond = 500;
constexpr double kPacketsPerAnswer = 16;  // the query, its repetitions, and acknowledgements of the longest answer

// RFC 9250 section 4.3.1 lets us bound cancellations. A page that is left cancels what it had asked for, once.
constexpr double kCancellationBurst = 300;
constexpr double kCancellationsPerSecond = 20;

// Each costs a path validation. A mobile client changes networks now and then, a NAT forgets it twice a minute.
constexpr double kMigrationBurst = 8;
constexpr double kMigrationsPerSecond = 1.0 / 15;

// Of one connection in one turn; then the others'.
constexpr int kPacketsPerTurn = 32;

ngtcp2_tstamp stamp_of(Instant now) noexcept { return static_cast<ngtcp2_tstamp>(now.time_since_epoch().count()); }

bool is_same(const ngtcp2_addr& address, const RawAddress& other) noexcept {
  return address.addrlen == other.length && std::memcmp(address.addr, &other.storage, other.length) == 0;
}

RawAddress copy_of(const ngtcp2_addr& address) noexcept {
  RawAddress copy;
  copy.length = std::min<socklen_t>(address.addrlen, sizeof copy.storage);
  std::memcpy(&copy.storage, address.addr, copy.length);
  return copy;
}

ngtcp2_transport_params parameters_of(const QuicHome& home, const QuicConnection::Arrival& arrival,
                                      const ngtcp2_cid& ours) {
  ngtcp2_transport_params parameters;
  ngtcp2_transport_params_default(&parameters);
  parameters.initial_max_stream_data_bidi_remote = kStreamWindow;
  parameters.initial_max_stream_data_uni = kControlWindow;
  parameters.initial_max_data = kConnectionWindow;
  parameters.initial_max_streams_bidi = QuicConnection::kMaxStreams;
  parameters.initial_max_streams_uni = kControlStreams;
  parameters.max_idle_timeout = static_cast<ngtcp2_duration>(home.limits.idle_timeout().count());
  parameters.max_udp_payload_size = QuicInbox::kLongest;
  parameters.active_connection_id_limit = kClientIds;
  parameters.stateless_reset_token_present = 1;
  ngtcp2_crypto_generate_stateless_reset_token(parameters.stateless_reset_token, home.setup.secrets.reset.data(),
                                               home.setup.secrets.reset.size(), &ours);
  if (arrival.original != nullptr) {
    set_original_id(parameters, arrival.original->raw());
    parameters.retry_scid = arrival.header.dcid;
    parameters.retry_scid_present = 1;
  } else {
    set_original_id(parameters, arrival.header.dcid);
  }
  return parameters;
}

}  // namespace

class QuicConnection::Room final : public ReplyRoom {
 public:
  Room(QuicConnection& connection, QueryStream& stream) : connection_(connection), stream_(stream) {}
  MutableBytes buffer() override { return connection_.home_.answer_room; }
  std::unique_ptr<ReplyHandle> keep() override { return connection_.is_closed_ ? nullptr : stream_.make_handle(); }

 private:
  QuicConnection& connection_;
  QueryStream& stream_;
};

QuicConnection::QuicConnection(QuicHome& home, std::shared_ptr<const QuicCredentials> credentials,
                               const Arrival& arrival, Instant now)
    : home_(home),
      credentials_(std::move(credentials)),
      memory_(home.memory),
      reference_{.get_conn =
                     [](ngtcp2_crypto_conn_ref* reference) {
                       return static_cast<QuicConnection*>(reference->user_data)->connection_;
                     },
                 .user_data = this},
      client_raw_(*arrival.datagram.client),
      client_(client_raw_.value()),
      local_(arrival.datagram.local.value()),
      timer_(home.loop.base(), &QuicConnection::timer_fired, this),
      packets_(kPacketBurst, kPacketsPerSecond, now),
      cancellations_(kCancellationBurst, kCancellationsPerSecond, now),
      migrations_(kMigrationBurst, kMigrationsPerSecond, now) {
  memory_.charge(sizeof *this + kHandshakeMemory);
  ++home_.half_open;
}

QuicConnection::~QuicConnection() {
  if (!is_established_ && !is_closed_) { --home_.half_open; }
  for (const ConnectionId& id : ids_) { home_.unroute(id, *this); }
  // The streams' buffers are lent to ngtcp2 and nghttp3 until these are gone.
  if (connection_ != nullptr) { ngtcp2_conn_del(std::exchange(connection_, nullptr)); }
  streams_.reset();
}

bool QuicConnection::start(const Arrival& arrival, Instant now) {
  const ConnectionId ours = ConnectionId::make(home_.random, home_.setup.worker, home_.setup.workers);
  const ConnectionId theirs(arrival.header.dcid);
  const ngtcp2_cid our_id = ours.raw();
  for (const ConnectionId& id : {ours, theirs}) {
    if (!home_.route(id, *this)) { return false; }
    ids_.push_back(id);
  }
  ngtcp2_settings settings;
  ngtcp2_settings_default(&settings);
  settings.initial_ts = stamp_of(now);
  settings.handshake_timeout = kLongestHandshake;
  settings.max_tx_udp_payload_size = QuicOutbox::kPacket;
  settings.no_pmtud = 1;
  settings.rand_ctx.native_handle = static_cast<Random*>(&home_.random);
  // Only a Retry's token lifts the limit on what is sent before the handshake: one from an earlier visit may have been
  // copied by who now pretends to be there.
  if (arrival.original != nullptr) { set_retry_token(settings, token_of(arrival.header)); }
  const ngtcp2_transport_params parameters = parameters_of(home_, arrival, our_id);
  const ngtcp2_path path{.local = arrival.datagram.local.ref(), .remote = client_raw_.ref(), .user_data = nullptr};
  if (ngtcp2_conn_server_new(&connection_, &arrival.header.scid, &our_id, &path, arrival.header.version,
                             &quic_callbacks(), &settings, &parameters, memory_.for_transport(), this) != 0) {
    connection_ = nullptr;
    return false;
  }
  if (!tls_.begin(*credentials_, home_.early_data.get(), &reference_)) { return false; }
  ngtcp2_conn_set_tls_native_handle(connection_, tls_.raw());
  home_.limits.set_handshaking(*this, true);
  return true;
}

void QuicConnection::read(const QuicInbox::Datagram& datagram, Instant now) {
  if (is_closed_ || !packets_.take(1, now)) { return; }
  const ngtcp2_path path{.local = datagram.local.ref(), .remote = datagram.client->ref(), .user_data = nullptr};
  const ngtcp2_pkt_info info{.ecn = datagram.ecn};
  const int error =
      ngtcp2_conn_read_pkt(connection_, &path, &info, datagram.octets.data(), datagram.octets.size(), stamp_of(now));
  session_counters().octets_received.add(datagram.octets.size());
  if (error == 0 && !is_same(datagram.client->ref(), client_raw_)) { follow_path(datagram, now); }
  after_step(error, now);
}

// RFC 9000 section 9: ngtcp2 validates the new path; we answer there from now on.
void QuicConnection::follow_path(const QuicInbox::Datagram& datagram, Instant now) {
  const ngtcp2_path* const path = ngtcp2_conn_get_path(connection_);
  if (is_same(path->remote, client_raw_)) { return; }  // it has only looked whether the other path is there
  client_raw_ = copy_of(path->remote);
  client_ = client_raw_.value();
  local_ = datagram.local.value();
  if (!migrations_.take(1, now) && streams_ != nullptr) { fail(streams_->excessive_load()); }
}

// What ngtcp2 has said after a packet or a timer, and what we have found out meanwhile.
void QuicConnection::after_step(int error, Instant now) {
  if (is_established_ && tls_.raw() != nullptr) {
    ngtcp2_conn_set_tls_native_handle(connection_, nullptr);
    tls_.end();
    memory_.release(kHandshakeMemory);
  }
  switch (error) {
    case 0:
      break;
    case NGTCP2_ERR_DRAINING:  // the client has closed
      end({}, true);
      return;
    case NGTCP2_ERR_IDLE_CLOSE:
      if (is_established_) { session_counters().closed_idle.add(); }
      end({}, false);
      return;
    case NGTCP2_ERR_RETRY:  // something else came before the Initial; the client will repeat it
    case NGTCP2_ERR_DROP_CONN:
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
      end({}, false);
      return;
    default: {
      QuicCloseError close_error{};
      if (has_failed_) {
        set_application_error(close_error, failure_);
      } else if (error == NGTCP2_ERR_CRYPTO) {
        set_tls_alert(close_error, ngtcp2_conn_get_tls_alert(connection_));
      } else {
        set_library_error(close_error, error);
      }
      if (is_established_) { session_counters().closed_abuse.add(); }
      close(close_error, now);
      return;
    }
  }
  if (streams_ != nullptr) { streams_->serve(); }
  if (settle(now)) { wake(); }
}

// False: the connection had to end.
bool QuicConnection::settle(Instant now) {
  if (!has_failed_ && memory_.octets() > kMaxMemory) { fail(streams_ != nullptr ? streams_->excessive_load() : 0); }
  if (!has_failed_) { return true; }
  if (is_established_) { session_counters().closed_abuse.add(); }
  close_with(failure_, now);
  return false;
}

bool QuicConnection::begin_streams() {
  protocol_ = tls_.protocol();
  if (protocol_ == QuicProtocol::none) { return false; }  // does not happen: the handshake fails first
  if (protocol_ == QuicProtocol::http3) {
    streams_ = std::make_unique<Http3Streams>(*this);
  } else {
    streams_ = std::make_unique<DoqStreams>(*this);
  }
  session_counters().accepted.add();
  return streams_->begin();
}

void QuicConnection::complete_handshake() {
  is_established_ = true;
  count_end_of_handshake();
  if (tls_.is_resumed()) {
    session_counters().resumed.add();
  } else {
    session_counters().handshakes.add();
  }
  // Neither is needed for this connection; without memory for them the client merely pays more the next time.
  tls_.send_ticket();
  give_visit_token();
}

void QuicConnection::give_visit_token() {
  AddressTokens::Room room;
  const ngtcp2_path* const path = ngtcp2_conn_get_path(connection_);
  const Bytes token = home_.tokens.make_visit(path->remote, since_1970(), room);
  if (!token.empty()) { ngtcp2_conn_submit_new_token(connection_, token.data(), token.size()); }
}

void QuicConnection::count_end_of_handshake() noexcept {
  --home_.half_open;
  home_.limits.set_handshaking(*this, false);
}

SessionCounters& QuicConnection::session_counters() noexcept {
  return protocol_ == QuicProtocol::http3 ? home_.counters.http3 : home_.counters.quic;
}

void QuicConnection::ask(QueryStream& stream, Bytes query) {
  const ClientProtocol protocol = protocol_ == QuicProtocol::http3 ? ClientProtocol::http3 : ClientProtocol::quic;
  Room room(*this, stream);
  has_served_ = true;
  packets_.give(kPacketsPerAnswer);
  const std::size_t octets = home_.sink.answer({query, client_, local_, protocol}, room);
  if (octets != 0 && octets <= QuicHome::kAnswer) {
    stream.answer({home_.answer_room.data(), octets});
  } else if (!stream.awaits_reply()) {
    stream.give_up();  // dropped; nothing happens when it was answered through a handle meanwhile
  }
}

void QuicConnection::hold(std::size_t octets) noexcept {
  held_ += octets;
  memory_.charge(octets);
}

void QuicConnection::let_go(std::size_t octets) noexcept {
  held_ -= octets;
  memory_.release(octets);
}

void QuicConnection::fail(std::uint64_t code) noexcept {
  if (has_failed_) { return; }
  has_failed_ = true;
  failure_ = code;
}

void QuicConnection::count_cancellation() noexcept {
  if (streams_ != nullptr && !cancellations_.take(1, home_.loop.now())) { fail(streams_->excessive_load()); }
}

void QuicConnection::write(Instant now) {
  if (is_closed_) { return; }
  if (streams_ != nullptr) { streams_->end_streams(); }
  for (int left = kPacketsPerTurn; left > 0; --left) {
    if (!write_packet(now)) { break; }
    if (left == 1) { wake(); }  // there may be more: after the others'
  }
  if (is_closed_ || !settle(now)) { return; }
  review();
  schedule(now);
}

// Fills one packet with what there is to say. False: nothing more goes out now. ngtcp2 allows no other call on the
// connection between NGTCP2_ERR_WRITE_MORE and the packet's completion.
bool QuicConnection::write_packet(Instant now) {
  QuicOutbox& outbox = home_.outbox();
  const MutableBytes room = outbox.room();
  ngtcp2_path_storage path;
  ngtcp2_path_storage_zero(&path);
  ngtcp2_pkt_info info{};
  for (;;) {
    QueryStreams::Output output;
    if (streams_ != nullptr && ngtcp2_conn_get_max_data_left(connection_) != 0) { output = streams_->next_output(); }
    const std::uint32_t flags =
        NGTCP2_WRITE_STREAM_FLAG_MORE | (output.is_last ? NGTCP2_WRITE_STREAM_FLAG_FIN : NGTCP2_WRITE_STREAM_FLAG_NONE);
    ngtcp2_ssize taken = -1;
    const ngtcp2_ssize written =
        ngtcp2_conn_writev_stream(connection_, &path.path, &info, room.data(), QuicOutbox::kPacket, &taken, flags,
                                  output.id, output.octets.data(), output.octets.size(), stamp_of(now));
    if (written == NGTCP2_ERR_STREAM_DATA_BLOCKED) {
      streams_->blocked(output);
      continue;
    }
    if (written == NGTCP2_ERR_STREAM_SHUT_WR || written == NGTCP2_ERR_STREAM_NOT_FOUND) {
      streams_->unwanted(output);
      continue;
    }
    if (written < 0 && written != NGTCP2_ERR_WRITE_MORE) {
      QuicCloseError error{};
      set_library_error(error, static_cast<int>(written));
      close(error, now);
      return false;
    }
    if (taken >= 0 && output.id >= 0) { streams_->sent(output, static_cast<std::size_t>(taken)); }
    if (written == NGTCP2_ERR_WRITE_MORE) { continue; }
    if (written == 0) { return false; }  // all is said, or the path can take no more now
    // ngtcp2_conn_update_pkt_tx_time() is not called: it would spread packets over the round-trip time, which before
    // the first sample is taken to be 333 ms, and let a client's first answer wait for 20 ms. What an answer is made of
    // goes out at once; the congestion window bounds how much that can be.
    outbox.add(static_cast<std::size_t>(written), path.path, static_cast<std::uint8_t>(info.ecn));
    session_counters().octets_sent.add(static_cast<std::uint64_t>(written));
    return true;
  }
}

// What the client is to be waited for now.
void QuicConnection::review() {
  if (!is_established_ || streams_ == nullptr) { return; }
  SessionLimits& limits = home_.limits;
  if (const std::int64_t oldest = streams_->oldest_incomplete(); oldest != watched_stream_) {
    watched_stream_ = oldest;
    limits.set_receiving(*this, oldest >= 0);
  }
  const bool is_stalled = held_ != 0 || streams_->waits_for_client_alone();
  if (is_stalled != is_counted_stalled_ || (is_stalled && has_progressed_)) { limits.set_stalled(*this, is_stalled); }
  const bool is_idle = !is_stalled && streams_->open() == 0;
  if (is_idle != is_counted_idle_ || (is_idle && has_served_)) { limits.set_idle(*this, is_idle); }
  is_counted_stalled_ = is_stalled;
  is_counted_idle_ = is_idle;
  has_progressed_ = has_served_ = false;
}

// The timer is moved only when it would be late: every packet moves the time when something is due, mostly back, and a
// timer that fires early finds out for itself.
void QuicConnection::schedule(Instant now) {
  const ngtcp2_tstamp expiry = ngtcp2_conn_get_expiry(connection_);
  if (expiry == std::numeric_limits<ngtcp2_tstamp>::max()) { return; }
  const Instant due{Duration(static_cast<Duration::rep>(expiry))};
  if (timer_.is_armed() && timer_due_ <= due) { return; }
  timer_due_ = due;
  timer_.arm(std::max(due - now, Duration::zero()));
}

void QuicConnection::timer_fired(void* self) {
  auto& connection = *static_cast<QuicConnection*>(self);
  if (connection.is_closed_) { return; }
  const Instant now = connection.home_.loop.now();
  if (ngtcp2_conn_get_expiry(connection.connection_) > stamp_of(now)) {
    connection.schedule(now);
    return;
  }
  connection.after_step(ngtcp2_conn_handle_expiry(connection.connection_, stamp_of(now)), now);
}

void QuicConnection::expire(End why) {
  const Instant now = home_.loop.now();
  switch (why) {
    case End::idle:
    case End::evicted:
      session_counters().closed_idle.add();
      close_with(streams_ != nullptr ? streams_->no_error() : 0, now);
      return;
    case End::slow_handshake:
      end({}, false);  // who has not shown its address is not written to
      return;
    case End::slow_message:
    case End::stalled:
      session_counters().closed_abuse.add();
      close_with(streams_ != nullptr ? streams_->excessive_load() : 0, now);
      return;
  }
}

void QuicConnection::leave_politely() {
  if (!is_closed_ && is_established_ && streams_ != nullptr) { close_with(streams_->no_error(), home_.loop.now()); }
}

void QuicConnection::close_with(std::uint64_t code, Instant now) {
  QuicCloseError error{};
  set_application_error(error, code);
  close(error, now);
}

void QuicConnection::close(const QuicCloseError& error, Instant now) {
  if (is_closed_) { return; }
  QuicOutbox& outbox = home_.outbox();
  const MutableBytes room = outbox.room();
  ngtcp2_path_storage path;
  ngtcp2_path_storage_zero(&path);
  ngtcp2_pkt_info info{};
  const ngtcp2_ssize written = ngtcp2_conn_write_connection_close(connection_, &path.path, &info, room.data(),
                                                                  QuicOutbox::kPacket, &error, stamp_of(now));
  if (written <= 0) {
    end({}, true);
    return;
  }
  const Bytes farewell = room.first(static_cast<std::size_t>(written));
  session_counters().octets_sent.add(farewell.size());
  outbox.add(farewell.size(), path.path, static_cast<std::uint8_t>(info.ecn));
  end(farewell, true);
}

void QuicConnection::end(Bytes farewell, bool may_come_late) {
  if (is_closed_) { return; }
  if (!is_established_) {
    session_counters().handshake_failures.add();
    count_end_of_handshake();
  }
  is_closed_ = true;
  timer_.disarm();
  home_.limits.leave(*this);
  home_.bury(*this, farewell, may_come_late);
}

}  // namespace vouch
