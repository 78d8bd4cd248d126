// One zone's part of the store of proofs (denial_cache.h): its SOA and its ranges, in canonical order. Not locked: the
// store does that.
#pragma once

#include <memory>
#include <vector>

#include "resolver/base/clock.h"
#include "resolver/cache/denial_range.h"

namespace vouch {

// An RRset and its end.
struct DenialEntry {
  RRsetPtr rrset;
  TtlTime expires = 0;
  std::uint32_t ttl = 0;  // as stored: what is left is never more
  bool visited = false;   // has served since the hand last passed

  std::int64_t left(TtlTime now) noexcept {
    if (expires - now > ttl) { expires = now + ttl; }  // the clock was set back: nothing lives longer for that
    return expires - now;
  }
};

// NSEC or NSEC3 sets by owner. Canonical order of the owners is the order of the ranges for both: base32hex keeps the
// order of the hashes (RFC 5155 section 1.3). An array: a set found by halving, put in by moving 24 octets for each one
// behind it (microseconds for the thousands that a zone may have), at a sixth of what a tree would take.
class DenialRanges {
 public:
  static constexpr std::size_t kMaxExpiredMet = 8;  // dropped on one look-up: it stays short, the rest waits

  // The live set whose owner is at or before the name, the last one for a name before all (NSEC3's hashes go around;
  // an NSEC's cannot: its apex is the first). Those met that have expired go away. Null when there is none, or too many
  // were expired. Valid until the next change.
  DenialEntry* at_or_before(NameView name, TtlTime now) noexcept;

  // Room for one more, so that insert() allocates nothing: octets it would allocate now (while it copies, old and new
  // both stand), and the doing. Throws std::bad_alloc, changing nothing.
  std::size_t growth() const noexcept;
  void grow();
  void insert(DenialEntry entry) noexcept;  // after grow(); no set of this owner is there
  std::optional<DenialEntry> take(NameView owner) noexcept;
  // CLOCK, nearly (what comes or goes behind the hand moves it by one): it goes through the owners in order, pardons
  // those that have served since it passed, takes the first that has not. Not empty.
  void evict() noexcept;
  // Takes out the sets whose owners are at or below the name, and the one that covers it.
  void remove_below(NameView name) noexcept;

  bool empty() const noexcept { return entries_.empty(); }
  const DenialEntry& at(std::size_t index) const noexcept { return entries_[index]; }  // in order of the owners
  std::size_t count() const noexcept { return entries_.size(); }
  std::size_t memory() const noexcept;
  void swap(DenialRanges& other) noexcept;

 private:
  using Place = std::vector<DenialEntry>::iterator;
  void erase(Place place) noexcept;
  Place first_after(NameView name) noexcept;

  std::vector<DenialEntry> entries_;
  std::size_t held_ = 0;  // octets of the sets
  std::size_t hand_ = 0;
};

// How a zone hashes (RFC 5155 section 5).
struct Nsec3Parameters {
  std::uint16_t iterations = 0;
  std::uint8_t salt_size = 0;
  std::array<Octet, 255> salt_octets{};

  explicit Nsec3Parameters(const Nsec3Range& range) noexcept;
  Bytes salt() const noexcept { return {salt_octets.data(), salt_size}; }
  bool operator==(const Nsec3Parameters& other) const noexcept;
};

class DenialZone {
 public:
  DenialZone(NameView apex, std::uint64_t apex_hash);

  NameView apex() const noexcept { return NameView::trusted(apex_.get(), apex_length_, apex_labels_); }
  std::size_t proofs() const noexcept { return nsec.count() + nsec3.count(); }
  std::size_t memory() const noexcept;  // octets in all, itself included
  // At least what making one for this apex takes.
  static std::size_t memory_for(NameView apex) noexcept;
  // The one of more proofs loses one. Not empty.
  void evict() noexcept { (nsec.count() > nsec3.count() ? nsec : nsec3).evict(); }

  DenialEntry soa;  // null: none
  DenialRanges nsec, nsec3;
  std::unique_ptr<Nsec3Parameters> parameters;  // of nsec3; null while there never was one

  // The store's.
  const std::uint64_t hash;
  bool visited = false;
  DenialZone* chained = nullptr;  // next in its bucket
  DenialZone* older = nullptr;    // neighbours in the queue
  DenialZone* newer = nullptr;

 private:
  std::unique_ptr<Octet[]> apex_;
  std::uint8_t apex_length_, apex_labels_;
};

// Octets that the allocator takes for a request, at most.
std::size_t most_heap_octets(std::size_t request) noexcept;

}  // namespace vouch
