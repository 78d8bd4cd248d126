// What algorithms*.cc share of OpenSSL: methods fetched once (a look-up by name costs more than a short hash), and its
// objects as owned values.
#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <new>
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

// What the library knows and has memory for, it does: throws std::bad_alloc.
[[noreturn]] inline void lack_memory() {
  ERR_clear_error();
  throw std::bad_alloc();
}

// Octets written, nothing when the digest is null. `out` has room for EVP_MAX_MD_SIZE. Throws std::bad_alloc.
std::optional<unsigned> hash(const EVP_MD* digest, Bytes data, Octet* out);

// A failure leaves its story in a queue of this thread, which nobody here reads: hostile keys and signatures must not
// fill it, nor make TLS, which does read it, tell of errors that are not its own.
inline bool forget_errors() noexcept {
  ERR_clear_error();
  return false;
}

// Forgets it, too, and says what kind of failure it was. A key that there was no memory for is not a malformed key, and
// a signature that could not be checked is not a forged one: the former passes, the latter is remembered.
enum class Failure : std::uint8_t {
  silent,  // no story at all: an answer that is no, or no memory even to tell of it
  told,
  of_memory,
};
inline Failure take_failure() noexcept {
  Failure failure = Failure::silent;
  for (unsigned long code = ERR_get_error(); code != 0; code = ERR_get_error()) {
    if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE) { failure = Failure::of_memory; }
    if (failure == Failure::silent) { failure = Failure::told; }
  }
  return failure;
}

}  // namespace vouch::openssl
