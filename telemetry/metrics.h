// The figures in the form Prometheus reads (text exposition format 0.0.4). Names and units follow its conventions; the
// number of series is bounded whatever clients ask for. docs/metrics.md says what each means and does not prove.
//
// Every combination of labels that can occur is there from the start, at 0: increase() would not see the first step of
// a series that begins at 1.
#pragma once

#include <prometheus/metric_family.h>

#include <cstddef>
#include <string>
#include <vector>

#include "telemetry/figures.h"
#include "telemetry/status_figures.h"

namespace vouch {

// Bounds on what one scrape costs. With 200 listed zones and 100 TLDs all series together stay below 2,000.
//
// A zone that fails for more reasons than this has the rest under the reason `other`: one mistake has one or two
// causes, and who makes up more of them must not fill a monitoring system.
inline constexpr std::size_t kMostReasonsOfZone = 4;
// A zone whose name is longer in presentation form counts as `_other`. Without escapes no name is longer; one that is
// all escapes takes 1,003 characters, and would be told once for each of its series.
inline constexpr std::size_t kLongestZoneLabel = 253;
// Of anchors, negative anchors and zones with signatures about to end, each. The operator, or the collector, sees to it
// that there are fewer.
inline constexpr std::size_t kMostNamedZones = 50;

// Every family, counters and gauges alike. Label values are as they are; escaping is the serializer's work.
std::vector<prometheus::MetricFamily> metric_families(const Figures& figures, const StatusFigures& status);
std::string metrics_text(const Figures& figures, const StatusFigures& status);

}  // namespace vouch
