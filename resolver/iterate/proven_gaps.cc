#include "resolver/iterate/proven_gaps.h"

#include <algorithm>

#include "resolver/dnssec/synthesis.h"

namespace vouch {

namespace {

class BudgetedHasher final : public DenialCache::Hasher {
 public:
  BudgetedHasher(const DnssecOptions& options, Budget& budget) : options_(options), budget_(budget) {}
  std::optional<std::array<Octet, 20>> hash(NameView name, Bytes salt, std::uint16_t iterations) override {
    return hash_for_synthesis(name, salt, iterations, options_.nsec3_max_iterations, budget_);
  }

 private:
  const DnssecOptions& options_;
  Budget& budget_;
};

class CachedWildcards final : public WildcardSets {
 public:
  CachedWildcards(const RRsetCache& cache, TtlTime now) : cache_(cache), now_(now) {}
  std::optional<AnswerPart> secure_set(NameView wildcard, Type type) override {
    auto entry = cache_.find(wildcard, type, now_);
    if (!entry || entry->kind != EntryKind::rrset || entry->security != Security::secure) { return std::nullopt; }
    return AnswerPart{std::move(entry->rrset), entry->ttl};
  }

 private:
  const RRsetCache& cache_;
  TtlTime now_;
};

// The set as the zone has it, before it was expanded to the name that was asked for (RFC 4592 section 2.1.1).
void keep_wildcard(const RRset& expanded, const Judgement::Part& part, Caches& caches, TtlTime now) {
  constexpr Octet kStar[] = {'*'};
  Name wildcard(expanded.owner().suffix(part.wildcard_labels));
  if (!wildcard.prepend_label(kStar)) { return; }
  const RRsetPtr original = expanded.with_owner(wildcard);
  caches.rrsets.put(original, Credibility::answer_authoritative, Security::secure, now, nullptr, Reason::none,
                    part.ttl);
}

}  // namespace

void keep_gaps(const Response& response, const Judgement& judgement, Caches& caches, TtlTime now) {
  if (!judgement.verdict.is_secure() || judgement.proofs.empty()) { return; }
  for (std::size_t i = 0; i < response.answers.size(); ++i) {
    const Judgement::Part& part = judgement.parts[i];
    if (part.needs_proofs) { keep_wildcard(*response.answers[i], part, caches, now); }
  }
  // RFC 9077: no proof denies for longer than the SOA lets a negative answer live.
  std::uint32_t ttl = judgement.proofs_ttl;
  if (response.soa) {
    ttl = std::min({ttl, judgement.denial.ttl, response.soa->ttl(), soa_view(response.soa->first_rdata()).minimum});
  }
  // The operator's least TTL does not keep a proof beyond its signature's end.
  const std::uint32_t end = response.soa ? std::min(judgement.proofs_ttl, judgement.denial.ttl) : judgement.proofs_ttl;
  ttl = std::min(caches.options.bounded_negative_ttl(ttl), end);
  for (const RRsetPtr& proof : judgement.proofs) {
    caches.denials.put(judgement.zone, proof, std::min(ttl, proof->ttl()), now);
  }
  if (response.soa) { caches.denials.put_soa(judgement.zone, response.soa, ttl, now); }
}

std::optional<Answer> answer_from_gaps(const Question& question, const Caches& caches, const DnssecOptions& options,
                                       TtlTime now, Budget& budget) {
  BudgetedHasher hasher(options, budget);
  const auto gathered = caches.denials.gather(question.name, question.type, now, hasher);
  if (!gathered) { return std::nullopt; }
  CachedWildcards wildcards(caches.rrsets, now);
  const ProvenGap gap{gathered->zone, gathered->soa, gathered->proofs, gathered->ttl};
  return synthesise(question, gap, options.nsec3_max_iterations, wildcards, budget);
}

}  // namespace vouch
