// How many different things were seen, in a fixed kilobyte or two (HyperLogLog; Flajolet et al. 2007, with linear
// counting for small numbers): the relative standard error is 1.04 over the root of the number of registers. The hashes
// are made with a key of this process, so that nobody outside can aim at a register. One writer adds; anybody may read.
//
// A sketch tells who was seen to whoever knows the key ("as sensitive as raw data"), so it never leaves the process.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace vouch {

template <unsigned Bits>  // 2^Bits registers
class DistinctSketch {
 public:
  static constexpr std::size_t kRegisters = std::size_t{1} << Bits;

  // `hash`: 64 evenly distributed bits.
  void add(std::uint64_t hash) noexcept {
    auto& reg = registers_[hash >> (64 - Bits)];
    const auto rank = static_cast<std::uint8_t>(1 + std::countl_zero(hash << Bits | 1U << (Bits - 1)));
    if (rank > reg.load(std::memory_order_relaxed)) { reg.store(rank, std::memory_order_relaxed); }
  }
  void clear() noexcept {
    for (auto& reg : registers_) { reg.store(0, std::memory_order_relaxed); }
  }
  // What both have seen, of which this becomes the union.
  void merge(const DistinctSketch& other) noexcept {
    for (std::size_t i = 0; i < kRegisters; ++i) {
      const std::uint8_t theirs = other.registers_[i].load(std::memory_order_relaxed);
      if (theirs > registers_[i].load(std::memory_order_relaxed)) {
        registers_[i].store(theirs, std::memory_order_relaxed);
      }
    }
  }
  std::uint64_t estimate() const noexcept {
    constexpr double kCount = kRegisters;
    double sum = 0;
    std::size_t empty = 0;
    for (const auto& reg : registers_) {
      const std::uint8_t rank = reg.load(std::memory_order_relaxed);
      sum += std::ldexp(1.0, -rank);
      empty += rank == 0 ? 1U : 0U;
    }
    const double raw = 0.7213 / (1 + 1.079 / kCount) * kCount * kCount / sum;
    const bool is_small = raw <= 2.5 * kCount && empty > 0;
    const double best = is_small ? kCount * std::log(kCount / static_cast<double>(empty)) : raw;
    return static_cast<std::uint64_t>(best + 0.5);
  }

 private:
  std::array<std::atomic<std::uint8_t>, kRegisters> registers_{};
};

}  // namespace vouch
