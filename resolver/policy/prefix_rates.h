// How often prefixes have been served lately, so that one of them can be told "enough": a leaky bucket for each (the
// generic cell rate algorithm of ITU-T I.371), in a table of fixed size.
//
// One number says it all: the moment until which a prefix has used up its rate. It moves on with each answer, by the
// time that one answer is worth, and must not run ahead of the clock by more than a second. The table is a cache of
// those numbers: where it is full, the prefix whose moment lies furthest back makes room, and that one has been quiet.
// Prefixes are told apart by a keyed hash that nobody can aim with; of those in one set, two in eight million are taken
// for one.
//
// Thread-safe without a lock: entries are atomic, and where two threads meet one of them may count an answer too few.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "resolver/base/clock.h"

namespace vouch {

class PrefixRates {
 public:
  static constexpr std::size_t kSets = 2048;
  static constexpr std::size_t kWays = 8;  // one cache line; in all 16,384 prefixes, 128 KiB

  // `per_second`: 1 to 1,000,000; so many may come at once, too.
  explicit PrefixRates(std::uint32_t per_second) noexcept;
  PrefixRates(const PrefixRates&) = delete;
  PrefixRates& operator=(const PrefixRates&) = delete;

  // One more for the prefix of this hash. False: it has had its rate, and this one is not counted.
  bool take(std::uint64_t hash, Instant now) noexcept;

 private:
  using Entry = std::atomic<std::uint64_t>;  // tag << kTimeBits | moment; 0: free
  static constexpr unsigned kTimeBits = 40;  // microseconds: twelve days until they come round
  static constexpr std::uint64_t kTimeMask = (std::uint64_t{1} << kTimeBits) - 1;
  static constexpr std::int64_t kBurst = 1'000'000;  // microseconds that a moment may lie ahead

  struct alignas(64) Set {
    std::array<Entry, kWays> entries{};
  };
  // By how far the entry's moment is ahead of now; 0 when it is not, or is so old that it has come round.
  static std::int64_t ahead(std::uint64_t entry, std::uint64_t now) noexcept;

  const std::int64_t step_;  // microseconds that one answer is worth
  std::array<Set, kSets> sets_{};
};

}  // namespace vouch
