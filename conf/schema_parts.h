// The rooms of the table of configuration keys (conf/schema.h), and the shorthand that its rows are written in. A new
// group of keys gets its function here and its place in conf/schema.cc.
#pragma once

#include <span>

#include "conf/key_spec.h"
#include "conf/negative_anchors.h"
#include "conf/zone_lists.h"

namespace vouch {

// One top-level section, or a part of one, with what stands above its keys.
struct SchemaPart {
  std::span<const SectionSpec> sections;
  std::span<const KeySpec<Configuration>> keys;
};

// In schema_server.cc.
SchemaPart server_schema();
SchemaPart rate_limit_schema();
SchemaPart encrypted_schema();
// In schema_resolution.cc.
SchemaPart outgoing_schema();
SchemaPart resolver_schema();
SchemaPart forward_schema();
SchemaPart dnssec_schema();
SchemaPart cache_schema();
// In schema_snapshot.cc.
SchemaPart snapshot_schema();
// In schema_shared_cache.cc.
SchemaPart shared_cache_schema();
// In schema_policy.cc.
SchemaPart local_data_schema();
SchemaPart policy_schema();
// In schema_rpz.cc.
SchemaPart rpz_schema();
// In schema_operation.cc.
SchemaPart telemetry_schema();
SchemaPart web_schema();
SchemaPart logging_schema();
// In schema_dnstap.cc.
SchemaPart dnstap_schema();
// In schema_control.cc.
SchemaPart control_schema();

using C = Configuration;

// The ways to the fields, shortened for the table.
template <typename Codec, auto... Path>
constexpr KeySpec<C> key(std::string_view path, std::string_view standard, Shape shape, std::string_view meaning) {
  return spec<C, Codec, Path...>(path, standard, shape, meaning);
}
constexpr Shape number(std::uint64_t least, std::uint64_t most) { return {.least = least, .most = most}; }
constexpr Shape seconds(std::uint64_t least, std::uint64_t most) {
  return {.unit = Unit::seconds, .least = least, .most = most};
}
constexpr Shape milliseconds(std::uint64_t least, std::uint64_t most) {
  return {.unit = Unit::milliseconds, .least = least, .most = most};
}
constexpr Shape octets(std::uint64_t least, std::uint64_t most) {
  return {.unit = Unit::octets, .least = least, .most = most};
}
constexpr Shape one_of(std::string_view names) { return {.names = names}; }

inline constexpr std::uint64_t kDay = 86400;
inline constexpr std::uint64_t kWeek = 7 * kDay;

}  // namespace vouch
