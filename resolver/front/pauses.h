// Questions that are let rest: what was tried in vain a moment ago is not tried again for everybody who asks. One table
// for all workers, of fixed size: a question that falls on another's place drives it out, and is merely tried earlier.
//
// Thread-safe, without a lock.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "resolver/base/clock.h"
#include "resolver/front/in_flight.h"

namespace vouch {

class Pauses {
 public:
  // RFC 8767 section 5, the failure recheck timer: 30 s.
  static constexpr std::chrono::seconds kLength{30};

  // Begins one, for kLength and less than a second more. False: one is under way, and is not made longer.
  bool begin(const QuestionKey& question, Instant now) noexcept {
    const std::uint64_t hash = question.hash();
    std::atomic<std::uint64_t>& place = places_[hash % kPlaces];
    std::uint64_t standing = place.load(std::memory_order_relaxed);
    do {
      if (is_of(standing, hash, now)) { return false; }
    } while (!place.compare_exchange_weak(standing, tag_of(hash) | until(now), std::memory_order_relaxed));
    return true;
  }
  bool is_on(const QuestionKey& question, Instant now) const noexcept {
    const std::uint64_t hash = question.hash();
    return is_of(places_[hash % kPlaces].load(std::memory_order_relaxed), hash, now);
  }
  // It has been answered.
  void end(const QuestionKey& question) noexcept {
    const std::uint64_t hash = question.hash();
    std::atomic<std::uint64_t>& place = places_[hash % kPlaces];
    std::uint64_t standing = place.load(std::memory_order_relaxed);
    if (tag_of(standing) == tag_of(hash)) { place.compare_exchange_strong(standing, 0, std::memory_order_relaxed); }
  }

 private:
  // 128 KiB: in an outage with 1000 questions pausing, one in 16 meets another's place.
  static constexpr std::size_t kPlaces = 16384;
  // A place: 40 bits of the question's hash, and the second in which the pause ends, of 2^24: half a year.
  static constexpr std::uint64_t kSeconds = 0xffffff;

  static std::uint64_t tag_of(std::uint64_t hash) noexcept { return hash & ~kSeconds; }
  static std::uint64_t seconds(Instant now) noexcept {
    return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count());
  }
  static std::uint64_t until(Instant now) noexcept { return (seconds(now) + kLength.count() + 1) & kSeconds; }
  static bool is_of(std::uint64_t place, std::uint64_t hash, Instant now) noexcept {
    if (place == 0 || tag_of(place) != tag_of(hash)) { return false; }
    const std::uint64_t left = (place - seconds(now)) & kSeconds;
    return left > 0 && left <= static_cast<std::uint64_t>(kLength.count()) + 1;
  }

  std::array<std::atomic<std::uint64_t>, kPlaces> places_{};
};

}  // namespace vouch
