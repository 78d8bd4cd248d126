// The one table of configuration keys: path, kind, default, range, unit and meaning. It drives reading, the search for
// the nearest key, and the documentation: conf/vouch.yaml is this table written out (conf/document.h), and a test keeps
// it so.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "conf/configuration.h"
#include "conf/problems.h"
#include "conf/values.h"
#include "conf/yaml_tree.h"

namespace vouch {

template <typename Target>
struct KeySpec {
  std::string_view path;      // "cache.serve_stale.enabled"
  std::string_view standard;  // the default, as YAML
  std::string_view meaning;   // whole sentences, for the operator; why this default where it is not plain
  Shape shape = {};
  bool required = false;  // items of lists only: everything else has a default
  void (*read)(const KeySpec& self, const YamlNode& node, Target& target, Problems& problems) = nullptr;
  std::string (*show)(const KeySpec& self, const Target& target) = nullptr;  // as YAML
  std::string (*describe)(const Shape& shape) = nullptr;                     // what may be written
};

struct SectionSpec {
  std::string_view path;
  std::string_view meaning;
};

std::span<const KeySpec<Configuration>> schema();
std::span<const SectionSpec> sections();
// The keys of one item of resolver.stub_zones and of forward.zones.
std::span<const KeySpec<ConfiguredZone>> stub_zone_schema();
std::span<const KeySpec<ConfiguredZone>> forward_zone_schema();
// Of local_data.zones, of policy.lists and of policy.views.
std::span<const KeySpec<LocalZoneOptions>> local_zone_schema();
std::span<const KeySpec<PolicyListOptions>> policy_list_schema();
std::span<const KeySpec<ViewOptions>> view_schema();
// And of dnssec.negative_trust_anchors, where an item is a map.
std::span<const KeySpec<NegativeAnchor>> negative_anchor_schema();
// Of an item of policy.rpz.
std::span<const KeySpec<RpzZoneOptions>> rpz_zone_schema();

}  // namespace vouch
