#include "telemetry/web/estimate.h"

namespace vouch {

std::uint64_t count_of(const DurationHistogram& histogram) noexcept {
  std::uint64_t count = 0;
  for (const Counter& bucket : histogram.buckets) { count += bucket.value(); }
  return count;
}

std::optional<std::chrono::nanoseconds> mean_of(const DurationHistogram& histogram) noexcept {
  const std::uint64_t count = count_of(histogram);
  if (count == 0) { return std::nullopt; }
  return std::chrono::nanoseconds(static_cast<std::int64_t>(histogram.nanoseconds.value() / count));
}

std::optional<DurationEstimate> quantile_of(const DurationHistogram& histogram, double share) noexcept {
  constexpr double kNanoseconds = 1000;  // in a microsecond
  const auto& bounds = DurationHistogram::kBounds;
  // Counted once: the workers go on counting meanwhile, and rank and buckets must fit each other.
  std::array<double, bounds.size() + 1> counts{};
  double all = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i] = static_cast<double>(histogram.buckets[i].value());
    all += counts[i];
  }
  if (all == 0) { return std::nullopt; }
  const double rank = share * all;
  double below = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (counts[i] > 0 && below + counts[i] >= rank) {
      const double lower = i == 0 ? 0 : bounds[i - 1], upper = bounds[i];
      const double at = lower + (upper - lower) * (rank - below) / counts[i];
      return DurationEstimate{std::chrono::nanoseconds(static_cast<std::int64_t>(at * kNanoseconds)), false};
    }
    below += counts[i];
  }
  return DurationEstimate{std::chrono::microseconds(bounds.back()), true};
}

}  // namespace vouch
