// Zones that are broken on purpose, for people to try their resolver with (RFC 7646 section 6 warns of them). Their
// failures are real and are answered like any other; but they are nobody's fault and are counted apart.
#pragma once

#include "resolver/wire/verdict.h"

namespace vouch {

// Whether the zone is at or below one of those that are known.
bool is_test_zone(NameView zone) noexcept;

// What a verdict counts as: Reason::test_zone for a bogus one at such a zone, else its own reason.
inline Reason counted_reason(const Verdict& verdict) noexcept {
  return verdict.is_bogus() && is_test_zone(verdict.zone()) ? Reason::test_zone : verdict.reason();
}

}  // namespace vouch
