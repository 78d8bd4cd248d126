#include "resolver/dnssec/trust_cache.h"

#include <algorithm>

#include "resolver/cache/heap_octets.h"
#include "resolver/cache/label_counts.h"
#include "resolver/cache/sieve_table.h"

namespace vouch {

namespace {

struct Known {
  static constexpr std::size_t kSmallestMemory = sizeof(ZoneTrust);

  ZoneTrustPtr trust;
  TtlTime expires = 0;
  std::uint32_t ttl = 0;  // as stored: what is left is never more

  std::size_t memory() const noexcept {
    constexpr std::size_t kSharedPtrBlock = 32;  // counts and the allocator's header
    return sizeof(ZoneTrust) + kSharedPtrBlock + (trust->keys ? trust->keys->memory() : 0);
  }
  std::int64_t left(TtlTime now) noexcept {
    if (expires - now > ttl) { expires = now + ttl; }  // the clock was set back: nothing lives longer for that
    return expires - now;
  }
};

using Table = SieveTable<Known>;

Table::Place find_in(const Table::Access& shard, std::uint64_t hash, NameView zone) noexcept {
  return shard.find(static_cast<std::uint32_t>(hash),
                    [zone](const Known& known) { return known.trust->zone.view() == zone; });
}

}  // namespace

struct TrustCache::Impl {
  explicit Impl(std::size_t capacity) : key(process_hash_key()), table(capacity) {}
  SipKey key;
  Table table;
  LabelCounts label_counts;
};

TrustCache::TrustCache(std::size_t capacity) : impl_(std::make_unique<Impl>(capacity)) {}
TrustCache::~TrustCache() = default;

ZoneTrustPtr TrustCache::find(NameView zone, TtlTime now) const {
  const std::uint64_t hash = zone.hash(impl_->key);
  const Table::Access shard = impl_->table.lock(hash);
  const Table::Place place = find_in(shard, hash, zone);
  if (place == 0 || shard.at(place).left(now) <= 0) {
    shard.miss();
    return nullptr;
  }
  shard.hit(place);
  return shard.at(place).trust;
}

ZoneTrustPtr TrustCache::closest_above(NameView name, TtlTime now) const {
  for (;;) {
    if (impl_->label_counts.has(name.labels())) {
      if (ZoneTrustPtr trust = find(name, now)) { return trust; }
    }
    if (name.is_root()) { return nullptr; }
    name = name.parent();
  }
}

void TrustCache::put(ZoneTrustPtr trust, std::uint32_t ttl, TtlTime now) {
  const bool failed = trust->verdict.is_bogus();
  ttl = failed ? kFirstHold : std::min(ttl, kMaxTtl);
  if (ttl == 0) { return; }
  const std::uint64_t hash = trust->zone.view().hash(impl_->key);
  impl_->label_counts.add(trust->zone.view().labels());
  Table::Access shard = impl_->table.lock(hash);
  const Table::Place place = find_in(shard, hash, trust->zone);
  if (place != 0) {
    Known& standing = shard.at(place);
    const bool goes_on = failed && standing.trust->verdict.is_bogus() && standing.left(now) > -std::int64_t{kLastHold};
    if (goes_on) { ttl = std::min(standing.ttl * 2, kLastHold); }
    shard.erase(place);
  }
  shard.insert(static_cast<std::uint32_t>(hash), Known{.trust = std::move(trust), .expires = now + ttl, .ttl = ttl},
               place != 0);
}

std::uint64_t TrustCache::remove(NameView zone) {
  const std::uint64_t hash = zone.hash(impl_->key);
  Table::Access shard = impl_->table.lock(hash);
  const Table::Place place = find_in(shard, hash, zone);
  if (place == 0) { return 0; }
  shard.erase(place);
  return 1;
}

std::uint64_t TrustCache::remove_bogus() {
  return impl_->table.walk_all([](const Known& known) { return known.trust->verdict.is_bogus(); });
}

std::uint64_t TrustCache::remove_below(NameView zone) {
  return impl_->table.walk_all([zone](const Known& known) { return known.trust->zone.view().is_at_or_below(zone); });
}

void TrustCache::clear() { impl_->table.clear(); }
std::uint64_t TrustCache::octets() const { return impl_->table.stats().octets; }
std::uint64_t TrustCache::entries() const { return impl_->table.stats().entries; }

}  // namespace vouch
