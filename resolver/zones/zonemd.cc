#include "resolver/zones/zonemd.h"

#include <algorithm>
#include <vector>

#include "resolver/wire/rdata_layout.h"

namespace vouch {

namespace {

constexpr std::uint8_t kSimple = 1;               // scheme
constexpr std::uint8_t kSha384 = 1, kSha512 = 2;  // hash algorithms
constexpr std::size_t kFixed = 6;                 // serial, scheme, hash algorithm
constexpr std::size_t kBlock = 64 * 1024;         // hashed at once: a call for each small record costs more

struct Row {
  std::uint32_t serial = 0;
  std::uint8_t scheme = 0, hash = 0;
  Bytes digest;
  bool is_of_same_kind(const Row& other) const noexcept { return scheme == other.scheme && hash == other.hash; }
};

std::vector<Row> rows_of(const Zone& zone) {
  std::vector<Row> rows;
  const Zone::Run run = zone.at(zone.apex(), Type::ZONEMD);
  for (std::size_t i = run.first; i != run.last; ++i) {
    const Bytes rdata = zone[i].rdata;
    if (rdata.size() < kFixed) { continue; }
    rows.push_back({load32(rdata.data()), rdata[4], rdata[5], rdata.subspan(kFixed)});
  }
  return rows;
}

std::optional<HashKind> kind_of(const Row& row) noexcept {
  if (row.scheme != kSimple) { return std::nullopt; }
  if (row.hash == kSha384) { return HashKind::sha384; }
  return row.hash == kSha512 ? std::optional(HashKind::sha512) : std::nullopt;
}

bool is_left_out(const Zone& zone, const ZoneRecord& record) noexcept {
  if (record.type != Type::ZONEMD && record.type != Type::RRSIG) { return false; }
  if (record.owner != zone.apex()) { return false; }
  if (record.type == Type::ZONEMD) { return true; }
  const auto view = rrsig_view(record.rdata);
  return view && view->covered == Type::ZONEMD;
}

// RFC 4034 section 6.2, with the TTL as it stands.
void append_canonical(const ZoneRecord& record, Buffer& out) {
  Name owner(record.owner);
  owner.lower_case();
  const Bytes name = owner.view().octets();
  out.insert(out.end(), name.begin(), name.end());
  Octet fixed[10];
  store16(fixed, static_cast<std::uint16_t>(record.type));
  store16(fixed + 2, static_cast<std::uint16_t>(Class::IN));
  store32(fixed + 4, record.ttl);
  store16(fixed + 8, u16(record.rdata.size()));
  out.insert(out.end(), std::begin(fixed), std::end(fixed));
  const std::size_t rdata = out.size();
  out.insert(out.end(), record.rdata.begin(), record.rdata.end());
  const TypeInfo* const info = type_info(record.type);
  if (info != nullptr && info->lower_case_names && info->has_names) {
    lower_case_names(record.type, MutableBytes(out).subspan(rdata));
  }
}

}  // namespace

std::string_view zonemd_fault_text(ZonemdFault fault) noexcept {
  switch (fault) {
    case ZonemdFault::absent:
      return "it has no ZONEMD record";
    case ZonemdFault::other_serial:
      return "its ZONEMD record is of another serial";
    case ZonemdFault::unsupported:
      return "its ZONEMD records have no scheme and hash that is known here";
    case ZonemdFault::mismatch:
      return "it differs from what its ZONEMD record was made of";
    case ZonemdFault::library:
      return "OpenSSL's policy does not allow the hash of its ZONEMD record";
  }
  return "";
}

std::optional<HashValue> zone_digest(const Zone& zone, HashKind hash) {
  Hasher hasher(hash);
  Buffer block;
  block.reserve(kBlock * 2);
  for (std::size_t i = 0; i < zone.size(); ++i) {
    const ZoneRecord record = zone[i];
    if (is_left_out(zone, record)) { continue; }
    append_canonical(record, block);
    if (block.size() < kBlock) { continue; }
    hasher.add(block);
    block.clear();
  }
  hasher.add(block);
  return hasher.finish();
}

std::expected<void, ZonemdFault> verify_zonemd(const Zone& zone) {
  const std::vector<Row> rows = rows_of(zone);
  if (rows.empty()) { return std::unexpected(ZonemdFault::absent); }
  ZonemdFault fault = ZonemdFault::other_serial;
  for (const Row& row : rows) {
    if (row.serial != zone.serial()) { continue; }
    const auto kind = kind_of(row);
    const auto of_kind = std::ranges::count_if(rows, [&](const Row& other) { return other.is_of_same_kind(row); });
    if (!kind || of_kind != 1 || row.digest.size() != hash_size(*kind)) {
      if (fault == ZonemdFault::other_serial) { fault = ZonemdFault::unsupported; }
      continue;
    }
    const auto digest = zone_digest(zone, *kind);
    if (digest && std::ranges::equal(digest->view(), row.digest)) { return {}; }
    fault = digest ? ZonemdFault::mismatch : ZonemdFault::library;
  }
  return std::unexpected(fault);
}

}  // namespace vouch
