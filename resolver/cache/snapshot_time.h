// How much time has gone by between two runs of the program. Nothing may come back from a snapshot younger than it is,
// and the wall clock alone cannot tell: a Raspberry Pi without a battery-backed clock starts where it was switched off,
// and is set right a minute later. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string_view>

#include "resolver/base/bytes.h"
#include "resolver/base/clock.h"

namespace vouch {

struct SnapshotMoment {
  UnixTime wall = 0;
  std::int64_t uptime = 0;        // seconds since the machine was started, sleep included (CLOCK_BOOTTIME)
  std::array<Octet, 16> start{};  // names the machine's start; all zero: not known
  bool is_clock_set = false;      // the wall clock is kept right from outside
  friend bool operator==(const SnapshotMoment&, const SnapshotMoment&) = default;
};

enum class TimeDoubt : std::uint8_t {
  clock_went_back,  // it is earlier than when the snapshot was taken
  clock_not_set,    // the machine was started anew, and its clock is not set yet: it may be later
  never_known,      // likewise, and nobody set it when the snapshot was taken: it will not be known
};
std::string_view doubt_text(TimeDoubt doubt) noexcept;

// Seconds from `taken` to `now`, never less than have gone by. While the machine has not been started anew its uptime
// says so, whatever was done to the wall clock; where the two differ, the longer time counts. Across a start the wall
// clock has to be one that was, and is, set from outside.
std::expected<std::int64_t, TimeDoubt> elapsed_between(const SnapshotMoment& taken, const SnapshotMoment& now) noexcept;

}  // namespace vouch
