#include "transports/tls/identity.h"

#include <openssl/crypto.h>
#include <openssl/pem.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "resolver/base/bytes.h"
#include "transports/tls/certificate_facts.h"
#include "transports/tls/openssl_handles.h"
#include "transports/tls/tls_settings.h"

namespace vouch {

namespace {

using tls::BioHandle;
using tls::CertificateHandle;
using tls::KeyHandle;
using Chain = std::vector<CertificateHandle>;

// Public chains have two or three. Each one more is sent with every handshake, and over QUIC counts against what may be
// sent before the client's address is proven (RFC 9000 section 8.1).
constexpr std::size_t kMaxChain = 10;

// Shorter ones are broken within reach (RFC 9325 section 4.5); longer ones make each handshake cost us several
// milliseconds, which a stranger may ask for at will.
constexpr int kLeastRsaBits = 2048;
constexpr int kMostRsaBits = 4096;

// Below 112 bits (MD5, SHA-1) no client of today accepts the signature.
constexpr int kLeastSignatureStrength = 112;

struct Wiped {
  std::string text;
  ~Wiped() { OPENSSL_cleanse(text.data(), text.size()); }
};

bool contains(std::string_view text, std::string_view what) { return text.find(what) != std::string_view::npos; }

// DER is an ASN.1 SEQUENCE, whose tag a text may begin with, too; but its length and what follows are no text.
bool looks_like_der(std::string_view text) {
  const auto is_binary = [](char c) { return (c >= 0 && c < '\t') || static_cast<unsigned char>(c) >= 0x80; };
  return text.starts_with('\x30') && std::ranges::any_of(text.substr(0, 8), is_binary);
}

BioHandle reader_of(std::string_view text) {
  return BioHandle(BIO_new_mem_buf(text.data(), static_cast<int>(std::min(text.size(), Identity::kMaxPem))));
}

std::string no_certificate_in(std::string_view text) {
  if (text.empty()) { return "the certificate file is empty; it must hold the server's certificate in PEM"; }
  if (looks_like_der(text)) {
    return "the certificate is in DER, not in PEM; convert it: openssl x509 -inform DER -in FILE -out NEW";
  }
  if (contains(text, "PRIVATE KEY-----")) {
    return "there is a private key where the certificate should be; are the two files exchanged?";
  }
  if (contains(text, "-----BEGIN CERTIFICATE REQUEST-----")) {
    return "there is a certificate request where the certificate should be; give the certificate that the authority "
           "made of it";
  }
  return "there is no certificate in the certificate file (no line -----BEGIN CERTIFICATE-----)";
}

std::expected<Chain, std::string> read_chain(std::string_view text) {
  Chain chain;
  if (text.size() > Identity::kMaxPem) { return std::unexpected("the certificate file is far too long to be a chain"); }
  const BioHandle reader = reader_of(text);
  if (reader == nullptr) { return std::unexpected("there is no memory for the certificate"); }
  while (true) {
    CertificateHandle certificate(PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr));
    if (certificate == nullptr) { break; }
    if (chain.size() == kMaxChain) {
      return std::unexpected(
          "the certificate file holds more than " + std::to_string(kMaxChain) +
          " certificates; give the server's own and those between it and a root, not a whole bundle");
    }
    chain.push_back(std::move(certificate));
  }
  const unsigned long end = ERR_peek_last_error();
  const bool is_end = ERR_GET_LIB(end) == ERR_LIB_PEM && ERR_GET_REASON(end) == PEM_R_NO_START_LINE;
  const std::string reason = tls::last_reason();
  if (!is_end) {
    return std::unexpected("certificate number " + std::to_string(chain.size() + 1) + " of the file is damaged (" +
                           reason + "); copy the file anew");
  }
  if (chain.empty()) { return std::unexpected(no_certificate_in(text)); }
  return chain;
}

int refuse_passphrase(char*, int, int, void* was_asked) noexcept {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

std::string no_key_in(std::string_view text, const std::string& reason) {
  if (text.empty()) { return "the key file is empty; it must hold the certificate's private key in PEM"; }
  if (looks_like_der(text)) {
    return "the key is in DER, not in PEM; convert it: openssl pkey -inform DER -in FILE -out NEW";
  }
  if (contains(text, "PRIVATE KEY-----")) { return "the key is damaged (" + reason + "); copy the file anew"; }
  if (contains(text, "-----BEGIN CERTIFICATE-----")) {
    return "there is a certificate where the private key should be; are the two files exchanged?";
  }
  return "there is no private key in the key file (no line -----BEGIN PRIVATE KEY-----)";
}

std::expected<KeyHandle, std::string> read_key(std::string_view text) {
  if (text.size() > Identity::kMaxPem) { return std::unexpected("the key file is far too long to be a key"); }
  const BioHandle reader = reader_of(text);
  if (reader == nullptr) { return std::unexpected("there is no memory for the key"); }
  bool is_locked = false;
  KeyHandle key(PEM_read_bio_PrivateKey(reader.get(), nullptr, refuse_passphrase, &is_locked));
  if (key != nullptr) { return key; }
  const std::string reason = tls::last_reason();
  if (is_locked) {
    return std::unexpected(
        "the key is locked with a passphrase, which nobody could type in at start; write it without one, readable "
        "by the server's user alone: openssl pkey -in FILE -out NEW");
  }
  return std::unexpected(no_key_in(text, reason));
}

std::optional<std::string> problem_of_kind(const EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      if (bits >= kLeastRsaBits && bits <= kMostRsaBits) { return std::nullopt; }
      return "the RSA key has " + std::to_string(bits) + " bits; " + std::to_string(kLeastRsaBits) + " to " +
             std::to_string(kMostRsaBits) + " are served";
    case EVP_PKEY_ED25519:
      return std::nullopt;
    case EVP_PKEY_EC: {
      char group[32] = "";
      std::size_t length = 0;
      EVP_PKEY_get_group_name(key, group, sizeof group, &length);
      const std::string_view name(group, length);
      if (name == SN_X9_62_prime256v1 || name == SN_secp384r1) { return std::nullopt; }
      tls::forget_errors();
      return std::string("the key is on an elliptic curve that clients do not know; P-256 and P-384 are served");
    }
    default:
      return std::string("the key is of a kind that is not served; take RSA, ECDSA (P-256, P-384) or Ed25519");
  }
}

std::optional<std::string> problem_of_signature(const X509* certificate, std::size_t number) {
  int strength = 0;
  const bool is_known =
      X509_get_signature_info(const_cast<X509*>(certificate), nullptr, nullptr, &strength, nullptr) == 1;
  tls::forget_errors();
  if (!is_known || strength >= kLeastSignatureStrength) { return std::nullopt; }
  if (X509_self_signed(const_cast<X509*>(certificate), 0) == 1) {
    return std::nullopt;
  }  // nobody checks that signature
  return "certificate number " + std::to_string(number) +
         " is signed with a digest that clients no longer accept; have it made anew, with SHA-256";
}

std::optional<std::string> problem_of_chain(const Chain& chain, EVP_PKEY* key) {
  if (X509_check_private_key(chain[0].get(), key) != 1) {
    for (std::size_t i = 1; i < chain.size(); ++i) {
      if (X509_check_private_key(chain[i].get(), key) != 1) { continue; }
      tls::forget_errors();
      return "the chain is out of order: the certificate of the key is number " + std::to_string(i + 1) +
             "; put the server's own first, then the one that issued it, and so on";
    }
    tls::forget_errors();
    return std::string("the key does not belong to the certificate; were both renewed together?");
  }
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    if (X509_check_issued(chain[i + 1].get(), chain[i].get()) == X509_V_OK) { continue; }
    return "the chain is out of order: certificate number " + std::to_string(i + 2) + " did not issue number " +
           std::to_string(i + 1) + "; put the server's own first, then the one that issued it, and so on";
  }
  for (std::size_t i = 0; i < chain.size(); ++i) {
    if (auto problem = problem_of_signature(chain[i].get(), i + 1)) { return problem; }
  }
  return std::nullopt;
}

std::string content_of(BIO* bio) {
  char* at = nullptr;
  const long size = BIO_get_mem_data(bio, &at);
  return size > 0 ? std::string(at, static_cast<std::size_t>(size)) : std::string();
}

std::string pem_of(const Chain& chain) {
  const BioHandle out(BIO_new(BIO_s_mem()));
  if (out == nullptr) { return {}; }
  for (const auto& certificate : chain) {
    if (PEM_write_bio_X509(out.get(), certificate.get()) != 1) { return {}; }
  }
  return content_of(out.get());
}

std::string pem_of(const EVP_PKEY* key) {
  const BioHandle out(BIO_new(BIO_s_secmem()));  // wiped when freed
  if (out == nullptr || PEM_write_bio_PKCS8PrivateKey(out.get(), const_cast<EVP_PKEY*>(key), nullptr, nullptr, 0,
                                                      nullptr, nullptr) != 1) {
    return {};
  }
  return content_of(out.get());
}

}  // namespace

std::expected<std::shared_ptr<const Identity>, std::string> Identity::from_pem(std::string chain, std::string key) {
  const Wiped given{std::move(key)};
  tls::forget_errors();
  const auto certificates = read_chain(chain);
  if (!certificates) { return std::unexpected(certificates.error()); }
  const auto private_key = read_key(given.text);
  if (!private_key) { return std::unexpected(private_key.error()); }
  if (auto problem = problem_of_kind(private_key->get())) { return std::unexpected(std::move(*problem)); }
  if (auto problem = problem_of_chain(*certificates, private_key->get())) {
    return std::unexpected(std::move(*problem));
  }
  X509* const own = certificates->front().get();
  const std::shared_ptr<Identity> identity(new Identity());
  identity->chain_ = pem_of(*certificates);
  identity->key_ = pem_of(private_key->get());
  identity->pin_ = tls::pin_of(own);
  identity->names_ = tls::names_in(own);
  identity->valid_from_ = tls::unix_time(X509_get0_notBefore(own));
  identity->valid_until_ = tls::unix_time(X509_get0_notAfter(own));
  identity->is_self_signed_ = X509_self_signed(own, 1) == 1;
  tls::forget_errors();
  if (identity->chain_.empty() || identity->key_.empty() || identity->pin_.empty()) {
    return std::unexpected("there is no memory for the certificate");
  }
  // Tried out here, so that no listener has to refuse later what a reload has taken.
  const tls::ContextHandle trial = tls::make_context(TLS_server_method());
  if (trial == nullptr || !tls::use_pair(trial.get(), identity->chain_, identity->key_)) {
    return std::unexpected("OpenSSL does not take the certificate: " + tls::last_reason());
  }
  return identity;
}

Identity::~Identity() { OPENSSL_cleanse(key_.data(), key_.size()); }

std::shared_ptr<const Identity> IdentityHolder::current() const {
  const std::scoped_lock lock(mutex_);
  return identity_;
}

void IdentityHolder::replace(std::shared_ptr<const Identity> identity) {
  {
    const std::scoped_lock lock(mutex_);
    identity_.swap(identity);
  }
  // The old one, if we were its last holder, is destroyed here and not under the lock.
}

}  // namespace vouch
