#include "transports/tls/tls_client_context.h"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <string_view>
#include <utility>

#include "transports/tls/certificate_facts.h"
#include "transports/tls/openssl_handles.h"
#include "transports/tls/tls_settings.h"

namespace vouch {

namespace {

// Debian's package ca-certificates. Read as a whole at the start: OpenSSL's own default is to look into the folder
// during a handshake, which a worker has no time for and a sandbox may not allow.
constexpr const char* kSystemAuthorities = "/etc/ssl/certs/ca-certificates.crt";

constexpr Octet kProtocols[] = {3, 'd', 'o', 't'};  // ALPN (RFC 7301 section 3.1; "dot": RFC 7858, IANA)
constexpr std::size_t kPinText = 44;

// A ticket is offered only to the server that gave it, and only under the conditions it was trusted under.
std::string session_key(const TlsPeer& peer) {
  std::string key = peer.address.text() + '\n' + peer.name;
  for (const std::string& pin : peer.pins) { key.append("\n").append(pin); }
  return key;
}

struct Kept {
  tls::SessionHandle session;
  std::int64_t since = 0;  // seconds since 1970
};
struct Sessions {
  std::map<std::string, Kept> by_peer;
};
using SessionsOf = tls::KeptWith<Sessions>;

// What callbacks need to know of one stream; goes with its SSL.
struct Meant {
  std::string session_key;
  std::vector<std::string> pins;
  bool has_name = false;  // or address: the certificate must lead to an authority
};

void free_meant(void*, void* kept, CRYPTO_EX_DATA*, int, long, void*) noexcept { delete static_cast<Meant*>(kept); }

int meant_index() noexcept {
  static const int made = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, &free_meant);
  return made;
}

const Meant* meant_by(const SSL* ssl) noexcept {
  return static_cast<const Meant*>(SSL_get_ex_data(ssl, meant_index()));
}

int on_session(SSL* ssl, SSL_SESSION* session) noexcept {
  tls::SessionHandle fresh(session);
  try {
    Sessions* const sessions = SessionsOf::of(SSL_get_SSL_CTX(ssl));
    const Meant* const meant = meant_by(ssl);
    if (sessions != nullptr && meant != nullptr) {
      auto& known = sessions->by_peer;
      if (known.size() >= TlsClientContext::kMaxSessions && !known.contains(meant->session_key)) {
        known.erase(known.begin());
      }
      known[meant->session_key] = Kept{.session = std::move(fresh), .since = std::time(nullptr)};
      return 1;  // it is ours now
    }
  } catch (const std::bad_alloc&) {}
  static_cast<void>(fresh.release());
  return 0;
}

// With the handshake's signature the server proves to hold the key of the first certificate. Whose that is, is judged
// here.
int on_certificate(X509_STORE_CTX* found, void*) noexcept {
  try {
    const auto* const ssl =
        static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(found, SSL_get_ex_data_X509_STORE_CTX_idx()));
    const Meant* const meant = ssl == nullptr ? nullptr : meant_by(ssl);
    const X509* const own = X509_STORE_CTX_get0_cert(found);
    if (meant != nullptr && own != nullptr) {
      if (meant->has_name && X509_verify_cert(found) != 1) { return 0; }
      if (meant->pins.empty() || std::ranges::find(meant->pins, tls::pin_of(own)) != meant->pins.end()) {
        X509_STORE_CTX_set_error(found, X509_V_OK);
        return 1;
      }
    }
  } catch (const std::bad_alloc&) {}
  X509_STORE_CTX_set_error(found, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

bool use_authorities(SSL_CTX* context, const std::string& file) {
  if (file.empty()) {
    const bool has_bundle = ::access(kSystemAuthorities, R_OK) == 0;
    return has_bundle ? SSL_CTX_load_verify_file(context, kSystemAuthorities) == 1
                      : SSL_CTX_set_default_verify_paths(context) == 1;
  }
  // Whoever names a file trusts what is in it, be it an intermediate authority or the server's certificate itself.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  return SSL_CTX_load_verify_file(context, file.c_str()) == 1;
}

// The name or address that the certificate must have.
bool expect(SSL* ssl, const TlsPeer& peer) {
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(ssl);
  const auto address = peer.name.empty() ? std::optional<IpAddress>(peer.address.ip()) : IpAddress::parse(peer.name);
  if (address) { return X509_VERIFY_PARAM_set1_ip(wanted, address->octets().data(), address->octets().size()) == 1; }
  std::string name = peer.name;
  if (name.ends_with('.')) { name.pop_back(); }  // certificates are written without
  if (name.empty() || name.contains('\0')) { return false; }
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return X509_VERIFY_PARAM_set1_host(wanted, name.data(), name.size()) == 1 &&
         SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
}

// With TLS 1.3 a ticket is good for one connection: by a second one an observer could tell that both are of one client
// (RFC 8446 appendix C.4).
void offer_ticket(SSL* ssl, Sessions& sessions, const std::string& key) {
  const auto known = sessions.by_peer.find(key);
  if (known == sessions.by_peer.end()) { return; }
  SSL_SESSION* const session = known->second.session.get();
  const std::int64_t age = std::time(nullptr) - known->second.since;
  const bool is_usable = age >= 0 && age <= TlsClientContext::kMaxSessionAge;
  if (is_usable) { SSL_set_session(ssl, session); }
  if (!is_usable || SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION) { sessions.by_peer.erase(known); }
}

}  // namespace

bool is_pin(std::string_view text) noexcept {
  if (text.size() != kPinText || !text.ends_with('=') || text[kPinText - 2] == '=') { return false; }
  std::array<Octet, kPinText> octets;  // 33, the last of which is padding
  const int size = EVP_DecodeBlock(octets.data(), bytes_of(text).data(), static_cast<int>(text.size()));
  tls::forget_errors();
  return size == 33;
}

std::expected<std::unique_ptr<TlsClientContext>, std::string> TlsClientContext::make(const std::string& authority_file,
                                                                                     Speaks speaks) {
  tls::ContextHandle context = tls::make_context(TLS_client_method());
  if (context == nullptr) { return std::unexpected("TLS cannot be set up: " + tls::last_reason()); }
  SSL_CTX* const it = context.get();
  if (!use_authorities(it, authority_file)) {
    return std::unexpected("cannot read the trusted authorities from " +
                           (authority_file.empty() ? std::string(kSystemAuthorities) : authority_file) + ": " +
                           tls::last_reason() + "; the file must hold certificates in PEM");
  }
  SSL_CTX_set_verify(it, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(it, &on_certificate, nullptr);
  SSL_CTX_set_session_cache_mode(it, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(it, &on_session);
  const bool is_told = speaks == Speaks::anything || SSL_CTX_set_alpn_protos(it, kProtocols, sizeof kProtocols) == 0;
  if (!is_told || meant_index() < 0 || !SessionsOf::put(it, std::make_unique<Sessions>())) {
    return std::unexpected("TLS cannot be set up: " + tls::last_reason());
  }
  tls::forget_errors();
  return std::unique_ptr<TlsClientContext>(new TlsClientContext(context.release()));
}

TlsClientContext::~TlsClientContext() { SSL_CTX_free(context_); }

std::unique_ptr<TlsStream> TlsClientContext::connect(Socket socket, const TlsPeer& peer) const {
  tls::forget_errors();
  tls::SslHandle ssl(SSL_new(context_));
  if (ssl == nullptr) {
    tls::forget_errors();
    return nullptr;
  }
  auto meant = std::make_unique<Meant>(
      Meant{.session_key = session_key(peer), .pins = peer.pins, .has_name = !peer.name.empty() || peer.pins.empty()});
  const bool is_set =
      (!meant->has_name || expect(ssl.get(), peer)) && SSL_set_ex_data(ssl.get(), meant_index(), meant.get()) == 1;
  tls::forget_errors();
  if (!is_set) { return nullptr; }
  const Meant& its = *meant.release();  // with the SSL from here on
  offer_ticket(ssl.get(), *SessionsOf::of(context_), its.session_key);
  return TlsStream::make(ssl.release(), std::move(socket), TlsStream::Side::client);
}

}  // namespace vouch
