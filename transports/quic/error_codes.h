// The codes with which connections and streams end.
#pragma once

#include <cstdint>

namespace vouch {

// RFC 9250 section 8.4.
enum class DoqError : std::uint64_t {
  no_error = 0x0,
  internal_error = 0x1,
  protocol_error = 0x2,
  request_cancelled = 0x3,
  excessive_load = 0x4,
  unspecified_error = 0x5,
};

// RFC 9114 section 8.1; those that we say ourselves, nghttp3 knows the others.
enum class Http3Error : std::uint64_t {
  no_error = 0x100,
  general_protocol_error = 0x101,
  internal_error = 0x102,
  stream_creation_error = 0x103,
  excessive_load = 0x107,
  request_rejected = 0x10b,
  request_cancelled = 0x10c,
};

constexpr std::uint64_t code_of(DoqError error) noexcept { return static_cast<std::uint64_t>(error); }
constexpr std::uint64_t code_of(Http3Error error) noexcept { return static_cast<std::uint64_t>(error); }

}  // namespace vouch
