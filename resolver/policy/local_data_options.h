// What the operator says about names that are answered here; conf/vouch.yaml documents each key.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "resolver/wire/name.h"

namespace vouch {

// What is answered within a zone at names that have no record here.
enum class LocalZoneType : std::uint8_t {
  static_zone,      // they do not exist; at names that have records of other types there is nothing
  redirect,         // every name has the records of the zone's own name
  transparent,      // they are resolved; at names that have records of other types there is nothing
  refuse,           // REFUSED
  deny,             // no answer
  always_nxdomain,  // NXDOMAIN, records or not; likewise the next two
  always_nodata,
  always_null,  // 0.0.0.0 and ::
};

struct LocalZoneOptions {
  Name zone;
  LocalZoneType type = LocalZoneType::static_zone;
};

struct LocalDataOptions {
  bool special_use_zones = true;
  std::vector<std::string> records{};  // zone-file text, each one record
  std::vector<Name>
      not_special{};  // special-use zones that shall be resolved after all (a home's own 168.192.in-addr.arpa)
  std::vector<LocalZoneOptions> zones{};
  bool reverse_records = false;  // PTR records to their addresses, where there are none
};

}  // namespace vouch
