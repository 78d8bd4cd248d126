// Which servers to ask for a name: the closest zone cut above it that is known, from what the operator configured (stub
// and forward zones), the delegation cache, or the root.
#pragma once

#include <string>
#include <vector>

#include "resolver/cache/delegation_cache.h"
#include "resolver/iterate/resolver_options.h"
#include "resolver/wire/types.h"

namespace vouch {

enum class CutKind : std::uint8_t { root, delegation, stub, forward };

struct ZoneCut {
  CutKind kind = CutKind::root;
  Name zone;
  DelegationPtr delegation;                    // root and delegation
  const ConfiguredZone* configured = nullptr;  // stub and forward; lives as long as the options

  bool is_forward() const noexcept { return kind == CutKind::forward; }
  bool may_cache() const noexcept { return configured == nullptr || configured->cache; }
};

// The root's servers before they have been primed.
DelegationPtr delegation_from_hints(const std::vector<RootHint>& hints, std::uint32_t ttl);

// The name that decides: for DS the parent's side of the cut is asked (RFC 4035 section 3.1.4.1).
inline NameView cut_name_for(NameView name, Type type) noexcept {
  return type == Type::DS && !name.is_root() ? name.parent() : name;
}

// The most specific configured zone at or above `name`, or null.
const ConfiguredZone* configured_zone(const std::vector<ConfiguredZone>& zones, NameView name) noexcept;

}  // namespace vouch
