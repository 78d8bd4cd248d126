// A part of the store of proofs (denial_cache.h) under one lock: zones by name, in a queue for SIEVE, bounded by
// octets.
//
// Invariants. `octets` - the buckets, this object, and each zone with all it holds, an eighth added for the holes that
// the allocator leaves (SieveTable::charge) - never passes the budget, and no zone passes its share of it. A zone in
// here has at least one proof once the lock is gone. Whoever changes a zone does it through change(), which keeps the
// figures right.
#pragma once

#include <mutex>

#include "resolver/cache/denial_zone.h"

namespace vouch {

class DenialShard {
 public:
  // What a zone may take of a shard: a quarter, so that one that is asked many random names (each brings a range)
  // leaves room for others, and with shards of 3 MiB the root, which serves everybody, keeps its whole chain (1,450
  // NSEC of 450 octets, all counted: 0.65 MiB).
  static constexpr std::size_t kZoneShare = 4;
  static constexpr std::size_t kMaxPardons = 64;  // zones passed over for one eviction

  explicit DenialShard(std::size_t budget);  // octets; throws std::bad_alloc
  DenialShard(const DenialShard&) = delete;
  DenialShard& operator=(const DenialShard&) = delete;
  ~DenialShard();

  // The shard, locked. Short-lived, on the stack; never two at once in a thread. What leaves in bulk is freed after the
  // unlocking.
  class Access {
   public:
    explicit Access(DenialShard& shard) noexcept : shard_(shard) { shard_.mutex_.lock(); }
    Access(const Access&) = delete;
    Access& operator=(const Access&) = delete;
    ~Access();

    DenialZone* find(NameView apex, std::uint64_t hash) const noexcept;
    // `work(zone)` may change anything in it.
    template <typename Work>
    void change(DenialZone& zone, const Work& work) {
      const Tally tally(shard_, zone);
      work(zone);
    }
    // The same for one that may have lost its last proof; it goes then (and the pointer to it).
    template <typename Work>
    void change_or_remove(DenialZone& zone, const Work& work) {
      change(zone, work);
      if (zone.proofs() == 0) { remove(zone); }
    }
    // Puts a proof that is_worth_keeping() into its zone, which is made if need be; evicts what is needed. False when
    // it cannot be had even so.
    bool put(NameView apex, std::uint64_t hash, DenialEntry entry);
    bool put_soa(NameView apex, std::uint64_t hash, DenialEntry entry);  // false too when the zone is not here
    // The same for what is older than all that stands here (DenialCache::restore()): nothing is replaced or evicted.
    bool restore(NameView apex, std::uint64_t hash, DenialEntry entry, TtlTime now);
    bool restore_soa(NameView apex, std::uint64_t hash, DenialEntry entry);
    // The apexes in the next `most` buckets; false when these were the last.
    bool look_at(std::size_t& position, std::size_t most, std::vector<Name>& zones) const;
    void remove(DenialZone& zone) noexcept;
    // Each zone: `work(zone)` as for change_or_remove(), and the zone goes when it returns true.
    template <typename Work>
    void for_each(const Work& work) {
      for (DenialZone* zone = shard_.oldest_; zone != nullptr;) {
        DenialZone* const next = zone->newer;
        bool goes = false;
        change(*zone, [&](DenialZone& at) { goes = work(at); });
        if (goes || zone->proofs() == 0) { remove(*zone); }
        zone = next;
      }
    }
    // Keeps ranges until the lock is gone.
    void free_later(DenialRanges& ranges) noexcept { leaving_ranges_.swap(ranges); }
    std::size_t octets() const noexcept { return shard_.octets_; }
    std::size_t proofs() const noexcept { return shard_.proofs_; }
    // Whether the zone (null: one to be made) may take so many octets more, by its share and by the shard's budget.
    bool fits_share(const DenialZone* zone, std::size_t more) const noexcept {
      return charge(memory_of(zone) + more) <= shard_.budget_ / kZoneShare;
    }
    bool fits(const DenialZone* zone, std::size_t more) const noexcept {
      const std::size_t held = memory_of(zone);
      return shard_.octets_ - charge(held) + charge(held + more) <= shard_.budget_;
    }

   private:
    static std::size_t memory_of(const DenialZone* zone) noexcept { return zone == nullptr ? 0 : zone->memory(); }
    DenialZone*& bucket(std::uint64_t hash) const noexcept;
    bool make_room(NameView apex, std::uint64_t hash, const DenialEntry& entry);
    void evict() noexcept;
    void drop_one(DenialZone& zone) noexcept;  // one of its proofs, and itself with the last
    DenialZone& add(NameView apex, std::uint64_t hash);

    // Settles what a change has made of the figures, also when it ends in std::bad_alloc.
    class Tally {
     public:
      Tally(DenialShard& shard, const DenialZone& zone) noexcept
          : shard_(shard), zone_(zone), octets_(charge(zone.memory())), proofs_(zone.proofs()) {}
      Tally(const Tally&) = delete;
      Tally& operator=(const Tally&) = delete;
      ~Tally() {
        shard_.octets_ += charge(zone_.memory()) - octets_;
        shard_.proofs_ += zone_.proofs() - proofs_;
      }

     private:
      DenialShard& shard_;
      const DenialZone& zone_;
      const std::size_t octets_, proofs_;
    };

    DenialShard& shard_;
    DenialRanges leaving_ranges_;
    DenialZone* leaving_zones_ = nullptr;
  };

  static constexpr std::size_t charge(std::size_t octets) noexcept { return octets + octets / 8; }

 private:
  std::mutex mutex_;
  const std::size_t budget_;
  const std::size_t bucket_count_;  // a power of two
  std::unique_ptr<DenialZone*[]> buckets_;
  DenialZone *oldest_ = nullptr, *newest_ = nullptr, *hand_ = nullptr;
  std::size_t octets_;
  std::size_t proofs_ = 0;
};

}  // namespace vouch
