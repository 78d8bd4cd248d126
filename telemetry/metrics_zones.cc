// What names zones at fault, and what counts them. Names come from the list that only zones met by enough client
// prefixes enter (privacy rules R3 and R4), or are public by nature.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "telemetry/metrics.h"
#include "telemetry/metrics_parts.h"
#include "telemetry/metrics_reasons.h"

namespace vouch {

namespace {

using ReasonCounts = std::array<std::uint64_t, kReasons>;
constexpr std::string_view kOtherZones = "_other";
constexpr auto kTestZone = static_cast<std::size_t>(Reason::test_zone);

bool has_label(const ListedZone& zone) noexcept { return zone.zone.size() <= kLongestZoneLabel; }

// A zone's own series: the reasons it failed for, and the present one from 0 on.
void add_listed(MetricFamilyBuilder& family, const ListedZone& zone) {
  const auto present = static_cast<std::size_t>(zone.reason);
  std::array<std::size_t, kReasons> reasons{};
  std::size_t count = 0;
  for (std::size_t i = 0; i < kReasons; ++i) {
    if (i == kTestZone) { continue; }
    if (zone.failures[i] != 0 || (zone.failing_since && i == present)) { reasons[count++] = i; }
  }
  const std::size_t alone = count <= kMostReasonsOfZone ? count : kMostReasonsOfZone - 1;
  for (std::size_t i = 0; i < alone; ++i) {
    family.add({{"zone", zone.zone}, {"reason", reason_label(static_cast<Reason>(reasons[i]))}},
               zone.failures[reasons[i]]);
  }
  if (alone == count) { return; }
  std::uint64_t rest = 0;
  for (std::size_t i = alone; i < count; ++i) { rest += zone.failures[reasons[i]]; }
  family.add({{"zone", zone.zone}, {"reason", kOtherLabel}}, rest);
}

void add_failures(MetricFamilies& families, const Figures& figures) {
  MetricFamilyBuilder failures =
      counter_family("vouch_zone_validation_failures_total",
                     "Resolutions that failed validation, by the zone at fault, for zones that many clients met; the "
                     "rest is _other, and what a zone counted moves there when it leaves the list.");
  ReasonCounts others = figures.other_zone_failures;
  for (const ListedZone& zone : figures.listed_zones) {
    if (has_label(zone)) {
      add_listed(failures, zone);
    } else {
      for (std::size_t i = 0; i < kReasons; ++i) { others[i] += zone.failures[i]; }
    }
  }
  for (std::size_t i = 0; i < kReasons; ++i) {
    const auto reason = static_cast<Reason>(i);
    if (i == kTestZone || (!is_failure(reason) && others[i] == 0)) { continue; }
    failures.add({{"zone", kOtherZones}, {"reason", reason_label(reason)}}, others[i]);
  }
  std::move(failures).into(families);

  MetricFamilyBuilder since = gauge_family("vouch_zone_failing_since_timestamp_seconds",
                                           "Since when a listed zone has been failing; only while it does.");
  for (const ListedZone& zone : figures.listed_zones) {
    if (!zone.failing_since || !has_label(zone) || zone.reason == Reason::test_zone) { continue; }
    since.add({{"zone", zone.zone}, {"reason", reason_label(zone.reason)}}, *zone.failing_since);
  }
  std::move(since).into(families);
  add_counter(families, "vouch_zone_evictions_total", "Zones that left the list to make room for others.",
              figures.zone_evictions);
}

void add_incidents(MetricFamilies& families, const Figures& figures) {
  MetricFamilyBuilder incidents =
      counter_family("vouch_incidents_total", "Failures of zones that began, by first reason and what it looks like.");
  MetricFamilyBuilder seconds =
      counter_family("vouch_incident_seconds_total",
                     "How long zones failed, summed over zones; those that go on are in it. Time in which nobody asked "
                     "counts, too, until the zone is called quiet.");
  for (std::size_t i = 0; i < kReasons; ++i) {
    const auto reason = static_cast<Reason>(i);
    const bool is_expected = is_failure(reason) && reason != Reason::test_zone;
    for (std::size_t j = 0; j < kEvidences; ++j) {
      const auto evidence = static_cast<Evidence>(j);
      const std::uint64_t begun = figures.incidents_begun[i][j];
      const std::uint64_t lasted = figures.incident_seconds[i][j];
      if (!(is_expected && evidence == evidence_of(reason)) && begun == 0 && lasted == 0) { continue; }
      incidents.add({{"reason", reason_label(reason)}, {"evidence", evidence_label(evidence)}}, begun);
      seconds.add({{"reason", reason_label(reason)}, {"evidence", evidence_label(evidence)}}, lasted);
    }
  }
  std::move(incidents).into(families);
  std::move(seconds).into(families);
}

void add_expiring(MetricFamilies& families, const Figures& figures) {
  MetricFamilyBuilder expiry = gauge_family(
      "vouch_zone_signature_expiry_timestamp_seconds",
      "When the first of the signatures last seen runs out, of TLDs and the like whose signatures are near their end. "
      "They may have been renewed since: nobody is asked for this.");
  std::size_t named = 0;
  for (const ExpiringZone& zone : figures.expiring) {
    if (!zone.is_public || zone.zone.size() > kLongestZoneLabel || named == kMostNamedZones) { continue; }
    ++named;
    expiry.add_once({{"zone", zone.zone}}, zone.expires);
  }
  std::move(expiry).into(families);
}

}  // namespace

void add_zone_metrics(MetricFamilies& families, const Figures& figures) {
  add_failures(families, figures);
  add_incidents(families, figures);
  add_expiring(families, figures);
}

}  // namespace vouch
