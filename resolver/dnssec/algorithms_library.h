// What algorithms*.cc share of OpenSSL: methods fetched once (a look-up by name costs more than a short hash), and its
// objects as owned values.
#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>
#include <optional>

#include "resolver/base/bytes.h"

namespace vouch::openssl {

template <auto free_function>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const noexcept {
    free_function(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;

// Null where the library, or the policy it runs under, does not have it. Kept until the process ends.
struct Digests {
  const EVP_MD* sha1;
  const EVP_MD* sha256;
  const EVP_MD* sha384;
  const EVP_MD* sha512;
};
const Digests& digests() noexcept;

// Octets written, nothing when the library fails. `out` has room for EVP_MAX_MD_SIZE.
std::optional<unsigned> hash(const EVP_MD* digest, Bytes data, Octet* out) noexcept;

// A failure leaves its story in a queue of this thread, which nobody here reads: hostile keys and signatures must not
// fill it, nor make TLS, which does read it, tell of errors that are not its own.
inline bool forget_errors() noexcept {
  ERR_clear_error();
  return false;
}

}  // namespace vouch::openssl
