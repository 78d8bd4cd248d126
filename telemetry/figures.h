// All that is known at one moment, as plain data: taken once by the collector and then read by whoever tells it, so
// that /metrics, the API, the pages and the history agree to the digit. Times are Unix seconds; names are in
// presentation form, lower case, printable ASCII with escapes (NameView::text()) and a final dot: safe in a log line,
// hostile text everywhere else.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "resolver/base/clock.h"
#include "resolver/wire/verdict.h"
#include "telemetry/counters.h"
#include "telemetry/taxonomy.h"

namespace vouch {

// One cause of failure in a zone, within its latest incident.
struct ZoneCause {
  Reason reason = Reason::none;
  Evidence evidence = Evidence::undetermined;
  std::optional<std::uint16_t> key_tag;   // of the signature that failed
  std::optional<std::uint8_t> algorithm;  // IANA's number
  std::optional<UnixTime> time;           // expired since, or valid from, by the reason
  std::string server;                     // address of who gave the data; empty: not known
  UnixTime first_seen = 0, last_seen = 0;
  std::uint64_t failures = 0;  // resolutions that failed for it
};

// What stood between clients and data that failed. "Answers" count each reply, "lookups" the distinct (client prefix,
// name, type) per minute: a client that asks five times is one.
struct WithheldFigures {
  std::uint64_t answers = 0, lookups = 0;

  WithheldFigures& operator+=(const WithheldFigures& more) noexcept;
};

enum class ZoneState : std::uint8_t {
  failing,
  recovered,  // what failed was asked for again, and held
  quiet,      // not failed for a day, nor seen to hold: nobody asks any more
};
inline constexpr std::array<std::string_view, 3> kZoneStateIds{"failing", "recovered", "quiet"};

// A failure of a zone at fault (the apex where the chain of trust breaks) that began, and maybe ended.
struct IncidentFigures {
  std::string zone;
  Reason reason = Reason::none;  // the first cause
  Evidence evidence = Evidence::undetermined;
  UnixTime began = 0, last_failure = 0;
  std::optional<UnixTime> ended;  // recovered or quiet since; nothing: it goes on
  ZoneState state = ZoneState::failing;
  std::uint64_t failures = 0;  // resolutions
  WithheldFigures withheld;
  WithheldFigures shadow;      // likewise, what would have been withheld had validation been enforced
  std::uint32_t prefixes = 0;  // distinct client prefixes it was withheld from, at most `k`
  bool is_public = false;      // k prefixes or more, or exempt (root, TLD, reverse tree, anchors): may be named
};

// A zone at fault, with its latest incident.
struct ZoneFigures : IncidentFigures {
  std::optional<UnixTime> last_good;  // when data of this zone was last found genuine
  std::vector<ZoneCause> causes;      // of the incident, the latest first; at least one
};

// What a restart takes up again.
struct RememberedLedger {
  std::vector<ZoneFigures> zones;          // that were failing, or ended within the last day
  std::vector<IncidentFigures> incidents;  // that had ended, the latest first, at most 200
};

// What /metrics may say of a zone: its failures since it was admitted to the list. Sums over the list and `other` are
// those of all zones, whatever comes and goes.
struct ListedZone {
  std::string zone;
  std::array<std::uint64_t, kReasons> failures{};
  std::optional<UnixTime> failing_since;  // only while it fails
  Reason reason = Reason::none;           // why, then
};

struct TldFigures {
  std::string tld;                                  // "org."; "_other" for the rest, "." for the root itself
  std::array<std::uint64_t, kStandings> answers{};  // local answers left out
};

// A popular signed zone whose signatures are about to run out.
struct ExpiringZone {
  std::string zone;
  UnixTime expires = 0;      // the soonest end among its signatures that held
  UnixTime seen = 0;         // when that was
  std::uint32_t window = 0;  // seconds from that signature's inception to its expiration
  bool is_late = false;      // less than an eighth of the window is left: others of its kind are renewed before
  bool is_public = false;    // root, TLD or reverse tree
};

// Distinct zones of the last 24 to 48 hours, estimated (HyperLogLog, standard error 3 %).
struct AdoptionFigures {
  std::array<std::uint64_t, kAlgorithmClasses> signed_zones{};
  // [NSEC, NSEC3 without opt-out, NSEC3 with opt-out][iterations 0, 1 to 50, 51 and more]; NSEC has the first alone
  std::array<std::array<std::uint64_t, 3>, 3> denial_zones{};
};

// To two significant digits, as counts of people are told (privacy rule R9); 0 stands for fewer than this.
inline constexpr std::uint64_t kFewestClientPrefixes = 10;
std::uint64_t rounded(std::uint64_t count) noexcept;

// Distinct client prefixes of today, estimated; told rounded().
struct ClientFigures {
  std::uint64_t prefixes = 0;
  std::uint64_t only_encrypted = 0;  // of these, those that never came in the clear today
};

// What moves within a stretch of time.
struct Movement {
  UnixTime from = 0;
  std::uint32_t seconds = 0;
  std::array<std::array<std::uint64_t, kAnswerSources>, kStandings> answers{};
  std::array<std::uint64_t, kTransports> queries{};
  std::array<WithheldFigures, kEvidences> withheld{};
  WithheldFigures shadow;
  std::uint64_t upstream_queries = 0;

  Movement& operator+=(const Movement& next) noexcept;  // the stretch that follows: `from` stays

  std::uint64_t with_standing(Standing standing) const noexcept;  // local answers left out
  std::uint64_t from_source(AnswerSource source) const noexcept;
  std::uint64_t all_answers() const noexcept;  // local answers left out
  std::uint64_t all_queries() const noexcept;
  std::uint64_t encrypted_queries() const noexcept;
  WithheldFigures all_withheld() const noexcept;
};

// What policy did, since the start.
struct PolicyFigures {
  std::array<std::uint64_t, kPolicyActionClasses> actions{};  // rules that were carried out
  struct Source {
    std::string name;           // of a list or a policy zone; "_other" comes last
    std::uint64_t answers = 0;  // that it changed or kept back
  };
  std::vector<Source> sources;
  std::uint64_t stripped = 0;  // answers that rebinding protection took addresses from
  std::uint64_t dns64 = 0;     // AAAA made from A

  std::uint64_t all_answers() const noexcept;  // of all sources
};

struct Figures {
  UnixTime taken = 0;
  UnixTime started = 0;
  std::shared_ptr<const WorkerCounters> counters;      // all workers added up; never null
  std::array<WithheldFigures, kEvidences> withheld{};  // since the start
  WithheldFigures shadow;
  std::vector<ZoneFigures> zones;          // worst first: failing before others, then by prefixes and failures
  std::vector<IncidentFigures> incidents;  // that have ended, the latest first; those of before the start, too
  std::vector<ListedZone> listed_zones;
  std::array<std::uint64_t, kReasons> other_zone_failures{};
  std::uint64_t zone_evictions = 0;
  std::array<std::array<std::uint64_t, kEvidences>, kReasons> incidents_begun{};
  std::array<std::array<std::uint64_t, kEvidences>, kReasons> incident_seconds{};  // of those that go on, too
  std::vector<TldFigures> tlds;                                                    // most asked first, "_other" last
  std::vector<ExpiringZone> expiring;                                              // soonest first
  AdoptionFigures adoption;
  ClientFigures clients;
  PolicyFigures policy;
  Movement day;                         // the last 24 hours, or since the start
  std::vector<Movement> minutes;        // the last hour, oldest first, the present minute left out
  std::vector<Movement> quarter_hours;  // the last day, oldest first
};

}  // namespace vouch
