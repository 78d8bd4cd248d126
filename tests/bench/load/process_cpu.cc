#include "tests/bench/load/process_cpu.h"

#include <unistd.h>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

namespace vouch::load {

namespace {

constexpr std::size_t kMaxProcesses = 1000;  // more children than this: something else is wrong
constexpr int kFieldsBeforeTimes = 11;       // of proc(5) "stat", between the command's ")" and utime

// utime + stime + cutime + cstime, in ticks. The command name may hold blanks and brackets: its last ")" ends it.
std::optional<std::uint64_t> ticks_of(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(in, line)) { return std::nullopt; }
  const std::size_t bracket = line.rfind(')');
  if (bracket == std::string::npos) { return std::nullopt; }
  std::istringstream fields(line.substr(bracket + 1));
  std::string skipped;
  for (int i = 0; i < kFieldsBeforeTimes; ++i) { fields >> skipped; }
  std::uint64_t sum = 0;
  for (int i = 0; i < 4; ++i) {
    std::uint64_t ticks = 0;
    if (!(fields >> ticks)) { return std::nullopt; }
    sum += ticks;
  }
  return sum;
}

// A process's children hang on whichever of its threads made them.
std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> children;
  std::error_code error;
  const std::filesystem::directory_iterator threads("/proc/" + std::to_string(pid) + "/task", error);
  if (error) { return children; }
  for (const auto& thread : threads) {
    std::ifstream in(thread.path() / "children");
    for (pid_t child = 0; in >> child;) { children.push_back(child); }
  }
  return children;
}

}  // namespace

std::optional<std::chrono::microseconds> cpu_time_of(pid_t pid) {
  const std::optional<std::uint64_t> own = ticks_of(pid);
  if (!own) { return std::nullopt; }
  std::uint64_t ticks = *own;
  std::vector<pid_t> waiting = children_of(pid);
  for (std::size_t seen = 0; !waiting.empty() && seen < kMaxProcesses; ++seen) {
    const pid_t child = waiting.back();
    waiting.pop_back();
    ticks += ticks_of(child).value_or(0);
    const std::vector<pid_t> grandchildren = children_of(child);
    waiting.insert(waiting.end(), grandchildren.begin(), grandchildren.end());
  }
  const auto ticks_per_second = static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
  return std::chrono::microseconds(ticks * 1'000'000 / ticks_per_second);
}

}  // namespace vouch::load
