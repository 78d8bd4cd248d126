#pragma once

#include <cstdint>
#include <string>

#include "tests/lab/flaw.h"
#include "tests/lab/outcome.h"
#include "tests/lab/zone.h"

namespace vouch::lab {

enum class Denial { none, nsec, nsec3, nsec3_opt_out };

struct DenialSettings {
  Denial kind = Denial::nsec;
  std::uint16_t iterations = 0;  // RFC 9276: zero, unless the zone exists to be expensive
  std::string salt;              // hexadecimal, empty for none
  Flaw flaw = Flaw::none;        // the flaws that live in the chain itself are made here
};

// Adds the records that prove absence (RFC 4034 section 4, RFC 5155 section 7.1). The zone's cuts must have been found.
Outcome<void> add_denial(Zone& zone, const DenialSettings& settings);

}  // namespace vouch::lab
