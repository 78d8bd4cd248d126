#include "resolver/dnssec/negative_anchor_keeper.h"

#include <algorithm>
#include <utility>

#include "resolver/base/log.h"
#include "resolver/base/sleep.h"

namespace vouch {

namespace {

using Seconds = std::chrono::seconds;

// Three quarters to five quarters of it, so that many resolvers that were told at once do not ask at once.
Duration with_jitter(Duration interval, Random& random) {
  constexpr std::uint32_t kSteps = 1000;
  const auto eighth = interval / 8;
  return interval - 2 * eighth + 4 * eighth / kSteps * random.below(kSteps + 1);
}

}  // namespace

NegativeAnchorKeeper::NegativeAnchorKeeper(NegativeAnchorParts parts) : parts_(std::move(parts)) {
  if (parts_.store == nullptr) { return; }
  auto text = parts_.store->read();
  if (!text) {
    // There may be nothing wrong with what lies there: it is left alone until something is to be written.
    log(LogLevel::error, "negative_anchors_unreadable", {{"problem", text.error()}, {"using", "none of them"}});
  } else if (*text) {
    take_up(**text);
  }
}

void NegativeAnchorKeeper::take_up(const std::string& text) {
  auto anchors = parse_negative_anchors(text);
  if (!anchors) {
    log(LogLevel::error, "negative_anchors_unreadable", {{"problem", anchors.error()}, {"using", "none of them"}});
    parts_.store->set_aside();
    return;
  }
  const UnixTime now = parts_.clock.wall();
  std::vector<Name> names;
  for (TemporaryNegativeAnchor& anchor : *anchors) {
    if (const auto why = why_over(anchor, now); !why.empty()) {
      log(LogLevel::notice, "negative_anchor", {{"zone", anchor.zone.text()}, {"now", "ended"}, {"why", why}});
      continue;
    }
    log(LogLevel::notice, "negative_anchor",
        {{"zone", anchor.zone.text()}, {"now", "in force"}, {"why", "remembered"}, {"until", anchor.until}});
    names.push_back(anchor.zone);
    held_.push_back({.listed = {.anchor = std::move(anchor), .last_check = {}, .verdict = {}}});
  }
  parts_.anchors.replace_temporary_negatives(std::move(names));
}

void NegativeAnchorKeeper::forget_soon(const Name& zone) const {
  if (parts_.later) {
    parts_.later([forget = parts_.forget, zone] { forget(zone); });
  } else {
    parts_.forget(zone);
  }
}

// All that may fail before anything has changed: then nothing has.
void NegativeAnchorKeeper::begin_change(const Name& zone) {
  if (forgotten_.size() < kMostForgotten) { forgotten_.push_back({zone, parts_.clock.monotonic() + kForgetAgain}); }
  is_published_ = false;
}

void NegativeAnchorKeeper::publish() {
  std::vector<Name> names;
  std::vector<TemporaryNegativeAnchor> anchors;
  for (const Held& held : held_) {
    names.push_back(held.listed.anchor.zone);
    anchors.push_back(held.listed.anchor);
  }
  parts_.anchors.replace_temporary_negatives(std::move(names));
  if (parts_.store != nullptr) {
    if (auto text = negative_anchor_text(anchors)) {
      parts_.store->write(std::move(*text));
    } else {
      const std::string why = "they are too many, or SHA-256 is refused here";
      log(LogLevel::error, "negative_anchors_not_saved", {{"problem", why}});
      parts_.store->cannot_write(why);
    }
  }
  is_published_ = true;
}

void NegativeAnchorKeeper::erase(std::vector<Held>::iterator held) {
  begin_change(held->listed.anchor.zone);
  held_.erase(held);
  publish();
}

std::expected<TemporaryNegativeAnchor, std::string> NegativeAnchorKeeper::add(const Name& zone, std::int64_t seconds,
                                                                              std::string reason, bool stays) {
  if (zone.view().is_root()) {
    return std::unexpected(
        "a negative trust anchor at the root would switch validation off for every name; "
        "set dnssec.mode: observe for that");
  }
  if (seconds < kShortest || seconds > kLongestNegativeAnchor) {
    return std::unexpected("it must stand for a minute at least and seven days at most (RFC 7646 section 2)");
  }
  if (!is_fit_reason(reason)) {
    return std::unexpected("the reason must be a line of text of at most " + std::to_string(kMaxNegativeAnchorReason) +
                           " octets, without control characters");
  }
  const UnixTime now = parts_.clock.wall();
  TemporaryNegativeAnchor anchor{zone, std::move(reason), now, now + seconds, stays};
  anchor.zone.lower_case();
  Held fresh{.listed = {.anchor = anchor, .last_check = {}, .verdict = {}}};
  {
    const std::lock_guard lock(mutex_);
    const auto same =
        std::ranges::find_if(held_, [&](const Held& held) { return held.listed.anchor.zone == anchor.zone; });
    if (same == held_.end() && held_.size() == kMaxNegativeAnchors) {
      return std::unexpected("there are " + std::to_string(kMaxNegativeAnchors) +
                             " already, and no more are kept: take one out first");
    }
    begin_change(anchor.zone);
    if (same != held_.end()) {
      *same = std::move(fresh);
    } else {
      held_.push_back(std::move(fresh));
    }
    publish();
  }
  parts_.forget(anchor.zone);
  log(LogLevel::notice, "negative_anchor",
      {{"zone", anchor.zone.text()},
       {"now", "in force"},
       {"why", "the operator's word"},
       {"until", anchor.until},
       {"reason", anchor.reason}});
  return anchor;
}

std::expected<NegativeAnchorKeeper::Removed, std::string> NegativeAnchorKeeper::remove(const Name& zone) {
  Removed removed;
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find_if(held_, [&](const Held& held) { return held.listed.anchor.zone == zone; });
    if (found == held_.end()) {
      const std::vector<Name> configured = parts_.anchors.configured_negatives();
      const bool is_configured = std::ranges::find(configured, zone) != configured.end();
      return std::unexpected(is_configured
                                 ? "it stands in the configuration: take it out of dnssec.negative_trust_anchors"
                                 : "there is no negative trust anchor at this name; `nta list` shows all");
    }
    erase(found);
    const AnchorSetPtr anchors = parts_.anchors.current();
    if (const Name* const other = anchors->negative(zone)) { removed.still_off_at = *other; }
  }
  parts_.forget(zone);
  log(LogLevel::notice, "negative_anchor", {{"zone", zone.text()}, {"now", "ended"}, {"why", "the operator's word"}});
  return removed;
}

std::vector<NegativeAnchorKeeper::Listed> NegativeAnchorKeeper::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<Listed> all;
  for (const Held& held : held_) { all.push_back(held.listed); }
  return all;
}

std::optional<NegativeAnchorKeeper::Overdue> NegativeAnchorKeeper::take_overdue() {
  const UnixTime now = parts_.clock.wall();
  for (auto held = held_.begin(); held != held_.end(); ++held) {
    const std::string_view why = why_over(held->listed.anchor, now);
    if (why.empty()) { continue; }
    Overdue overdue{.zone = held->listed.anchor.zone, .why = why};
    erase(held);
    return overdue;
  }
  return std::nullopt;
}

void NegativeAnchorKeeper::end_overdue() {
  for (;;) {
    std::optional<Overdue> overdue;
    {
      const std::lock_guard lock(mutex_);
      overdue = take_overdue();
    }
    if (!overdue) { return; }
    forget_soon(overdue->zone);
    log(LogLevel::notice, "negative_anchor", {{"zone", overdue->zone.text()}, {"now", "ended"}, {"why", overdue->why}});
  }
}

void NegativeAnchorKeeper::forget_again() {
  const Instant now = parts_.clock.monotonic();
  for (;;) {
    std::optional<Name> zone;
    {
      const std::lock_guard lock(mutex_);
      const auto due = std::ranges::find_if(forgotten_, [now](const Forgotten& each) { return now >= each.again; });
      if (due == forgotten_.end()) { return; }
      zone = due->zone;
    }
    forget_soon(*zone);  // if memory runs out here, it is still due
    const std::lock_guard lock(mutex_);
    std::erase_if(forgotten_, [&](const Forgotten& each) { return each.zone == *zone && now >= each.again; });
  }
}

// What was judged until it came into force is forgotten when all of that has ended.
void NegativeAnchorKeeper::republish() {
  const std::lock_guard lock(mutex_);
  if (is_published_) { return; }
  publish();
  const Instant again = parts_.clock.monotonic() + kForgetAgain;
  for (Forgotten& forgotten : forgotten_) { forgotten.again = again; }
}

// The one that should have been looked at longest ago: a look may take longer than the interval, and whoever comes
// first in the list must not come first for ever. Those that nobody has scheduled yet are.
std::optional<Name> NegativeAnchorKeeper::next_due(Random& random) {
  const Duration interval = Seconds(std::max<std::uint32_t>(1, parts_.recheck_interval()));
  const Instant now = parts_.clock.monotonic();
  const std::lock_guard lock(mutex_);
  for (Held& held : held_) {
    if (!held.is_scheduled) {
      held.is_scheduled = true;
      held.next_check = now + with_jitter(interval, random);
    }
    // An interval that was shortened meanwhile counts at once.
    held.next_check = std::min(held.next_check, now + interval + interval / 4);
  }
  const auto first = std::ranges::min_element(held_, {}, &Held::next_check);
  if (first == held_.end() || now < first->next_check) { return std::nullopt; }
  first->is_scheduled = false;
  return first->listed.anchor.zone;
}

Task<void> NegativeAnchorKeeper::check(Name zone, ZoneProber& prober) {
  ZoneProber::Health health = co_await prober.probe(zone);
  bool has_recovered = false;
  {
    const std::lock_guard lock(mutex_);
    const auto held = std::ranges::find_if(held_, [&](const Held& one) { return one.listed.anchor.zone == zone; });
    if (held == held_.end()) { co_return; }  // taken out meanwhile
    held->listed.last_check = parts_.clock.wall();
    held->listed.held = health.holds;
    held->listed.verdict = health.holds ? std::string() : health.verdict.text();
    held->holds = health.holds ? held->holds + 1 : 0;
    has_recovered = held->holds >= kHoldsInARow && !held->listed.anchor.stays;
    if (has_recovered) { erase(held); }
  }
  if (!has_recovered) { co_return; }
  forget_soon(zone);
  log(LogLevel::notice, "negative_anchor",
      {{"zone", zone.text()}, {"now", "ended"}, {"why", "the zone validates again"}});
  prober.recovered(zone);
}

Task<void> NegativeAnchorKeeper::run(Executor& executor, Random& random, ZoneProber& prober) {
  std::optional<Name> zone;
  for (;;) {
    try {
      do {
        republish();
        end_overdue();
        forget_again();
        zone = next_due(random);
        if (zone) { co_await check(*zone, prober); }
      } while (zone);
    } catch (const std::exception& problem) {  // memory has run out: the next turn may find some
      log(LogLevel::error, "negative_anchors_internal_error", {{"problem", problem.what()}});
    }
    const Duration interval = Seconds(std::max<std::uint32_t>(1, parts_.recheck_interval()));
    co_await sleep(executor, std::min(kLongestSleep, interval));
  }
}

}  // namespace vouch
