// All caches of one daemon and how they share the operator's one figure of memory.
#pragma once

#include "resolver/cache/delegation_cache.h"
#include "resolver/cache/failure_cache.h"
#include "resolver/cache/rrset_cache.h"
#include "resolver/cache/server_cache.h"

namespace vouch {

struct Caches {
  explicit Caches(const CacheOptions& given)
      : options(given),
        rrsets(options.size / 16 * 12, options),  // three quarters: what clients ask for
        delegations(options.size / 16 * 2),       // an eighth: a cut is large (names, glue) but there are far fewer
        servers(options.size / 16),               // a sixteenth each
        failures(options.size / 16, options) {}

  const CacheOptions options;
  RRsetCache rrsets;
  DelegationCache delegations;
  ServerCache servers;
  FailureCache failures;
};

}  // namespace vouch
