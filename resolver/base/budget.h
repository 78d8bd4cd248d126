// What one client query may cost, everything that it causes included. It travels by reference through the resolution
// and all its sub-queries and is never reset (CVE-2026-50045 was such a reset). One struct stops NXNSAttack, CAMP,
// NRDelegation, KeyTrap and NSEC3 exhaustion; "spent" is an answer like any other: SERVFAIL with its reason.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "resolver/base/clock.h"

namespace vouch {

class Trace;  // resolver/dnssec/trace.h

class Budget {
 public:
  static constexpr std::uint32_t kUpstreamQueries =
      32;  // peers allow 50 to 200; nothing honest and cold needs more than 20
  static constexpr std::uint32_t kUpstreamOctets = 128 * 1024;
  static constexpr std::uint32_t kAliases = 11;       // CNAME and DNAME steps (BIND's and Unbound's limit)
  static constexpr std::uint32_t kServerLookups = 5;  // server names without glue that are resolved (NXNSAttack)
  static constexpr std::uint32_t kDepth = 6;          // sub-query within sub-query (glueless chains)
  static constexpr std::uint32_t kSteps = 64;         // turns of any resolution loop: referrals and minimised labels
  // Validation (KeyTrap, CVE-2023-50387; NSEC3 encloser attack, CVE-2023-50868). A cold, honest name needs about ten
  // checks: three zones' keys and DS, the data, up to three proofs.
  static constexpr std::uint32_t kSignatureChecks = 32;             // in all
  static constexpr std::uint32_t kSignatureChecksPerResponse = 16;  // BIND's figure
  static constexpr std::uint32_t kFailedChecks = 8;                 // in all; each RRset may fail twice (signature.h)
  static constexpr std::uint32_t kSignatureCost = 12000;   // microseconds by algorithms.h: 18 checks with P-384
  static constexpr std::uint32_t kHashIterations = 600;    // SHA-1 over NSEC3 names (PowerDNS's limit)
  static constexpr std::uint32_t kValidationFetches = 24;  // DS and DNSKEY look-ups: a name 12 cuts deep
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
  // A response, or a cached set, is judged: its own count of checks begins. What was spent in all stays spent.
  void begin_response() noexcept { response_checks_ = 0; }
  // Before a signature is checked; `cost` in microseconds. Running out ends validation alone ("work_limit"), not the
  // look-up of addresses.
  bool take_signature_check(std::uint32_t cost, std::uint8_t algorithm = 0) noexcept {
    const bool have = signature_checks_ < kSignatureChecks && response_checks_ < kSignatureChecksPerResponse &&
                      failed_checks_ < kFailedChecks && signature_cost_ + cost <= kSignatureCost;
    if (!have) {
      validation_spent_ = true;
      return false;
    }
    ++signature_checks_;
    ++response_checks_;
    ++checks_.made[slot_of(algorithm)];
    signature_cost_ += cost;
    return true;
  }
  void note_failed_check(std::uint8_t algorithm = 0) noexcept {
    ++failed_checks_;
    ++checks_.failed[slot_of(algorithm)];
  }
  bool take_hash_iterations(std::uint32_t iterations) noexcept {
    if (hash_iterations_ + iterations > hash_limit_) {
      validation_spent_ = true;
      return false;
    }
    hash_iterations_ += iterations;
    return true;
  }
  // An operator who lets zones hash more lets a query pay for it: a proof takes up to six names.
  void allow_nsec3_iterations(std::uint32_t most) noexcept {
    constexpr std::uint32_t kNamesOfAProof = 6;
    hash_limit_ = std::max(hash_limit_, kNamesOfAProof * (most + 1));
  }
  bool may_fetch_for_validation() noexcept {
    if (validation_fetches_ >= kValidationFetches) { validation_spent_ = true; }
    return validation_fetches_ < kValidationFetches;
  }
  void note_validation_fetch() noexcept { ++validation_fetches_; }  // one that left the cache
  bool is_validation_spent() const noexcept { return validation_spent_; }
  // Checks so far by IANA's algorithm number; 0 stands for those beyond the table.
  struct Checks {
    std::array<std::uint8_t, 17> made{}, failed{};  // none is more than kSignatureChecks
  };
  const Checks& checks() const noexcept { return checks_; }
  std::uint32_t signature_checks() const noexcept { return signature_checks_; }
  std::uint32_t failed_checks() const noexcept { return failed_checks_; }
  std::uint32_t hash_iterations() const noexcept { return hash_iterations_; }
  // This machine had no socket left to ask with. That is nobody's fault but ours: no server and no name is to be
  // remembered for it.
  void note_shortage() noexcept { shortage_ = true; }
  bool had_shortage() const noexcept { return shortage_; }
  // Who writes down what the query does; null, as a rule: nobody. It must outlive the budget.
  void observe(Trace* trace) noexcept { trace_ = trace; }
  Trace* trace() const noexcept { return trace_; }
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
  static constexpr std::size_t slot_of(std::uint8_t algorithm) noexcept {
    return algorithm < std::tuple_size_v<decltype(Checks::made)> ? algorithm : 0;
  }
  Instant deadline_;
  Trace* trace_ = nullptr;
  std::uint64_t upstream_octets_ = 0;
  std::uint32_t upstream_queries_ = 0;
  std::uint32_t aliases_ = 0;
  std::uint32_t server_lookups_ = 0;
  std::uint32_t steps_ = 0;
  std::uint32_t signature_checks_ = 0;
  std::uint32_t response_checks_ = 0;
  std::uint32_t failed_checks_ = 0;
  std::uint32_t signature_cost_ = 0;
  std::uint32_t hash_iterations_ = 0;
  std::uint32_t hash_limit_ = kHashIterations;
  std::uint32_t validation_fetches_ = 0;
  Checks checks_;
  bool validation_spent_ = false;
  bool spent_ = false;
  bool hemmed_in_ = false;
  bool shortage_ = false;
};

}  // namespace vouch
