// One entry of the shared cache as octets: format (8 bit), the wall clock when it was stored (64 bit, seconds), how
// many cache entries (8 bit), these as a snapshot has them (resolver/cache/snapshot_codec.h) with their ends as seconds
// from that moment on, and a code over all of it and over the place it lies in. Pure.
//
// The store is not believed: what has no right code is looked at no further, and what has one comes from a node of the
// fleet, for this question and under these grounds. It may be an old one, put back by whoever runs the store; it says
// itself when it was stored, and ends when it would have ended.
#pragma once

#include <expected>
#include <vector>

#include "resolver/fleet/shared_keys.h"

namespace vouch {

inline constexpr std::uint8_t kSharedFormat = 1;

// An answer has as many sets as one reply of a server leads through; what has more is left to the servers.
inline constexpr std::size_t kMaxSharedSets = 12;

// Seconds that the clocks of two nodes may differ by. One that stored an entry may be ahead by so much: the entry then
// counts as stored now, and lives on here for as much longer at most.
inline constexpr std::int64_t kMaxClockSkew = 5;

enum class SharedFlaw : std::uint8_t {
  forged,       // no right code: another secret, damage, or somebody else's work
  malformed,    // a right code, and no entry: written by a node that is not like this one
  from_future,  // by more than kMaxClockSkew
  ended,        // some of it has: its TTL, or its last signature
  forgotten,    // an operator flushed it since (forgotten.h)
};

// `now` on the TTLs' clock and `wall` are the same moment. Empty: it cannot be sealed, because memory is out.
Buffer seal_entry(const SharedKeys& keys, const SharedKeys::Digest& digest, std::span<const KeptEntry> sets,
                  TtlTime now, UnixTime wall);

struct OpenedEntry {
  UnixTime stored = 0;
  std::vector<KeptEntry> sets;  // at least one, each sound in itself, and none has ended by its TTL
};
std::expected<OpenedEntry, SharedFlaw> open_entry(const SharedKeys& keys, const SharedKeys::Digest& digest,
                                                  Bytes octets, TtlTime now, UnixTime wall);

}  // namespace vouch
