// Whether a lookup is new within its minute: a client that repeats its question is one lookup, not five (in outages
// retries make failures look worse than they are). Of hashes, in memory, of fixed size; forgotten every minute.
#pragma once

#include <cstdint>
#include <vector>

#include "resolver/base/clock.h"

namespace vouch {

class LookupFilter {
 public:
  static constexpr UnixTime kWindow = 60;           // seconds
  static constexpr std::size_t kSlots = 1U << 14;   // 128 KiB, a power of two
  static constexpr std::size_t kMost = kSlots / 2;  // different ones in a minute; beyond it none counts as new

  bool is_new(std::uint64_t hash, UnixTime now) {
    const UnixTime window = now / kWindow;
    if (window != window_) {
      slots_.assign(kSlots, 0);
      window_ = window;
      used_ = 0;
    }
    hash |= 1;  // never the 0 of a free slot
    std::size_t at = hash >> 32U & (kSlots - 1);
    while (slots_[at] != 0) {
      if (slots_[at] == hash) { return false; }
      at = (at + 1) & (kSlots - 1);
    }
    if (used_ == kMost) { return false; }
    slots_[at] = hash;
    ++used_;
    return true;
  }

 private:
  std::vector<std::uint64_t> slots_;
  UnixTime window_ = -1;
  std::size_t used_ = 0;
};

}  // namespace vouch
