#include "telemetry/history_ledger.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <span>
#include <string_view>
#include <utility>

#include "telemetry/zone_ledger.h"

namespace vouch {

namespace {

constexpr UnixTime kDay = 86'400;
constexpr std::size_t kMostIncidents = 200;      // taken up again after a restart
constexpr std::size_t kMostZones = 10'000;       // likewise; a sound file has far fewer
constexpr std::size_t kLongestZone = 1'004;      // a name of 255 octets, all of them escapes, in presentation form
constexpr std::int64_t kLatestTime = 1LL << 33;  // the year 2242: sums of times stay far from any overflow

std::string_view id_of(std::span<const std::string_view> ids, auto value) {
  return ids[static_cast<std::size_t>(value)];
}

template <typename Enum>
std::optional<Enum> parsed(std::span<const std::string_view> ids, std::string_view id) {
  const auto found = std::ranges::find(ids, id);
  if (found == ids.end()) { return std::nullopt; }
  return static_cast<Enum>(found - ids.begin());
}

bool is_zone(std::string_view text) {
  if (text == kSelfText || text == kPathText) { return true; }
  return !text.empty() && text.size() <= kLongestZone && text.ends_with('.') &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

// Reads a row's columns one after the other, and remembers whether all made sense.
class Columns {
 public:
  explicit Columns(const SqlStatement& row) : row_(row) {}
  bool is_sound() const noexcept { return is_sound_; }

  std::string text() { return row_.text(at_++); }
  std::string zone() {
    std::string name = text();
    is_sound_ = is_sound_ && is_zone(name);
    return name;
  }
  std::uint64_t count() { return static_cast<std::uint64_t>(within(row_.integer(at_++), INT64_MAX)); }
  std::uint32_t small() { return static_cast<std::uint32_t>(within(row_.integer(at_++), UINT32_MAX)); }
  UnixTime time() { return within(row_.integer(at_++), kLatestTime); }
  std::optional<UnixTime> maybe_time() { return maybe(kLatestTime); }
  std::optional<std::int64_t> maybe(std::int64_t most) {
    const std::optional<std::int64_t> value = row_.maybe_integer(at_++);
    return value ? std::optional(within(*value, most)) : std::nullopt;
  }
  Reason reason() {
    const std::optional<Reason> reason = parse_reason(text());
    is_sound_ = is_sound_ && reason.has_value();
    return reason.value_or(Reason::none);
  }
  Evidence evidence() { return known<Evidence>(kEvidenceIds); }
  ZoneState state() { return known<ZoneState>(kZoneStateIds); }

 private:
  template <typename Enum>
  Enum known(std::span<const std::string_view> ids) {
    const std::optional<Enum> value = parsed<Enum>(ids, text());
    is_sound_ = is_sound_ && value.has_value();
    return value.value_or(Enum{});
  }
  std::int64_t within(std::int64_t value, std::int64_t most) {
    is_sound_ = is_sound_ && value >= 0 && value <= most;
    return value;
  }

  const SqlStatement& row_;
  int at_ = 0;
  bool is_sound_ = true;
};

void write_incidents(SqlDatabase& database, const Figures& figures) {
  SqlStatement row(database,
                   "INSERT OR REPLACE INTO incidents (zone, began, ended, last_failure, state, reason, evidence,"
                   " failures, answers_withheld, lookups_withheld, answers_shadow, lookups_shadow, prefixes)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const auto write = [&row](const IncidentFigures& incident) {
    if (!incident.is_public) { return; }
    row.run(incident.zone, incident.began, incident.ended, incident.last_failure, id_of(kZoneStateIds, incident.state),
            reason_id(incident.reason), id_of(kEvidenceIds, incident.evidence), incident.failures,
            incident.withheld.answers, incident.withheld.lookups, incident.shadow.answers, incident.shadow.lookups,
            incident.prefixes);
  };
  for (const ZoneFigures& zone : figures.zones) {
    if (zone.state == ZoneState::failing) { write(zone); }  // those that have ended are among the incidents
  }
  for (const IncidentFigures& incident : figures.incidents) { write(incident); }
}

void write_zones(SqlDatabase& database, const Figures& figures) {
  database.run("DELETE FROM zone_causes; DELETE FROM zones");
  SqlStatement row(database,
                   "INSERT OR REPLACE INTO zones (zone, state, failing_since, last_failure, ended, last_good, failures,"
                   " answers_withheld, lookups_withheld, answers_shadow, lookups_shadow, prefixes)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  SqlStatement cause_row(database,
                         "INSERT OR REPLACE INTO zone_causes (zone, place, reason, evidence, key_tag, algorithm, time,"
                         " server, first_seen, last_seen, failures) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const ZoneFigures& zone : figures.zones) {
    if (!zone.is_public) { continue; }
    row.run(zone.zone, id_of(kZoneStateIds, zone.state), zone.began, zone.last_failure, zone.ended, zone.last_good,
            zone.failures, zone.withheld.answers, zone.withheld.lookups, zone.shadow.answers, zone.shadow.lookups,
            zone.prefixes);
    for (std::size_t place = 0; place < zone.causes.size(); ++place) {
      const ZoneCause& cause = zone.causes[place];
      cause_row.run(zone.zone, place, reason_id(cause.reason), id_of(kEvidenceIds, cause.evidence), cause.key_tag,
                    cause.algorithm, cause.time, cause.server, cause.first_seen, cause.last_seen, cause.failures);
    }
  }
}

std::map<std::string, std::vector<ZoneCause>> read_causes(SqlDatabase& database) {
  std::map<std::string, std::vector<ZoneCause>> causes;
  SqlStatement rows(database,
                    "SELECT zone, reason, evidence, key_tag, algorithm, time, server, first_seen, last_seen, failures"
                    " FROM zone_causes ORDER BY zone, place");
  for (rows.start(); rows.next();) {
    Columns columns(rows);
    const std::string zone = columns.zone();
    ZoneCause cause;
    cause.reason = columns.reason();
    cause.evidence = columns.evidence();
    if (const auto tag = columns.maybe(UINT16_MAX)) { cause.key_tag = static_cast<std::uint16_t>(*tag); }
    if (const auto number = columns.maybe(UINT8_MAX)) { cause.algorithm = static_cast<std::uint8_t>(*number); }
    cause.time = columns.maybe_time();
    cause.server = columns.text();
    cause.first_seen = columns.time();
    cause.last_seen = columns.time();
    cause.failures = columns.count();
    std::vector<ZoneCause>& of_zone = causes[zone];
    if (columns.is_sound() && of_zone.size() < kReasons) { of_zone.push_back(std::move(cause)); }
  }
  return causes;
}

std::vector<ZoneFigures> read_zones(SqlDatabase& database, UnixTime now) {
  std::map<std::string, std::vector<ZoneCause>> causes = read_causes(database);
  std::vector<ZoneFigures> zones;
  SqlStatement rows(database,
                    "SELECT zone, state, failing_since, last_failure, ended, last_good, failures, answers_withheld,"
                    " lookups_withheld, answers_shadow, lookups_shadow, prefixes FROM zones"
                    " WHERE ended IS NULL OR ended > ? ORDER BY prefixes DESC, failures DESC");
  for (rows.start(now - kDay); rows.next() && zones.size() < kMostZones;) {
    Columns columns(rows);
    ZoneFigures zone;
    zone.zone = columns.zone();
    zone.state = columns.state();
    zone.began = columns.time();
    zone.last_failure = columns.time();
    zone.ended = columns.maybe_time();
    zone.last_good = columns.maybe_time();
    zone.failures = columns.count();
    zone.withheld = {columns.count(), columns.count()};
    zone.shadow = {columns.count(), columns.count()};
    zone.prefixes = columns.small();
    zone.is_public = true;  // or it would not have been written
    zone.causes = std::move(causes[zone.zone]);
    const bool is_consistent = (zone.state == ZoneState::failing) == !zone.ended.has_value();
    if (!columns.is_sound() || !is_consistent || zone.causes.empty()) { continue; }
    const ZoneCause& first = *std::ranges::min_element(zone.causes, {}, &ZoneCause::first_seen);
    zone.reason = first.reason;
    zone.evidence = first.evidence;
    zones.push_back(std::move(zone));
  }
  return zones;
}

std::vector<IncidentFigures> read_incidents(SqlDatabase& database) {
  std::vector<IncidentFigures> incidents;
  SqlStatement rows(database,
                    "SELECT zone, began, ended, last_failure, state, reason, evidence, failures, answers_withheld,"
                    " lookups_withheld, answers_shadow, lookups_shadow, prefixes FROM incidents"
                    " WHERE ended IS NOT NULL ORDER BY ended DESC");
  for (rows.start(); incidents.size() < kMostIncidents && rows.next();) {
    Columns columns(rows);
    IncidentFigures incident;
    incident.zone = columns.zone();
    incident.began = columns.time();
    incident.ended = columns.maybe_time();
    incident.last_failure = columns.time();
    incident.state = columns.state();
    incident.reason = columns.reason();
    incident.evidence = columns.evidence();
    incident.failures = columns.count();
    incident.withheld = {columns.count(), columns.count()};
    incident.shadow = {columns.count(), columns.count()};
    incident.prefixes = columns.small();
    incident.is_public = true;
    if (columns.is_sound() && incident.state != ZoneState::failing) { incidents.push_back(std::move(incident)); }
  }
  return incidents;
}

}  // namespace

void write_ledger(SqlDatabase& database, const Figures& figures) {
  write_incidents(database, figures);
  write_zones(database, figures);
}

RememberedLedger read_ledger(SqlDatabase& database, UnixTime now) {
  RememberedLedger ledger{read_zones(database, now), read_incidents(database)};
  // The latest incident of a zone that is remembered is the zone's own matter.
  std::erase_if(ledger.incidents, [&ledger](const IncidentFigures& incident) {
    return std::ranges::any_of(ledger.zones, [&incident](const ZoneFigures& zone) {
      return zone.zone == incident.zone && zone.began == incident.began;
    });
  });
  return ledger;
}

}  // namespace vouch
