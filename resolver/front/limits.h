// The bounds of answering clients that are no operator's business. Those that are stand in front_options.h.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "resolver/base/budget.h"

namespace vouch {

// CNAME steps followed inside the cache, as many as a resolution may take: what is longer is nobody's honest name.
constexpr std::uint32_t kMaxCachedAliases = Budget::kAliases;

// Names of an answer's records (MX, NS, SRV targets) whose addresses are looked up for the additional section: BIND's
// limit, and what the DNS itself takes (13 root servers). Without it an answer costs a thousand look-ups
// (CVE-2024-11187).
constexpr std::size_t kMaxAdditionalNames = 13;

// Beyond max_in_flight client questions a worker may run this many refreshes (prefetch, stale data) that nobody waits
// for.
constexpr std::size_t kMaxRefreshes = 256;

// From max_in_flight / kCookiePressure waiting questions on, a UDP client that speaks cookies must show a valid one
// before it may make the resolver work (RFC 7873 section 5.2.3). An honest client pays one round trip, once.
constexpr std::uint32_t kCookiePressure = 2;

// A live entry whose TTL has shrunk to a tenth is refreshed ahead (Unbound's and BIND's figure): popular names never
// expire, rare ones are not kept alive.
constexpr std::uint32_t kPrefetchShare = 10;

// The smallest and the largest UDP payload that is believed (RFC 6891 section 6.2.5, RFC 1035 section 4.2.1).
constexpr std::uint16_t kPlainUdpSize = 512;

// What an encrypted answer is padded to (RFC 8467 section 4.1).
constexpr std::size_t kPaddingBlock = 468;

// TTL of the HINFO that stands for "ANY is not answered in full" (RFC 8482 section 4.2): an hour, so that the asker
// stays away.
constexpr std::uint32_t kAnyTtl = 3600;

// Shards of the tables that all workers share: with 64 a second worker finds a lock taken about once in a hundred
// tries.
constexpr std::size_t kShards = 64;

}  // namespace vouch
