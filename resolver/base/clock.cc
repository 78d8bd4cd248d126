#include "resolver/base/clock.h"

#include <ctime>

namespace vouch {

namespace {
std::int64_t seconds_of(clockid_t which) {
  timespec now{};
  clock_gettime(which, &now);
  return now.tv_sec;
}
}  // namespace

Instant SystemClock::monotonic() const { return std::chrono::steady_clock::now(); }
UnixTime SystemClock::wall() const { return seconds_of(CLOCK_REALTIME); }
TtlTime SystemClock::ttl() const {
  // BOOTTIME, so that TTLs run out while a laptop sleeps.
  return ttl_clock_ == TtlClock::wall ? seconds_of(CLOCK_REALTIME) : seconds_of(CLOCK_BOOTTIME);
}

}  // namespace vouch
