// What a zone's DNSKEY RRset shows to whoever follows its key rolls: the half of RFC 5011 that checks signatures.
#pragma once

#include "resolver/base/budget.h"
#include "resolver/dnssec/rfc5011.h"
#include "resolver/dnssec/signature.h"

namespace vouch {

struct KeyLook {
  KeyObservation seen;  // for TrustPoint::observe()
  Verdict verdict;      // of the set under the keys trusted now: secure, or why it is not
};

// `dnskeys` is the set as servers gave it; its owner must be the point's zone. Signatures' times count whatever `time`
// says of ignoring them: a replayed set of long ago must not move anything.
KeyLook look_at_keys(const RRset& dnskeys, const TrustPoint& point, Sha1Policy sha1, const SignatureTime& time,
                     Budget& budget);

}  // namespace vouch
