// The resolver itself: anchors, clock, caches, process.
#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "telemetry/metrics.h"
#include "telemetry/metrics_parts.h"

namespace vouch {

namespace {

// At most kMostNamedZones of what the operator may have written down without end.
template <typename T>
std::span<const T> first_of(const std::vector<T>& all) {
  return std::span(all).first(std::min(all.size(), kMostNamedZones));
}

void add_anchors(MetricFamilies& families, const StatusFigures& status) {
  MetricFamilyBuilder anchors = gauge_family(
      "vouch_trust_anchor_info", "Trust anchors, by state (RFC 5011; configured where none is kept). Always 1.");
  for (const AnchorFigures& anchor : first_of(status.anchors)) {
    anchors.add_once({{"zone", anchor.zone},
                      {"key_tag", std::to_string(anchor.key_tag)},
                      {"algorithm", std::to_string(anchor.algorithm)},
                      {"state", anchor.state}},
                     1);
  }
  std::move(anchors).into(families);

  MetricFamilyBuilder checked = gauge_family("vouch_trust_anchor_checked_timestamp_seconds",
                                             "When the root's keys were last found good; absent until they were.");
  if (status.root_validated) { checked.add({{"zone", "."}}, *status.root_validated); }
  std::move(checked).into(families);

  MetricFamilyBuilder negative = gauge_family(
      "vouch_negative_trust_anchor_info", "Zones the operator has switched validation off for (RFC 7646). Always 1.");
  MetricFamilyBuilder expiry =
      gauge_family("vouch_negative_trust_anchor_expiry_timestamp_seconds",
                   "When such an exception ends; absent for those that stay until they are taken out.");
  for (const NegativeAnchorFigures& anchor : first_of(status.negative_anchors)) {
    negative.add_once({{"zone", anchor.zone}}, 1);
    if (anchor.until != 0) { expiry.add_once({{"zone", anchor.zone}}, anchor.until); }
  }
  std::move(negative).into(families);
  std::move(expiry).into(families);
  add_gauge(families, "vouch_clock_trusted", "Whether the root's own signatures fit this machine's clock.",
            status.clock_trusted ? 1 : 0);
}

void add_local_root(MetricFamilies& families, const LocalRootFigures& root) {
  add_gauge(families, "vouch_local_root_in_use", "Whether a copy of the root zone is answered from (RFC 8806).",
            root.in_use ? 1 : 0);
  MetricFamilyBuilder serial = gauge_family("vouch_local_root_serial", "Its serial; absent while none is in use.");
  MetricFamilyBuilder expiry =
      gauge_family("vouch_local_root_expiry_timestamp_seconds",
                   "When it goes out of use unless a source confirms it; absent while none is in use.");
  if (root.serial) {
    serial.add({}, *root.serial);
    expiry.add({}, root.expires);
  }
  std::move(serial).into(families);
  std::move(expiry).into(families);
  MetricFamilyBuilder checked = gauge_family("vouch_local_root_checked_timestamp_seconds",
                                             "When a source last gave or confirmed it; absent until one did.");
  if (root.checked != 0) { checked.add({}, root.checked); }
  std::move(checked).into(families);
  add_gauge(families, "vouch_local_root_bytes", "Memory that the copy takes.", root.octets);
  MetricFamilyBuilder looks =
      counter_family("vouch_local_root_looks_total", "Looks at a source, by what came of them.");
  looks.add({{"outcome", "whole"}}, root.whole);
  looks.add({{"outcome", "incremental"}}, root.incremental);
  looks.add({{"outcome", "current"}}, root.up_to_date);
  looks.add({{"outcome", "failed"}}, root.failures - root.rejected);
  looks.add({{"outcome", "rejected"}}, root.rejected);
  std::move(looks).into(families);
  add_counter(families, "vouch_local_root_foreign_records_total",
              "Records that sources sent and that are not the root's; they were left out.", root.foreign);
  add_counter(families, "vouch_local_root_replies_total", "What the copy said in the place of a root server.",
              root.replies);
}

void add_caches(MetricFamilies& families, const StatusFigures& status) {
  MetricFamilyBuilder entries = gauge_family("vouch_cache_entries", "Entries in a cache.");
  MetricFamilyBuilder bytes = gauge_family("vouch_cache_bytes", "Memory in use by a cache.");
  MetricFamilyBuilder capacity = gauge_family("vouch_cache_capacity_bytes", "Most memory that a cache may use.");
  MetricFamilyBuilder hits = counter_family("vouch_cache_hits_total", "Look-ups that found what they wanted.");
  MetricFamilyBuilder misses = counter_family("vouch_cache_misses_total", "Look-ups that did not.");
  MetricFamilyBuilder evictions = counter_family("vouch_cache_evictions_total", "Entries that made room for others.");
  MetricFamilyBuilder insertions = counter_family("vouch_cache_insertions_total", "Entries stored.");
  for (const CacheFigures& cache : status.caches) {
    entries.add({{"cache", cache.cache}}, cache.entries);
    bytes.add({{"cache", cache.cache}}, cache.octets);
    capacity.add({{"cache", cache.cache}}, cache.capacity);
    if (cache.cache != "rrset") { continue; }  // the others do not count these
    hits.add({{"cache", cache.cache}}, cache.hits);
    misses.add({{"cache", cache.cache}}, cache.misses);
    evictions.add({{"cache", cache.cache}}, cache.evictions);
    insertions.add({{"cache", cache.cache}}, cache.insertions);
  }
  for (MetricFamilyBuilder* family : {&entries, &bytes, &capacity, &hits, &misses, &evictions, &insertions}) {
    std::move(*family).into(families);
  }
}

void add_web(MetricFamilies& families, const WebFigures& web) {
  add_counter(families, "vouch_web_connections_accepted_total", "Connections of readers of pages, metrics and the API.",
              web.accepted);
  add_counter(families, "vouch_web_connections_refused_total", "Such connections beyond the limits.", web.refused);
  add_counter(families, "vouch_web_connections_evicted_total", "Such connections that were idle and made room.",
              web.evicted);
  add_counter(families, "vouch_web_connections_overdue_total", "Such connections that were cut by a time limit.",
              web.overdue);
  add_counter(families, "vouch_web_requests_total", "Requests for pages, metrics and the API.", web.requests);
}

void add_process(MetricFamilies& families, const Figures& figures, const StatusFigures& status) {
  add_counter(families, "process_cpu_seconds_total", "CPU time used, user and system.", status.cpu_seconds);
  add_gauge(families, "process_resident_memory_bytes", "Resident memory.", status.resident_octets);
  add_gauge(families, "process_open_fds", "Open file descriptors.", status.open_descriptors);
  add_gauge(families, "process_max_fds", "Most file descriptors that may be open.", status.max_descriptors);
  add_gauge(families, "process_start_time_seconds", "When the process started.", figures.started);
}

}  // namespace

void add_status_metrics(MetricFamilies& families, const Figures& figures, const StatusFigures& status) {
  MetricFamilyBuilder build =
      gauge_family("vouch_build_info", "Version, and whether validation is enforced. Always 1.");
  build.add({{"version", status.version}, {"validation", status.validation}}, 1);
  std::move(build).into(families);
  add_gauge(families, "vouch_workers", "Worker threads.", status.workers);
  add_gauge(families, "vouch_queries_in_flight", "Questions of clients that are being resolved.",
            status.queries_in_flight);
  MetricFamilyBuilder errors = counter_family(
      "vouch_internal_errors_total", "Queries that failed by a fault of this program; please report it. By part.");
  errors.add({{"part", "front"}}, figures.counters->front.internal_errors);
  errors.add({{"part", "resolver"}}, figures.counters->resolver.internal_errors);
  std::move(errors).into(families);

  add_anchors(families, status);
  if (status.local_root) { add_local_root(families, *status.local_root); }
  MetricFamilyBuilder certificate = gauge_family("vouch_certificate_not_after_timestamp_seconds",
                                                 "When the certificate shown to clients ends; absent without one.");
  if (status.certificate) { certificate.add({}, status.certificate->not_after); }
  std::move(certificate).into(families);
  add_caches(families, status);

  MetricFamilyBuilder flushed = gauge_family("vouch_telemetry_flushed_timestamp_seconds",
                                             "When the history was last written; absent where none is kept or was.");
  MetricFamilyBuilder healthy =
      gauge_family("vouch_telemetry_writable", "Whether the history can be written; absent where none is kept.");
  if (status.history.enabled) {
    if (status.history.written) { flushed.add({}, *status.history.written); }
    healthy.add({}, status.history.problem.empty() ? 1 : 0);
  }
  std::move(flushed).into(families);
  std::move(healthy).into(families);
  add_web(families, status.web);
  add_process(families, figures, status);
}

}  // namespace vouch
