// OpenSSL's objects with an owner, and its queue of errors as a sentence. For the .cc files of this folder.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace vouch::tls {

template <auto free_it>
struct FreedBy {
  void operator()(auto* object) const noexcept { free_it(object); }
};

using BioHandle = std::unique_ptr<BIO, FreedBy<BIO_free_all>>;
using CertificateHandle = std::unique_ptr<X509, FreedBy<X509_free>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using SessionHandle = std::unique_ptr<SSL_SESSION, FreedBy<SSL_SESSION_free>>;
using ContextHandle = std::unique_ptr<SSL_CTX, FreedBy<SSL_CTX_free>>;
using SslHandle = std::unique_ptr<SSL, FreedBy<SSL_free>>;

// Nobody reads our errors before we do: what is left in the queue would be taken for the next call's.
inline void forget_errors() noexcept {
  if (ERR_peek_error() != 0) { ERR_clear_error(); }
}

// Why the last call failed, in OpenSSL's words; empties the queue.
inline std::string last_reason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "no reason is given" : reason;
}

}  // namespace vouch::tls
