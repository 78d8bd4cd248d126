// What a filled resolver tells, for tests that read it from outside.
//
//   telemetry_sample metrics [home | isp]    the text of /metrics
//   telemetry_sample history DIRECTORY       a history of two days in that folder
#include <cstdio>
#include <iostream>
#include <string_view>

#include "telemetry/history.h"
#include "telemetry/metrics.h"
#include "tests/unit/telemetry/filled_figures.h"

namespace {

int tell_metrics(std::string_view size) {
  const bool is_isp = size == "isp";
  std::cout << vouch::metrics_text(vouch::filled_figures(is_isp ? 200 : 20, is_isp ? 100 : 40), vouch::filled_status());
  return 0;
}

int write_history(const char* directory) {
  constexpr int kHours = 48;
  const auto history = vouch::History::open({directory, 400}, vouch::kSampleStart);
  for (int hour = 1; hour <= kHours; ++hour) {
    vouch::Figures figures = vouch::filled_figures(5, 5);
    figures.counters = vouch::counted(static_cast<std::uint64_t>(hour) * 100, 1);
    history->write(figures, vouch::filled_status(), vouch::kSampleStart + hour * 3600);
  }
  const std::string problem = history->state().problem;
  if (!problem.empty()) { std::cerr << problem << '\n'; }
  return problem.empty() ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  const std::string_view what = count > 1 ? words[1] : "";
  if (what == "metrics") { return tell_metrics(count > 2 ? words[2] : "home"); }
  if (what == "history" && count == 3) { return write_history(words[2]); }
  std::cerr << "telemetry_sample metrics [home | isp] | history DIRECTORY\n";
  return 2;
}
