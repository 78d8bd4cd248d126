// The families of telemetry/metrics.h by what they tell of.
#pragma once

#include "telemetry/figures.h"
#include "telemetry/metric_family.h"
#include "telemetry/status_figures.h"

namespace vouch {

void add_client_metrics(MetricFamilies& families, const Figures& figures);
void add_session_metrics(MetricFamilies& families, const TransportCounters& counters);
void add_validation_metrics(MetricFamilies& families, const Figures& figures);
void add_zone_metrics(MetricFamilies& families, const Figures& figures);  // those that name zones, or count them
void add_upstream_metrics(MetricFamilies& families, const ResolverCounters& counters);
void add_shared_cache_metrics(MetricFamilies& families, const SharedCacheCounters& counters);  // where there is one
void add_status_metrics(MetricFamilies& families, const Figures& figures, const StatusFigures& status);

}  // namespace vouch
