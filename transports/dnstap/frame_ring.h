// A queue of frames from one thread to another, in which neither ever waits for the other: a ring of octets. Each frame
// lies behind its length (four octets, big-endian), which is how a data frame stands in Frame Streams: what is read can
// be sent as it is.
//
// Threads: one that pushes; one that does all else.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>

#include "resolver/base/bytes.h"

namespace vouch {

class FrameRing {
 public:
  static constexpr std::size_t kLength = 4;

  // In octets, a power of two. The memory is touched as it is used for the first time.
  explicit FrameRing(std::size_t capacity)
      : capacity_(capacity), octets_(std::make_unique_for_overwrite<Octet[]>(capacity)) {}

  // False: there is no room, and nothing has changed.
  bool push(Bytes frame) noexcept {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    if (kLength + frame.size() > capacity_ - (head - tail_.load(std::memory_order_acquire))) { return false; }
    Octet length[kLength];
    store32(length, u32(frame.size()));
    write(head, length);
    write(head + kLength, frame);
    head_.store(head + kLength + frame.size());  // sequentially consistent: see is_empty()
    return true;
  }

  // In one order with other sequentially consistent accesses: who has said so that he goes to sleep, and then finds it
  // empty, is seen by whoever pushes afterwards.
  bool is_empty() const noexcept { return head_.load() == tail_.load(std::memory_order_relaxed); }

  // Whole frames with their lengths, the oldest first. They lie in two pieces where the ring begins anew.
  struct Batch {
    Bytes first, second;
    std::uint64_t frames = 0;
    std::size_t size() const noexcept { return first.size() + second.size(); }
  };
  // As many as fit into `at_most` octets, and one if there is any. Valid until pop().
  Batch peek(std::size_t at_most) const noexcept {
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    const std::uint64_t head = head_.load(std::memory_order_acquire);
    std::uint64_t end = tail, frames = 0;
    while (end != head) {
      const std::uint64_t next = end + kLength + length_at(end);
      if (frames != 0 && next - tail > at_most) { break; }
      end = next;
      ++frames;
    }
    const std::size_t at = tail & (capacity_ - 1), size = end - tail;
    const std::size_t until_the_end = std::min(size, capacity_ - at);
    return {{octets_.get() + at, until_the_end}, {octets_.get(), size - until_the_end}, frames};
  }
  void pop(const Batch& batch) noexcept {
    tail_.store(tail_.load(std::memory_order_relaxed) + batch.size(), std::memory_order_release);
  }

 private:
  void write(std::uint64_t where, Bytes octets) noexcept {
    const std::size_t at = where & (capacity_ - 1);
    const std::size_t until_the_end = std::min(octets.size(), capacity_ - at);
    std::copy_n(octets.data(), until_the_end, octets_.get() + at);
    std::copy_n(octets.data() + until_the_end, octets.size() - until_the_end, octets_.get());
  }
  std::uint32_t length_at(std::uint64_t where) const noexcept {
    Octet length[kLength];
    for (std::size_t i = 0; i < kLength; ++i) { length[i] = octets_[(where + i) & (capacity_ - 1)]; }
    return load32(length);
  }

  static constexpr std::size_t kCacheLine = 64;  // each thread's own, or one would wait for the other's writes
  const std::size_t capacity_;
  const std::unique_ptr<Octet[]> octets_;
  alignas(kCacheLine) std::atomic<std::uint64_t> head_{0};  // octets ever pushed
  alignas(kCacheLine) std::atomic<std::uint64_t> tail_{0};  // octets ever popped
};

}  // namespace vouch
