#include "resolver/iterate/step_cache.h"

#include <algorithm>

#include "resolver/iterate/proven_gaps.h"

namespace vouch {

namespace {

// What the cache took in for a client that judges for itself, or on the way to something else, is judged when somebody
// asks for it: its signatures lie beside it.
bool must_be_judged(Security security) noexcept {
  return security == Security::unchecked || security == Security::bogus;
}

// Null: nobody has judged it, or in vain.
const Judgement::Part* word_on(const Judgement::Part& part) noexcept {
  return must_be_judged(part.verdict.security()) ? nullptr : &part;
}

std::uint32_t ttl_of_proofs(const std::vector<RRsetPtr>& proofs) {
  std::uint32_t ttl = kNoCeiling;
  for (const RRsetPtr& proof : proofs) { ttl = std::min(ttl, proof->ttl()); }
  return ttl;
}

// What may lie beside data of that verdict: nothing unproven beside what is secure.
const std::vector<RRsetPtr>& proofs_for(const Verdict& verdict, const Response& response, const Judgement* judgement) {
  return verdict.is_secure() ? judgement->proofs : response.proofs;
}

// `name`: the entry's own.
void note(Answer& answer, const CacheEntry& entry, NameView name) {
  const Verdict verdict = Verdict::remembered(entry.security, entry.flaw.reason, entry.flaw.zone_of(name));
  if (rank(entry.security) < rank(answer.verdict.security())) { answer.verdict = verdict; }
  if (const auto ede = verdict.ede(); ede && !answer.ede) {
    answer.ede = ede;
    answer.ede_text = verdict.text();
  }
}

// Each set once, though a chain may go through the same DNAME again.
void add_to(Answer& answer, const RRsetPtr& rrset, std::uint32_t ttl) {
  const bool known = rrset->type() == Type::DNAME && std::ranges::any_of(answer.answer, [&](const AnswerPart& part) {
                       return part.rrset->type() == Type::DNAME && part.rrset->owner() == rrset->owner();
                     });
  if (!known) { answer.answer.push_back({rrset, ttl}); }
}

void append_proofs(Answer& answer, const CacheEntry& entry) {
  if (!entry.proofs) { return; }
  for (const RRsetPtr& proof : entry.proofs->rrsets()) { answer.authority.push_back({proof, entry.ttl}); }
}

void append_entry(Answer& answer, const CacheEntry& entry, NameView name) {
  if (entry.kind == EntryKind::rrset) {
    answer.answer.push_back({entry.rrset, entry.ttl});
  } else if (entry.rrset) {
    answer.authority.push_back({entry.rrset, entry.ttl});
  }
  append_proofs(answer, entry);
  note(answer, entry, name);
}

}  // namespace

bool is_negative(const Response& response) noexcept {
  return response.outcome == Outcome::no_data || response.outcome == Outcome::name_error;
}

bool StepCache::needs_judging(const CacheEntry& entry, const How& how) const noexcept {
  return how.judge && must_be_judged(entry.security);
}

// ------------------------------------------------------------------------------------------------------------- finding

// One walk for both: the DNAME closest above the name (RFC 6672 section 3.3) and the name error closest above it.
// Asked for by any type, a name shows its name error.
StepCache::Above StepCache::look_above(NameView name, TtlTime now) const {
  Above above;
  while (!name.is_root() && !above.dname) {
    name = name.parent();
    auto entry = caches_.rrsets.find(name, Type::DNAME, now);
    if (!entry) { continue; }
    if (entry->kind == EntryKind::rrset) {
      above.dname = std::move(entry);
    } else if (entry->kind == EntryKind::name_error && !above.denied) {
      above.denied = std::move(entry);
    }
  }
  return above;
}

StepCache::Found StepCache::find(Question& now, const How& how, Answer& answer) const {
  using Kind = Found::Kind;
  const TtlTime time = clock_.ttl();
  if (now.type == Type::ANY || now.type == Type::RRSIG) {  // no entry stands for them
    return {.denied = look_above(now.name, time).denied};
  }
  if (auto entry = caches_.rrsets.find(now.name, now.type, time)) {
    const bool negative = entry->kind != EntryKind::rrset;
    // A referral's word that there is no DS comes without SOA: enough for the validator, not for a client.
    if (negative && !entry->rrset && how.follow_aliases) { return {.denied = look_above(now.name, time).denied}; }
    if (needs_judging(*entry, how)) { return {.kind = Kind::unjudged, .entry = std::move(entry)}; }
    answer.rcode = entry->kind == EntryKind::name_error ? Rcode::name_error : Rcode::no_error;
    append_entry(answer, *entry, now.name);
    return {.kind = Kind::answer};
  }
  // A DS set is the parent's, whatever the child says of the name.
  if (now.type != Type::CNAME && now.type != Type::DS) {
    auto alias = caches_.rrsets.find(now.name, Type::CNAME, time);
    if (alias && alias->kind == EntryKind::rrset) {
      if (needs_judging(*alias, how)) { return {.kind = Kind::unjudged, .entry = std::move(alias)}; }
      append_entry(answer, *alias, now.name);
      now.name = Name(rdata_name(Type::CNAME, alias->rrset->first_rdata()));
      return {.kind = Kind::alias};
    }
  }
  return find_above(now, how, answer);
}

// Nothing is known at the name itself.
StepCache::Found StepCache::find_above(Question& now, const How& how, Answer& answer) const {
  using Kind = Found::Kind;
  Above above = look_above(now.name, clock_.ttl());
  if (!above.dname) { return {.denied = std::move(above.denied)}; }
  const CacheEntry& dname = *above.dname;
  if (needs_judging(dname, how)) { return {.kind = Kind::unjudged, .entry = std::move(above.dname)}; }
  add_to(answer, dname.rrset, dname.ttl);
  note(answer, dname, dname.rrset->owner());
  const RRsetPtr cname = synthesise_cname(*dname.rrset, now.name, dname.ttl);
  if (!cname) {
    answer.rcode = Rcode::yx_domain;
    return {.kind = Kind::answer};
  }
  answer.answer.push_back({cname, dname.ttl});
  if (now.type == Type::CNAME) {
    answer.rcode = Rcode::no_error;
    return {.kind = Kind::answer};
  }
  now.name = Name(rdata_name(Type::CNAME, cname->first_rdata()));
  return {.kind = Kind::alias};
}

std::optional<Response> StepCache::to_judge(const Question& question, const CacheEntry& entry) {
  Response response;
  response.rcode = Rcode::no_error;
  response.target = question.name;
  response.authoritative = entry.credibility == Credibility::answer_authoritative;
  if (entry.proofs) {  // they have aged as the entry has
    for (const RRsetPtr& proof : entry.proofs->rrsets()) {
      if (RRsetPtr aged = proof->with_ttl(std::min(proof->ttl(), entry.ttl))) {
        response.proofs.push_back(std::move(aged));
      }
    }
  }
  const RRsetPtr rrset = entry.rrset ? entry.rrset->with_ttl(entry.ttl) : nullptr;
  if (entry.kind != EntryKind::rrset) {
    response.outcome = entry.kind == EntryKind::name_error ? Outcome::name_error : Outcome::no_data;
    response.soa = rrset;
    return response;
  }
  if (!rrset) { return std::nullopt; }
  response.answers.push_back(rrset);
  response.outcome = Outcome::answer;
  RRsetPtr alias = rrset->type() == Type::CNAME ? rrset : nullptr;
  if (rrset->type() == Type::DNAME && !(rrset->owner() == question.name)) {
    alias = synthesise_cname(*rrset, question.name, rrset->ttl());
    if (!alias) {
      response.rcode = Rcode::yx_domain;
      return response;
    }
    response.answers.push_back(alias);
  }
  if (alias && question.type != Type::CNAME) {
    response.outcome = Outcome::alias;
    response.target = Name(rdata_name(Type::CNAME, alias->first_rdata()));
  }
  return response;
}

bool StepCache::deny_below(const std::optional<CacheEntry>& denied, Answer& answer) {
  if (!denied || denied->security != Security::secure || !denied->rrset) { return false; }
  answer.rcode = Rcode::name_error;
  append_entry(answer, *denied, denied->rrset->owner());  // secure: there is no fault
  return true;
}

bool StepCache::is_known_to_exist(NameView name, Type type) const {
  const auto entry = caches_.rrsets.find(name, type, clock_.ttl());
  return entry && entry->kind != EntryKind::name_error;
}

bool StepCache::has_good(const Question& question) const {
  const auto entry = caches_.rrsets.find(question.name, question.type, clock_.ttl());
  return entry && (dnssec_ == nullptr || !must_be_judged(entry->security));
}

// ------------------------------------------------------------------------------------------------------------- keeping

// Of an RRset, or a denial's SOA, that may have to be judged later, in seconds; with its proofs, which are not to be
// taken for new ones either.
std::uint32_t StepCache::unjudged_ceiling(const RRset* rrset, const std::vector<RRsetPtr>& proofs) const {
  const std::uint32_t ceiling = ttl_of_proofs(proofs);
  const bool may_be_proven = dnssec_ != nullptr && rrset != nullptr && rrset->signature_count() > 0;
  return may_be_proven ? std::min(ceiling, rrset->ttl()) : ceiling;
}

// What policy may want to know of the servers on the way must not be forgotten before the answer is.
std::uint32_t StepCache::ceiling_of_path(NameView name) const {
  return caches_.keeps_answers_within_delegations.load(std::memory_order_relaxed)
             ? caches_.delegations.seconds_left(name, clock_.ttl())
             : kNoCeiling;
}

std::uint32_t StepCache::ceiling_of(const RRset& rrset, const Judgement::Part* part, const Response& response) const {
  const Judgement::Part* const word = part != nullptr ? word_on(*part) : nullptr;
  return std::min(ceiling_of_path(rrset.owner()),
                  word != nullptr ? word->ttl : unjudged_ceiling(&rrset, response.proofs));
}

void StepCache::store_referral(const Response& response) {
  const TtlTime now = clock_.ttl();
  caches_.delegations.put(response.referral, now);
  const NameView zone = response.referral->zone();
  if (response.ds) {
    caches_.rrsets.put(response.ds, Credibility::answer_not_authoritative, Security::unchecked, now, nullptr,
                       Reason::none, unjudged_ceiling(response.ds.get(), {}));
  } else if (!response.proofs.empty()) {
    const std::uint32_t ttl = ttl_of_proofs(response.proofs);
    caches_.rrsets.put_negative(zone, Type::DS, EntryKind::no_data, nullptr, Credibility::answer_not_authoritative,
                                Security::unchecked, now, ProofList::make(response.proofs), ttl, Reason::none, ttl);
  }
}

void StepCache::store_set(const Response& response, std::size_t index, Credibility credibility,
                          const Judgement* judgement) {
  const RRsetPtr& rrset = response.answers[index];
  const Judgement::Part* const part = judgement != nullptr ? &judgement->parts[index] : nullptr;
  const Verdict verdict = part != nullptr ? part->verdict : Verdict();
  // Whether a wildcard made it nobody has looked where nobody judged: its proofs, if there are any, belong to it.
  const bool has_proofs = part == nullptr || word_on(*part) == nullptr || part->needs_proofs;
  caches_.rrsets.put(rrset, credibility, verdict.security(), clock_.ttl(),
                     has_proofs ? ProofList::make(proofs_for(verdict, response, judgement)) : nullptr, verdict,
                     ceiling_of(*rrset, part, response));
}

void StepCache::store_denial(const Response& response, Type type, Credibility credibility, const Judgement* judgement) {
  const EntryKind kind = response.outcome == Outcome::name_error ? EntryKind::name_error : EntryKind::no_data;
  const Judgement::Part* const part = judgement != nullptr ? &judgement->denial : nullptr;
  const Verdict verdict = part != nullptr ? part->verdict : Verdict();
  caches_.rrsets.put_negative(response.target, type, kind, response.soa, credibility, verdict.security(), clock_.ttl(),
                              ProofList::make(proofs_for(verdict, response, judgement)), 0, verdict,
                              ceiling_of(*response.soa, part, response));
}

void StepCache::store(const Response& response, Type type, const Judgement* judgement) {
  const Credibility credibility =
      response.authoritative ? Credibility::answer_authoritative : Credibility::answer_not_authoritative;
  const RRset* dname = nullptr;
  for (std::size_t i = 0; i < response.answers.size(); ++i) {
    const RRset& rrset = *response.answers[i];
    const bool synthesised = dname != nullptr && rrset.type() == Type::CNAME;
    dname = rrset.type() == Type::DNAME ? &rrset : nullptr;
    // The DNAME is kept, from which the CNAME can be made again; on its own it would have no proof.
    if (!synthesised) { store_set(response, i, credibility, judgement); }
  }
  if (judgement != nullptr && dnssec_->aggressive_nsec) { keep_gaps(response, *judgement, caches_, clock_.ttl()); }
  if (is_negative(response) && response.soa) { store_denial(response, type, credibility, judgement); }
}

void StepCache::append(const Response& response, const Judgement* judgement, Answer& answer) const {
  answer.rcode = response.outcome == Outcome::name_error ? Rcode::name_error
                 : response.rcode == Rcode::yx_domain    ? Rcode::yx_domain
                                                         : Rcode::no_error;
  const CacheOptions& options = caches_.options;
  bool wants_proofs = judgement == nullptr || is_negative(response);
  std::uint32_t proofs_ttl = options.ttl_max;  // no proof is shown for longer than what it proves
  for (std::size_t i = 0; i < response.answers.size(); ++i) {
    const RRsetPtr& rrset = response.answers[i];
    const Judgement::Part* const part = judgement != nullptr ? &judgement->parts[i] : nullptr;
    const std::uint32_t ttl = std::min(options.bounded_ttl(rrset->ttl()), ceiling_of(*rrset, part, response));
    add_to(answer, rrset, ttl);
    if (part == nullptr || (word_on(*part) != nullptr && !part->needs_proofs)) { continue; }
    wants_proofs = true;
    proofs_ttl = std::min(proofs_ttl, ttl);
  }
  if (is_negative(response) && response.soa) {
    const RRset& soa = *response.soa;
    const Judgement::Part* const part = judgement != nullptr ? &judgement->denial : nullptr;
    const std::uint32_t ttl = std::min(soa.ttl(), soa_view(soa.first_rdata()).minimum);  // RFC 2308 section 5
    proofs_ttl = std::min(options.bounded_negative_ttl(ttl), ceiling_of(soa, part, response));
    answer.authority.push_back({response.soa, proofs_ttl});
  }
  if (!wants_proofs) { return; }
  const bool is_secure = judgement != nullptr && judgement->verdict.is_secure();
  for (const RRsetPtr& proof : is_secure ? judgement->proofs : response.proofs) {
    answer.authority.push_back({proof, std::min(proofs_ttl, proof->ttl())});
  }
}

}  // namespace vouch
