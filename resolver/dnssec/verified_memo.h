// Which signatures have been found good a moment ago, so that they are not computed again: a zone's SOA and the NSEC3
// of its apex come with every "no such name", signed once and checked, without this, a thousand times a second.
//
// Only success is remembered, and it rests on nothing but key, data and signature: time, signer and labels are looked
// at every time. A memory of 64 KiB for each thread, in sets of four: two places for what is new, two for what was met
// again, so that the thousands that are seen once do not drive out the few that come always.
// An entry is a keyed 128-bit hash: nobody who does not know the key can make another signature look like one that is
// remembered.
#pragma once

#include <array>

#include "resolver/base/siphash.h"

namespace vouch {

class VerifiedMemo {
 public:
  static constexpr std::size_t kSets = 1024;

  struct Tag {
    std::uint64_t first = 0, second = 0;
    friend bool operator==(const Tag&, const Tag&) = default;
  };
  // `key`: a number that no other key has.
  static Tag tag_of(std::uint64_t key, Bytes data, Bytes signature) noexcept;

  bool knows(const Tag& tag) noexcept {
    Set& set = set_of(tag);
    if (set[0] == tag) { return true; }
    for (std::size_t at = 1; at < set.size(); ++at) {
      if (!(set[at] == tag)) { continue; }
      set[at] = set[1];
      set[1] = set[0];
      set[0] = tag;
      return true;
    }
    return false;
  }
  void remember(const Tag& tag) noexcept {
    Set& set = set_of(tag);
    set[3] = set[2];
    set[2] = tag;
  }
  void clear() noexcept { sets_ = {}; }

 private:
  using Set =
      std::array<Tag, 4>;  // what was met again, the latest first; then what is new, likewise. All zero: nothing
  Set& set_of(const Tag& tag) noexcept { return sets_[tag.first % kSets]; }
  std::array<Set, kSets> sets_{};
};

// The calling thread's.
VerifiedMemo& verified_memo() noexcept;

}  // namespace vouch
