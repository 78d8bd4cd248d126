#include "resolver/iterate/ask.h"

#include <algorithm>
#include <utility>

#include "resolver/dnssec/trace.h"

namespace vouch {

// What one ask() knows so far.
struct Asker::Round {
  Round(const ResolverOptions& options, NameView zone, const std::vector<IpAddress>& not_from)
      : choice(options, zone, not_from) {}
  ServerChoice choice;
  std::vector<const Delegation::Server*> unresolved;  // to be looked up, in random order, last first
  std::vector<const Delegation::Server*> glued;       // with glue, which the zone itself may contradict
  std::vector<const Delegation::Server*>
      one_family;  // looked up already, as far as the first family that had addresses
  bool second_family = false;
  bool parents_glue_used = false;
  Ede why = Ede::no_reachable_authority;
  std::string text;
};

using Effort = ServerNames::Effort;

namespace {

void shuffle(std::vector<const Delegation::Server*>& servers, Random& random) {
  for (std::size_t left = servers.size(); left > 1; --left) {
    std::swap(servers[left - 1], servers[random.below(static_cast<std::uint32_t>(left))]);
  }
}

void tell_meaning(Outcome outcome, Trace& trace) {
  switch (outcome) {
    case Outcome::answer:
      return trace.note_meaning("answer");
    case Outcome::alias:
      return trace.note_meaning("alias");
    case Outcome::no_data:
      return trace.note_meaning("no_data");
    case Outcome::name_error:
      return trace.note_meaning("name_error");
    case Outcome::referral:
      return trace.note_meaning("referral");
    case Outcome::lame:
      return trace.note_meaning({}, ReplyProblem::lame);
    case Outcome::server_error:
      return trace.note_meaning({}, ReplyProblem::server_error);
  }
}

// Whom the zone's forwarders have to prove to be.
std::string peer_text(const ConfiguredZone& zone) {
  return zone.tls_name.empty() ? "the holder of the pinned key" : zone.tls_name;
}

}  // namespace

Asker::Asker(const ResolverOptions& options, Caches& caches, SharedExchanges& exchanges, Exchanger& exchanger,
             Executor& executor, const Clock& clock, Random& random, ServerNames& names, ResolverCounters& counters,
             bool want_proofs)
    : options_(options),
      caches_(caches),
      exchanges_(exchanges),
      exchanger_(exchanger),
      executor_(executor),
      clock_(clock),
      random_(random),
      names_(names),
      counters_(counters),
      want_proofs_(want_proofs) {}

// Last resort: a server's own zone may know a wrong address, or none, for a name for which its parent gave glue. It was
// met on the way; no question is needed. True when there was any.
bool Asker::add_parents_glue(const Delegation& delegation, Round& round) {
  const std::size_t before = round.choice.size();
  for (const Delegation::Server& server : delegation.servers()) {
    for (NameView above = server.name; !above.is_root(); above = above.parent()) {
      const DelegationPtr parents = caches_.delegations.find(above, clock_.ttl());
      if (!parents) { continue; }
      for (const Delegation::Server& known : parents->servers()) {
        if (!(known.name == server.name)) { continue; }
        for (const IpAddress& address : known.addresses) { round.choice.add_learnt(address); }
      }
    }
  }
  return round.choice.size() > before;
}

// Nobody known is left: finds more addresses, the likeliest first. False when there are none to be found.
Task<bool> Asker::more_addresses(const ZoneCut& cut, Round& round, Budget& budget, const Lineage& lineage) {
  if (round.unresolved.empty() && !round.glued.empty()) {
    // The addresses that the parent gave led nowhere. The servers' own zones may know better ones; for names inside
    // this very zone nobody else could be asked.
    for (const Delegation::Server* server : std::exchange(round.glued, {})) {
      if (!server->name.view().is_at_or_below(cut.zone)) {
        round.unresolved.push_back(server);
        continue;
      }
      const std::vector<IpAddress> known = co_await names_.addresses_of(server->name, Effort::cached, budget, lineage);
      for (const IpAddress& address : known) { round.choice.add_learnt(address); }
    }
    co_return true;
  }
  if (round.unresolved.empty() && cut.delegation && !std::exchange(round.parents_glue_used, true)) {
    if (add_parents_glue(*cut.delegation, round)) { co_return true; }
  }
  if (round.unresolved.empty() && !round.second_family) {  // no IPv4 way out, perhaps, where only A was looked for
    round.second_family = true;
    round.unresolved = std::exchange(round.one_family, {});
  }
  if (round.unresolved.empty()) { co_return false; }
  const Delegation::Server* server = round.unresolved.back();
  round.unresolved.pop_back();
  const Effort effort = round.second_family ? Effort::both_families : Effort::one_family;
  if (!round.second_family) { round.one_family.push_back(server); }
  const std::vector<IpAddress> found = co_await names_.addresses_of(server->name, effort, budget, lineage);
  for (const IpAddress& address : found) { round.choice.add_learnt(address); }
  co_return true;
}

// Joins an equal question in flight, or asks.
Task<ExchangeResult> Asker::exchange(const ZoneCut& cut, const Question& question, const ServerChoice::Pick& pick,
                                     Budget& budget) {
  SharedExchanges::Ticket ticket =
      exchanges_.join({cut.zone, question.name, question.type, cut.is_forward()}, executor_);
  if (!ticket.leads()) {
    counters_.exchanges_shared.add();
    const Duration left = budget.deadline() - clock_.monotonic();
    co_return co_await ticket.wait(std::max(left, Duration::zero()));
  }
  ExchangeRequest request;
  request.server = pick.server;
  request.earlier_tries = pick.earlier_tries;
  request.is_last_try = pick.earlier_tries + 1 == ServerChoice::kMaxTriesPerAddress;
  request.name = question.name;
  request.type = question.type;
  request.zone = cut.zone;
  request.recursion_desired = cut.is_forward();
  request.checking_disabled = cut.is_forward() && want_proofs_;
  if (cut.configured != nullptr) {
    request.tls = cut.configured->tls;
    request.tls_name = cut.configured->tls_name;
    request.tls_pins = cut.configured->tls_pins;
  }
  const ExchangeResult result = co_await exchanger_.exchange(request, budget);
  ticket.land(result);
  co_return result;
}

// What the reply is worth; marks servers that are of no use.
std::optional<Response> Asker::read(const ZoneCut& cut, const Question& question, const ExchangeResult& result,
                                    Round& round, Trace* trace) {
  using Status = ExchangeResult::Status;
  if (result.status != Status::ok) {
    if (result.status == Status::broken) {
      round.choice.rule_out(result.server);
      round.why = Ede::network_error;
      round.text = "unusable replies from " + result.server.text() + " for " + cut.zone.text();
    }
    if (result.status == Status::untrusted && cut.configured != nullptr) {
      round.choice.rule_out(result.server);
      round.why = Ede::network_error;
      round.text = "forwarder " + result.server.text() + " did not prove to be " + peer_text(*cut.configured) + ": " +
                   result.why;
    }
    return std::nullopt;
  }
  const auto reply = MessageView::parse(*result.packet);
  if (!reply) { return std::nullopt; }  // it was parsed once already
  ReplyContext context;
  context.name = question.name;
  context.type = question.type;
  context.zone = cut.zone;
  context.from_forwarder = cut.is_forward();
  context.harden_glue = options_.harden_glue;
  context.want_proofs = want_proofs_;
  Response response = classify(*reply, context);
  counters_.records_scrubbed.add(response.scrubbed);
  if (trace != nullptr) { tell_meaning(response.outcome, *trace); }
  if (response.outcome != Outcome::lame && response.outcome != Outcome::server_error) { return response; }
  counters_.replies_lame.add();
  round.choice.rule_out(result.server);
  round.why = Ede::network_error;
  round.text = std::string(rcode_text(response.rcode)) + " from " + result.server.text() + " for " + cut.zone.text();
  if (response.outcome == Outcome::lame && cut.kind == CutKind::delegation) {
    caches_.servers.on_lame(result.server.ip(), cut.zone, kLameFor, clock_.monotonic());
  }
  return std::nullopt;
}

Task<AskResult> Asker::ask(const ZoneCut& cut, const Question& question, const std::vector<IpAddress>& not_from,
                           Budget& budget, const Lineage& lineage) {
  AskResult outcome;
  Round round(options_, cut.zone, not_from);
  if (cut.configured != nullptr) {
    for (const SocketAddress& server : cut.configured->servers) { round.choice.add_configured(server); }
  }
  if (cut.delegation) {
    for (const Delegation::Server& server : cut.delegation->servers()) {
      for (const IpAddress& address : server.addresses) { round.choice.add_learnt(address); }
      if (!server.addresses.empty()) {
        round.glued.push_back(&server);
        continue;
      }
      const std::vector<IpAddress> known = co_await names_.addresses_of(server.name, Effort::cached, budget, lineage);
      for (const IpAddress& address : known) { round.choice.add_learnt(address); }
      if (known.empty()) { round.unresolved.push_back(&server); }
    }
    shuffle(round.unresolved, random_);
  }

  while (clock_.monotonic() < budget.deadline()) {
    const auto pick = round.choice.next(caches_.servers, clock_.monotonic(), random_);
    if (!pick) {
      const bool more = co_await more_addresses(cut, round, budget, lineage);
      if (!more) { break; }
      continue;
    }
    const ExchangeResult result = co_await exchange(cut, question, *pick, budget);
    // Another question's exchange may have been joined, with a server that is not wanted here.
    const bool unwanted = std::ranges::find(not_from, result.server.ip()) != not_from.end();
    if (!unwanted) { outcome.response = read(cut, question, result, round, budget.trace()); }
    if (outcome.response) {
      outcome.server = result.server.ip();
      co_return outcome;
    }
    if (budget.is_spent() || budget.had_shortage()) { break; }
  }
  outcome.why = round.why;
  outcome.text = round.text.empty() ? "no server of " + cut.zone.text() + " answers" : round.text;
  if (budget.is_spent()) { outcome.text = "work limit reached at " + cut.zone.text(); }
  if (budget.had_shortage()) { outcome.text = "no socket left to ask with"; }
  co_return outcome;
}

}  // namespace vouch
