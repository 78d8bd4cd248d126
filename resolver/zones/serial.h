// Serial numbers of zones, which wrap (RFC 1982).
#pragma once

#include <cstdint>

namespace vouch {

// Whether `a` is later than `b`. For two that lie exactly half the circle apart the RFC leaves it undefined: then
// neither is later, so that nobody moves for it.
constexpr bool is_later_serial(std::uint32_t a, std::uint32_t b) noexcept {
  const std::uint32_t ahead = a - b;
  return ahead != 0 && ahead < 0x80000000U;
}

}  // namespace vouch
