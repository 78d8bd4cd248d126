#include "resolver/cache/signature_life.h"

#include <algorithm>

namespace vouch {

std::int64_t signed_for(const RRset& rrset, UnixTime now, std::uint32_t skew) noexcept {
  std::int64_t longest = 0;
  for (const Bytes rdata : rrset.signatures()) {
    const auto signature = rrsig_view(rdata);
    if (!signature || moment_of(signature->inception, now) - now > std::int64_t{skew}) { continue; }
    longest = std::max(longest, moment_of(signature->expiration, now) - now);
  }
  return longest;
}

std::int64_t signed_for(const CacheEntry& entry, UnixTime now, std::uint32_t skew) noexcept {
  std::int64_t left = signed_for(*entry.rrset, now, skew);
  if (!entry.proofs) { return left; }
  for (const RRsetPtr& proof : entry.proofs->rrsets()) { left = std::min(left, signed_for(*proof, now, skew)); }
  return left;
}

}  // namespace vouch
