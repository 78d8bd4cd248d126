// What the operator says about the caches; conf/vouch.yaml documents each key.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "resolver/base/clock.h"
#include "resolver/cache/snapshot_options.h"

namespace vouch {

struct CacheOptions {
  std::size_t size = std::size_t{100} << 20;  // octets, for all caches together, bookkeeping included
  std::uint32_t ttl_min = 0;                  // seconds; TTLs below it are raised, unless signed
  std::uint32_t ttl_max = 86400;              // seconds; a day, as RFC 8767 section 4 and the peers
  std::uint32_t negative_ttl_min = 0;
  std::uint32_t negative_ttl_max = 3600;  // RFC 2308 section 5: one to three hours
  TtlClock ttl_clock = TtlClock::monotonic;
  std::uint32_t failure_ttl_min = 5;    // RFC 9520 section 3.2: at least 1 s, and
  std::uint32_t failure_ttl_max = 300;  // at most 5 min, doubling in between

  SnapshotOptions snapshot = {};

  // The operator's bounds, for what is cached and for what the first client is told alike.
  std::uint32_t bounded_ttl(std::uint32_t ttl) const noexcept {
    return std::clamp(ttl, ttl_min, std::max(ttl_min, ttl_max));
  }
  std::uint32_t bounded_negative_ttl(std::uint32_t ttl) const noexcept {
    return std::clamp(ttl, negative_ttl_min, std::max(negative_ttl_min, negative_ttl_max));
  }
};

}  // namespace vouch
