// Codecs of the fields that are more than one value: zones with their servers, and ranges of ports.
#pragma once

#include "conf/codecs.h"
#include "conf/schema.h"

namespace vouch {

enum class ZoneKind : std::uint8_t { stub, forward };

void read_zones(ZoneKind kind, const YamlNode& node, std::string_view key, std::vector<ConfiguredZone>& field,
                Problems& problems);
std::string show_zones(ZoneKind kind, const std::vector<ConfiguredZone>& zones);

template <ZoneKind kind>
struct Zones {
  static void read(const YamlNode& node, std::string_view key, const Shape&, std::vector<ConfiguredZone>& field,
                   Problems& problems) {
    read_zones(kind, node, key, field, problems);
  }
  static std::string show(const std::vector<ConfiguredZone>& field, const Shape&) { return show_zones(kind, field); }
  static std::string describe(const Shape&) { return "a list of zones, each a map of the keys above"; }
};

// "1024-65535", in OutgoingOptions::port_low and port_high.
struct PortRange {
  static void read(const YamlNode& node, std::string_view key, const Shape& shape, OutgoingOptions& field,
                   Problems& problems);
  static std::string show(const OutgoingOptions& field, const Shape&);
  static std::string describe(const Shape&) { return "two ports with a hyphen between, 1024-65535 at the widest"; }
};

// A list of ports and ranges of ports.
struct AvoidPorts {
  static void read(const YamlNode& node, std::string_view key, const Shape&, std::vector<std::uint16_t>& field,
                   Problems& problems);
  static std::string show(const std::vector<std::uint16_t>& field, const Shape&);
  static std::string describe(const Shape&) { return "a list of ports and ranges, such as [5353, 6000-6063]"; }
};

}  // namespace vouch
