#include "conf/rpz_zones.h"

#include <set>

#include "conf/map_reader.h"

namespace vouch {

namespace {

// What belongs together. False: something was told.
bool check_zone(const RpzZoneOptions& zone, const YamlNode& item, const KeyPlaces& places, std::string_view key,
                Problems& problems) {
  const auto place = [&](std::string_view name) -> const YamlNode& {
    const auto found = places.find(name);
    return found == places.end() ? item : *found->second;
  };
  const std::string named = "zone " + quoted_value(zone.zone.text());
  if (zone.file.empty() == zone.primaries.empty()) {
    report(item, key,
           {named + (zone.file.empty() ? " has neither file nor primaries" : " has both file and primaries"),
            "write one of the two: where it comes from"},
           problems);
    return false;
  }
  if (zone.tsig_secret_file.empty() != zone.tsig_key.view().is_root()) {
    report(item, key, {named + " has one of tsig_key and tsig_secret_file", "a key needs both"}, problems);
    return false;
  }
  const bool has_target = places.contains("target");
  if (zone.zone.view().is_root()) {
    report(place("zone"), key, {"the root is no policy zone", "name the zone that the rules lie in"}, problems);
    return false;
  }
  if (zone.action == RpzOverride::cname && !has_target) {
    report(place("action"), key, {named + " has action cname and no target", "write `target: garden.example`"},
           problems);
    return false;
  }
  if (zone.action != RpzOverride::cname && has_target) {
    report(place("target"), key,
           {named + " has a target that nothing leads to", "write `action: cname`, or leave the target out"}, problems);
    return false;
  }
  return true;
}

}  // namespace

void RpzZones::read(const YamlNode& node, std::string_view key, const Shape&, std::vector<RpzZoneOptions>& field,
                    Problems& problems) {
  const std::vector<YamlNode>* items = list_items(node, key, problems);
  if (items == nullptr) { return; }
  std::vector<RpzZoneOptions> zones;
  std::set<std::string> names;
  for (const YamlNode& item : *items) {
    if (item.kind != YamlNode::Kind::map) {
      report(item, key, {"each item must be a map", "write `- {zone: rpz.example, file: rpz.zone}`"}, problems);
      continue;
    }
    RpzZoneOptions zone;
    const std::size_t before = problems.count();
    MapReader<RpzZoneOptions> reader(rpz_zone_schema(), zone, problems);
    reader.read(item);
    reader.require(item);
    if (problems.count() != before || !check_zone(zone, item, reader.places(), key, problems)) { continue; }
    Name lower = zone.zone;
    lower.lower_case();
    if (!names.insert(lower.text()).second) {
      report(item, key, {"zone " + quoted_value(zone.zone.text()) + " is listed twice", "leave one out"}, problems);
      continue;
    }
    zones.push_back(std::move(zone));
  }
  if (zones.size() > kMaxRpzZones) {
    report(node, key, {"more than " + std::to_string(kMaxRpzZones) + " policy zones", "join some of them"}, problems);
    return;
  }
  field = std::move(zones);
}

std::string RpzZones::show(const std::vector<RpzZoneOptions>& field, const Shape&) {
  std::string out = "[";
  for (const RpzZoneOptions& zone : field) {
    out += out.size() > 1 ? ", {" : "{";
    for (const KeySpec<RpzZoneOptions>& key : rpz_zone_schema()) {
      const bool is_without_target = zone.action != RpzOverride::cname;
      if (key.path == "target" && is_without_target) { continue; }  // it would be refused
      out += (out.ends_with('{') ? "" : ", ") + std::string(key.path) + ": " + key.show(key, zone);
    }
    out += "}";
  }
  return out + "]";
}

namespace {

constexpr std::array<Ede, 3> kErrors{Ede::blocked, Ede::censored, Ede::filtered};

}  // namespace

void PolicyError::read(const YamlNode& node, std::string_view key, const Shape& shape, std::optional<Ede>& field,
                       Problems& problems) {
  std::size_t index = 0;
  const std::size_t before = problems.count();
  Choice::read(node, key, shape, index, problems);
  if (problems.count() != before) { return; }
  field = index < kErrors.size() ? std::optional(kErrors[index]) : std::nullopt;
}

std::string PolicyError::show(const std::optional<Ede>& field, const Shape& shape) {
  std::size_t index = kErrors.size();
  for (std::size_t i = 0; i < kErrors.size(); ++i) {
    if (field == kErrors[i]) { index = i; }
  }
  return Choice::show(index, shape);
}

}  // namespace vouch
