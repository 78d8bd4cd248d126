// The last 24 hours, minute by minute, in memory alone: what the pages' charts and "in the last 24 hours" are made of.
// One thread.
#pragma once

#include <deque>

#include "telemetry/figures.h"

namespace vouch {

class Recent {
 public:
  static constexpr std::size_t kMinutes = 24 * 60;

  // `sums`: since the start; `from` and `seconds` do not matter. Call it once a minute.
  void end_minute(const Movement& sums, UnixTime now);
  // Fills in day, minutes and quarter_hours; what moved since the last minute ended counts for the day. `sums` as
  // above.
  void tell(Figures& figures, const Movement& sums) const;

 private:
  struct Mark {
    UnixTime at = 0;
    Movement sums;
  };
  std::deque<Mark> marks_;  // ends of minutes, the oldest first
};

// What moved from one reading of the sums to a later one.
Movement difference(const Movement& later, const Movement& earlier);

}  // namespace vouch
