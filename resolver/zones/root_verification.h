// Whether a zone is the root, as a trust anchor vouches for it: its DNSKEY RRset by the anchor, its SOA, NS and ZONEMD
// RRsets by those keys (RFC 4035), and every other record by the ZONEMD digest (RFC 8976). Nobody is asked; all that is
// needed is in the zone.
#pragma once

#include <expected>
#include <string>

#include "resolver/dnssec/signature.h"
#include "resolver/dnssec/trust_anchors.h"
#include "resolver/zones/zone.h"

namespace vouch {

struct RootTerms {
  const AnchorSet& anchors;
  Sha1Policy sha1 = Sha1Policy::validate;
  UnixTime now = 0;
  std::uint32_t skew = 0;  // seconds that signatures' times are stretched by
  Instant start{};         // monotonic: the work is bounded by a Budget that begins here
};

// When the first of the signatures that vouch for it ends. On failure half a sentence: what does not hold, and why.
std::expected<UnixTime, std::string> verify_root(const Zone& zone, const RootTerms& terms);

}  // namespace vouch
