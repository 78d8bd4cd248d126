#include "transports/tls/tls_settings.h"

#include <openssl/pem.h>

namespace vouch::tls {

namespace {

// RFC 9325 section 4.2. AES-128 first: nobody breaks it, and its hash is the cheaper one; a client that puts ChaCha20
// first has no AES in hardware, and gets what it asks for.
constexpr const char* kSuites13 = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384";
constexpr const char* kSuites12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
// The two that every client has, and the two cheapest.
constexpr const char* kGroups = "X25519:P-256";
constexpr int kSecurityLevel = 2;  // OpenSSL's name for 112 bits

// SSL_OP_IGNORE_UNEXPECTED_EOF: many clients close without a word, which is no error where messages carry lengths.
constexpr auto kOptions = SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                          SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF;

}  // namespace

ContextHandle make_context(const SSL_METHOD* method) noexcept {
  forget_errors();
  ContextHandle context(SSL_CTX_new(method));
  if (context == nullptr) { return nullptr; }
  SSL_CTX* const it = context.get();
  SSL_CTX_set_security_level(it, kSecurityLevel);
  SSL_CTX_set_options(it, kOptions);
  SSL_CTX_set_mode(it, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(it, 1);
  const bool is_set = SSL_CTX_set_min_proto_version(it, TLS1_2_VERSION) == 1 &&
                      SSL_CTX_set_max_proto_version(it, 0) == 1 && SSL_CTX_set_ciphersuites(it, kSuites13) == 1 &&
                      SSL_CTX_set_cipher_list(it, kSuites12) == 1 && SSL_CTX_set1_groups_list(it, kGroups) == 1 &&
                      SSL_CTX_set_max_early_data(it, 0) == 1 && SSL_CTX_set_recv_max_early_data(it, 0) == 1;
  return is_set ? std::move(context) : nullptr;
}

bool use_pair(SSL_CTX* context, const std::string& chain, const std::string& private_key) noexcept {
  const auto reader_of = [](const std::string& pem) {
    return BioHandle(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  };
  const BioHandle key_text = reader_of(private_key);
  const BioHandle chain_text = reader_of(chain);
  if (key_text == nullptr || chain_text == nullptr) { return false; }
  const CertificateHandle own(PEM_read_bio_X509(chain_text.get(), nullptr, nullptr, nullptr));
  const KeyHandle key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
  if (own == nullptr || key == nullptr || SSL_CTX_use_certificate(context, own.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return false;
  }
  while (const CertificateHandle next{PEM_read_bio_X509(chain_text.get(), nullptr, nullptr, nullptr)}) {
    if (SSL_CTX_add1_chain_cert(context, next.get()) != 1) { return false; }
  }
  forget_errors();  // the end of the text is one
  return true;
}

}  // namespace vouch::tls
