// Hashing that goes on for longer than one call: digests over a whole zone (RFC 8976) and message authentication codes
// (HMAC, RFC 2104) as TSIG needs them. OpenSSL stays behind it.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "resolver/base/bytes.h"

namespace vouch {

enum class HashKind : std::uint8_t { sha256, sha384, sha512 };

constexpr std::size_t kMaxHash = 64;  // octets: SHA-512
constexpr std::size_t hash_size(HashKind kind) noexcept {
  return kind == HashKind::sha256 ? 32 : kind == HashKind::sha384 ? 48 : 64;
}

struct HashValue {
  std::array<Octet, kMaxHash> octets{};
  std::uint8_t size = 0;
  Bytes view() const noexcept { return {octets.data(), size}; }
};

// A digest, or with a key an HMAC, over octets that come in pieces. One use: add() any number of times, then finish()
// once. One thread at a time.
class Hasher {
 public:
  explicit Hasher(HashKind kind);
  Hasher(HashKind kind, Bytes key);  // HMAC; `key` is copied, and wiped with this
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();

  void add(Bytes octets) noexcept;
  // Nothing when the library fails (it lacks the algorithm under its present policy, or memory is out), now or earlier.
  std::optional<HashValue> finish() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Whether the two are the same, in a time that tells nothing of where they differ.
bool equal_in_constant_time(Bytes a, Bytes b) noexcept;

}  // namespace vouch
