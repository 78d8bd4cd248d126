// What is remembered of trust points across restarts, as text: a line for each fact, one key a line, a checksum at the
// end.
//
//   vouch-trust-anchors 1
//   zone . 1767225600 1767312000 172800        name, last_seen, next_probe, lifetime (TrustPointMemory)
//   ds 4f660802e06d44b8...                     configured anchors, as RDATA in hexadecimal
//   key valid 1767225600 0 0 010103080301...   state, since, hold_down, sightings, RDATA
//   checksum 5c1d...                           SHA-256 of all that stands before this line
//
// A file is taken whole or not at all: trust is not to be patched together from what a torn write left.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "resolver/dnssec/rfc5011.h"

namespace vouch {

constexpr std::size_t kMaxAnchorMemoryOctets = 64 * 1024;  // a root with all its keys takes 6 KiB
constexpr std::size_t kMaxAnchorZones = 64;  // whose key rolls are followed; more are trusted as they stand

// Nothing when it would be longer than can be read back, or the checksum cannot be made.
std::optional<std::string> anchor_memory_text(const std::vector<TrustPointMemory>& points);
// Or a sentence that says what is wrong, fit for a log line.
std::expected<std::vector<TrustPointMemory>, std::string> parse_anchor_memory(std::string_view text);

}  // namespace vouch
