#include "resolver/daemon/control/shared_cache_json.h"

#include <string>
#include <string_view>

#include "telemetry/taxonomy.h"

namespace vouch {

namespace {

template <std::size_t kCount>
Json by_id(const std::array<std::string_view, kCount>& ids, const std::array<Counter, kCount>& counters) {
  Json object = Json::object();
  for (std::size_t i = 0; i < kCount; ++i) { object[std::string(ids[i])] = counters[i].value(); }
  return object;
}

Json waited(const DurationHistogram& histogram) {
  std::uint64_t count = 0;
  for (const Counter& bucket : histogram.buckets) { count += bucket.value(); }
  constexpr std::uint64_t kNanosecondsInMicrosecond = 1000;
  const std::uint64_t all = histogram.nanoseconds.value() / kNanosecondsInMicrosecond;
  return {{"count", count}, {"mean_microseconds", count == 0 ? 0 : all / count}};
}

}  // namespace

Json shared_cache_state(const Figures& figures, const StatusFigures& status) {
  if (!status.shared_cache) { return nullptr; }
  const SharedCacheCounters& counters = figures.counters->shared_cache;
  return {{"server", status.shared_cache->server},
          {"tls", status.shared_cache->tls},
          {"workers_connected", counters.connected()},
          {"workers_paused", counters.paused()}};
}

Json shared_cache_counts(const SharedCacheCounters& counters) {
  return {{"hits", counters.hits.value()},
          {"misses", counters.misses.value()},
          {"late", counters.late.value()},
          {"broken_off", counters.broken_off.value()},
          {"refused", by_id(kSharedFlawIds, counters.refused)},
          {"stores", counters.stores.value()},
          {"dropped", counters.dropped.value()},
          {"connections", counters.connections.value()},
          {"disconnections", counters.disconnections.value()},
          {"failures", by_id(kStoreFailureIds, counters.failures)},
          {"pauses", counters.pauses.value()},
          {"resumptions", counters.resumptions.value()},
          {"waited", waited(counters.waited)}};
}

}  // namespace vouch
