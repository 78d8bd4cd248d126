#include "transports/tls/tls_server_context.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <ctime>
#include <string_view>
#include <utility>

#include "transports/tls/openssl_handles.h"
#include "transports/tls/tls_settings.h"

namespace vouch {

namespace {

using Service = TlsServerContext::Service;

struct Tickets {
  std::shared_ptr<const TicketKeys> keys;
};
using TicketsOf = tls::KeptWith<Tickets>;

constexpr int kTicketFailed = -1, kTicketUnknown = 0, kTicketUsed = 1, kTicketUsedAndRenewed = 2;
constexpr std::size_t kTicketName = 16;

bool set_keys(const TicketKey& key, const Octet* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, bool to_make) {
  char digest[] = "SHA256";
  auto* const secret = const_cast<Octet*>(key.authentication.data());
  const OSSL_PARAM settings[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, secret, key.authentication.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
  return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.encryption.data(), iv, to_make ? 1 : 0) == 1 &&
         EVP_MAC_CTX_set_params(mac, settings) == 1;
}

int make_ticket(const TicketKeys& keys, Octet* name, Octet* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) {
  const TicketKey key = keys.to_make(std::time(nullptr));
  std::ranges::copy(key.name, name);
  const bool is_drawn = RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1;
  return is_drawn && set_keys(key, iv, cipher, mac, true) ? kTicketUsed : kTicketFailed;
}

int open_ticket(const TicketKeys& keys, const SSL* ssl, const Octet* name, const Octet* iv, EVP_CIPHER_CTX* cipher,
                EVP_MAC_CTX* mac) {
  const auto found = keys.to_open({name, kTicketName}, std::time(nullptr));
  if (!found) { return kTicketUnknown; }
  if (!set_keys(found->key, iv, cipher, mac, false)) { return kTicketFailed; }
  // With TLS 1.3 a client should use a ticket once (RFC 8446 appendix C.4), so that each resumption needs a new one.
  return found->is_fresh && SSL_version(ssl) < TLS1_3_VERSION ? kTicketUsed : kTicketUsedAndRenewed;
}

int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
              int to_make) noexcept {
  try {
    const Tickets* const tickets = TicketsOf::of(SSL_get_SSL_CTX(ssl));
    if (tickets == nullptr) { return kTicketFailed; }
    return to_make != 0 ? make_ticket(*tickets->keys, name, iv, cipher, mac)
                        : open_ticket(*tickets->keys, ssl, name, iv, cipher, mac);
  } catch (const std::bad_alloc&) { return kTicketFailed; }
}

// Whether the client's list, each with its length before it (RFC 7301 section 3.1), has this one. Where it lies there.
std::string_view offered(Bytes list, std::string_view wanted) noexcept {
  ByteReader reader(list);
  while (reader.left() > 0) {
    const Bytes one = reader.read(reader.read8());
    if (!reader.failed() && text_of(one) == wanted) { return text_of(one); }
  }
  return {};
}

// Our preference, not the client's. A client that offers none of ours is served without, or will find out.
template <Service service>
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* length, const unsigned char* list,
                    unsigned int size, void*) noexcept {
  constexpr std::string_view kDot[] = {"dot"};
  constexpr std::string_view kHttps[] = {"h2", "http/1.1"};
  const auto choose = [&](const auto& known) {
    for (const std::string_view ours : known) {
      const std::string_view theirs = offered({list, size}, ours);
      if (theirs.empty()) { continue; }
      *chosen = bytes_of(theirs).data();
      *length = u8(theirs.size());
      return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_NOACK;
  };
  return service == Service::dot ? choose(kDot) : choose(kHttps);
}

bool use_tickets(SSL_CTX* context, std::shared_ptr<const TicketKeys> keys) {
  if (keys == nullptr) {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    return SSL_CTX_set_num_tickets(context, 0) == 1;
  }
  SSL_CTX_set_timeout(context, static_cast<long>(TicketKeys::kPeriod));
  return TicketsOf::put(context, std::make_unique<Tickets>(std::move(keys))) &&
         SSL_CTX_set_tlsext_ticket_key_evp_cb(context, &on_ticket) == 1 && SSL_CTX_set_num_tickets(context, 1) == 1;
}

}  // namespace

std::expected<std::unique_ptr<TlsServerContext>, std::string> TlsServerContext::make(
    std::shared_ptr<const Identity> identity, std::shared_ptr<const TicketKeys> keys, Service service) {
  tls::ContextHandle context = tls::make_context(TLS_server_method());
  if (context == nullptr) { return std::unexpected("TLS cannot be set up: " + tls::last_reason()); }
  SSL_CTX* const it = context.get();
  if (!tls::use_pair(it, identity->chain(), identity->key())) {
    return std::unexpected("OpenSSL does not take the certificate: " + tls::last_reason());
  }
  // A ticket of the one service is no ticket to the other.
  const std::string_view name = service == Service::dot ? "vouch dot" : "vouch https";
  SSL_CTX_set_session_cache_mode(it, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(
      it, service == Service::dot ? &choose_protocol<Service::dot> : &choose_protocol<Service::https>, nullptr);
  if (SSL_CTX_set_session_id_context(it, bytes_of(name).data(), static_cast<unsigned int>(name.size())) != 1 ||
      !use_tickets(it, std::move(keys))) {
    return std::unexpected("TLS cannot be set up: " + tls::last_reason());
  }
  return std::unique_ptr<TlsServerContext>(new TlsServerContext(context.release(), std::move(identity)));
}

TlsServerContext::TlsServerContext(ssl_ctx_st* context, std::shared_ptr<const Identity> identity) noexcept
    : context_(context), identity_(std::move(identity)) {}

TlsServerContext::~TlsServerContext() { SSL_CTX_free(context_); }

std::unique_ptr<TlsStream> TlsServerContext::accept(Socket socket) const {
  return TlsStream::make(SSL_new(context_), std::move(socket), TlsStream::Side::server);
}

}  // namespace vouch
