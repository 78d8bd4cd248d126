// Text that somebody else wrote, point by point: whether it is UTF-8, and what of it a reader sees. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace vouch {

struct Utf8Point {
  char32_t point = 0;
  std::size_t octets = 0;  // that it takes; 0: not UTF-8
};
// The first of a text that is not empty. RFC 3629: shortest form only, no surrogates, nothing above U+10FFFF.
Utf8Point first_point(std::string_view text) noexcept;

// False: a reader does not see it, or it moves other text about. Tab and line ends are among them.
bool is_visible(char32_t point) noexcept;

}  // namespace vouch
