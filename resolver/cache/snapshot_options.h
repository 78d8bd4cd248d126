// What the operator says about the cache's snapshot; conf/vouch.yaml documents each key.
#pragma once

#include <cstdint>
#include <string>

namespace vouch {

struct SnapshotOptions {
  bool enabled = false;                              // names that people asked for would lie on the disk
  std::string state_directory = "/var/lib/vouch";    // not empty while enabled (conf/cross_checks.cc)
  std::uint32_t interval = 900;                      // seconds between two; 0: at the end alone
  std::uint64_t max_size = std::uint64_t{64} << 20;  // octets of the file
};

}  // namespace vouch
