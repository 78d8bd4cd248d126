#include "telemetry/collector.h"

#include <algorithm>
#include <numeric>

namespace vouch {

namespace {

std::uint64_t sum_of(const std::array<std::uint64_t, kStandings>& answers) {
  return std::accumulate(answers.begin(), answers.end(), std::uint64_t{0});
}

}  // namespace

Figures Collector::take_sums(UnixTime now) const {
  Figures figures;
  figures.taken = now;
  figures.started = parts_.started;
  parts_.together.ledger.tell(figures);  // before the counters: zone_ledger.h says why
  const auto sum = std::make_shared<WorkerCounters>();
  for (const Recorder* worker : parts_.workers) { add_up(*sum, worker->counters()); }
  figures.counters = sum;
  return figures;
}

Movement Collector::sums_of(const Figures& figures) {
  Movement sums;
  const WorkerCounters& counters = *figures.counters;
  for (std::size_t standing = 0; standing < kStandings; ++standing) {
    for (std::size_t source = 0; source < kAnswerSources; ++source) {
      sums.answers[standing][source] = counters.front.answers[standing][source].value();
    }
  }
  for (std::size_t i = 0; i < kTransports; ++i) {
    for (const Counter& family : counters.front.queries[i]) { sums.queries[i] += family.value(); }
  }
  sums.withheld = figures.withheld;
  sums.shadow = figures.shadow;
  sums.upstream_queries = counters.resolver.upstream_udp.value() + counters.resolver.upstream_tcp.value() +
                          counters.resolver.upstream_tls.value();
  return sums;
}

void Collector::tell_policy(Figures& figures) const {
  PolicyFigures& told = figures.policy;
  std::array<std::uint64_t, kPolicySourceSlots> sources{};
  for (const Recorder* worker : parts_.workers) {
    const PolicyCounters& policy = worker->policy();
    for (std::size_t i = 0; i < told.actions.size(); ++i) { told.actions[i] += policy.actions[i].value(); }
    for (std::size_t i = 0; i < sources.size(); ++i) { sources[i] += policy.sources[i].value(); }
    told.stripped += policy.addresses_left_out.value();
    told.dns64 += policy.dns64_answers.value();
  }
  std::vector<std::string> names;
  if (parts_.together.policy != nullptr) { names = parts_.together.policy->names(); }
  for (std::size_t i = 0; i < names.size(); ++i) { told.sources.push_back({names[i], sources[i]}); }
  told.sources.push_back({"_other", sources.back()});
}

void Collector::end_minute(UnixTime now) {
  const Figures figures = take_sums(now);
  recent_.end_minute(sums_of(figures), now);
}

Figures Collector::take(UnixTime now) {
  Figures figures = take_sums(now);
  ZoneLedger::add_rest(figures);
  recent_.tell(figures, sums_of(figures));
  tell_tlds(figures);
  tell_adoption(figures);
  tell_clients(figures);
  tell_policy(figures);
  figures.expiring = parts_.together.expiry.soonest(now, kMostExpiring);
  return figures;
}

void Collector::tell_tlds(Figures& figures) {
  std::map<std::string, Answers> all;
  Answers rest{};
  for (const Recorder* worker : parts_.workers) {
    for (const TldTally::Row& row : worker->tlds().rows()) {
      Answers& sum = all[row.tld.text()];
      for (std::size_t i = 0; i < kStandings; ++i) { sum[i] += row.answers[i]; }
    }
    for (std::size_t i = 0; i < kStandings; ++i) { rest[i] += worker->tlds().rest(static_cast<Standing>(i)); }
  }
  list_tlds(all);
  std::map<std::string, Answers> unlisted;
  for (const auto& [tld, answers] : all) {
    const auto listed = listed_tlds_.find(tld);
    if (listed == listed_tlds_.end()) {
      unlisted.emplace(tld, answers);
      for (std::size_t i = 0; i < kStandings; ++i) { rest[i] += answers[i]; }
      continue;
    }
    TldFigures& told = figures.tlds.emplace_back();
    told.tld = tld;
    for (std::size_t i = 0; i < kStandings; ++i) {
      told.answers[i] = answers[i] - listed->second[i];
      rest[i] += listed->second[i];
    }
  }
  told_as_other_ = std::move(unlisted);
  std::ranges::sort(figures.tlds, std::ranges::greater(),
                    [](const TldFigures& each) { return std::pair(sum_of(each.answers), each.tld); });
  figures.tlds.push_back({"_other", rest});
}

// The most asked. One that comes late begins where it was not yet told as "_other", so that the sums hold; it takes the
// place of the least asked only when it has become twice as large, or two of a size would drive out each other for
// ever.
void Collector::list_tlds(const std::map<std::string, Answers>& all) {
  constexpr std::uint64_t kTimesLarger = 2;
  std::vector<std::pair<std::uint64_t, std::string>> waiting;
  for (const auto& [tld, answers] : all) {
    if (!listed_tlds_.contains(tld)) { waiting.emplace_back(sum_of(answers), tld); }
  }
  std::ranges::sort(waiting, std::ranges::greater());
  for (const auto& [size, tld] : waiting) {
    if (listed_tlds_.size() >= parts_.options.listed_tlds) {
      const auto size_of = [&](const auto& each) { return sum_of(all.at(each.first)); };
      const auto least = std::ranges::min_element(listed_tlds_, {}, size_of);
      if (least == listed_tlds_.end() || size < kTimesLarger * size_of(*least)) { return; }
      listed_tlds_.erase(least);
    }
    const auto told = told_as_other_.find(tld);
    listed_tlds_.emplace(tld, told == told_as_other_.end() ? Answers{} : told->second);
  }
}

void Collector::tell_adoption(Figures& figures) const {
  const auto sum = std::make_unique<Recorder::ZoneSketches>();
  for (const Recorder* worker : parts_.workers) { worker->add_zones_to(*sum); }
  for (std::size_t i = 0; i < kAlgorithmClasses; ++i) {
    figures.adoption.signed_zones[i] = sum->algorithms[i].estimate();
  }
  for (std::size_t kind = 0; kind < 3; ++kind) {
    for (std::size_t band = 0; band < 3; ++band) {
      figures.adoption.denial_zones[kind][band] = sum->denials[kind][band].estimate();
    }
  }
}

void Collector::tell_clients(Figures& figures) const {
  const auto sum = std::make_unique<Recorder::PrefixSketches>();
  for (const Recorder* worker : parts_.workers) { worker->add_prefixes_to(*sum); }
  const std::uint64_t prefixes = sum->all.estimate(), clear = sum->in_clear.estimate();
  figures.clients.prefixes = rounded(prefixes);
  figures.clients.only_encrypted = rounded(prefixes - std::min(prefixes, clear));
}

}  // namespace vouch
