#include "conf/zone_lists.h"

#include <algorithm>
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

// What a certificate can name: a host or an address.
bool is_certificate_name(const std::string& text) {
  if (IpAddress::parse(text)) { return true; }
  const auto is_of_hosts = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  return std::ranges::all_of(text, is_of_hosts) && Name::parse(text) && !Name::parse(text)->view().is_root();
}

// What belongs together in a zone that is asked over TLS. False: something was told.
bool check_tls(const ConfiguredZone& zone, const YamlNode& item, const KeyPlaces& places, std::string_view key,
               Problems& problems) {
  const auto place = [&](std::string_view name) -> const YamlNode& {
    const auto found = places.find(name);
    return found == places.end() ? item : *found->second;
  };
  const std::string named = "zone " + quoted_value(zone.zone.text());
  const bool has_peer = !zone.tls_name.empty() || !zone.tls_pins.empty();
  if (!zone.tls && has_peer) {
    report(place(zone.tls_name.empty() ? "tls_pins" : "tls_name"), key,
           {named + " names whom to expect over TLS, but tls is not true", "write `tls: true`, or leave it out"},
           problems);
    return false;
  }
  if (zone.tls && !has_peer) {
    report(place("tls"), key,
           {named + " has tls, and neither tls_name nor tls_pins: anybody on the way could answer",
            "write `tls_name:` and the name in the resolver's certificate"},
           problems);
    return false;
  }
  if (zone.tls && zone.first) {
    report(place("first"), key,
           {named + " has tls and first: when its resolvers fail, its names would go out in clear text",
            "leave out `first`, or ask without tls"},
           problems);
    return false;
  }
  if (!zone.tls_name.empty() && !is_certificate_name(zone.tls_name)) {
    report(
        place("tls_name"), key,
        {quoted_value(zone.tls_name) + " is no name that a certificate could have", "write it like `dns.example.net`"},
        problems);
    return false;
  }
  return true;
}

// Servers were read before it was known whether they are asked over TLS.
void use_tls_port(ConfiguredZone& zone, const YamlNode& servers) {
  constexpr std::uint16_t kTlsPort = 853;  // RFC 7858 section 3.1
  for (std::size_t i = 0; i < zone.servers.size() && i < servers.items.size(); ++i) {
    const auto written = SocketAddress::parse(servers.items[i].text, kTlsPort);
    if (written) { zone.servers[i] = *written; }
  }
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
    if (problems.count() != before || !check_tls(zone, item, reader.places(), key, problems)) { continue; }
    if (zone.tls) { use_tls_port(zone, *reader.places().at("servers")); }
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
