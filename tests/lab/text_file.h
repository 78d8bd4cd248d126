#pragma once

#include <fmt/format.h>

#include <fstream>
#include <string>

#include "tests/lab/outcome.h"

namespace vouch::lab {

inline Outcome<void> write_file(const std::string& path, const std::string& text) {
  std::ofstream out(path);
  out << text;
  out.close();
  if (!out) { return failure(fmt::format("cannot write {}", path)); }
  return {};
}

}  // namespace vouch::lab
