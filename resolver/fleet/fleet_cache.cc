#include "resolver/fleet/fleet_cache.h"

#include <algorithm>
#include <array>
#include <utility>

#include "resolver/cache/signature_life.h"
#include "resolver/dnssec/anchor_keeper.h"

namespace vouch {

namespace {

// What clients ask for by themselves, and what an operator means who flushes a name.
constexpr auto kClientTypes = std::to_array<Type>({Type::A, Type::AAAA, Type::HTTPS, Type::CNAME, Type::MX, Type::TXT,
                                                   Type::NS, Type::SOA, Type::SRV, Type::PTR, Type::DS, Type::DNSKEY,
                                                   Type::CAA, Type::TLSA, Type::SVCB, Type::NAPTR, Type::DNAME});

// Whoever asked may go away while the store is waited for: then the breaker must not wait for his answer.
class Trial {
 public:
  explicit Trial(Breaker& breaker) : breaker_(&breaker) { breaker_->asked(); }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;
  ~Trial() {
    if (breaker_ != nullptr) { breaker_->note_nothing(); }
  }
  void is_over() noexcept { breaker_ = nullptr; }

 private:
  Breaker* breaker_;
};

static_assert(static_cast<std::size_t>(SharedFlaw::forgotten) + 1 == SharedCacheCounters::kFlaws);

// Whether the RRset cache has a place for the answer to a question of that type.
bool has_a_place(Type type) noexcept { return !is_meta(type) && type != Type::RRSIG; }

NameView name_of(const KeptEntry& set) {
  return set.entry.kind == EntryKind::rrset ? set.entry.rrset->owner() : set.name.view();
}

}  // namespace

// The grounds change when a key rolls, an operator sets a negative anchor or another configuration is taken: some times
// a year. Resolutions that began before go on for a while, and what they bring in was judged on the former ones.
std::optional<SharedKeys::Digest> FleetCache::digest_of(NameView name, Type type) {
  AnchorSetPtr now = parts_.anchors.current();
  if (now != anchors_) {
    grounds_ = parts_.grounds(*now);
    anchors_ = std::move(now);
    if (parts_.standing.grounds && *parts_.standing.grounds != grounds_) {
      parts_.standing.quiet_until = parts_.clock.monotonic() + AnchorKeeper::kForgetAgain;
    }
    parts_.standing.grounds = grounds_;
  }
  return parts_.keys.digest(grounds_, name, type);
}

Task<bool> FleetCache::recall(Question question, Duration& patience) {
  const Instant begun = parts_.clock.monotonic();
  if (patience <= Duration::zero() || !has_a_place(question.type) || !is_within_reach()) { co_return false; }
  // One that has little patience left says nothing of the store when that is not enough.
  const bool is_fair = patience >= parts_.patience / 2;
  const auto digest = digest_of(question.name, question.type);
  if (!digest) { co_return false; }
  const std::uint64_t as_of = parts_.caches.rrsets.generation();
  const Buffer key = store_key(*digest);
  Trial trial(parts_.breaker);
  const RemoteValue value = co_await parts_.store.get(key, begun + patience);
  const Instant now = parts_.clock.monotonic();
  patience -= now - begun;
  switch (value.status) {
    case RemoteValue::Status::found:
    case RemoteValue::Status::absent:
      trial.is_over();
      parts_.counters.waited.add(now - begun);
      if (parts_.breaker.note_timely()) { parts_.counters.resumptions.add(); }
      if (value.status == RemoteValue::Status::found) { co_return take(question, *digest, value.octets, as_of); }
      parts_.counters.misses.add();
      co_return false;
    case RemoteValue::Status::late:
      parts_.counters.late.add();
      if (!is_fair) { co_return false; }
      trial.is_over();
      if (parts_.breaker.note_late(now)) { parts_.counters.pauses.add(); }
      co_return false;
    case RemoteValue::Status::unavailable:
      parts_.counters.broken_off.add();
      co_return false;
  }
  co_return false;
}

bool FleetCache::take(const Question& question, const SharedKeys::Digest& digest, Bytes octets, std::uint64_t as_of) {
  const TtlTime now = parts_.clock.ttl();
  auto opened = open_entry(parts_.keys, digest, octets, now, parts_.clock.wall());
  const std::optional<SharedFlaw> flaw =
      opened ? flaw_of(question, *opened, as_of) : std::optional<SharedFlaw>(opened.error());
  if (flaw) {
    parts_.counters.refused[static_cast<std::size_t>(*flaw)].add();
    return false;
  }
  bool is_known = false;  // by now, or because somebody else here was faster
  for (const KeptEntry& set : opened->sets) {
    is_known |= put(set, now, as_of) || parts_.caches.rrsets.find(name_of(set), set.type, now).has_value();
  }
  (is_known ? parts_.counters.hits : parts_.counters.refused[static_cast<std::size_t>(SharedFlaw::forgotten)]).add();
  return is_known;
}

// Also shortens what is secure to the life of its signatures, by this machine's clock.
std::optional<SharedFlaw> FleetCache::flaw_of(const Question& question, OpenedEntry& entry, std::uint64_t as_of) const {
  const auto is_forgotten = [&](NameView name, Type type) { return parts_.forgotten.covers(name, type, entry.stored); };
  // What was flushed while the store was asked is not here yet, and must not come now.
  if (parts_.caches.rrsets.generation() != as_of || is_forgotten(question.name, question.type)) {
    return SharedFlaw::forgotten;
  }
  const TtlTime now = parts_.clock.ttl();
  for (KeptEntry& set : entry.sets) {
    if (is_forgotten(name_of(set), set.type)) { return SharedFlaw::forgotten; }
    const bool is_secure = set.entry.security == Security::secure;
    const bool is_judged = is_secure || set.entry.security == Security::insecure;
    const bool shows_why = !is_secure || set.entry.kind == EntryKind::rrset || set.entry.proofs;
    if (is_judged != parts_.validates || !shows_why) { return SharedFlaw::malformed; }
    if (!is_secure) { continue; }
    const std::int64_t left = signed_for(set.entry, parts_.clock.wall(), parts_.signature_skew);
    if (left <= 0) { return SharedFlaw::ended; }
    set.expires = std::min(set.expires, now + left);
  }
  return std::nullopt;
}

// To end when it would have ended. It is older than what lives here, and what was flushed must not come back.
bool FleetCache::put(const KeptEntry& set, TtlTime now, std::uint64_t as_of) {
  const CacheEntry& entry = set.entry;
  const auto left = static_cast<std::uint32_t>(std::clamp<TtlTime>(set.expires - now, 0, UINT32_MAX));
  RRsetCache& rrsets = parts_.caches.rrsets;
  if (entry.kind == EntryKind::rrset) {
    return rrsets.put(entry.rrset, entry.credibility, entry.security, now, entry.proofs, entry.flaw, left, as_of);
  }
  return rrsets.put_negative(set.name, set.type, entry.kind, entry.rrset, entry.credibility, entry.security, now,
                             entry.proofs, 0, entry.flaw, left, as_of);
}

std::optional<KeptEntry> FleetCache::fit_to_store(const CachePlace& place, TtlTime now) const {
  auto found = parts_.caches.rrsets.find(place.name, place.type, now);
  if (!found || !found->rrset || found->ttl < kLeastLife) { return std::nullopt; }
  const bool is_judged = found->security == Security::secure || found->security == Security::insecure;
  const bool is_fit = parts_.validates ? is_judged : found->security == Security::unchecked;
  const bool shows_why = found->security != Security::secure || found->kind == EntryKind::rrset || found->proofs;
  if (!is_fit || !shows_why) { return std::nullopt; }
  KeptEntry set;
  if (found->kind != EntryKind::rrset) { set.name = place.name; }
  set.type = found->kind == EntryKind::name_error ? Type::none : place.type;
  set.expires = now + TtlTime{found->ttl};
  set.entry = std::move(*found);
  return set;
}

void FleetCache::remember(const Question& question, std::span<const CachePlace> places) {
  if (!parts_.store.is_ready() || parts_.breaker.is_paused()) { return; }
  if (places.empty() || places.size() > kMaxSharedSets || !has_a_place(question.type)) { return; }
  const TtlTime now = parts_.clock.ttl();
  std::vector<KeptEntry> sets;
  TtlTime ends = INT64_MAX;
  for (const CachePlace& place : places) {
    auto set = fit_to_store(place, now);
    if (!set) { return; }
    ends = std::min(ends, set->expires);
    sets.push_back(std::move(*set));
  }
  const auto digest = digest_of(question.name, question.type);
  if (!digest || parts_.clock.monotonic() < parts_.standing.quiet_until) { return; }
  const Buffer value = seal_entry(parts_.keys, *digest, sets, now, parts_.clock.wall());
  const bool is_sent = !value.empty() && value.size() <= RemoteStore::kMaxValue &&
                       parts_.store.put(store_key(*digest), value, std::chrono::seconds(ends - now));
  (is_sent ? parts_.counters.stores : parts_.counters.dropped).add();
}

void FleetCache::remove(NameView name, Type type) {
  if (!parts_.store.is_ready()) { return; }
  std::vector<Buffer> keys;
  const auto add = [&](Type one) {
    if (const auto digest = digest_of(name, one)) { keys.push_back(store_key(*digest)); }
  };
  if (type != Type::none && type != Type::CNAME) {  // an alias lies under what was asked for
    add(type);
  } else {
    for (const Type one : kClientTypes) { add(one); }
  }
  static_cast<void>(parts_.store.remove(keys));
}

}  // namespace vouch
