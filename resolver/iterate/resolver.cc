#include "resolver/iterate/resolver.h"

#include <algorithm>

#include "resolver/dnssec/key_signals.h"
#include "resolver/iterate/ask.h"
#include "resolver/iterate/minimise.h"
#include "resolver/iterate/proven_gaps.h"
#include "resolver/iterate/root_hints.h"

namespace vouch {

namespace {

// How a descent from a zone cut to the name's own servers ended.
struct Descent {
  std::optional<Response> response;
  std::optional<IpAddress> server;  // who gave it; nothing: the cache
  bool cacheable = true;
  // When there is no response:
  Ede why = Ede::no_reachable_authority;
  std::string text;
};

bool is_negative(const Response& response) {
  return response.outcome == Outcome::no_data || response.outcome == Outcome::name_error;
}

// How a question is resolved.
struct How {
  bool use_cache = true;
  bool judge = false;
  bool follow_aliases = true;  // for a client, or a server's address: not for the validator, which wants the set itself
};

// The validator's look-ups stand one level below the client's question: what they fail for may be the budget's fault.
const Question kNoQuestion{};
const Lineage kForValidator{&kNoQuestion, nullptr, 1};
const std::vector<IpAddress> kFromAnybody;

// A delegation that was met on the way says that it has no DS, for as long as its proofs live.
std::uint32_t ttl_of_proofs(const std::vector<RRsetPtr>& proofs) {
  std::uint32_t ttl = UINT32_MAX;
  for (const RRsetPtr& proof : proofs) { ttl = std::min(ttl, proof->ttl()); }
  return ttl;
}

// What may lie beside data of that verdict: nothing unproven beside what is secure.
const std::vector<RRsetPtr>& proofs_for(const Verdict& verdict, const Response& response, const Judgement& judgement) {
  return verdict.is_secure() ? judgement.proofs : response.proofs;
}

Claim claim_of(const Question& question, const Response& response) {
  Claim claim;
  claim.name = question.name;
  claim.type = question.type;
  claim.answers = response.answers;
  claim.proofs = response.proofs;
  claim.is_alias_contradicted = response.is_alias_contradicted;
  if (is_negative(response)) {
    claim.kind = response.outcome == Outcome::name_error ? Claim::Kind::name_error : Claim::Kind::no_data;
    claim.denied = response.target;
    claim.soa = response.soa;
  }
  return claim;
}

}  // namespace

struct Resolver::Impl final : ServerNames {
  Impl(ResolverParts given, Fetch& fetch)
      : parts(given),
        exchanger(parts.options, parts.caches.servers, parts.upstream, parts.clock, parts.random, parts.counters),
        asker(parts.options, parts.caches, parts.exchanges, exchanger, parts.executor, parts.clock, parts.random, *this,
              parts.counters, parts.validation != nullptr),
        hints(delegation_from_hints(parts.options.root_hints.empty() ? builtin_root_hints() : parts.options.root_hints,
                                    DelegationCache::kMinTtl)) {
    if (const Validation* with = parts.validation; with != nullptr) {
      validator.emplace(ValidatorParts{with->options, with->anchors, with->trust, fetch, parts.clock, with->counters});
    }
  }

  Task<Answer> resolve(Question asked, Budget& budget, const Lineage* above, How how);
  Task<Descent> descend(const Question& question, const std::vector<IpAddress>& not_from, Budget& budget,
                        const Lineage& lineage, bool use_forwarders);
  Task<Answer> fetch(Question question, const std::vector<IpAddress>& not_from, Budget& budget);
  bool answer_from_proofs(const Question& now, Budget& budget, Answer& answer);
  bool answer_from_gaps(const Question& now, Budget& budget, Answer& answer);
  bool answer_from_denied_ancestor(const Question& now, Answer& answer);
  Task<Answer> resolve_sentinel(Question question, Budget& budget);
  Task<Judgement> judged(const Question& question, Descent& descent, Budget& budget, const Lineage& lineage);
  Task<ZoneCut> closest_cut(const Question& question, Budget& budget, const Lineage& lineage, bool use_forwarders);
  Task<DelegationPtr> root(Budget& budget, const Lineage& lineage);
  Task<std::vector<IpAddress>> addresses_of(const Name& server, Effort effort, Budget& budget,
                                            const Lineage& lineage) override;

  enum class Found : std::uint8_t { nothing, answer, alias, unjudged };
  Found find_in_cache(Question& now, const How& how, Answer& answer);
  std::optional<CacheEntry> find_dname(NameView name, TtlTime now);
  std::optional<Response> unjudged_from_cache(const Question& question);
  bool needs_judging(const CacheEntry& entry, const How& how) const noexcept;
  bool is_known_to_exist(NameView name, Type type);
  void store(const Response& response, Type type, const Judgement* judgement);
  void store_set(const Response& response, std::size_t index, Credibility credibility, const Judgement* judgement);
  void store_referral(const Response& response);
  void append(const Response& response, const Judgement* judgement, Answer& answer);
  std::uint32_t ttl_to_serve(const RRset& rrset);
  Answer fail(const Question& asked, Answer so_far, Ede why, std::string text, const Budget& budget,
              std::uint32_t depth, Reason reason = Reason::none);
  Answer fail_validation(const Question& asked, const Question& now, Answer so_far, const Verdict& verdict,
                         const Budget& budget, std::uint32_t depth);

  ResolverParts parts;
  Exchanger exchanger;
  Asker asker;
  DelegationPtr hints;  // the root's servers as configured, before priming
  std::optional<Validator> validator;
};

// ---------------------------------------------------------------------------------------------------- the cache's side

// RFC 6672 section 3.3: the closest DNAME above the name.
std::optional<CacheEntry> Resolver::Impl::find_dname(NameView name, TtlTime now) {
  for (NameView above = name; !above.is_root();) {
    above = above.parent();
    auto entry = parts.caches.rrsets.find(above, Type::DNAME, now);
    if (entry && entry->kind == EntryKind::rrset) { return entry; }
  }
  return std::nullopt;
}

// What the cache took in for a client that judges for itself, or on the way to something else, is judged when somebody
// asks for it: its signatures lie beside it.
bool Resolver::Impl::needs_judging(const CacheEntry& entry, const How& how) const noexcept {
  return how.judge && (entry.security == Security::unchecked || entry.security == Security::bogus);
}

namespace {

void note(Answer& answer, Security security, Reason reason) {
  const Verdict verdict = Verdict::remembered(security);
  if (rank(security) < rank(answer.verdict.security())) { answer.verdict = verdict; }
  if (const auto ede = ede_of(reason); ede && !answer.ede) {
    answer.ede = ede;
    answer.ede_text = reason_id(reason);
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

}  // namespace

// Looks `now` up; an alias is appended to the answer and `now` goes on to its target. `unjudged`: something is there
// that no validator has seen.
Resolver::Impl::Found Resolver::Impl::find_in_cache(Question& now, const How& how, Answer& answer) {
  const TtlTime time = parts.clock.ttl();
  const RRsetCache& cache = parts.caches.rrsets;
  if (now.type == Type::ANY || now.type == Type::RRSIG) { return Found::nothing; }  // no entry stands for them
  if (auto entry = cache.find(now.name, now.type, time)) {
    const bool negative = entry->kind != EntryKind::rrset;
    // A referral's word that there is no DS comes without SOA: enough for the validator, not for a client.
    if (negative && !entry->rrset && how.follow_aliases) { return Found::nothing; }
    if (needs_judging(*entry, how)) { return Found::unjudged; }
    if (!negative) {
      answer.rcode = Rcode::no_error;
      answer.answer.push_back({entry->rrset, entry->ttl});
    } else {
      answer.rcode = entry->kind == EntryKind::name_error ? Rcode::name_error : Rcode::no_error;
      if (entry->rrset) { answer.authority.push_back({entry->rrset, entry->ttl}); }
    }
    append_proofs(answer, *entry);
    note(answer, entry->security, entry->reason);
    return Found::answer;
  }
  if (now.type != Type::CNAME &&
      now.type != Type::DS) {  // a DS set is the parent's, whatever the child says of the name
    const auto alias = cache.find(now.name, Type::CNAME, time);
    if (alias && alias->kind == EntryKind::rrset) {
      if (needs_judging(*alias, how)) { return Found::unjudged; }
      answer.answer.push_back({alias->rrset, alias->ttl});
      append_proofs(answer, *alias);
      note(answer, alias->security, alias->reason);
      now.name = Name(rdata_name(Type::CNAME, alias->rrset->first_rdata()));
      return Found::alias;
    }
  }
  if (const auto dname = find_dname(now.name, time)) {
    if (needs_judging(*dname, how)) { return Found::unjudged; }
    add_to(answer, dname->rrset, dname->ttl);
    note(answer, dname->security, dname->reason);
    const RRsetPtr cname = synthesise_cname(*dname->rrset, now.name, dname->ttl);
    if (!cname) {
      answer.rcode = Rcode::yx_domain;
      return Found::answer;
    }
    answer.answer.push_back({cname, dname->ttl});
    if (now.type == Type::CNAME) {
      answer.rcode = Rcode::no_error;
      return Found::answer;
    }
    now.name = Name(rdata_name(Type::CNAME, cname->first_rdata()));
    return Found::alias;
  }
  return Found::nothing;
}

// The same as a server's reply would have it, to be judged. TTLs are what is left.
std::optional<Response> Resolver::Impl::unjudged_from_cache(const Question& question) {
  const TtlTime time = parts.clock.ttl();
  const RRsetCache& cache = parts.caches.rrsets;
  Response response;
  response.rcode = Rcode::no_error;
  response.target = question.name;
  auto entry = cache.find(question.name, question.type, time);
  if (!entry && question.type != Type::DS) {
    entry = cache.find(question.name, Type::CNAME, time);
    if (entry && entry->kind != EntryKind::rrset) { entry.reset(); }
    if (!entry) { entry = find_dname(question.name, time); }
  }
  if (!entry) { return std::nullopt; }
  response.authoritative = entry->credibility == Credibility::answer_authoritative;
  if (entry->proofs) {  // they have aged as the entry has
    for (const RRsetPtr& proof : entry->proofs->rrsets()) {
      if (RRsetPtr aged = proof->with_ttl(std::min(proof->ttl(), entry->ttl))) {
        response.proofs.push_back(std::move(aged));
      }
    }
  }
  const RRsetPtr rrset = entry->rrset ? entry->rrset->with_ttl(entry->ttl) : nullptr;
  if (entry->kind != EntryKind::rrset) {
    response.outcome = entry->kind == EntryKind::name_error ? Outcome::name_error : Outcome::no_data;
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

// Whether a shortened question need not be asked, because its answer is here.
bool Resolver::Impl::is_known_to_exist(NameView name, Type type) {
  const auto entry = parts.caches.rrsets.find(name, type, parts.clock.ttl());
  return entry && entry->kind != EntryKind::name_error;
}

// What the parent says on the way down: the child's servers and, unverified, its DS or that it has none.
void Resolver::Impl::store_referral(const Response& response) {
  const TtlTime now = parts.clock.ttl();
  parts.caches.delegations.put(response.referral, now);
  const NameView zone = response.referral->zone();
  if (response.ds) {
    parts.caches.rrsets.put(response.ds, Credibility::answer_not_authoritative, Security::unchecked, now);
  } else if (!response.proofs.empty()) {
    parts.caches.rrsets.put_negative(zone, Type::DS, EntryKind::no_data, nullptr, Credibility::answer_not_authoritative,
                                     Security::unchecked, now, ProofList::make(response.proofs),
                                     ttl_of_proofs(response.proofs));
  }
}

void Resolver::Impl::store_set(const Response& response, std::size_t index, Credibility credibility,
                               const Judgement* judgement) {
  const TtlTime now = parts.clock.ttl();
  RRsetPtr rrset = response.answers[index];
  if (judgement == nullptr) {
    // Whether a wildcard made it nobody has looked; its proofs, if there are any, belong to it, and it does not outlive
    // them: whoever judges it later must not take an old proof for a new one.
    const std::uint32_t ttl = std::min(rrset->ttl(), ttl_of_proofs(response.proofs));
    if (ttl < rrset->ttl()) { rrset = rrset->with_ttl(ttl); }
    if (rrset) {
      parts.caches.rrsets.put(rrset, credibility, Security::unchecked, now, ProofList::make(response.proofs));
    }
    return;
  }
  const Judgement::Part& part = judgement->parts[index];
  if (part.ttl < rrset->ttl()) { rrset = rrset->with_ttl(part.ttl); }
  if (!rrset) { return; }
  parts.caches.rrsets.put(rrset, credibility, part.verdict.security(), now,
                          part.needs_proofs ? ProofList::make(proofs_for(part.verdict, response, *judgement)) : nullptr,
                          part.verdict.reason());
}

// `judgement`: null when nobody judged.
void Resolver::Impl::store(const Response& response, Type type, const Judgement* judgement) {
  const TtlTime now = parts.clock.ttl();
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
  if (judgement != nullptr && parts.validation->options.aggressive_nsec) {
    keep_gaps(response, *judgement, parts.caches, now);
  }
  if (!is_negative(response) || !response.soa) { return; }
  const EntryKind kind = response.outcome == Outcome::name_error ? EntryKind::name_error : EntryKind::no_data;
  RRsetPtr soa = response.soa;
  if (judgement != nullptr && judgement->denial.ttl < soa->ttl()) { soa = soa->with_ttl(judgement->denial.ttl); }
  if (!soa) { return; }
  const Verdict verdict = judgement != nullptr ? judgement->denial.verdict : Verdict();
  const auto& proofs = judgement != nullptr ? proofs_for(verdict, response, *judgement) : response.proofs;
  if (judgement == nullptr && ttl_of_proofs(proofs) < soa->ttl()) { soa = soa->with_ttl(ttl_of_proofs(proofs)); }
  parts.caches.rrsets.put_negative(response.target, type, kind, soa, credibility, verdict.security(), now,
                                   ProofList::make(proofs), 0, verdict.reason());
}

// The operator's bounds on TTLs hold for the first client as for those after it.
std::uint32_t Resolver::Impl::ttl_to_serve(const RRset& rrset) { return parts.caches.options.bounded_ttl(rrset.ttl()); }

void Resolver::Impl::append(const Response& response, const Judgement* judgement, Answer& answer) {
  answer.rcode = response.outcome == Outcome::name_error ? Rcode::name_error
                 : response.rcode == Rcode::yx_domain    ? Rcode::yx_domain
                                                         : Rcode::no_error;
  bool wants_proofs = judgement == nullptr;
  for (std::size_t i = 0; i < response.answers.size(); ++i) {
    const RRsetPtr& rrset = response.answers[i];
    std::uint32_t ttl = ttl_to_serve(*rrset);
    if (judgement != nullptr) {
      ttl = std::min(ttl, judgement->parts[i].ttl);
      wants_proofs |= judgement->parts[i].needs_proofs;
    }
    add_to(answer, rrset, ttl);
  }
  std::uint32_t ttl = UINT32_MAX;
  if (is_negative(response)) { wants_proofs = true; }
  if (is_negative(response) && response.soa) {
    ttl = parts.caches.options.bounded_negative_ttl(
        std::min(response.soa->ttl(), soa_view(response.soa->first_rdata()).minimum));
    if (judgement != nullptr) { ttl = std::min(ttl, judgement->denial.ttl); }
    answer.authority.push_back({response.soa, ttl});
  }
  if (!wants_proofs) { return; }
  const bool is_secure = judgement != nullptr && judgement->verdict.is_secure();
  for (const RRsetPtr& proof : is_secure ? judgement->proofs : response.proofs) {
    answer.authority.push_back({proof, std::min(ttl, ttl_to_serve(*proof))});
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
  const AskResult asked = co_await asker.ask(cut, question, kFromAnybody, budget, lineage);
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
      const How unjudged;
      answer = co_await resolve(question, budget, &lineage, unjudged);
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
Task<Descent> Resolver::Impl::descend(const Question& question, const std::vector<IpAddress>& not_from, Budget& budget,
                                      const Lineage& lineage, bool use_forwarders) {
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
    AskResult asked = co_await asker.ask(cut, shown, whole ? not_from : kFromAnybody, budget, lineage);
    if (!asked.response) {
      // Some servers err on names that are no more than a step on the way (RFC 9156 section 3).
      if (!whole && parts.options.minimisation == Minimisation::relaxed && !budget.is_spent()) {
        parts.counters.minimisation_fallbacks.add();
        minimise = false;
        continue;
      }
      if (cut.is_forward() && cut.configured->first) {
        co_return co_await descend(question, not_from, budget, lineage, false);
      }
      result.why = asked.why;
      result.text = std::move(asked.text);
      co_return result;
    }
    if (asked.response->outcome == Outcome::referral) {
      if (cut.may_cache()) { store_referral(*asked.response); }
      cut.kind = CutKind::delegation;
      cut.delegation = asked.response->referral;
      cut.zone = cut.delegation->zone();
      cut.configured = nullptr;
      minimiser.learnt(cut.zone.view().labels(), !whole);
      continue;
    }
    result.server = asked.server;
    if (whole) {
      result.response = std::move(asked.response);
      co_return result;
    }
    if (cut.may_cache()) { store(*asked.response, shown.type, nullptr); }
    if (asked.response->outcome == Outcome::name_error) {
      // RFC 8020, unless it is where an alias leads that does not exist.
      if (parts.options.minimisation == Minimisation::strict &&
          asked.response->answers.empty()) {  // nothing exists beneath
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
                            std::uint32_t depth, Reason reason) {
  so_far.answer.clear();
  so_far.authority.clear();
  so_far.rcode = Rcode::server_failure;
  so_far.ede = why;
  so_far.ede_text = std::move(text);
  if (so_far.ede_text.size() > Failure::kMaxText) { so_far.ede_text.resize(Failure::kMaxText); }
  // A look-up on behalf of another may fail for what the other has spent already: that says nothing about its own
  // question.
  const bool was_spent = budget.was_hemmed_in() || (reason != Reason::none && budget.is_validation_spent());
  const bool own_fault = depth == 0 || (!was_spent && parts.clock.monotonic() < budget.deadline());
  // Nor does a failed refresh take away what is still good.
  auto standing = parts.caches.rrsets.find(asked.name, asked.type, parts.clock.ttl());
  if (standing && needs_judging(*standing, {.judge = validator.has_value()})) { standing.reset(); }
  if (own_fault && !budget.had_shortage() && !standing) {
    parts.caches.failures.put(asked.name, asked.type, why, so_far.ede_text, parts.clock.ttl(), reason);
  }
  return so_far;
}

// Nothing of what failed is handed on; why is remembered with the question, and told.
Answer Resolver::Impl::fail_validation(const Question& asked, const Question& now, Answer so_far,
                                       const Verdict& verdict, const Budget& budget, std::uint32_t depth) {
  const Ede why = verdict.ede().value_or(Ede::dnssec_bogus);
  const Reason reason = verdict.reason();
  so_far.from_cache = false;  // the data may be; the judgement is new
  // An alias's target is looked up on behalf of the alias: hostile ones would else shut out any name they lead to.
  if (now.name != asked.name) { fail(now, {}, why, verdict.text(), budget, depth + 1, reason); }
  Answer answer = fail(asked, std::move(so_far), why, verdict.text(), budget, depth, reason);
  answer.verdict = verdict;
  return answer;
}

// RFC 8020: where a name is proven not to exist, nothing exists beneath it. Only what is proven counts: an unsigned
// zone's NXDOMAIN for an empty non-terminal would hide what lies below.
bool Resolver::Impl::answer_from_denied_ancestor(const Question& now, Answer& answer) {
  for (NameView above = now.name; !above.is_root();) {
    above = above.parent();
    const auto entry = parts.caches.rrsets.find(above, Type::NSEC, parts.clock.ttl());
    if (!entry || entry->kind != EntryKind::name_error) { continue; }
    if (entry->security != Security::secure || !entry->rrset) { return false; }
    answer.rcode = Rcode::name_error;
    answer.authority.push_back({entry->rrset, entry->ttl});
    append_proofs(answer, *entry);
    return true;
  }
  return false;
}

// What cached proofs settle need not be asked (RFC 8198). What was gathered on the way here stays in front.
bool Resolver::Impl::answer_from_gaps(const Question& now, Budget& budget, Answer& answer) {
  auto made = vouch::answer_from_gaps(now, parts.caches, parts.validation->options, parts.clock.ttl(), budget);
  if (!made) { return false; }
  parts.validation->counters.synthesised.add();
  answer.rcode = made->rcode;
  std::ranges::move(made->answer, std::back_inserter(answer.answer));
  std::ranges::move(made->authority, std::back_inserter(answer.authority));
  answer.verdict = weaker(answer.verdict, made->verdict);
  if (!answer.ede) { answer.ede = Ede::synthesized; }
  return true;
}

// What the public tree proves says nothing of names whose servers the operator has named: they may live in a tree of
// their own.
bool Resolver::Impl::answer_from_proofs(const Question& now, Budget& budget, Answer& answer) {
  for (const auto* zones : {&parts.options.stub_zones, &parts.options.forward_zones}) {
    const ConfiguredZone* zone = configured_zone(*zones, now.name);
    if (zone != nullptr && !zone->zone.view().is_root()) { return false; }
  }
  if (answer_from_denied_ancestor(now, answer)) { return true; }
  return parts.validation->options.aggressive_nsec && answer_from_gaps(now, budget, answer);
}

// The judgement on what a server, or the cache, said. When it fails, the zone's other servers are heard before it
// stands: one of them may be out of date, or somebody forged one reply.
Task<Judgement> Resolver::Impl::judged(const Question& question, Descent& descent, Budget& budget,
                                       const Lineage& lineage) {
  const Claim claim = claim_of(question, *descent.response);
  Judgement judgement = co_await validator->judge(claim, budget);
  std::vector<IpAddress> heard;
  for (std::size_t opinions = 0; opinions < Chain::kSecondOpinions; ++opinions) {
    const bool is_final = !judgement.verdict.is_bogus() || !judgement.is_about_data || budget.is_validation_spent();
    if (is_final) { break; }
    if (descent.server) { heard.push_back(*descent.server); }
    if (opinions == 0 && descent.server) { judgement.verdict.with_server(*descent.server); }
    parts.validation->counters.second_opinions.add();
    Descent other = co_await descend(question, heard, budget, lineage, true);
    if (!other.response) { break; }
    const Claim again = claim_of(question, *other.response);
    Judgement second = co_await validator->judge(again, budget);
    descent.server = other.server;
    if (second.verdict.is_bogus()) { continue; }  // the first cause stands
    parts.validation->counters.recovered.add();
    judgement = std::move(second);
    descent = std::move(other);
  }
  co_return judgement;
}

// RFC 1034 section 5.3.3, with SNAME and STYPE in `now`. Each turn follows an alias or ends.
Task<Answer> Resolver::Impl::resolve(Question asked, Budget& budget, const Lineage* above, How how) {
  const Lineage lineage{&asked, above, above == nullptr ? 0 : above->depth + 1};
  Question now = asked;
  Answer answer;
  answer.from_cache = true;
  if (how.judge) {
    answer.verdict = Verdict::secure();
    budget.allow_nsec3_iterations(parts.validation->options.nsec3_max_iterations);
  }
  for (;;) {
    Descent descent;
    if (how.use_cache) {
      const Found found = find_in_cache(now, how, answer);
      if (found == Found::answer) { co_return answer; }
      if (found == Found::alias) {
        if (!how.follow_aliases) { co_return answer; }
        if (budget.take_alias()) { continue; }
        parts.counters.budget_spent.add();
        co_return fail(asked, std::move(answer), Ede::other, "alias limit reached at " + now.name.text(), budget,
                       lineage.depth);
      }
      auto failure = parts.caches.failures.find(now.name, now.type, parts.clock.ttl());
      // Who does not ask for a judgement is not bound by one.
      if (failure && !how.judge && failure->reason != Reason::none) { failure.reset(); }
      if (failure) {
        answer = Answer::failure(failure->cause, std::move(failure->text));
        if (failure->reason != Reason::none) { answer.verdict = Verdict::bogus(failure->reason, now.name); }
        answer.from_cache = true;
        co_return answer;
      }
      if (found == Found::unjudged) { descent.response = unjudged_from_cache(now); }
    }
    if (!descent.response && how.judge && how.use_cache && answer_from_proofs(now, budget, answer)) {
      co_return answer;
    }
    if (!descent.response) {
      answer.from_cache = false;
      descent = co_await descend(now, kFromAnybody, budget, lineage, true);
      answer.server = descent.server;
    }
    if (!descent.response) {
      if (now.name != asked.name) { fail(now, {}, descent.why, descent.text, budget, lineage.depth + 1); }
      co_return fail(asked, std::move(answer), descent.why, std::move(descent.text), budget, lineage.depth);
    }
    std::optional<Judgement> judgement;
    if (how.judge) {
      judgement = co_await judged(now, descent, budget, lineage);
      const Verdict& verdict = judgement->verdict;
      if (verdict.is_bogus() && parts.validation->options.mode == DnssecMode::enforce) {
        co_return fail_validation(asked, now, std::move(answer), verdict, budget, lineage.depth);
      }
      answer.verdict = weaker(answer.verdict, verdict);
      if (const auto ede = verdict.ede(); ede && !answer.ede) {
        answer.ede = ede;
        answer.ede_text = verdict.text();
      }
    }
    const Judgement* const word = judgement ? &*judgement : nullptr;
    if (descent.cacheable) { store(*descent.response, now.type, word); }
    append(*descent.response, word, answer);
    if (descent.response->outcome != Outcome::alias || !how.follow_aliases) {
      parts.caches.failures.remove(asked.name, asked.type);
      co_return answer;
    }
    now.name = descent.response->target;
    how.use_cache = true;
    for (const RRsetPtr& link : descent.response->answers) {
      if (link->type() != Type::CNAME || budget.take_alias()) { continue; }
      parts.counters.budget_spent.add();
      co_return fail(asked, std::move(answer), Ede::other, "alias limit reached at " + now.name.text(), budget,
                     lineage.depth);
    }
  }
}

Task<Answer> Resolver::Impl::fetch(Question question, const std::vector<IpAddress>& not_from, Budget& budget) {
  const Lineage lineage{&question, &kForValidator, kForValidator.depth + 1};
  Descent descent = co_await descend(question, not_from, budget, lineage, true);
  Answer answer;
  answer.server = descent.server;
  if (!descent.response) { co_return fail(question, {}, descent.why, std::move(descent.text), budget, lineage.depth); }
  if (descent.cacheable) { store(*descent.response, question.type, nullptr); }
  append(*descent.response, nullptr, answer);
  co_return answer;
}

// RFC 8509: whether a client gets this answer tells it which root keys are trusted here.
Task<Answer> Resolver::Impl::resolve_sentinel(Question question, Budget& budget) {
  const How judged{.judge = true};
  Answer answer = co_await resolve(question, budget, nullptr, judged);
  if (!parts.validation->options.root_key_sentinel) { co_return answer; }
  const SentinelQuery query{.name = question.name, .type = question.type, .security = answer.verdict.security()};
  if (!is_withheld_by_sentinel(query, *parts.validation->anchors.current())) { co_return answer; }
  co_return Answer::failure(Ede::other, "root key sentinel");
}

Resolver::Resolver(ResolverParts parts) : impl_(std::make_unique<Impl>(parts, *this)) {}
Resolver::~Resolver() = default;

Task<Answer> Resolver::resolve(Question question, Budget& budget, Judging judging) {
  const bool judge = judging == Judging::yes && impl_->validator;
  if (judge && may_be_sentinel(question.name)) { return impl_->resolve_sentinel(std::move(question), budget); }
  return impl_->resolve(std::move(question), budget, nullptr, {.judge = judge});
}
Task<Answer> Resolver::refresh(Question question, Budget& budget, Judging judging) {
  const bool judge = judging == Judging::yes && impl_->validator;
  return impl_->resolve(std::move(question), budget, nullptr, {.use_cache = false, .judge = judge});
}
Task<Answer> Resolver::fetch(Question question, Budget& budget) {
  return impl_->resolve(std::move(question), budget, &kForValidator, {.follow_aliases = false});
}
Task<Answer> Resolver::fetch_elsewhere(Question question, const std::vector<IpAddress>& not_from, Budget& budget) {
  return impl_->fetch(std::move(question), not_from, budget);
}
bool Resolver::is_known_cut(NameView name) const {
  const auto& stubs = impl_->parts.options.stub_zones;
  return impl_->parts.caches.delegations.find(name, impl_->parts.clock.ttl()) ||
         std::ranges::any_of(stubs, [name](const ConfiguredZone& stub) { return stub.zone == name; });
}

}  // namespace vouch
