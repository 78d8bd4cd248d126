#include "resolver/dnssec/chain.h"

#include <algorithm>

#include "resolver/dnssec/denial.h"
#include "resolver/dnssec/signers.h"
#include "resolver/dnssec/trace.h"
#include "resolver/dnssec/work_timer.h"

namespace vouch {

namespace {

const RRset* find_set(const std::vector<AnswerPart>& parts, NameView owner, Type type, std::uint32_t& ttl) {
  for (const AnswerPart& part : parts) {
    if (part.rrset->type() != type || !(part.rrset->owner() == owner)) { continue; }
    ttl = part.ttl;
    return part.rrset.get();
  }
  return nullptr;
}

bool is_failure(const Answer& answer) { return answer.rcode != Rcode::no_error && answer.rcode != Rcode::name_error; }

DsWord failed(Verdict verdict) {
  DsWord word;
  word.verdict = verdict;
  return word;
}

// The word's kind when the signer is not the zone above; nothing when it is.
std::optional<DsWord> look_at_signer(const std::optional<Name>& signer, NameView cut, NameView above) {
  if (!signer) { return failed(Verdict::bogus(Reason::rrsig_missing, above)); }
  if (signer->view() == cut) { return failed(Verdict::bogus(Reason::ds_self_signed, above)); }
  if (!signer->view().is_below(above)) { return std::nullopt; }  // the zone itself, or whatever verify() refuses
  // Nor is it this cut's matter what a zone says that is not on the way to it: an unsigned one would end the chain.
  if (!cut.is_below(*signer)) { return failed(Verdict::bogus(Reason::rrsig_wrong_signer, above)); }
  DsWord word;
  word.kind = DsWord::Kind::missed_cut;
  word.between = *signer;
  return word;
}

DsWord read_ds_set(const RRset& ds, std::uint32_t ttl, NameView cut, const ZoneTrust& above, const SignatureTime& time,
                   Budget& budget) {
  if (auto other = look_at_signer(closest_signer(ds), cut, above.zone)) { return *other; }
  const SignatureResult result = verify(ds, *above.keys, time, budget);
  if (!result.verdict.is_secure()) { return failed(result.verdict); }
  // A DS stands at its delegation; one that a wildcard made speaks of none.
  if (result.is_wildcard_expansion) { return failed(Verdict::bogus(Reason::no_ds_proof_invalid, above.zone)); }
  DsWord word;
  word.kind = DsWord::Kind::present;
  word.ds = RRsetPtr(&ds);
  word.ttl = std::min(ttl, result.ttl);
  return word;
}

// An alias at the name: where a CNAME stands, no NS stands (RFC 1034 section 3.6.2), so no zone begins.
std::optional<DsWord> read_alias(const RRset& alias, NameView cut, const ZoneTrust& above, const SignatureTime& time,
                                 Budget& budget) {
  if (auto other = look_at_signer(closest_signer(alias), cut, above.zone)) { return *other; }
  const SignatureResult result = verify(alias, *above.keys, time, budget);
  if (!result.verdict.is_secure()) { return failed(result.verdict); }
  // A wildcard's alias says that nothing stands at the name only together with the proof of that.
  if (result.is_wildcard_expansion) { return std::nullopt; }
  DsWord word;
  word.kind = DsWord::Kind::no_cut;
  return word;
}

DsWord read_absence(DsAbsence absence, NameView cut, NameView above, const std::optional<Verdict>& first_failure) {
  DsWord word;
  switch (absence) {
    case DsAbsence::unsigned_delegation:
    case DsAbsence::opt_out:
      word.kind = DsWord::Kind::insecure;
      word.verdict = Verdict::insecure(Reason::none, cut);
      return word;
    case DsAbsence::no_cut:
    case DsAbsence::no_name:
      word.kind = DsWord::Kind::no_cut;
      return word;
    case DsAbsence::too_costly:
      word.kind = DsWord::Kind::insecure;
      word.verdict = Verdict::insecure(Reason::nsec3_cost, above);
      return word;
    case DsAbsence::work_limit:
      return failed(Verdict::bogus(Reason::work_limit, above));
    case DsAbsence::missing:
    case DsAbsence::not_proving:
      return failed(first_failure.value_or(Verdict::bogus(Reason::no_ds_proof_invalid, above)));
  }
  return word;
}

DsWord read_denial(const Answer& answer, NameView cut, const ZoneTrust& above, const SignatureTime& time,
                   const DnssecOptions& options, Budget& budget) {
  Denial denial(above.zone, options.nsec3_max_iterations);
  std::optional<Verdict> first_failure;
  std::uint32_t ttl = TrustCache::kMaxTtl;
  Trace* const trace = budget.trace();
  std::vector<RRsetPtr> records;  // these two for the trace alone
  std::size_t refused = 0;
  for (const AnswerPart& part : answer.authority) {
    const RRset& proof = *part.rrset;
    if (proof.type() != Type::NSEC && proof.type() != Type::NSEC3) { continue; }
    ++refused;
    if (auto other = look_at_signer(closest_signer(proof), cut, above.zone)) {
      if (other->kind == DsWord::Kind::missed_cut) { return *other; }
      // Without a signature it is no proof at all, as if it had not come.
      if (!first_failure && other->verdict.reason() != Reason::rrsig_missing) { first_failure = other->verdict; }
      continue;
    }
    const SignatureResult result = verify(proof, *above.keys, time, budget);
    if (!result.verdict.is_secure()) {
      if (!first_failure) { first_failure = result.verdict; }
      continue;
    }
    if (result.is_wildcard_expansion) { continue; }  // says nothing of the name it was expanded to
    ttl = std::min({ttl, part.ttl, result.ttl});
    denial.add(proof);
    --refused;
    if (trace != nullptr) { records.push_back(part.rrset); }
  }
  const DsAbsence absence = denial.ds_absence(cut, budget);
  if (trace != nullptr) {
    trace->add(ProofEvent{.claim = ProofEvent::Claim::no_ds,
                          .name = Name(cut),
                          .type = Type::DS,
                          .records = std::move(records),
                          .refused = refused,
                          .outcome = proof_id(absence)});
  }
  DsWord word = read_absence(absence, cut, above.zone, first_failure);
  word.ttl = ttl;
  return word;
}

// What signatures and keys the trace tells of next.
void tell_subject(SubjectEvent::Kind kind, const Question& question, const Name& above, const Answer& answer,
                  const Budget& budget) {
  if (Trace* const trace = budget.trace()) {
    trace->add(SubjectEvent{.kind = kind,
                            .name = question.name,
                            .type = question.type,
                            .above = above,
                            .from_cache = answer.from_cache,
                            .server = answer.server});
  }
}

void tell_no_keys(NameView zone, const Endorsement& endorsement, Sha1Policy sha1, const Verdict& verdict,
                  const Budget& budget) {
  if (Trace* const trace = budget.trace()) { trace->note_no_keys(zone, endorsement, sha1, verdict); }
}

}  // namespace

DsWord read_ds(const Answer& answer, NameView cut, const ZoneTrust& above, const SignatureTime& time,
               const DnssecOptions& options, Budget& budget) {
  budget.begin_response();
  std::uint32_t ttl = 0;
  if (const RRset* ds = find_set(answer.answer, cut, Type::DS, ttl)) {
    return read_ds_set(*ds, ttl, cut, above, time, budget);
  }
  if (const RRset* alias = find_set(answer.answer, cut, Type::CNAME, ttl)) {
    if (auto word = read_alias(*alias, cut, above, time, budget)) { return *word; }
  }
  return read_denial(answer, cut, above, time, options, budget);
}

// ------------------------------------------------------------------------------------------------------------ the walk

ChainTerms Chain::usual_terms() const {
  return {.time = {.now = parts_.clock.wall(), .skew = parts_.options.signature_skew}};
}

bool Chain::may_sign(NameView signer, NameView home) const {
  const AnchorSetPtr anchors = parts_.anchors.current();
  const AnchorSet::Point* const point = anchors->closest(home);
  return point == nullptr || signer.is_at_or_below(point->zone);
}

std::optional<Verdict> Chain::negative_at(NameView name) const {
  const AnchorSetPtr anchors = parts_.anchors.current();
  const Name* negative = anchors->negative(name);
  if (negative == nullptr) { return std::nullopt; }
  return Verdict::insecure(Reason::negative_anchor, *negative);
}

// A zone's failure is remembered; that this query has spent its budget, on whatever, is no zone's fault: or a hostile
// chain of aliases could make any zone fail that it ends in.
ZoneTrustPtr Chain::remember(ZoneTrust trust, std::uint32_t ttl, const ChainTerms& terms, const Budget& budget) {
  auto known = std::make_shared<const ZoneTrust>(std::move(trust));
  const bool own_fault = terms.may_remember_failures && !budget.is_validation_spent() && !budget.was_hemmed_in() &&
                         !budget.had_shortage() && parts_.clock.monotonic() < budget.deadline();
  if (Trace* const trace = budget.trace()) { trace->add(ZoneEvent{.zone = known->zone, .verdict = known->verdict}); }
  if (terms.may_remember && (!known->verdict.is_bogus() || own_fault)) {
    parts_.trust.put(known, ttl, parts_.clock.ttl());
  }
  return known;
}

Verdict Chain::fetch_failure(Reason reason, NameView zone, const Budget& budget) const {
  const bool spent = budget.is_validation_spent() || budget.is_spent();
  return Verdict::bogus(spent ? Reason::work_limit : reason, zone);
}

Task<Answer> Chain::first_opinion(const Question& question, Budget& budget) {
  if (!budget.may_fetch_for_validation()) { co_return Answer::failure(Ede::other); }
  Answer answer = co_await parts_.fetch.fetch(question, budget);
  if (!answer.from_cache) {  // what is at hand costs nothing: deep names behind a forwarder have a step for each label
    budget.note_validation_fetch();
    parts_.counters.key_fetches.add();
  }
  co_return answer;
}

Task<Answer> Chain::second_opinion(const Question& question, std::vector<IpAddress>& heard, const Answer& last,
                                   Budget& budget) {
  if (last.server) { heard.push_back(*last.server); }
  if (!budget.may_fetch_for_validation()) { co_return Answer::failure(Ede::other); }
  budget.note_validation_fetch();
  Answer answer = co_await parts_.fetch.fetch_elsewhere(question, heard, budget);
  if (!is_failure(answer)) { parts_.counters.second_opinions.add(); }
  co_return answer;
}

// The zone's DNSKEY RRset, and whether the endorsement vouches for it.
Task<KeysResult> Chain::fetch_keys(const Name& zone, const Endorsement& endorsement, const ChainTerms& terms,
                                   Budget& budget) {
  const Question question{zone, Type::DNSKEY};
  std::vector<IpAddress> heard;
  Answer answer = co_await first_opinion(question, budget);
  KeysResult result;
  for (std::size_t opinions = 0;; ++opinions) {
    std::uint32_t ttl = 0;
    KeysResult now;
    tell_subject(SubjectEvent::Kind::keys, question, zone, answer, budget);
    if (const RRset* keys = find_set(answer.answer, zone, Type::DNSKEY, ttl)) {
      budget.begin_response();
      const WorkTimer timer(parts_.clock, parts_.counters.nanoseconds);
      now = authenticate_keys(*keys, endorsement, parts_.options.sha1, terms.time, budget);
      now.ttl = std::min(now.ttl, ttl);
      if (now.verdict.is_bogus() && keys->signature_count() == 0) {
        now.verdict = Verdict::bogus(Reason::rrsig_missing, zone);
      }
    } else {
      now.verdict = is_failure(answer) ? fetch_failure(Reason::dnskey_unreachable, zone, budget)
                                       : Verdict::bogus(Reason::dnskey_absent, zone);
      tell_no_keys(zone, endorsement, parts_.options.sha1, now.verdict, budget);
    }
    if (now.verdict.is_secure()) {
      if (opinions > 0) { parts_.counters.recovered.add(); }
      co_return now;
    }
    // The first server's word is the one to report, unless nobody had any to say until now.
    if (opinions == 0 || result.verdict.reason() == Reason::dnskey_unreachable) { result = std::move(now); }
    if (opinions == kSecondOpinions || is_failure(answer) || result.verdict.reason() == Reason::work_limit) { break; }
    Answer other = co_await second_opinion(question, heard, answer, budget);
    if (is_failure(other)) { break; }
    answer = std::move(other);
  }
  co_return result;
}

// What is known at an anchor: the zone's keys, checked against what the operator trusts.
Task<ZoneTrustPtr> Chain::anchored(const AnchorSet::Point& point, const ChainTerms& terms, Budget& budget) {
  const std::vector<Bytes> ds(point.ds.begin(), point.ds.end());
  const std::vector<Bytes> dnskeys(point.dnskeys.begin(), point.dnskeys.end());
  const Endorsement endorsement{ds, dnskeys};
  KeysResult keys;
  // Somebody chose to trust this anchor: that it cannot be used is a fault, not a reason to trust without it.
  keys.verdict = Verdict::bogus(Reason::anchor_mismatch, point.zone);
  if (why_unusable(endorsement, parts_.options.sha1)) {
    tell_no_keys(point.zone, endorsement, parts_.options.sha1, keys.verdict, budget);
  } else {
    keys = co_await fetch_keys(point.zone, endorsement, terms, budget);
  }
  Verdict verdict = keys.verdict;
  const bool is_root = point.zone.view().is_root();
  if (is_root && verdict.is_secure() && terms.may_remember) { parts_.trust.note_root_validated(terms.time.now); }
  if (verdict.is_bogus()) {
    switch (verdict.reason()) {
      case Reason::ds_dnskey_mismatch:
      case Reason::dnskey_no_zone_bit:
      case Reason::dnskey_revoked:
      case Reason::dnskey_bad_protocol:
      case Reason::rrsig_unknown_key:
      case Reason::sep_not_signing:
        verdict = Verdict::bogus(Reason::anchor_mismatch, point.zone);
        break;
      case Reason::rrsig_missing:  // nobody serves the root without signatures, but something on the way may take them
                                   // out
        if (is_root) { verdict = Verdict::bogus(Reason::path_strips_dnssec, point.zone); }
        break;
      case Reason::rrsig_expired:
      case Reason::rrsig_not_yet_valid:
        // The root is signed anew every three weeks, and never failed to be: if its genuine signatures do not fit the
        // clock, it is the clock that is wrong. Not when the clock fitted a short while ago: then somebody replays.
        if (is_root && !parts_.trust.has_root_validated_near(terms.time.now)) {
          verdict = Verdict::bogus(Reason::clock_untrusted, point.zone);
        }
        break;
      default:
        break;
    }
  }
  if (Trace* const trace = budget.trace()) {
    trace->add(ZoneEvent{.zone = point.zone, .verdict = verdict, .is_anchor = true});
  }
  co_return remember({point.zone, verdict, std::move(keys.keys)}, keys.ttl, terms, budget);
}

Task<ZoneTrustPtr> Chain::start(const Name& name, const ChainTerms& terms, Budget& budget) {
  const AnchorSetPtr anchors = parts_.anchors.current();
  if (const Name* negative = anchors->negative(name)) {
    co_return std::make_shared<const ZoneTrust>(
        ZoneTrust{*negative, Verdict::insecure(Reason::negative_anchor, *negative), nullptr});
  }
  const AnchorSet::Point* point = anchors->closest(name);
  if (point == nullptr) {
    co_return std::make_shared<const ZoneTrust>(
        ZoneTrust{Name(), Verdict::indeterminate(Reason::no_anchor, NameView()), nullptr});
  }
  if (terms.may_remember) {
    ZoneTrustPtr known = parts_.trust.closest_above(name, parts_.clock.ttl());
    if (known && known->zone.view().is_at_or_below(point->zone)) { co_return known; }
  }
  co_return co_await anchored(*point, terms, budget);
}

// What the zone above says of the cut; `above` moves down when an unknown zone between turns out to have signed it.
Task<DsWord> Chain::ask_for_ds(ZoneTrustPtr& above, const Name& cut, const ChainTerms& terms, Budget& budget) {
  const Question question{cut, Type::DS};
  std::vector<IpAddress> heard;
  Answer answer = co_await first_opinion(question, budget);
  DsWord first;
  for (std::size_t opinions = 0;;) {
    if (is_failure(answer)) {
      if (opinions == 0) { first = failed(fetch_failure(Reason::ds_unreachable, above->zone, budget)); }
      co_return first;
    }
    tell_subject(SubjectEvent::Kind::ds, question, above->zone, answer, budget);
    DsWord word;
    {
      const WorkTimer timer(parts_.clock, parts_.counters.nanoseconds);
      word = read_ds(answer, cut, *above, terms.time, parts_.options, budget);
    }
    if (word.kind == DsWord::Kind::missed_cut) {
      const ZoneTrustPtr between = co_await step(above, word.between, terms, budget);
      if (!between->verdict.is_secure()) {
        above = between;
        co_return failed(between->verdict);
      }
      if (between->zone == word.between) {
        above = between;
        continue;  // now with the right keys
      }
      word = failed(Verdict::bogus(Reason::rrsig_wrong_signer, above->zone));
    }
    if (word.kind != DsWord::Kind::failed) {
      if (opinions > 0) { parts_.counters.recovered.add(); }
      co_return word;
    }
    if (opinions == 0) { first = std::move(word); }
    if (opinions == kSecondOpinions || first.verdict.reason() == Reason::work_limit) { co_return first; }
    answer = co_await second_opinion(question, heard, answer, budget);
    ++opinions;
  }
}

// From a secure zone to the zone that may begin at `cut` below it. Returns the trust in `cut`; or, secure, that of the
// zone which proves that none begins there; or where the chain broke on the way.
Task<ZoneTrustPtr> Chain::step(ZoneTrustPtr above, const Name& cut, const ChainTerms& terms, Budget& budget) {
  DsWord word = co_await ask_for_ds(above, cut, terms, budget);
  if (!above->verdict.is_secure()) { co_return above; }  // a zone between, whose name is where it ends
  switch (word.kind) {
    case DsWord::Kind::no_cut:
      co_return above;
    case DsWord::Kind::insecure:
    case DsWord::Kind::failed:
    case DsWord::Kind::missed_cut:
      co_return remember({cut, word.verdict, nullptr}, word.ttl, terms, budget);
    case DsWord::Kind::present:
      break;
  }
  std::vector<Bytes> ds;
  for (const Bytes rdata : word.ds->rdata()) { ds.push_back(rdata); }
  const Endorsement endorsement{ds, {}};
  if (const auto why = why_unusable(endorsement, parts_.options.sha1)) {
    tell_no_keys(cut, endorsement, parts_.options.sha1, Verdict::insecure(*why, cut), budget);
    co_return remember({cut, Verdict::insecure(*why, cut), nullptr}, word.ttl, terms, budget);
  }
  KeysResult keys = co_await fetch_keys(cut, endorsement, terms, budget);
  co_return remember({cut, keys.verdict, std::move(keys.keys)}, std::min(word.ttl, keys.ttl), terms, budget);
}

// The topmost name strictly below `below`, at or above `target`, at which a delegation is known; null when there is
// none.
const Name* Chain::known_cut(NameView below, NameView target, Name& room) const {
  for (int labels = below.labels() + 1; labels <= target.labels(); ++labels) {
    const NameView name = target.suffix(u8(static_cast<std::size_t>(labels)));
    if (!parts_.fetch.is_known_cut(name)) { continue; }
    room = Name(name);
    return &room;
  }
  return nullptr;
}

// A step of one label or more, past names at which no cut is known. When it fails the cause may be an unsigned zone
// between, whose delegation is forgotten or which the same servers serve: then each label is tried.
Task<ZoneTrustPtr> Chain::leap(ZoneTrustPtr above, const Name& from, const Name& cut, const ChainTerms& terms,
                               Budget& budget) {
  const std::size_t first = from.view().labels() + std::size_t{1};
  const std::size_t last = cut.view().labels();
  ChainTerms guessing = terms;
  guessing.may_remember_failures = terms.may_remember_failures && first == last;
  const ZoneTrustPtr below = co_await step(above, cut, guessing, budget);
  if (first == last || !below->verdict.is_bogus()) { co_return below; }
  for (std::size_t labels = first; labels < last; ++labels) {
    const Name between(cut.view().suffix(u8(labels)));
    const ZoneTrustPtr found = co_await step(above, between, guessing, budget);
    if (found->verdict.is_bogus()) { break; }
    if (!found->verdict.is_secure()) { co_return found; }
    above = found;
  }
  co_return remember(*below, 0, terms, budget);
}

Task<ZoneTrustPtr> Chain::trust_in(const Name& zone, const ChainTerms& terms, Budget& budget) {
  ZoneTrustPtr current = co_await start(zone, terms, budget);
  Name reached = current->zone;
  Name room;
  while (current->verdict.is_secure() && reached != zone) {
    const Name* known = known_cut(reached, zone, room);
    const Name from = reached;
    reached = known != nullptr ? *known : zone;
    current = co_await leap(current, from, reached, terms, budget);
  }
  co_return current;
}

Task<ZoneTrustPtr> Chain::trust_for_unsigned(const Name& name, const ChainTerms& terms, Budget& budget) {
  ZoneTrustPtr current = co_await start(name, terms, budget);
  ChainTerms guessing = terms;
  guessing.may_remember_failures = false;
  std::optional<Name> denied_cut;
  Name reached = current->zone;
  Name room;
  while (current->verdict.is_secure() && reached != name) {
    const Name* known = known_cut(reached, name, room);
    const bool probing = known == nullptr;
    const Name from = reached;
    reached = probing ? Name(name.view().suffix(u8(reached.view().labels() + std::size_t{1}))) : *known;
    const ZoneTrustPtr below = co_await leap(current, from, reached, probing ? guessing : terms, budget);
    // Nobody said that there is a cut here: that none can be ruled out is no reason to blame the zone above.
    if (probing && below->verdict.is_bogus()) { break; }
    current = below;
    if (!probing && below->verdict.is_secure() && below->zone != reached) { denied_cut = reached; }
  }
  // A referral led here which its own zone's proofs deny: what came down that way is no more proven to be unsigned than
  // it is signed.
  if (current->verdict.is_secure() && denied_cut) {
    co_return std::make_shared<const ZoneTrust>(
        ZoneTrust{*denied_cut, Verdict::bogus(Reason::no_ds_proof_invalid, current->zone), nullptr});
  }
  co_return current;
}

}  // namespace vouch
