// Trust anchors that follow their zone's key rolls (RFC 5011): the state machine of section 4, as a value. No socket,
// no clock, no cryptography: what a look at the zone's DNSKEY RRset showed comes in as a KeyObservation
// (key_observation.h), the time with it.
//
// A new key is trusted after it stood in every validated RRset for the hold-down time; nothing shortens that. A key is
// distrusted at once when it says so itself (REVOKE bit, signed by itself). Keys that merely vanish stay trusted.
//
// Limit: kMaxTrackedKeys keys of one zone. What does not fit is not trusted.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "resolver/dnssec/key_set.h"
#include "resolver/dnssec/trust_anchors.h"

namespace vouch {

// RFC 5011 section 4.1. `start`: not known, or seen and gone before it was trusted.
enum class KeyState : std::uint8_t { start, add_pending, valid, missing, revoked, removed };
std::string_view key_state_name(KeyState state) noexcept;  // "add_pending"; stable: the state file has them

// A DNSKEY whose REVOKE bit is clear; in `revoked` and `removed` states the zone has set it since.
struct TrackedKey {
  Buffer rdata;
  KeyState state = KeyState::start;
  UnixTime since = 0;           // when it came into that state
  std::uint32_t hold_down = 0;  // seconds from `since` until an add_pending key may be trusted
  std::uint32_t sightings = 0;  // of an add_pending key after the first, in validated sets
  bool is_trusted() const noexcept { return state == KeyState::valid || state == KeyState::missing; }
  friend bool operator==(const TrackedKey&, const TrackedKey&) = default;
};

// What one look at a zone's DNSKEY RRset showed, after its signatures were checked.
struct KeyObservation {
  UnixTime at = 0;                 // the wall clock, when they were checked
  std::uint32_t original_ttl = 0;  // seconds, from the RRSIG that held
  UnixTime expires = 0;            // when that RRSIG ends
  // Whether a key trusted now signed the set. If not, nothing in it counts but revocations: a key that says of itself
  // that it is no longer to be trusted needs no witness (RFC 5011 section 2.1).
  bool is_validated = false;
  std::vector<Buffer> keys;     // zone keys of the set without REVOKE bit, of algorithms that are checked here
  std::vector<Buffer> revoked;  // those with it that signed the set themselves; REVOKE bit cleared here
};

struct AnchorEvent {
  Name zone;
  std::uint16_t tag = 0;  // of the key without REVOKE bit
  KeyState from = KeyState::start, to = KeyState::start;
  friend bool operator==(const AnchorEvent&, const AnchorEvent&) = default;
};

// Everything that is known of one zone's anchors; what the state file keeps.
struct TrustPointMemory {
  AnchorSet::Point configured;  // what the operator gave; all else rests on it
  std::vector<TrackedKey> keys;
  UnixTime last_seen = 0;     // the last observation that counted; 0: none
  UnixTime next_probe = 0;    // when to look again; 0: now
  std::int64_t lifetime = 0;  // seconds: the lesser of the set's original TTL and what its signature had left
  friend bool operator==(const TrustPointMemory&, const TrustPointMemory&) = default;
};

class TrustPoint {
 public:
  // Of one zone, beyond those that the operator names. The root had two in fifteen years, and three in a roll.
  static constexpr std::size_t kMaxTrackedKeys = 10;
  static constexpr std::uint32_t kAddHoldDown = 30 * 86400;    // RFC 5011 section 2.4.1
  static constexpr std::int64_t kRemoveHoldDown = 30 * 86400;  // section 2.4.2
  // A pending key must be seen this often after the first time, so that two looks with a month of standstill between
  // them do not make a key trusted (section 2.4.1: "at least two validated DNSKEY RRSets").
  static constexpr std::uint32_t kLeastSightings = 2;
  // Section 2.3: between looks, and after one that failed.
  static constexpr std::int64_t kLeastInterval = 3600, kMostInterval = 15 * 86400, kMostRetry = 86400;  // seconds

  // A zone whose anchors are only configured yet.
  explicit TrustPoint(AnchorSet::Point configured);
  // Goes on where an earlier run ended; anchors that the operator has named since join. False, and nothing changes,
  // when it is of another zone, or the operator has withdrawn an anchor that it rested on.
  bool restore(const TrustPointMemory& remembered);

  const Name& zone() const noexcept { return memory_.configured.zone; }
  const TrustPointMemory& memory() const noexcept { return memory_; }

  // What is trusted now: valid and missing keys, and configured DS that no key has been seen for yet. Both lists empty:
  // every key was revoked, the zone counts as if it had never been configured (section 5).
  AnchorSet::Point trusted() const;

  // Whether it is trusted now, by its state or because the operator says so.
  bool is_relied_on(Bytes dnskey) const {
    const TrackedKey* const key = find(dnskey);
    return key != nullptr ? key->is_trusted() : is_configured(dnskey);
  }
  // Whether the key (REVOKE bit cleared) is followed here or one that the operator named: of others' revocations there
  // is nothing to learn.
  bool is_known(Bytes dnskey) const { return find(dnskey) != nullptr || is_configured(dnskey); }

  // A look at the zone. What changed comes back, in the order in which keys became known. A clock that stands before
  // what is remembered is wrong: then nothing changes.
  std::vector<AnchorEvent> observe(const KeyObservation& seen);
  // The look failed: no answer, or nothing in it that counts.
  void note_failure(UnixTime now) noexcept;
  // Whether that time is earlier than something that is remembered to have happened.
  bool is_before_memory(UnixTime now) const noexcept;
  // Until the next look, 0 when it is due; kMostInterval at most, whatever the clock says.
  std::int64_t seconds_to_probe(UnixTime now) const noexcept;

 private:
  const TrackedKey* find(Bytes rdata) const noexcept;
  TrackedKey* find(Bytes rdata) noexcept { return const_cast<TrackedKey*>(std::as_const(*this).find(rdata)); }
  bool is_configured(Bytes dnskey) const;
  bool make_room() noexcept;
  void take_configured();
  void take_vanished(const KeyObservation& seen, std::vector<AnchorEvent>& events);
  void take_present(const KeyObservation& seen, std::vector<AnchorEvent>& events);
  void take_revoked(const KeyObservation& seen, std::vector<AnchorEvent>& events);
  void take_pending(TrackedKey& key, const KeyObservation& seen, std::vector<AnchorEvent>& events);
  void add(const Buffer& rdata, KeyState state, const KeyObservation& seen, std::vector<AnchorEvent>& events);
  void change(TrackedKey& key, KeyState to, UnixTime at, std::vector<AnchorEvent>& events) const;
  void drop_forgotten();
  void schedule(const KeyObservation& seen) noexcept;

  TrustPointMemory memory_;
};

// The clear form of a revoked key, by which it is known (RFC 5011 section 2.1: the tag differs, the key is the same).
Buffer without_revoke_bit(Bytes dnskey_rdata);

}  // namespace vouch
