// Figures over time, cut as the charts want them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "telemetry/figures.h"
#include "telemetry/history.h"

namespace vouch {

struct TimeSeries {
  std::vector<UnixTime> moments;  // when each begins
  std::vector<Movement> movements;
};
// The last 24 hours, each hour of the clock for itself; what is before the first figures is empty.
TimeSeries hourly(const std::vector<Movement>& quarter_hours, UnixTime now);
TimeSeries by_minute(const std::vector<Movement>& minutes);

// Days (of UTC) that have answers, oldest first.
struct DaySeries {
  std::vector<UnixTime> moments;
  std::vector<std::uint64_t> genuine, answers;
};
DaySeries daily(std::span<const HourFigures> hours);

}  // namespace vouch
