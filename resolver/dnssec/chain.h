// The chain of trust: from a trust anchor down, zone by zone, by DS and DNSKEY (RFC 4035 section 5). What is found on
// the way is remembered in the TrustCache, so that most names need no step at all.
#pragma once

#include "resolver/base/task.h"
#include "resolver/dnssec/fetch.h"
#include "resolver/dnssec/signature.h"
#include "resolver/dnssec/trust_anchors.h"
#include "resolver/dnssec/trust_cache.h"
#include "telemetry/counters.h"

namespace vouch {

// Everything that validation leans on. All of it must outlive the validator.
struct ValidatorParts {
  const DnssecOptions& options;
  TrustAnchors& anchors;  // one for the process
  TrustCache& trust;      // likewise
  Fetch& fetch;
  const Clock& clock;
  ValidationCounters& counters;
};

// How a question about trust is answered: by the clock, or without regard to signatures' times (then nothing is
// remembered).
struct ChainTerms {
  SignatureTime time;
  bool may_remember = true;
  bool may_remember_failures = true;  // not where a cut is only guessed at
};

// What the zone above says of a possible cut.
struct DsWord {
  enum class Kind : std::uint8_t {
    present,     // `ds`, verified
    insecure,    // a delegation without DS, or that may be one (opt-out): `verdict`
    no_cut,      // no zone begins here
    missed_cut,  // the answer is signed by a zone between: `between`
    failed,      // `verdict`
  };
  Kind kind = Kind::failed;
  Verdict verdict;
  RRsetPtr ds;
  Name between;
  std::uint32_t ttl = 0;  // seconds
};
// Pure: reads an answer to the question for `cut DS` with the keys of the zone `above`.
DsWord read_ds(const Answer& answer, NameView cut, const ZoneTrust& above, const SignatureTime& time,
               const DnssecOptions& options, Budget& budget);

class Chain {
 public:
  // Before a zone is given up, its data is fetched anew from this many other servers: one of them may be stale, or
  // somebody forged one reply.
  static constexpr std::size_t kSecondOpinions = 2;

  explicit Chain(const ValidatorParts& parts) : parts_(parts) {}

  ChainTerms usual_terms() const;
  // Whether a signer may have signed data at `home`: the zone of the closest trust anchor or one below it. A signer
  // above that would lead the chain past what the operator trusts, to where nothing is asked for.
  bool may_sign(NameView signer, NameView home) const;
  // Where the operator has switched validation off: the negative anchor at or above the name, as a verdict.
  std::optional<Verdict> negative_at(NameView name) const;

  // The trust in the zone of that name, which a signature named as its signer. The result's `zone` is that name, or one
  // above it: where the chain breaks or ends in insecurity; or, secure, the zone that proves that there is no cut here.
  // All arguments must outlive the task.
  Task<ZoneTrustPtr> trust_in(const Name& zone, const ChainTerms& terms, Budget& budget);
  // The trust in whatever zone holds `name`, whose data came without signatures. Secure means that the data should have
  // had some. Known cuts are tried first; then every label below the last secure zone, for a child that the same
  // servers serve.
  Task<ZoneTrustPtr> trust_for_unsigned(const Name& name, const ChainTerms& terms, Budget& budget);

 private:
  Task<ZoneTrustPtr> start(const Name& name, const ChainTerms& terms, Budget& budget);
  Task<ZoneTrustPtr> anchored(const AnchorSet::Point& point, const ChainTerms& terms, Budget& budget);
  Task<ZoneTrustPtr> step(ZoneTrustPtr above, const Name& cut, const ChainTerms& terms, Budget& budget);
  Task<ZoneTrustPtr> leap(ZoneTrustPtr above, const Name& from, const Name& cut, const ChainTerms& terms,
                          Budget& budget);
  Task<DsWord> ask_for_ds(ZoneTrustPtr& above, const Name& cut, const ChainTerms& terms, Budget& budget);
  Task<KeysResult> fetch_keys(const Name& zone, const Endorsement& endorsement, const ChainTerms& terms,
                              Budget& budget);
  Task<Answer> first_opinion(const Question& question, Budget& budget);
  Task<Answer> second_opinion(const Question& question, std::vector<IpAddress>& heard, const Answer& last,
                              Budget& budget);
  const Name* known_cut(NameView below, NameView target, Name& room) const;
  ZoneTrustPtr remember(ZoneTrust trust, std::uint32_t ttl, const ChainTerms& terms, const Budget& budget);
  Verdict fetch_failure(Reason reason, NameView zone, const Budget& budget) const;

  ValidatorParts parts_;
};

}  // namespace vouch
