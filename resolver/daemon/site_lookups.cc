#include "resolver/daemon/site_lookups.h"

#include <algorithm>
#include <unordered_map>

#include "resolver/daemon/worker.h"
#include "resolver/dnssec/test_zones.h"

namespace vouch {

namespace {

constexpr std::size_t kMostAddresses = 16;

SiteReport::Link link_of(const ZoneTrust& trust) {
  SiteReport::Link link;
  link.zone = trust.zone.text();
  link.standing = standing_of(trust.verdict.security(), trust.verdict.reason());
  link.reason = trust.verdict.reason();
  if (trust.keys) {
    for (const auto& key : trust.keys->keys()) { link.keys.push_back({key->tag(), key->algorithm()}); }
  }
  return link;
}

void add_addresses(const Answer& answer, SiteReport& report) {
  for (const AnswerPart& part : answer.answer) {
    const Type type = part.rrset->type();
    if (type == Type::CNAME) { report.alias_of = rdata_name(Type::CNAME, part.rrset->first_rdata()).text(); }
    if (type != Type::A && type != Type::AAAA) { continue; }
    for (const Bytes octets : part.rrset->rdata()) {
      if (report.addresses.size() == kMostAddresses) { return; }
      report.addresses.push_back((type == Type::A ? IpAddress::v4(octets) : IpAddress::v6(octets)).text());
    }
  }
}

SiteReport::Outcome outcome_of(const Answer& answer, const SiteReport& report) {
  using Outcome = SiteReport::Outcome;
  if (answer.verdict.is_bogus() && answer.rcode == Rcode::server_failure) { return Outcome::withheld; }
  if (!report.addresses.empty()) { return Outcome::answered; }
  switch (answer.rcode) {
    case Rcode::no_error:
      return Outcome::no_data;
    case Rcode::name_error:
      return Outcome::no_such_name;
    default:
      return Outcome::unreachable;
  }
}

// The answer that tells more: the one that failed, or else the one to A.
const Answer& telling(const Worker::SiteAnswers& answers) {
  return answers.ipv6.verdict.is_bogus() && !answers.ipv4.verdict.is_bogus() ? answers.ipv6 : answers.ipv4;
}

void add_verdict(const Answer& answer, SiteReport& report) {
  const Verdict& verdict = answer.verdict;
  const bool is_judged = answer.rcode != Rcode::server_failure || verdict.is_bogus();
  report.standing = is_judged ? standing_of(verdict.security(), verdict.reason()) : Standing::unchecked;
  if (answer.ede) {
    report.has_extended_error = true;
    report.extended_error = static_cast<std::uint16_t>(*answer.ede);
    report.extra_text = answer.ede_text;
  }
  if (verdict.reason() == Reason::none) { return; }
  report.reason = verdict.reason();
  report.is_test_zone = verdict.is_bogus() && is_test_zone(verdict.zone());
  report.zone_at_fault = verdict.zone().text();
  if (verdict.has_key()) { report.key = SiteReport::Key{verdict.key_tag(), verdict.algorithm()}; }
  report.time = verdict.time();
  if (verdict.server()) { report.server = verdict.server()->text(); }
}

SiteReport report_of(const Name& name, const Worker::SiteAnswers& answers, const ChainSources& chain, bool validates) {
  SiteReport report;
  report.name = name.text();
  add_addresses(answers.ipv4, report);
  add_addresses(answers.ipv6, report);
  const Answer& told = telling(answers);
  add_verdict(told, report);
  report.outcome = outcome_of(told, report);
  // Behind an alias the fault may lie in another branch of the tree: then that is the way to be shown.
  const bool is_elsewhere = told.verdict.is_bogus() && !name.view().is_at_or_below(told.verdict.zone());
  const NameView end = is_elsewhere ? told.verdict.zone() : name.view();
  if (validates) { report.chain = chain_to(end, told.verdict, chain); }
  return report;
}

}  // namespace

std::vector<SiteReport::Link> chain_to(NameView name, const Verdict& verdict, const ChainSources& sources) {
  std::vector<SiteReport::Link> chain;
  const AnchorSetPtr anchors = sources.anchors.current();
  const AnchorSet::Point* const top = anchors->closest(name);
  const Name* const negative = anchors->negative(name);
  const TtlTime now = sources.clock.ttl();
  const std::size_t first = top == nullptr ? 0 : top->zone.view().labels();
  for (std::size_t labels = first; labels <= name.labels(); ++labels) {
    const NameView zone = name.suffix(u8(labels));
    if (negative != nullptr && zone == *negative) {
      chain.push_back(
          {.zone = zone.text(), .standing = Standing::negative_anchor, .reason = Reason::negative_anchor, .keys = {}});
      return chain;
    }
    const ZoneTrustPtr trust = sources.trust.find(zone, now);
    const bool is_at_fault = verdict.is_bogus() && verdict.zone() == zone;
    if (!is_at_fault && (!trust || !(trust->zone == zone))) { continue; }  // no zone begins here, or none is known
    SiteReport::Link link = trust && trust->zone == zone ? link_of(*trust) : SiteReport::Link{};
    link.zone = zone.text();
    if (is_at_fault) {
      link.standing = Standing::bogus;
      link.reason = verdict.reason();
    }
    chain.push_back(std::move(link));
    if (chain.back().standing != Standing::secure) { return chain; }
  }
  return chain;
}

// Who waits for what is under way. It stays on this thread: what goes to the worker and back is a number.
struct SiteLookups::State {
  struct Waiting {
    Name name;
    Instant since;
    Done done;
  };
  std::uint64_t last = 0;
  std::unordered_map<std::uint64_t, Waiting> waiting;
};

SiteLookups::SiteLookups(Parts parts) : parts_(std::move(parts)), state_(std::make_shared<State>()) {}
SiteLookups::~SiteLookups() = default;

void SiteLookups::check(std::string_view text, Done done) {
  const auto name = Name::parse(text);
  if (!name || state_->waiting.size() >= kAtOnce) {
    done(std::nullopt);
    return;
  }
  const GenerationPtr generation = parts_.current.get();
  if (const auto local = generation->local_zones.find(*name, Type::A)) {
    SiteReport report;
    report.name = name->text();
    report.outcome = SiteReport::Outcome::local;
    Answer answer;
    if (local->answer) { answer.answer.push_back({local->answer, 0}); }
    add_addresses(answer, report);
    done(std::move(report));
    return;
  }
  const std::uint64_t id = ++state_->last;
  state_->waiting.emplace(id, State::Waiting{*name, parts_.chain.clock.monotonic(), std::move(done)});
  // What these refer to outlives the workers; whether the page still waits, `state` says.
  const std::weak_ptr<State> state = state_;
  const bool validates = generation->configuration.dnssec.mode != DnssecMode::off;
  parts_.worker.look_up(*name, [id, state, validates, post = parts_.post,
                                chain = parts_.chain](Worker::SiteAnswers answers) {
    post([id, state, validates, chain, answers = std::move(answers)] {
      const auto here = state.lock();
      if (here == nullptr) { return; }
      auto place = here->waiting.extract(id);
      if (place.empty()) { return; }
      const State::Waiting& waiting = place.mapped();
      SiteReport report = report_of(waiting.name, answers, chain, validates);
      const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(chain.clock.monotonic() - waiting.since);
      report.milliseconds = static_cast<std::uint32_t>(std::max<std::int64_t>(0, took.count()));
      waiting.done(std::move(report));
    });
  });
}

}  // namespace vouch
