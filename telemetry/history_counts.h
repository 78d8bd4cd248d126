// Hourly counters in the history: what each series grew by, and the hours read back.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "telemetry/figures.h"
#include "telemetry/history.h"
#include "telemetry/metric_family.h"
#include "telemetry/sqlite.h"

namespace vouch {

inline constexpr UnixTime kHour = 3600;
constexpr UnixTime hour_of(UnixTime time) noexcept { return time - (time % kHour + kHour) % kHour; }

// To which hour belongs what was counted from `since` to `now`: the one in which most of the last hour of it lies. A
// write at the top of the hour, a moment late even, then counts for the hour it closes. After hours without a write all
// of it belongs to the last one: counters do not tell when they moved.
UnixTime hour_counted(UnixTime since, UnixTime now) noexcept;

struct CountedSeries {
  std::string name, labels;  // labels as JSON
  double value = 0;
  // Of one that stands on a list: labels of those that go on with what it counted, once it is told apart no more. The
  // first that there is.
  std::vector<std::string> heirs{};
};
// Every counter, and the parts of histograms, which are counters, too.
std::vector<CountedSeries> counted_series(const MetricFamilies& families);

// What every counter stood at when it was last written.
class CounterBaseline {
 public:
  // How much each grew, in order. What one that left its list had counted is no growth of its heir; should it be back
  // already, it has begun anew. Others never shrink, but for a clock that was set back.
  std::vector<double> growth(const std::vector<CountedSeries>& all) const;
  void accept(const std::vector<CountedSeries>& all);

 private:
  std::unordered_map<std::string, CountedSeries> written_;
};

// Within the caller's transaction.
void write_counts(SqlDatabase& database, const std::vector<CountedSeries>& all, const CounterBaseline& baseline,
                  UnixTime hour);
// Removes what is older than `before`, at most kMostHoursForgotten at once.
inline constexpr UnixTime kMostHoursForgotten = 24 * 31;
void forget_counts(SqlDatabase& database, UnixTime before);
std::vector<HourFigures> read_hours(SqlDatabase& database, UnixTime from, UnixTime to, std::size_t most);

}  // namespace vouch
