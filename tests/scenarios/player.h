// Plays a scenario: puts its questions to the resolver, answers the resolver's questions from its entries, compares.
#pragma once

#include <string>
#include <vector>

#include "tests/scenarios/scenario.h"

namespace vouch::simulation {

struct Playback {
  enum class Verdict : std::uint8_t { passed, failed, not_playable };
  Verdict verdict = Verdict::passed;
  std::vector<std::string> problems;    // what differed or was missing, with step and line; or why it cannot be played
  std::vector<std::string> transcript;  // everything that happened, in order
};

// `text` is the whole file.
Playback play(std::string_view text);

}  // namespace vouch::simulation
