// What the tests of conf/ share: a configuration from text, with files that exist only here.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "conf/loader.h"

namespace vouch {

inline constexpr const char* kTestFile = "conf/test.yaml";

class FilesInMemory {
 public:
  FilesInMemory& add(const std::string& path, const std::string& text, bool is_world_readable = false) {
    files_[path] = {text, is_world_readable};
    return *this;
  }
  std::expected<FileText, std::string> read(const std::string& path) const {
    const auto found = files_.find(path);
    if (found == files_.end()) { return std::unexpected("No such file or directory"); }
    return found->second;
  }

 private:
  std::map<std::string, FileText> files_;
};

inline Loaded load(std::string_view text, const FilesInMemory& files = {}) {
  return load_configuration_text(text, kTestFile, [&files](const std::string& path) { return files.read(path); });
}

// The errors as an operator sees them; none when all is well.
inline std::vector<std::string> complaints(std::string_view text, const FilesInMemory& files = {}) {
  std::vector<std::string> out;
  if (const Loaded loaded = load(text, files); !loaded) {
    for (const ConfigError& error : loaded.error()) { out.push_back(error.text()); }
  }
  return out;
}

}  // namespace vouch
