// Verified proofs of non-existence, kept by zone in the order that makes them ranges, for aggressive use (RFC 8198, RFC
// 9077): a name that falls into a known gap need not be asked for. Only secure NSEC and NSEC3 sets come in here; what
// they prove is decided by resolver/dnssec/denial.h, not here.
//
// Shared by all workers; every member may be called from any thread. Sharded by zone; a shard's lock is held for a
// look-up or an insertion alone, never while something is hashed. Bounded by octets, all bookkeeping counted: what
// nobody has used goes first, zone by zone and within a zone (denial_shard.h), and no zone may take more than its
// share.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "resolver/base/clock.h"
#include "resolver/wire/rrset.h"

namespace vouch {

// A zone's proof, or its SOA, as a snapshot keeps it (resolver/cache/snapshot.h).
struct KeptProof {
  RRsetPtr rrset;
  TtlTime expires = 0;
};

class DenialCache {
 public:
  static constexpr std::size_t kMinCapacity = 64 << 10;  // below it a zone's share would not hold a dozen proofs
  // Few, since a zone may take a quarter of one, and the root should fit (denial_shard.h). Only what the other caches
  // do not know is looked up here, so that workers seldom meet at a lock.
  static constexpr std::size_t kShardCapacity = 3 << 20;
  static constexpr std::size_t kMaxShards = 256;
  static constexpr std::size_t kMaxSetOctets = 4096;  // an NSEC with four RSA-4096 signatures takes 2.3 KiB
  static constexpr std::size_t kMaxProofs = 3;        // closest encloser, next closer name, wildcard (RFC 5155)
  // Names hashed for one look-up: a question deeper below an NSEC3 zone's apex is asked on the wire (CVE-2023-50868).
  static constexpr std::size_t kMaxHashes = 10;

  // `capacity` in octets, raised to kMinCapacity. Throws std::bad_alloc.
  explicit DenialCache(std::size_t capacity);
  ~DenialCache();

  // A secure NSEC or NSEC3 set of the zone, signatures and all, for `ttl` seconds (bounded by the caller as RFC 9077
  // says, and by the signature's end). One with the same owner is replaced; an NSEC3 chain with other parameters drives
  // out the former. What cannot be used, or is not worth its place, is left out (is_worth_keeping() in denial_range.h
  // says what); so is what is larger than kMaxSetOctets.
  void put(NameView zone, const RRsetPtr& proof, std::uint32_t ttl, TtlTime now);
  // The zone's secure SOA, without which no negative answer can be made. Kept only while there is a proof of the zone:
  // so put the proofs of a reply first.
  void put_soa(NameView zone, const RRsetPtr& soa, std::uint32_t ttl, TtlTime now);

  struct Gathered {
    Name zone;
    RRsetPtr soa;                  // never null
    std::vector<RRsetPtr> proofs;  // 1..kMaxProofs, live
    std::uint32_t ttl = 0;         // seconds: the least that is left of any of them
  };
  struct Hasher {
    virtual ~Hasher() = default;
    // The NSEC3 hash of a name under these parameters, 20 octets; nothing: refused. `name` as it was asked for, not in
    // canonical form. Called with no lock held.
    virtual std::optional<std::array<Octet, 20>> hash(NameView name, Bytes salt, std::uint16_t iterations) = 0;
  };
  // From the closest zone at or above the name that has an SOA here (above the name, when DS is asked for: RFC 4035
  // section 3.1.4.1): the NSEC that match or cover the name, and those for the wildcard at the closest encloser that
  // they imply; or the NSEC3 for the name, or for its closest encloser, next closer name and wildcard (`hasher`
  // computes them and may refuse, when the client query's budget is spent). Nothing when there is no such zone or no
  // such proof. Whether they prove anything is the caller's to say.
  std::optional<Gathered> gather(NameView name, Type type, TtlTime now, Hasher& hasher) const;

  // Zones at or below the name, and whatever the zones above say of the name or of names below it (all of an NSEC3
  // zone's: hashes do not tell).
  // Returns how many proofs went.
  std::uint64_t remove_below(NameView name);
  void clear();
  // As RRsetCache::generation().
  std::uint64_t generation() const noexcept;
  std::uint64_t octets() const;
  std::uint64_t entries() const;  // proofs

  // For a snapshot: the zones in the next `most` buckets of a shard, and the next `most` live proofs of a zone, its SOA
  // before the first; as RRsetCache::look_at().
  std::size_t shards() const noexcept;
  bool look_at(std::size_t shard, std::size_t& position, std::size_t most, std::vector<Name>& zones) const;
  bool look_at_zone(NameView zone, std::size_t& position, std::size_t most, TtlTime now,
                    std::vector<KeptProof>& kept) const;
  // From a snapshot: a proof, or an SOA for a zone of which there is one. Otherwise as put(), but refused (false) where
  // a live proof of that owner stands, or an SOA; where the zone hashes otherwise by now; when it has ended; where
  // something would have to go for it; and once generation() is not `as_of` any more.
  bool restore(NameView zone, const KeptProof& kept, TtlTime now, std::uint64_t as_of);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vouch
