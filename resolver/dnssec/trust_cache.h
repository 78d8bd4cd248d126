// What validation knows of zones: their verified keys, or why nothing below them is secure. The fruit of the walk down
// from a trust anchor, so that it is not walked for every name. Shared by all workers; every member may be called from
// any thread. Bounded by octets.
#pragma once

#include <atomic>
#include <memory>

#include "resolver/base/clock.h"
#include "resolver/dnssec/key_set.h"
#include "resolver/wire/verdict.h"

namespace vouch {

struct ZoneTrust {
  Name zone;        // an apex, or the delegation from which on there is no security
  Verdict verdict;  // of the zone: secure with its keys, insecure, bogus, or indeterminate
  KeySetPtr keys;   // null unless secure
};
using ZoneTrustPtr = std::shared_ptr<const ZoneTrust>;

class TrustCache {
 public:
  // How long a zone that failed stays failed, in seconds: doubling from the first to the last while it goes on failing
  // (RFC 9520 section 3.2's bounds). Long enough to spare its servers, short enough that a mended zone comes back.
  static constexpr std::uint32_t kFirstHold = 5;
  static constexpr std::uint32_t kLastHold = 300;
  static constexpr std::uint32_t kMaxTtl = 86400;  // keys are looked at again once a day, whatever TTL they have

  explicit TrustCache(std::size_t capacity);  // octets
  ~TrustCache();

  ZoneTrustPtr find(NameView zone, TtlTime now) const;  // null: not known
  // The live entry closest above or at the name.
  ZoneTrustPtr closest_above(NameView name, TtlTime now) const;
  void put(ZoneTrustPtr trust, std::uint32_t ttl, TtlTime now);  // seconds; for a bogus one the hold is used instead
  // When, by the wall clock, the root's keys were last found good: whether the clock can be believed (chain.cc).
  void note_root_validated(UnixTime now) noexcept { root_validated_.store(now, std::memory_order_relaxed); }
  UnixTime root_validated() const noexcept { return root_validated_.load(std::memory_order_relaxed); }  // 0: never yet
  bool has_root_validated_near(UnixTime now) const noexcept {
    constexpr UnixTime kNear = 30 * 86400;  // longer than any signature of the root's keys lasts
    const UnixTime then = root_validated_.load(std::memory_order_relaxed);
    return then != 0 && now >= then && now - then <= kNear;
  }
  // Each returns how many went.
  std::uint64_t remove(NameView zone);
  std::uint64_t remove_below(NameView zone);
  std::uint64_t remove_bogus();  // zones that failed
  void clear();
  std::uint64_t octets() const;
  std::uint64_t entries() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::atomic<UnixTime> root_validated_{0};
};

}  // namespace vouch
