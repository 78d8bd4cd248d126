// Why an answer is what it is: the name resolved afresh, past every cache, and the chain of trust down to it told step
// by step, with the first fault marked. docs/explain.md shows one and how to read it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "resolver/cache/caches.h"
#include "resolver/dnssec/trace.h"
#include "resolver/explain/private_resolver.h"

namespace vouch {

// One zone of the chain: what the zone above says of it, and its keys.
struct ZoneStory {
  Name zone;
  Name above;              // who speaks of it; itself for an anchor
  bool is_anchor = false;  // where trust begins
  // The parent's word, absent at an anchor: the DS set with its signatures, or the proof that there is none.
  bool is_ds_from_referral = false;  // it came along, and nobody was asked for it
  std::optional<IpAddress> ds_server;
  std::vector<SetEvent> ds_sets;
  std::optional<ProofEvent> no_ds;
  // Its own keys; none where they were not looked at.
  std::optional<IpAddress> keys_server;
  std::optional<KeysEvent> keys;
  std::vector<SetEvent> keys_sets;
  Verdict verdict;
  bool is_at_fault = false;  // the first fault lies here
};

// One part of the answer: a set, or that something is not there.
struct PartStory {
  RRsetPtr set;  // null: the denial of `name` and `type`
  Name name;
  Type type = Type::none;
  std::vector<SetEvent> sets;      // the set's own signatures; of a denial those of SOA and proofs
  std::vector<ProofEvent> proofs;  // of a denial, or that a wildcard may stand in
  Verdict verdict;
  bool is_at_fault = false;
};

// What clients are told meanwhile, out of what the process remembers.
struct CacheStory {
  std::optional<Failure> failure;   // of the question
  std::optional<CacheEntry> entry;  // likewise
  std::vector<ZoneTrustPtr> zones;  // on the way down, from the root
};

struct Explanation {
  Question question;
  UnixTime at = 0;  // when it was made
  Instant start{};  // what exchanges' times count from
  Duration took{};
  DnssecMode mode = DnssecMode::enforce;   // the operator's: what becomes of a bogus answer
  std::uint16_t nsec3_max_iterations = 0;  // likewise
  Answer answer;                           // as of now; SERVFAIL when it does not hold
  Verdict verdict;                         // the answer's
  std::vector<ZoneStory> chain;            // in the order in which they were reached
  std::vector<PartStory> parts;            // in the order of the answer; aliases first
  std::vector<ExchangeEvent> exchanges;
  std::optional<Name> unreachable;                // no server of this zone gave an answer, and so there is none
  bool is_cut_short = false;                      // there was more to tell than Trace::kMaxEvents
  std::optional<CacheStory> cache;                // nothing: nobody looked
  std::optional<NegativeAnchor> negative;         // the one that the verdict rests on
  std::unique_ptr<Explanation> without_negative;  // how it would be without any

  bool is_refused() const noexcept { return answer.rcode == Rcode::server_failure; }
  // Null: nothing is at fault there.
  const ZoneStory* zone_at_fault() const noexcept;
  const PartStory* part_at_fault() const noexcept;
  // The set whose signatures did not hold, which the verdict rests on. Null: there is none, the fault is another.
  const SetEvent* offending_set() const noexcept;
};
using ExplanationPtr = std::shared_ptr<const Explanation>;

// What a trace tells, put in order. `verdict` is the one that stood in the end.
void tell_story(const Trace& trace, Explanation& explanation);

struct ExplainParts {
  PrivateResolverParts resolver;          // dnssec as configured; its mode is told and does not count
  std::vector<NegativeAnchor> negatives;  // in force, for their reasons and ends
  const Caches* caches = nullptr;         // null: what is remembered is not looked at
  const TrustCache* trust = nullptr;
};

// Always ends, like any resolution, within the time of one budget (two, where a negative anchor stands in the way).
Task<ExplanationPtr> explain(ExplainParts parts, Question question);

}  // namespace vouch
