// What the tests of the shared cache have in common: clocks turned by hand, sets with signatures that only have times,
// and a store that answers when the test says.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <string>

#include "resolver/fleet/fleet_cache.h"
#include "tests/unit/cache/cache_samples.h"

namespace vouch {

inline constexpr UnixTime kWall = 1'800'000'000;  // 2027-01-15
inline constexpr TtlTime kUptime = 5000;

class HandClock final : public Clock {
 public:
  Instant monotonic() const override { return Instant{} + std::chrono::hours(1) + passed; }
  UnixTime wall() const override { return kWall + wall_ahead + seconds(); }
  TtlTime ttl() const override { return kUptime + seconds(); }
  std::int64_t seconds() const { return std::chrono::duration_cast<std::chrono::seconds>(passed).count(); }
  void pass(Duration time) { passed += time; }
  Duration passed{};
  std::int64_t wall_ahead = 0;
};

// A record with an RRSIG over it that nobody can verify: here only its times matter.
inline RRsetPtr signed_set(std::string_view line, UnixTime inception = kWall - 86400,
                           UnixTime expiration = kWall + 86400) {
  const auto record = parse_record(line);
  const std::string text = record->owner.text() + " 300 IN RRSIG " + type_text(record->type) + " 13 2 300 " +
                           std::to_string(expiration) + " " + std::to_string(inception) + " 4711 example. " +
                           std::string(86, 'A') + "==";
  const auto signature = parse_record(text);
  const Bytes rdata[] = {record->rdata};
  const Bytes signatures[] = {signature->rdata};
  return RRset::make(record->owner, record->type, record->ttl, rdata, signatures);
}

inline SnapshotGrounds grounds(Octet which = 1) {
  SnapshotGrounds made;
  made.sources.fill(1);
  made.verdicts.fill(which);
  return made;
}

inline SharedKeys keys(std::string_view secret = "a secret of thirty-two octets...") {
  return SharedKeys::make(bytes_of(secret)).value();
}

inline KeptEntry kept(RRsetPtr rrset, Security security, std::uint32_t left = 300) {
  KeptEntry entry;
  entry.type = rrset->type();
  entry.expires = kUptime + left;
  entry.entry.security = security;
  entry.entry.lifetime = 300;
  entry.entry.rrset = std::move(rrset);
  return entry;
}

// Holds what is put into it; a question is answered at once, or when the test says so.
class ScriptedStore final : public RemoteStore {
 public:
  bool is_ready() const noexcept override { return ready; }
  Task<RemoteValue> get(Bytes key, Instant) override {
    ++asked;
    const std::string name(text_of(key));
    if (is_slow) {
      OneShot<RemoteValue>& waiting = waiters.emplace_back();
      RemoteValue value = co_await waiting;
      co_return value;
    }
    const auto found = values.find(name);
    if (found == values.end()) { co_return RemoteValue{.status = RemoteValue::Status::absent}; }
    co_return RemoteValue{.status = RemoteValue::Status::found, .octets = found->second};
  }
  bool put(Bytes key, Bytes value, std::chrono::milliseconds life) override {
    if (is_full) { return false; }
    values[std::string(text_of(key))] = Buffer(value.begin(), value.end());
    last_life = life;
    return true;
  }
  bool remove(std::span<const Buffer> which) override {
    for (const Buffer& key : which) { values.erase(std::string(text_of(key))); }
    return true;
  }

  bool ready = true, is_slow = false, is_full = false;
  int asked = 0;
  std::map<std::string, Buffer> values;
  std::chrono::milliseconds last_life{};
  std::deque<OneShot<RemoteValue>> waiters;
};

}  // namespace vouch
