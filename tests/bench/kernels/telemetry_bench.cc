// What telling costs: a scrape, and the hourly write. A scrape of an ISP's resolver may take 20 ms.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "telemetry/history.h"
#include "telemetry/metrics.h"
#include "tests/unit/telemetry/filled_figures.h"

namespace vouch {
namespace {

struct Size {
  std::size_t zones, tlds;
};
constexpr Size kHome{20, 40};
constexpr Size kIsp{200, 100};

void metrics(benchmark::State& state, Size size) {
  const Figures figures = filled_figures(size.zones, size.tlds);
  const StatusFigures status = filled_status();
  std::size_t octets = 0;
  for (auto _ : state) { octets = metrics_text(figures, status).size(); }
  state.counters["octets"] = static_cast<double>(octets);
}
void MetricsText_Home(benchmark::State& state) { metrics(state, kHome); }
void MetricsText_Isp(benchmark::State& state) { metrics(state, kIsp); }
BENCHMARK(MetricsText_Home);
BENCHMARK(MetricsText_Isp);

// With all counters moved; most of it is the disk.
void HistoryWrite_Isp(benchmark::State& state) {
  std::string folder = (std::filesystem::temp_directory_path() / "vouch-bench-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    state.SkipWithError("no folder");
    return;
  }
  const auto history = History::open({folder, 400}, kSampleStart);
  Figures figures = filled_figures(kIsp.zones, kIsp.tlds);
  std::uint64_t hour = 0;
  for (auto _ : state) {
    ++hour;
    figures.counters = counted(1000 * hour, hour);
    history->write(figures, filled_status(), kSampleStart + static_cast<UnixTime>(hour) * 3600);
  }
  std::filesystem::remove_all(folder);
}
BENCHMARK(HistoryWrite_Isp)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace vouch
