// What this process has of a fleet: the store's address, the secret, and what its operator had forgotten. Made once, at
// the start, and used by all workers; each has a connection of its own.
//
// Immutable but for what is forgotten, which is thread-safe.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "conf/configuration.h"
#include "resolver/fleet/fleet_cache.h"
#include "transports/redis/redis_store.h"

namespace vouch {

struct Fleet {
  SharedCacheOptions options;
  SharedKeys keys;
  Forgotten forgotten;

  // Null: nothing is shared. On failure a sentence for the operator.
  static std::expected<std::unique_ptr<Fleet>, std::string> make(const Configuration& configuration);
};

// One worker's part in it: the connection, which outlives configurations, and the patience with it.
class FleetMember {
 public:
  // On failure a sentence for the operator.
  static std::expected<std::unique_ptr<FleetMember>, std::string> make(const Fleet& fleet,
                                                                       const OutgoingOptions& outgoing, EventLoop& loop,
                                                                       Random& random, SharedCacheCounters& counters,
                                                                       bool tells);
  void start() { store_.start(); }  // on the worker's thread
  // For one configuration, which outlives it as all the others do.
  std::unique_ptr<FleetCache> cache_for(const Configuration& configuration, Caches& caches, const TrustAnchors& anchors,
                                        const Clock& clock);

 private:
  FleetMember(const Fleet& fleet, const OutgoingOptions& outgoing, EventLoop& loop, Random& random,
              SharedCacheCounters& counters, bool tells);
  const Fleet& fleet_;
  SharedCacheCounters& counters_;
  RedisStore store_;
  Breaker breaker_;
  FleetStanding standing_;
};

}  // namespace vouch
