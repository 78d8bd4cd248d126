#include "resolver/cache/snapshot_time.h"

#include <algorithm>

namespace vouch {

namespace {

constexpr std::int64_t kRounding = 1;  // both moments are whole seconds, rounded down

}  // namespace

std::string_view doubt_text(TimeDoubt doubt) noexcept {
  switch (doubt) {
    case TimeDoubt::clock_went_back:
      return "the machine's clock is earlier than the snapshot";
    case TimeDoubt::clock_not_set:
      return "the machine was started anew, and nothing has set its clock since";
    case TimeDoubt::never_known:
      return "the machine was started anew, and its clock was not set when the snapshot was taken";
  }
  return "";
}

std::expected<std::int64_t, TimeDoubt> elapsed_between(const SnapshotMoment& taken,
                                                       const SnapshotMoment& now) noexcept {
  // Signatures' times are told by this clock, so that one which went back is of no use whatever the uptime says.
  if (taken.wall < 0 || now.wall < taken.wall) { return std::unexpected(TimeDoubt::clock_went_back); }
  const std::int64_t by_wall = now.wall - taken.wall;
  const bool same_start = taken.start == now.start && taken.start != std::array<Octet, 16>{};
  if (same_start && taken.uptime >= 0 && now.uptime >= taken.uptime) {
    return std::max(by_wall, now.uptime - taken.uptime) + kRounding;
  }
  if (!taken.is_clock_set) { return std::unexpected(TimeDoubt::never_known); }
  if (!now.is_clock_set) { return std::unexpected(TimeDoubt::clock_not_set); }
  return by_wall + kRounding;
}

}  // namespace vouch
