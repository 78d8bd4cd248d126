#include "resolver/cache/snapshot_codec.h"

#include <algorithm>
#include <utility>

#include "resolver/cache/rrset_record.h"
#include "resolver/wire/rdata_layout.h"

namespace vouch {

namespace {

constexpr std::string_view kMagic = "VOUCHCCH";

// Bits of the header's flags.
constexpr std::uint8_t kClockSet = 1, kWithinDelegations = 2;
// Bits of an entry's flags.
constexpr std::uint8_t kAuthoritative = 1, kVisited = 2, kHasRRset = 4;
constexpr std::uint8_t kFlags = kAuthoritative | kVisited | kHasRRset;

void append8(Buffer& to, std::size_t value) { to.push_back(u8(value)); }
void append16(Buffer& to, std::size_t value) {
  to.resize(to.size() + 2);
  store16(to.data() + to.size() - 2, u16(value));
}
void append32(Buffer& to, std::size_t value) {
  to.resize(to.size() + 4);
  store32(to.data() + to.size() - 4, u32(value));
}
void append64(Buffer& to, std::uint64_t value) {
  to.resize(to.size() + 8);
  store64(to.data() + to.size() - 8, value);
}
void append(Buffer& to, Bytes octets) { to.insert(to.end(), octets.begin(), octets.end()); }
void append_name(Buffer& to, NameView name) {
  append8(to, name.length());
  append(to, name.octets());
}
void append_seconds(Buffer& to, std::int64_t seconds) {
  const std::int64_t within = std::clamp<std::int64_t>(seconds, INT32_MIN, INT32_MAX);
  append32(to, static_cast<std::uint32_t>(static_cast<std::int32_t>(within)));
}

void append_rrset(Buffer& to, const RRset& rrset) {
  append_name(to, rrset.owner());
  append16(to, static_cast<std::uint16_t>(rrset.type()));
  append32(to, rrset.ttl());
  append16(to, rrset.count());
  append8(to, rrset.signature_count());
  for (const auto& part : {rrset.rdata(), rrset.signatures()}) {
    for (const Bytes rdata : part) {
      append16(to, rdata.size());
      append(to, rdata);
    }
  }
}

std::int64_t read_seconds(ByteReader& from) noexcept { return static_cast<std::int32_t>(from.read32()); }

std::optional<Name> read_name(ByteReader& from) {
  const Bytes octets = from.read(from.read8());
  const auto name = NameView::parse(octets);
  if (!name || name->length() != octets.size()) { return std::nullopt; }
  return Name(*name);
}

// One RDATA after its length, sound for the type; empty and `from` failed where it is not.
bool read_rdata(ByteReader& from, Type type, std::vector<Bytes>& into) {
  into.push_back(from.read(from.read16()));
  return !from.failed() && is_valid_rdata(type, into.back());
}

RRsetPtr read_rrset(ByteReader& from) {
  const auto owner = read_name(from);
  const auto type = static_cast<Type>(from.read16());
  const std::uint32_t ttl = from.read32();
  const std::size_t count = from.read16(), signatures = from.read8();
  if (!owner || from.failed() || is_meta(type) || type == Type::RRSIG || ttl > INT32_MAX || count == 0 ||
      count > RRset::kMaxRecords || signatures > RRset::kMaxSignatures) {
    return nullptr;
  }
  std::vector<Bytes> records, covering;
  records.reserve(count);
  covering.reserve(signatures);
  for (std::size_t i = 0; i < count; ++i) {
    if (!read_rdata(from, type, records)) { return nullptr; }
  }
  for (std::size_t i = 0; i < signatures; ++i) {
    if (!read_rdata(from, Type::RRSIG, covering)) { return nullptr; }
    const auto view = rrsig_view(covering.back());
    if (!view || view->covered != type) { return nullptr; }
  }
  const bool is_single = type == Type::CNAME || type == Type::DNAME || type == Type::SOA;
  if (is_single && count != 1) { return nullptr; }
  return RRset::make(*owner, type, ttl, records, covering);
}

bool is_proof(const RRset& rrset) noexcept { return rrset.type() == Type::NSEC || rrset.type() == Type::NSEC3; }

// True with nothing in `proofs` where there are none.
bool read_proofs(ByteReader& from, ProofsPtr& proofs) {
  const std::size_t count = from.read8();
  if (count == 0 || count > ProofList::kMaxProofs) { return count == 0 && !from.failed(); }
  std::vector<RRsetPtr> rrsets;
  rrsets.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    RRsetPtr rrset = read_rrset(from);
    if (!rrset || !is_proof(*rrset)) { return false; }
    rrsets.push_back(std::move(rrset));
  }
  proofs = ProofList::make(std::move(rrsets));
  return static_cast<bool>(proofs);
}

// Whether it could have come out of a cache.
bool makes_sense(const KeptEntry& kept) {
  const CacheEntry& entry = kept.entry;
  const RRset* const rrset = entry.rrset.get();
  if (entry.lifetime == 0 || entry.lifetime > RRsetRecord::kMaxTtl) { return false; }
  const bool has_reason = entry.flaw.reason != Reason::none;
  if (has_reason && entry.security == Security::secure) { return false; }
  const std::uint8_t labels =
      entry.kind == EntryKind::rrset && rrset != nullptr ? rrset->owner().labels() : kept.name.view().labels();
  if (entry.flaw.zone_labels > labels) { return false; }
  switch (entry.kind) {
    case EntryKind::rrset:
      return rrset != nullptr && rrset->type() == kept.type;
    case EntryKind::name_error:
      if (kept.type != Type::none || rrset == nullptr) { return false; }
      break;
    case EntryKind::no_data:
      if (is_meta(kept.type)) { return false; }
      // A referral's word that there is no DS has no SOA, and is nothing without its proofs.
      if (rrset == nullptr) { return kept.type == Type::DS && entry.proofs && entry.security != Security::secure; }
      break;
  }
  return rrset->type() == Type::SOA && kept.name.view().is_at_or_below(rrset->owner());
}

bool is_kept_security(std::uint8_t number) noexcept {
  const auto security = static_cast<Security>(number);
  return security == Security::unchecked || security == Security::insecure || security == Security::secure;
}

}  // namespace

// -------------------------------------------------------------------------------------------------- header and blocks

std::uint64_t snapshot_checksum(std::uint64_t before, Bytes octets) noexcept {
  constexpr std::uint64_t kKey = 0x736e617073686f74U;  // "snapshot"; any would do
  return siphash24(SipKey{kKey, before}, octets);
}

Buffer header_octets(const SnapshotHeader& header) {
  Buffer octets;
  octets.reserve(kSnapshotHeaderOctets);
  append(octets, bytes_of(kMagic));
  append32(octets, kSnapshotVersion);
  append64(octets, static_cast<std::uint64_t>(header.taken.wall));
  append64(octets, static_cast<std::uint64_t>(header.taken.uptime));
  append(octets, header.taken.start);
  append8(octets, (header.taken.is_clock_set ? kClockSet : 0) | (header.within_delegations ? kWithinDelegations : 0));
  append(octets, header.grounds.sources);
  append(octets, header.grounds.verdicts);
  append64(octets, snapshot_checksum(0, octets));
  return octets;
}

std::uint64_t header_checksum(Bytes octets) noexcept {
  return snapshot_checksum(0, octets.first(kSnapshotHeaderOctets - kChecksumOctets));
}

std::expected<SnapshotHeader, SnapshotFault> parse_header(Bytes octets) {
  ByteReader from(octets);
  const Bytes magic = from.read(kMagic.size());
  if (octets.size() != kSnapshotHeaderOctets || text_of(magic) != kMagic) {
    return std::unexpected(SnapshotFault::not_a_snapshot);
  }
  // What another version's header looks like nobody knows here.
  if (from.read32() != kSnapshotVersion) { return std::unexpected(SnapshotFault::other_version); }
  SnapshotHeader header;
  header.taken.wall = static_cast<UnixTime>(from.read64());
  header.taken.uptime = static_cast<std::int64_t>(from.read64());
  std::ranges::copy(from.read(header.taken.start.size()), header.taken.start.begin());
  const std::uint8_t flags = from.read8();
  header.taken.is_clock_set = (flags & kClockSet) != 0;
  header.within_delegations = (flags & kWithinDelegations) != 0;
  std::ranges::copy(from.read(header.grounds.sources.size()), header.grounds.sources.begin());
  std::ranges::copy(from.read(header.grounds.verdicts.size()), header.grounds.verdicts.begin());
  if (from.read64() != header_checksum(octets) || (flags & ~(kClockSet | kWithinDelegations)) != 0) {
    return std::unexpected(SnapshotFault::damaged);
  }
  return header;
}

// ------------------------------------------------------------------------------------------------------------- writing

void append_entry(Buffer& to, const KeptEntry& kept, TtlTime base) {
  const CacheEntry& entry = kept.entry;
  std::uint8_t flags = 0;
  if (entry.credibility == Credibility::answer_authoritative) { flags |= kAuthoritative; }
  if (kept.visited) { flags |= kVisited; }
  if (entry.rrset) { flags |= kHasRRset; }
  append8(to, static_cast<std::uint8_t>(entry.kind));
  append8(to, flags);
  append8(to, static_cast<std::uint8_t>(entry.security));
  append8(to, static_cast<std::uint8_t>(entry.flaw.reason));
  append8(to, entry.flaw.zone_labels);
  append16(to, static_cast<std::uint16_t>(kept.type));
  append32(to, entry.lifetime);
  append_seconds(to, kept.expires - base);
  if (entry.kind != EntryKind::rrset) { append_name(to, kept.name); }
  if (entry.rrset) { append_rrset(to, *entry.rrset); }
  append8(to, entry.proofs ? entry.proofs->rrsets().size() : 0);
  if (!entry.proofs) { return; }
  for (const RRsetPtr& proof : entry.proofs->rrsets()) { append_rrset(to, *proof); }
}

void append_entry(Buffer& to, const KeptDelegation& cut, TtlTime base) {
  append8(to, cut.visited ? kVisited : 0);
  append_seconds(to, cut.expires - base);
  append32(to, cut.delegation->ttl());
  append_name(to, cut.delegation->zone());
  append8(to, cut.delegation->servers().size());
  for (const Delegation::Server& server : cut.delegation->servers()) {
    append_name(to, server.name);
    append8(to, server.addresses.size());
    for (const IpAddress& address : server.addresses) {
      append8(to, address.octets().size());
      append(to, address.octets());
    }
  }
}

void append_entry(Buffer& to, NameView zone, const KeptProof& proof, TtlTime base) {
  append_seconds(to, proof.expires - base);
  append_name(to, zone);
  append_rrset(to, *proof.rrset);
}

void append_entry(Buffer& to, const KeptServer& server) {
  const auto in = [&to](auto unit, Duration figure) {
    const auto count = std::chrono::duration_cast<decltype(unit)>(figure).count();
    append32(to, static_cast<std::size_t>(std::clamp<std::int64_t>(count, 0, UINT32_MAX)));
  };
  append8(to, server.address.octets().size());
  append(to, server.address.octets());
  in(std::chrono::microseconds(), server.smoothed_rtt);
  in(std::chrono::microseconds(), server.rtt_variation);
  in(std::chrono::seconds(), server.edns_broken_for);
  in(std::chrono::seconds(), server.case_broken_for);
}

// ------------------------------------------------------------------------------------------------------------- reading

std::optional<KeptEntry> read_entry(ByteReader& from, TtlTime base) {
  KeptEntry kept;
  CacheEntry& entry = kept.entry;
  const std::uint8_t kind = from.read8(), flags = from.read8(), security = from.read8(), reason = from.read8();
  if (kind > static_cast<std::uint8_t>(EntryKind::name_error) || (flags & ~kFlags) != 0 ||
      !is_kept_security(security) || reason >= kReasons) {
    return std::nullopt;
  }
  entry.kind = static_cast<EntryKind>(kind);
  entry.credibility =
      (flags & kAuthoritative) != 0 ? Credibility::answer_authoritative : Credibility::answer_not_authoritative;
  entry.security = static_cast<Security>(security);
  entry.flaw = Flaw(static_cast<Reason>(reason), from.read8());
  kept.visited = (flags & kVisited) != 0;
  kept.type = static_cast<Type>(from.read16());
  entry.lifetime = from.read32();
  kept.expires = base + read_seconds(from);
  if (entry.kind != EntryKind::rrset) {
    const auto name = read_name(from);
    if (!name) { return std::nullopt; }
    kept.name = *name;
  }
  if ((flags & kHasRRset) != 0) {
    entry.rrset = read_rrset(from);
    if (!entry.rrset) { return std::nullopt; }
  }
  if (!read_proofs(from, entry.proofs) || from.failed() || !makes_sense(kept)) { return std::nullopt; }
  return kept;
}

namespace {

std::optional<IpAddress> read_address(ByteReader& from) {
  const std::size_t length = from.read8();
  const Bytes octets = from.read(length);
  if (from.failed() || (length != 4 && length != 16)) { return std::nullopt; }
  return length == 4 ? IpAddress::v4(octets) : IpAddress::v6(octets);
}

}  // namespace

std::optional<KeptDelegation> read_delegation(ByteReader& from, TtlTime base) {
  KeptDelegation cut;
  const std::uint8_t flags = from.read8();
  cut.visited = (flags & kVisited) != 0;
  cut.expires = base + read_seconds(from);
  const std::uint32_t ttl = from.read32();
  const auto zone = read_name(from);
  const std::size_t count = from.read8();
  if (!zone || (flags & ~kVisited) != 0 || count == 0 || count > Delegation::kMaxServers) { return std::nullopt; }
  std::vector<Delegation::Server> servers;
  for (std::size_t i = 0; i < count; ++i) {
    const auto name = read_name(from);
    const std::size_t addresses = from.read8();
    if (!name || addresses > Delegation::kMaxAddressesPerServer) { return std::nullopt; }
    Delegation::Server& server = servers.emplace_back();
    server.name = *name;
    for (std::size_t at = 0; at < addresses; ++at) {
      const auto address = read_address(from);
      if (!address) { return std::nullopt; }
      server.addresses.push_back(*address);
    }
  }
  if (from.failed()) { return std::nullopt; }
  cut.delegation = Delegation::make(*zone, std::move(servers), ttl);
  return cut;
}

std::optional<ZoneProof> read_proof(ByteReader& from, TtlTime base) {
  const TtlTime expires = base + read_seconds(from);
  const auto zone = read_name(from);
  RRsetPtr rrset = zone ? read_rrset(from) : nullptr;
  if (!rrset || (!is_proof(*rrset) && rrset->type() != Type::SOA)) { return std::nullopt; }
  return ZoneProof{.zone = *zone, .proof = {.rrset = std::move(rrset), .expires = expires}};
}

std::optional<KeptServer> read_server(ByteReader& from) {
  KeptServer server;
  const auto address = read_address(from);
  if (!address) { return std::nullopt; }
  server.address = *address;
  server.smoothed_rtt = std::chrono::microseconds(from.read32());
  server.rtt_variation = std::chrono::microseconds(from.read32());
  server.edns_broken_for = std::chrono::seconds(from.read32());
  server.case_broken_for = std::chrono::seconds(from.read32());
  if (from.failed()) { return std::nullopt; }
  return server;
}

}  // namespace vouch
