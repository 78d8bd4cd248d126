// What servers were asked, and what came back.
#include <cstddef>
#include <utility>

#include "telemetry/metrics_parts.h"
#include "telemetry/taxonomy.h"

namespace vouch {

namespace {

void add_queries(MetricFamilies& families, const ResolverCounters& counters) {
  MetricFamilyBuilder queries = counter_family("vouch_upstream_queries_total", "Queries to servers, by transport.");
  queries.add({{"transport", kTransportIds[0]}}, counters.upstream_udp);
  queries.add({{"transport", kTransportIds[1]}}, counters.upstream_tcp);
  queries.add({{"transport", kTransportIds[2]}}, counters.upstream_tls);
  std::move(queries).into(families);
  add_counter(families, "vouch_upstream_timeouts_total", "Queries to servers that nothing came back on.",
              counters.upstream_timeouts);
  add_counter(families, "vouch_upstream_unreachable_total", "Queries that the network would not carry.",
              counters.upstream_unreachable);
  add_counter(families, "vouch_upstream_unauthenticated_total",
              "Servers that over TLS did not prove who they are, and were asked nothing.", counters.upstream_untrusted);
  MetricFamilyBuilder round_trip =
      histogram_family("vouch_upstream_rtt_seconds", "From a query to a server until its reply; timeouts left out.");
  round_trip.add({}, counters.round_trip);
  std::move(round_trip).into(families);
  add_counter(families, "vouch_exchanges_shared_total", "Questions that rode on an equal one in flight.",
              counters.exchanges_shared);
}

void add_replies(MetricFamilies& families, const ResolverCounters& counters) {
  MetricFamilyBuilder rejected =
      counter_family("vouch_replies_rejected_total",
                     "Replies dropped because they do not fit the question, by the first check that failed. Most are "
                     "late or stray; the figure alone tells of no ill intent.");
  rejected.add({{"check", "id"}}, counters.replies_rejected_id);
  rejected.add({{"check", "question"}}, counters.replies_rejected_question);
  rejected.add({{"check", "qname_case"}}, counters.replies_rejected_case);
  rejected.add({{"check", "cookie"}}, counters.replies_rejected_cookie);
  rejected.add({{"check", "malformed"}}, counters.replies_rejected_malformed);
  std::move(rejected).into(families);
  add_counter(families, "vouch_upstream_lame_replies_total", "Replies of servers that do not serve the zone.",
              counters.replies_lame);
  add_counter(families, "vouch_records_scrubbed_total",
              "Records cut from replies because the asked zone has no say about them.", counters.records_scrubbed);
  MetricFamilyBuilder fallbacks =
      counter_family("vouch_tcp_fallbacks_total", "Questions asked again over TCP, by cause.");
  fallbacks.add({{"cause", "truncated"}}, counters.tcp_after_truncation);
  fallbacks.add({{"cause", "spoof_suspected"}}, counters.tcp_after_forgery);
  std::move(fallbacks).into(families);
}

void add_minimisation(MetricFamilies& families, const ResolverCounters& counters) {
  MetricFamilyBuilder asked = counter_family("vouch_upstream_queries_by_level_total",
                                             "Queries to servers, by how far up the tree the asked zone stands.");
  MetricFamilyBuilder minimized =
      counter_family("vouch_qname_minimized_queries_total",
                     "Of these, those that showed at most one label more than the zone has (RFC 9156).");
  for (std::size_t i = 0; i < kTreeLevels; ++i) {
    asked.add({{"level", kTreeLevelIds[i]}}, counters.asked[i]);
    minimized.add({{"level", kTreeLevelIds[i]}}, counters.minimised[i]);
  }
  std::move(asked).into(families);
  std::move(minimized).into(families);
  add_counter(families, "vouch_qname_minimization_fallbacks_total",
              "Zones whose servers could not take a shortened name, and were shown the whole.",
              counters.minimisation_fallbacks);
}

}  // namespace

void add_upstream_metrics(MetricFamilies& families, const ResolverCounters& counters) {
  add_queries(families, counters);
  add_replies(families, counters);
  add_minimisation(families, counters);
  add_counter(families, "vouch_query_budgets_spent_total",
              "Resolutions given up because their bound on work, queries or time was reached.", counters.budget_spent);
}

}  // namespace vouch
