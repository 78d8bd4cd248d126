// What of a changed configuration a running vouchd can take, and what waits for a restart: what is decided once at
// start, with privileges that are gone, or is the size of a table that is in use.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conf/configuration.h"

namespace vouch {

// Whether a change of this key ("cache.size") waits for a restart. conf/vouch.yaml says so beside each such key.
bool needs_restart(std::string_view path) noexcept;

// The keys whose values differ, as --print-config would show them, in the table's order. Secrets are not shown, and so
// never among them.
std::vector<std::string> changed_keys(const Configuration& running, const Configuration& next);

// Gives every key of `next` that needs a restart the value that is running; returns those that would have changed.
std::vector<std::string> keep_until_restart(const Configuration& running, Configuration& next);

}  // namespace vouch
