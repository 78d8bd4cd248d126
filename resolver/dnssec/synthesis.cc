#include "resolver/dnssec/synthesis.h"

#include <algorithm>
#include <utility>

#include "resolver/dnssec/denial.h"
#include "resolver/dnssec/wildcard.h"

namespace vouch {

namespace {

bool may_hash(const Budget& budget, std::uint32_t iterations) noexcept {
  return budget.hash_iterations() + iterations <= kSynthesisIterations;
}

bool is_askable(const Question& question, const ProvenGap& gap) noexcept {
  if (is_meta(question.type) || question.type == Type::RRSIG) { return false; }
  if (question.type == Type::DS && question.name == gap.zone) { return false; }  // its parent's to say
  const bool is_whole = gap.soa && gap.soa->type() == Type::SOA && gap.soa->owner() == gap.zone && gap.ttl != 0 &&
                        soa_view(gap.soa->first_rdata()).minimum != 0;
  return is_whole && question.name.view().is_at_or_below(gap.zone);
}

// Whether an NSEC says that the zone ends at or above the name (RFC 6840 section 4.1, RFC 6672 section 5.3.4). Denial
// looks at the record that it proves with; here nothing is made at all as soon as any speaks of a cut on the way.
bool is_cut_off(const RRset& proof, const Question& question) noexcept {
  if (proof.type() != Type::NSEC) { return false; }
  const Bytes rdata = proof.first_rdata();
  const auto next = NameView::parse(rdata);
  if (!next) { return true; }
  const Bytes bitmap = rdata.subspan(next->length());
  const NameView name = question.name;
  if (name == proof.owner()) { return is_delegation(bitmap) && question.type != Type::DS; }
  return name.is_below(proof.owner()) && ends_zone_below(bitmap);
}

// What Denial may come to hash: every name up to the apex, the wildcard, and the next closer name.
bool is_affordable(const Question& question, const ProvenGap& gap, const Budget& budget) noexcept {
  constexpr std::uint32_t kBeside = 3;
  const std::uint32_t names = std::uint32_t{question.name.view().labels()} - gap.zone.labels() + kBeside;
  return std::ranges::all_of(gap.proofs, [&](const RRsetPtr& proof) {
    if (proof->type() != Type::NSEC3) { return true; }
    const auto nsec3 = nsec3_parameters(proof->first_rdata());
    return !nsec3 || may_hash(budget, names * (nsec3->iterations + std::uint32_t{1}));
  });
}

// Types that are a zone's or a name's own machinery: RFC 4592 section 4 leaves them undefined at a wildcard, or RFC
// 4035 section 2 puts them where no wildcard is.
bool is_wildcard_type(Type type) noexcept {
  switch (type) {
    case Type::NS:
    case Type::SOA:
    case Type::DNAME:
    case Type::DS:
    case Type::DNSKEY:
    case Type::NSEC:
    case Type::NSEC3:
    case Type::NSEC3PARAM:
      return false;
    default:
      return true;
  }
}

// Signed as the wildcard itself by the zone that the proofs speak for.
bool is_wildcard_of(const RRset& set, NameView wildcard, Type type, NameView zone) noexcept {
  if (set.owner() != wildcard || set.type() != type || set.signature_count() == 0) { return false; }
  return std::ranges::all_of(set.signatures(), [&](Bytes signature) {
    const auto rrsig = rrsig_view(signature);
    return rrsig && rrsig->labels == wildcard.labels() - 1 && rrsig->signer == zone;
  });
}

Answer secure_answer(Rcode rcode) {
  Answer answer;
  answer.rcode = rcode;
  answer.verdict = Verdict::secure();
  answer.from_cache = true;
  answer.ede = Ede::synthesized;
  return answer;
}

Answer negative(Rcode rcode, const ProvenGap& gap) {
  Answer answer = secure_answer(rcode);
  const std::uint32_t ttl = std::min(gap.ttl, soa_view(gap.soa->first_rdata()).minimum);
  answer.authority.push_back({gap.soa, ttl});
  for (const RRsetPtr& proof : gap.proofs) { answer.authority.push_back({proof, ttl}); }
  return answer;
}

std::optional<Answer> from_wildcard(const Question& question, const ProvenGap& gap, const Denial& denial,
                                    std::uint16_t max_iterations, WildcardSets& wildcards, Budget& budget) {
  const NameView name = question.name;
  if (!is_wildcard_type(question.type)) { return std::nullopt; }
  const auto labels = denial.closest_encloser_labels(name, budget);
  if (!labels || *labels >= name.labels()) { return std::nullopt; }
  const Name wildcard = wildcard_at(name.suffix(*labels));
  const auto set = wildcards.secure_set(wildcard, question.type);
  if (!set || !set->rrset || set->ttl == 0) { return std::nullopt; }
  if (!is_wildcard_of(*set->rrset, wildcard, question.type, gap.zone)) { return std::nullopt; }
  if (denial.wildcard_answer(name, *labels, budget) != Proof::proven) { return std::nullopt; }
  RRsetPtr expanded = set->rrset->with_owner(name);
  if (!expanded) { return std::nullopt; }
  Answer answer = secure_answer(Rcode::no_error);
  const std::uint32_t ttl = std::min(gap.ttl, set->ttl);
  answer.answer.push_back({std::move(expanded), ttl});
  // The wildcard's own NSEC was found with the rest. It says nothing here, unless it is the very one whose gap the name
  // lies in.
  const auto is_own = [&wildcard](const RRsetPtr& proof) { return proof->owner() == wildcard; };
  Denial others(gap.zone, max_iterations);
  for (const RRsetPtr& proof : gap.proofs) {
    if (!is_own(proof)) { others.add(*proof); }
  }
  const bool suffices =
      std::ranges::none_of(gap.proofs, is_own) || others.wildcard_answer(name, *labels, budget) == Proof::proven;
  for (const RRsetPtr& proof : gap.proofs) {
    if (!suffices || !is_own(proof)) { answer.authority.push_back({proof, ttl}); }
  }
  return answer;
}

}  // namespace

std::optional<Nsec3Hash> hash_for_synthesis(NameView name, Bytes salt, std::uint16_t iterations,
                                            std::uint16_t max_iterations, Budget& budget) {
  const std::uint32_t cost = iterations + std::uint32_t{1};
  if (iterations > max_iterations || !may_hash(budget, cost) || !budget.take_hash_iterations(cost)) {
    return std::nullopt;
  }
  Name canonical(name);
  canonical.lower_case();
  return nsec3_hash(canonical.view().octets(), salt, iterations);
}

std::optional<Answer> synthesise(const Question& question, const ProvenGap& gap, std::uint16_t max_iterations,
                                 WildcardSets& wildcards, Budget& budget) {
  if (!is_askable(question, gap) || !is_affordable(question, gap, budget)) { return std::nullopt; }
  Denial denial(gap.zone, max_iterations);
  for (const RRsetPtr& proof : gap.proofs) {
    if (is_cut_off(*proof, question)) { return std::nullopt; }
    denial.add(*proof);
  }
  if (denial.no_data(question.name, question.type, budget) == Proof::proven) { return negative(Rcode::no_error, gap); }
  if (denial.name_error(question.name, budget) == Proof::proven) { return negative(Rcode::name_error, gap); }
  return from_wildcard(question, gap, denial, max_iterations, wildcards, budget);
}

}  // namespace vouch
