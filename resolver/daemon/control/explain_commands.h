// The command `explain` (docs/explain.md): why an answer is what it is.
#pragma once

#include <functional>

#include "resolver/daemon/control/registry.h"
#include "resolver/daemon/explaining.h"

namespace vouch {

// What it leans on; all of it outlives the control thread.
struct ExplainCommandParts {
  Explaining& explaining;
  std::function<void(std::move_only_function<void()>)> post;  // runs on the control thread, later
};

void add_explain_command(ControlRegistry& registry, const ExplainCommandParts& parts);

}  // namespace vouch
