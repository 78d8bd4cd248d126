#include "resolver/daemon/policy_of.h"

#include <algorithm>
#include <utility>

namespace vouch {

std::expected<PolicyPtr, std::string> policy_of(const Configuration& configuration, PolicyLists& lists,
                                                const RpzStore& zones) {
  PolicyOptions options = configuration.policy;
  // Servers of the operator's own may say what they like of their names.
  for (const auto own : {&ResolverOptions::stub_zones, &ResolverOptions::forward_zones}) {
    for (const ConfiguredZone& zone : configuration.resolver.*own) {
      if (!zone.zone.view().is_root()) { options.rebinding.allowed.push_back(zone.zone); }
    }
  }
  std::vector<Policy::Source> sources = lists.sources(options);
  for (auto& source : zones.sources(configuration.rpz)) {
    const std::uint8_t counter = lists.counter_of(source->name());
    sources.push_back({.rules = std::move(source), .everyone = true, .counter = counter, .is_list = false});
  }
  if (options.empty() && sources.empty()) { return nullptr; }
  return Policy::build(options, std::move(sources));
}

void prepare_caches_for(const PolicyPtr& policy, Caches& caches) {
  const bool looks_at_servers =
      policy != nullptr && std::ranges::any_of(policy->views(), [](const PolicyView& view) {
        return view.points.has(PolicyPoint::server_name) || view.points.has(PolicyPoint::server_address);
      });
  const bool did = caches.keeps_answers_within_delegations.exchange(looks_at_servers);
  if (looks_at_servers && !did) { caches.rrsets.clear(); }
}

}  // namespace vouch
