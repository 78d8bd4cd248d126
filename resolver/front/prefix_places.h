// How many of a worker's places for questions under resolution the clients of one prefix hold. While there is room
// anybody may take it; once half of all are taken, nobody gets beyond a quarter: a network full of broken or hostile
// clients can hold up its own (slot exhaustion, CVE-2026-42534), and a place is left for others.
//
// One per worker and thread. Bounded by the places: there is an entry for each prefix that holds one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace vouch {

class PrefixPlaces {
 public:
  static constexpr std::size_t kCrowded = 2;  // of all places this part is taken
  static constexpr std::size_t kShare = 4;    // and this part of all is the most for one prefix
  static constexpr std::size_t kAlways = 16;  // however few there are: what one person's browser asks at once

  bool may_take(std::uint64_t prefix, std::size_t taken, std::size_t places) const {
    if (taken < places / kCrowded) { return true; }
    const auto its = held_.find(prefix);
    return its == held_.end() || its->second < std::max(kAlways, places / kShare);
  }
  void take(std::uint64_t prefix) { ++held_[prefix]; }
  void give_back(std::uint64_t prefix) noexcept {
    const auto its = held_.find(prefix);
    if (its != held_.end() && --its->second == 0) { held_.erase(its); }
  }

 private:
  std::unordered_map<std::uint64_t, std::uint32_t> held_;
};

}  // namespace vouch
