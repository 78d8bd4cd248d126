// Adds the time from its birth to its death to a counter: what checking signatures and proofs costs, waiting left out.
// It must not live across a co_await.
#pragma once

#include "resolver/base/clock.h"
#include "telemetry/counters.h"

namespace vouch {

class WorkTimer {
 public:
  WorkTimer(const Clock& clock, Counter& nanoseconds)
      : clock_(clock), nanoseconds_(nanoseconds), start_(clock.monotonic()) {}
  WorkTimer(const WorkTimer&) = delete;
  WorkTimer& operator=(const WorkTimer&) = delete;
  ~WorkTimer() { nanoseconds_.add(static_cast<std::uint64_t>((clock_.monotonic() - start_).count())); }

 private:
  const Clock& clock_;
  Counter& nanoseconds_;
  Instant start_;
};

}  // namespace vouch
