// From a file to a checked Configuration, or to everything that is wrong with it. Throws nothing; reads nothing but the
// file and the files that it names; changes nothing.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/config_error.h"
#include "conf/configuration.h"

namespace vouch {

// What a file says, and whether everybody on the machine may read it.
struct FileText {
  std::string text;
  bool is_world_readable = false;
};
// How the loader reads files; the error says why it could not. Tests and fuzzers pass their own.
using FileReader = std::function<std::expected<FileText, std::string>(const std::string& path)>;

// At most kMaxConfigOctets of a file (or pipe).
std::expected<FileText, std::string> read_file(const std::string& path);

using Loaded = std::expected<Configuration, std::vector<ConfigError>>;

// All errors at once, in the order of the file. The list is never empty.
Loaded load_configuration(const std::string& path);
// `name` is the file's path, for messages and for the paths in it that do not begin with a slash.
Loaded load_configuration_text(std::string_view text, const std::string& name, const FileReader& reader);

}  // namespace vouch
