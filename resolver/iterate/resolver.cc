#include "resolver/iterate/resolver.h"

#include <algorithm>

#include "resolver/iterate/ask.h"
#include "resolver/iterate/minimise.h"
#include "resolver/iterate/root_hints.h"

namespace vouch {

namespace {

// How a descent from a zone cut to the name's own servers ended.
struct Descent {
  std::optional<Response> response;
  bool cacheable = true;
  // When there is no response:
  Ede why = Ede::no_reachable_authority;
  std::string text;
};

bool is_negative(const Response& response) {
  return response.outcome == Outcome::no_data || response.outcome == Outcome::name_error;
}

}  // namespace

struct Resolver::Impl final : ServerNames {
  explicit Impl(ResolverParts given)
      : parts(given),
        exchanger(parts.options, parts.caches.servers, parts.upstream, parts.clock, parts.random, parts.counters),
        asker(parts.options, parts.caches, parts.exchanges, exchanger, parts.executor, parts.clock, parts.random, *this,
              parts.counters),
        hints(delegation_from_hints(parts.options.root_hints.empty() ? builtin_root_hints() : parts.options.root_hints,
                                    DelegationCache::kMinTtl)) {}

  Task<Answer> resolve(Question asked, Budget& budget, const Lineage* above, bool use_cache);
  Task<Descent> descend(const Question& question, Budget& budget, const Lineage& lineage, bool use_forwarders);
  Task<ZoneCut> closest_cut(const Question& question, Budget& budget, const Lineage& lineage, bool use_forwarders);
  Task<DelegationPtr> root(Budget& budget, const Lineage& lineage);
  Task<std::vector<IpAddress>> addresses_of(const Name& server, Effort effort, Budget& budget,
                                            const Lineage& lineage) override;

  enum class Found : std::uint8_t { nothing, answer, alias };
  Found find_in_cache(Question& now, Answer& answer);
  RRsetPtr find_dname(NameView name, TtlTime now, std::uint32_t& ttl);
  bool is_known_to_exist(NameView name, Type type);
  void store(const Response& response, bool cacheable, Type type);
  void append(const Response& response, Answer& answer);
  std::uint32_t ttl_to_serve(const RRset& rrset);
  Answer fail(const Question& asked, Answer so_far, Ede why, std::string text, const Budget& budget,
              std::uint32_t depth);

  ResolverParts parts;
  Exchanger exchanger;
  Asker asker;
  DelegationPtr hints;  // the root's servers as configured, before priming
};

// ---------------------------------------------------------------------------------------------------- the cache's side

// RFC 6672 section 3.3: the closest DNAME above the name.
RRsetPtr Resolver::Impl::find_dname(NameView name, TtlTime now, std::uint32_t& ttl) {
  for (NameView above = name; !above.is_root();) {
    above = above.parent();
    const auto entry = parts.caches.rrsets.find(above, Type::DNAME, now);
    if (entry && entry->kind == EntryKind::rrset) {
      ttl = entry->ttl;
      return entry->rrset;
    }
  }
  return nullptr;
}

// Looks `now` up; an alias is appended to the answer and `now` goes on to its target.
Resolver::Impl::Found Resolver::Impl::find_in_cache(Question& now, Answer& answer) {
  const TtlTime time = parts.clock.ttl();
  const RRsetCache& cache = parts.caches.rrsets;
  if (now.type == Type::ANY || now.type == Type::RRSIG) { return Found::nothing; }  // no entry stands for them
  if (auto entry = cache.find(now.name, now.type, time)) {
    if (entry->kind == EntryKind::rrset) {
      answer.rcode = Rcode::no_error;
      answer.answer.push_back({entry->rrset, entry->ttl});
    } else {
      answer.rcode = entry->kind == EntryKind::name_error ? Rcode::name_error : Rcode::no_error;
      if (entry->rrset) { answer.authority.push_back({entry->rrset, entry->ttl}); }
    }
    if (entry->proofs) {
      for (const RRsetPtr& proof : entry->proofs->rrsets()) { answer.authority.push_back({proof, entry->ttl}); }
    }
    answer.security = entry->security;
    return Found::answer;
  }
  if (now.type != Type::CNAME &&
      now.type != Type::DS) {  // a DS set is the parent's, whatever the child says of the name
    const auto alias = cache.find(now.name, Type::CNAME, time);
    if (alias && alias->kind == EntryKind::rrset) {
      answer.answer.push_back({alias->rrset, alias->ttl});
      now.name = Name(rdata_name(Type::CNAME, alias->rrset->first_rdata()));
      return Found::alias;
    }
  }
  std::uint32_t ttl = 0;
  if (const RRsetPtr dname = find_dname(now.name, time, ttl)) {
    answer.answer.push_back({dname, ttl});
    const RRsetPtr cname = synthesise_cname(*dname, now.name, ttl);
    if (!cname) {
      answer.rcode = Rcode::yx_domain;
      return Found::answer;
    }
    answer.answer.push_back({cname, ttl});
    if (now.type == Type::CNAME) {
      answer.rcode = Rcode::no_error;
      return Found::answer;
    }
    now.name = Name(rdata_name(Type::CNAME, cname->first_rdata()));
    return Found::alias;
  }
  return Found::nothing;
}

// Whether a shortened question need not be asked, because its answer is here.
bool Resolver::Impl::is_known_to_exist(NameView name, Type type) {
  const auto entry = parts.caches.rrsets.find(name, type, parts.clock.ttl());
  return entry && entry->kind != EntryKind::name_error;
}

void Resolver::Impl::store(const Response& response, bool cacheable, Type type) {
  const TtlTime now = parts.clock.ttl();
  if (!cacheable) { return; }
  if (response.referral) { parts.caches.delegations.put(response.referral, now); }
  const Credibility credibility =
      response.authoritative ? Credibility::answer_authoritative : Credibility::answer_not_authoritative;
  const RRset* dname = nullptr;
  for (const RRsetPtr& rrset : response.answers) {
    const bool synthesised = dname != nullptr && rrset->type() == Type::CNAME;
    dname = rrset->type() == Type::DNAME ? rrset.get() : nullptr;
    // The DNAME is kept, from which the CNAME can be made again; on its own it would have no proof.
    if (!synthesised) { parts.caches.rrsets.put(rrset, credibility, Security::unchecked, now); }
  }
  if (is_negative(response) && response.soa) {
    const EntryKind kind = response.outcome == Outcome::name_error ? EntryKind::name_error : EntryKind::no_data;
    parts.caches.rrsets.put_negative(response.target, type, kind, response.soa, credibility, Security::unchecked, now,
                                     ProofList::make(response.proofs));
  }
}

// The operator's bounds on TTLs hold for the first client as for those after it.
std::uint32_t Resolver::Impl::ttl_to_serve(const RRset& rrset) { return parts.caches.options.bounded_ttl(rrset.ttl()); }

void Resolver::Impl::append(const Response& response, Answer& answer) {
  answer.rcode = response.outcome == Outcome::name_error ? Rcode::name_error
                 : response.rcode == Rcode::yx_domain    ? Rcode::yx_domain
                                                         : Rcode::no_error;
  for (const RRsetPtr& rrset : response.answers) { answer.answer.push_back({rrset, ttl_to_serve(*rrset)}); }
  if (!is_negative(response)) { return; }
  if (response.soa) {
    const std::uint32_t ttl = parts.caches.options.bounded_negative_ttl(
        std::min(response.soa->ttl(), soa_view(response.soa->first_rdata()).minimum));
    answer.authority.push_back({response.soa, ttl});
    for (const RRsetPtr& proof : response.proofs) { answer.authority.push_back({proof, ttl}); }
  }
}

// ------------------------------------------------------------------------------------------------------- finding
// servers

// The root's servers: primed (RFC 8109), at most once per TTL in the whole process, or as configured when that fails.
Task<DelegationPtr> Resolver::Impl::root(Budget& budget, const Lineage& lineage) {
  const TtlTime now = parts.clock.ttl();
  if (DelegationPtr known = parts.caches.delegations.find(NameView(), now)) { co_return known; }
  if (!parts.options.priming) { co_return hints; }

  ConfiguredZone configured;
  for (const Delegation::Server& server : hints->servers()) {
    for (const IpAddress& address : server.addresses) {
      if (address.is_v4() ? parts.options.ipv4 : parts.options.ipv6) {
        configured.servers.emplace_back(address, parts.options.upstream_port);
      }
    }
  }
  ZoneCut cut;
  cut.configured = &configured;
  const Question question{Name(), Type::NS};
  const AskResult asked = co_await asker.ask(cut, question, budget, lineage);
  DelegationPtr primed = hints;
  if (asked.response && asked.response->outcome == Outcome::answer && asked.response->root_servers) {
    std::vector<Delegation::Server> servers = asked.response->root_servers->servers();
    for (Delegation::Server& server : servers) {
      if (!server.addresses.empty()) { continue; }
      for (const Delegation::Server& hint : hints->servers()) {  // RFC 8109 section 4.2: not all addresses need fit
        if (hint.name == server.name) { server.addresses = hint.addresses; }
      }
    }
    const bool reachable = std::ranges::any_of(servers, [](const auto& server) { return !server.addresses.empty(); });
    if (reachable) { primed = Delegation::make(NameView(), std::move(servers), asked.response->root_servers->ttl()); }
  }
  parts.caches.delegations.put(primed,
                               now);  // hints too, for their short TTL: a dead root is not primed at every query
  co_return primed;
}

Task<ZoneCut> Resolver::Impl::closest_cut(const Question& question, Budget& budget, const Lineage& lineage,
                                          bool use_forwarders) {
  const NameView name = cut_name_for(question.name, question.type);
  const ConfiguredZone* forward = use_forwarders ? configured_zone(parts.options.forward_zones, name) : nullptr;
  const ConfiguredZone* stub = configured_zone(parts.options.stub_zones, name);
  ZoneCut cut;
  if (forward != nullptr && (stub == nullptr || forward->zone.view().labels() >= stub->zone.view().labels())) {
    cut.kind = CutKind::forward;
    cut.zone = forward->zone;
    cut.configured = forward;
    co_return cut;
  }
  const DelegationPtr delegation = parts.caches.delegations.closest_above(name, parts.clock.ttl());
  if (stub != nullptr && (!delegation || stub->zone.view().labels() >= delegation->zone().view().labels())) {
    cut.kind = CutKind::stub;
    cut.zone = stub->zone;
    cut.configured = stub;
    co_return cut;
  }
  if (delegation) {
    cut.kind = CutKind::delegation;
    cut.zone = delegation->zone();
    cut.delegation = delegation;
    co_return cut;
  }
  cut.delegation = co_await root(budget, lineage);
  co_return cut;
}

Task<std::vector<IpAddress>> Resolver::Impl::addresses_of(const Name& server, Effort effort, Budget& budget,
                                                          const Lineage& lineage) {
  const bool cached_only = effort == Effort::cached;
  std::vector<IpAddress> addresses;
  for (const Type type : {Type::A, Type::AAAA}) {
    if (type == Type::A ? !parts.options.ipv4 : !parts.options.ipv6) { continue; }
    const auto entry = parts.caches.rrsets.find(server, type, parts.clock.ttl());
    Answer answer;
    if (entry) {
      if (entry->kind == EntryKind::rrset) { answer.answer.push_back({entry->rrset, entry->ttl}); }
    } else {
      const bool enough = !addresses.empty() && effort != Effort::both_families;
      if (cached_only || enough || lineage.contains(server, type)) { continue; }
      if (!budget.may_go_deeper(lineage.depth) || !budget.take_server_lookup()) { break; }
      const Question question{server, type};
      answer = co_await resolve(question, budget, &lineage, true);
    }
    for (const AnswerPart& part : answer.answer) {
      if (part.rrset->type() != type) { continue; }
      for (const Bytes octets : part.rrset->rdata()) {
        addresses.push_back(type == Type::A ? IpAddress::v4(octets) : IpAddress::v6(octets));
        if (addresses.size() == Delegation::kMaxAddressesPerServer) { co_return addresses; }
      }
    }
    if (answer.rcode == Rcode::name_error) { break; }  // no use in asking for another type
  }
  co_return addresses;
}

// -------------------------------------------------------------------------------------------------------- the
// resolution

// From the closest known cut down to whoever answers for the name, showing each zone no more of it than it needs (RFC
// 9156).
Task<Descent> Resolver::Impl::descend(const Question& question, Budget& budget, const Lineage& lineage,
                                      bool use_forwarders) {
  Descent result;
  ZoneCut cut = co_await closest_cut(question, budget, lineage, use_forwarders);
  const int all = question.name.view().labels();
  Minimiser minimiser(all, cut.zone.view().labels());
  bool minimise = parts.options.minimisation != Minimisation::off && !cut.is_forward();

  while (budget.take_step()) {
    const int show = minimise ? minimiser.next() : all;
    Question shown{Name(question.name.view().suffix(u8(static_cast<std::size_t>(show)))), Type::A};
    const bool whole = show == all;
    if (whole) { shown.type = question.type; }
    if (!whole && is_known_to_exist(shown.name, shown.type)) {
      minimiser.learnt(show, false);
      continue;
    }
    if (!whole) { parts.counters.minimised_queries.add(); }
    result.cacheable = cut.may_cache();
    AskResult asked = co_await asker.ask(cut, shown, budget, lineage);
    if (!asked.response) {
      // Some servers err on names that are no more than a step on the way (RFC 9156 section 3).
      if (!whole && parts.options.minimisation == Minimisation::relaxed && !budget.is_spent()) {
        parts.counters.minimisation_fallbacks.add();
        minimise = false;
        continue;
      }
      if (cut.is_forward() && cut.configured->first) { co_return co_await descend(question, budget, lineage, false); }
      result.why = asked.why;
      result.text = std::move(asked.text);
      co_return result;
    }
    store(*asked.response, cut.may_cache(), shown.type);
    if (asked.response->outcome == Outcome::referral) {
      cut.kind = CutKind::delegation;
      cut.delegation = asked.response->referral;
      cut.zone = cut.delegation->zone();
      cut.configured = nullptr;
      minimiser.learnt(cut.zone.view().labels(), !whole);
      continue;
    }
    if (whole) {
      result.response = std::move(asked.response);
      co_return result;
    }
    if (asked.response->outcome == Outcome::name_error) {
      if (parts.options.minimisation == Minimisation::strict) {  // RFC 8020: nothing exists beneath
        asked.response->answers.clear();
        asked.response->target = question.name;
        result.response = std::move(asked.response);
        co_return result;
      }
      parts.counters.minimisation_fallbacks.add();
      minimise = false;  // a server may deny an empty non-terminal; the whole name decides
      continue;
    }
    minimiser.learnt(show, true);
  }
  result.why = Ede::other;
  result.text = "work limit reached at " + cut.zone.text();
  co_return result;
}

Answer Resolver::Impl::fail(const Question& asked, Answer so_far, Ede why, std::string text, const Budget& budget,
                            std::uint32_t depth) {
  so_far.answer.clear();
  so_far.authority.clear();
  so_far.rcode = Rcode::server_failure;
  so_far.ede = why;
  so_far.ede_text = std::move(text);
  if (so_far.ede_text.size() > Failure::kMaxText) { so_far.ede_text.resize(Failure::kMaxText); }
  // A look-up on behalf of another may fail for what the other has spent already: that says nothing about its own
  // question.
  const bool own_fault = depth == 0 || (!budget.was_hemmed_in() && parts.clock.monotonic() < budget.deadline());
  // Nor does a failed refresh take away what is still good.
  const auto standing = parts.caches.rrsets.find(asked.name, asked.type, parts.clock.ttl());
  if (own_fault && !budget.had_shortage() && !standing) {
    parts.caches.failures.put(asked.name, asked.type, why, so_far.ede_text, parts.clock.ttl());
  }
  return so_far;
}

// RFC 1034 section 5.3.3, with SNAME and STYPE in `now`. Each turn follows an alias or ends.
Task<Answer> Resolver::Impl::resolve(Question asked, Budget& budget, const Lineage* above, bool use_cache) {
  const Lineage lineage{&asked, above, above == nullptr ? 0 : above->depth + 1};
  Question now = asked;
  Answer answer;
  answer.from_cache = true;
  for (;;) {
    if (use_cache) {
      const Found found = find_in_cache(now, answer);
      if (found == Found::answer) { co_return answer; }
      if (found == Found::alias) {
        if (budget.take_alias()) { continue; }
        parts.counters.budget_spent.add();
        co_return fail(asked, std::move(answer), Ede::other, "alias limit reached at " + now.name.text(), budget,
                       lineage.depth);
      }
      if (auto failure = parts.caches.failures.find(now.name, now.type, parts.clock.ttl())) {
        answer = Answer::failure(failure->cause, std::move(failure->text));
        answer.from_cache = true;
        co_return answer;
      }
    }
    answer.from_cache = false;
    Descent descent = co_await descend(now, budget, lineage, true);
    if (!descent.response) {
      if (now.name != asked.name) { fail(now, {}, descent.why, descent.text, budget, lineage.depth); }
      co_return fail(asked, std::move(answer), descent.why, std::move(descent.text), budget, lineage.depth);
    }
    append(*descent.response, answer);
    if (descent.response->outcome != Outcome::alias) {
      parts.caches.failures.remove(asked.name, asked.type);
      co_return answer;
    }
    now.name = descent.response->target;
    use_cache = true;
    for (const RRsetPtr& link : descent.response->answers) {
      if (link->type() != Type::CNAME || budget.take_alias()) { continue; }
      parts.counters.budget_spent.add();
      co_return fail(asked, std::move(answer), Ede::other, "alias limit reached at " + now.name.text(), budget,
                     lineage.depth);
    }
  }
}

Resolver::Resolver(ResolverParts parts) : impl_(std::make_unique<Impl>(parts)) {}
Resolver::~Resolver() = default;

Task<Answer> Resolver::resolve(Question question, Budget& budget) {
  return impl_->resolve(std::move(question), budget, nullptr, true);
}
Task<Answer> Resolver::refresh(Question question, Budget& budget) {
  return impl_->resolve(std::move(question), budget, nullptr, false);
}

}  // namespace vouch
