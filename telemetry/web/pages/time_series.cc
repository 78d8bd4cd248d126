#include "telemetry/web/pages/time_series.h"

#include <algorithm>

namespace vouch {
namespace {

constexpr std::int64_t kHour = 3600, kDay = 86'400;
constexpr std::size_t kHours = 24;

}  // namespace

TimeSeries hourly(const std::vector<Movement>& quarter_hours, UnixTime now) {
  TimeSeries series;
  if (quarter_hours.empty()) { return series; }
  const UnixTime last = std::max<UnixTime>(now, 0) / kHour * kHour;
  const UnixTime first = last - static_cast<UnixTime>(kHours - 1) * kHour;
  for (std::size_t i = 0; i < kHours; ++i) {
    series.moments.push_back(first + static_cast<UnixTime>(i) * kHour);
    series.movements.emplace_back();
  }
  for (const Movement& quarter : quarter_hours) {
    if (quarter.from < first || quarter.from >= last + kHour) { continue; }
    series.movements[static_cast<std::size_t>((quarter.from - first) / kHour)] += quarter;
  }
  return series;
}

TimeSeries by_minute(const std::vector<Movement>& minutes) {
  TimeSeries series;
  for (const Movement& minute : minutes) { series.moments.push_back(minute.from); }
  series.movements = minutes;
  return series;
}

DaySeries daily(std::span<const HourFigures> hours) {
  DaySeries series;
  for (const HourFigures& hour : hours) {
    std::uint64_t answers = 0;
    for (const std::uint64_t some : hour.answers) { answers += some; }
    if (answers == 0) { continue; }
    const UnixTime day = hour.hour / kDay * kDay;
    if (series.moments.empty() || series.moments.back() != day) {
      series.moments.push_back(day);
      series.genuine.push_back(0);
      series.answers.push_back(0);
    }
    series.genuine.back() += hour.answers[static_cast<std::size_t>(Standing::secure)];
    series.answers.back() += answers;
  }
  return series;
}

}  // namespace vouch
