// What outlives the process: hourly counters, incidents, and the zones that fail, in one SQLite file that its owner
// reads with the sqlite3 shell (docs/metrics.md has the schema). One transaction an hour and at stop. A file that
// cannot be written, or is damaged, costs history and nothing else; the problem is told until it is over.
//
// Privacy: of zones that fewer than k client prefixes met nothing is written; no client address and no name that was
// asked for ever is. One thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "telemetry/figures.h"
#include "telemetry/status_figures.h"

namespace vouch {

struct HistoryOptions {
  std::string directory;     // an existing folder, writable for the server's user; empty: no history
  std::uint32_t days = 400;  // that hourly counters and incidents are kept
};

// One hour as it lies in the file.
struct HourFigures {
  UnixTime hour = 0;                                // its start
  std::array<std::uint64_t, kStandings> answers{};  // local answers left out
  std::uint64_t lookups_withheld = 0, lookups_shadow = 0;
  std::uint64_t queries_encrypted = 0, queries_clear = 0;
};

class History {
 public:
  // Never fails: what is wrong stands in state().problem, and the next write tries anew.
  static std::unique_ptr<History> open(HistoryOptions options, UnixTime now);
  virtual ~History() = default;

  virtual RememberedLedger remembered() = 0;
  // What was counted since the last write, by hour, and the ledger as it stands.
  virtual void write(const Figures& figures, const StatusFigures& status, UnixTime now) = 0;
  // Whole hours in [from, to), oldest first; empty when nothing can be read. At most kMaxHours.
  static constexpr std::size_t kMaxHours = 24 * 31;
  virtual std::vector<HourFigures> hours(UnixTime from, UnixTime to) = 0;
  virtual HistoryFigures state() const = 0;
};

}  // namespace vouch
