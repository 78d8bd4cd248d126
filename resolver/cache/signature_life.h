// For how long what is secure may yet be taken for that. Pure.
#pragma once

#include "resolver/cache/rrset_cache.h"

namespace vouch {

// For how many seconds one of the entry's signatures, and one of each of its proofs', is valid yet; 0: that is over, or
// has not begun. `skew`: seconds that a signature's begin is brought forward by.
std::int64_t signed_for(const RRset& rrset, UnixTime now, std::uint32_t skew) noexcept;
std::int64_t signed_for(const CacheEntry& entry, UnixTime now, std::uint32_t skew) noexcept;

}  // namespace vouch
