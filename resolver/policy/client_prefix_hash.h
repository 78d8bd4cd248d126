// By what clients are counted: not by address, of which whoever has a network has many, but by the network's prefix.
#pragma once

#include "resolver/base/address.h"
#include "resolver/base/siphash.h"
#include "resolver/policy/rate_limit_options.h"

namespace vouch {

// Keyed, and the same in all threads of the process.
inline std::uint64_t client_prefix_hash(const IpAddress& client, const RateLimitOptions& options) noexcept {
  const unsigned bits = client.is_v4() ? options.ipv4_prefix : options.ipv6_prefix;
  const Prefix prefix(client, static_cast<std::uint8_t>(bits));
  return siphash13(process_hash_key(), prefix.address().octets());
}

}  // namespace vouch
