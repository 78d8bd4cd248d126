// Time as an argument. Timers and round-trip times follow the monotonic clock; TTLs follow whichever clock the operator
// chose (`cache.ttl_clock`); signatures follow the wall clock. Tests pass a clock they turn by hand.
#pragma once

#include <chrono>
#include <cstdint>

namespace vouch {

using Duration = std::chrono::nanoseconds;
// A point on the monotonic clock. Its origin is unspecified: only differences mean anything.
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;
// Seconds on the clock that TTLs follow. Wide enough that no sum of TTLs overflows.
using TtlTime = std::int64_t;
// Seconds since 1970-01-01, as signatures use it.
using UnixTime = std::int64_t;

// Thread-safe: workers share one.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant monotonic() const = 0;
  virtual UnixTime wall() const = 0;
  virtual TtlTime ttl() const = 0;
};

enum class TtlClock : std::uint8_t { monotonic, wall };

// The machine's own clocks.
class SystemClock final : public Clock {
 public:
  explicit SystemClock(TtlClock ttl_clock) : ttl_clock_(ttl_clock) {}
  Instant monotonic() const override;
  UnixTime wall() const override;
  TtlTime ttl() const override;

 private:
  TtlClock ttl_clock_;
};

}  // namespace vouch
