// What a snapshot's data and verdicts rest on, as fingerprints: after a restart with other grounds they are not
// believed.
#pragma once

#include "resolver/cache/snapshot.h"
#include "resolver/dnssec/dnssec_options.h"
#include "resolver/dnssec/trust_anchors.h"
#include "resolver/iterate/resolver_options.h"

namespace vouch {

// Sources: where resolution begins, and whom the operator has it ask. Verdicts: the anchors of this moment, positive
// and negative, every option that decides what holds, what this machine's library can check, and the version of vouchd,
// whose successor may have learnt better. Any thread.
SnapshotGrounds snapshot_grounds(const ResolverOptions& resolver, const DnssecOptions& dnssec,
                                 const AnchorSet& anchors);

}  // namespace vouch
