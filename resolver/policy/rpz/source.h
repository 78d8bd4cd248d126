// A policy zone as a source of rules: what the zone says, the operator's overrides, and what is told of it. Immutable
// but for its counters; one per generation of a zone, made off the workers' threads and then used by all of them.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "resolver/base/log.h"
#include "resolver/policy/rpz/rpz_options.h"
#include "resolver/policy/rpz/zone.h"
#include "resolver/policy/ruling.h"

namespace vouch {

// Of one configured zone, for as long as the process lives. Thread-safe.
class RpzHits {
 public:
  // How often a rule would have acted that is only logged (RpzOverride::disabled).
  void would(RpzAction action) noexcept { would_[static_cast<std::size_t>(action)].fetch_add(1, kRelaxed); }
  std::uint64_t would_have(RpzAction action) const noexcept {
    return would_[static_cast<std::size_t>(action)].load(kRelaxed);
  }
  // A line for a rule that matched; at most one in kLogPeriod, which tells how many were held back.
  void log(const Name& zone, const RpzHit& hit, bool is_disabled, Instant now);

 private:
  static constexpr Duration kLogPeriod = std::chrono::milliseconds(100);  // ten lines a second are read by nobody
  static constexpr auto kRelaxed = std::memory_order_relaxed;
  std::array<std::atomic<std::uint64_t>, kRpzActions> would_{};
  std::mutex mutex_;  // guards limiter_
  LogLimiter limiter_{kLogPeriod};
};

class RpzSource final : public RuleSource {
 public:
  // `clock` outlives the source. An error when the operator's target does not make a CNAME record.
  RpzSource(RpzZonePtr zone, const RpzZoneOptions& options, std::shared_ptr<RpzHits> hits, const Clock& clock);

  const RpzZone& zone() const noexcept { return *zone_; }

  std::string_view name() const noexcept override { return name_; }  // "rpz.example"
  PolicyPoints points() const noexcept override { return points_; }
  std::optional<Ruling> at_client(const IpAddress& client) const noexcept override;
  std::optional<Ruling> at_query_name(const HashedName& name) const noexcept override;
  std::optional<Ruling> at_answer_addresses(std::span<const IpAddress> addresses) const noexcept override;
  std::optional<Ruling> at_server_names(std::span<const NameView> names) const noexcept override;
  std::optional<Ruling> at_server_addresses(std::span<const IpAddress> addresses) const noexcept override;

 private:
  std::optional<Ruling> ruling_of(const std::optional<RpzHit>& hit) const noexcept;

  const RpzZonePtr zone_;
  const RpzZoneOptions options_;
  const std::shared_ptr<RpzHits> hits_;
  const Clock& clock_;
  const std::string name_;
  PolicyPoints points_;
  RpzData override_;          // of RpzOverride::cname
  RRsetPtr soa_;              // for the additional section; null: it is not shown
  std::uint32_t denied_ttl_;  // seconds that a client may remember that there is nothing
};

}  // namespace vouch
