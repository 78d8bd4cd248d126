#include "tests/unit/transports/quic_client.h"

#include <gnutls/crypto.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace vouch {

namespace {

constexpr const char* kPriority =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:"
    "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:%DISABLE_TLS13_COMPAT_MODE";

ngtcp2_tstamp now() noexcept {
  return static_cast<ngtcp2_tstamp>(
      std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
}

ngtcp2_cid random_id(std::size_t length) noexcept {
  std::array<Octet, NGTCP2_MAX_CIDLEN> octets;
  gnutls_rnd(GNUTLS_RND_RANDOM, octets.data(), octets.size());
  ngtcp2_cid id;
  ngtcp2_cid_init(&id, octets.data(), length);
  return id;
}

// The one place where the client needs what differs between ngtcp2 0.12 and 1.x and the server does not.
#if NGTCP2_VERSION_NUM < 0x010000
bool is_application(const QuicCloseError& error) noexcept {
  return error.type == NGTCP2_CONNECTION_CLOSE_ERROR_CODE_TYPE_APPLICATION;
}
QuicCloseError close_error_of(ngtcp2_conn* connection) noexcept {
  QuicCloseError error{};
  ngtcp2_conn_get_connection_close_error(connection, &error);
  return error;
}
void set_any_token(ngtcp2_settings& settings, Bytes token) noexcept { set_retry_token(settings, token); }
Buffer remembered_parameters(ngtcp2_conn* connection) {
  const ngtcp2_transport_params* const parameters = ngtcp2_conn_get_remote_transport_params(connection);
  const auto* const octets = reinterpret_cast<const Octet*>(parameters);
  return {octets, octets + sizeof *parameters};
}
bool remember_parameters(ngtcp2_conn* connection, Bytes octets) noexcept {
  ngtcp2_transport_params parameters;
  if (octets.size() != sizeof parameters) { return false; }
  std::memcpy(&parameters, octets.data(), sizeof parameters);
  ngtcp2_conn_set_early_remote_transport_params(connection, &parameters);
  return true;
}
int reject_early_data(ngtcp2_conn* connection) noexcept { return ngtcp2_conn_early_data_rejected(connection); }
#else
bool is_application(const QuicCloseError& error) noexcept { return error.type == NGTCP2_CCERR_TYPE_APPLICATION; }
QuicCloseError close_error_of(ngtcp2_conn* connection) noexcept { return *ngtcp2_conn_get_ccerr(connection); }
void set_any_token(ngtcp2_settings& settings, Bytes token) noexcept {
  settings.token = token.data();
  settings.tokenlen = token.size();
  settings.token_type = NGTCP2_TOKEN_TYPE_NEW_TOKEN;
}
Buffer remembered_parameters(ngtcp2_conn* connection) {
  Buffer octets(512);
  const ngtcp2_ssize length = ngtcp2_conn_encode_0rtt_transport_params(connection, octets.data(), octets.size());
  octets.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
  return octets;
}
bool remember_parameters(ngtcp2_conn* connection, Bytes octets) noexcept {
  return ngtcp2_conn_decode_and_set_0rtt_transport_params(connection, octets.data(), octets.size()) == 0;
}
int reject_early_data(ngtcp2_conn* connection) noexcept { return ngtcp2_conn_tls_early_data_rejected(connection); }
#endif

}  // namespace

struct QuicClient::Callbacks {
  static QuicClient& of(void* user) noexcept { return *static_cast<QuicClient*>(user); }

  static int handshake_completed(ngtcp2_conn* raw, void* user) noexcept {
    QuicClient& client = of(user);
    client.is_established_ = true;
    client.is_resumed_ = gnutls_session_is_resumed(client.tls_) != 0;
    client.visit_.parameters = remembered_parameters(raw);
    client.early_data_taken_ =
        client.is_early_ && (gnutls_session_get_flags(client.tls_) & GNUTLS_SFLAGS_EARLY_DATA) != 0;
    if (client.is_early_ && !client.early_data_taken_) {
      client.streams_.clear();
      client.queue_.clear();
      return reject_early_data(raw);
    }
    return 0;
  }
  static int recv_tx_key(ngtcp2_conn*, QuicKeyLevel level, void* user) noexcept {
    return level != kApplicationKeys || of(user).ready() ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
  }
  static int recv_stream_data(ngtcp2_conn* raw, std::uint32_t flags, std::int64_t id, std::uint64_t,
                              const std::uint8_t* data, std::size_t length, void* user, void*) noexcept {
    if (!of(user).received(id, {data, length}, (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0)) {
      return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    if (of(user).gives_credit) { ngtcp2_conn_extend_max_stream_offset(raw, id, length); }
    ngtcp2_conn_extend_max_offset(raw, length);
    return 0;
  }
  static int acked(ngtcp2_conn*, std::int64_t id, std::uint64_t, std::uint64_t length, void* user, void*) noexcept {
    return of(user).acknowledged(id, length) ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
  }
  static int stream_close(ngtcp2_conn*, std::uint32_t, std::int64_t id, std::uint64_t code, void* user,
                          void*) noexcept {
    of(user).closed(id, code);
    return 0;
  }
  static int stream_reset(ngtcp2_conn*, std::int64_t id, std::uint64_t, std::uint64_t code, void* user,
                          void*) noexcept {
    of(user).was_reset(id, code);
    return 0;
  }
  static int extend_max_stream_data(ngtcp2_conn*, std::int64_t id, std::uint64_t, void* user, void*) noexcept {
    of(user).unblocked(id);
    return 0;
  }
  static int recv_stateless_reset(ngtcp2_conn*, const ngtcp2_pkt_stateless_reset*, void* user) noexcept {
    of(user).end_ = End::reset;
    return 0;
  }
#if NGTCP2_VERSION_NUM < 0x010000
  static int recv_new_token(ngtcp2_conn*, const ngtcp2_vec* token, void* user) noexcept {
    of(user).visit_.token.assign(token->base, token->base + token->len);
    return 0;
  }
#else
  static int recv_new_token(ngtcp2_conn*, const std::uint8_t* token, std::size_t length, void* user) noexcept {
    of(user).visit_.token.assign(token, token + length);
    return 0;
  }
#endif
  static int recv_version_negotiation(ngtcp2_conn*, const ngtcp2_pkt_hd*, const std::uint32_t* versions,
                                      std::size_t count, void* user) noexcept {
    of(user).offered_versions_.assign(versions, versions + count);
    return 0;
  }
  static void rand(std::uint8_t* out, std::size_t length, const ngtcp2_rand_ctx*) noexcept {
    gnutls_rnd(GNUTLS_RND_NONCE, out, length);
  }
  static int get_new_connection_id(ngtcp2_conn*, ngtcp2_cid* out, std::uint8_t* token, std::size_t length,
                                   void*) noexcept {
    *out = random_id(length);
    return gnutls_rnd(GNUTLS_RND_RANDOM, token, NGTCP2_STATELESS_RESET_TOKENLEN) == 0 ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
  }
  static int ticket_came(gnutls_session_t session, unsigned, unsigned, unsigned, const gnutls_datum_t*) noexcept {
    auto* const reference = static_cast<ngtcp2_crypto_conn_ref*>(gnutls_session_get_ptr(session));
    gnutls_datum_t data{};
    if (gnutls_session_get_data2(session, &data) == 0) {
      of(reference->user_data).visit_.ticket.assign(data.data, data.data + data.size);
      gnutls_free(data.data);
    }
    return 0;
  }

  static ngtcp2_callbacks table() noexcept {
    ngtcp2_callbacks table{};
    table.client_initial = &ngtcp2_crypto_client_initial_cb;
    table.recv_crypto_data = &ngtcp2_crypto_recv_crypto_data_cb;
    table.encrypt = &ngtcp2_crypto_encrypt_cb;
    table.decrypt = &ngtcp2_crypto_decrypt_cb;
    table.hp_mask = &ngtcp2_crypto_hp_mask_cb;
    table.update_key = &ngtcp2_crypto_update_key_cb;
    table.delete_crypto_aead_ctx = &ngtcp2_crypto_delete_crypto_aead_ctx_cb;
    table.delete_crypto_cipher_ctx = &ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
    table.get_path_challenge_data = &ngtcp2_crypto_get_path_challenge_data_cb;
    table.version_negotiation = &ngtcp2_crypto_version_negotiation_cb;
    table.recv_retry = &ngtcp2_crypto_recv_retry_cb;
    table.handshake_completed = &handshake_completed;
    table.recv_tx_key = &recv_tx_key;
    table.recv_stream_data = &recv_stream_data;
    table.acked_stream_data_offset = &acked;
    table.stream_close = &stream_close;
    table.stream_reset = &stream_reset;
    table.extend_max_stream_data = &extend_max_stream_data;
    table.recv_stateless_reset = &recv_stateless_reset;
    table.recv_new_token = &recv_new_token;
    table.recv_version_negotiation = &recv_version_negotiation;
    table.rand = &rand;
    table.get_new_connection_id = &get_new_connection_id;
    return table;
  }
};

std::unique_ptr<QuicClient> QuicClient::connect(const QuicClientOptions& options) {
  std::unique_ptr<QuicClient> client(new QuicClient());
  if (!client->begin(options)) { return nullptr; }
  return client;
}

QuicClient::~QuicClient() {
  if (connection_ != nullptr) { ngtcp2_conn_del(connection_); }
  if (tls_ != nullptr) { gnutls_deinit(tls_); }
  if (credentials_ != nullptr) { gnutls_certificate_free_credentials(credentials_); }
}

bool QuicClient::open_socket(const std::optional<IpAddress>& local) {
  socket_ = vouch::open_socket(options_.server.ip(), SOCK_DGRAM);
  return socket_.is_open() && (!local || socket_.bind(SocketAddress(*local, 0))) && socket_.connect(options_.server);
}

bool QuicClient::begin(const QuicClientOptions& options) {
  static const ngtcp2_callbacks callbacks = Callbacks::table();
  options_ = options;
  if (!open_socket(options.local)) { return false; }
  local_ = RawAddress::of(socket_.local_address());
  server_ = RawAddress::of(options.server);
  reference_ = {
      .get_conn =
          [](ngtcp2_crypto_conn_ref* reference) { return static_cast<QuicClient*>(reference->user_data)->connection_; },
      .user_data = this};
  ngtcp2_settings settings;
  ngtcp2_settings_default(&settings);
  settings.initial_ts = now();
  settings.max_tx_udp_payload_size = NGTCP2_MAX_UDP_PAYLOAD_SIZE;
  settings.no_pmtud = 1;
  const Buffer& token = options.token.empty() ? options.visit.token : options.token;
  if (!token.empty()) { set_any_token(settings, token); }
  ngtcp2_transport_params parameters;
  ngtcp2_transport_params_default(&parameters);
  parameters.initial_max_stream_data_bidi_local = options.stream_window;
  parameters.initial_max_stream_data_uni = 64 * 1024;
  parameters.initial_max_data = 16 * 1024 * 1024;
  parameters.initial_max_streams_uni = options.unidirectional_streams;
  parameters.max_idle_timeout = options.idle_timeout;
  const ngtcp2_cid ours = random_id(8);
  const ngtcp2_cid theirs = random_id(18);
  const ngtcp2_path its_path = path();
  if (ngtcp2_conn_client_new(&connection_, &theirs, &ours, &its_path, options.version, &callbacks, &settings,
                             &parameters, nullptr, this) != 0) {
    connection_ = nullptr;
    return false;
  }
  if (!begin_tls(options)) { return false; }
  ngtcp2_conn_set_tls_native_handle(connection_, tls_);
  if (is_early_ && (!remember_parameters(connection_, options.visit.parameters) || !ready())) { is_early_ = false; }
  return true;
}

bool QuicClient::begin_tls(const QuicClientOptions& options) {
  const unsigned flags = GNUTLS_CLIENT | GNUTLS_ENABLE_EARLY_DATA | GNUTLS_NO_END_OF_EARLY_DATA;
  if (gnutls_init(&tls_, flags) != 0 || gnutls_certificate_allocate_credentials(&credentials_) != 0 ||
      gnutls_priority_set_direct(tls_, kPriority, nullptr) != 0 ||
      ngtcp2_crypto_gnutls_configure_client_session(tls_) != 0 ||
      gnutls_credentials_set(tls_, GNUTLS_CRD_CERTIFICATE, credentials_) != 0) {
    return false;
  }
  const auto datum = [](const auto& octets) {
    return gnutls_datum_t{
        .data = reinterpret_cast<unsigned char*>(const_cast<char*>(reinterpret_cast<const char*>(octets.data()))),
        .size = static_cast<unsigned>(octets.size())};
  };
  std::vector<gnutls_datum_t> protocols;
  for (const std::string& protocol : options_.protocols) { protocols.push_back(datum(protocol)); }
  if (!protocols.empty()) {
    gnutls_alpn_set_protocols(tls_, protocols.data(), static_cast<unsigned>(protocols.size()), 0);
  }
  gnutls_server_name_set(tls_, GNUTLS_NAME_DNS, options_.server_name.data(), options_.server_name.size());
  if (!options.trusted_certificates.empty()) {
    const gnutls_datum_t trusted = datum(options.trusted_certificates);
    if (gnutls_certificate_set_x509_trust_mem(credentials_, &trusted, GNUTLS_X509_FMT_PEM) <= 0) { return false; }
    gnutls_session_set_verify_cert(tls_, options_.server_name.c_str(), 0);
  }
  gnutls_session_set_ptr(tls_, &reference_);
  gnutls_handshake_set_hook_function(tls_, GNUTLS_HANDSHAKE_NEW_SESSION_TICKET, GNUTLS_HOOK_POST,
                                     &Callbacks::ticket_came);
  if (!options.visit.ticket.empty()) {
    if (gnutls_session_set_data(tls_, options.visit.ticket.data(), options.visit.ticket.size()) != 0) { return false; }
    is_early_ = options.early_data;
  }
  return true;
}

ngtcp2_path QuicClient::path() const noexcept {
  return {.local = local_.ref(), .remote = server_.ref(), .user_data = nullptr};
}

void QuicClient::pump() {
  if (is_over()) { return; }
  if (!is_deaf) { receive(); }
  if (is_over()) { return; }
  if (ngtcp2_conn_get_expiry(connection_) <= now()) {
    if (const int error = ngtcp2_conn_handle_expiry(connection_, now()); error != 0) {
      finish(error);
      return;
    }
  }
  write();
}

void QuicClient::receive() {
  constexpr int kBatches = 8;
  static thread_local std::array<std::array<Octet, 1500>, 32> inbox;  // clients take turns in it
  std::array<mmsghdr, inbox.size()> headers;
  std::array<iovec, inbox.size()> contents;
  for (int batch = 0; batch < kBatches; ++batch) {
    for (std::size_t i = 0; i < headers.size(); ++i) {
      contents[i] = {.iov_base = inbox[i].data(), .iov_len = inbox[i].size()};
      headers[i] = {};
      headers[i].msg_hdr.msg_iov = &contents[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
    const int got = recvmmsg(socket_.fd(), headers.data(), headers.size(), MSG_DONTWAIT, nullptr);
    if (got <= 0) { return; }
    const ngtcp2_path its_path = path();
    const ngtcp2_pkt_info info{};
    for (int i = 0; i < got; ++i) {
      const std::size_t length = headers[static_cast<std::size_t>(i)].msg_len;
      octets_received_ += length;
      note_retry({inbox[static_cast<std::size_t>(i)].data(), length});
      const int error =
          ngtcp2_conn_read_pkt(connection_, &its_path, &info, inbox[static_cast<std::size_t>(i)].data(), length, now());
      if (error != 0) {
        finish(error);
        return;
      }
    }
    if (got < static_cast<int>(headers.size())) { return; }
  }
}

// RFC 9000 section 17.2.5. ngtcp2 keeps the token to itself.
void QuicClient::note_retry(Bytes datagram) {
  constexpr Octet kRetry = 0xf0;
  constexpr std::size_t kFirstId = 5, kTag = 16;
  if (is_established_ || datagram.size() < kFirstId + 1 || (datagram[0] & kRetry) != kRetry) { return; }
  std::size_t at = kFirstId;
  for (int ids = 2; ids > 0 && at < datagram.size(); --ids) { at += 1U + datagram[at]; }
  if (at + kTag < datagram.size()) {
    retry_token_.assign(datagram.begin() + static_cast<std::ptrdiff_t>(at), datagram.end() - kTag);
  }
}

// What ngtcp2's error means for the connection.
void QuicClient::finish(int error) {
  if (end_ == End::reset) { return; }
  if (error == NGTCP2_ERR_DRAINING) {
    const QuicCloseError reason = close_error_of(connection_);
    end_ = is_application(reason) ? End::application : End::transport;
    code_ = reason.error_code;
    return;
  }
  end_ = End::silent;
  if (error == NGTCP2_ERR_IDLE_CLOSE || error == NGTCP2_ERR_RECV_VERSION_NEGOTIATION) { return; }
  QuicCloseError reason{};
  if (error == NGTCP2_ERR_CRYPTO) {
    set_tls_alert(reason, ngtcp2_conn_get_tls_alert(connection_));
  } else {
    set_library_error(reason, error);
  }
  code_ = reason.error_code;
  const ngtcp2_ssize written =
      ngtcp2_conn_write_connection_close(connection_, nullptr, nullptr, room_.data(), room_.size(), &reason, now());
  if (written > 0) { put_out(static_cast<std::size_t>(written)); }
}

void QuicClient::put_out(std::size_t octets) {
  if (first_datagram.empty()) {
    first_datagram.assign(room_.begin(), room_.begin() + static_cast<std::ptrdiff_t>(octets));
  }
  octets_sent_ += octets;
  ++datagrams_sent_;
  if (!is_mute) { ::send(socket_.fd(), room_.data(), octets, MSG_DONTWAIT | MSG_NOSIGNAL); }
}

void QuicClient::write() {
  constexpr int kPackets = 256;
  for (int left = kPackets; left > 0;) {
    Output output;
    if (ngtcp2_conn_get_max_data_left(connection_) != 0) { output = next_output(); }
    const std::uint32_t flags =
        NGTCP2_WRITE_STREAM_FLAG_MORE | (output.is_last ? NGTCP2_WRITE_STREAM_FLAG_FIN : NGTCP2_WRITE_STREAM_FLAG_NONE);
    ngtcp2_ssize taken = -1;
    const ngtcp2_ssize written =
        ngtcp2_conn_writev_stream(connection_, nullptr, nullptr, room_.data(), NGTCP2_MAX_UDP_PAYLOAD_SIZE, &taken,
                                  flags, output.id, output.octets.data(), output.count, now());
    if (written == NGTCP2_ERR_STREAM_DATA_BLOCKED) {
      blocked(output);
      continue;
    }
    if (written == NGTCP2_ERR_STREAM_SHUT_WR || written == NGTCP2_ERR_STREAM_NOT_FOUND) {
      unwanted(output);
      continue;
    }
    if (written < 0 && written != NGTCP2_ERR_WRITE_MORE) {
      finish(static_cast<int>(written));
      return;
    }
    if (output.id >= 0) { taken >= 0 ? sent(output, static_cast<std::size_t>(taken)) : not_now(output); }
    if (written == NGTCP2_ERR_WRITE_MORE) { continue; }
    if (written == 0) { return; }
    put_out(static_cast<std::size_t>(written));
    --left;
  }
}

std::int64_t QuicClient::open_stream() {
  std::int64_t id = -1;
  if (is_over() || ngtcp2_conn_open_bidi_stream(connection_, &id, nullptr) != 0) { return -1; }
  streams_.try_emplace(id);
  return id;
}

std::int64_t QuicClient::open_unidirectional_stream() {
  std::int64_t id = -1;
  if (is_over() || ngtcp2_conn_open_uni_stream(connection_, &id, nullptr) != 0) { return -1; }
  streams_.try_emplace(id);
  return id;
}

void QuicClient::send(std::int64_t id, Bytes octets, bool is_last) {
  const auto known = streams_.find(id);
  if (known == streams_.end()) { return; }
  Stream& stream = known->second;
  stream.unsent.insert(stream.unsent.end(), octets.begin(), octets.end());
  stream.wants_end = stream.wants_end || is_last;
  if (!std::exchange(stream.is_queued, true)) { queue_.push_back(id); }
}

void QuicClient::reset(std::int64_t id, std::uint64_t code) { shutdown_stream_write(connection_, id, code); }

void QuicClient::stop_reading(std::int64_t id, std::uint64_t code) { shutdown_stream_read(connection_, id, code); }

const QuicClient::Stream* QuicClient::stream(std::int64_t id) const {
  const auto known = streams_.find(id);
  return known == streams_.end() ? nullptr : &known->second;
}

std::string QuicClient::framed(std::string_view message) {
  Octet length[2];
  store16(length, u16(message.size()));
  return std::string(text_of({length, 2})) + std::string(message);
}

std::int64_t QuicClient::ask(std::string_view message) {
  const std::int64_t id = open_stream();
  if (id >= 0) { send(id, bytes_of(framed(message)), true); }
  return id;
}

std::optional<std::string> QuicClient::answer(std::int64_t id) const {
  const Stream* const known = stream(id);
  if (known == nullptr || !known->has_ended || known->received.size() < 2) { return std::nullopt; }
  if (load16(known->received.data()) != known->received.size() - 2) { return std::nullopt; }
  return std::string(text_of(Bytes(known->received).subspan(2)));
}

void QuicClient::close(std::uint64_t code) {
  if (is_over()) { return; }
  QuicCloseError reason{};
  set_application_error(reason, code);
  const ngtcp2_ssize written =
      ngtcp2_conn_write_connection_close(connection_, nullptr, nullptr, room_.data(), room_.size(), &reason, now());
  if (written > 0) { put_out(static_cast<std::size_t>(written)); }
  end_ = End::silent;
}

std::string QuicClient::peer_certificate() const {
  unsigned count = 0;
  const gnutls_datum_t* const list = gnutls_certificate_get_peers(tls_, &count);
  return count == 0 ? std::string() : std::string(reinterpret_cast<const char*>(list[0].data), list[0].size);
}

void QuicClient::rebind(const std::optional<IpAddress>& local) { open_socket(local); }

void QuicClient::talk_to_tls(Bytes octets) {
  ngtcp2_conn_submit_crypto_data(connection_, kApplicationKeys, octets.data(), octets.size());
}

void QuicClient::keep_alive(ngtcp2_duration interval) { ngtcp2_conn_set_keep_alive_timeout(connection_, interval); }

bool QuicClient::received(std::int64_t id, Bytes octets, bool is_last) {
  Stream& stream = streams_[id];
  stream.received.insert(stream.received.end(), octets.begin(), octets.end());
  stream.has_ended = stream.has_ended || is_last;
  if (is_last && on_end) { on_end(id, stream); }
  return true;
}

void QuicClient::closed(std::int64_t id, std::uint64_t) {
  const auto known = streams_.find(id);
  if (known == streams_.end()) { return; }
  if (forgets_streams) {
    streams_.erase(known);
    return;
  }
  known->second.is_closed = true;
  known->second.sent.clear();
}

void QuicClient::was_reset(std::int64_t id, std::uint64_t code) {
  Stream& stream = streams_[id];
  stream.reset = code;
  if (on_end) { on_end(id, stream); }
}

QuicClient::Output QuicClient::next_output() {
  while (!queue_.empty()) {
    const auto known = streams_.find(queue_.front());
    if (known == streams_.end()) {
      queue_.pop_front();
      continue;
    }
    Output output{.id = known->first, .is_last = known->second.wants_end, .octets = {}, .count = 0};
    // What is lent stays where it is, so each piece gets a buffer of its own.
    Stream& stream = known->second;
    if (!stream.unsent.empty()) {
      Buffer& lent = stream.sent.emplace_back(std::exchange(stream.unsent, {}));
      output.octets[0] = {.base = lent.data(), .len = lent.size()};
      output.count = 1;
    }
    return output;
  }
  return {};
}

void QuicClient::sent(const Output& output, std::size_t octets) {
  Stream& stream = streams_[output.id];
  queue_.pop_front();
  stream.is_queued = false;
  const std::size_t left = output.octets[0].len - octets;  // both are zero when there was only an end to be sent
  if (left == 0) { return; }
  const Octet* const rest = output.octets[0].base + octets;
  const Buffer again(rest, rest + left);
  stream.unsent.insert(stream.unsent.begin(), again.begin(), again.end());
  stream.is_queued = true;
  queue_.push_front(output.id);
}

void QuicClient::blocked(const Output& output) {
  Stream& stream = streams_[output.id];
  queue_.pop_front();
  stream.is_queued = false;
  if (output.count == 0) { return; }
  stream.unsent = std::move(stream.sent.back());
  stream.sent.pop_back();
}

void QuicClient::unwanted(const Output&) { queue_.pop_front(); }

void QuicClient::not_now(const Output& output) {
  if (output.count == 0) { return; }
  Stream& stream = streams_[output.id];
  stream.unsent = std::move(stream.sent.back());
  stream.sent.pop_back();
}

void QuicClient::unblocked(std::int64_t id) {
  const auto known = streams_.find(id);
  if (known == streams_.end() || known->second.unsent.empty()) { return; }
  if (!std::exchange(known->second.is_queued, true)) { queue_.push_back(id); }
}

// ---- HTTP/3 ----

struct Http3Client::Library {
  static Http3Client& of(void* user) noexcept { return *static_cast<Http3Client*>(user); }
  static std::string text_in(nghttp3_rcbuf* buffer) {
    const nghttp3_vec octets = nghttp3_rcbuf_get_buf(buffer);
    return {reinterpret_cast<const char*>(octets.base), octets.len};
  }
  static int recv_header(nghttp3_conn*, std::int64_t id, std::int32_t, nghttp3_rcbuf* name, nghttp3_rcbuf* value,
                         std::uint8_t, void* user, void*) noexcept {
    Response& response = of(user).responses_[id];
    if (text_in(name) == ":status") {
      response.status = text_in(value);
    } else {
      response.fields[text_in(name)] = text_in(value);
    }
    return 0;
  }
  static int recv_data(nghttp3_conn*, std::int64_t id, const std::uint8_t* data, std::size_t length, void* user,
                       void*) noexcept {
    of(user).responses_[id].body.append(reinterpret_cast<const char*>(data), length);
    return 0;
  }
  static int end_stream(nghttp3_conn*, std::int64_t id, void* user, void*) noexcept {
    of(user).responses_[id].is_whole = true;
    return 0;
  }
  static nghttp3_ssize read_body(nghttp3_conn*, std::int64_t id, nghttp3_vec* pieces, std::size_t, std::uint32_t* flags,
                                 void* user, void*) noexcept {
    Body& body = of(user).bodies_[id];
    if (body.is_lent || body.octets.empty()) {
      if (body.has_more) { return NGHTTP3_ERR_WOULDBLOCK; }
      *flags |= NGHTTP3_DATA_FLAG_EOF;
      return 0;
    }
    if (!body.has_more) { *flags |= NGHTTP3_DATA_FLAG_EOF; }
    body.is_lent = true;
    pieces[0] = {.base = reinterpret_cast<std::uint8_t*>(body.octets.data()), .len = body.octets.size()};
    return 1;
  }
};

std::unique_ptr<Http3Client> Http3Client::connect(QuicClientOptions options) {
  options.protocols = {"h3"};
  std::unique_ptr<Http3Client> client(new Http3Client());
  if (!client->begin(options)) { return nullptr; }
  return client;
}

Http3Client::~Http3Client() { nghttp3_conn_del(http_); }

bool Http3Client::ready() {
  if (http_ != nullptr) { return true; }
  nghttp3_callbacks callbacks{};
  callbacks.recv_header = &Library::recv_header;
  callbacks.recv_data = &Library::recv_data;
  callbacks.end_stream = &Library::end_stream;
  nghttp3_settings settings;
  nghttp3_settings_default(&settings);
  std::int64_t control = -1, encoder = -1, decoder = -1;
  return nghttp3_conn_client_new(&http_, &callbacks, &settings, nghttp3_mem_default(), this) == 0 &&
         ngtcp2_conn_open_uni_stream(connection_, &control, nullptr) == 0 &&
         ngtcp2_conn_open_uni_stream(connection_, &encoder, nullptr) == 0 &&
         ngtcp2_conn_open_uni_stream(connection_, &decoder, nullptr) == 0 &&
         nghttp3_conn_bind_control_stream(http_, control) == 0 &&
         nghttp3_conn_bind_qpack_streams(http_, encoder, decoder) == 0;
}

std::int64_t Http3Client::request(const Fields& fields, std::string_view body, bool has_more) {
  std::int64_t id = -1;
  if (http_ == nullptr || is_over() || ngtcp2_conn_open_bidi_stream(connection_, &id, nullptr) != 0) { return -1; }
  std::vector<nghttp3_nv> pairs;
  for (const auto& [name, value] : fields) {
    pairs.push_back({.name = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                     .value = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())),
                     .namelen = name.size(),
                     .valuelen = value.size(),
                     .flags = NGHTTP3_NV_FLAG_NONE});
  }
  bodies_[id] = Body{.octets = std::string(body), .has_more = has_more};
  responses_[id];
  const nghttp3_data_reader reader{.read_data = &Library::read_body};
  const bool has_body = !body.empty() || has_more;
  if (nghttp3_conn_submit_request(http_, id, pairs.data(), pairs.size(), has_body ? &reader : nullptr, nullptr) != 0) {
    return -1;
  }
  return id;
}

std::int64_t Http3Client::get(std::string target) {
  return request({{":method", "GET"}, {":scheme", "https"}, {":authority", "localhost"}, {":path", std::move(target)}});
}

std::int64_t Http3Client::post(std::string target, std::string_view body, std::string content_type) {
  return request({{":method", "POST"},
                  {":scheme", "https"},
                  {":authority", "localhost"},
                  {":path", std::move(target)},
                  {"content-type", std::move(content_type)},
                  {"content-length", std::to_string(body.size())}},
                 body);
}

const Http3Client::Response* Http3Client::response(std::int64_t stream) const {
  const auto known = responses_.find(stream);
  return known == responses_.end() ? nullptr : &known->second;
}

bool Http3Client::received(std::int64_t id, Bytes octets, bool is_last) {
  return nghttp3_conn_read_stream(http_, id, octets.data(), octets.size(), is_last ? 1 : 0) >= 0;
}

bool Http3Client::acknowledged(std::int64_t id, std::uint64_t octets) {
  return nghttp3_conn_add_ack_offset(http_, id, octets) == 0;
}

void Http3Client::closed(std::int64_t id, std::uint64_t code) { nghttp3_conn_close_stream(http_, id, code); }

void Http3Client::was_reset(std::int64_t id, std::uint64_t code) {
  nghttp3_conn_shutdown_stream_read(http_, id);
  responses_[id].reset = code;
}

QuicClient::Output Http3Client::next_output() {
  Output output;
  if (http_ == nullptr) { return output; }
  std::array<nghttp3_vec, 16> pieces{};
  int is_last = 0;
  const nghttp3_ssize count = nghttp3_conn_writev_stream(http_, &output.id, &is_last, pieces.data(), pieces.size());
  output.is_last = is_last != 0;
  output.count = count > 0 ? static_cast<std::size_t>(count) : 0;
  std::ranges::transform(pieces, output.octets.begin(),
                         [](const nghttp3_vec& piece) { return ngtcp2_vec{.base = piece.base, .len = piece.len}; });
  return output;
}

void Http3Client::sent(const Output& output, std::size_t octets) {
  nghttp3_conn_add_write_offset(http_, output.id, octets);
}

void Http3Client::blocked(const Output& output) { nghttp3_conn_block_stream(http_, output.id); }

void Http3Client::unwanted(const Output& output) { nghttp3_conn_shutdown_stream_write(http_, output.id); }

void Http3Client::unblocked(std::int64_t id) { nghttp3_conn_unblock_stream(http_, id); }

}  // namespace vouch
