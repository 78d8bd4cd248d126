// What is known about the security of a piece of data (RFC 4033 section 5, RFC 4035 section 4.3). It travels with the
// data: from the validator into the cache and from there to the client. `unchecked` data has met no validator
// (validation is off, or the client said CD).
#pragma once

#include <cstdint>

namespace vouch {

enum class Security : std::uint8_t {
  unchecked,
  indeterminate,
  bogus,
  insecure,
  secure,
};

}  // namespace vouch
