// The figures in the form Prometheus reads (text exposition format 0.0.4). Names and units follow its conventions; the
// number of series is bounded whatever clients ask for (docs/telemetry.md has the table).
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "telemetry/figures.h"
#include "telemetry/status_figures.h"

namespace vouch {

// Every family, counters and gauges alike. Label values are as they are; escaping is the serializer's work.
std::vector<prometheus::MetricFamily> metric_families(const Figures& figures, const StatusFigures& status);
std::string metrics_text(const Figures& figures, const StatusFigures& status);

}  // namespace vouch
