#include "transports/tls/tls_stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "transports/tls/openssl_handles.h"

namespace vouch {

namespace {

// TLS's constants for the first nine octets (RFC 8446 sections 4 and 5.1).
constexpr Octet kHandshakeRecord = 22, kMajorVersion = 3, kClientHelloMessage = 1;
constexpr std::size_t kRecordHeader = 5, kMessageHeader = 4;

// What the first record of a turn finds reserved: an answer or two, so that a batch does not grow from nothing.
constexpr std::size_t kFirstOutput = 2048;

bool is_no_common_ground(int reason) noexcept {
  switch (reason) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_UNSUPPORTED_SSL_VERSION:
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_INAPPROPRIATE_FALLBACK:
      return true;
    default:
      return false;
  }
}

TlsFailure kind_of(unsigned long error) noexcept {
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) { return TlsFailure::against_rules; }
  const int reason = ERR_GET_REASON(error);
  if (reason >= SSL_AD_REASON_OFFSET) { return TlsFailure::refused_by_peer; }
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) { return TlsFailure::not_trusted; }
  if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) { return TlsFailure::gone; }
  if (reason == SSL_R_HTTP_REQUEST || reason == SSL_R_HTTPS_PROXY_REQUEST || reason == SSL_R_WRONG_VERSION_NUMBER) {
    return TlsFailure::not_tls;
  }
  return is_no_common_ground(reason) ? TlsFailure::no_common_ground : TlsFailure::against_rules;
}

// Why a server was not believed, for the operator who wrote its name into a file.
const char* verdict_on(const SSL* ssl) noexcept {
  const long code = SSL_get_verify_result(ssl);
  switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "its certificate has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "its certificate is not valid yet";
    case X509_V_ERR_HOSTNAME_MISMATCH:
      return "its certificate is for another name";
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "its certificate is not for this address";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return "its certificate is signed by itself and not known here";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "its certificate is from an authority that is not trusted here";
    case X509_V_ERR_APPLICATION_VERIFICATION:
      return "its key is none of those that are pinned";
    default:
      return X509_verify_cert_error_string(code);
  }
}

}  // namespace

// The functions that OpenSSL calls. C code is between them and us: nothing may be thrown through it.
struct TlsStream::Wire {
  static TlsStream& stream_of(BIO* bio) noexcept { return *static_cast<TlsStream*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* into, int room) noexcept {
    BIO_clear_retry_flags(bio);
    const int got = stream_of(bio).receive(into, room);
    if (got < 0 && stream_of(bio).failure_ == TlsFailure::none) { BIO_set_retry_read(bio); }
    return got;
  }
  static int write(BIO* bio, const char* octets, int count) noexcept {
    BIO_clear_retry_flags(bio);
    return stream_of(bio).keep(octets, count);
  }
  static long control(BIO* bio, int command, long, void*) noexcept {
    if (command == BIO_CTRL_EOF) { return stream_of(bio).is_at_eof_ ? 1 : 0; }
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }
  // Each message of the handshake's kind once it is whole.
  static void message(int is_ours, int, int type, const void*, std::size_t, SSL*, void* stream) noexcept {
    if (is_ours == 0 && type == SSL3_RT_HANDSHAKE) { static_cast<TlsStream*>(stream)->count_late_message(); }
  }
  // Made once per process and kept: streams of all workers share it.
  static const BIO_METHOD* method() noexcept {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* const fresh = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "vouch stream");
      if (fresh == nullptr) { return fresh; }
      BIO_meth_set_read(fresh, &read);
      BIO_meth_set_write(fresh, &write);
      BIO_meth_set_ctrl(fresh, &control);
      return fresh;
    }();
    return made;
  }
};

std::unique_ptr<TlsStream> TlsStream::make(ssl_st* ssl, Socket socket, Side side) {
  tls::SslHandle handle(ssl);
  const BIO_METHOD* const method = Wire::method();
  if (handle == nullptr || method == nullptr) {
    tls::forget_errors();
    return nullptr;
  }
  tls::BioHandle wire(BIO_new(method));
  if (wire == nullptr) {
    tls::forget_errors();
    return nullptr;
  }
  std::unique_ptr<TlsStream> stream(new TlsStream(handle.release(), std::move(socket), side));
  BIO_set_data(wire.get(), stream.get());
  BIO_set_init(wire.get(), 1);
  BIO* const both_ways = wire.release();
  SSL_set_bio(ssl, both_ways, both_ways);
  SSL_set_msg_callback(ssl, &Wire::message);
  SSL_set_msg_callback_arg(ssl, stream.get());
  if (side == Side::server) {
    SSL_set_accept_state(ssl);
  } else {
    SSL_set_connect_state(ssl);
  }
  return stream;
}

TlsStream::TlsStream(ssl_st* ssl, Socket socket, Side side) noexcept
    : ssl_(ssl), socket_(std::move(socket)), side_(side) {}

TlsStream::~TlsStream() {
  // To OpenSSL a session that ends without a goodbye is one that must not be resumed: a rule of SSL 3 that no later
  // version has. After an alert it forgets the session anyhow.
  if (is_established_) { SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); }
  SSL_free(ssl_);
}

// Octets from the socket, as OpenSSL asks for them. Negative with failure_ none: nothing is there now.
int TlsStream::receive(char* into, int room) noexcept {
  if (is_at_eof_) { return 0; }
  if (receives_left_ <= 0) { return -1; }  // the descriptor still tells of what is there
  --receives_left_;
  const ssize_t got = ::recv(socket_.fd(), into, static_cast<std::size_t>(room), MSG_DONTWAIT);
  if (got == 0) {
    is_at_eof_ = true;
    return 0;
  }
  if (got < 0) {
    if (errno != EAGAIN && errno != EINTR) { failure_ = TlsFailure::gone; }
    return -1;
  }
  if (!is_established_ && !admits({reinterpret_cast<const Octet*>(into), static_cast<std::size_t>(got)})) {
    failure_ = side_ == Side::server ? TlsFailure::not_tls : TlsFailure::against_rules;
    return -1;
  }
  return static_cast<int>(got);
}

// Whether a handshake may go on with these octets. A server looks at the first ones before OpenSSL does: for a client
// that announces a large first message it would reserve as much at once, and a stranger may announce what he likes.
bool TlsStream::admits(Bytes received) noexcept {
  const std::size_t seen = handshake_octets_;
  handshake_octets_ += received.size();
  if (handshake_octets_ > (side_ == Side::server ? kMaxClientHandshake : kMaxServerHandshake)) { return false; }
  if (side_ == Side::client || seen >= beginning_.size()) { return true; }
  const std::size_t fresh = std::min(received.size(), beginning_.size() - seen);
  std::copy_n(received.begin(), fresh, beginning_.begin() + static_cast<std::ptrdiff_t>(seen));
  const std::size_t known = seen + fresh;
  if (beginning_[0] != kHandshakeRecord || (known > 1 && beginning_[1] != kMajorVersion)) { return false; }
  // A message's header cut in two by records is nobody's habit, and would hide the length from us.
  if (known >= kRecordHeader && load16(beginning_.data() + 3) < kMessageHeader) { return false; }
  if (known < beginning_.size()) { return true; }
  const std::size_t length = load32(beginning_.data() + kRecordHeader) & 0xffffffU;
  return beginning_[kRecordHeader] == kClientHelloMessage && length <= kMaxClientHello;
}

// OpenSSL itself lets a peer change keys in every record, which costs us more than it costs the peer.
void TlsStream::count_late_message() noexcept {
  if (!is_established_ || ++late_messages_ <= kMaxLateMessages) { return; }
  if (failure_ == TlsFailure::none) { failure_ = TlsFailure::against_rules; }
  receives_left_ = 0;
}

// Octets for the socket, as OpenSSL gives them.
int TlsStream::keep(const char* octets, int count) noexcept {
  if (count <= 0) { return 0; }
  try {
    drop_sent();
    if (output_.capacity() == 0) { output_.reserve(std::max(kFirstOutput, static_cast<std::size_t>(count))); }
    const Bytes fresh(reinterpret_cast<const Octet*>(octets), static_cast<std::size_t>(count));
    output_.insert(output_.end(), fresh.begin(), fresh.end());
    return count;
  } catch (const std::bad_alloc&) { return -1; }
}

void TlsStream::drop_sent() noexcept {
  if (sent_ == 0) { return; }
  output_.erase(output_.begin(), output_.begin() + static_cast<std::ptrdiff_t>(sent_));
  sent_ = 0;
}

// Notes why a call of OpenSSL's failed for good. The first reason stays.
void TlsStream::fail(int result) {
  if (error_ == 0) { error_ = ERR_peek_last_error(); }
  if (failure_ == TlsFailure::none) {
    const bool is_of_protocol = result == SSL_ERROR_SSL && error_ != 0;
    failure_ = is_of_protocol ? kind_of(error_) : TlsFailure::gone;
  }
  tls::forget_errors();
}

ByteStream::Read TlsStream::broken() const noexcept {
  return {.status = failure_ == TlsFailure::gone ? Status::gone : Status::failed};
}

// False: it failed, or it waits for the peer.
bool TlsStream::shake_hands() {
  const int done = SSL_do_handshake(ssl_);
  if (done == 1) {
    is_established_ = true;
    was_resumed_ = SSL_session_reused(ssl_) == 1;
    return true;
  }
  const int result = SSL_get_error(ssl_, done);
  if (failure_ != TlsFailure::none || (result != SSL_ERROR_WANT_READ && result != SSL_ERROR_WANT_WRITE)) {
    fail(result);
  }
  tls::forget_errors();
  return false;
}

ByteStream::Read TlsStream::read(MutableBytes into) {
  if (failure_ != TlsFailure::none) { return broken(); }
  if (has_ended_) { return {.status = Status::ended}; }
  tls::forget_errors();
  receives_left_ = kReceivesPerRead;
  if (!is_established_ && !shake_hands()) { return failure_ == TlsFailure::none ? Read{} : broken(); }
  Read got;
  for (int left = kRecordsPerRead; left > 0 && got.octets < into.size(); --left) {
    std::size_t count = 0;
    const int done = SSL_read_ex(ssl_, into.data() + got.octets, into.size() - got.octets, &count);
    if (done == 1) {
      got.octets += count;
      // Level-triggered, the descriptor tells of what is in the kernel: asking it once more would cost a call each
      // time.
      if (SSL_has_pending(ssl_) == 0) { return got; }
      continue;
    }
    const int result = SSL_get_error(ssl_, done);
    const bool is_sound = failure_ == TlsFailure::none;
    if (is_sound && result == SSL_ERROR_WANT_READ) { return got; }  // what is inside is less than a record
    if (is_sound && result == SSL_ERROR_ZERO_RETURN) {
      has_ended_ = true;
    } else {
      fail(result);
    }
    if (got.octets == 0) { return has_ended_ ? Read{.status = Status::ended} : broken(); }
    break;
  }
  got.may_have_more = true;
  return got;
}

bool TlsStream::is_mid_record() const noexcept {
  return is_established_ && failure_ == TlsFailure::none && SSL_has_pending(ssl_) == 1;
}

bool TlsStream::put(Bytes octets) {
  if (!is_established_ || failure_ != TlsFailure::none || said_goodbye_) { return false; }
  if (octets.empty()) { return true; }
  tls::forget_errors();
  std::size_t written = 0;
  const int done = SSL_write_ex(ssl_, octets.data(), octets.size(), &written);
  if (done == 1) { return true; }  // keep() takes everything, so nothing is written in part
  fail(SSL_get_error(ssl_, done));
  return false;
}

std::optional<std::size_t> TlsStream::flush() {
  if (unsent() == 0) { return 0; }
  const ssize_t result = ::send(socket_.fd(), output_.data() + sent_, unsent(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (result < 0) {
    if (errno == EAGAIN || errno == EINTR) { return 0; }
    if (failure_ == TlsFailure::none) { failure_ = TlsFailure::gone; }
    return std::nullopt;
  }
  const auto taken = static_cast<std::size_t>(result);
  sent_ += taken;
  if (unsent() == 0) {
    output_ = Buffer();
    sent_ = 0;
  }
  return taken;
}

std::optional<std::size_t> TlsStream::send(Bytes octets) {
  if (!octets.empty() && !put(octets)) { return std::nullopt; }
  return flush();
}

void TlsStream::say_goodbye() noexcept {
  if (!is_established_ || failure_ != TlsFailure::none || said_goodbye_) { return; }
  said_goodbye_ = true;
  SSL_shutdown(ssl_);
  tls::forget_errors();
}

std::string TlsStream::failure_text() const {
  switch (failure_) {
    case TlsFailure::none:
      return {};
    case TlsFailure::gone:
      return is_established_ ? "the connection was broken off" : "the connection was closed during the handshake";
    case TlsFailure::not_tls:
      return "the peer does not speak TLS";
    case TlsFailure::not_trusted:
      return verdict_on(ssl_);
    case TlsFailure::refused_by_peer:
    case TlsFailure::no_common_ground:
    case TlsFailure::against_rules:
      break;
  }
  const char* const reason = error_ == 0 ? nullptr : ERR_reason_error_string(error_);
  return reason == nullptr ? "the peer does not keep to the rules of TLS" : reason;
}

std::string_view TlsStream::protocol() const noexcept {
  const unsigned char* at = nullptr;
  unsigned int length = 0;
  SSL_get0_alpn_selected(ssl_, &at, &length);
  return text_of({at, length});
}

bool TlsStream::is_tls13() const noexcept { return SSL_version(ssl_) == TLS1_3_VERSION; }

}  // namespace vouch
