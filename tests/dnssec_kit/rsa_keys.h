#pragma once

#include <array>
#include <string_view>

namespace vouch::dnssec_kit {

// The RSA keys of tests/lab/keys, published on purpose; put into the program by CMake so that it runs from anywhere.
extern const std::array<std::string_view, 4> kRsaKeys;

}  // namespace vouch::dnssec_kit
