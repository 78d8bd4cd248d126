#include "conf/schema.h"

#include <vector>

#include "conf/schema_parts.h"

namespace vouch {

namespace {

// In the order in which conf/vouch.yaml tells them.
constexpr SchemaPart (*kParts[])() = {
    server_schema, rate_limit_schema, encrypted_schema, outgoing_schema,     resolver_schema,   forward_schema,
    dnssec_schema, cache_schema,      snapshot_schema,  shared_cache_schema, local_data_schema, policy_schema,
    rpz_schema,    telemetry_schema,  web_schema,       control_schema,      logging_schema,    dnstap_schema,
};

}  // namespace

std::span<const KeySpec<Configuration>> schema() {
  static const auto kAll = [] {
    std::vector<KeySpec<Configuration>> all;
    for (const auto& part : kParts) {
      const SchemaPart here = part();
      all.insert(all.end(), here.keys.begin(), here.keys.end());
    }
    return all;
  }();
  return kAll;
}

std::span<const SectionSpec> sections() {
  static const auto kAll = [] {
    std::vector<SectionSpec> all;
    for (const auto& part : kParts) {
      const SchemaPart here = part();
      all.insert(all.end(), here.sections.begin(), here.sections.end());
    }
    return all;
  }();
  return kAll;
}

}  // namespace vouch
