#include "telemetry/zone_ledger.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace vouch {

namespace {

// Where there is no zone to blame, the ledger has two of its own.
const Name kSelfZone = Name::of("_self."), kPathZone = Name::of("_path.");
const Name kReverse4 = Name::of("in-addr.arpa."), kReverse6 = Name::of("ip6.arpa.");

Name zone_at_fault(NameView zone, Reason reason) {
  switch (fixer_of(reason)) {
    case Fixer::resolver_operator:
      return kSelfZone;
    case Fixer::network:
      return kPathZone;
    default:
      break;
  }
  Name name(zone);
  name.lower_case();
  return name;
}

std::string text_of_zone(const Name& zone) {
  if (zone == kSelfZone) { return std::string(kSelfText); }
  if (zone == kPathZone) { return std::string(kPathText); }
  return zone.text();
}

// The chain to the zone's own keys is broken: data signed by these keys cannot hold until it is mended.
bool is_about_keys(Reason reason) noexcept {
  switch (reason) {
    case Reason::ds_dnskey_mismatch:
    case Reason::dnskey_absent:
    case Reason::sep_not_signing:
    case Reason::dnskey_unreachable:
    case Reason::dnskey_no_zone_bit:
    case Reason::dnskey_revoked:
    case Reason::dnskey_bad_protocol:
    case Reason::anchor_mismatch:
    case Reason::clock_untrusted:
    case Reason::path_strips_dnssec:
      return true;
    default:
      return false;
  }
}

std::size_t index(Reason reason) noexcept { return static_cast<std::size_t>(reason); }
std::size_t index(Evidence evidence) noexcept { return static_cast<std::size_t>(evidence); }

}  // namespace

// One zone and its latest incident.
struct ZoneLedger::Zone {
  Name name;
  std::string text;
  bool is_exempt = false;
  ZoneState state = ZoneState::failing;
  UnixTime began = 0, last_failure = 0;
  std::optional<UnixTime> ended, last_good;
  UnixTime counted_from = 0;  // of a former process's incident: since when its seconds are ours to count
  std::uint64_t counted = 0;  // seconds that its end has added to the sums
  Reason first_reason = Reason::none;
  std::vector<ZoneCause> causes;  // the latest first
  std::uint64_t failures = 0;
  WithheldFigures withheld, shadow;
  std::vector<std::uint64_t> prefixes;  // of today, hashed; at most k
  std::uint32_t epoch = 0;              // the day that they are of
  std::uint32_t most_prefixes = 0;      // of any day of the incident
  std::vector<std::uint64_t> lookups;   // failed questions, hashed; at most kLookupsPerZone
  std::optional<UnixTime> listed_at;    // since when /metrics names it
  std::array<std::uint64_t, kReasons> listed_failures{};

  bool is_failing() const noexcept { return state == ZoneState::failing; }
  std::uint32_t met_by() const noexcept { return std::max(most_prefixes, static_cast<std::uint32_t>(prefixes.size())); }
  std::uint64_t seconds(UnixTime until) const noexcept {
    return static_cast<std::uint64_t>(std::max<UnixTime>(0, until - std::max(began, counted_from)));
  }
  // What is forgotten first is least: quiet before failing among equals.
  auto rank() const noexcept { return std::tuple(met_by(), failures, is_failing(), last_failure); }
};

std::size_t ZoneLedger::Hash::operator()(const Name& name) const noexcept {
  return name.view().hash(process_hash_key());
}

std::uint64_t ZoneLedger::hash_of(NameView name, Type type) noexcept {
  SipState state(process_hash_key());
  state.absorb<1>(name.hash(process_hash_key()));
  state.absorb<1>(static_cast<std::uint64_t>(type));
  return state.finish<3>();
}

ZoneLedger::ZoneLedger(const TelemetryOptions& options, std::vector<Name> exempt, Random& random, UnixTime now)
    : options_(options), exempt_(std::move(exempt)), prefixes_(options), salt_(random, now), clock_(now) {}
ZoneLedger::~ZoneLedger() = default;

// Rule R4: the root, top-level domains, the reverse trees and what the operator has an anchor for tell nothing of
// anybody.
bool ZoneLedger::is_exempt(NameView zone) const noexcept {
  if (zone.labels() <= 1 || zone.is_at_or_below(kReverse4) || zone.is_at_or_below(kReverse6)) { return true; }
  return std::ranges::any_of(exempt_, [zone](const Name& name) { return zone == name; });
}

bool ZoneLedger::may_be_named(const Zone& zone) const noexcept {
  return zone.is_exempt || zone.met_by() >= options_.min_prefixes;
}

// Times of a clock that was set meanwhile are moved with it, or an incident that a machine without a battery met in
// 1970 would have lasted for decades, and one of a clock that ran ahead would not end for as long.
void ZoneLedger::mind_clock(UnixTime now) {
  const UnixTime before = std::exchange(clock_, now), step = now - before;
  if (-kClockStep < step && step < kClockStep) { return; }
  const auto move = [&](UnixTime& time) {
    const bool is_of_before = step > 0 ? time <= before : time > now;
    if (is_of_before) { time += step; }
  };
  for (auto& [name, zone] : zones_) {
    if (zone->listed_at) { move(*zone->listed_at); }
    if (!zone->is_failing()) { continue; }
    move(zone->began);
    move(zone->last_failure);
    move(zone->counted_from);
    for (ZoneCause& cause : zone->causes) {
      move(cause.first_seen);
      move(cause.last_seen);
    }
  }
}

// ------------------------------------------------------------------------------------------------- zones come and go

ZoneLedger::Zone& ZoneLedger::entry_of(const Name& name, UnixTime now) {
  const auto known = zones_.find(name);
  if (known != zones_.end()) { return *known->second; }
  if (is_full()) { make_room(now); }
  auto fresh = std::make_unique<Zone>();
  fresh->name = name;
  fresh->text = text_of_zone(name);
  fresh->is_exempt = is_exempt(name);
  fresh->state = ZoneState::quiet;  // until begin()
  return *zones_.emplace(name, std::move(fresh)).first->second;
}

void ZoneLedger::make_room(UnixTime now) {
  const auto is_held = [now](const Zone& zone) { return zone.listed_at && now - *zone.listed_at < kListedFor; };
  auto least = zones_.end();
  for (auto at = zones_.begin(); at != zones_.end(); ++at) {
    if (is_held(*at->second)) { continue; }
    if (least == zones_.end() || at->second->rank() < least->second->rank()) { least = at; }
  }
  if (least == zones_.end()) { return; }  // cannot be: no more than a quarter is listed
  Zone& zone = *least->second;
  if (zone.is_failing()) { end(zone, ZoneState::quiet, now); }
  archive(zone);
  if (zone.listed_at) { --listed_; }
  zones_.erase(least);
  ++evictions_;
}

void ZoneLedger::begin(Zone& zone, Reason reason, UnixTime now) {
  const bool is_relapse = zone.ended && now - *zone.ended < kRelapse && zone.first_reason != Reason::none;
  if (is_relapse) {  // the seconds between count as failing, too: for some of the clients they were
    ended_seconds_[index(zone.first_reason)][index(evidence_of(zone.first_reason))] -= zone.counted;
  } else {
    archive(zone);
    zone.began = now;
    zone.counted_from = now;
    zone.first_reason = reason;
    zone.causes.clear();
    zone.failures = 0;
    zone.withheld = {};
    zone.shadow = {};
    zone.prefixes.clear();
    zone.most_prefixes = 0;
    ++begun_[index(reason)][index(evidence_of(reason))];
  }
  zone.state = ZoneState::failing;
  zone.ended.reset();
  failing_.fetch_add(1, std::memory_order_relaxed);
}

void ZoneLedger::end(Zone& zone, ZoneState how, UnixTime now) {
  zone.state = how;
  zone.ended = how == ZoneState::quiet ? zone.last_failure : now;
  zone.counted = zone.seconds(*zone.ended);
  ended_seconds_[index(zone.first_reason)][index(evidence_of(zone.first_reason))] += zone.counted;
  forget_lookups(zone);
  failing_.fetch_sub(1, std::memory_order_relaxed);
}

// What has ended makes way for what comes next: of the list the oldest that few met, so that one client cannot empty
// it.
void ZoneLedger::archive(const Zone& zone) {
  if (!zone.ended || zone.first_reason == Reason::none) { return; }
  if (incidents_.size() >= kMaxIncidents) {
    const auto of_few = std::ranges::find(incidents_, false, &IncidentFigures::is_public);
    incidents_.erase(of_few == incidents_.end() ? incidents_.begin() : of_few);
  }
  incidents_.push_back(incident_of(zone));
}

// ----------------------------------------------------------------------------------------------- what fails and holds

void ZoneLedger::note_lookup(Zone& zone, std::uint64_t lookup) {
  if (std::ranges::find(zone.lookups, lookup) != zone.lookups.end()) { return; }
  if (zone.lookups.size() == kLookupsPerZone) {
    lookups_.erase(zone.lookups.front());
    zone.lookups.erase(zone.lookups.begin());
  }
  // One question fails at one zone at a time: the latest counts.
  const auto [place, is_new] = lookups_.try_emplace(lookup, &zone);
  if (!is_new) {
    std::erase(place->second->lookups, lookup);
    place->second = &zone;
  }
  zone.lookups.push_back(lookup);
}

void ZoneLedger::forget_lookups(Zone& zone) {
  for (const std::uint64_t lookup : zone.lookups) { lookups_.erase(lookup); }
  zone.lookups.clear();
}

void ZoneLedger::failed(const Verdict& verdict, std::uint64_t lookup, UnixTime now) {
  const Reason reason = verdict.reason();
  const Name name = zone_at_fault(verdict.zone(), reason);
  const std::lock_guard lock(mutex_);
  mind_clock(now);
  Zone& zone = entry_of(name, now);
  if (!zone.is_failing()) { begin(zone, reason, now); }
  zone.last_failure = now;
  ++zone.failures;
  note_lookup(zone, lookup);

  auto cause = std::ranges::find(zone.causes, reason, &ZoneCause::reason);
  if (cause == zone.causes.end()) {
    if (zone.causes.size() == kCausesPerZone) { zone.causes.pop_back(); }
    ZoneCause fresh;
    fresh.reason = reason;
    fresh.evidence = evidence_of(reason);
    fresh.first_seen = now;
    cause = zone.causes.insert(zone.causes.begin(), std::move(fresh));
  } else {
    std::rotate(zone.causes.begin(), cause, cause + 1);
    cause = zone.causes.begin();
  }
  cause->last_seen = now;
  ++cause->failures;
  if (verdict.has_key()) {
    cause->key_tag = verdict.key_tag();
    cause->algorithm = verdict.algorithm();
  }
  if (verdict.time()) { cause->time = verdict.time(); }
  if (verdict.server()) { cause->server = verdict.server()->text(); }

  // In this order: a listed zone's series begins at 0, or its first step would not be seen.
  if (zone.listed_at) { ++zone.listed_failures[index(reason)]; }
  list_if_due(zone, now);
}

void ZoneLedger::list_if_due(Zone& zone, UnixTime now) {
  if (zone.listed_at || zone.failures < kListedFailures || !may_be_named(zone)) { return; }
  if (listed_ == options_.listed_zones) {  // one that has been there for a day makes way
    const auto may_go = [now](const auto& each) {
      return each.second->listed_at && !each.second->is_failing() && now - *each.second->listed_at >= kListedFor;
    };
    const auto old = std::ranges::find_if(zones_, may_go);
    if (old == zones_.end()) { return; }
    old->second->listed_at.reset();
    old->second->listed_failures = {};
    --listed_;
    ++evictions_;
  }
  zone.listed_at = now;
  ++listed_;
}

void ZoneLedger::withheld(const Withheld& answer, UnixTime now) {
  const Name name = zone_at_fault(answer.zone, answer.reason);
  const std::uint64_t prefix = DailySalt::hash(salt_.key(), prefixes_.prefix_of(answer.client));
  SipState state(salt_.key());
  state.absorb<1>(prefix);
  state.absorb<1>(hash_of(answer.name, answer.type));
  state.absorb<1>(answer.shadow ? 1 : 0);
  const std::uint64_t lookup = state.finish<3>();

  const std::lock_guard lock(mutex_);
  mind_clock(now);
  const std::uint64_t is_new = filter_.is_new(lookup, now) ? 1 : 0;
  const auto count = [is_new](WithheldFigures& figures) {
    ++figures.answers;
    figures.lookups += is_new;
  };
  count(answer.shadow ? shadow_ : withheld_[index(evidence_of(answer.reason))]);
  // A remembered failure costs who asks nothing: it drives out no zone and begins no incident at the expense of others.
  if (is_full() && !zones_.contains(name)) { return; }
  Zone& zone = entry_of(name, now);
  // A zone that recovered goes on being withheld for as long as single failures are remembered (RFC 9520): these belong
  // to the incident that has ended. One that was forgotten meanwhile begins anew.
  if (zone.first_reason == Reason::none) {
    begin(zone, answer.reason, now);
    zone.last_failure = now;
  }
  if (zone.epoch != salt_.epoch()) {
    zone.most_prefixes = zone.met_by();
    zone.prefixes.clear();
    zone.epoch = salt_.epoch();
  }
  if (zone.prefixes.size() < options_.min_prefixes && std::ranges::find(zone.prefixes, prefix) == zone.prefixes.end()) {
    zone.prefixes.push_back(prefix);
  }
  count(answer.shadow ? zone.shadow : zone.withheld);
  list_if_due(zone, now);
}

void ZoneLedger::held(std::optional<NameView> signer, std::uint64_t lookup, UnixTime now) {
  const std::lock_guard lock(mutex_);
  mind_clock(now);
  if (const auto failed_once = lookups_.find(lookup); failed_once != lookups_.end()) {
    Zone& zone = *failed_once->second;
    zone.last_good = now;
    end(zone, ZoneState::recovered, now);
  }
  if (!signer) { return; }
  // Whatever holds shows that the clock is right, the anchor fits, and nobody strips signatures.
  for (const Name* const ours : {&kSelfZone, &kPathZone}) {
    const auto known = zones_.find(*ours);
    if (known != zones_.end() && known->second->is_failing()) { end(*known->second, ZoneState::recovered, now); }
  }
  Name name(*signer);
  name.lower_case();
  const auto known = zones_.find(name);
  if (known == zones_.end()) { return; }
  Zone& zone = *known->second;
  zone.last_good = now;
  const bool was_about_keys = !zone.causes.empty() && is_about_keys(zone.causes.front().reason);
  const bool is_mended = was_about_keys || now - zone.last_failure >= kMendedAfter;
  if (zone.is_failing() && is_mended) { end(zone, ZoneState::recovered, now); }
}

void ZoneLedger::recovered(NameView zone, UnixTime now) {
  Name name(zone);
  name.lower_case();
  const std::lock_guard lock(mutex_);
  mind_clock(now);
  const auto known = zones_.find(name);
  if (known == zones_.end() || !known->second->is_failing()) { return; }
  known->second->last_good = now;
  end(*known->second, ZoneState::recovered, now);
}

void ZoneLedger::advance(Random& random, UnixTime now) {
  const std::lock_guard lock(mutex_);
  mind_clock(now);
  salt_.renew_daily(random, now);
  for (auto& [name, zone] : zones_) {
    if (zone->is_failing() && now - zone->last_failure >= kQuietAfter) { end(*zone, ZoneState::quiet, now); }
  }
}

// -------------------------------------------------------------------------------------------------- what is told of it

void ZoneLedger::restore(RememberedLedger remembered) {
  const std::lock_guard lock(mutex_);
  std::ranges::reverse(remembered.incidents);
  std::swap(incidents_, remembered.incidents);
  for (IncidentFigures& ended : remembered.incidents) { incidents_.push_back(std::move(ended)); }  // meanwhile
  while (incidents_.size() > kMaxIncidents) { incidents_.erase(incidents_.begin()); }
  std::vector<const Zone*> taken_up;
  for (const ZoneFigures& known : remembered.zones) {
    const std::string& text = known.zone;
    auto name = text == kSelfText ? kSelfZone : text == kPathText ? kPathZone : Name::parse(text);
    if (!name || known.causes.empty() || known.reason == Reason::none) { continue; }
    name->lower_case();
    if (is_full() && !zones_.contains(*name)) { continue; }
    Zone& zone = entry_of(*name, known.last_failure);
    if (std::ranges::find(taken_up, &zone) != taken_up.end()) { continue; }  // named twice
    taken_up.push_back(&zone);
    take_up(zone, known);
  }
}

void ZoneLedger::take_up(Zone& zone, const ZoneFigures& known) {
  const bool is_new = zone.first_reason == Reason::none;
  if (!is_new && known.ended && zone.began - *known.ended >= kRelapse) { return; }  // another incident by now
  zone.began = known.began;
  zone.last_good = std::max(zone.last_good, known.last_good);
  zone.failures += known.failures;
  zone.withheld += known.withheld;
  zone.shadow += known.shadow;
  zone.most_prefixes = std::max(zone.most_prefixes, std::min(known.prefixes, options_.min_prefixes));
  if (!is_new) { return; }  // what it is now is known better here
  zone.first_reason = known.reason;
  zone.counted_from = clock_;
  zone.state = known.state;
  zone.last_failure = known.last_failure;
  zone.ended = known.ended;
  zone.causes = known.causes;
  if (zone.is_failing()) { failing_.fetch_add(1, std::memory_order_relaxed); }
}

ZoneFigures ZoneLedger::figures_of(const Zone& zone) const {
  ZoneFigures figures{incident_of(zone), zone.last_good, zone.causes};
  if (figures.causes.empty()) {  // only withheld from so far: the failure itself was met before
    ZoneCause& cause = figures.causes.emplace_back();
    cause.reason = figures.reason;
    cause.evidence = figures.evidence;
    cause.first_seen = zone.began;
    cause.last_seen = zone.last_failure;
  }
  return figures;
}

IncidentFigures ZoneLedger::incident_of(const Zone& zone) const {
  IncidentFigures incident;
  incident.zone = zone.text;
  incident.reason = zone.first_reason;
  incident.evidence = evidence_of(zone.first_reason);
  incident.began = zone.began;
  incident.last_failure = zone.last_failure;
  incident.ended = zone.ended;
  incident.state = zone.state;
  incident.failures = zone.failures;
  incident.withheld = zone.withheld;
  incident.shadow = zone.shadow;
  incident.prefixes = std::min(zone.met_by(), options_.min_prefixes);
  incident.is_public = may_be_named(zone);
  return incident;
}

void ZoneLedger::tell(Figures& figures) const {
  const std::lock_guard lock(mutex_);
  figures.withheld = withheld_;
  figures.shadow = shadow_;
  figures.zone_evictions = evictions_;
  figures.incidents_begun = begun_;
  figures.incident_seconds = ended_seconds_;
  figures.incidents.assign(incidents_.rbegin(), incidents_.rend());
  std::vector<const Zone*> worst_first;
  for (const auto& [name, zone] : zones_) {
    if (zone->first_reason != Reason::none) { worst_first.push_back(zone.get()); }
  }
  std::ranges::sort(worst_first, [](const Zone* a, const Zone* b) {
    return std::tuple(a->is_failing(), a->met_by(), a->failures, b->text) >
           std::tuple(b->is_failing(), b->met_by(), b->failures, a->text);
  });
  for (const Zone* zone : worst_first) {
    figures.zones.push_back(figures_of(*zone));
    const Evidence evidence = evidence_of(zone->first_reason);
    if (zone->is_failing()) {
      // As far as it is known to have failed: should it end quiet, no more was told, and a counter does not go back.
      figures.incident_seconds[index(zone->first_reason)][index(evidence)] += zone->seconds(zone->last_failure);
    } else {
      figures.incidents.push_back(incident_of(*zone));
    }
    if (!zone->listed_at) { continue; }
    ListedZone& listed = figures.listed_zones.emplace_back();
    listed.zone = zone->text;
    listed.failures = zone->listed_failures;
    if (zone->is_failing()) {
      listed.failing_since = zone->began;
      listed.reason = zone->causes.empty() ? zone->first_reason : zone->causes.front().reason;
    }
  }
  std::ranges::sort(figures.incidents, std::ranges::greater(), [](const IncidentFigures& incident) {
    return std::tuple(incident.ended.value_or(incident.last_failure), incident.began, incident.zone);
  });
}

void ZoneLedger::add_rest(Figures& figures) {
  for (std::size_t reason = 0; reason < kReasons; ++reason) {
    std::uint64_t rest = reason == index(Reason::test_zone) ? 0 : figures.counters->validation.failures[reason].value();
    for (const ListedZone& listed : figures.listed_zones) { rest -= std::min(rest, listed.failures[reason]); }
    figures.other_zone_failures[reason] = rest;
  }
}

}  // namespace vouch
