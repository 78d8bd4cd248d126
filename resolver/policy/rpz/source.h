// A policy zone as a source of rules: what the zone says, the operator's overrides, and what is told of it. Immutable
// but for what it counts where it logs; one per generation of a zone, made off the workers' threads and then used by
// all of them.
#pragma once

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
  // A line for a rule that matched; at most one in kLogPeriod, which tells how many were held back, and how often rules
  // with this action have matched since the start.
  void log(const Name& zone, const RpzHit& hit, bool is_disabled, Instant now);

 private:
  static constexpr Duration kLogPeriod = std::chrono::milliseconds(100);  // ten lines a second are read by nobody
  std::mutex mutex_;                                                      // guards what follows
  std::array<std::uint64_t, kRpzActions> matches_{};
  LogLimiter limiter_{kLogPeriod};
};

class RpzSource final : public RuleSource {
 public:
  // `clock` outlives the source. Throws std::bad_alloc.
  RpzSource(RpzZonePtr zone, const RpzZoneOptions& options, std::shared_ptr<RpzHits> hits, const Clock& clock);

  const RpzZone& zone() const noexcept { return *zone_; }

  // "rpz:feed.example": a list's name has no colon, so that the two are never one. As long as a name's text can be.
  std::string_view name() const noexcept override { return name_; }
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
