#pragma once

#include <cstdint>

namespace vouch::lab {

// DNSSEC algorithm numbers (IANA registry). The values are those on the wire.
enum class Algorithm : std::uint8_t {
  none = 0,  // the zone is not signed
  rsa_sha1 = 5,
  rsa_sha1_nsec3 = 7,
  rsa_sha256 = 8,
  rsa_sha512 = 10,
  ecdsa_p256 = 13,
  ecdsa_p384 = 14,
  ed25519 = 15,
  ed448 = 16,
};

constexpr bool is_rsa(Algorithm algorithm) {
  return algorithm == Algorithm::rsa_sha1 || algorithm == Algorithm::rsa_sha1_nsec3 ||
         algorithm == Algorithm::rsa_sha256 || algorithm == Algorithm::rsa_sha512;
}

}  // namespace vouch::lab
