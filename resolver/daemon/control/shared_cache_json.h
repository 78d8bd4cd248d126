// What `status` and `stats` say of the cache that a fleet shares.
#pragma once

#include "resolver/daemon/control/registry.h"
#include "telemetry/figures.h"
#include "telemetry/status_figures.h"

namespace vouch {

Json shared_cache_state(const Figures& figures, const StatusFigures& status);  // null: none is shared
Json shared_cache_counts(const SharedCacheCounters& counters);

}  // namespace vouch
