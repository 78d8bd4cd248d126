#include "resolver/cache/denial_cache.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <deque>
#include <utility>

#include "resolver/cache/denial_shard.h"
#include "resolver/cache/forgetting.h"
#include "resolver/cache/label_counts.h"

namespace vouch {

namespace {

constexpr Octet kAsterisk[] = {'*'};

// "*.<encloser>"; nothing when that is no name.
std::optional<Name> wildcard_at(NameView encloser) noexcept {
  Name wildcard(encloser);
  if (!wildcard.prepend_label(kAsterisk)) { return std::nullopt; }
  return wildcard;
}

// A set that was found, with what is left of it.
struct Found {
  RRsetPtr rrset;
  std::int64_t left = 0;
  bool matches = false;  // else it covers
};

// The NSEC at the name, or the one that covers it.
std::optional<Found> find_nsec(DenialZone& zone, NameView name, TtlTime now) {
  DenialEntry* const entry = zone.nsec.at_or_before(name, now);
  if (entry == nullptr) { return std::nullopt; }
  const auto range = nsec_range(*entry->rrset);
  const bool matches = range && range->owner == name;
  if (!range || !(matches || range->covers(name))) { return std::nullopt; }
  entry->visited = true;
  return Found{entry->rrset, entry->left(now), matches};
}

std::optional<Found> find_nsec3(DenialZone& zone, const DenialHash& hash, TtlTime now) {
  const auto owner = nsec3_owner(hash, zone.apex());
  DenialEntry* const entry = owner ? zone.nsec3.at_or_before(*owner, now) : nullptr;
  if (entry == nullptr) { return std::nullopt; }
  const auto range = nsec3_range(*entry->rrset);
  const bool matches = range && range->owner == hash;
  if (!range || !(matches || range->covers(hash))) { return std::nullopt; }
  entry->visited = true;
  return Found{entry->rrset, entry->left(now), matches};
}

void add(DenialCache::Gathered& gathered, const Found& found) {
  if (std::ranges::find(gathered.proofs, found.rrset) != gathered.proofs.end()) { return; }
  gathered.proofs.push_back(found.rrset);
  gathered.ttl = static_cast<std::uint32_t>(std::min(std::int64_t{gathered.ttl}, found.left));
}

// RFC 8198 section 5.1, RFC 4035 section 3.1.3.2.
void gather_nsec(DenialZone& zone, NameView name, TtlTime now, DenialCache::Gathered& gathered) {
  const auto closest = find_nsec(zone, name, now);
  if (!closest) { return; }
  add(gathered, *closest);
  const auto range = nsec_range(*closest->rrset);
  if (closest->matches || range->next.is_below(name)) { return; }  // the name is there, if as an empty non-terminal
  // Both ends of the range exist, and nothing in between: what the name shares with them is its closest encloser.
  const auto labels = std::max(name.labels_shared_with(range->owner), name.labels_shared_with(range->next));
  const auto wildcard = wildcard_at(name.suffix(labels));
  const auto at_wildcard = wildcard ? find_nsec(zone, *wildcard, now) : std::nullopt;
  if (at_wildcard) { add(gathered, *at_wildcard); }
}

}  // namespace

struct DenialCache::Impl {
  explicit Impl(std::size_t capacity) : key(process_hash_key()) {
    const std::size_t count = std::clamp<std::size_t>(std::bit_floor(capacity / kShardCapacity), 1, kMaxShards);
    for (std::size_t i = 0; i < count; ++i) { shards.emplace_back(capacity / count); }
  }
  DenialShard& shard_of(std::uint64_t hash) noexcept { return shards[(hash >> 32) * shards.size() >> 32]; }

  enum class Look : std::uint8_t { no_zone, nothing, found, hashed };
  Look look(NameView apex, NameView name, TtlTime now, Gathered& gathered, std::optional<Nsec3Parameters>& parameters);

  SipKey key;
  std::deque<DenialShard> shards;  // they cannot move
  LabelCounts label_counts;
  std::atomic<std::uint64_t> generation{0};
};

// `parameters` is set when the zone's proofs are to be found by hash.
DenialCache::Impl::Look DenialCache::Impl::look(NameView apex, NameView name, TtlTime now, Gathered& gathered,
                                                std::optional<Nsec3Parameters>& parameters) {
  const std::uint64_t hash = apex.hash(key);
  DenialShard::Access shard(shard_of(hash));
  DenialZone* const zone = shard.find(apex, hash);
  if (zone == nullptr || !zone->soa.rrset) { return Look::no_zone; }
  const std::int64_t left = zone->soa.left(now);
  if (left <= 0) {
    shard.change(*zone, [](DenialZone& at) { at.soa = DenialEntry(); });
    return Look::no_zone;
  }
  gathered.zone = Name(apex);
  gathered.soa = zone->soa.rrset;
  gathered.ttl = static_cast<std::uint32_t>(left);
  if (!zone->nsec3.empty()) { parameters = *zone->parameters; }
  shard.change_or_remove(*zone, [&](DenialZone& at) {
    gather_nsec(at, name, now, gathered);
    if (!gathered.proofs.empty()) { at.visited = true; }
  });
  if (!gathered.proofs.empty()) { return Look::found; }
  return parameters ? Look::hashed : Look::nothing;
}

namespace {

// The look-ups by hash that one question needs. Each hash is computed with the shard unlocked.
class HashedSearch {
 public:
  HashedSearch(DenialShard& shard, std::uint64_t apex_hash, NameView apex, const Nsec3Parameters& parameters,
               TtlTime now, DenialCache::Hasher& hasher) noexcept
      : shard_(shard), apex_hash_(apex_hash), apex_(apex), parameters_(parameters), now_(now), hasher_(hasher) {}

  // RFC 5155 sections 8.3 to 8.7. From the top down: a name far below one that does not exist then costs no more than
  // its next closer name.
  void run(NameView name, DenialCache::Gathered& gathered) {
    const auto itself = find(name);
    if (itself && itself->matches) {
      add(gathered, *itself);
      return;
    }
    std::optional<Found> encloser;  // at `labels` - 1
    for (std::uint8_t labels = apex_.labels(); labels <= name.labels() && !refused_; ++labels) {
      const auto found = labels == name.labels() ? itself : find(name.suffix(labels));
      if (found && !found->matches) {
        if (encloser) {
          add_name_error(name.suffix(static_cast<std::uint8_t>(labels - 1)), *encloser, *found, gathered);
        }
        return;  // below a name that does not exist there is none
      }
      encloser = found;
    }
  }

 private:
  void add_name_error(NameView encloser_name, const Found& encloser, const Found& next_closer,
                      DenialCache::Gathered& gathered) {
    const auto wildcard = wildcard_at(encloser_name);
    const auto at_wildcard = wildcard ? find(*wildcard) : std::nullopt;
    add(gathered, encloser);
    add(gathered, next_closer);
    if (at_wildcard) { add(gathered, *at_wildcard); }
  }

  std::optional<Found> find(NameView name) {
    const auto hash = refused_ || hashes_ == DenialCache::kMaxHashes
                          ? std::nullopt
                          : hasher_.hash(name, parameters_.salt(), parameters_.iterations);
    if (!hash) {
      refused_ = true;
      return std::nullopt;
    }
    ++hashes_;
    DenialShard::Access shard(shard_);
    DenialZone* const zone = shard.find(apex_, apex_hash_);
    if (zone == nullptr || !zone->parameters || *zone->parameters != parameters_) { return std::nullopt; }
    std::optional<Found> found;
    shard.change_or_remove(*zone, [&](DenialZone& at) {
      found = find_nsec3(at, *hash, now_);
      if (found) { at.visited = true; }
    });
    return found;
  }

  DenialShard& shard_;
  const std::uint64_t apex_hash_;
  const NameView apex_;
  const Nsec3Parameters& parameters_;
  const TtlTime now_;
  DenialCache::Hasher& hasher_;
  std::size_t hashes_ = 0;
  bool refused_ = false;
};

}  // namespace

DenialCache::DenialCache(std::size_t capacity)
    : impl_(std::make_unique<Impl>(std::max<std::size_t>(capacity, kMinCapacity))) {}
DenialCache::~DenialCache() = default;

void DenialCache::put(NameView zone, const RRsetPtr& proof, std::uint32_t ttl, TtlTime now) {
  if (!proof || ttl == 0 || proof->memory() > kMaxSetOctets || !is_worth_keeping(zone, *proof)) { return; }
  const std::uint64_t hash = zone.hash(impl_->key);
  impl_->label_counts.add(zone.labels());
  DenialShard::Access(impl_->shard_of(hash)).put(zone, hash, {.rrset = proof, .expires = now + ttl, .ttl = ttl});
}

void DenialCache::put_soa(NameView zone, const RRsetPtr& soa, std::uint32_t ttl, TtlTime now) {
  if (!soa || ttl == 0 || soa->memory() > kMaxSetOctets || soa->type() != Type::SOA || soa->owner() != zone) { return; }
  const std::uint64_t hash = zone.hash(impl_->key);
  DenialShard::Access(impl_->shard_of(hash)).put_soa(zone, hash, {.rrset = soa, .expires = now + ttl, .ttl = ttl});
}

std::optional<DenialCache::Gathered> DenialCache::gather(NameView name, Type type, TtlTime now, Hasher& hasher) const {
  if (type == Type::DS && name.is_root()) { return std::nullopt; }
  NameView apex = type == Type::DS ? name.parent() : name;
  while (true) {
    if (impl_->label_counts.has(apex.labels())) {
      Gathered gathered;
      std::optional<Nsec3Parameters> parameters;
      const Impl::Look look = impl_->look(apex, name, now, gathered, parameters);
      if (look == Impl::Look::hashed) {
        const std::uint64_t hash = apex.hash(impl_->key);
        HashedSearch(impl_->shard_of(hash), hash, apex, *parameters, now, hasher).run(name, gathered);
      }
      if (!gathered.proofs.empty()) { return gathered; }
      if (look != Impl::Look::no_zone) { return std::nullopt; }
    }
    if (apex.is_root()) { return std::nullopt; }
    apex = apex.parent();
  }
}

std::uint64_t DenialCache::remove_below(NameView name) {
  const Forgetting forgetting(impl_->generation);
  std::uint64_t removed = 0;
  for (DenialShard& shard : impl_->shards) {
    DenialShard::Access access(shard);
    const std::size_t before = access.proofs();
    access.for_each([name](DenialZone& zone) {
      if (zone.apex().is_at_or_below(name)) { return true; }
      if (name.is_below(zone.apex())) {
        zone.nsec.remove_below(name);
        DenialRanges().swap(zone.nsec3);
      }
      return false;
    });
    removed += before - access.proofs();
  }
  return removed;
}

std::uint64_t DenialCache::generation() const noexcept { return impl_->generation.load(std::memory_order_acquire); }

void DenialCache::clear() {
  const Forgetting forgetting(impl_->generation);
  for (DenialShard& shard : impl_->shards) {
    DenialShard::Access access(shard);
    access.for_each([](DenialZone&) { return true; });
  }
}

std::uint64_t DenialCache::octets() const {
  std::uint64_t sum = 0;
  for (DenialShard& shard : impl_->shards) { sum += DenialShard::Access(shard).octets(); }
  return sum;
}

std::uint64_t DenialCache::entries() const {
  std::uint64_t sum = 0;
  for (DenialShard& shard : impl_->shards) { sum += DenialShard::Access(shard).proofs(); }
  return sum;
}

std::size_t DenialCache::shards() const noexcept { return impl_->shards.size(); }

bool DenialCache::look_at(std::size_t shard, std::size_t& position, std::size_t most, std::vector<Name>& zones) const {
  return DenialShard::Access(impl_->shards[shard]).look_at(position, most, zones);
}

bool DenialCache::look_at_zone(NameView zone, std::size_t& position, std::size_t most, TtlTime now,
                               std::vector<KeptProof>& kept) const {
  const std::uint64_t hash = zone.hash(impl_->key);
  const DenialShard::Access shard(impl_->shard_of(hash));
  const DenialZone* const standing = shard.find(zone, hash);
  if (standing == nullptr) { return false; }
  const auto keep = [&](const DenialEntry& entry) {
    const TtlTime expires = std::min(entry.expires, now + TtlTime{entry.ttl});
    if (entry.rrset && expires > now) { kept.push_back({entry.rrset, expires}); }
  };
  if (position == 0) { keep(standing->soa); }
  const std::size_t nsec = standing->nsec.count(), all = standing->proofs();
  const std::size_t stop = std::min(all, position + most);
  for (; position < stop; ++position) {
    keep(position < nsec ? standing->nsec.at(position) : standing->nsec3.at(position - nsec));
  }
  return position < all;
}

bool DenialCache::restore(NameView zone, const KeptProof& kept, TtlTime now, std::uint64_t as_of) {
  const RRsetPtr& rrset = kept.rrset;
  if (!rrset || kept.expires <= now || rrset->memory() > kMaxSetOctets) { return false; }
  const std::int64_t left = std::min<std::int64_t>(kept.expires - now, rrset->ttl());
  if (left <= 0) { return false; }
  const std::uint64_t hash = zone.hash(impl_->key);
  DenialEntry entry{.rrset = rrset, .expires = now + left, .ttl = static_cast<std::uint32_t>(left)};
  if (rrset->type() == Type::SOA) {
    DenialShard::Access shard(impl_->shard_of(hash));
    return generation() == as_of && rrset->owner() == zone && shard.restore_soa(zone, hash, std::move(entry));
  }
  if (!is_worth_keeping(zone, *rrset)) { return false; }
  impl_->label_counts.add(zone.labels());
  DenialShard::Access shard(impl_->shard_of(hash));
  return generation() == as_of && shard.restore(zone, hash, std::move(entry), now);
}

}  // namespace vouch
