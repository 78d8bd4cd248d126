// One query's way through policy: what has been said of it so far, and the look at its answer before that leaves. The
// points of policy.h meet the resolver here and in policy_answer.h, and nowhere else.
#pragma once

#include <memory>
#include <optional>

#include "resolver/cache/caches.h"
#include "resolver/front/inquiry.h"
#include "resolver/policy/policy.h"
#include "resolver/wire/answer.h"

namespace vouch {

// A small value. Lives no longer than the Policy that it points into: whoever keeps one keeps that, too.
struct PolicyState {
  const Policy* policy = nullptr;    // null: there is none, and nothing is looked at
  const PolicyView* view = nullptr;  // the client's; null like `policy`
  std::optional<Ruling> ruling{};    // the first so far; an earlier source may still overrule it
  bool is_of_client = false;         // a rule on this client's very address had a say: the answer is for it alone
  bool strips = false;               // addresses of the home's own network are taken out of the answer (rebinding.h)
  const Dns64* dns64 = nullptr;      // makes up what the answer lacks; null: nothing is made up

  // The client's view, and what is said of its address.
  void meet_client(const Policy* with, const IpAddress& client) noexcept;
  // What is said of the question. True: the ruling stands, whatever the answer would be.
  bool meet_question(NameView name, const Inquiry& inquiry) noexcept;
  PolicyRank below() const noexcept { return ruling ? ruling->rank : kNoRank; }
  // Whether rules may still match, at an answer.
  bool has_rules_left() const noexcept;
  // Whether an answer must be looked at before it leaves.
  bool looks_at_answers() const noexcept { return strips || dns64 != nullptr || has_rules_left(); }
};

// An answer on its way out, set by set in the order of its aliases: each alias ends a stage and begins the next, and
// what an earlier stage has met comes before all that is further on (draft-vixie-dnsop-dns-rpz-00 section 5.1). Tells
// of each set what may leave of it, and at the end, in PolicyState::ruling, what becomes of the whole.
class AnswerCheck {
 public:
  // `asked`: the question's name. All arguments must outlive the check.
  AnswerCheck(PolicyState& state, NameView asked, const Caches& caches, TtlTime now) noexcept
      : state_(state), stage_(asked), caches_(caches), now_(now) {}

  // `set` itself, what is left of it, or null: nothing of it may leave.
  RRsetPtr pass(const RRsetPtr& set);
  // After the last set: the servers that the answer comes from.
  void look_at_servers();

  bool has_changed() const noexcept { return has_changed_; }                // some set was left out, or lost records
  bool has_lost_addresses() const noexcept { return has_lost_addresses_; }  // to rebinding protection
  bool has_ipv6() const noexcept { return has_ipv6_; }                      // what DNS64 would be wanted for is there
  // A rule has decided on the whole, and no set that is yet to come can change that.
  bool is_decided() const noexcept { return is_decided_; }

 private:
  void rule(std::optional<Ruling> ruling) noexcept;
  void look_at_alias(const RRsetPtr& set);
  void look_at_addresses(const RRset& set);
  struct Servers;
  Servers servers_of(NameView name) const;

  PolicyState& state_;
  NameView stage_;  // the name that is at the end of the aliases so far
  RRsetPtr alias_;  // holds what `stage_` points into; null: the question does
  const Caches& caches_;
  const TtlTime now_;
  bool has_changed_ = false;
  bool has_lost_addresses_ = false;
  bool has_ipv6_ = false;
  bool is_decided_ = false;
};

// The whole of an answer at once.
struct CheckedAnswer {
  std::optional<Answer> left;  // what of it may leave, in place of it; nothing: all of it, as it is
  bool has_lost_addresses = false;
  bool has_ipv6 = false;
};
CheckedAnswer checked(const Answer& answer, PolicyState& state, NameView asked, const Caches& caches, TtlTime now);

// For the client's extended error, where has_lost_addresses().
inline constexpr std::string_view kLostAddressesText = "internal addresses left out";

}  // namespace vouch
