#include "tests/unit/telemetry/filled_figures.h"

#include <algorithm>
#include <utility>

namespace vouch {

std::shared_ptr<const WorkerCounters> counted(std::uint64_t first, std::uint64_t step) {
  auto counters = std::make_shared<WorkerCounters>();
  auto* each = reinterpret_cast<Counter*>(counters.get());  // as add_up() does
  for (std::size_t i = 0; i < sizeof(WorkerCounters) / sizeof(Counter); ++i) { each[i].add(first + step * i); }
  return counters;
}

ZoneFigures failing_zone(const std::string& name, Reason reason, UnixTime since, bool is_public) {
  ZoneFigures zone;
  zone.zone = name;
  zone.reason = reason;
  zone.evidence = evidence_of(reason);
  zone.began = since;
  zone.last_failure = since + 600;
  zone.last_good = since - 60;
  ZoneCause cause;
  cause.reason = reason;
  cause.evidence = evidence_of(reason);
  cause.key_tag = 12345;
  cause.algorithm = 13;
  cause.time = since - 30;
  cause.server = "192.0.2.53";
  cause.first_seen = since;
  cause.last_seen = since + 600;
  cause.failures = 9;
  zone.causes = {cause};
  zone.failures = 9;
  zone.withheld = {40, 12};
  zone.shadow = {4, 2};
  zone.prefixes = is_public ? 10 : 3;
  zone.is_public = is_public;
  return zone;
}

IncidentFigures ended_incident(const std::string& name, Reason reason, UnixTime began, bool is_public) {
  IncidentFigures incident;
  incident.zone = name;
  incident.reason = reason;
  incident.evidence = evidence_of(reason);
  incident.began = began;
  incident.last_failure = began + 900;
  incident.ended = began + 1800;
  incident.state = ZoneState::recovered;
  incident.failures = 17;
  incident.withheld = {80, 30};
  incident.shadow = {8, 3};
  incident.prefixes = 10;
  incident.is_public = is_public;
  return incident;
}

Figures filled_figures(std::size_t zones, std::size_t tlds) {
  Figures figures;
  figures.started = kSampleStart;
  figures.taken = kSampleStart + 7200;
  figures.counters = counted(1000, 1);
  for (std::size_t i = 0; i < kEvidences; ++i) { figures.withheld[i] = {100 + i, 10 + i}; }
  figures.shadow = {70, 7};
  for (std::size_t i = 0; i < zones; ++i) {
    ListedZone zone;
    zone.zone = "failing-zone-" + std::to_string(i) + ".example.org.";
    zone.reason = i % 2 == 0 ? Reason::rrsig_expired : Reason::ds_dnskey_mismatch;
    zone.failures[static_cast<std::size_t>(zone.reason)] = 50 + i;
    if (i % 3 == 0) { zone.failures[static_cast<std::size_t>(Reason::nsec_missing)] = 5; }
    if (i % 4 != 3) { zone.failing_since = kSampleStart + static_cast<UnixTime>(i); }
    figures.listed_zones.push_back(std::move(zone));
  }
  for (std::size_t i = 1; i < kReasons; ++i) { figures.other_zone_failures[i] = i; }
  figures.zone_evictions = 3;
  for (std::size_t i = 1; i < kReasons; ++i) {
    const auto evidence = static_cast<std::size_t>(evidence_of(static_cast<Reason>(i)));
    figures.incidents_begun[i][evidence] = i;
    figures.incident_seconds[i][evidence] = 60 * i;
  }
  for (std::size_t i = 0; i < tlds; ++i) {
    figures.tlds.push_back({"xn--tld-" + std::to_string(i) + ".", {500 + i, 400, 3, 2, 1, 10}});
  }
  figures.tlds.push_back({"_other", {90, 80, 2, 0, 0, 4}});
  figures.expiring = {{"late.", kSampleStart + 9000, kSampleStart, 1'209'600, true, true},
                      {"popular.example.", kSampleStart + 9000, kSampleStart, 1'209'600, true, false}};
  for (std::size_t i = 0; i < kAlgorithmClasses; ++i) { figures.adoption.signed_zones[i] = 100 * i; }
  figures.adoption.denial_zones = {{{300, 0, 0}, {200, 20, 2}, {100, 10, 1}}};
  figures.clients = {123'456, 2'345};
  figures.zones = {failing_zone("failing.example.", Reason::rrsig_expired, kSampleStart + 60, true)};
  figures.incidents = {ended_incident("mended.example.", Reason::ds_dnskey_mismatch, kSampleStart - 7200, true)};
  figures.policy.sources = {{"children", 12}, {"_other", 3}};
  return figures;
}

StatusFigures filled_status() {
  StatusFigures status;
  status.version = "0.1.0";
  status.validation = "enforce";
  status.workers = 2;
  status.anchors = {{".", 20326, 8, "valid"}, {".", 38696, 8, "valid"}, {".", 38696, 8, "valid"}};
  status.negative_anchors = {{"broken.example.", "their rollover", kSampleStart + 86'400}, {"lan.", "ours", 0}};
  status.root_validated = kSampleStart + 5;
  status.local_root = LocalRootFigures{.in_use = true,
                                       .serial = 2026010100,
                                       .checked = kSampleStart + 60,
                                       .expires = kSampleStart + 604'860,
                                       .source = "192.0.32.132@53",
                                       .failure = "192.0.47.132@53: no message in time",
                                       .failed = kSampleStart + 50,
                                       .whole = 2,
                                       .incremental = 3,
                                       .up_to_date = 4,
                                       .failures = 6,
                                       .rejected = 1,
                                       .foreign = 7,
                                       .replies = 8,
                                       .octets = 2'000'000};
  status.shared_cache = SharedCacheFigures{.server = "192.0.2.9@6379", .tls = true};
  status.certificate = CertificateFigures{"dns.example.net", kSampleStart + 7'776'000, false, "pin"};
  for (const char* name : {"rrset", "delegation", "server", "failure", "denial", "trust"}) {
    status.caches.push_back({name, 11, 22'000, 33'000, 44, 55, 66, 77});
  }
  status.history = {true, "history.sqlite3", "", kSampleStart + 3600, 400};
  status.resident_octets = 50'000'000;
  status.cpu_seconds = 12.5;
  status.open_descriptors = 40;
  status.max_descriptors = 1024;
  status.queries_in_flight = 3;
  status.web = {.accepted = 31, .refused = 2, .evicted = 3, .requests = 77, .overdue = 4};
  return status;
}

}  // namespace vouch
