// What is running: our version and those of the libraries.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vouch {

extern const std::string_view kVersion;

// "OpenSSL 3.0.11 ...", one for each library that is linked.
std::vector<std::string> library_versions();
// A line for each: "vouchd 0.1.0", "OpenSSL 3.0.11 ...".
std::string version_text();

}  // namespace vouch
