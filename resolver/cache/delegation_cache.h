// Zone cuts: which servers a parent named for a zone, with the glue it gave. Parent-centric: only a referral from the
// parent (or configuration) writes here, a child that re-announces its own NS set cannot extend its life (ghost
// domains, CVE-2012-1033, CVE-2022-30698). What is in here leads to servers and is never an answer. Shared by all
// workers; every member may be called from any thread. Bounded by octets.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "resolver/base/address.h"
#include "resolver/base/clock.h"
#include "resolver/base/intrusive.h"
#include "resolver/cache/cache_options.h"
#include "resolver/wire/name.h"

namespace vouch {

class Delegation;
using DelegationPtr = Shared<const Delegation>;

// Immutable once made.
class Delegation {
 public:
  static constexpr std::size_t kMaxServers = 13;  // names kept per cut (NXNSAttack; BIND's max-delegation-servers)
  static constexpr std::size_t kMaxAddressesPerServer = 6;  // CVE-2026-3592
  struct Server {
    Name name;
    std::vector<IpAddress> addresses;  // glue, at most kMaxAddressesPerServer; empty: the name must be resolved
  };
  // Cuts `servers` down to the limits (the caller has put them in random order). Null when empty.
  static DelegationPtr make(NameView zone, std::vector<Server> servers, std::uint32_t ttl);

  const Name& zone() const noexcept { return zone_; }
  const std::vector<Server>& servers() const noexcept { return servers_; }
  std::uint32_t ttl() const noexcept { return ttl_; }
  std::size_t memory() const noexcept;
  void retain() const noexcept;
  void release() const noexcept;

 private:
  mutable std::atomic<std::uint32_t> references_{0};
  Name zone_;
  std::vector<Server> servers_;
  std::uint32_t ttl_ = 0;
};

// A cut as a snapshot keeps it (resolver/cache/snapshot.h).
struct KeptDelegation {
  DelegationPtr delegation;
  TtlTime expires = 0;
  bool visited = false;  // it has been used again
};

class DelegationCache {
 public:
  // Even a TTL-0 delegation serves the resolution that fetched it and the rush behind it; and no cut is trusted for
  // more than a day, so that a removed zone dies (B9's min-delegation-ttl; ghost domains).
  static constexpr std::uint32_t kMinTtl = 60;
  static constexpr std::uint32_t kMaxTtl = 86400;

  explicit DelegationCache(std::size_t capacity);
  ~DelegationCache();

  // The live delegation of exactly this zone. Made anew for each caller from a packed form (a few allocations: for the
  // way to the network, not for answers from the cache); its ttl() is the one that was put.
  DelegationPtr find(NameView zone, TtlTime now) const;
  // The live delegation closest above or at `name` (never the root's: that is priming's), or null.
  DelegationPtr closest_above(NameView name, TtlTime now) const;
  // The least that any live delegation at or above `name` has left, in seconds; kNoCeiling (rrset.h) when there is
  // none.
  std::uint32_t seconds_left(NameView name, TtlTime now) const;
  // A referral. A live entry is replaced, but its end is never put off by the same servers: the earlier expiry of the
  // two stands when the server names are the same ones.
  void put(const DelegationPtr& delegation, TtlTime now);
  // Each returns how many went.
  std::uint64_t remove(NameView zone);
  std::uint64_t remove_below(NameView zone);
  void clear();
  // As RRsetCache::generation().
  std::uint64_t generation() const noexcept;
  std::uint64_t octets() const;
  std::uint64_t entries() const;

  // For a snapshot, as RRsetCache::look_at(): what lives. Unpacked with no lock held.
  std::size_t shards() const noexcept;
  bool look_at(std::size_t shard, std::uint32_t& position, std::uint32_t most, bool visited, TtlTime now,
               std::vector<KeptDelegation>& kept) const;
  // From a snapshot: refused (false) where a cut of that zone stands, when it has ended, where something would have to
  // go for it, and once generation() is not `as_of` any more.
  bool restore(const KeptDelegation& kept, TtlTime now, std::uint64_t as_of);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vouch
