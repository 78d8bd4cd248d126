// The octets of a snapshot (snapshot.h): its header, its blocks, and the entries in them. Pure.
//
// Header: "VOUCHCCH", version (32 bit), moment (wall and uptime 64 bit, start 16 octets), flags (8 bit: the clock is
// set; answers end with their delegations), fingerprints of sources and verdicts (32 octets each), checksum (64 bit).
// Block: section, entries, octets of the entries (32 bit each), the entries, checksum (64 bit). End block: section
// `end`, no entries; its octets are the number of all entries (64 bit). Times of entries are seconds from the moment on
// (32 bit, signed).
#pragma once

#include <optional>

#include "resolver/cache/snapshot.h"

namespace vouch {

constexpr std::uint32_t kSnapshotVersion = 1;
constexpr std::size_t kSnapshotHeaderOctets = 8 + 4 + 8 + 8 + 16 + 1 + 32 + 32 + 8;
constexpr std::size_t kBlockHeadOctets = 12;
constexpr std::size_t kChecksumOctets = 8;
// Written: a block is begun anew when it has passed the first figure; no entry is longer than an RRset cache's (16 KiB)
// with its proofs counted, or a delegation of 13 names of 255 octets with six addresses each. Read: what is longer is
// damage.
constexpr std::size_t kBlockOctets = 64 << 10;
constexpr std::size_t kMaxBlockOctets = kBlockOctets + (32 << 10);

enum class SnapshotSection : std::uint32_t { delegations = 1, servers, proofs, rrsets, end };

std::uint64_t snapshot_checksum(std::uint64_t before, Bytes octets) noexcept;

Buffer header_octets(const SnapshotHeader& header);  // with its checksum
std::expected<SnapshotHeader, SnapshotFault> parse_header(Bytes octets);
// That of the header, with which the chain begins. `octets` have been parsed.
std::uint64_t header_checksum(Bytes octets) noexcept;

// Appends to a block. `base`: the TTLs' clock at the moment.
void append_entry(Buffer& to, const KeptEntry& entry, TtlTime base);
void append_entry(Buffer& to, const KeptDelegation& cut, TtlTime base);
void append_entry(Buffer& to, NameView zone, const KeptProof& proof, TtlTime base);
void append_entry(Buffer& to, const KeptServer& server);

// Read the next entry, with `base` as above: nothing when there is none that makes sense, and the block is of no use
// from there on. What comes back is sound in itself: names, types, RDATA, signatures that cover what they lie beside,
// verdicts that a validator gives.
std::optional<KeptEntry> read_entry(ByteReader& from, TtlTime base);
std::optional<KeptDelegation> read_delegation(ByteReader& from, TtlTime base);
struct ZoneProof {
  Name zone;
  KeptProof proof;
};
std::optional<ZoneProof> read_proof(ByteReader& from, TtlTime base);
std::optional<KeptServer> read_server(ByteReader& from);

}  // namespace vouch
