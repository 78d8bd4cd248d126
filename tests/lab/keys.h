#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/lab/algorithm.h"
#include "tests/lab/ldns_handle.h"
#include "tests/lab/outcome.h"
#include "tests/lab/seed.h"

namespace vouch::lab {

constexpr std::uint16_t kZoneKeyFlag = 0x0100;  // RFC 4034 section 2.1.1
constexpr std::uint16_t kSepFlag = 0x0001;
constexpr std::uint16_t kRevokeFlag = 0x0080;  // RFC 5011 section 3
constexpr std::uint8_t kDnssecProtocol = 3;

// A key pair and the DNSKEY record that shows it. Move only.
struct Key {
  LdnsKey secret;
  Rr dnskey;

  std::uint16_t tag() const { return ldns_calc_keytag(dnskey.get()); }
};

struct KeyRequest {
  std::string owner;    // zone apex
  std::string purpose;  // tells keys of one zone apart: "ksk", "zsk", "stranger"
  Algorithm algorithm = Algorithm::ecdsa_p256;
  std::uint16_t flags = kZoneKeyFlag;
  std::uint8_t protocol = kDnssecProtocol;
};

// ECDSA and EdDSA private keys are derived from the seed and the request. RSA keys are the few that lie in
// tests/lab/keys (finding primes from a seed is slow and would tie us to one library's search): owner and purpose
// choose among them.
Outcome<Key> make_key(const Seed& seed, const KeyRequest& request);

// A DNSKEY with a key tag of the caller's choice. RSA: a modulus without a known private key, one 16-bit word of which
// is chosen so that the tag (RFC 4034 appendix B) comes out right; the exponent is 65537, or as long as the modulus.
// ECDSA: a point of the curve, and the tag comes from the reserved bits of the flags, which receivers ignore (RFC 4034
// section 2.1.1).
struct CollidingKey {
  std::string owner;
  Algorithm algorithm = Algorithm::ecdsa_p256;  // RSA or ECDSA
  std::uint16_t tag = 0;
  int number = 0;  // tells keys of one tag apart
  bool long_exponent = false;
};
Outcome<Rr> colliding_dnskey(const Seed& seed, const CollidingKey& request);

Outcome<Rr> record_from_text(const std::string& text, std::string_view origin, std::uint32_t default_ttl);

}  // namespace vouch::lab
