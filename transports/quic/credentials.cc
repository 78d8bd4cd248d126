#include "transports/quic/credentials.h"

#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include <chrono>

namespace vouch {

namespace {

// RFC 9001 section 4.2: TLS 1.3 and nothing older. The compatibility mode's pretended ChangeCipherSpec is forbidden
// (section 8.4). X25519 first: it is the cheapest; AES-128 first: every processor of today has it in hardware, and a
// client that has not puts ChaCha20 first itself.
constexpr const char* kPriority =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:"
    "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:%DISABLE_TLS13_COMPAT_MODE";

// How old a copy may be that still passes as fresh, in milliseconds: GnuTLS' own default, as RFC 8446 section 8.3 says.
constexpr unsigned kReplayWindow = 10'000;

constexpr std::string_view kDoq = "doq";
constexpr std::string_view kHttp3 = "h3";

gnutls_datum_t datum_of(std::string_view text) noexcept {
  return {.data = reinterpret_cast<unsigned char*>(const_cast<char*>(text.data())),
          .size = static_cast<unsigned>(text.size())};
}

std::string gnutls_failure(const char* what, int error) {
  return std::string("QUIC cannot use the certificate: ") + what + ": " + gnutls_strerror(error);
}

QuicProtocol protocol_of(gnutls_session_t session) noexcept {
  gnutls_datum_t chosen{};
  if (gnutls_alpn_get_selected_protocol(session, &chosen) != 0) { return QuicProtocol::none; }
  const std::string_view name(reinterpret_cast<const char*>(chosen.data), chosen.size);
  if (name == kDoq) { return QuicProtocol::doq; }
  return name == kHttp3 ? QuicProtocol::http3 : QuicProtocol::none;
}

// A client that offers no ALPN at all gets past GNUTLS_ALPN_MANDATORY; RFC 9001 section 8.1 wants it refused, too.
int refuse_without_protocol(gnutls_session_t session, unsigned, unsigned, unsigned, const gnutls_datum_t*) noexcept {
  return protocol_of(session) == QuicProtocol::none ? GNUTLS_E_NO_APPLICATION_PROTOCOL : 0;
}

}  // namespace

std::expected<std::shared_ptr<const QuicCredentials>, std::string> QuicCredentials::make(
    std::shared_ptr<const Identity> identity, const std::array<Octet, kTicketSecret>& ticket_secret) {
  std::shared_ptr<QuicCredentials> made(new QuicCredentials());
  made->ticket_secret_ = ticket_secret;
  if (const int error = gnutls_certificate_allocate_credentials(&made->certificate_); error != 0) {
    return std::unexpected(gnutls_failure("allocating", error));
  }
  const gnutls_datum_t chain = datum_of(identity->chain());
  const gnutls_datum_t key = datum_of(identity->key());
  if (const int error =
          gnutls_certificate_set_x509_key_mem2(made->certificate_, &chain, &key, GNUTLS_X509_FMT_PEM, nullptr, 0);
      error < 0) {
    return std::unexpected(gnutls_failure("reading chain and key", error));
  }
  if (const int error = gnutls_priority_init(&made->priority_, kPriority, nullptr); error != 0) {
    return std::unexpected(gnutls_failure("choosing ciphers", error));
  }
  made->identity_ = std::move(identity);
  return made;
}

QuicCredentials::~QuicCredentials() {
  if (priority_ != nullptr) { gnutls_priority_deinit(priority_); }
  if (certificate_ != nullptr) { gnutls_certificate_free_credentials(certificate_); }
  gnutls_memset(ticket_secret_.data(), 0, ticket_secret_.size());
}

std::unique_ptr<EarlyDataGuard> EarlyDataGuard::make() {
  std::unique_ptr<EarlyDataGuard> made(new EarlyDataGuard());
  if (gnutls_anti_replay_init(&made->guard_) != 0) { return nullptr; }
  gnutls_anti_replay_set_window(made->guard_, kReplayWindow);
  gnutls_anti_replay_set_ptr(made->guard_, made.get());
  gnutls_anti_replay_set_add_function(made->guard_, &EarlyDataGuard::add);
  return made;
}

EarlyDataGuard::~EarlyDataGuard() {
  if (guard_ != nullptr) { gnutls_anti_replay_deinit(guard_); }
}

int EarlyDataGuard::add(void* self, time_t until, const gnutls_datum_t* key, const gnutls_datum_t*) {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  try {
    const bool is_new = static_cast<EarlyDataGuard*>(self)->store_.add({key->data, key->size}, until, now);
    return is_new ? 0 : GNUTLS_E_DB_ENTRY_EXISTS;
  } catch (...) { return GNUTLS_E_DB_ENTRY_EXISTS; }  // no memory: the client sends it again after the handshake
}

bool QuicTlsSession::begin(const QuicCredentials& credentials, EarlyDataGuard* guard, void* connection) {
  unsigned flags = GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET | GNUTLS_NO_END_OF_EARLY_DATA;
  if (guard != nullptr) { flags |= GNUTLS_ENABLE_EARLY_DATA; }
  if (gnutls_init(&session_, flags) != 0) {
    session_ = nullptr;
    return false;
  }
  const gnutls_datum_t ticket_key{.data = const_cast<Octet*>(credentials.ticket_secret_.data()),
                                  .size = QuicCredentials::kTicketSecret};
  const gnutls_datum_t protocols[] = {datum_of(kDoq), datum_of(kHttp3)};
  const bool is_ready = gnutls_priority_set(session_, credentials.priority_) == 0 &&
                        gnutls_session_ticket_enable_server(session_, &ticket_key) == 0 &&
                        ngtcp2_crypto_gnutls_configure_server_session(session_) == 0 &&
                        gnutls_credentials_set(session_, GNUTLS_CRD_CERTIFICATE, credentials.certificate_) == 0 &&
                        gnutls_alpn_set_protocols(session_, protocols, std::size(protocols),
                                                  GNUTLS_ALPN_MANDATORY | GNUTLS_ALPN_SERVER_PRECEDENCE) == 0;
  if (!is_ready) { return false; }
  gnutls_handshake_set_hook_function(session_, GNUTLS_HANDSHAKE_CLIENT_HELLO, GNUTLS_HOOK_POST,
                                     &refuse_without_protocol);
  gnutls_session_set_ptr(session_, connection);
  if (guard != nullptr) {
    gnutls_anti_replay_enable(session_, guard->guard_);
    gnutls_record_set_max_early_data_size(session_, 0xffffffffU);  // RFC 9001 section 4.6.1: this value and no other
  }
  return true;
}

void QuicTlsSession::end() noexcept {
  if (session_ != nullptr) { gnutls_deinit(session_); }
  session_ = nullptr;
}

QuicProtocol QuicTlsSession::protocol() const {
  return session_ == nullptr ? QuicProtocol::none : protocol_of(session_);
}

bool QuicTlsSession::is_resumed() const { return session_ != nullptr && gnutls_session_is_resumed(session_) != 0; }

bool QuicTlsSession::send_ticket() { return gnutls_session_ticket_send(session_, 1, 0) == 0; }

}  // namespace vouch
