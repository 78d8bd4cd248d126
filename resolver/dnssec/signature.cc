#include "resolver/dnssec/signature.h"

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <utility>

#include "resolver/base/thread_end.h"
#include "resolver/dnssec/canonical_form.h"
#include "resolver/dnssec/trace.h"

namespace vouch {

namespace {

// Who may have signed: some keys of one zone.
struct Signers {
  NameView zone;
  std::span<const ZoneKey* const> keys;
  Sha1Policy sha1;
};

// How far a signature came before it failed, by signature.h.
int distance(Reason reason) noexcept {
  constexpr std::array kFurthestLast = {
      Reason::rrsig_missing,     Reason::rrsig_malformed,       Reason::rrsig_wrong_signer,
      Reason::rrsig_unknown_key, Reason::rrsig_window_inverted, Reason::rrsig_not_yet_valid,
      Reason::rrsig_expired,     Reason::rrsig_invalid,         Reason::work_limit};
  return static_cast<int>(std::ranges::find(kFurthestLast, reason) - kFurthestLast.begin());
}

// Why a signature does not count; Reason::none when it does.
struct Finding {
  Reason reason = Reason::none;
  bool has_key = false;
  std::uint16_t tag = 0;
  std::uint8_t algorithm = 0;
  std::optional<UnixTime> time = std::nullopt;
};

Finding finding_of(const RrsigView& signature, Reason reason = Reason::none) noexcept {
  return {.reason = reason, .has_key = true, .tag = signature.key_tag, .algorithm = signature.algorithm};
}

// The finding that is told: of the signature that came furthest; of two that came as far, the one that was valid last,
// or will be first, else the first.
class Furthest {
 public:
  void note(const Finding& finding) noexcept {
    const int further = distance(finding.reason) - distance(finding_.reason);
    const bool is_later_end = finding.reason == Reason::rrsig_expired && finding.time > finding_.time;
    const bool is_earlier_start = finding.reason == Reason::rrsig_not_yet_valid && finding.time < finding_.time;
    const bool tells_more = is_later_end || is_earlier_start || (finding.has_key && !finding_.has_key);
    if (further > 0 || (further == 0 && tells_more)) { finding_ = finding; }
  }
  Verdict verdict(NameView zone) const noexcept {
    Verdict verdict = Verdict::bogus(finding_.reason, zone);
    if (finding_.has_key) { verdict.with_key(finding_.tag, finding_.algorithm); }
    if (finding_.time) { verdict.with_time(*finding_.time); }
    return verdict;
  }

 private:
  Finding finding_{.reason = Reason::rrsig_missing};
};

Finding look_at_time(const RrsigView& signature, const SignatureTime& time, const Finding& found) noexcept {
  if (time.is_ignored) { return found; }
  Finding flaw = found;
  const UnixTime inception = moment_of(signature.inception, time.now),
                 expiration = moment_of(signature.expiration, time.now);
  if (static_cast<std::int32_t>(signature.expiration - signature.inception) < 0) {
    flaw.reason = Reason::rrsig_window_inverted;
  } else if (inception - time.now > time.skew) {
    flaw.reason = Reason::rrsig_not_yet_valid;
    flaw.time = inception;
  } else if (time.now - expiration > time.skew) {
    flaw.reason = Reason::rrsig_expired;
    flaw.time = expiration;
  }
  return flaw;
}

bool is_made_by(const RrsigView& signature, const ZoneKey& key) noexcept {
  return key.tag() == signature.key_tag && key.algorithm() == signature.algorithm;
}

// All that RFC 4035 section 5.3.1 asks before any cryptography.
Finding look_at(const RrsigView& signature, const RRset& rrset, const Signers& signers, const SignatureTime& time) {
  Finding found = finding_of(signature);
  if (signature.covered != rrset.type()) {
    found.reason = Reason::rrsig_malformed;
  } else if (!is_supported_algorithm(signature.algorithm, signers.sha1)) {
    // As if it were not there: the zone is secure by an algorithm that is known here, and all of its data is signed
    // by each of the zone's algorithms (RFC 6840 section 5.11), any one of which suffices.
    found.reason = Reason::rrsig_missing;
  } else if (signature.signer != signers.zone || !rrset.owner().is_at_or_below(signers.zone)) {
    found.reason = Reason::rrsig_wrong_signer;
  } else if (signature.labels > signed_labels(rrset.owner()) || signature.labels < signed_labels(signers.zone)) {
    // Fewer labels than the signer would make a zone's wildcard stand above the zone (CVE-2026-44690).
    found.reason = Reason::rrsig_malformed;
  } else if (std::ranges::none_of(signers.keys, [&](const ZoneKey* key) { return is_made_by(signature, *key); })) {
    found.reason = Reason::rrsig_unknown_key;
  }
  return found.reason == Reason::none ? look_at_time(signature, time, found) : found;
}

struct Candidate {
  RrsigView view;
  Bytes rdata;
};
using Candidates = std::array<Candidate, RRset::kMaxSignatures>;

// Those worth a check, the cheapest first.
std::span<Candidate> choose(const RRset& rrset, const Signers& signers, const SignatureTime& time,
                            Candidates& candidates, Furthest& furthest, Trace* trace) {
  std::size_t count = 0;
  for (const Bytes rdata : rrset.signatures()) {
    const auto view = rrsig_view(rdata);
    if (!view) {
      furthest.note({.reason = Reason::rrsig_malformed});
      if (trace != nullptr) { trace->note_signature(rdata, Reason::rrsig_malformed, time.now); }
      continue;
    }
    const Finding found = look_at(*view, rrset, signers, time);
    if (found.reason != Reason::none) {
      furthest.note(found);
      if (trace != nullptr) { trace->note_signature(rdata, found.reason, time.now); }
      continue;
    }
    // Insertion: there are few, and equals keep their order.
    std::size_t at = count++;
    const std::uint32_t cost = verification_cost(view->algorithm);
    for (; at > 0 && verification_cost(candidates[at - 1].view.algorithm) > cost; --at) {
      candidates[at] = candidates[at - 1];
    }
    candidates[at] = {*view, rdata};
  }
  return {candidates.data(), count};
}

// RFC 4035 section 5.3.3. Within the skew after its end a signature leaves a second: with none, each query for the name
// would have everything fetched and checked anew.
std::uint32_t life_of(const RRset& rrset, const RrsigView& signature, const SignatureTime& time) noexcept {
  const std::uint32_t ttl = std::min(rrset.ttl(), signature.original_ttl);
  if (time.is_ignored) { return ttl; }
  const UnixTime left = std::max<UnixTime>(moment_of(signature.expiration, time.now) - time.now, 1);
  return static_cast<std::uint32_t>(std::min<UnixTime>(ttl, left));
}

// Kept by each thread, so that a check allocates nothing.
thread_local CanonicalForm* form_of_thread = nullptr;
const ThreadEnd kFormEnd([](void*) { delete std::exchange(form_of_thread, nullptr); });

CanonicalForm& canonical_form() {
  if (form_of_thread == nullptr) {
    auto made = std::make_unique<CanonicalForm>();
    if (!kFormEnd.arm(made.get())) { throw std::bad_alloc(); }
    form_of_thread = made.release();
  }
  return *form_of_thread;
}

// The checks of one RRset, within its limits and the query's.
class Checker {
 public:
  // Throws std::bad_alloc.
  Checker(const RRset& rrset, Budget& budget) : canonical_(canonical_form()), budget_(budget) {
    canonical_.begin(rrset);
  }

  // Reason::none: the signature is this key's.
  Reason check(const Candidate& candidate, const ZoneKey& key) {
    const PublicKey* const public_key = key.public_key();
    if (public_key == nullptr) { return Reason::rrsig_unknown_key; }  // a key that is none is as good as not published
    if (!public_key->could_have_made(candidate.view.signature)) { return Reason::rrsig_malformed; }
    if (!budget_.take_signature_check(public_key->cost(), key.algorithm())) { return Reason::work_limit; }
    const Bytes data = canonical_.signed_data(candidate.view, candidate.rdata);
    if (public_key->verifies(data, candidate.view.signature)) { return Reason::none; }
    budget_.note_failed_check(key.algorithm());
    ++failures_;
    return Reason::rrsig_invalid;
  }
  bool may_go_on() const noexcept { return failures_ < kMaxFailuresPerRRset; }

 private:
  CanonicalForm& canonical_;
  Budget& budget_;
  std::uint32_t failures_ = 0;
};

// By the keys that may have made it: Reason::none when one has; work_limit when there shall be no more checks.
Reason check_by_any(const Candidate& candidate, const Signers& signers, Checker& checker, Furthest& furthest) {
  Reason last = Reason::rrsig_unknown_key;
  std::size_t tried = 0;
  for (const ZoneKey* key : signers.keys) {
    if (!is_made_by(candidate.view, *key)) { continue; }
    if (tried++ == KeySet::kMaxKeysPerTag) {  // no honest zone has three keys with one tag
      furthest.note(finding_of(candidate.view, Reason::work_limit));
      return Reason::work_limit;
    }
    if (!checker.may_go_on()) { break; }
    last = checker.check(candidate, *key);
    if (last == Reason::none) { break; }
    furthest.note(finding_of(candidate.view, last));
    if (last == Reason::work_limit) { break; }
  }
  return last;
}

SignatureResult look_for_one_that_holds(const RRset& rrset, const Signers& signers, const SignatureTime& time,
                                        Budget& budget) {
  Furthest furthest;
  Candidates candidates;
  const std::span<const Candidate> chosen = choose(rrset, signers, time, candidates, furthest, budget.trace());
  if (chosen.empty()) { return {.verdict = furthest.verdict(signers.zone)}; }
  Checker checker(rrset, budget);
  for (const Candidate& candidate : chosen) {
    const Reason reason = check_by_any(candidate, signers, checker, furthest);
    if (Trace* const trace = budget.trace()) { trace->note_signature(candidate.rdata, reason, time.now); }
    if (reason == Reason::none) {
      return {.verdict = Verdict::secure(),
              .labels = candidate.view.labels,
              .ttl = life_of(rrset, candidate.view, time),
              .is_wildcard_expansion = candidate.view.labels < signed_labels(rrset.owner()),
              .algorithm = candidate.view.algorithm,
              .inception = moment_of(candidate.view.inception, time.now),
              .expiration = moment_of(candidate.view.expiration, time.now)};
    }
    if (reason == Reason::work_limit) { break; }
  }
  return {.verdict = furthest.verdict(signers.zone)};
}

}  // namespace

SignatureResult verify(const RRset& rrset, const KeySet& keys, std::span<const ZoneKey* const> by,
                       const SignatureTime& time, Budget& budget) {
  const Signers signers{.zone = keys.zone(), .keys = by, .sha1 = keys.sha1()};
  Trace* const trace = budget.trace();
  if (trace == nullptr) { return look_for_one_that_holds(rrset, signers, time, budget); }
  trace->begin_set(rrset, signers.zone);
  SignatureResult result = look_for_one_that_holds(rrset, signers, time, budget);
  trace->end_set(result.verdict);
  return result;
}

SignatureResult verify(const RRset& rrset, const KeySet& keys, const SignatureTime& time, Budget& budget) {
  std::array<const ZoneKey*, KeySet::kMaxKeys> all;
  const auto end = std::ranges::transform(keys.keys(), all.begin(), [](const auto& key) { return key.get(); }).out;
  return verify(rrset, keys, {all.begin(), end}, time, budget);
}

}  // namespace vouch
