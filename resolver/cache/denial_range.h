// NSEC and NSEC3 sets as ranges: what the store of proofs (denial_cache.h) reads of them before it takes them in, and
// what a range covers. Pure.
#pragma once

#include <array>
#include <optional>

#include "resolver/wire/rrset.h"

namespace vouch {

using DenialHash = std::array<Octet, 20>;  // SHA-1, the one hash that NSEC3 has (RFC 5155 section 11)

// References the set's memory.
struct NsecRange {
  NameView owner, next;
  Bytes bitmap;

  // Whether the name lies strictly between owner and next (RFC 4034 section 4.1.1; the last one's next is the apex).
  // Only for a name that is below the zone's apex or the apex itself.
  bool covers(NameView name) const noexcept;
};
struct Nsec3Range {
  DenialHash owner, next;
  std::uint8_t flags;
  std::uint16_t iterations;
  Bytes salt;

  bool covers(const DenialHash& hash) const noexcept;
};

// Nothing when the set is not one record of that type in its right form (for NSEC3: SHA-1, the owner's first label a
// hash).
std::optional<NsecRange> nsec_range(const RRset& proof) noexcept;
std::optional<Nsec3Range> nsec3_range(const RRset& proof) noexcept;

// "<hash in base32hex>.<zone>" (RFC 5155 section 3); nothing when that is no name, the zone's being too long.
std::optional<Name> nsec3_owner(const DenialHash& hash, NameView zone) noexcept;

// Whether a verified set may be kept for the zone and is worth it. Refused is
// - what is not the zone's own: owner or next name outside it, another signer, an NSEC3 not directly below the apex;
// - a wildcard's expansion (fewer labels signed than the owner has, RFC 4034 section 3.1.3), a range that runs
// backwards
//   anywhere but to the apex, flags other than opt-out's;
// - opt-out NSEC3 (RFC 5155 section 6): unsigned names may lie in it, so that nothing may be synthesised from it (RFC
//   8198 section 5.1), and zones that use it (most large TLDs) would have every name hashed in vain;
// - ranges made for one question (RFC 4470, RFC 7129 appendix B, RFC 9824): they deny that one name alone, never meet a
//   second question, and each question brings another, so that one zone could flood the store.
bool is_worth_keeping(NameView zone, const RRset& proof) noexcept;

}  // namespace vouch
