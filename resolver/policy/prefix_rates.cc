#include "resolver/policy/prefix_rates.h"

#include <algorithm>

namespace vouch {

PrefixRates::PrefixRates(std::uint32_t per_second) noexcept
    : step_(kBurst / std::clamp<std::int64_t>(per_second, 1, kBurst)) {}

std::int64_t PrefixRates::ahead(std::uint64_t entry, std::uint64_t now) noexcept {
  const std::uint64_t difference = ((entry & kTimeMask) - now) & kTimeMask;
  return difference <= 2 * static_cast<std::uint64_t>(kBurst) ? static_cast<std::int64_t>(difference) : 0;
}

bool PrefixRates::take(std::uint64_t hash, Instant time) noexcept {
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
  const std::uint64_t now = static_cast<std::uint64_t>(since) & kTimeMask;
  const std::uint64_t tag = (hash >> kTimeBits | 1) << kTimeBits;  // never 0, which is a free entry
  Set& set = sets_[hash & (kSets - 1)];
  Entry* place = nullptr;
  std::uint64_t known = 0;
  std::int64_t least = INT64_MAX;
  for (Entry& entry : set.entries) {
    const std::uint64_t value = entry.load(std::memory_order_relaxed);
    if ((value & ~kTimeMask) == tag) {
      place = &entry;
      known = value;
      break;
    }
    const std::int64_t its = value == 0 ? -1 : ahead(value, now);
    if (its < least) {
      least = its;
      place = &entry;
    }
  }
  const std::int64_t used = known == 0 ? 0 : ahead(known, now);
  if (used + step_ > kBurst) { return false; }
  place->store(tag | ((now + static_cast<std::uint64_t>(used + step_)) & kTimeMask), std::memory_order_relaxed);
  return true;
}

}  // namespace vouch
