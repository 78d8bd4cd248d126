// The commands `nta ...` (docs/explain.md): validation switched off for a zone that broke its own signatures, for a
// while.
#pragma once

#include <functional>
#include <vector>

#include "resolver/daemon/control/registry.h"
#include "resolver/daemon/negative_anchor_file.h"
#include "resolver/dnssec/dnssec_options.h"

namespace vouch {

// What they lean on; all of it outlives the control thread and what the file has left to do.
struct NegativeAnchorCommandParts {
  NegativeAnchorKeeper& negatives;
  NegativeAnchorFile* file = nullptr;                         // null: nothing is remembered across a restart
  std::function<std::vector<NegativeAnchor>()> in_force;      // configured or set at run time
  std::function<bool()> validates;                            // whether anything is, as it is configured now
  std::function<void(std::move_only_function<void()>)> post;  // runs on the control thread, later; any thread
};

void add_negative_anchor_commands(ControlRegistry& registry, const NegativeAnchorCommandParts& parts);

}  // namespace vouch
