// The table of special-use and locally served zones: which names a resolver answers by itself and why. IANA's
// registries "Special-Use Domain Names" and "Locally-Served DNS Zones" (RFC 6303, RFC 6761), and .internal.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "telemetry/taxonomy.h"

namespace vouch {

enum class SpecialUse : std::uint8_t {
  empty,     // nothing below the apex: NXDOMAIN (RFC 6303 section 3)
  no_data,   // every name exists and has nothing: resolver.arpa (RFC 9462 section 4)
  loopback,  // every name has the loopback addresses: localhost (RFC 6761 section 6.3)
};

struct SpecialUseZone {
  std::string_view zone;
  SpecialUse kind;
  // The parent holds a real, insecure delegation to it. DS belongs to the parent (RFC 4035 section 3.1.4.1), so that
  // one question goes out: a validating client learns that the zone is unsigned (RFC 8375 section 4). For names that
  // nobody delegates nothing goes out.
  bool delegated;
};

std::span<const SpecialUseZone> special_use_zones() noexcept;
// How answers in one of these zones are counted.
SpecialName special_name_of(std::string_view zone) noexcept;

}  // namespace vouch
