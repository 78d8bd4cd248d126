// The codec of policy.rpz: a list of maps, each a response policy zone.
#pragma once

#include "conf/codecs.h"
#include "conf/schema.h"

namespace vouch {

struct RpzZones {
  static void read(const YamlNode& node, std::string_view key, const Shape&, std::vector<RpzZoneOptions>& field,
                   Problems& problems);
  static std::string show(const std::vector<RpzZoneOptions>& field, const Shape&);
  static std::string describe(const Shape&) { return "a list of maps as below"; }
};

// Why a name is on a list, as an extended error: "blocked", "censored", "filtered" (RFC 8914 sections 4.16 to 4.18), or
// "none".
struct PolicyError {
  static void read(const YamlNode& node, std::string_view key, const Shape& shape, std::optional<Ede>& field,
                   Problems& problems);
  static std::string show(const std::optional<Ede>& field, const Shape& shape);
  static std::string describe(const Shape& shape) { return Choice::describe(shape); }
};

}  // namespace vouch
