// What one client query may cost, everything that it causes included. It travels by reference through the resolution
// and all its sub-queries and is never reset (CVE-2026-50045 was such a reset). One struct stops NXNSAttack, CAMP,
// NRDelegation, KeyTrap and NSEC3 exhaustion; "spent" is an answer like any other: SERVFAIL with its reason.
#pragma once

#include <cstdint>

#include "resolver/base/clock.h"

namespace vouch {

class Budget {
 public:
  static constexpr std::uint32_t kUpstreamQueries =
      32;  // peers allow 50 to 200; nothing honest and cold needs more than 20
  static constexpr std::uint32_t kUpstreamOctets = 128 * 1024;
  static constexpr std::uint32_t kAliases = 11;       // CNAME and DNAME steps (BIND's and Unbound's limit)
  static constexpr std::uint32_t kServerLookups = 5;  // server names without glue that are resolved (NXNSAttack)
  static constexpr std::uint32_t kDepth = 6;          // sub-query within sub-query (glueless chains)
  static constexpr std::uint32_t kSteps = 64;         // turns of any resolution loop: referrals and minimised labels
  static constexpr Duration kTime = std::chrono::milliseconds(4800);  // SERVFAIL within 5 s, the way back included

  explicit Budget(Instant start) noexcept : deadline_(start + kTime) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  // Each takes one and says whether there was one to take.
  bool take_upstream_query() noexcept { return take(upstream_queries_, kUpstreamQueries); }
  bool take_alias() noexcept { return take(aliases_, kAliases); }
  bool
  take_server_lookup() noexcept {  // without one more address the others may still serve: this does not end the query
    if (server_lookups_ >= kServerLookups) {
      hemmed_in_ = true;
      return false;
    }
    ++server_lookups_;
    return true;
  }
  bool take_step() noexcept { return take(steps_, kSteps); }
  bool take_upstream_octets(std::size_t octets) noexcept {
    upstream_octets_ += octets;
    if (upstream_octets_ > kUpstreamOctets) { spent_ = true; }
    return upstream_octets_ <= kUpstreamOctets;
  }
  bool may_go_deeper(std::uint32_t depth) noexcept {
    if (depth >= kDepth) { hemmed_in_ = true; }
    return depth < kDepth;
  }
  // This machine had no socket left to ask with. That is nobody's fault but ours: no server and no name is to be
  // remembered for it.
  void note_shortage() noexcept { shortage_ = true; }
  bool had_shortage() const noexcept { return shortage_; }
  Instant deadline() const noexcept { return deadline_; }
  bool is_spent() const noexcept { return spent_; }                     // a limit of the whole query was hit
  bool was_hemmed_in() const noexcept { return spent_ || hemmed_in_; }  // some look-up was not made for want of budget
  std::uint32_t upstream_queries() const noexcept { return upstream_queries_; }

 private:
  bool take(std::uint32_t& used, std::uint32_t limit) noexcept {
    if (used >= limit) {
      spent_ = true;
      return false;
    }
    ++used;
    return true;
  }
  Instant deadline_;
  std::uint64_t upstream_octets_ = 0;
  std::uint32_t upstream_queries_ = 0;
  std::uint32_t aliases_ = 0;
  std::uint32_t server_lookups_ = 0;
  std::uint32_t steps_ = 0;
  bool spent_ = false;
  bool hemmed_in_ = false;
  bool shortage_ = false;
};

}  // namespace vouch
