// Who says to have signed an RRset: read from its RRSIGs, not verified.
#pragma once

#include <optional>

#include "resolver/wire/rrset.h"

namespace vouch {

// The signer's name closest above or at the owner; nothing when no signature names one that could be (RFC 4035
// section 5.3.1: the signer is the zone that holds the set).
inline std::optional<Name> closest_signer(const RRset& rrset) {
  std::optional<Name> closest;
  for (const Bytes rdata : rrset.signatures()) {
    const auto signature = rrsig_view(rdata);
    if (!signature || !rrset.owner().is_at_or_below(signature->signer)) { continue; }
    if (!closest || signature->signer.labels() > closest->view().labels()) { closest = Name(signature->signer); }
  }
  return closest;
}

}  // namespace vouch
