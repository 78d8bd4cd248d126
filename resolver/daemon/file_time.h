// When a file was written last.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>

#include "resolver/base/clock.h"

namespace vouch {

// Nothing: there is none, or it cannot be looked at.
inline std::optional<UnixTime> file_time(const std::string& path) noexcept {
  struct stat status {};
  if (path.empty() || ::stat(path.c_str(), &status) != 0) { return std::nullopt; }
  return status.st_mtim.tv_sec;
}

}  // namespace vouch
