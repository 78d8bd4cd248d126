#include "resolver/dnssec/negative_anchor_keeper.h"

#include <algorithm>
#include <utility>

#include "resolver/base/log.h"

namespace vouch {

namespace {

using Seconds = std::chrono::seconds;

Task<void> sleep(Executor& executor, Duration time) {
  OneShot<bool> over;
  const auto timer = executor.after(time, [&over] { over.set(true); });
  co_await over;
}

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
    if (now >= anchor.until) { continue; }
    log(LogLevel::notice, "negative_anchor",
        {{"zone", anchor.zone.text()}, {"now", "in force"}, {"why", "remembered"}, {"until", anchor.until}});
    names.push_back(anchor.zone);
    held_.push_back({.listed = {.anchor = std::move(anchor), .last_check = {}, .verdict = {}}});
  }
  parts_.anchors.replace_temporary_negatives(std::move(names));
}

void NegativeAnchorKeeper::forget(const Name& zone, Forget when) const {
  if (when == Forget::later && parts_.later) {
    parts_.later([forget = parts_.forget, zone] { forget(zone); });
  } else {
    parts_.forget(zone);
  }
}

void NegativeAnchorKeeper::change(NameView zone, Forget when) {
  std::vector<Name> names;
  std::vector<TemporaryNegativeAnchor> anchors;
  for (const Held& held : held_) {
    names.push_back(held.listed.anchor.zone);
    anchors.push_back(held.listed.anchor);
  }
  parts_.anchors.replace_temporary_negatives(std::move(names));
  forget(Name(zone), when);
  if (forgotten_.size() < kMostForgotten) {
    forgotten_.push_back({Name(zone), parts_.clock.monotonic() + kForgetAgain});
  }
  if (parts_.store == nullptr) { return; }
  if (auto text = negative_anchor_text(anchors)) {
    parts_.store->write(std::move(*text));
  } else {
    log(LogLevel::error, "negative_anchors_not_saved", {{"problem", "they are too many, or SHA-256 is refused here"}});
  }
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
  const std::lock_guard lock(mutex_);
  const auto same = [&](const Held& held) { return held.listed.anchor.zone == anchor.zone; };
  std::erase_if(held_, same);
  if (held_.size() == kMaxNegativeAnchors) {
    return std::unexpected("there are " + std::to_string(kMaxNegativeAnchors) +
                           " already, and no more are kept: take one out first");
  }
  held_.push_back({.listed = {.anchor = anchor, .last_check = {}, .verdict = {}}});
  change(anchor.zone, Forget::at_once);
  log(LogLevel::notice, "negative_anchor",
      {{"zone", anchor.zone.text()},
       {"now", "in force"},
       {"why", "the operator's word"},
       {"until", anchor.until},
       {"reason", anchor.reason}});
  return anchor;
}

std::expected<void, std::string> NegativeAnchorKeeper::remove(const Name& zone) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(held_, [&](const Held& held) { return held.listed.anchor.zone == zone; });
  if (found == held_.end()) {
    const std::vector<Name> configured = parts_.anchors.configured_negatives();
    const bool is_configured = std::ranges::find(configured, zone) != configured.end();
    return std::unexpected(is_configured
                               ? "it stands in the configuration: take it out of dnssec.negative_trust_anchors"
                               : "there is no negative trust anchor at this name; `nta list` shows all");
  }
  held_.erase(found);
  change(zone, Forget::at_once);
  log(LogLevel::notice, "negative_anchor", {{"zone", zone.text()}, {"now", "ended"}, {"why", "the operator's word"}});
  return {};
}

std::vector<NegativeAnchorKeeper::Listed> NegativeAnchorKeeper::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<Listed> all;
  for (const Held& held : held_) { all.push_back(held.listed); }
  return all;
}

void NegativeAnchorKeeper::end_overdue() {
  const UnixTime now = parts_.clock.wall();
  const std::lock_guard lock(mutex_);
  for (;;) {
    const auto over = std::ranges::find_if(held_, [now](const Held& held) { return now >= held.listed.anchor.until; });
    if (over == held_.end()) { return; }
    const Name zone = over->listed.anchor.zone;
    held_.erase(over);
    change(zone, Forget::later);
    log(LogLevel::notice, "negative_anchor", {{"zone", zone.text()}, {"now", "ended"}, {"why", "its time is over"}});
  }
}

void NegativeAnchorKeeper::forget_again() {
  const Instant now = parts_.clock.monotonic();
  const std::lock_guard lock(mutex_);
  std::erase_if(forgotten_, [&](const Forgotten& forgotten) {
    if (now < forgotten.again) { return false; }
    forget(forgotten.zone, Forget::later);
    return true;
  });
}

// One that is to be looked at now. Those that nobody has scheduled yet are.
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
    if (now < held.next_check) { continue; }
    held.is_scheduled = false;
    return held.listed.anchor.zone;
  }
  return std::nullopt;
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
    if (has_recovered) {
      held_.erase(held);
      change(zone, Forget::later);
    }
  }
  if (!has_recovered) { co_return; }
  log(LogLevel::notice, "negative_anchor",
      {{"zone", zone.text()}, {"now", "ended"}, {"why", "the zone validates again"}});
  prober.recovered(zone, health.verdict);
}

Task<void> NegativeAnchorKeeper::run(Executor& executor, Random& random, ZoneProber& prober) {
  for (;;) {
    try {
      end_overdue();
      forget_again();
      while (auto zone = next_due(random)) {
        co_await check(std::move(*zone), prober);
        end_overdue();
      }
    } catch (const std::exception& problem) {  // memory has run out: the next turn may find some
      log(LogLevel::error, "negative_anchors_internal_error", {{"problem", problem.what()}});
    }
    const Duration interval = Seconds(std::max<std::uint32_t>(1, parts_.recheck_interval()));
    co_await sleep(executor, std::min(kLongestSleep, interval));
  }
}

}  // namespace vouch
