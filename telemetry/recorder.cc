#include "telemetry/recorder.h"

#include <algorithm>

namespace vouch {

// counters.h lies below the enumerations that its arrays count.
static_assert(std::tuple_size_v<decltype(ValidationCounters::failures)> == kReasons);
static_assert(std::tuple_size_v<decltype(ValidationCounters::verified)> == kAlgorithmClasses);
static_assert(std::tuple_size_v<decltype(FrontCounters::queries)> == kTransports);
static_assert(std::tuple_size_v<decltype(FrontCounters::answers)> == kStandings);
static_assert(std::tuple_size_v<decltype(FrontCounters::answers)::value_type> == kAnswerSources);
static_assert(std::tuple_size_v<decltype(FrontCounters::rcodes)> == kRcodeClasses);
static_assert(std::tuple_size_v<decltype(FrontCounters::special_names)> == kSpecialNames);
static_assert(std::tuple_size_v<decltype(FrontCounters::stale)> == kStaleCauses);
static_assert(std::tuple_size_v<decltype(ResolverCounters::asked)> == kTreeLevels);

Recorder::Recorder(WorkerCounters& counters, const RecordedTogether* together)
    : counters_(counters),
      together_(together),
      prefixes_(std::make_unique<PrefixSketches>()),
      zones_{std::make_unique<ZoneSketches>(), std::make_unique<ZoneSketches>()} {}
Recorder::~Recorder() = default;

void Recorder::note_client(const IpAddress& client, bool encrypted) noexcept {
  const DailySalt& salt = together_->ledger.salt();
  if (const std::uint32_t epoch = salt.epoch(); epoch != prefix_epoch_.load(std::memory_order_relaxed)) {
    prefixes_->all.clear();
    prefixes_->in_clear.clear();
    prefix_epoch_.store(epoch, std::memory_order_release);
  }
  const std::uint64_t hash = DailySalt::mix(salt.key(), together_->ledger.prefixes().prefix_of(client));
  prefixes_->all.add(hash);
  if (!encrypted) { prefixes_->in_clear.add(hash); }
}

void Recorder::withheld(const FailureEvent& event, UnixTime now) {
  if (together_ == nullptr || event.is_test_zone) { return; }
  together_->ledger.withheld({.zone = event.zone,
                              .reason = event.reason,
                              .name = event.name,
                              .type = event.type,
                              .client = event.client,
                              .shadow = event.is_shadow},
                             now);
}

void Recorder::ZoneSketches::clear() noexcept {
  for (ZoneSketch& sketch : algorithms) { sketch.clear(); }
  for (auto& row : denials) {
    for (ZoneSketch& sketch : row) { sketch.clear(); }
  }
}

void Recorder::ZoneSketches::merge(const ZoneSketches& other) noexcept {
  for (std::size_t i = 0; i < kAlgorithmClasses; ++i) { algorithms[i].merge(other.algorithms[i]); }
  for (std::size_t kind = 0; kind < 3; ++kind) {
    for (std::size_t band = 0; band < 3; ++band) { denials[kind][band].merge(other.denials[kind][band]); }
  }
}

void Recorder::note_zone(const JudgementEvent& event) noexcept {
  const std::uint32_t epoch = together_->ledger.salt().epoch();
  if (const std::uint32_t latest = zone_epoch_.load(std::memory_order_relaxed); epoch != latest) {
    zones_[epoch % 2]->clear();
    if (epoch != latest + 1) { zones_[(epoch + 1) % 2]->clear(); }  // it holds no yesterday
    zone_epoch_.store(epoch, std::memory_order_release);
  }
  ZoneSketches& today = *zones_[epoch % 2];
  const std::uint64_t hash = event.zone.hash(process_hash_key());
  if (event.algorithm != 0) { today.algorithms[algorithm_class(event.algorithm)].add(hash); }
  if (event.denial == JudgementEvent::Denial::none) { return; }
  constexpr std::uint16_t kManyIterations = 50;
  const std::size_t band = event.iterations == 0 ? 0 : event.iterations <= kManyIterations ? 1 : 2;
  const auto kind = static_cast<std::size_t>(event.denial) - 1;
  today.denials[kind][band].add(hash);
}

void Recorder::judged(const JudgementEvent& event, UnixTime now) {
  if (together_ == nullptr || event.is_test_zone) { return; }
  const Verdict& verdict = event.verdict;
  if (verdict.is_bogus()) {
    together_->ledger.failed(verdict, ZoneLedger::hash_of(event.name, event.type), now);
    return;
  }
  // Below a negative anchor nothing was looked at: that it is answered says nothing of the zone.
  const bool is_settled =
      verdict.is_secure() || (verdict.security() == Security::insecure && verdict.reason() != Reason::negative_anchor);
  if (is_settled && together_->ledger.has_failing()) {
    const auto signer = verdict.is_secure() ? std::optional(event.zone) : std::nullopt;
    together_->ledger.held(signer, ZoneLedger::hash_of(event.name, event.type), now);
  }
  if (!verdict.is_secure()) { return; }
  note_zone(event);
  together_->expiry.note(event.zone, event.span, now);
}

void Recorder::recovered(NameView zone, UnixTime now) {
  if (together_ != nullptr) { together_->ledger.recovered(zone, now); }
}

void Recorder::add_prefixes_to(PrefixSketches& sum) const noexcept {
  if (together_ == nullptr || prefix_epoch_.load(std::memory_order_acquire) != together_->ledger.salt().epoch()) {
    return;  // of another day: nobody has come since
  }
  sum.all.merge(prefixes_->all);
  sum.in_clear.merge(prefixes_->in_clear);
}

void Recorder::add_zones_to(ZoneSketches& sum) const noexcept {
  if (together_ == nullptr) { return; }
  const std::uint32_t latest = zone_epoch_.load(std::memory_order_acquire), epoch = together_->ledger.salt().epoch();
  if (latest != epoch && latest + 1 != epoch) { return; }
  sum.merge(*zones_[latest % 2]);
  if (latest == epoch) { sum.merge(*zones_[(latest + 1) % 2]); }
}

}  // namespace vouch
