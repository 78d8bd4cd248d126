#pragma once

#include <array>
#include <string_view>

namespace vouch::lab {

// The files of tests/lab/keys, put into the program by CMake so that it runs from anywhere.
extern const std::array<std::string_view, 4> kRsaTestKeys;

}  // namespace vouch::lab
