// What algorithms*.cc share of OpenSSL: methods fetched once (a look-up by name costs more than a short hash), and its
// objects as owned values.
#pragma once

#include <openssl/crypto.h>
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

// The library does not always tell that it was memory it lacked: so its allocations go through functions that count
// those of this thread that fail. A key that there was no memory for is not a malformed key, and a signature that could
// not be checked is not a forged one: the former passes, the latter is remembered.
bool count_failed_allocations() noexcept;  // before the library's first allocation; whether it is so. Again: no effect
std::uint64_t failed_allocations() noexcept;

// What the library knows and has memory for, it does: throws std::bad_alloc.
[[noreturn]] inline void lack_memory() {
  ERR_clear_error();
  throw std::bad_alloc();
}

// From here on to said_no(): what a no of the library means.
class Inquiry {
 public:
  Inquiry() noexcept : before_(failed_allocations()) {}
  // False, or std::bad_alloc where memory was lacking.
  bool said_no() const {
    if (failed_allocations() != before_) { lack_memory(); }
    ERR_clear_error();
    return false;
  }

 private:
  const std::uint64_t before_;
};

// Octets written, nothing when the digest is null. `out` has room for EVP_MAX_MD_SIZE. Throws std::bad_alloc.
std::optional<unsigned> hash(const EVP_MD* digest, Bytes data, Octet* out);

// A failure leaves its story in a queue of this thread, which nobody here reads: hostile keys and signatures must not
// fill it, nor make TLS, which does read it, tell of errors that are not its own.
inline void forget_errors() noexcept { ERR_clear_error(); }

}  // namespace vouch::openssl
