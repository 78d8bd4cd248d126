// Whether what a server says is so (RFC 4035 section 5): every RRset by the keys of its zone, every "there is no such"
// by its proofs. One Validator per worker, used on its thread; what it learns of zones is shared through the
// TrustCache.
#pragma once

#include <span>
#include <vector>

#include "resolver/dnssec/chain.h"
#include "resolver/dnssec/denial.h"

namespace vouch {

// What a reply, or the cache, says about a question. References what it was made from.
struct Claim {
  enum class Kind : std::uint8_t { positive, no_data, name_error };  // positive: no word on where the aliases lead
  Kind kind = Kind::positive;
  NameView name;                       // asked for
  Type type = Type::none;              // likewise
  std::span<const RRsetPtr> answers;   // aliases in the order they are followed; after a DNAME the CNAME made from it
  NameView denied;                     // negative: the name of which something is denied
  RRsetPtr soa;                        // negative: null when none came
  std::span<const RRsetPtr> proofs;    // NSEC and NSEC3 of the authority section
  bool is_alias_contradicted = false;  // the server sent another CNAME than its DNAME implies
};

struct Judgement {
  Verdict verdict;  // of the claim: the weakest of its parts'
  struct Part {
    Verdict verdict;
    std::uint32_t ttl = kNoCeiling;    // seconds, at most, of what signatures date: they may end before the TTL does
    bool needs_proofs = false;         // came from a wildcard: says little without the proofs
    std::uint8_t wildcard_labels = 0;  // then: the labels of the wildcard's parent
  };
  std::vector<Part> parts;     // one for each of the claim's answers; after the first bogus one all are unchecked
  Part denial;                 // of a negative claim, likewise
  bool is_about_data = false;  // bogus because of what this server sent, not because of the zone: another may do better
  Name zone;                   // whose keys signed the last of it
  SignatureResult signature;   // of the last set, or the denial's SOA; its algorithm is 0 when none held
  // Of the claim's proofs those whose signatures hold; nothing else of them may be handed on or kept beside secure
  // data. Aliases may lead through several zones: not all need be `zone`'s.
  std::vector<RRsetPtr> proofs;
  std::uint32_t proofs_ttl = 0;  // seconds
};

class Validator {
 public:
  explicit Validator(const ValidatorParts& parts) : parts_(parts), chain_(parts) {}

  // Always ends; what cannot be judged within the budget is bogus with `work_limit`. Arguments must outlive the task.
  Task<Judgement> judge(const Claim& claim, Budget& budget);
  // The verdict that stands in the end, when all have been heard: once for each claim, however often it was judged.
  void count(const Verdict& verdict);

 private:
  Task<Judgement> judge_by(const Claim& claim, const ChainTerms& terms, Budget& budget);
  Task<void> judge_set(const Claim& claim, std::size_t index, const ChainTerms& terms, Budget& budget,
                       Judgement& judgement);
  Task<void> judge_denial(const Claim& claim, const ChainTerms& terms, Budget& budget, Judgement& judgement);
  Task<ZoneTrustPtr> trusted_holder(const Name& home, const std::optional<Name>& signer, Reason unsigned_reason,
                                    const ChainTerms& terms, Budget& budget, Judgement& judgement,
                                    Judgement::Part& part);
  Verdict judge_wildcard(const Claim& claim, const RRset& rrset, const ZoneTrust& zone, std::uint8_t labels,
                         const ChainTerms& terms, Budget& budget, Judgement& judgement, Judgement::Part& part) const;
  bool is_time_name(NameView name) const noexcept;

  ValidatorParts parts_;
  Chain chain_;
};

}  // namespace vouch
