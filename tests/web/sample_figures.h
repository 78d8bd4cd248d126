// Figures for looking at pages and for testing them: plausible, always the same, and one set that is hostile in every
// string.
#pragma once

#include <string>
#include <vector>

#include "telemetry/web/pages.h"

namespace vouch {

inline constexpr UnixTime kSampleTime = 1'796'053'260;  // 2026-11-30 15:41 UTC

struct Sample {
  std::string name;
  Figures figures;
  StatusFigures status;
  std::vector<HourFigures> month;
  std::vector<SiteReport> reports;
  std::int32_t utc_offset = 0;
};

Sample rich_sample();       // a community network on an ordinary day
Sample fresh_sample();      // just started, nobody has asked
Sample young_sample();      // for twenty minutes, a few devices
Sample observing_sample();  // rich, on trial
Sample off_sample();        // rich, validation off
Sample troubled_sample();   // clock wrong, certificate and anchors gone, history failing
Sample hostile_sample();    // every string an attempt to break out
// What no rendered page may contain as it is.
const std::string& hostile_text();
std::vector<Sample> all_samples();

}  // namespace vouch
