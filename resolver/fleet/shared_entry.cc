#include "resolver/fleet/shared_entry.h"

#include <algorithm>

#include "resolver/cache/snapshot_codec.h"
#include "resolver/dnssec/algorithms_mac.h"

namespace vouch {

namespace {

constexpr std::size_t kHead = 1 + 8 + 1;
constexpr std::int64_t kRounding = 1;  // both clocks tell whole seconds, rounded down

}  // namespace

Buffer seal_entry(const SharedKeys& keys, const SharedKeys::Digest& digest, std::span<const KeptEntry> sets,
                  TtlTime now, UnixTime wall) {
  Buffer octets(kHead);
  octets[0] = kSharedFormat;
  store64(octets.data() + 1, static_cast<std::uint64_t>(wall));
  octets[9] = u8(sets.size());
  for (const KeptEntry& set : sets) { append_entry(octets, set, now); }
  const auto code = keys.code(digest, octets);
  if (!code) { return {}; }
  octets.insert(octets.end(), code->begin(), code->end());
  return octets;
}

std::expected<OpenedEntry, SharedFlaw> open_entry(const SharedKeys& keys, const SharedKeys::Digest& digest,
                                                  Bytes octets, TtlTime now, UnixTime wall) {
  if (octets.size() < kHead + SharedKeys::kCode) { return std::unexpected(SharedFlaw::forged); }
  const Bytes content = octets.first(octets.size() - SharedKeys::kCode);
  const auto code = keys.code(digest, content);
  if (!code || !equal_in_constant_time(*code, octets.last(SharedKeys::kCode))) {
    return std::unexpected(SharedFlaw::forged);
  }
  ByteReader from(content);
  const std::uint8_t format = from.read8();
  OpenedEntry opened;
  opened.stored = static_cast<UnixTime>(from.read64());
  const std::size_t count = from.read8();
  if (format != kSharedFormat || opened.stored < 0 || count == 0 || count > kMaxSharedSets) {
    return std::unexpected(SharedFlaw::malformed);
  }
  if (opened.stored - kMaxClockSkew > wall) { return std::unexpected(SharedFlaw::from_future); }
  const std::int64_t age = std::max<std::int64_t>(wall - opened.stored, 0) + kRounding;
  bool has_ended = false;
  for (std::size_t i = 0; i < count; ++i) {
    auto set = read_entry(from, now - age);
    if (!set) { return std::unexpected(SharedFlaw::malformed); }
    has_ended |= set->expires <= now;
    opened.sets.push_back(std::move(*set));
  }
  if (from.left() != 0) { return std::unexpected(SharedFlaw::malformed); }
  if (has_ended) { return std::unexpected(SharedFlaw::ended); }  // the rest leads nowhere without it
  return opened;
}

}  // namespace vouch
