#include "resolver/iterate/resolver.h"

#include <algorithm>

#include "resolver/dnssec/key_signals.h"
#include "resolver/iterate/ask.h"
#include "resolver/iterate/minimise.h"
#include "resolver/iterate/proven_gaps.h"
#include "resolver/iterate/root_hints.h"
#include "resolver/iterate/sharing.h"
#include "resolver/iterate/step_cache.h"
#include "resolver/iterate/telling.h"

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

// The validator's look-ups stand one level below the client's question: what they fail for may be the budget's fault.
const Question kNoQuestion{};
const Lineage kForValidator{&kNoQuestion, nullptr, 1};
const std::vector<IpAddress> kNobody;

// Who is asked.
struct Whom {
  const std::vector<IpAddress>& but_not;  // servers whose word did not hold
  bool home_too = false;                  // the root zone at home may speak for the root's servers
};
const Whom kAnybody{.but_not = kNobody, .home_too = true};

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
        cache(parts.caches, parts.clock, parts.validation != nullptr ? &parts.validation->options : nullptr),
        hints(delegation_from_hints(parts.options.root_hints.empty() ? builtin_root_hints() : parts.options.root_hints,
                                    DelegationCache::kMinTtl)) {
    if (const Validation* with = parts.validation; with != nullptr) {
      validator.emplace(ValidatorParts{with->options, with->anchors, with->trust, fetch, parts.clock, with->counters});
    }
  }

  Task<Answer> resolve(Question asked, Budget& budget, const Lineage* above, How how);
  Task<Answer> resolve_sentinel(Question question, Budget& budget);
  Task<Answer> fetch(Question question, const std::vector<IpAddress>& not_from, Budget& budget);

  // Servers.
  Task<DelegationPtr> root(Budget& budget, const Lineage& lineage);
  std::optional<Response> reply_at_home(const ZoneCut& cut, const Question& question, bool is_for_servers) const;
  Task<ZoneCut> closest_cut(const Question& question, Budget& budget, const Lineage& lineage, bool use_forwarders);
  Task<std::vector<IpAddress>> addresses_of(const Name& server, Effort effort, Budget& budget,
                                            const Lineage& lineage) override;

  // One step.
  enum class Step : std::uint8_t { over, alias, ask };
  Step step_from_caches(const Question& asked, Question& now, const How& how, Budget& budget, std::uint32_t depth,
                        Answer& answer, Descent& descent);
  std::optional<Answer> failure_from_cache(const Question& now, const How& how) const;
  // For clients alone: what a resolution looks up on its way would add its own waits to theirs.
  bool may_recall(const Lineage* above) const noexcept {
    return parts.shared_cache != nullptr && above == nullptr && parts.shared_cache->is_within_reach();
  }
  bool answer_from_gaps(const Question& now, Budget& budget, Answer& answer);
  bool answer_from_proofs(const Question& now, const std::optional<CacheEntry>& denied, Budget& budget, Answer& answer);
  Task<Descent> descend(const Question& question, const Whom& whom, Budget& budget, const Lineage& lineage,
                        bool use_forwarders);
  void follow_referral(const Response& referral, ZoneCut& cut);
  Task<Judgement> judged(const Question& question, Descent& descent, Budget& budget, const Lineage& lineage);

  // What is told of it.
  void count_shown(NameView zone, NameView shown);
  void count_synthesis(const Answer& made);
  void record(const Question& question, const Judgement& judgement);

  // How it fails.
  Answer fail(const Question& asked, Answer so_far, Ede why, std::string text, const Budget& budget,
              std::uint32_t depth, const Verdict& verdict = {});
  Answer fail_validation(const Question& asked, const Question& now, Answer so_far, const Verdict& verdict,
                         const Budget& budget, std::uint32_t depth);
  Answer fail_at_alias(const Question& asked, const Question& now, Answer so_far, const Budget& budget,
                       std::uint32_t depth);

  ResolverParts parts;
  Exchanger exchanger;
  Asker asker;
  StepCache cache;
  DelegationPtr hints;  // the root's servers as configured, before priming
  std::optional<Validator> validator;
};

// ----------------------------------------------------------------------------------------------------- finding servers

// The root's servers: primed (RFC 8109), at most once per TTL in the whole process, or as configured when that fails.
Task<DelegationPtr> Resolver::Impl::root(Budget& budget, const Lineage& lineage) {
  const TtlTime now = parts.clock.ttl();
  if (DelegationPtr known = parts.caches.delegations.find(NameView(), now)) { co_return known; }
  if (parts.local_root != nullptr) {
    if (const RootCopyPtr copy = parts.local_root->current(parts.clock.wall())) { co_return copy->servers(); }
  }
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
  const AskResult asked = co_await asker.ask(cut, question, kNobody, budget, lineage);
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

// What the root zone at home says in the place of its servers (RFC 8806). Who wants to hear another server, or keeps
// the trust anchors, hears the servers themselves.
std::optional<Response> Resolver::Impl::reply_at_home(const ZoneCut& cut, const Question& question,
                                                      bool is_for_servers) const {
  const bool is_root = cut.configured == nullptr && cut.zone.view().is_root();
  if (parts.local_root == nullptr || is_for_servers || !is_root) { return std::nullopt; }
  return parts.local_root->reply(question, parts.clock.wall());
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

// ----------------------------------------------------------------------------------------------------------- one step

void Resolver::Impl::follow_referral(const Response& referral, ZoneCut& cut) {
  if (cut.may_cache()) { cache.store_referral(referral); }
  cut.kind = CutKind::delegation;
  cut.delegation = referral.referral;
  cut.zone = cut.delegation->zone();
  cut.configured = nullptr;
}

// From the closest known cut down to whoever answers for the name, showing each zone no more of it than it needs (RFC
// 9156).
Task<Descent> Resolver::Impl::descend(const Question& question, const Whom& whom, Budget& budget,
                                      const Lineage& lineage, bool use_forwarders) {
  Descent result;
  ZoneCut cut = co_await closest_cut(question, budget, lineage, use_forwarders);
  const int all = question.name.view().labels();
  Minimiser minimiser(all, cut.zone.view().labels());
  bool minimise = parts.options.minimisation != Minimisation::off && !cut.is_forward();

  while (budget.take_step()) {
    const int show = minimise ? minimiser.next() : all;
    const bool whole = show == all;
    const Question shown{Name(question.name.view().suffix(u8(static_cast<std::size_t>(show)))),
                         whole ? question.type : Type::A};
    if (!whole && cache.is_known_to_exist(shown.name, shown.type)) {
      minimiser.learnt(show, false);
      continue;
    }
    result.cacheable = cut.may_cache();
    AskResult asked;
    asked.response = reply_at_home(cut, shown, whole && !whom.home_too);
    const bool is_at_home = asked.response.has_value();
    if (!is_at_home) {
      if (!cut.is_forward()) { count_shown(cut.zone, shown.name); }
      asked = co_await asker.ask(cut, shown, whole ? whom.but_not : kNobody, budget, lineage);
    }
    if (!asked.response) {
      // Some servers err on names that are no more than a step on the way (RFC 9156 section 3).
      if (!whole && parts.options.minimisation == Minimisation::relaxed && !budget.is_spent()) {
        parts.counters.minimisation_fallbacks.add();
        minimise = false;
        continue;
      }
      // Who asked for TLS is never answered by way of clear text (docs/decisions/0009).
      if (cut.is_forward() && cut.configured->first && !cut.configured->tls) {
        co_return co_await descend(question, whom, budget, lineage, false);
      }
      result.why = asked.why;
      result.text = std::move(asked.text);
      co_return result;
    }
    if (asked.response->outcome == Outcome::referral) {
      follow_referral(*asked.response, cut);
      minimiser.learnt(cut.zone.view().labels(), !whole);
      continue;
    }
    if (!is_at_home) { result.server = asked.server; }
    if (whole) {
      result.response = std::move(asked.response);
      co_return result;
    }
    if (cut.may_cache()) { cache.store(*asked.response, shown.type, nullptr); }
    if (asked.response->outcome == Outcome::name_error) {
      // RFC 8020: nothing exists beneath. Unless it is where an alias leads that does not exist.
      if (parts.options.minimisation == Minimisation::strict && asked.response->answers.empty()) {
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

// What cached proofs settle need not be asked (RFC 8198). What was gathered on the way here stays in front.
bool Resolver::Impl::answer_from_gaps(const Question& now, Budget& budget, Answer& answer) {
  auto made = vouch::answer_from_gaps(now, parts.caches, parts.validation->options, parts.clock.ttl(), budget);
  if (!made) { return false; }
  count_synthesis(*made);
  answer.rcode = made->rcode;
  std::ranges::move(made->answer, std::back_inserter(answer.answer));
  std::ranges::move(made->authority, std::back_inserter(answer.authority));
  answer.verdict = weaker(answer.verdict, made->verdict);
  answer.synthesised = true;
  if (!answer.ede) { answer.ede = Ede::synthesized; }
  return true;
}

// What the public tree proves says nothing of names whose servers the operator has named: they may live in a tree of
// their own.
bool Resolver::Impl::answer_from_proofs(const Question& now, const std::optional<CacheEntry>& denied, Budget& budget,
                                        Answer& answer) {
  for (const auto* zones : {&parts.options.stub_zones, &parts.options.forward_zones}) {
    const ConfiguredZone* zone = configured_zone(*zones, now.name);
    if (zone != nullptr && !zone->zone.view().is_root()) { return false; }
  }
  if (StepCache::deny_below(denied, answer)) { return true; }
  return parts.validation->options.aggressive_nsec && answer_from_gaps(now, budget, answer);
}

// What failed a moment ago is not tried again (RFC 9520). Who does not ask for a judgement is not bound by one.
std::optional<Answer> Resolver::Impl::failure_from_cache(const Question& now, const How& how) const {
  auto failure = parts.caches.failures.find(now.name, now.type, parts.clock.ttl());
  if (!failure) { return std::nullopt; }
  const bool is_judgement = failure->reason != Reason::none;
  if (is_judgement && !how.judge) { return std::nullopt; }
  Answer answer = Answer::failure(failure->cause, std::move(failure->text));
  if (is_judgement) { answer.verdict = Verdict::bogus(failure->reason, failure->zone); }
  answer.from_cache = true;
  return answer;
}

// What is known already. `over`: the answer is complete. `alias`: the question has gone on. `ask`: a server must be
// asked, unless there is a response in the descent, which nobody has judged.
Resolver::Impl::Step Resolver::Impl::step_from_caches(const Question& asked, Question& now, const How& how,
                                                      Budget& budget, std::uint32_t depth, Answer& answer,
                                                      Descent& descent) {
  using Kind = StepCache::Found::Kind;
  const StepCache::Found found = cache.find(now, how, answer);
  if (found.kind == Kind::answer) { return Step::over; }
  if (found.kind == Kind::alias) {
    if (!how.follow_aliases) { return Step::over; }
    if (budget.take_alias()) { return Step::alias; }
    answer = fail_at_alias(asked, now, std::move(answer), budget, depth);
    return Step::over;
  }
  if (auto failure = failure_from_cache(now, how)) {
    answer = std::move(*failure);
    return Step::over;
  }
  if (found.kind == Kind::unjudged) { descent.response = StepCache::to_judge(now, *found.entry); }
  if (descent.response || !how.judge) { return Step::ask; }
  return answer_from_proofs(now, found.denied, budget, answer) ? Step::over : Step::ask;
}

// The judgement on what a server, or the cache, said. When it fails, the zone's other servers are heard before it
// stands: one of them may be out of date, or somebody forged one reply.
Task<Judgement> Resolver::Impl::judged(const Question& question, Descent& descent, Budget& budget,
                                       const Lineage& lineage) {
  const Claim claim = claim_of(question, *descent.response);
  Judgement judgement = co_await validator->judge(claim, budget);
  tell_judged(question, judgement.verdict, budget);
  std::vector<IpAddress> heard;
  for (std::size_t opinions = 0; opinions < Chain::kSecondOpinions; ++opinions) {
    const bool is_final = !judgement.verdict.is_bogus() || !judgement.is_about_data || budget.is_validation_spent();
    if (is_final) { break; }
    if (descent.server) { heard.push_back(*descent.server); }
    if (opinions == 0 && descent.server) { judgement.verdict.with_server(*descent.server); }
    const Whom others{.but_not = heard, .home_too = false};
    Descent other = co_await descend(question, others, budget, lineage, true);
    if (!other.response) { break; }
    parts.validation->counters.second_opinions.add();
    const Claim again = claim_of(question, *other.response);
    Judgement second = co_await validator->judge(again, budget);
    tell_judged(question, second.verdict, budget);
    descent.server = other.server;
    if (second.verdict.is_bogus()) { continue; }  // the first cause stands
    parts.validation->counters.recovered.add();
    judgement = std::move(second);
    descent = std::move(other);
  }
  validator->count(judgement.verdict);
  record(question, judgement);
  co_return judgement;
}

// -------------------------------------------------------------------------------------------------- what is told of it

// How much of a name those far up the tree are shown (RFC 9156).
void Resolver::Impl::count_shown(NameView zone, NameView shown) {
  const std::size_t level = std::min<std::size_t>(zone.labels(), kTreeLevels - 1);
  parts.counters.asked[level].add();
  if (shown.labels() <= zone.labels() + 1) { parts.counters.minimised[level].add(); }
}

void Resolver::Impl::count_synthesis(const Answer& made) {
  const auto is_nsec3 = [](const AnswerPart& part) { return part.rrset->type() == Type::NSEC3; };
  const std::size_t proof = std::ranges::any_of(made.authority, is_nsec3) ? 1 : 0;
  const std::size_t result = made.rcode == Rcode::name_error ? 0 : made.answer.empty() ? 1 : 2;
  parts.validation->counters.synthesised[proof][result].add();
}

void Resolver::Impl::record(const Question& question, const Judgement& judgement) {
  Recorder* const recorder = parts.validation->recorder;
  if (recorder == nullptr) { return; }
  recorder->judged(judgement_event(question, judgement), parts.clock.wall());
}

// -------------------------------------------------------------------------------------------------------- how it fails

// `verdict`: bogus when validation failed.
Answer Resolver::Impl::fail(const Question& asked, Answer so_far, Ede why, std::string text, const Budget& budget,
                            std::uint32_t depth, const Verdict& verdict) {
  so_far.answer.clear();
  so_far.authority.clear();
  so_far.rcode = Rcode::server_failure;
  so_far.ede = why;
  so_far.ede_text = std::move(text);
  if (so_far.ede_text.size() > Failure::kMaxText) { so_far.ede_text.resize(Failure::kMaxText); }
  // A look-up on behalf of another may fail for what the other has spent already: that says nothing about its own
  // question.
  const bool was_spent = budget.was_hemmed_in() || (verdict.is_bogus() && budget.is_validation_spent());
  const bool own_fault = depth == 0 || (!was_spent && parts.clock.monotonic() < budget.deadline());
  // Nor does a failed refresh take away what is still good.
  if (own_fault && !budget.had_shortage() && !cache.has_good(asked)) {
    parts.caches.failures.put(asked.name, asked.type, why, so_far.ede_text, parts.clock.ttl(), verdict.reason(),
                              verdict.zone());
  }
  return so_far;
}

// Nothing of what failed is handed on; why is remembered with the question, and told.
Answer Resolver::Impl::fail_validation(const Question& asked, const Question& now, Answer so_far,
                                       const Verdict& verdict, const Budget& budget, std::uint32_t depth) {
  const Ede why = verdict.ede().value_or(Ede::dnssec_bogus);
  so_far.from_cache = false;  // the data may be; the judgement is new
  // An alias's target is looked up on behalf of the alias: hostile ones would else shut out any name they lead to.
  if (now.name != asked.name) { fail(now, {}, why, verdict.text(), budget, depth + 1, verdict); }
  Answer answer = fail(asked, std::move(so_far), why, verdict.text(), budget, depth, verdict);
  answer.verdict = verdict;
  return answer;
}

Answer Resolver::Impl::fail_at_alias(const Question& asked, const Question& now, Answer so_far, const Budget& budget,
                                     std::uint32_t depth) {
  parts.counters.budget_spent.add();
  return fail(asked, std::move(so_far), Ede::other, "alias limit reached at " + now.name.text(), budget, depth);
}

// ------------------------------------------------------------------------------------------------------ the resolution

namespace {

void note(const Verdict& verdict, Answer& answer) {
  answer.verdict = weaker(answer.verdict, verdict);
  if (const auto ede = verdict.ede(); ede && !answer.ede) {
    answer.ede = ede;
    answer.ede_text = verdict.text();
  }
}

bool take_aliases(const Response& response, Budget& budget) {
  return std::ranges::all_of(response.answers,
                             [&](const RRsetPtr& link) { return link->type() != Type::CNAME || budget.take_alias(); });
}

}  // namespace

// RFC 1034 section 5.3.3, with SNAME and STYPE in `now`. Each turn follows an alias or ends.
Task<Answer> Resolver::Impl::resolve(Question asked, Budget& budget, const Lineage* above, How how) {
  const Lineage lineage{&asked, above, above == nullptr ? 0 : above->depth + 1};
  Question now = asked;
  Duration patience = parts.shared_cache != nullptr ? parts.shared_cache->patience() : Duration{};
  Answer answer;
  answer.from_cache = true;
  if (how.judge) {
    answer.verdict = Verdict::secure();
    budget.allow_nsec3_iterations(parts.validation->options.nsec3_max_iterations);
  }
  for (;;) {
    Descent descent;
    if (how.use_cache) {
      Step step = step_from_caches(asked, now, how, budget, lineage.depth, answer, descent);
      if (step == Step::ask && !descent.response && may_recall(above)) {
        patience = std::min(patience, budget.deadline() - parts.clock.monotonic());
        const bool is_known = co_await parts.shared_cache->recall(now, patience);
        if (is_known) { step = step_from_caches(asked, now, how, budget, lineage.depth, answer, descent); }
      }
      if (step == Step::over) { co_return answer; }
      if (step == Step::alias) { continue; }
    }
    const bool is_fresh = !descent.response;
    if (is_fresh) {
      answer.from_cache = false;
      descent = co_await descend(now, kAnybody, budget, lineage, true);
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
      note(verdict, answer);
    }
    const Response& response = *descent.response;
    const Judgement* const word = judgement ? &*judgement : nullptr;
    if (descent.cacheable) {
      cache.store(response, now.type, word);
      // What was learnt just now: what lay here unjudged is older than an entry would say.
      if (is_fresh && may_recall(above)) { parts.shared_cache->remember(now, places_of(now, response)); }
    }
    cache.append(response, word, answer);
    if (response.outcome != Outcome::alias || !how.follow_aliases) {
      parts.caches.failures.remove(asked.name, asked.type);
      co_return answer;
    }
    now.name = response.target;
    how.use_cache = true;
    if (!take_aliases(response, budget)) {
      co_return fail_at_alias(asked, now, std::move(answer), budget, lineage.depth);
    }
  }
}

Task<Answer> Resolver::Impl::fetch(Question question, const std::vector<IpAddress>& not_from, Budget& budget) {
  const Lineage lineage{&question, &kForValidator, kForValidator.depth + 1};
  const Whom servers{.but_not = not_from, .home_too = false};
  Descent descent = co_await descend(question, servers, budget, lineage, true);
  Answer answer;
  answer.server = descent.server;
  if (!descent.response) { co_return fail(question, {}, descent.why, std::move(descent.text), budget, lineage.depth); }
  if (descent.cacheable) { cache.store(*descent.response, question.type, nullptr); }
  cache.append(*descent.response, nullptr, answer);
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
