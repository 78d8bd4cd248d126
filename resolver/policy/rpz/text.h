// Policy zones from zone files.
#pragma once

#include <cstdio>
#include <expected>
#include <string>

#include "resolver/policy/rpz/zone.h"
#include "resolver/wire/zone_file.h"

namespace vouch {

// Text that is no record ends it (a file cut short is no smaller policy), rules that cannot be understood do not: see
// RpzReport, whose places are lines.
std::expected<RpzZonePtr, ZoneFileFault> read_rpz_text(std::FILE& file, NameView zone);

// The same from a file by name, which is a regular one. The error reads "path:line: problem".
std::expected<RpzZonePtr, std::string> read_rpz_file(const std::string& path, NameView zone);

}  // namespace vouch
