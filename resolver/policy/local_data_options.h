// What the operator says about names that are answered here; conf/vouch.yaml documents each key.
#pragma once

#include <string>
#include <vector>

#include "resolver/wire/name.h"

namespace vouch {

struct LocalDataOptions {
  bool special_use_zones = true;
  std::vector<std::string> records;  // zone-file text, each one record
  std::vector<Name>
      not_special;  // special-use zones that shall be resolved after all (a home's own 168.192.in-addr.arpa)
};

}  // namespace vouch
