// play_scenario [-v] FILE...: plays replay scenarios and says of each whether it passes.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>

#include "tests/scenarios/player.h"

namespace {

using vouch::simulation::Playback;

constexpr int kPassed = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kNotPlayable = 77;  // what ctest's SKIP_RETURN_CODE is told

constexpr std::string_view kHelp =
    "play_scenario [-v] FILE...\n"
    "Plays replay scenarios (.rpl) against the resolver on virtual time. Says PASS, FAIL or SKIP for each file, and "
    "for\n"
    "a failure what was expected and what came. -v: everything that was asked and answered as well.\n"
    "Exit status: 0 all passed, 1 some failed, 77 none failed and some cannot be played.\n";

std::optional<std::string> contents_of(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) { return std::nullopt; }
  return std::string(std::istreambuf_iterator<char>(file), {});
}

int play_file(const char* path, bool verbose) {
  const auto text = contents_of(path);
  if (!text) {
    std::printf("FAIL %s\n  cannot be read\n", path);
    return kFailed;
  }
  const Playback playback = vouch::simulation::play(*text);
  const bool passed = playback.verdict == Playback::Verdict::passed;
  const bool failed = playback.verdict == Playback::Verdict::failed;
  std::printf("%s %s\n", passed ? "PASS" : failed ? "FAIL" : "SKIP", path);
  for (const auto& problem : playback.problems) { std::printf("  %s", problem.c_str()); }
  if (verbose) {
    for (const auto& line : playback.transcript) { std::printf("    | %s\n", line.c_str()); }
  }
  return passed ? kPassed : failed ? kFailed : kNotPlayable;
}

}  // namespace

int main(int count, char** words) {
  bool verbose = false;
  int passed = 0, failed = 0, skipped = 0;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "-h" || word == "--help") {
      std::printf("%s", kHelp.data());
      return kPassed;
    }
    if (word == "-v") {
      verbose = true;
      continue;
    }
    const int result = play_file(words[i], verbose);
    ++(result == kPassed ? passed : result == kFailed ? failed : skipped);
  }
  if (passed + failed + skipped == 0) {
    std::fprintf(stderr, "%s", kHelp.data());
    return kUsage;
  }
  if (passed + failed + skipped > 1) {
    std::printf("%d passed, %d failed, %d not playable\n", passed, failed, skipped);
  }
  return failed > 0 ? kFailed : skipped > 0 ? kNotPlayable : kPassed;
}
