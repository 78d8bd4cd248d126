#include "resolver/daemon/policy_of.h"

namespace vouch {

std::expected<PolicyPtr, std::string> policy_of(const Configuration& configuration, PolicyLists& lists) {
  PolicyOptions options = configuration.policy;
  // Servers of the operator's own may say what they like of their names.
  for (const auto zones : {&ResolverOptions::stub_zones, &ResolverOptions::forward_zones}) {
    for (const ConfiguredZone& zone : configuration.resolver.*zones) {
      if (!zone.zone.view().is_root()) { options.rebinding.allowed.push_back(zone.zone); }
    }
  }
  std::vector<Policy::Source> sources = lists.sources(options);
  if (options.empty() && sources.empty()) { return nullptr; }
  return Policy::build(options, std::move(sources));
}

}  // namespace vouch
