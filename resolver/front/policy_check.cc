#include "resolver/front/policy_check.h"

#include <array>
#include <vector>

#include "resolver/policy/rebinding.h"

namespace vouch {

namespace {

// Zone cuts above a name that are looked at: deeper delegations than this are nobody's honest ones.
constexpr std::size_t kMaxCuts = 16;
constexpr std::size_t kMaxServerAddresses = 512;  // of all their servers: sixteen cuts with all the glue they may have
constexpr std::uint32_t kServerAddressMemory = 86400;  // seconds past expiry: the longest that a delegation is kept

// Points that are looked at when the answer is at hand.
bool has_late_points(const PolicyView& view) noexcept { return view.points.has_after(PolicyPoint::query_name); }

IpAddress address_of(Type type, Bytes rdata) noexcept {
  return type == Type::A ? IpAddress::v4(rdata) : IpAddress::v6(rdata);
}

}  // namespace

void PolicyState::meet_client(const Policy* with, const IpAddress& client) noexcept {
  policy = with;
  view = nullptr;
  ruling.reset();
  is_of_client = false;
  strips = false;
  dns64 = nullptr;
  if (policy == nullptr) { return; }
  view = &policy->view_of(client);
  if (!view->points.has(PolicyPoint::client)) { return; }
  ruling = policy->at_client(*view, client);
  is_of_client = ruling.has_value();
}

bool PolicyState::meet_question(NameView name, const Inquiry& inquiry) noexcept {
  strips = view->strips_internal_addresses && !policy->may_be_internal(name);
  // RFC 6147 section 5.5: whoever says CD and DO judges for itself, and would find what is made up bogus.
  const bool may_make_up = inquiry.type == Type::AAAA && !(inquiry.cd && inquiry.dnssec_ok);
  dns64 = may_make_up ? view->dns64 : nullptr;
  if (ruling && !policy->may_be_overruled(*view, *ruling)) { return true; }
  if (view->points.has(PolicyPoint::query_name)) {
    const HashedName hashed(name);
    if (const auto found = policy->at_query_name(*view, hashed, below())) { ruling = found; }
  }
  return ruling && !policy->may_be_overruled(*view, *ruling);
}

bool PolicyState::has_rules_left() const noexcept {
  if (policy == nullptr) { return false; }
  if (!view->points.has(PolicyPoint::query_name) && !has_late_points(*view)) { return false; }
  return !ruling || policy->may_be_overruled(*view, *ruling);
}

// ------------------------------------------------------------------------------------------------------- set after set

void AnswerCheck::rule(std::optional<Ruling> ruling) noexcept {
  if (!ruling) { return; }
  state_.ruling = std::move(ruling);
  is_decided_ = !state_.policy->may_be_overruled(*state_.view, *state_.ruling);
}

RRsetPtr AnswerCheck::pass(const RRsetPtr& set) {
  if (is_decided_) { return set; }
  const Type type = set->type();
  if (state_.has_rules_left()) {
    if (type == Type::CNAME) { look_at_alias(set); }
    if (type == Type::A || type == Type::AAAA) { look_at_addresses(*set); }
  }
  RRsetPtr left = set;
  if (state_.dns64 != nullptr && type == Type::AAAA) { left = state_.dns64->without_excluded(left); }
  if (state_.strips && left) {
    const RRsetPtr stripped = without_internal_addresses(left);
    has_lost_addresses_ |= stripped != left;
    left = stripped;
  }
  has_ipv6_ |= type == Type::AAAA && left;
  has_changed_ |= left != set;
  return left;
}

// A name that is blocked is blocked under every alias.
void AnswerCheck::look_at_alias(const RRsetPtr& set) {
  look_at_servers();
  is_decided_ |= state_.ruling.has_value();  // by what this stage has met
  if (is_decided_) { return; }
  alias_ = set;
  stage_ = rdata_name(Type::CNAME, set->first_rdata());
  if (!state_.view->points.has(PolicyPoint::query_name)) { return; }
  const HashedName target(stage_);
  rule(state_.policy->at_query_name(*state_.view, target, state_.below()));
}

void AnswerCheck::look_at_addresses(const RRset& set) {
  if (!state_.view->points.has(PolicyPoint::answer_address)) { return; }
  std::array<IpAddress, RRset::kMaxRecords> addresses;
  std::size_t count = 0;
  for (const Bytes rdata : set.rdata()) { addresses[count++] = address_of(set.type(), rdata); }
  rule(state_.policy->at_answer_addresses(*state_.view, std::span(addresses).first(count), state_.below()));
}

struct AnswerCheck::Servers {
  std::vector<DelegationPtr> cuts;  // hold the names
  std::vector<NameView> names;
  std::vector<IpAddress> addresses;

  void add(const IpAddress& address) {
    if (addresses.size() < kMaxServerAddresses) { addresses.push_back(address); }
  }
};

// As far as is known without asking: the delegations that led to the name lie in the cache, with their glue and what
// was looked up for them. The latter may have expired before the answer does; it was true when it led there.
AnswerCheck::Servers AnswerCheck::servers_of(NameView name) const {
  Servers servers;
  DelegationPtr cut = caches_.delegations.closest_above(name, now_);
  while (cut && servers.cuts.size() < kMaxCuts) {
    for (const Delegation::Server& server : cut->servers()) {
      servers.names.push_back(server.name);
      for (const IpAddress& address : server.addresses) { servers.add(address); }
      if (!state_.view->points.has(PolicyPoint::server_address)) { continue; }
      for (const Type type : {Type::A, Type::AAAA}) {
        const auto entry = caches_.rrsets.find_stale(server.name, type, now_, kServerAddressMemory);
        if (!entry || entry->kind != EntryKind::rrset) { continue; }
        for (const Bytes rdata : entry->rrset->rdata()) { servers.add(address_of(type, rdata)); }
      }
    }
    servers.cuts.push_back(cut);
    const NameView zone = cut->zone();
    if (zone.labels() <= 1) { break; }  // the root's servers are everybody's
    cut = caches_.delegations.closest_above(zone.parent(), now_);
  }
  return servers;
}

void AnswerCheck::look_at_servers() {
  const PolicyPoints points = state_.view == nullptr ? PolicyPoints{} : state_.view->points;
  if (is_decided_ || !state_.has_rules_left()) { return; }
  if (!points.has(PolicyPoint::server_name) && !points.has(PolicyPoint::server_address)) { return; }
  const Servers servers = servers_of(stage_);
  rule(state_.policy->at_server_names(*state_.view, servers.names, state_.below()));
  rule(state_.policy->at_server_addresses(*state_.view, servers.addresses, state_.below()));
}

CheckedAnswer checked(const Answer& answer, PolicyState& state, NameView asked, const Caches& caches, TtlTime now) {
  AnswerCheck check(state, asked, caches, now);
  Answer left;
  for (const AnswerPart& part : answer.answer) {
    if (RRsetPtr kept = check.pass(part.rrset)) { left.answer.push_back({std::move(kept), part.ttl}); }
  }
  check.look_at_servers();
  CheckedAnswer result{
      .left = std::nullopt, .has_lost_addresses = check.has_lost_addresses(), .has_ipv6 = check.has_ipv6()};
  if (!check.has_changed()) { return result; }
  std::vector<AnswerPart> parts = std::move(left.answer);
  left = answer;
  left.answer = std::move(parts);
  // What is left is true, but no proof goes with it.
  if (left.verdict.is_secure()) { left.verdict = Verdict::insecure(Reason::none, NameView()); }
  result.left = std::move(left);
  return result;
}

}  // namespace vouch
