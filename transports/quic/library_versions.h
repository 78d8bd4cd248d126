// The libraries under QUIC and their versions, as they run: for `vouchd --version`.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace vouch {

std::vector<std::pair<std::string, std::string>> quic_library_versions();

}  // namespace vouch
