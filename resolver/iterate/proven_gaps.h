// Aggressive use of validated proofs (RFC 8198): what a judgement proved is kept, and later questions that fall into
// the same gap are answered from it. Ties the store (resolver/cache/denial_cache.h) to the reasoning
// (resolver/dnssec/synthesis.h).
#pragma once

#include <optional>

#include "resolver/cache/caches.h"
#include "resolver/dnssec/validator.h"
#include "resolver/iterate/classify.h"

namespace vouch {

// Keeps what a secure judgement proved: its sound proofs, the zone's SOA, and a wildcard's data under the wildcard's
// own name. Nothing for any other judgement.
void keep_gaps(const Response& response, const Judgement& judgement, Caches& caches, TtlTime now);

// The answer to a question that proofs at hand settle; nothing when the zone must be asked. Spends hash iterations.
std::optional<Answer> answer_from_gaps(const Question& question, const Caches& caches, const DnssecOptions& options,
                                       TtlTime now, Budget& budget);

}  // namespace vouch
