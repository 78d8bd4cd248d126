// The RRset cache: what servers answered, by (name, type). Positive entries hold an RRset; negative ones (RFC 2308)
// hold the SOA, and any entry may hold further proofs (NSEC, NSEC3) that belong to it. Class IN only.
//
// Shared by all workers; every member may be called from any thread. Sharded by a keyed hash; a shard's lock is held
// for the look-up alone: the caller gets counted pointers to immutable data and copies from them with no lock held.
// Bounded by octets: keys, bookkeeping, and the RRsets' real allocations all count.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "resolver/base/clock.h"
#include "resolver/cache/cache_options.h"
#include "resolver/wire/rrset.h"
#include "resolver/wire/verdict.h"

namespace vouch {

// How far data may be believed (RFC 2181 section 5.4.1), least first. Glue and referral NS sets live in the delegation
// cache and never here, so that they cannot become answers.
enum class Credibility : std::uint8_t {
  answer_not_authoritative,  // answer section of a reply without AA (a forwarder, a lax server)
  answer_authoritative,
};

enum class EntryKind : std::uint8_t { rrset, no_data, name_error };

// Extra authority records of an answer: shared, immutable.
class ProofList;
using ProofsPtr = Shared<const ProofList>;
class ProofList {
 public:
  static constexpr std::size_t kMaxProofs =
      8;  // a name error with NSEC3 needs 3, a wildcard answer 1; twice that and room
  static ProofsPtr make(std::vector<RRsetPtr> rrsets);  // null when empty or too many
  const std::vector<RRsetPtr>& rrsets() const noexcept { return rrsets_; }
  std::size_t memory() const noexcept;
  void retain() const noexcept;
  void release() const noexcept;

 private:
  mutable std::atomic<std::uint32_t> references_{0};
  std::vector<RRsetPtr> rrsets_;
};

// Why data is not secure, where there is more to say than "unsigned"; and the zone at fault, which stands at or above
// the data: by how many labels, from the right, it has of the entry's name.
struct Flaw {
  Flaw(Reason why = Reason::none, std::uint8_t labels = 0) noexcept : reason(why), zone_labels(labels) {}
  Flaw(const Verdict& verdict) noexcept : Flaw(verdict.reason(), verdict.zone().labels()) {}
  NameView zone_of(NameView name) const noexcept { return name.suffix(zone_labels); }
  Reason reason;
  std::uint8_t zone_labels;
};

struct CacheEntry {
  EntryKind kind = EntryKind::rrset;
  Credibility credibility = Credibility::answer_authoritative;
  Security security = Security::unchecked;
  Flaw flaw;
  std::uint32_t ttl = 0;        // seconds left; 0 only from find_stale()
  std::uint32_t lifetime = 0;   // seconds it was stored for, the operator's bounds applied
  std::uint32_t stale_for = 0;  // seconds since it expired; 0 while it is fresh
  RRsetPtr rrset;               // the data, or a negative entry's SOA set (null when the server sent none)
  ProofsPtr proofs;             // mostly null
};

// An entry as a snapshot keeps it (resolver/cache/snapshot.h).
struct KeptEntry {
  Name name;               // of a negative entry; a positive one's is its RRset's owner
  Type type = Type::none;  // none: a name error
  CacheEntry entry;        // its `ttl` and `stale_for` are of no use here
  TtlTime expires = 0;
  bool visited = false;  // it has been asked for again
};

struct CacheStats {
  std::uint64_t entries = 0, octets = 0, capacity = 0, hits = 0, misses = 0, evictions = 0, insertions = 0;
};

class RRsetCache {
 public:
  // `capacity` in octets; `options` for the TTL bounds.
  RRsetCache(std::size_t capacity, const CacheOptions& options);
  ~RRsetCache();

  // The live entry for a name and type: the RRset or the no-data entry of that type, else a name error at the name. A
  // CNAME or DNAME is found only when asked for by its type.
  std::optional<CacheEntry> find(NameView name, Type type, TtlTime now) const;
  // Also one that expired at most `most` seconds ago (RFC 8767).
  std::optional<CacheEntry> find_stale(NameView name, Type type, TtlTime now, std::uint32_t most) const;

  // Stores positive data. The TTL is bounded by the options, then by `ceiling` (seconds); the least TTL keeps nothing
  // that is secure beyond its own. What is secure replaces whatever is not, whoever said it.
  // Refused (false) when a live entry stands there that is secure while this is not, that is anything but bogus while
  // this is bogus, or that is of higher credibility with other data; or when it is too large. A name error at that name
  // stands there too, for every type; when it does not stand above the data, it goes away, as does the no-data entry of
  // that type. What is still 0 once the TTL is bounded is stored nowhere (false).
  // With `as_of` it is somebody else's word, and older than what lives here: refused as well where any live entry
  // stands, and once generation() is another.
  bool put(const RRsetPtr& rrset, Credibility credibility, Security security, TtlTime now, ProofsPtr proofs = nullptr,
           Flaw flaw = {}, std::uint32_t ceiling = kNoCeiling, std::optional<std::uint64_t> as_of = std::nullopt);
  // Stores a negative answer: `type` for no data, ignored for a name error. TTL: the smaller of the SOA's TTL and its
  // minimum (RFC 2308 section 5), bounded as put()'s; of what is secure the SOA's TTL is the ceiling. Refused as put()
  // is; no data drives out a name error. Without an SOA nothing is stored (RFC 2308 section 5) unless `ttl_without_soa`
  // is given.
  bool put_negative(NameView name, Type type, EntryKind kind, const RRsetPtr& soa, Credibility credibility,
                    Security security, TtlTime now, ProofsPtr proofs = nullptr, std::uint32_t ttl_without_soa = 0,
                    Flaw flaw = {}, std::uint32_t ceiling = kNoCeiling,
                    std::optional<std::uint64_t> as_of = std::nullopt);

  // Each returns how many entries went, expired ones included.
  std::uint64_t remove(NameView name, Type type);  // whatever find() would find there: the name's name error too
  std::uint64_t remove_name(NameView name);        // every type
  std::uint64_t remove_below(
      NameView zone);  // the name and everything beneath; walks the cache in bounded steps per lock
  // What `is_meant(name, type, security)` holds for; likewise. Called under a lock: it must be quick, and call nothing
  // of this cache. The type of a name error is Type::none.
  std::uint64_t remove_if(const std::function<bool(NameView, Type, Security)>& is_meant);
  void clear();
  // Grows whenever something is forgotten on purpose (remove, clear), before the first entry goes and after the last:
  // copies made before are void then, and so are those made meanwhile.
  std::uint64_t generation() const noexcept;
  CacheStats stats() const;
  // A walk over what lives, in the caller's own time: the entries of the next few hundred slots, in `seen`, which may
  // come back empty. False when the walk is over. What comes or goes between two steps may be missed.
  struct Cursor {
    std::size_t shard = 0;
    std::uint32_t position = 0;
  };
  struct Seen {
    Name name;
    Type type = Type::none;  // none: a name error
    CacheEntry entry;
  };
  bool next(Cursor& cursor, TtlTime now, std::vector<Seen>& seen) const;

  // For a snapshot: the next `most` places of a shard, under its lock. What is there, has been asked for again or not
  // as `visited` says, ends after `after`, and is neither bogus nor indeterminate, is added to `kept`. `position`
  // starts at 0; false when the shard is done. Of what others change meanwhile some may be missed or come twice.
  std::size_t shards() const noexcept;
  bool look_at(std::size_t shard, std::uint32_t& position, std::uint32_t most, bool visited, TtlTime now, TtlTime after,
               std::vector<KeptEntry>& kept) const;
  // From a snapshot, so it is older than all that stands here: refused (false) where anything stands under that name
  // and type, fresh or expired, or contradicts it; and where something would have to go for it. Its life ends when it
  // says, or earlier by the options' bounds. Nothing bogus or indeterminate comes in this way, and nothing at all once
  // generation() is not `as_of` any more: what was forgotten must not come back.
  bool restore(const KeptEntry& kept, TtlTime now, std::uint64_t as_of);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vouch
