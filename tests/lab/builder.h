#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "tests/lab/catalogue.h"
#include "tests/lab/outcome.h"

// Turns the catalogue into files: signed zone files, trust anchors, hints, manifest.
namespace vouch::lab {

constexpr std::int64_t kRenewBefore = 7 * 24 * 60 * 60;  // sign anew when less life than this is left

std::string zone_file_path(const std::string& dir, const ZoneSpec& zone, bool stale);

// Does nothing when `dir` already holds this catalogue with enough life in its signatures. `progress` gets a line now
// and then. `now` is in Unix seconds.
Outcome<void> build(const Catalogue& catalogue, const std::string& dir, std::int64_t now,
                    const std::function<void(const std::string&)>& progress);

}  // namespace vouch::lab
