// What one step of a resolution finds in the RRset cache, and what it leaves there: data and denials with the verdict
// on them, referrals, proven gaps. It alone decides for how long something lives, so that the first client and those
// after it are told the same.
//
// Of the TTL a server gave, the operator's bounds make another; above that stands a ceiling: what is proven ends with
// its proof, and what may yet be proven lives no longer than its zone said, because whoever judges it later takes it
// for new (RFC 4035 section 5.3.3). One per resolver, on its thread; the caches are shared.
#pragma once

#include <optional>

#include "resolver/cache/caches.h"
#include "resolver/dnssec/validator.h"
#include "resolver/iterate/classify.h"
#include "resolver/wire/answer.h"

namespace vouch {

// How a question is resolved.
struct How {
  bool use_cache = true;
  bool judge = false;
  bool follow_aliases = true;  // for a client, or a server's address: not for the validator, which wants the set itself
};

class StepCache {
 public:
  // `dnssec`: null when nothing is ever judged. All must outlive this.
  StepCache(Caches& caches, const Clock& clock, const DnssecOptions* dnssec)
      : caches_(caches), clock_(clock), dnssec_(dnssec) {}

  struct Found {
    enum class Kind : std::uint8_t {
      nothing,   // `denied`
      answer,    // which is appended
      alias,     // likewise, and the question goes on to its target
      unjudged,  // `entry`: something is there that no validator has seen, or that did not hold
    };
    Kind kind = Kind::nothing;
    std::optional<CacheEntry> entry = {};
    std::optional<CacheEntry> denied = {};  // the name error closest above the name, whatever it is worth
  };
  Found find(Question& now, const How& how, Answer& answer) const;
  // What was found unjudged, as a server's reply would have it; TTLs are what is left. Nothing when memory is out.
  static std::optional<Response> to_judge(const Question& question, const CacheEntry& entry);
  // RFC 8020: where a name is proven not to exist, nothing exists beneath it. Only what is proven counts: an unsigned
  // zone's NXDOMAIN for an empty non-terminal would hide what lies below. True: `answer` is that denial.
  static bool deny_below(const std::optional<CacheEntry>& denied, Answer& answer);
  // Whether a shortened question need not be asked, because its answer is here.
  bool is_known_to_exist(NameView name, Type type) const;
  // Whether something is here that could be given to somebody who wants it judged.
  bool has_good(const Question& question) const;

  // `judgement`: null when nobody judged. What of it says nothing (a bogus part ends a judgement) counts as unjudged.
  void store(const Response& response, Type type, const Judgement* judgement);
  // What the parent says on the way down: the child's servers and, unverified, its DS or that it has none.
  void store_referral(const Response& response);
  void append(const Response& response, const Judgement* judgement, Answer& answer) const;

 private:
  struct Above {
    std::optional<CacheEntry> dname, denied;
  };
  Above look_above(NameView name, TtlTime now) const;
  Found find_above(Question& now, const How& how, Answer& answer) const;
  bool needs_judging(const CacheEntry& entry, const How& how) const noexcept;
  std::uint32_t ceiling_of(const RRset& rrset, const Judgement::Part* part, const Response& response) const;
  std::uint32_t ceiling_of_path(NameView name) const;
  std::uint32_t unjudged_ceiling(const RRset* rrset, const std::vector<RRsetPtr>& proofs) const;
  void store_set(const Response& response, std::size_t index, Credibility credibility, const Judgement* judgement);
  void store_denial(const Response& response, Type type, Credibility credibility, const Judgement* judgement);

  Caches& caches_;
  const Clock& clock_;
  const DnssecOptions* dnssec_;
};

bool is_negative(const Response& response) noexcept;

}  // namespace vouch
