#include "resolver/cache/rrset_cache.h"

#include <algorithm>
#include <atomic>

#include "resolver/cache/forgetting.h"
#include "resolver/cache/rrset_record.h"
#include "resolver/cache/sieve_table.h"

namespace vouch {

namespace {

// One entry, proofs included. The largest honest ones (a root DNSKEY set amid a roll, long TXT policies) stay below 8
// KiB; larger answers are served but not kept, so that a few of them cannot sweep a cache.
constexpr std::size_t kMaxEntryOctets = 16 << 10;

// Where a name error stands: it is true of every type.
constexpr Type kEveryType = Type::none;

// All types of a name share a shard (so that one lock shows the name error too) but not a bucket: a name with thousands
// of types would be a chain of thousands. The finaliser of MurmurHash3: the name's hash is secret, so types cannot be
// chosen to meet.
std::uint32_t tag_of(std::uint64_t name_hash, Type type) noexcept {
  std::uint64_t x = name_hash ^ static_cast<std::uint64_t>(type) * 0x9e3779b97f4a7c15U;
  x = (x ^ x >> 33) * 0xff51afd7ed558ccdU;
  x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53U;
  return static_cast<std::uint32_t>(x >> 32);
}

using Table = SieveTable<RRsetRecord>;

Table::Place find_in(const Table::Access& shard, std::uint64_t hash, NameView name, Type type) noexcept {
  return shard.find(tag_of(hash, type), [name, type](const RRsetRecord& record) {
    return record.type == type && record.payload.name() == name;
  });
}

// The rules of put(): less believable data does not drive out what is better, unless it says the same.
bool stands_above(const RRsetRecord& standing, const RRsetRecord& coming) noexcept {
  const bool is_secure = coming.security == Security::secure;
  if ((standing.security == Security::secure) != is_secure) { return !is_secure; }
  if (coming.security == Security::bogus && standing.security != Security::bogus) { return true; }
  if (standing.credibility <= coming.credibility) { return false; }
  if (standing.kind != coming.kind) { return true; }
  return standing.kind == EntryKind::rrset && !standing.payload.rrset()->same_data(*coming.payload.rrset());
}

bool is_kept(Security security) noexcept {
  return security == Security::unchecked || security == Security::insecure || security == Security::secure;
}

// What a name that exists is most likely to have been asked for: a name error of yesterday does not come back beside
// what was learnt today. Types share a shard, so that it is a dozen look-ups under one lock.
constexpr Type kUsualTypes[] = {Type::A,  Type::AAAA, Type::CNAME, Type::HTTPS,  Type::NS, Type::SOA,
                                Type::MX, Type::TXT,  Type::SRV,   Type::DNSKEY, Type::DS, Type::PTR};

// Whether what stands under the record's name says more, or something else.
bool is_known_better(const Table::Access& shard, std::uint64_t hash, NameView name, const RRsetRecord& record) {
  if (find_in(shard, hash, name, record.type) != 0 || find_in(shard, hash, name, kEveryType) != 0) { return true; }
  const auto stands = [&](Type type) {
    const Table::Place place = find_in(shard, hash, name, type);
    return place != 0 && shard.at(place).kind == EntryKind::rrset;
  };
  if (record.kind == EntryKind::name_error) { return std::ranges::any_of(kUsualTypes, stands); }
  return record.type != Type::CNAME && record.type != Type::DS && stands(Type::CNAME);
}

}  // namespace

struct RRsetCache::Impl {
  Impl(std::size_t capacity, const CacheOptions& cache_options)
      : options(cache_options), key(process_hash_key()), table(capacity) {}

  bool put(RRsetRecord record, TtlTime now, std::optional<std::uint64_t> as_of);

  CacheOptions options;
  SipKey key;
  Table table;
  std::atomic<std::uint64_t> generation{0};
};

RRsetCache::RRsetCache(std::size_t capacity, const CacheOptions& options)
    : impl_(std::make_unique<Impl>(capacity, options)) {}
RRsetCache::~RRsetCache() = default;

std::optional<CacheEntry> RRsetCache::find(NameView name, Type type, TtlTime now) const {
  const std::uint64_t hash = name.hash(impl_->key);
  const Table::Access shard = impl_->table.lock(hash);
  for (const Type at : {type, kEveryType}) {
    const Table::Place place = find_in(shard, hash, name, at);
    if (place == 0) { continue; }
    RRsetRecord& record = shard.at(place);
    const std::int64_t left = record.left(now);
    if (left <= 0) { continue; }
    shard.hit(place);
    return record.entry(left);
  }
  shard.miss();
  return std::nullopt;
}

std::optional<CacheEntry> RRsetCache::find_stale(NameView name, Type type, TtlTime now, std::uint32_t most) const {
  const std::uint64_t hash = name.hash(impl_->key);
  const Table::Access shard = impl_->table.lock(hash);
  const Table::Place places[] = {find_in(shard, hash, name, type), find_in(shard, hash, name, kEveryType)};
  // Fresh before stale, the type's own before the name error; of two stale ones the word that came later.
  Table::Place best = 0;
  for (const Table::Place place : places) {
    if (place == 0) { continue; }
    RRsetRecord& record = shard.at(place);
    const std::int64_t left = record.left(now);
    if (left > 0) {
      best = place;
      break;
    }
    if (left < -std::int64_t{most}) { continue; }
    const auto stored_at = [&shard](Table::Place at) { return shard.at(at).expires - TtlTime{shard.at(at).ttl}; };
    if (best == 0 || stored_at(place) > stored_at(best)) { best = place; }
  }
  if (best == 0) {
    shard.miss();
    return std::nullopt;
  }
  shard.hit(best);
  return shard.at(best).entry(shard.at(best).left(now));
}

bool RRsetCache::Impl::put(RRsetRecord record, TtlTime now, std::optional<std::uint64_t> as_of) {
  const std::size_t memory = record.memory();
  if (memory > kMaxEntryOctets || !table.fits(memory)) { return false; }
  record.expires = now + record.ttl;
  const NameView name = record.payload.name();
  const std::uint64_t hash = name.hash(key);
  Table::Access shard = table.lock(hash);
  if (as_of && generation.load(std::memory_order_acquire) != *as_of) { return false; }
  const Table::Place same = find_in(shard, hash, name, record.type);
  // A name error contradicts whatever is said of a type of that name; it is the newer word that counts.
  const Table::Place denied = record.type == kEveryType ? 0 : find_in(shard, hash, name, kEveryType);
  for (const Table::Place place : {same, denied}) {
    if (place == 0) { continue; }
    RRsetRecord& standing = shard.at(place);
    if (standing.left(now) > 0 && (as_of || stands_above(standing, record))) { return false; }
  }
  if (same != 0) { shard.erase(same); }
  if (denied != 0) { shard.erase(denied); }
  const std::uint32_t tag = tag_of(hash, record.type);
  return shard.insert(tag, std::move(record), same != 0);
}

bool RRsetCache::put(const RRsetPtr& rrset, Credibility credibility, Security security, TtlTime now, ProofsPtr proofs,
                     Flaw flaw, std::uint32_t ceiling, std::optional<std::uint64_t> as_of) {
  if (!rrset || is_meta(rrset->type())) { return false; }
  if (security == Security::secure) { ceiling = std::min(ceiling, rrset->ttl()); }
  const CacheOptions& options = impl_->options;
  const std::uint32_t ttl = std::min({std::max(rrset->ttl(), options.ttl_min), options.ttl_max, ceiling});
  if (ttl == 0) { return false; }
  return impl_->put(RRsetRecord{.payload = RRsetPayload(rrset, std::move(proofs)),
                                .ttl = std::min(ttl, RRsetRecord::kMaxTtl) & RRsetRecord::kMaxTtl,
                                .fault_labels = flaw.zone_labels & 0x7fU,
                                .type = rrset->type(),
                                .kind = EntryKind::rrset,
                                .credibility = credibility,
                                .security = security,
                                .reason = flaw.reason},
                    now, as_of);
}

bool RRsetCache::put_negative(NameView name, Type type, EntryKind kind, const RRsetPtr& soa, Credibility credibility,
                              Security security, TtlTime now, ProofsPtr proofs, std::uint32_t ttl_without_soa,
                              Flaw flaw, std::uint32_t ceiling, std::optional<std::uint64_t> as_of) {
  const bool whole_name = kind == EntryKind::name_error;
  if (kind == EntryKind::rrset || (!whole_name && is_meta(type)) || (soa && soa->type() != Type::SOA)) { return false; }
  const CacheOptions& options = impl_->options;
  std::uint32_t ttl = soa ? std::min(soa->ttl(), soa_view(soa->first_rdata()).minimum) : ttl_without_soa;
  if (!soa && ttl == 0) { return false; }  // the operator's least TTL is no reason to keep what must not be kept
  if (security == Security::secure) { ceiling = std::min(ceiling, soa ? soa->ttl() : ttl_without_soa); }
  ttl = std::min({std::max(ttl, options.negative_ttl_min), options.negative_ttl_max, ceiling});
  if (ttl == 0) { return false; }
  return impl_->put(RRsetRecord{.payload = RRsetPayload(name, soa, std::move(proofs)),
                                .ttl = std::min(ttl, RRsetRecord::kMaxTtl) & RRsetRecord::kMaxTtl,
                                .fault_labels = flaw.zone_labels & 0x7fU,
                                .type = whole_name ? kEveryType : type,
                                .kind = kind,
                                .credibility = credibility,
                                .security = security,
                                .reason = flaw.reason},
                    now, as_of);
}

std::uint64_t RRsetCache::generation() const noexcept { return impl_->generation.load(std::memory_order_acquire); }

std::uint64_t RRsetCache::remove(NameView name, Type type) {
  const Forgetting forgetting(impl_->generation);
  std::uint64_t removed = 0;
  const std::uint64_t hash = name.hash(impl_->key);
  Table::Access shard = impl_->table.lock(hash);
  for (const Type at : {type, kEveryType}) {
    const Table::Place place = find_in(shard, hash, name, at);
    if (place == 0) { continue; }
    shard.erase(place);
    ++removed;
  }
  return removed;
}

std::uint64_t RRsetCache::remove_name(NameView name) {
  const Forgetting forgetting(impl_->generation);
  const std::size_t shard = impl_->table.shard_of(name.hash(impl_->key));
  std::uint64_t removed = 0;
  const auto is_it = [name, &removed](const RRsetRecord& record) {
    const bool is_meant = record.payload.name() == name;
    removed += is_meant ? 1 : 0;
    return is_meant;
  };
  for (Table::Place position = 0; impl_->table.walk(shard, position, is_it);) {}
  return removed;
}

std::uint64_t RRsetCache::remove_below(NameView zone) {
  return remove_if([zone](NameView name, Type, Security) { return name.is_at_or_below(zone); });
}

std::uint64_t RRsetCache::remove_if(const std::function<bool(NameView, Type, Security)>& is_meant) {
  const Forgetting forgetting(impl_->generation);
  return impl_->table.walk_all(
      [&is_meant](const RRsetRecord& record) { return is_meant(record.payload.name(), record.type, record.security); });
}

void RRsetCache::clear() {
  const Forgetting forgetting(impl_->generation);
  impl_->table.clear();
}

CacheStats RRsetCache::stats() const {
  const SieveStats sum = impl_->table.stats();
  return {.entries = sum.entries,
          .octets = sum.octets,
          .capacity = impl_->table.capacity(),
          .hits = sum.hits,
          .misses = sum.misses,
          .evictions = sum.evictions,
          .insertions = sum.insertions};
}

bool RRsetCache::next(Cursor& cursor, TtlTime now, std::vector<Seen>& seen) const {
  seen.clear();
  if (cursor.shard >= impl_->table.shard_count()) { return false; }
  seen.reserve(Table::kWalkStep);
  const bool has_more = impl_->table.walk(cursor.shard, cursor.position, [&seen, now](RRsetRecord& record) {
    const std::int64_t left = record.left(now);
    if (left > 0) { seen.push_back({Name(record.payload.name()), record.type, record.entry(left)}); }
    return false;
  });
  if (!has_more) { cursor = {.shard = cursor.shard + 1, .position = 0}; }
  return true;
}

std::size_t RRsetCache::shards() const noexcept { return impl_->table.shard_count(); }

bool RRsetCache::look_at(std::size_t shard, std::uint32_t& position, std::uint32_t most, bool visited, TtlTime now,
                         TtlTime after, std::vector<KeptEntry>& kept) const {
  return impl_->table.look_at(shard, position, most, [&](const RRsetRecord& record, bool was_visited) {
    const TtlTime expires = std::min(record.expires, now + TtlTime{record.ttl});  // as RRsetRecord::left()
    if (was_visited != visited || expires <= after || !is_kept(record.security)) { return; }
    KeptEntry& entry = kept.emplace_back();
    if (record.kind != EntryKind::rrset) { entry.name = Name(record.payload.name()); }
    entry.type = record.type;
    entry.entry = record.entry(0);
    entry.expires = expires;
    entry.visited = visited;
  });
}

bool RRsetCache::restore(const KeptEntry& kept, TtlTime now, std::uint64_t as_of) {
  const CacheEntry& entry = kept.entry;
  const bool is_positive = entry.kind == EntryKind::rrset;
  if (!is_kept(entry.security) || (is_positive && !entry.rrset)) { return false; }
  const std::uint32_t bound = is_positive ? impl_->options.ttl_max : impl_->options.negative_ttl_max;
  const std::uint32_t ttl = std::min({entry.lifetime, bound, RRsetRecord::kMaxTtl});
  RRsetRecord record{.payload = is_positive ? RRsetPayload(entry.rrset, entry.proofs)
                                            : RRsetPayload(kept.name, entry.rrset, entry.proofs),
                     .expires = std::min(kept.expires, now + TtlTime{ttl}),
                     .ttl = ttl & RRsetRecord::kMaxTtl,
                     .fault_labels = entry.flaw.zone_labels & 0x7fU,
                     .type = kept.type,
                     .kind = entry.kind,
                     .credibility = entry.credibility,
                     .security = entry.security,
                     .reason = entry.flaw.reason};
  const std::size_t memory = record.memory();
  if (ttl == 0 || memory > kMaxEntryOctets) { return false; }
  const NameView name = record.payload.name();
  const std::uint64_t hash = name.hash(impl_->key);
  Table::Access shard = impl_->table.lock(hash);
  if (generation() != as_of || !shard.has_room(memory) || is_known_better(shard, hash, name, record)) { return false; }
  return shard.insert(tag_of(hash, kept.type), std::move(record), kept.visited);
}

}  // namespace vouch
