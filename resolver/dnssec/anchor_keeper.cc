#include "resolver/dnssec/anchor_keeper.h"

#include <algorithm>
#include <utility>

#include "resolver/base/log.h"
#include "resolver/base/sleep.h"
#include "resolver/dnssec/anchor_memory.h"
#include "resolver/dnssec/key_observation.h"
#include "resolver/dnssec/key_signals.h"

namespace vouch {

namespace {

using Seconds = std::chrono::seconds;

constexpr Duration kShortestSleep = Seconds(1);  // no turn follows the other without a pause, whatever went wrong

RRsetPtr dnskeys_in(const Answer& answer, const Name& zone) {
  for (const AnswerPart& part : answer.answer) {
    if (part.rrset->type() == Type::DNSKEY && part.rrset->owner() == zone.view()) { return part.rrset; }
  }
  return nullptr;
}

void log_events(const std::vector<AnchorEvent>& events) {
  for (const AnchorEvent& event : events) {
    log(LogLevel::notice, "trust_anchor",
        {{"zone", event.zone.text()},
         {"key", event.tag},
         {"from", key_state_name(event.from)},
         {"to", key_state_name(event.to)}});
  }
}

void tell_of_ended(std::size_t left) { log(LogLevel::notice, "negative_anchors_ended", {{"left", left}}); }

}  // namespace

AnchorKeeper::AnchorKeeper(AnchorKeeperParts parts) : parts_(parts) {
  for (AnchorSet::Point& point : configured_points(parts_.options)) {
    if (parts_.options.rfc5011 && points_.size() < kMaxAnchorZones) {
      points_.emplace_back(std::move(point));
    } else {
      left_as_are_.push_back(std::move(point));
    }
  }
  if (!points_.empty() && parts_.store != nullptr) {
    auto text = parts_.store->read();
    if (!text) {
      // There may be nothing wrong with what lies there: it is left alone, and not written over.
      log(LogLevel::error, "trust_anchors_unreadable", {{"problem", text.error()}, {"using", "configured anchors"}});
      parts_.store = nullptr;
    } else if (*text) {
      take_up(**text);
    }
  }
  publish();
  // The anchors may be those that a keeper with other options has left: a reload brings its own.
  std::vector<Name> standing = negative_at(parts_.options, parts_.clock.wall());
  negatives_ = standing.size();
  if (negatives_ != parts_.options.negative_trust_anchors.size()) { tell_of_ended(negatives_); }
  parts_.anchors.replace_negatives(std::move(standing));
}

void AnchorKeeper::take_up(const std::string& text) {
  const auto memory = parse_anchor_memory(text);
  if (!memory) {
    log(LogLevel::error, "trust_anchors_unreadable", {{"problem", memory.error()}, {"using", "configured anchors"}});
    parts_.store->set_aside();
    return;
  }
  for (TrustPoint& point : points_) {
    const auto known = std::ranges::find_if(
        *memory, [&](const TrustPointMemory& remembered) { return remembered.configured.zone == point.zone(); });
    if (known != memory->end() && !point.restore(*known)) {
      log(LogLevel::notice, "trust_anchors_reset",
          {{"zone", point.zone().text()}, {"why", "an anchor was taken out of the configuration"}});
    }
  }
}

void AnchorKeeper::publish() {
  std::vector<AnchorSet::Point> all = left_as_are_;
  for (const TrustPoint& point : points_) {
    AnchorSet::Point trusted = point.trusted();
    if (!trusted.empty()) { all.push_back(std::move(trusted)); }
  }
  parts_.anchors.replace_points(std::move(all));
  note_known();
}

void AnchorKeeper::note_known() {
  std::vector<KnownKey> known;
  const auto add_configured = [&known](const AnchorSet::Point& point) {
    for (const Buffer& rdata : point.ds) {
      if (const auto ds = ds_view(rdata)) { known.push_back({point.zone, ds->tag, ds->algorithm, "configured"}); }
    }
    for (const Buffer& rdata : point.dnskeys) {
      const auto key = dnskey_view(rdata);
      if (key) { known.push_back({point.zone, key_tag(rdata), key->algorithm, "configured"}); }
    }
  };
  for (const TrustPoint& point : points_) {
    for (const TrackedKey& key : point.memory().keys) {
      if (const auto view = dnskey_view(key.rdata)) {
        known.push_back({point.zone(), key_tag(key.rdata), view->algorithm, key_state_name(key.state)});
      }
    }
    if (point.memory().keys.empty()) { add_configured(point.trusted()); }  // nothing of it has been seen yet
  }
  for (const AnchorSet::Point& point : left_as_are_) { add_configured(point); }
  const std::lock_guard lock(known_mutex_);
  known_ = std::move(known);
}

void AnchorKeeper::end_negatives() {
  std::vector<Name> standing = negative_at(parts_.options, parts_.clock.wall());
  if (standing.size() == negatives_) { return; }
  tell_of_ended(standing.size());
  negatives_ = standing.size();
  parts_.anchors.replace_negatives(std::move(standing));
}

void AnchorKeeper::save() {
  if (parts_.store == nullptr) { return; }
  std::vector<TrustPointMemory> memory;
  for (const TrustPoint& point : points_) { memory.push_back(point.memory()); }
  auto text = anchor_memory_text(memory);
  if (!text) {
    log(LogLevel::error, "trust_anchors_not_saved", {{"problem", "too many of them"}});
    return;
  }
  parts_.store->write(std::move(*text));
}

void AnchorKeeper::forget_again() {
  const Instant now = parts_.clock.monotonic();
  std::erase_if(forgotten_, [&](const Forgotten& forgotten) {
    if (now < forgotten.again) { return false; }
    parts_.trust.remove_below(forgotten.zone);
    return true;
  });
}

Duration AnchorKeeper::until_next_turn() const {
  const UnixTime now = parts_.clock.wall();
  Duration pause = kLongestSleep;
  const auto at_most = [&pause](Duration most) { pause = std::min(pause, most); };
  for (const TrustPoint& point : points_) {
    if (!point.trusted().empty()) { at_most(Seconds(point.seconds_to_probe(now))); }
  }
  for (const NegativeAnchor& anchor : parts_.options.negative_trust_anchors) {
    if (anchor.until > now) { at_most(Seconds(std::min<std::int64_t>(anchor.until - now, 3600))); }
  }
  const Instant here = parts_.clock.monotonic();
  if (next_signal_) { at_most(*next_signal_ - here); }
  for (const Forgotten& forgotten : forgotten_) { at_most(forgotten.again - here); }
  return std::max(pause, kShortestSleep);
}

// A clock that stands before what is remembered can move no anchor. Told when it begins and when it ends.
void AnchorKeeper::tell_of_clock() {
  const UnixTime now = parts_.clock.wall();
  const bool is_behind = std::ranges::any_of(points_, [&](const TrustPoint& p) { return p.is_before_memory(now); });
  if (is_behind == std::exchange(is_clock_behind_, is_behind)) { return; }
  log(is_behind ? LogLevel::warning : LogLevel::notice, "trust_anchor_clock_behind",
      {{"now", is_behind}, {"clock", now}, {"effect", is_behind ? "key rolls are not followed" : "none any more"}});
}

Task<void> AnchorKeeper::run(Fetch& fetch, Executor& executor) {
  for (;;) {
    try {
      co_await take_turn(fetch);
    } catch (const std::exception& problem) {  // memory has run out: the next turn may find some
      log(LogLevel::error, "trust_anchors_internal_error", {{"problem", problem.what()}});
    }
    co_await sleep(executor, until_next_turn());
  }
}

Task<void> AnchorKeeper::take_turn(Fetch& fetch) {
  end_negatives();
  tell_of_clock();
  forget_again();
  bool is_changed = false;
  for (TrustPoint& point : points_) {
    // Whose last key was revoked is no trust point any more (RFC 5011 section 5).
    if (point.trusted().empty() || point.seconds_to_probe(parts_.clock.wall()) > 0) { continue; }
    const bool counted = co_await probe(point, fetch);
    is_changed = is_changed || counted;
  }
  if (is_changed) { save(); }
  if (!parts_.options.rfc8145_signals) { co_return; }
  const Instant now = parts_.clock.monotonic();
  if (next_signal_ && now < *next_signal_) { co_return; }
  next_signal_ = now + kSignalPeriod;
  co_await send_signals(fetch);
}

// Whether there is something new to remember.
Task<bool> AnchorKeeper::probe(TrustPoint& point, Fetch& fetch) {
  static const std::vector<IpAddress> kNobody;
  Budget budget(parts_.clock.monotonic());
  const Question question{point.zone(), Type::DNSKEY};
  const Answer answer = co_await fetch.fetch_elsewhere(question, kNobody, budget);  // past the cache
  const UnixTime now = parts_.clock.wall();
  const RRsetPtr dnskeys = dnskeys_in(answer, point.zone());
  if (dnskeys == nullptr) {
    point.note_failure(now);
    log(LogLevel::info, "trust_anchor_probe_failed", {{"zone", point.zone().text()}, {"problem", "no answer"}});
    co_return false;
  }
  const SignatureTime time{.now = now, .skew = parts_.options.signature_skew, .is_ignored = false};
  const KeyLook look = look_at_keys(*dnskeys, point, parts_.options.sha1, time, budget);
  if (!look.seen.is_validated) {
    log(LogLevel::warning, "trust_anchor_probe_failed",
        {{"zone", point.zone().text()}, {"problem", look.verdict.text()}});
  }
  const std::vector<AnchorEvent> events = point.observe(look.seen);
  log_events(events);
  if (!events.empty()) {
    publish();
  } else {
    note_known();
  }
  if (std::ranges::find(events, KeyState::revoked, &AnchorEvent::to) != events.end()) {
    parts_.trust.remove_below(point.zone());
    forgotten_.push_back({point.zone(), parts_.clock.monotonic() + kForgetAgain});
  }
  if (point.trusted().empty()) {
    log(LogLevel::error, "trust_anchors_all_revoked",
        {{"zone", point.zone().text()}, {"remedy", "name an anchor in dnssec.trust_anchors"}});
  }
  co_return look.seen.is_validated || !events.empty();
}

Task<void> AnchorKeeper::send_signals(Fetch& fetch) {
  static const std::vector<IpAddress> kNobody;
  const AnchorSetPtr trusted = parts_.anchors.current();
  for (const AnchorSet::Point& point : trusted->points()) {
    for (const Name& name : key_tag_names(point)) {
      Budget budget(parts_.clock.monotonic());
      const Question question{name, Type::NUL};
      // That it was asked is all; there is no such name, and a cached proof of that must not keep the question back.
      co_await fetch.fetch_elsewhere(question, kNobody, budget);
    }
  }
}

}  // namespace vouch
