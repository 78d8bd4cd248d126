// Which numbers of labels names in a table ever had, so that a walk upwards asks only where there may be something. A
// bit stays for good: a bit too many costs a look-up, a bit too few would lose an entry. Any thread may call anything.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace vouch {

class LabelCounts {
 public:
  void add(std::uint8_t labels) noexcept { words_[labels / 64U].fetch_or(bit(labels), std::memory_order_release); }
  bool has(std::uint8_t labels) const noexcept {
    return (words_[labels / 64U].load(std::memory_order_acquire) & bit(labels)) != 0;
  }

 private:
  static std::uint64_t bit(std::uint8_t labels) noexcept { return std::uint64_t{1} << labels % 64U; }
  std::array<std::atomic<std::uint64_t>, 2> words_{};  // kMaxLabels is 127
};

}  // namespace vouch
