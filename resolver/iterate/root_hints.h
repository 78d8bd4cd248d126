// Where resolution begins when the operator names no root servers of his own.
#pragma once

#include <vector>

#include "resolver/iterate/resolver_options.h"

namespace vouch {

// The thirteen root servers, IPv4 and IPv6, as IANA's root hints file (named.root) lists them. Only hints: priming
// (RFC 8109) replaces them by what the root itself says, so an address that has moved costs one timeout and no more.
std::vector<RootHint> builtin_root_hints();

}  // namespace vouch
