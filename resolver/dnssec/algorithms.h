// The cryptography of DNSSEC: public keys, signatures, digests, the NSEC3 hash. Only algorithms*.cc have OpenSSL in
// them. Algorithm and digest numbers are IANA's.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "resolver/base/bytes.h"
#include "resolver/dnssec/dnssec_options.h"

namespace vouch {

// Whether signatures of this algorithm are checked here: 5 and 7 by policy, 8, 10, 13, 14, 15, 16 where the library
// knows them (a FIPS build may lack some): found out by trying, at the first call, in about 2 ms. Zones with no other
// are insecure (RFC 4035 section 5.2). Thread-safe.
bool is_supported_algorithm(std::uint8_t algorithm, Sha1Policy sha1) noexcept;
bool is_supported_digest(std::uint8_t digest_type) noexcept;  // DS digests 1, 2 and 4

// What one check costs, in microseconds on the reference machine (a 2 GHz server core): for budgets, which must not
// depend on how busy the machine is. An unsupported algorithm costs nothing.
std::uint32_t verification_cost(std::uint8_t algorithm) noexcept;

// A public key, parsed once and used for as long as the zone's keys are trusted. Immutable, cheap to copy; any number
// of threads may verify with one key at once.
class PublicKey {
 public:
  // The key field of a DNSKEY. Nothing when it is malformed, or an RSA key whose shape makes checks dear: modulus of
  // 512..4096 bits (1024 at least for RSASHA512, RFC 5702 section 2.2), exponent 3 to 2^32 + 1 (BIND's limits).
  // Takes 6 us. Throws std::bad_alloc.
  static std::optional<PublicKey> make(std::uint8_t algorithm, Bytes key);

  // Whether `signature`, in DNSSEC's own form, was made over `data` with this key. False too when it is malformed.
  // Throws std::bad_alloc: then it is not known.
  bool verifies(Bytes data, Bytes signature) const;
  // What one check with this key costs, in microseconds like verification_cost(): RSA by its modulus and exponent.
  std::uint32_t cost() const noexcept;
  // Whether a signature has a form that this key could have made (its length): tells damage from forgery.
  bool could_have_made(Bytes signature) const noexcept;

 private:
  struct Impl;
  explicit PublicKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

constexpr std::size_t kMaxDigest = 48;  // SHA-384
struct Digest {
  std::array<Octet, kMaxDigest> octets{};
  std::uint8_t size = 0;
  Bytes view() const noexcept { return {octets.data(), size}; }
};
// A DS digest over `first` followed by `second` (owner name, DNSKEY RDATA). Nothing for an unsupported type. Throws
// std::bad_alloc.
std::optional<Digest> digest_of(std::uint8_t digest_type, Bytes first, Bytes second);

constexpr std::size_t kNsec3HashSize = 20;  // SHA-1, the one hash that NSEC3 has (RFC 5155 section 11)
using Nsec3Hash = std::array<Octet, kNsec3HashSize>;
// RFC 5155 section 5: H(name | salt), then `iterations` times more. `name` in canonical form, at most 255 octets; at
// most 255 octets of salt. Nothing when the library refuses SHA-1. Throws std::bad_alloc.
std::optional<Nsec3Hash> nsec3_hash(Bytes name, Bytes salt, std::uint16_t iterations);

}  // namespace vouch
