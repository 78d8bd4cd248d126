// The cache that a fleet shares.
#include <algorithm>
#include <cstddef>
#include <utility>

#include "telemetry/metrics_parts.h"
#include "telemetry/taxonomy.h"

namespace vouch {

static_assert(kSharedFlawIds.size() == SharedCacheCounters::kFlaws);
static_assert(kStoreFailureIds.size() == SharedCacheCounters::kFailures);

void add_shared_cache_metrics(MetricFamilies& families, const SharedCacheCounters& counters) {
  MetricFamilyBuilder looks =
      counter_family("vouch_shared_cache_looks_total", "Questions asked of the fleet's store, by what came of them.");
  looks.add({{"outcome", "hit"}}, counters.hits);
  looks.add({{"outcome", "miss"}}, counters.misses);
  looks.add({{"outcome", "late"}}, counters.late);
  looks.add({{"outcome", "broken_off"}}, counters.broken_off);
  std::move(looks).into(families);
  MetricFamilyBuilder refused =
      counter_family("vouch_shared_cache_refused_total", "Entries that came and were not believed, by why.");
  for (std::size_t i = 0; i < kSharedFlawIds.size(); ++i) {
    refused.add({{"reason", kSharedFlawIds[i]}}, counters.refused[i]);
  }
  std::move(refused).into(families);
  MetricFamilyBuilder stores =
      counter_family("vouch_shared_cache_stores_total", "Answers for the fleet's store, by whether they were sent.");
  stores.add({{"outcome", "sent"}}, counters.stores);
  stores.add({{"outcome", "dropped"}}, counters.dropped);
  std::move(stores).into(families);
  MetricFamilyBuilder failures = counter_family("vouch_shared_cache_failures_total",
                                                "Connections to the store that were lost or not to be had, by cause.");
  for (std::size_t i = 0; i < kStoreFailureIds.size(); ++i) {
    failures.add({{"cause", kStoreFailureIds[i]}}, counters.failures[i]);
  }
  std::move(failures).into(families);
  add_gauge(families, "vouch_shared_cache_connected", "Workers that have a connection to the store.",
            counters.connected());
  add_gauge(families, "vouch_shared_cache_paused", "Workers that ask it nothing now, because its answers came late.",
            counters.paused());
  MetricFamilyBuilder connections =
      counter_family("vouch_shared_cache_connections_total", "Workers' connections to the store, made and lost.");
  connections.add({{"event", "made"}}, counters.connections);
  connections.add({{"event", "lost"}}, counters.disconnections);
  std::move(connections).into(families);
  MetricFamilyBuilder pauses = counter_family("vouch_shared_cache_pauses_total",
                                              "Times for which a worker asked nothing because it was too slow.");
  pauses.add({{"event", "begun"}}, counters.pauses);
  pauses.add({{"event", "ended"}}, counters.resumptions);
  std::move(pauses).into(families);
  MetricFamilyBuilder waited = histogram_family("vouch_shared_cache_wait_seconds",
                                                "How long questions waited for what came in time from the store.");
  waited.add({}, counters.waited);
  std::move(waited).into(families);
}

}  // namespace vouch
