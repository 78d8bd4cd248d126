#include "resolver/policy/rpz/source.h"

#include <algorithm>

namespace vouch {

namespace {

std::string name_of(const RpzZoneOptions& options) {
  Name lower = options.zone;
  lower.lower_case();
  std::string name = "rpz:" + lower.text();
  name.pop_back();  // the final dot; a policy zone is never the root
  return name;
}

PolicyPoint point_of(RpzTrigger trigger) noexcept {
  switch (trigger) {
    case RpzTrigger::client_ip:
      return PolicyPoint::client;
    case RpzTrigger::qname:
      return PolicyPoint::query_name;
    case RpzTrigger::response_ip:
      return PolicyPoint::answer_address;
    case RpzTrigger::nsdname:
      return PolicyPoint::server_name;
    case RpzTrigger::nsip:
      break;
  }
  return PolicyPoint::server_address;
}

PolicyAction action_of(RpzAction action) noexcept {
  switch (action) {
    case RpzAction::nxdomain:
      return PolicyAction::name_error;
    case RpzAction::nodata:
      return PolicyAction::no_data;
    case RpzAction::passthru:
      return PolicyAction::pass_on;
    case RpzAction::drop:
      return PolicyAction::drop;
    case RpzAction::tcp_only:
      return PolicyAction::truncate;
    case RpzAction::data:
      break;
  }
  return PolicyAction::local_data;
}

RpzAction overridden(RpzAction given, RpzOverride by) noexcept {
  switch (by) {
    case RpzOverride::given:
    case RpzOverride::disabled:
      return given;
    case RpzOverride::passthru:
      return RpzAction::passthru;
    case RpzOverride::drop:
      return RpzAction::drop;
    case RpzOverride::nxdomain:
      return RpzAction::nxdomain;
    case RpzOverride::nodata:
      return RpzAction::nodata;
    case RpzOverride::tcp_only:
      return RpzAction::tcp_only;
    case RpzOverride::cname:
      break;
  }
  return RpzAction::data;
}

}  // namespace

void RpzHits::log(const Name& zone, const RpzHit& hit, bool is_disabled, Instant now) {
  std::optional<std::uint64_t> held_back;
  std::uint64_t matches = 0;
  {
    const std::lock_guard lock(mutex_);
    matches = ++matches_[static_cast<std::size_t>(hit.action)];
    held_back = limiter_.allow(now);
  }
  if (!held_back) { return; }
  vouch::log(LogLevel::notice, "rpz_rule",
             {{"zone", zone.text()},
              {"rule", hit.text()},
              {"trigger", rpz_trigger_id(hit.trigger)},
              {"action", rpz_action_id(hit.action)},
              {"disabled", is_disabled},
              {"matches", matches},
              {"held_back", *held_back}});
}

RpzSource::RpzSource(RpzZonePtr zone, const RpzZoneOptions& options, std::shared_ptr<RpzHits> hits, const Clock& clock)
    : zone_(std::move(zone)), options_(options), hits_(std::move(hits)), clock_(clock), name_(name_of(options)) {
  for (std::size_t i = 0; i < kRpzTriggers; ++i) {
    const auto trigger = static_cast<RpzTrigger>(i);
    if (zone_->has(trigger)) { points_.add(point_of(trigger)); }
  }
  if (options_.action == RpzOverride::cname) {
    const Bytes target[] = {options_.target.view().octets()};
    override_.sets.push_back(RRset::make(NameView(), Type::CNAME, options_.max_ttl, target));
  }
  // RFC 2308 section 5 has the lesser of the two for how long the zone's word that there is nothing counts.
  const RRset& soa = zone_->soa();
  denied_ttl_ = std::min({soa.ttl(), soa_view(soa.first_rdata()).minimum, options_.max_ttl});
  if (options_.include_soa) { soa_ = soa.with_ttl(denied_ttl_); }
}

std::optional<Ruling> RpzSource::ruling_of(const std::optional<RpzHit>& hit) const noexcept {
  if (!hit) { return std::nullopt; }
  const bool is_disabled = options_.action == RpzOverride::disabled;
  if (options_.log) {
    try {
      hits_->log(options_.zone, *hit, is_disabled, clock_.monotonic());
    } catch (...) {  // out of memory: the line is lost, the rule is not
    }
  }
  if (is_disabled) { return std::nullopt; }
  const RpzAction action = overridden(hit->action, options_.action);
  Ruling ruling;
  ruling.action = action_of(action);
  ruling.rule = hit->name;
  ruling.ttl = denied_ttl_;
  ruling.max_data_ttl = options_.max_ttl;
  if (action == RpzAction::passthru) { return ruling; }
  ruling.additional = soa_.get();
  if (action != RpzAction::data) {
    ruling.ede = options_.error;
    return ruling;
  }
  const RpzData& data = options_.action == RpzOverride::cname ? override_ : *hit->data;
  ruling.data = data.sets;
  if (options_.error) { ruling.ede = Ede::forged_answer; }
  return ruling;
}

std::optional<Ruling> RpzSource::at_client(const IpAddress& client) const noexcept {
  return ruling_of(zone_->find_client(client));
}
std::optional<Ruling> RpzSource::at_query_name(const HashedName& name) const noexcept {
  return ruling_of(zone_->find_name(name));
}
std::optional<Ruling> RpzSource::at_answer_addresses(std::span<const IpAddress> addresses) const noexcept {
  return ruling_of(zone_->find_addresses(RpzTrigger::response_ip, addresses));
}
std::optional<Ruling> RpzSource::at_server_names(std::span<const NameView> names) const noexcept {
  return ruling_of(zone_->find_servers(names));
}
std::optional<Ruling> RpzSource::at_server_addresses(std::span<const IpAddress> addresses) const noexcept {
  return ruling_of(zone_->find_addresses(RpzTrigger::nsip, addresses));
}

}  // namespace vouch
