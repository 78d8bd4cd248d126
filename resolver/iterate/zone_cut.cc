#include "resolver/iterate/zone_cut.h"

namespace vouch {

DelegationPtr delegation_from_hints(const std::vector<RootHint>& hints, std::uint32_t ttl) {
  std::vector<Delegation::Server> servers;
  for (const RootHint& hint : hints) { servers.push_back({hint.name, hint.addresses}); }
  return Delegation::make(NameView(), std::move(servers), ttl);
}

const ConfiguredZone* configured_zone(const std::vector<ConfiguredZone>& zones, NameView name) noexcept {
  const ConfiguredZone* best = nullptr;
  for (const ConfiguredZone& zone : zones) {
    if (name.is_at_or_below(zone.zone) && (best == nullptr || zone.zone.view().labels() > best->zone.view().labels())) {
      best = &zone;
    }
  }
  return best;
}

}  // namespace vouch
