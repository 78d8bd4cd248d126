// Who has to stand back when more is asked over UDP than this worker can answer: whoever asks more than a fair share,
// and nobody else. The kernel's queue knows no clients; where it runs over, the loudest take all of it. So under
// pressure the queue is read faster than it could be answered, and what the loudest prefixes ask beyond their share is
// dropped unread, until the pressure is gone.
//
// Shares are counted over the last few thousand queries that came under pressure, in sketches of fixed size: two rows
// of counters, of which the smaller tells, for those now and those before. A collision counts two prefixes as one, in
// both rows once in some million pairs. What comes without pressure is not even counted.
//
// One per worker and thread; 8 KiB.
#pragma once

#include <array>
#include <cstdint>

namespace vouch {

class FairShare {
 public:
  static constexpr std::uint32_t kWindow = 4096;  // queries: some ten milliseconds of a worker under pressure
  // Of a worker's time that one prefix may take while others wait. An eighth would bother a large office behind one
  // address; with a half two of them would leave nothing.
  static constexpr double kShare = 0.25;
  // Others' part, below which there is nobody to be protected: a home has but one prefix.
  static constexpr double kSomebodyElse = 0.002;

  // A query under pressure, from the prefix of this hash: whether it stands back.
  bool stands_back(std::uint64_t hash) noexcept;

 private:
  static constexpr std::size_t kCounters = 1024;  // in each row
  using Row = std::array<std::uint16_t, kCounters>;
  struct Sketch {
    std::array<Row, 2> rows{};
    std::uint32_t total = 0;
    std::uint32_t count(std::uint64_t hash) const noexcept;
    void add(std::uint64_t hash) noexcept;
  };
  static std::size_t place(std::uint64_t hash, std::size_t row) noexcept {
    return hash >> (row * 20U) & (kCounters - 1);
  }

  Sketch now_, before_;
  double debt_ = 0;  // of answers: what is let through is spread evenly, not in bursts
};

}  // namespace vouch
