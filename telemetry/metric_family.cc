#include "telemetry/metric_family.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

namespace vouch {

namespace {

prometheus::ClientMetric labelled(MetricLabels labels) {
  prometheus::ClientMetric metric;
  metric.label.reserve(labels.size());
  for (const auto& [name, value] : labels) { metric.label.push_back({std::string(name), std::string(value)}); }
  return metric;
}

}  // namespace

MetricFamilyBuilder::MetricFamilyBuilder(prometheus::MetricType type, std::string_view name, std::string_view help) {
  family_.type = type;
  family_.name = name;
  family_.help = help;
}

void MetricFamilyBuilder::add(MetricLabels labels, double value) {
  prometheus::ClientMetric metric = labelled(labels);
  (family_.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  family_.metric.push_back(std::move(metric));
}

void MetricFamilyBuilder::add(MetricLabels labels, const DurationHistogram& histogram) {
  constexpr double kMicroseconds = 1e6;
  constexpr double kNanoseconds = 1e9;
  prometheus::ClientMetric metric = labelled(labels);
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < DurationHistogram::kBounds.size(); ++i) {
    cumulative += histogram.buckets[i].value();
    metric.histogram.bucket.push_back({cumulative, DurationHistogram::kBounds[i] / kMicroseconds});
  }
  metric.histogram.sample_count = cumulative + histogram.buckets.back().value();  // the serializer's "+Inf", too
  metric.histogram.sample_sum = static_cast<double>(histogram.nanoseconds.value()) / kNanoseconds;
  family_.metric.push_back(std::move(metric));
}

bool MetricFamilyBuilder::has(MetricLabels labels) const {
  const auto is_label = [](const prometheus::ClientMetric::Label& ours, const auto& theirs) {
    return ours.name == theirs.first && ours.value == theirs.second;
  };
  return std::ranges::any_of(family_.metric, [&](const prometheus::ClientMetric& metric) {
    return std::ranges::equal(metric.label, labels, is_label);
  });
}

}  // namespace vouch
