#include "resolver/cache/delegation_cache.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "resolver/cache/forgetting.h"
#include "resolver/cache/heap_octets.h"
#include "resolver/cache/label_counts.h"
#include "resolver/cache/packed_delegation.h"
#include "resolver/cache/sieve_table.h"
#include "resolver/wire/rrset.h"

namespace vouch {

DelegationPtr Delegation::make(NameView zone, std::vector<Server> servers, std::uint32_t ttl) {
  if (servers.empty()) { return nullptr; }
  if (servers.size() > kMaxServers) { servers.erase(servers.begin() + kMaxServers, servers.end()); }
  for (Server& server : servers) {
    if (server.addresses.size() > kMaxAddressesPerServer) { server.addresses.resize(kMaxAddressesPerServer); }
  }
  auto* const delegation = new Delegation;
  delegation->zone_ = Name(zone);
  delegation->servers_ = std::move(servers);
  delegation->ttl_ = ttl;
  return DelegationPtr(delegation);
}

std::size_t Delegation::memory() const noexcept {
  std::size_t sum = heap_octets(this) + heap_octets(servers_.data());
  for (const Server& server : servers_) { sum += heap_octets(server.addresses.data()); }
  return sum;
}

void Delegation::retain() const noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
void Delegation::release() const noexcept {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) { delete this; }
}

namespace {

struct Cut {
  static constexpr std::size_t kSmallestMemory = 64;  // one server, no glue, short names, the allocator's header

  PackedDelegationPtr packed;
  TtlTime expires = 0;
  std::uint32_t ttl = 0;  // as stored: what is left is never more

  std::size_t memory() const noexcept { return packed->memory(); }
  bool is_live(TtlTime now) noexcept {
    if (expires - now > ttl) { expires = now + ttl; }  // the clock was set back: nothing lives longer for that
    return expires > now;
  }
};

using Table = SieveTable<Cut>;

Table::Place find_in(const Table::Access& shard, std::uint64_t hash, NameView zone) noexcept {
  return shard.find(static_cast<std::uint32_t>(hash), [zone](const Cut& cut) { return cut.packed->zone() == zone; });
}

}  // namespace

struct DelegationCache::Impl {
  explicit Impl(std::size_t capacity) : key(process_hash_key()), table(capacity) {}

  PackedDelegationPtr find(NameView zone, TtlTime now) {
    const std::uint64_t hash = zone.hash(key);
    const Table::Access shard = table.lock(hash);
    const Table::Place place = find_in(shard, hash, zone);
    if (place == 0 || !shard.at(place).is_live(now)) {
      shard.miss();
      return nullptr;
    }
    shard.hit(place);
    return shard.at(place).packed;
  }

  SipKey key;
  Table table;
  LabelCounts label_counts;
  std::atomic<std::uint64_t> generation{0};
};

DelegationCache::DelegationCache(std::size_t capacity) : impl_(std::make_unique<Impl>(capacity)) {}
DelegationCache::~DelegationCache() = default;

DelegationPtr DelegationCache::find(NameView zone, TtlTime now) const {
  const PackedDelegationPtr packed = impl_->find(zone, now);
  return packed ? packed->unpack() : nullptr;
}

DelegationPtr DelegationCache::closest_above(NameView name, TtlTime now) const {
  for (NameView zone = name; !zone.is_root(); zone = zone.parent()) {
    if (!impl_->label_counts.has(zone.labels())) { continue; }
    const PackedDelegationPtr packed = impl_->find(zone, now);
    if (packed) { return packed->unpack(); }
  }
  return nullptr;
}

std::uint32_t DelegationCache::seconds_left(NameView name, TtlTime now) const {
  std::uint32_t least = kNoCeiling;
  for (NameView zone = name; !zone.is_root(); zone = zone.parent()) {
    if (!impl_->label_counts.has(zone.labels())) { continue; }
    const std::uint64_t hash = zone.hash(impl_->key);
    const Table::Access shard = impl_->table.lock(hash);
    const Table::Place place = find_in(shard, hash, zone);
    if (place != 0 && shard.at(place).is_live(now)) {
      least = std::min(least, static_cast<std::uint32_t>(shard.at(place).expires - now));
    }
  }
  return least;
}

void DelegationCache::put(const DelegationPtr& delegation, TtlTime now) {
  if (!delegation) { return; }
  const std::uint32_t ttl = std::clamp(delegation->ttl(), kMinTtl, kMaxTtl);
  Cut cut{.packed = PackedDelegation::pack(*delegation), .expires = now + ttl, .ttl = ttl};
  if (!impl_->table.fits(cut.memory())) { return; }
  const NameView zone = cut.packed->zone();
  const std::uint64_t hash = zone.hash(impl_->key);
  impl_->label_counts.add(zone.labels());
  Table::Access shard = impl_->table.lock(hash);
  const Table::Place place = find_in(shard, hash, zone);
  if (place != 0) {
    Cut& old = shard.at(place);
    // Else a zone that its parent has dropped, or that has moved, could be kept alive by asking for it often enough.
    if (old.is_live(now) && old.packed->same_servers(*cut.packed)) { cut.expires = std::min(cut.expires, old.expires); }
    shard.erase(place);
  }
  shard.insert(static_cast<std::uint32_t>(hash), std::move(cut), place != 0);
}

std::uint64_t DelegationCache::remove(NameView zone) {
  const Forgetting forgetting(impl_->generation);
  const std::uint64_t hash = zone.hash(impl_->key);
  Table::Access shard = impl_->table.lock(hash);
  const Table::Place place = find_in(shard, hash, zone);
  if (place == 0) { return 0; }
  shard.erase(place);
  return 1;
}

std::uint64_t DelegationCache::remove_below(NameView zone) {
  const Forgetting forgetting(impl_->generation);
  return impl_->table.walk_all([zone](const Cut& cut) { return cut.packed->zone().is_at_or_below(zone); });
}

void DelegationCache::clear() {
  const Forgetting forgetting(impl_->generation);
  impl_->table.clear();
}

std::uint64_t DelegationCache::generation() const noexcept { return impl_->generation.load(std::memory_order_acquire); }
std::uint64_t DelegationCache::octets() const { return impl_->table.stats().octets; }
std::uint64_t DelegationCache::entries() const { return impl_->table.stats().entries; }

std::size_t DelegationCache::shards() const noexcept { return impl_->table.shard_count(); }

bool DelegationCache::look_at(std::size_t shard, std::uint32_t& position, std::uint32_t most, bool visited, TtlTime now,
                              std::vector<KeptDelegation>& kept) const {
  struct Seen {
    PackedDelegationPtr packed;
    TtlTime expires;
  };
  std::vector<Seen> seen;
  seen.reserve(most);
  const bool more = impl_->table.look_at(shard, position, most, [&](const Cut& cut, bool was_visited) {
    const TtlTime expires = std::min(cut.expires, now + TtlTime{cut.ttl});
    if (was_visited == visited && expires > now) { seen.push_back({cut.packed, expires}); }
  });
  for (const Seen& cut : seen) {
    kept.push_back({.delegation = cut.packed->unpack(), .expires = cut.expires, .visited = visited});
  }
  return more;
}

bool DelegationCache::restore(const KeptDelegation& kept, TtlTime now, std::uint64_t as_of) {
  if (!kept.delegation) { return false; }
  const std::uint32_t ttl = std::clamp(kept.delegation->ttl(), kMinTtl, kMaxTtl);
  Cut cut{.packed = PackedDelegation::pack(*kept.delegation),
          .expires = std::min(kept.expires, now + TtlTime{ttl}),
          .ttl = ttl};
  if (cut.expires <= now) { return false; }
  const NameView zone = cut.packed->zone();
  const std::uint64_t hash = zone.hash(impl_->key);
  impl_->label_counts.add(zone.labels());
  Table::Access shard = impl_->table.lock(hash);
  if (generation() != as_of || !shard.has_room(cut.memory()) || find_in(shard, hash, zone) != 0) { return false; }
  return shard.insert(static_cast<std::uint32_t>(hash), std::move(cut), kept.visited);
}

}  // namespace vouch
