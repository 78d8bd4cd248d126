// What the RRset cache keeps in a slot: 24 octets, and the RRset itself. Nine entries in ten are plain positive data,
// whose key is the RRset's own owner name; the others (negative answers, answers with proofs) have a box on the heap
// for the rest.
#pragma once

#include <cstdint>
#include <utility>

#include "resolver/cache/rrset_cache.h"

namespace vouch {

// One word that owns either a count on an RRset or a box. The lowest bit says which.
class RRsetPayload {
 public:
  explicit RRsetPayload(RRsetPtr rrset) noexcept;               // not null
  RRsetPayload(RRsetPtr rrset, ProofsPtr proofs);               // positive data with proofs
  RRsetPayload(NameView name, RRsetPtr soa, ProofsPtr proofs);  // a negative answer; both may be null
  RRsetPayload(RRsetPayload&& other) noexcept : word_(std::exchange(other.word_, 0)) {}
  RRsetPayload& operator=(RRsetPayload&&) = delete;
  ~RRsetPayload();

  NameView name() const noexcept;
  const RRset* rrset() const noexcept;       // null: a negative answer without an SOA
  const ProofList* proofs() const noexcept;  // mostly null
  std::size_t memory() const noexcept;

 private:
  struct Box;
  bool is_box() const noexcept { return (word_ & 1) != 0; }
  const Box& box() const noexcept { return *reinterpret_cast<const Box*>(word_ - 1); }
  const RRset& plain() const noexcept { return *reinterpret_cast<const RRset*>(word_); }
  std::uintptr_t word_;
};

struct RRsetRecord {
  static constexpr std::size_t kSmallestMemory =
      64;  // an RRset's header, a short name, one address, the allocator's header

  RRsetPayload payload;
  TtlTime expires = 0;
  static constexpr std::uint32_t kMaxTtl = (1U << 25U) - 1;  // seconds; a year: the operator's bound is a week
  std::uint32_t ttl : 25 = 0;                                // as stored: what is left is never more
  std::uint32_t fault_labels : 7 = 0;                        // Flaw::zone_labels
  Type type = Type::none;                                    // none: a name error
  EntryKind kind : 2 = EntryKind::rrset;
  Credibility credibility : 2 = Credibility::answer_authoritative;
  Security security : 4 = Security::unchecked;
  Reason reason = Reason::none;

  std::size_t memory() const noexcept { return payload.memory(); }
  // Seconds left, negative or 0 when expired. A clock that was set back must not lengthen a life: the record then
  // starts again from the new time with its own TTL (and `expires` is moved, so that it runs out from there).
  std::int64_t left(TtlTime now) noexcept {
    if (expires - now > ttl) { expires = now + ttl; }
    return expires - now;
  }
  CacheEntry entry(std::int64_t seconds_left) const;
};
static_assert(sizeof(RRsetRecord) == 24);

}  // namespace vouch
