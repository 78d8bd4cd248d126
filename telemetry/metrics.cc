#include "telemetry/metrics.h"

#include <prometheus/text_serializer.h>

#include "telemetry/metrics_parts.h"

namespace vouch {

std::vector<prometheus::MetricFamily> metric_families(const Figures& figures, const StatusFigures& status) {
  MetricFamilies families;
  add_client_metrics(families, figures);
  add_session_metrics(families, figures.counters->transport);
  add_validation_metrics(families, figures);
  add_zone_metrics(families, figures);
  add_upstream_metrics(families, figures.counters->resolver);
  if (status.shared_cache) { add_shared_cache_metrics(families, figures.counters->shared_cache); }
  add_status_metrics(families, figures, status);
  return families;
}

std::string metrics_text(const Figures& figures, const StatusFigures& status) {
  return prometheus::TextSerializer().Serialize(metric_families(figures, status));
}

}  // namespace vouch
