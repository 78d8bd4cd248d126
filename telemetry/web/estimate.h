// What a histogram lets us say of its quantiles.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "telemetry/counters.h"

namespace vouch {

struct DurationEstimate {
  std::chrono::nanoseconds value{0};
  bool is_beyond = false;  // longer than the last bound: `value` is that bound
};

std::uint64_t count_of(const DurationHistogram& histogram) noexcept;
// Nothing of an empty histogram.
std::optional<std::chrono::nanoseconds> mean_of(const DurationHistogram& histogram) noexcept;
// `share` in (0, 1]; within a bucket durations are taken to be spread evenly, as Prometheus's histogram_quantile()
// does.
std::optional<DurationEstimate> quantile_of(const DurationHistogram& histogram, double share) noexcept;

}  // namespace vouch
