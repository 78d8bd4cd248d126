#include "resolver/dnssec/validator.h"

#include <algorithm>

#include "resolver/dnssec/signers.h"
#include "resolver/dnssec/test_zones.h"
#include "resolver/dnssec/trace.h"
#include "resolver/dnssec/work_timer.h"
#include "telemetry/taxonomy.h"

namespace vouch {

namespace {

// While the clock is wrong, what is taken without regard to signatures' times lives this long, in seconds: until the
// clock is right, and not much longer.
constexpr std::uint32_t kUndatedTtl = 60;

// Data of this type stands at the cut and belongs to the zone above (RFC 4035 section 2.4).
NameView home_of(NameView owner, Type type) noexcept { return type == Type::DS ? owner.parent() : owner; }

// The proofs that the zone's keys have signed, ready to be asked.
class SoundProofs {
 public:
  SoundProofs(std::span<const RRsetPtr> proofs, const ZoneTrust& zone, const ChainTerms& terms,
              std::uint16_t max_iterations, Budget& budget)
      : denial(zone.zone, max_iterations), given_(proofs.size()) {
    for (const RRsetPtr& proof : proofs) {
      const auto signer = closest_signer(*proof);
      if (!signer || *signer != zone.zone) {  // another zone's, or nobody's
        note(signer ? Reason::rrsig_wrong_signer : Reason::rrsig_missing, zone);
        continue;
      }
      const SignatureResult result = verify(*proof, *zone.keys, terms.time, budget);
      if (!result.verdict.is_secure()) {
        if (!failure) { failure = result.verdict; }
        continue;
      }
      if (result.is_wildcard_expansion) { continue; }  // it says nothing of the name that it was expanded to
      ttl = std::min(ttl, result.ttl);
      denial.add(*proof);
      sound.push_back(proof);
    }
  }
  Verdict why_not(Reason otherwise, NameView zone) const { return failure.value_or(Verdict::bogus(otherwise, zone)); }

  // Before they are handed over.
  void tell(ProofEvent::Claim claim, NameView name, Type type, Proof outcome, const Budget& budget) const {
    Trace* const trace = budget.trace();
    if (trace == nullptr) { return; }
    trace->add(ProofEvent{.claim = claim,
                          .name = Name(name),
                          .type = type,
                          .records = sound,
                          .refused = given_ - sound.size(),
                          .outcome = proof_id(outcome)});
  }

  void hand_over(Judgement& judgement) {
    judgement.proofs_ttl = judgement.proofs.empty() ? ttl : std::min(ttl, judgement.proofs_ttl);
    for (RRsetPtr& proof : sound) {
      if (std::ranges::find(judgement.proofs, proof) == judgement.proofs.end()) {
        judgement.proofs.push_back(std::move(proof));
      }
    }
  }

  Denial denial;
  std::vector<RRsetPtr> sound;
  std::optional<Verdict> failure;  // of the first proof that did not hold
  std::uint32_t ttl = TrustCache::kMaxTtl;

 private:
  void note(Reason reason, const ZoneTrust& zone) {
    if (!failure) { failure = Verdict::bogus(reason, zone.zone); }
  }
  std::size_t given_;
};

Verdict verdict_of(Proof proof, const SoundProofs& proofs, NameView zone, Reason missing, Reason not_proving) {
  switch (proof) {
    case Proof::proven:
      return Verdict::secure();
    case Proof::proven_by_opt_out:
      return Verdict::insecure(Reason::none, zone);  // RFC 5155 section 9.2: AD must not be set
    case Proof::missing:
      return proofs.why_not(missing, zone);
    case Proof::not_proving:
      return proofs.why_not(not_proving, zone);
    case Proof::too_costly:
      return Verdict::insecure(Reason::nsec3_cost, zone);
    case Proof::work_limit:
      return Verdict::bogus(Reason::work_limit, zone);
  }
  return Verdict::bogus(not_proving, zone);
}

// A CNAME that says what the DNAME before it says (RFC 6672 section 2.2); any other must stand on its own.
bool is_synthesised(std::span<const RRsetPtr> answers, std::size_t index) {
  if (index == 0 || answers[index]->type() != Type::CNAME || answers[index - 1]->type() != Type::DNAME) {
    return false;
  }
  const RRset& cname = *answers[index];
  const RRset& dname = *answers[index - 1];
  if (cname.signature_count() != 0 || !cname.owner().is_below(dname.owner())) { return false; }
  const auto target = Name::substitute(cname.owner(), dname.owner(), rdata_name(Type::DNAME, dname.first_rdata()));
  return target && *target == rdata_name(Type::CNAME, cname.first_rdata());
}

void count_checks(const Budget::Checks& before, const Budget::Checks& after, ValidationCounters& counters) {
  for (std::size_t number = 0; number < after.made.size(); ++number) {
    const unsigned made = after.made[number] - before.made[number];
    const unsigned failed = after.failed[number] - before.failed[number];
    if (made == 0) { continue; }
    const std::size_t at = algorithm_class(u8(number));
    counters.failed[at].add(failed);
    counters.verified[at].add(made - failed);
  }
}

void tell_subject(SubjectEvent::Kind kind, NameView name, Type type, const Budget& budget) {
  if (Trace* const trace = budget.trace()) {
    trace->add(SubjectEvent{.kind = kind, .name = Name(name), .type = type, .above = {}});
  }
}

// A set whose signatures are nobody's that may sign it, and so were not even checked.
void tell_unsigned(const RRset& rrset, const Verdict& verdict, const ChainTerms& terms, const Budget& budget) {
  Trace* const trace = budget.trace();
  if (trace == nullptr || !verdict.is_bogus()) { return; }
  tell_subject(SubjectEvent::Kind::data, rrset.owner(), rrset.type(), budget);
  trace->begin_set(rrset, verdict.zone());
  for (const Bytes signature : rrset.signatures()) {
    trace->note_signature(signature, verdict.reason(), terms.time.now);
  }
  trace->end_set(verdict);
}

void tell_part(const RRsetPtr& set, NameView denied, Type type, const Verdict& verdict, const Budget& budget) {
  if (Trace* const trace = budget.trace()) {
    trace->add(PartEvent{.set = set, .name = Name(denied), .type = type, .verdict = verdict});
  }
}

}  // namespace

// The answer came from the wildcard at the rightmost `labels` labels of its owner: no closer name may exist.
Verdict Validator::judge_wildcard(const Claim& claim, const RRset& rrset, const ZoneTrust& zone, std::uint8_t labels,
                                  const ChainTerms& terms, Budget& budget, Judgement& judgement,
                                  Judgement::Part& part) const {
  part.needs_proofs = true;
  part.wildcard_labels = labels;
  SoundProofs proofs(claim.proofs, zone, terms, parts_.options.nsec3_max_iterations, budget);
  part.ttl = std::min(part.ttl, proofs.ttl);
  const Proof proof = proofs.denial.wildcard_answer(rrset.owner(), labels, budget);
  proofs.tell(ProofEvent::Claim::wildcard, rrset.owner(), rrset.type(), proof, budget);
  proofs.hand_over(judgement);
  return verdict_of(proof, proofs, zone.zone, Reason::wildcard_unproven, Reason::wildcard_unproven);
}

// The trust in the zone that holds what is claimed at `home`: the signer's. Null when nothing can be verified by it;
// the part's verdict says why. Data without a signer that may speak of it is what the chain makes of unsigned data
// there, and where that should have been signed, bogus for `unsigned_reason` (none: there is nothing to prove it by).
Task<ZoneTrustPtr> Validator::trusted_holder(const Name& home, const std::optional<Name>& signer,
                                             Reason unsigned_reason, const ChainTerms& terms, Budget& budget,
                                             Judgement& judgement, Judgement::Part& part) {
  ZoneTrustPtr trust;
  if (signer) {
    trust = co_await chain_.trust_in(*signer, terms, budget);
  } else {
    trust = co_await chain_.trust_for_unsigned(home, terms, budget);
  }
  part.verdict = trust->verdict;
  if (!trust->verdict.is_secure()) { co_return nullptr; }
  judgement.is_about_data = true;
  if (!signer) {
    part.verdict = unsigned_reason == Reason::none ? Verdict::insecure(Reason::none, trust->zone)
                                                   : Verdict::bogus(unsigned_reason, trust->zone);
    co_return nullptr;
  }
  if (trust->zone != *signer) {
    part.verdict = Verdict::bogus(Reason::rrsig_wrong_signer, trust->zone);
    co_return nullptr;
  }
  judgement.zone = trust->zone;
  judgement.signature = {};
  co_return trust;
}

Task<void> Validator::judge_set(const Claim& claim, std::size_t index, const ChainTerms& terms, Budget& budget,
                                Judgement& judgement) {
  const RRset& rrset = *claim.answers[index];
  Judgement::Part& part = judgement.parts[index];
  if (is_synthesised(claim.answers, index)) {  // RFC 6672 section 5.3.1: as good as the DNAME
    part = judgement.parts[index - 1];
    part.needs_proofs = false;
    if (part.verdict.is_secure() && claim.is_alias_contradicted) {
      part.verdict = Verdict::bogus(Reason::alias_unproven, judgement.zone);
      judgement.is_about_data = true;
    }
    co_return;
  }
  // A negative anchor may stand at a name within a zone, whose signer lies above it.
  if (const auto negative = chain_.negative_at(rrset.owner())) {
    part.verdict = *negative;
    co_return;
  }
  const Name home(home_of(rrset.owner(), rrset.type()));
  auto signer = closest_signer(rrset);
  if (signer && !chain_.may_sign(*signer, home)) { signer.reset(); }
  if (signer && rrset.type() == Type::DS && *signer == rrset.owner()) {
    part.verdict = Verdict::bogus(Reason::ds_self_signed, rrset.owner().parent());
    judgement.is_about_data = true;
    co_return;
  }
  // Signatures are not signed themselves (RFC 4035 section 2.2).
  const Reason unsigned_reason = rrset.type() == Type::RRSIG   ? Reason::none
                                 : rrset.signature_count() > 0 ? Reason::rrsig_wrong_signer
                                                               : Reason::rrsig_missing;
  const ZoneTrustPtr trust = co_await trusted_holder(home, signer, unsigned_reason, terms, budget, judgement, part);
  if (!trust) {
    if (part.verdict.reason() == unsigned_reason) { tell_unsigned(rrset, part.verdict, terms, budget); }
    co_return;
  }
  tell_subject(SubjectEvent::Kind::data, rrset.owner(), rrset.type(), budget);
  const WorkTimer timer(parts_.clock, parts_.counters.nanoseconds);
  const SignatureResult result = verify(rrset, *trust->keys, terms.time, budget);
  part.verdict = result.verdict;
  if (!result.verdict.is_secure()) { co_return; }
  judgement.signature = result;
  part.ttl = result.ttl;
  if (result.is_wildcard_expansion) {
    part.verdict = judge_wildcard(claim, rrset, *trust, result.labels, terms, budget, judgement, part);
  }
}

Task<void> Validator::judge_denial(const Claim& claim, const ChainTerms& terms, Budget& budget, Judgement& judgement) {
  Judgement::Part& part = judgement.denial;
  if (const auto negative = chain_.negative_at(claim.denied)) {
    part.verdict = *negative;
    co_return;
  }
  const Name home(home_of(claim.denied, claim.type));
  std::optional<Name> signer;
  // Only a zone that holds the name may deny it: another, unsigned, would make the denial look unsigned too.
  const auto consider = [&](const RRset& set) {
    const auto candidate = closest_signer(set);
    const bool may_deny = candidate && home.view().is_at_or_below(*candidate) && chain_.may_sign(*candidate, home);
    if (!signer && may_deny) { signer = candidate; }
  };
  if (claim.soa) { consider(*claim.soa); }
  for (const RRsetPtr& proof : claim.proofs) { consider(*proof); }
  const ZoneTrustPtr trust =
      co_await trusted_holder(home, signer, Reason::nsec_missing, terms, budget, judgement, part);
  if (!trust) { co_return; }
  tell_subject(SubjectEvent::Kind::denial, claim.denied, claim.type, budget);
  const WorkTimer timer(parts_.clock, parts_.counters.nanoseconds);
  std::uint32_t ttl = TrustCache::kMaxTtl;
  if (claim.soa) {
    const SignatureResult result = verify(*claim.soa, *trust->keys, terms.time, budget);
    part.verdict = result.verdict;
    if (!result.verdict.is_secure()) { co_return; }
    judgement.signature = result;
    ttl = result.ttl;
  }
  SoundProofs proofs(claim.proofs, *trust, terms, parts_.options.nsec3_max_iterations, budget);
  part.ttl = std::min(ttl, proofs.ttl);
  const Proof proof = claim.kind == Claim::Kind::name_error ? proofs.denial.name_error(claim.denied, budget)
                                                            : proofs.denial.no_data(claim.denied, claim.type, budget);
  proofs.tell(claim.kind == Claim::Kind::name_error ? ProofEvent::Claim::no_name : ProofEvent::Claim::no_data,
              claim.denied, claim.type, proof, budget);
  part.verdict = verdict_of(proof, proofs, trust->zone, Reason::nsec_missing, Reason::nsec_not_proving);
  proofs.hand_over(judgement);
}

Task<Judgement> Validator::judge_by(const Claim& claim, const ChainTerms& terms, Budget& budget) {
  Judgement judgement;
  judgement.parts.resize(claim.answers.size());
  judgement.verdict = Verdict::secure();
  for (std::size_t i = 0; i < claim.answers.size(); ++i) {
    budget.begin_response();  // each set has a chain of its own, which counts for itself
    judgement.is_about_data = false;
    co_await judge_set(claim, i, terms, budget, judgement);
    tell_part(claim.answers[i], {}, Type::none, judgement.parts[i].verdict, budget);
    judgement.verdict = weaker(judgement.verdict, judgement.parts[i].verdict);
    if (judgement.verdict.is_bogus()) { co_return judgement; }
  }
  if (claim.kind != Claim::Kind::positive) {
    budget.begin_response();
    judgement.is_about_data = false;
    co_await judge_denial(claim, terms, budget, judgement);
    tell_part(nullptr, claim.denied, claim.type, judgement.denial.verdict, budget);
    judgement.verdict = weaker(judgement.verdict, judgement.denial.verdict);
  }
  co_return judgement;
}

bool Validator::is_time_name(NameView name) const noexcept {
  return std::ranges::any_of(parts_.options.time_names, [name](const Name& top) { return name.is_at_or_below(top); });
}

void Validator::count(const Verdict& verdict) {
  switch (verdict.security()) {
    case Security::secure:
      parts_.counters.judged_secure.add();
      break;
    case Security::insecure:
      parts_.counters.judged_insecure.add();
      break;
    case Security::bogus:
      (is_test_zone(verdict.zone()) ? parts_.counters.judged_test_zone : parts_.counters.judged_bogus).add();
      parts_.counters.failures[static_cast<std::size_t>(counted_reason(verdict))].add();
      break;
    default:
      parts_.counters.judged_indeterminate.add();
      break;
  }
}

Task<Judgement> Validator::judge(const Claim& claim, Budget& budget) {
  const Budget::Checks before = budget.checks();
  const ChainTerms usual = chain_.usual_terms();
  Judgement judgement = co_await judge_by(claim, usual, budget);
  // A machine without a clock of its own must learn the time from servers whose names it cannot date: for these alone,
  // signatures count whatever their time says. Whoever controls the way may replay what was true once, an old proof
  // that a zone is unsigned among it, below which he may make things up: so none of it is secure, and none of it lasts.
  if (judgement.verdict.reason() == Reason::clock_untrusted && is_time_name(claim.name)) {
    ChainTerms undated = usual;
    undated.time.is_ignored = true;
    undated.may_remember = false;
    judgement = co_await judge_by(claim, undated, budget);
    if (!judgement.verdict.is_bogus()) {
      judgement.verdict = Verdict::insecure(Reason::clock_untrusted, NameView());
      for (Judgement::Part& part : judgement.parts) { part = {judgement.verdict, kUndatedTtl, part.needs_proofs, 0}; }
      judgement.denial = {judgement.verdict, kUndatedTtl, false, 0};
    }
  }
  count_checks(before, budget.checks(), parts_.counters);
  co_return judgement;
}

}  // namespace vouch
