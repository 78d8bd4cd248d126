// One metric family, put together series by series.
#pragma once

#include <prometheus/metric_family.h>

#include <concepts>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "telemetry/counters.h"

namespace vouch {

using MetricFamilies = std::vector<prometheus::MetricFamily>;
using MetricLabels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

class MetricFamilyBuilder {
 public:
  MetricFamilyBuilder(prometheus::MetricType type, std::string_view name, std::string_view help);

  // A double holds integers up to 2^53 exactly: at a million a second a counter gets there in 285 years.
  void add(MetricLabels labels, std::integral auto value) { add(labels, static_cast<double>(value)); }
  void add(MetricLabels labels, double value);
  void add(MetricLabels labels, const Counter& counter) { add(labels, counter.value()); }
  void add(MetricLabels labels, const DurationHistogram& histogram);
  // For labels that are not ours: a scrape with the same series twice is refused as a whole.
  void add_once(MetricLabels labels, std::integral auto value) {
    if (!has(labels)) { add(labels, value); }
  }

  void into(MetricFamilies& families) && { families.push_back(std::move(family_)); }

 private:
  bool has(MetricLabels labels) const;

  prometheus::MetricFamily family_;
};

inline MetricFamilyBuilder counter_family(std::string_view name, std::string_view help) {
  return {prometheus::MetricType::Counter, name, help};
}
inline MetricFamilyBuilder gauge_family(std::string_view name, std::string_view help) {
  return {prometheus::MetricType::Gauge, name, help};
}
inline MetricFamilyBuilder histogram_family(std::string_view name, std::string_view help) {
  return {prometheus::MetricType::Histogram, name, help};
}

// Families of one series without labels.
void add_counter(MetricFamilies& families, std::string_view name, std::string_view help, const auto& value) {
  MetricFamilyBuilder family = counter_family(name, help);
  family.add({}, value);
  std::move(family).into(families);
}
void add_gauge(MetricFamilies& families, std::string_view name, std::string_view help, const auto& value) {
  MetricFamilyBuilder family = gauge_family(name, help);
  family.add({}, value);
  std::move(family).into(families);
}

}  // namespace vouch
