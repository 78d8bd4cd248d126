// Whether a zone validates, if nothing switched its validation off (RFC 7646 section 2: a zone below a negative trust
// anchor is looked at again and again).
#pragma once

#include "resolver/dnssec/negative_anchor_keeper.h"
#include "resolver/explain/private_resolver.h"

namespace vouch {

// Asks afresh for the SOA and the address at the zone's apex, for www below it, and for what is not there (a type that
// no apex has), so that keys, data and proofs are seen alike. It holds when none of them fails. Takes the time of four
// budgets at most.
Task<ZoneProber::Health> zone_health(PrivateResolverParts parts, Name zone);

}  // namespace vouch
