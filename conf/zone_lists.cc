#include "conf/zone_lists.h"

#include <charconv>
#include <optional>
#include <set>

#include "conf/map_reader.h"

namespace vouch {

namespace {

// Below this many ports a blind attacker's guess becomes cheap: each halving costs a bit of RFC 5452's defence.
constexpr std::uint32_t kLeastPorts = 4096;
constexpr std::uint32_t kLowestPort = 1024;  // below are the ports of services, which only root may use

std::span<const KeySpec<ConfiguredZone>> keys_of(ZoneKind kind) {
  return kind == ZoneKind::stub ? stub_zone_schema() : forward_zone_schema();
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) { return std::nullopt; }
  return port;
}

Name lower_cased(Name name) {
  name.lower_case();
  return name;
}

struct Ports {
  std::uint16_t low = 0;
  std::uint16_t high = 0;
};

// "5353" or "6000-6063".
std::optional<Ports> parse_ports(std::string_view text) {
  const std::size_t hyphen = text.find('-');
  const auto low = parse_port(text.substr(0, hyphen));
  const auto high = hyphen == std::string_view::npos ? low : parse_port(text.substr(hyphen + 1));
  if (!low || !high || *low > *high) { return std::nullopt; }
  return Ports{*low, *high};
}

}  // namespace

void read_zones(ZoneKind kind, const YamlNode& node, std::string_view key, std::vector<ConfiguredZone>& field,
                Problems& problems) {
  const std::vector<YamlNode>* items = list_items(node, key, problems);
  if (items == nullptr) { return; }
  std::vector<ConfiguredZone> zones;
  std::set<std::string> names;
  for (const YamlNode& item : *items) {
    if (item.kind != YamlNode::Kind::map) {
      report(item, key, {"each item must be a map", "write `- {zone: example.org, servers: [192.0.2.1]}`"}, problems);
      continue;
    }
    ConfiguredZone zone;
    const std::size_t before = problems.count();
    MapReader<ConfiguredZone> reader(keys_of(kind), zone, problems);
    reader.read(item);
    reader.require(item);
    if (problems.count() != before) { continue; }
    if (zone.servers.empty()) {
      report(*reader.places().at("servers"), key,
             {"zone " + quoted_value(zone.zone.text()) + " has no server", "name one"}, problems);
    } else if (!names.insert(lower_cased(zone.zone).text()).second) {
      report(item, key, {"zone " + quoted_value(zone.zone.text()) + " is listed twice", "list its servers together"},
             problems);
    } else {
      zones.push_back(std::move(zone));
    }
  }
  field = std::move(zones);
}

std::string show_zones(ZoneKind kind, const std::vector<ConfiguredZone>& zones) {
  std::string out = "[";
  for (const ConfiguredZone& zone : zones) {
    out += out.size() > 1 ? ", {" : "{";
    for (const KeySpec<ConfiguredZone>& key : keys_of(kind)) {
      out += (out.ends_with('{') ? "" : ", ") + std::string(key.path) + ": " + key.show(key, zone);
    }
    out += "}";
  }
  return out + "]";
}

void PortRange::read(const YamlNode& node, std::string_view key, const Shape&, OutgoingOptions& field,
                     Problems& problems) {
  const std::string* text = scalar_text(node, key, problems);
  if (text == nullptr) { return; }
  const auto ports = parse_ports(*text);
  if (!ports || ports->low < kLowestPort || ports->high - ports->low + 1U < kLeastPorts) {
    report(node, key,
           {quoted_value(*text) + " is not a range of at least " + std::to_string(kLeastPorts) + " ports from 1024 on",
            "write `1024-65535`: the more ports, the harder an answer is to forge"},
           problems);
    return;
  }
  field.port_low = ports->low;
  field.port_high = ports->high;
}

std::string PortRange::show(const OutgoingOptions& field, const Shape&) {
  return std::to_string(field.port_low) + "-" + std::to_string(field.port_high);
}

void AvoidPorts::read(const YamlNode& node, std::string_view key, const Shape&, std::vector<std::uint16_t>& field,
                      Problems& problems) {
  const std::vector<YamlNode>* items = list_items(node, key, problems);
  if (items == nullptr) { return; }
  std::vector<bool> avoided(65536);  // a set of ports, so that overlapping ranges count once
  for (const YamlNode& item : *items) {
    const std::string* text = scalar_text(item, key, problems);
    if (text == nullptr) { continue; }
    const auto ports = parse_ports(*text);
    if (!ports) {
      report(item, key,
             {"not a port or a range of ports: " + quoted_value(*text), "write it like `5353` or `6000-6063`"},
             problems);
      continue;
    }
    for (std::uint32_t port = ports->low; port <= ports->high; ++port) { avoided[port] = true; }
  }
  field.clear();
  for (std::uint32_t port = 0; port < avoided.size(); ++port) {
    if (avoided[port]) { field.push_back(static_cast<std::uint16_t>(port)); }
  }
}

std::string AvoidPorts::show(const std::vector<std::uint16_t>& field, const Shape&) {
  std::string out = "[";
  for (std::size_t i = 0; i < field.size();) {
    std::size_t last = i;
    while (last + 1 < field.size() && field[last + 1] == field[last] + 1) { ++last; }
    out += (out.size() > 1 ? ", " : "") + std::to_string(field[i]);
    if (last > i) { out += "-" + std::to_string(field[last]); }
    i = last + 1;
  }
  return out + "]";
}

}  // namespace vouch
