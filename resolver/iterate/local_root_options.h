// What the operator says about a root zone at home; conf/vouch.yaml documents each key.
#pragma once

#include <string>
#include <vector>

#include "resolver/base/address.h"

namespace vouch {

struct LocalRootOptions {
  bool enabled = false;
  std::vector<SocketAddress> sources;  // empty: the built-in ones
  std::string file;                    // kept by somebody else; then nothing is fetched. Empty: none
};

// Servers that give the root zone to anybody by AXFR, after RFC 8806 appendix A (see docs/local-root.md): two of
// ICANN's for this very purpose, then root servers whose operators allow it. IPv4 and IPv6.
std::vector<SocketAddress> builtin_root_sources();

}  // namespace vouch
