// What a test and the library that it has loaded into vouchd share (fault_kit.py): a file of four 64-bit numbers.
#pragma once

#include <atomic>
#include <cstdint>

struct Faults {
  std::atomic<std::uint64_t> calls;   // so far; written by the library
  std::atomic<std::int64_t> left;     // until one fails: 1 is the next; 0: none will. Written by both
  std::atomic<std::int64_t> again;    // and then again after so many; 0: once is enough. Written by the test
  std::atomic<std::uint64_t> failed;  // so far; written by the library

  // Counts a call, and says whether it is one that fails.
  bool is_due() noexcept {
    calls.fetch_add(1, std::memory_order_relaxed);
    if (left.load(std::memory_order_relaxed) <= 0 || left.fetch_sub(1) != 1) { return false; }
    left.store(again.load());
    failed.fetch_add(1);
    return true;
  }
};
static_assert(sizeof(Faults) == 32);
