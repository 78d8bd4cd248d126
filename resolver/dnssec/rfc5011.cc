#include "resolver/dnssec/rfc5011.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace vouch {

namespace {

constexpr Octet kRevokeBit = 0x80;  // of the flags' lower octet (RFC 5011 section 7)

bool contains(const std::vector<Buffer>& rdatas, const Buffer& rdata) {
  return std::ranges::find(rdatas, rdata) != rdatas.end();
}

bool is_subset(const std::vector<Buffer>& of, const std::vector<Buffer>& whole) {
  return std::ranges::all_of(of, [&](const Buffer& rdata) { return contains(whole, rdata); });
}

}  // namespace

std::string_view key_state_name(KeyState state) noexcept {
  switch (state) {
    case KeyState::start:
      return "start";
    case KeyState::add_pending:
      return "add_pending";
    case KeyState::valid:
      return "valid";
    case KeyState::missing:
      return "missing";
    case KeyState::revoked:
      return "revoked";
    case KeyState::removed:
      return "removed";
  }
  return "";
}

Buffer without_revoke_bit(Bytes dnskey_rdata) {
  Buffer clear(dnskey_rdata.begin(), dnskey_rdata.end());
  if (clear.size() > 1) { clear[1] = static_cast<Octet>(clear[1] & ~kRevokeBit); }
  return clear;
}

TrustPoint::TrustPoint(AnchorSet::Point configured) {
  memory_.configured = std::move(configured);
  take_configured();
}

// The operator's own DNSKEYs need no hold-down (section 5: they begin as valid). One that was revoked stays revoked.
void TrustPoint::take_configured() {
  for (const Buffer& rdata : memory_.configured.dnskeys) {
    const auto view = dnskey_view(rdata);
    if (!view || view->is_revoked()) { continue; }
    TrackedKey* const known = find(rdata);
    if (known == nullptr) {
      memory_.keys.push_back({.rdata = rdata, .state = KeyState::valid, .since = 0, .hold_down = 0, .sightings = 0});
    } else if (known->state == KeyState::add_pending) {
      known->state = KeyState::valid;
      known->hold_down = 0;
      known->sightings = 0;
    }
  }
}

bool TrustPoint::restore(const TrustPointMemory& remembered) {
  const AnchorSet::Point& now = memory_.configured;
  const AnchorSet::Point& before = remembered.configured;
  if (!(before.zone == now.zone)) { return false; }
  if (!is_subset(before.ds, now.ds) || !is_subset(before.dnskeys, now.dnskeys)) {
    // What rested on a withdrawn anchor is gone; that a key was revoked stays true.
    for (const TrackedKey& key : remembered.keys) {
      const bool is_gone = key.state == KeyState::revoked || key.state == KeyState::removed;
      if (!is_gone) { continue; }
      if (TrackedKey* const known = find(key.rdata)) {
        *known = key;
      } else {
        memory_.keys.push_back(key);
      }
    }
    return false;
  }
  AnchorSet::Point configured = now;
  memory_ = remembered;
  memory_.configured = std::move(configured);
  take_configured();
  return true;
}

const TrackedKey* TrustPoint::find(Bytes rdata) const noexcept {
  const auto found =
      std::ranges::find_if(memory_.keys, [&](const TrackedKey& key) { return std::ranges::equal(key.rdata, rdata); });
  return found == memory_.keys.end() ? nullptr : &*found;
}

bool TrustPoint::is_configured(Bytes dnskey) const {
  const AnchorSet::Point& configured = memory_.configured;
  const auto is_it = [&](const Buffer& rdata) { return std::ranges::equal(rdata, dnskey); };
  if (std::ranges::any_of(configured.dnskeys, is_it)) { return true; }
  const std::uint16_t tag = key_tag(dnskey);
  return std::ranges::any_of(configured.ds, [&](const Buffer& rdata) {
    const auto ds = ds_view(rdata);
    return ds && ds->tag == tag && matches(*ds, configured.zone, dnskey);
  });
}

AnchorSet::Point TrustPoint::trusted() const {
  AnchorSet::Point point{.zone = zone(), .ds = {}, .dnskeys = {}};
  for (const TrackedKey& key : memory_.keys) {
    if (key.is_trusted()) { point.dnskeys.push_back(key.rdata); }
  }
  for (const Buffer& rdata : memory_.configured.ds) {
    const auto ds = ds_view(rdata);
    // Once its key is known, the key's state decides; a DS that went on counting would bring a revoked key back.
    const bool is_superseded =
        ds && std::ranges::any_of(memory_.keys, [&](const TrackedKey& key) {
          return key.state != KeyState::add_pending && ds->tag == key_tag(key.rdata) && matches(*ds, zone(), key.rdata);
        });
    if (!is_superseded) { point.ds.push_back(rdata); }
  }
  return point;
}

bool TrustPoint::is_before_memory(UnixTime now) const noexcept {
  return now < memory_.last_seen ||
         std::ranges::any_of(memory_.keys, [&](const TrackedKey& key) { return now < key.since; });
}

std::vector<AnchorEvent> TrustPoint::observe(const KeyObservation& seen) {
  std::vector<AnchorEvent> events;
  if (is_before_memory(seen.at)) { return events; }
  if (seen.is_validated) {
    take_vanished(seen, events);
    take_present(seen, events);
  }
  take_revoked(seen, events);
  if (!seen.is_validated && events.empty()) {
    note_failure(seen.at);
    return events;
  }
  drop_forgotten();
  memory_.last_seen = seen.at;
  schedule(seen);
  return events;
}

void TrustPoint::take_vanished(const KeyObservation& seen, std::vector<AnchorEvent>& events) {
  for (TrackedKey& key : memory_.keys) {
    if (key.state == KeyState::revoked && seen.at - key.since >= kRemoveHoldDown) {
      change(key, KeyState::removed, seen.at, events);
    }
    if (contains(seen.keys, key.rdata) || contains(seen.revoked, key.rdata)) { continue; }
    if (key.state == KeyState::valid) { change(key, KeyState::missing, seen.at, events); }
    // Section 2.2: a pending key must stand in every set that is seen; should it come back, its time begins anew.
    if (key.state == KeyState::add_pending) { change(key, KeyState::start, seen.at, events); }
  }
  drop_forgotten();
}

void TrustPoint::take_present(const KeyObservation& seen, std::vector<AnchorEvent>& events) {
  for (const Buffer& rdata : seen.keys) {
    TrackedKey* const key = find(rdata);
    if (key == nullptr) {
      if (is_configured(rdata)) {
        add(rdata, KeyState::valid, seen, events);
      } else if (const auto view = dnskey_view(rdata); view && view->is_sep()) {  // section 2.2: SEP keys alone
        add(rdata, KeyState::add_pending, seen, events);
      }
    } else if (key->state == KeyState::add_pending) {
      take_pending(*key, seen, events);
    } else if (key->state == KeyState::missing) {
      change(*key, KeyState::valid, seen.at, events);
    }
  }
}

void TrustPoint::take_pending(TrackedKey& key, const KeyObservation& seen, std::vector<AnchorEvent>& events) {
  if (key.sightings < std::numeric_limits<std::uint32_t>::max()) { ++key.sightings; }
  const bool has_waited = seen.at - key.since >= std::int64_t{key.hold_down} && key.sightings >= kLeastSightings;
  if (has_waited || is_configured(key.rdata)) { change(key, KeyState::valid, seen.at, events); }
}

void TrustPoint::take_revoked(const KeyObservation& seen, std::vector<AnchorEvent>& events) {
  for (const Buffer& rdata : seen.revoked) {
    TrackedKey* const key = find(rdata);
    if (key == nullptr) {
      // Of a key that was never trusted there is nothing to revoke, unless a configured DS would trust it.
      if (is_configured(rdata)) { add(rdata, KeyState::revoked, seen, events); }
    } else if (key->is_trusted()) {
      change(*key, KeyState::revoked, seen.at, events);
    } else if (key->state == KeyState::add_pending) {
      change(*key, KeyState::start, seen.at, events);
    }
  }
}

void TrustPoint::add(const Buffer& rdata, KeyState state, const KeyObservation& seen,
                     std::vector<AnchorEvent>& events) {
  // The operator's own keys are as many as he likes; strangers' are not.
  if (state == KeyState::add_pending && !make_room()) { return; }
  TrackedKey key{.rdata = rdata, .state = KeyState::start, .since = seen.at, .hold_down = 0, .sightings = 0};
  if (state == KeyState::add_pending) { key.hold_down = std::max(kAddHoldDown, seen.original_ttl); }
  memory_.keys.push_back(std::move(key));
  change(memory_.keys.back(), state, seen.at, events);
}

// What can be forgotten without harm, oldest first: removed keys, then missing ones when a valid one stands beside them
// (zones that drop keys without revoking them would else fill the list for good).
bool TrustPoint::make_room() noexcept {
  std::vector<TrackedKey>& keys = memory_.keys;
  if (keys.size() < kMaxTrackedKeys) { return true; }
  const bool has_valid = std::ranges::any_of(keys, [](const TrackedKey& key) { return key.state == KeyState::valid; });
  for (const KeyState state : {KeyState::removed, KeyState::missing}) {
    if (state == KeyState::missing && !has_valid) { break; }
    auto oldest = keys.end();
    for (auto key = keys.begin(); key != keys.end(); ++key) {
      if (key->state != state || is_configured(key->rdata)) { continue; }
      if (oldest == keys.end() || key->since < oldest->since) { oldest = key; }
    }
    if (oldest != keys.end()) {
      keys.erase(oldest);
      return true;
    }
  }
  return false;
}

void TrustPoint::change(TrackedKey& key, KeyState to, UnixTime at, std::vector<AnchorEvent>& events) const {
  events.push_back({.zone = zone(), .tag = key_tag(key.rdata), .from = key.state, .to = to});
  key.state = to;
  key.since = at;
  if (to != KeyState::add_pending) {
    key.hold_down = 0;
    key.sightings = 0;
  }
}

void TrustPoint::drop_forgotten() {
  std::erase_if(memory_.keys, [](const TrackedKey& key) { return key.state == KeyState::start; });
}

// Section 2.3, queryInterval. A pending key's time is met on the dot where the least interval allows it.
void TrustPoint::schedule(const KeyObservation& seen) noexcept {
  if (!seen.is_validated) {
    note_failure(seen.at);
    return;
  }
  memory_.lifetime = std::clamp<std::int64_t>(seen.expires - seen.at, 0, seen.original_ttl);
  std::int64_t interval = std::min(memory_.lifetime / 2, kMostInterval);
  for (const TrackedKey& key : memory_.keys) {
    if (key.state != KeyState::add_pending) { continue; }
    interval = std::min(interval, std::max<std::int64_t>(key.since + key.hold_down - seen.at, 0));
  }
  memory_.next_probe = seen.at + std::max(interval, kLeastInterval);
}

// Section 2.3, retryTime.
void TrustPoint::note_failure(UnixTime now) noexcept {
  memory_.next_probe = now + std::clamp(memory_.lifetime / 10, kLeastInterval, kMostRetry);
}

std::int64_t TrustPoint::seconds_to_probe(UnixTime now) const noexcept {
  if (memory_.next_probe == 0) { return 0; }
  if (is_before_memory(now)) { return kLeastInterval; }  // whoever sets the clock right may soon have done so
  // Planned while the clock stood in the future: no honest plan lies that far off.
  if (memory_.next_probe - now > kMostInterval) { return 0; }
  return std::clamp<std::int64_t>(memory_.next_probe - now, 0, kMostInterval);
}

}  // namespace vouch
