// What policy did to answers, counted by one worker: written by its thread, read by others.
#pragma once

#include <array>

#include "telemetry/counters.h"
#include "telemetry/taxonomy.h"

namespace vouch {

struct PolicyCounters {
  std::array<Counter, kPolicyActionClasses> actions;  // rules of lists and policy zones that were carried out
  std::array<Counter, kPolicySourceSlots> sources;    // of these all but "pass", by list or zone (policy_sources.h)
  Counter addresses_left_out;                         // answers that rebinding protection took addresses from
  Counter dns64_answers;                              // AAAA made from A
};

}  // namespace vouch
