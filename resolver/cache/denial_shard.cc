#include "resolver/cache/denial_shard.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "resolver/cache/heap_octets.h"

namespace vouch {

namespace {

// A zone with an SOA and one proof takes a kilooctet; so there are about as many buckets as zones, and as the hash is
// keyed, chains are as short as chance makes them.
constexpr std::size_t kOctetsPerBucket = 1024;

DenialRanges& ranges_for(DenialZone& zone, Type type) noexcept { return type == Type::NSEC ? zone.nsec : zone.nsec3; }

// Octets that putting the entry in would allocate, at most.
std::size_t cost_of(DenialZone* zone, NameView apex, const DenialEntry& entry) noexcept {
  const bool is_nsec3 = entry.rrset->type() == Type::NSEC3;
  std::size_t cost = entry.rrset->memory();
  if (is_nsec3 && (zone == nullptr || !zone->parameters)) { cost += most_heap_octets(sizeof(Nsec3Parameters)); }
  if (zone == nullptr) { return cost + DenialZone::memory_for(apex) + DenialRanges().growth(); }
  return cost + ranges_for(*zone, entry.rrset->type()).growth();
}

}  // namespace

DenialShard::DenialShard(std::size_t budget)
    : budget_(budget),
      bucket_count_(std::bit_floor(std::max<std::size_t>(budget / kOctetsPerBucket, 1))),
      buckets_(std::make_unique<DenialZone*[]>(bucket_count_)),
      octets_(charge(heap_octets(buckets_.get()) + sizeof(DenialShard))) {}

DenialShard::~DenialShard() {
  for (DenialZone* zone = oldest_; zone != nullptr;) { delete std::exchange(zone, zone->newer); }
}

DenialShard::Access::~Access() {
  shard_.mutex_.unlock();
  while (leaving_zones_ != nullptr) { delete std::exchange(leaving_zones_, leaving_zones_->chained); }
}

DenialZone*& DenialShard::Access::bucket(std::uint64_t hash) const noexcept {
  return shard_.buckets_[hash & (shard_.bucket_count_ - 1)];
}

DenialZone* DenialShard::Access::find(NameView apex, std::uint64_t hash) const noexcept {
  for (DenialZone* zone = bucket(hash); zone != nullptr; zone = zone->chained) {
    if (zone->hash == hash && zone->apex() == apex) { return zone; }
  }
  return nullptr;
}

DenialZone& DenialShard::Access::add(NameView apex, std::uint64_t hash) {
  auto* const zone = new DenialZone(apex, hash);
  zone->chained = std::exchange(bucket(hash), zone);
  zone->older = std::exchange(shard_.newest_, zone);
  (zone->older != nullptr ? zone->older->newer : shard_.oldest_) = zone;
  shard_.octets_ += charge(zone->memory());
  return *zone;
}

void DenialShard::Access::remove(DenialZone& zone) noexcept {
  DenialZone** link = &bucket(zone.hash);
  while (*link != &zone) { link = &(*link)->chained; }
  *link = zone.chained;
  if (shard_.hand_ == &zone) { shard_.hand_ = zone.newer; }
  (zone.older != nullptr ? zone.older->newer : shard_.oldest_) = zone.newer;
  (zone.newer != nullptr ? zone.newer->older : shard_.newest_) = zone.older;
  shard_.octets_ -= charge(zone.memory());
  shard_.proofs_ -= zone.proofs();
  zone.chained = std::exchange(leaving_zones_, &zone);
}

// SIEVE over the zones (docs/decisions/0003-cache-eviction.md): the first that has not served since the hand passed
// loses its proofs, one for each call, until it is gone or serves again.
void DenialShard::Access::evict() noexcept {
  DenialZone* zone = shard_.hand_ != nullptr ? shard_.hand_ : shard_.oldest_;
  for (std::size_t pardons = 0; zone->visited && pardons < kMaxPardons; ++pardons) {
    zone->visited = false;
    zone = zone->newer != nullptr ? zone->newer : shard_.oldest_;
  }
  shard_.hand_ = zone;
  drop_one(*zone);
}

void DenialShard::Access::drop_one(DenialZone& zone) noexcept {
  if (zone.proofs() != 0) {
    change(zone, [](DenialZone& at) noexcept { at.evict(); });
  }
  if (zone.proofs() == 0) { remove(zone); }
}

// What leaves may be the very zone that is to grow: it is looked up anew each time.
bool DenialShard::Access::make_room(NameView apex, std::uint64_t hash, const DenialEntry& entry) {
  while (true) {
    DenialZone* const zone = find(apex, hash);
    const std::size_t cost = cost_of(zone, apex, entry);
    if (!fits_share(zone, cost)) {
      if (zone == nullptr) { return false; }
      drop_one(*zone);
      continue;
    }
    if (fits(zone, cost)) { return true; }
    if (shard_.oldest_ == nullptr) { return false; }
    evict();
  }
}

bool DenialShard::Access::put(NameView apex, std::uint64_t hash, DenialEntry entry) {
  const Type type = entry.rrset->type();
  const auto nsec3 = nsec3_range(*entry.rrset);
  if (DenialZone* const standing = find(apex, hash)) {
    change(*standing, [&](DenialZone& zone) {
      // Hashes under other parameters tell nothing about one another; the zone has moved on.
      if (nsec3 && zone.parameters && *zone.parameters != Nsec3Parameters(*nsec3)) { free_later(zone.nsec3); }
      if (const auto old = ranges_for(zone, type).take(entry.rrset->owner())) { entry.visited = old->visited; }
    });
  }
  if (!make_room(apex, hash, entry)) {
    if (DenialZone* const standing = find(apex, hash); standing != nullptr && standing->proofs() == 0) {
      remove(*standing);
    }
    return false;
  }
  DenialZone* found = find(apex, hash);
  DenialZone& zone = found != nullptr ? *found : add(apex, hash);
  change(zone, [&](DenialZone& at) {
    if (nsec3) {
      if (!at.parameters) { at.parameters = std::make_unique<Nsec3Parameters>(*nsec3); }
      *at.parameters = Nsec3Parameters(*nsec3);
    }
    ranges_for(at, type).grow();
    ranges_for(at, type).insert(std::move(entry));
  });
  return true;
}

bool DenialShard::Access::put_soa(NameView apex, std::uint64_t hash, DenialEntry entry) {
  const std::size_t cost = entry.rrset->memory();
  for (DenialZone* zone = find(apex, hash); zone != nullptr; zone = find(apex, hash)) {
    change(*zone, [](DenialZone& at) { at.soa = DenialEntry(); });
    if (fits_share(zone, cost) && fits(zone, cost)) {
      change(*zone, [&](DenialZone& at) { at.soa = std::move(entry); });
      return true;
    }
    if (fits_share(zone, cost)) {
      evict();
    } else {
      drop_one(*zone);
    }
  }
  return false;
}

bool DenialShard::Access::restore(NameView apex, std::uint64_t hash, DenialEntry entry, TtlTime now) {
  DenialZone* zone = find(apex, hash);
  const std::size_t cost = cost_of(zone, apex, entry);
  if (!fits_share(zone, cost) || !fits(zone, cost)) { return false; }
  if (zone == nullptr) { return put(apex, hash, std::move(entry)); }
  const auto nsec3 = nsec3_range(*entry.rrset);
  if (nsec3 && zone->parameters && *zone->parameters != Nsec3Parameters(*nsec3)) { return false; }
  bool stands = false;
  change(*zone, [&](DenialZone& at) {
    const DenialEntry* const same = ranges_for(at, entry.rrset->type()).at_or_before(entry.rrset->owner(), now);
    stands = same != nullptr && same->rrset->owner() == entry.rrset->owner();
  });
  return !stands && put(apex, hash, std::move(entry));
}

bool DenialShard::Access::restore_soa(NameView apex, std::uint64_t hash, DenialEntry entry) {
  const DenialZone* const zone = find(apex, hash);
  const std::size_t cost = entry.rrset->memory();
  if (zone == nullptr || zone->soa.rrset || !fits_share(zone, cost) || !fits(zone, cost)) { return false; }
  return put_soa(apex, hash, std::move(entry));
}

bool DenialShard::Access::look_at(std::size_t& position, std::size_t most, std::vector<Name>& zones) const {
  const std::size_t stop = std::min(shard_.bucket_count_, position + most);
  for (; position < stop; ++position) {
    for (const DenialZone* zone = shard_.buckets_[position]; zone != nullptr; zone = zone->chained) {
      zones.emplace_back(zone->apex());
    }
  }
  return position < shard_.bucket_count_;
}

}  // namespace vouch
