// The zone ledger: which zones break the chain of trust, since when, why, and who was kept from them. Of each zone at
// fault it keeps the incident that goes on or ended last; what has ended before goes into the list of incidents.
//
// Every failed resolution and every answer withheld comes by here, under one lock for the whole process: they are rare,
// and each has cost a thousand times what the lock does. Answers that hold never touch it, but for one relaxed load.
//
// Bounded: a table of Options::listed_zones x kSlotsPerListed zones. When it is full, the zone that the fewest client
// prefixes met goes first, then the one with the fewest failures (as Space-Saving does, Metwally et al. 2005, but by
// distinct clients: one client cannot fill the list). What is forgotten stays in the sums.
//
// Privacy: names that were asked for are kept as hashes alone, in memory; clients as hashed prefixes, at most k for
// each zone and each day.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "telemetry/client_prefix.h"
#include "telemetry/figures.h"
#include "telemetry/lookup_filter.h"
#include "telemetry/telemetry_options.h"

namespace vouch {

// The zones at fault where no zone is: what is wrong lies with this machine, or on its way to everybody.
inline constexpr std::string_view kSelfText = "_self", kPathText = "_path";

class ZoneLedger {
 public:
  static constexpr std::size_t kSlotsPerListed = 4;
  static constexpr std::size_t kCausesPerZone = 4;   // of one incident; the least recent gives way
  static constexpr std::size_t kLookupsPerZone = 8;  // failed questions that are remembered, to know a recovery by
  static constexpr std::size_t kMaxIncidents = 200;  // that have ended
  static constexpr UnixTime kQuietAfter = 86400;     // not failed for so long: nobody asks any more, or it is mended
  // A zone that fails again so soon was not mended: one of its servers is, the other is not.
  static constexpr UnixTime kRelapse = 600;
  // Other data of the zone holds, and for so long nothing has failed: what failed is no longer asked for, or is mended.
  static constexpr UnixTime kMendedAfter = 3600;
  static constexpr std::uint64_t kListedFailures = 5;  // and k prefixes, or exempt: then /metrics names it
  static constexpr UnixTime kListedFor = 86400;        // at least
  // advance() comes every minute: between two looks at the clock so much passes only when it was set.
  static constexpr UnixTime kClockStep = 7 * 86400;

  // `exempt`: zones that may be named whoever met them: those with an anchor, positive or negative.
  ZoneLedger(const TelemetryOptions& options, std::vector<Name> exempt, Random& random, UnixTime now);
  ~ZoneLedger();

  // A resolution failed. `lookup`: hash_of() the question whose data it was. Any thread; so are the next three.
  void failed(const Verdict& verdict, std::uint64_t lookup, UnixTime now);
  // An answer was withheld for a verdict of this reason at this zone; or would have been (`shadow`).
  struct Withheld {
    NameView zone;
    Reason reason = Reason::none;
    NameView name;  // asked for
    Type type = Type::none;
    IpAddress client;
    bool shadow = false;
  };
  void withheld(const Withheld& answer, UnixTime now);
  // Data held: signed by the keys of `signer`, or, nothing, proven to be unsigned.
  void held(std::optional<NameView> signer, std::uint64_t lookup, UnixTime now);
  // Somebody has looked at the zone as a whole, and it is mended: its incident ends now. Any thread.
  void recovered(NameView zone, UnixTime now);
  // Whether anything fails now: held() is of no use otherwise.
  bool has_failing() const noexcept { return failing_.load(std::memory_order_relaxed) != 0; }
  // Stable within the process, secret outside.
  static std::uint64_t hash_of(NameView name, Type type) noexcept;

  // The day's salt, for others who tell clients apart.
  const DailySalt& salt() const noexcept { return salt_; }
  const PrefixRule& prefixes() const noexcept { return prefixes_; }

  // Now and then, at least every minute: ends what has gone quiet, renews the salt.
  void advance(Random& random, UnixTime now);
  // What a former process knew; once. Its clients are not known: of them only how many there were. What has failed here
  // meanwhile goes on with the incident that it had.
  void restore(RememberedLedger remembered);
  // Fills in what the ledger knows. Read the workers' counters after it returns, never before: each failure is counted
  // there first, so that no listed zone can have more than there are in all.
  void tell(Figures& figures) const;
  // How many failures by reason the listed zones account for; the rest is `other_zone_failures`.
  static void add_rest(Figures& figures);

 private:
  struct Zone;
  struct Hash {
    std::size_t operator()(const Name& name) const noexcept;
  };
  using Zones = std::unordered_map<Name, std::unique_ptr<Zone>, Hash>;

  void mind_clock(UnixTime now);
  Zone& entry_of(const Name& name, UnixTime now);
  bool is_full() const noexcept { return zones_.size() >= options_.listed_zones * kSlotsPerListed; }
  void make_room(UnixTime now);
  void begin(Zone& zone, Reason reason, UnixTime now);
  void end(Zone& zone, ZoneState how, UnixTime now);
  void archive(const Zone& zone);
  void take_up(Zone& zone, const ZoneFigures& known);
  void note_lookup(Zone& zone, std::uint64_t lookup);
  void forget_lookups(Zone& zone);
  bool may_be_named(const Zone& zone) const noexcept;
  void list_if_due(Zone& zone, UnixTime now);
  bool is_exempt(NameView zone) const noexcept;
  ZoneFigures figures_of(const Zone& zone) const;
  IncidentFigures incident_of(const Zone& zone) const;

  const TelemetryOptions options_;
  const std::vector<Name> exempt_;
  const PrefixRule prefixes_;
  DailySalt salt_;
  std::atomic<std::uint32_t> failing_{0};

  mutable std::mutex mutex_;  // guards all that follows
  UnixTime clock_;            // when it was last looked at
  Zones zones_;
  std::unordered_map<std::uint64_t, Zone*> lookups_;  // failed questions of zones that fail
  LookupFilter filter_;
  std::vector<IncidentFigures> incidents_;  // that have ended, the latest last
  std::array<WithheldFigures, kEvidences> withheld_{};
  WithheldFigures shadow_;
  std::array<std::array<std::uint64_t, kEvidences>, kReasons> begun_{};
  std::array<std::array<std::uint64_t, kEvidences>, kReasons> ended_seconds_{};
  std::size_t listed_ = 0;
  std::uint64_t evictions_ = 0;
};

}  // namespace vouch
