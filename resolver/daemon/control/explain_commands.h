// The commands `explain` and `nta ...` (docs/explain.md): why an answer is what it is, and validation switched off for
// a zone that broke its own signatures, for a while.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "resolver/daemon/control/registry.h"
#include "resolver/daemon/explaining.h"
#include "resolver/daemon/negative_anchor_file.h"

namespace vouch {

// What they lean on; all of it outlives the control thread.
struct ExplainCommandParts {
  Explaining& explaining;
  NegativeAnchorKeeper& negatives;
  NegativeAnchorFile* file = nullptr;                         // null: nothing is remembered across a restart
  std::function<bool()> validates;                            // whether anything is, as it is configured now
  std::function<void(std::move_only_function<void()>)> post;  // runs on the control thread, later
};

void add_explain_commands(ControlRegistry& registry, const ExplainCommandParts& parts);

// "90s", "45m", "2h", "7d", in seconds; nothing when it is no such time.
std::optional<std::int64_t> parse_span(std::string_view text) noexcept;

}  // namespace vouch
