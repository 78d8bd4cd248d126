// Answers made from what a zone has proven before, without asking it (RFC 8198): there is no such name, no such data,
// or a wildcard answers. The one place that decides whether cached proofs may stand for a reply. Pure logic.
#pragma once

#include <optional>
#include <span>

#include "resolver/base/budget.h"
#include "resolver/dnssec/algorithms.h"
#include "resolver/wire/answer.h"

namespace vouch {

// What the store of proofs has for a question: all of one zone, secure, live and none of them a wildcard's expansion.
struct ProvenGap {
  NameView zone;
  RRsetPtr soa;
  std::span<const RRsetPtr> proofs;  // NSEC, NSEC3
  std::uint32_t ttl = 0;             // seconds: the least that is left of any of them
};

// Where the RRsets of wildcards are kept, each under the wildcard's own name ("*.example.").
class WildcardSets {
 public:
  virtual ~WildcardSets() = default;
  // The secure, live set of exactly this owner and type, with its signatures, and the seconds that it has left; nothing
  // when there is none (a set that is not known to be secure is none).
  virtual std::optional<AnswerPart> secure_set(NameView wildcard, Type type) = 0;
};

// Hash iterations of a client query that synthesis may use up: two fifths, since judging what is then asked on the wire
// after all takes up to six names (budget.h). Each question costs twice, for finding the proofs and for proving with
// them.
constexpr std::uint32_t kSynthesisIterations = Budget::kHashIterations / 5 * 2;

// The hash of a name, paid from the budget, for finding its NSEC3. Nothing beyond kSynthesisIterations, for more than
// `max_iterations` (RFC 9276 section 3.2), or when the library refuses SHA-1.
std::optional<Nsec3Hash> hash_for_synthesis(NameView name, Bytes salt, std::uint16_t iterations,
                                            std::uint16_t max_iterations, Budget& budget);

// The whole answer, secure: NXDOMAIN or NODATA with SOA and proofs in the authority section; or the wildcard's data
// under the name asked for, with the proofs that nothing is closer (RFC 8198 section 5). Its TTLs are bounded by
// `gap.ttl` and the SOA's minimum (RFC 9077). Nothing when it cannot be proven: then the zone must be asked.
//
// Never for ANY and the other meta-types, for RRSIG, at or below a zone cut (but for the DS at it), below a DNAME, by
// opt-out spans, for a DS at the zone's own apex; never from a wildcard for the types that make no sense at one (RFC
// 4592 section 4). A wildcard's CNAME answers only who asks for it.
std::optional<Answer> synthesise(const Question& question, const ProvenGap& gap, std::uint16_t max_iterations,
                                 WildcardSets& wildcards, Budget& budget);

}  // namespace vouch
