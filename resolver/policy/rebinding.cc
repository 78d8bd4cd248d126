#include "resolver/policy/rebinding.h"

#include <algorithm>
#include <array>
#include <vector>

namespace vouch {

namespace {

struct Range4 {
  std::uint32_t address;
  std::uint8_t bits;
};
constexpr std::array<Range4, 7> kInternal4 = {{
    {0x00000000, 8},   // "this network" (RFC 791): Linux takes 0.0.0.0 for itself
    {0x0a000000, 8},   // RFC 1918
    {0x64400000, 10},  // RFC 6598: behind a carrier's NAT
    {0x7f000000, 8},   // RFC 1122: loopback
    {0xa9fe0000, 16},  // RFC 3927: link-local
    {0xac100000, 12},  // RFC 1918
    {0xc0a80000, 16},  // RFC 1918
}};

bool is_internal4(std::uint32_t address) noexcept {
  return std::ranges::any_of(kInternal4,
                             [&](const Range4& range) { return (address ^ range.address) >> (32U - range.bits) == 0; });
}

bool is_internal6(const Octet* at) noexcept {
  const bool is_unique_local = (at[0] & 0xfeU) == 0xfc;                      // RFC 4193
  const bool is_link_or_site_local = at[0] == 0xfe && (at[1] & 0x80U) != 0;  // RFC 4291, RFC 3879
  if (is_unique_local || is_link_or_site_local) { return true; }
  constexpr std::array<Octet, 12> kTranslated = {0, 0x64, 0xff, 0x9b};
  if (std::equal(kTranslated.begin(), kTranslated.end(), at)) { return is_internal4(load32(at + 12)); }
  // ::/80 holds ::, ::1, the old "compatible" addresses (::/96) and the mapped ones.
  if (std::any_of(at, at + 10, [](Octet octet) { return octet != 0; })) { return false; }
  return load16(at + 10) == 0 || load16(at + 10) == 0xffff;
}

// SvcParamKeys of RFC 9460 section 14.3.2.
constexpr std::uint16_t kMandatory = 0, kIpv4Hint = 4, kIpv6Hint = 6;

bool is_internal_hint(std::uint16_t key, Bytes address) noexcept {
  return key == kIpv4Hint ? is_internal4(load32(address.data())) : is_internal6(address.data());
}

void append16(Buffer& out, std::size_t value) {
  out.push_back(u8(value >> 8U & 0xffU));
  out.push_back(u8(value & 0xffU));
}

}  // namespace

bool is_internal_address(const IpAddress& address) noexcept {
  const Octet* const octets = address.octets().data();
  return address.is_v4() ? is_internal4(load32(octets)) : is_internal6(octets);
}

std::optional<Buffer> without_internal_hints(Bytes rdata) {
  constexpr std::size_t kPriority = 2;
  if (rdata.size() <= kPriority) { return std::nullopt; }
  const auto target = NameView::parse(rdata.subspan(kPriority));
  if (!target) { return std::nullopt; }
  const std::size_t head = kPriority + target->length();
  Buffer out(rdata.begin(), rdata.begin() + static_cast<std::ptrdiff_t>(head));
  std::vector<std::uint16_t> mandatory;
  ByteReader reader(rdata.subspan(head));
  while (reader.left() > 0) {
    const std::uint16_t key = reader.read16();
    const Bytes value = reader.read(reader.read16());
    if (reader.failed()) { return std::nullopt; }
    const std::size_t each = key == kIpv4Hint ? 4 : 16;
    const bool is_hint = key == kIpv4Hint || key == kIpv6Hint;
    if (is_hint && value.size() % each != 0) { return std::nullopt; }
    if (key == kMandatory) {
      for (std::size_t at = 0; at + 2 <= value.size(); at += 2) { mandatory.push_back(load16(value.data() + at)); }
    }
    Buffer left;
    for (std::size_t at = 0; is_hint && at < value.size(); at += each) {
      const Bytes address = value.subspan(at, each);
      if (!is_internal_hint(key, address)) { left.insert(left.end(), address.begin(), address.end()); }
    }
    const Bytes kept = is_hint ? Bytes(left) : value;
    if (is_hint && kept.empty()) {
      if (std::ranges::find(mandatory, key) != mandatory.end()) { return std::nullopt; }
      continue;
    }
    append16(out, key);
    append16(out, kept.size());
    out.insert(out.end(), kept.begin(), kept.end());
  }
  return out;
}

RRsetPtr without_internal_addresses(const RRsetPtr& set) {
  const Type type = set->type();
  const bool has_addresses = type == Type::A || type == Type::AAAA;
  const bool has_hints = type == Type::SVCB || type == Type::HTTPS;
  if (!has_addresses && !has_hints) { return set; }
  std::vector<Bytes> kept;
  std::vector<Buffer> made;
  made.reserve(set->count());  // what `kept` looks at does not move
  bool is_whole = true;
  for (const Bytes rdata : set->rdata()) {
    if (has_addresses) {
      const bool is_internal = type == Type::A ? is_internal4(load32(rdata.data())) : is_internal6(rdata.data());
      if (!is_internal) { kept.push_back(rdata); }
      is_whole &= !is_internal;
      continue;
    }
    auto left = without_internal_hints(rdata);
    is_whole &= left && std::ranges::equal(*left, rdata);
    if (!left) { continue; }
    made.push_back(std::move(*left));
    kept.emplace_back(made.back());
  }
  if (is_whole) { return set; }
  return kept.empty() ? nullptr : RRset::make(set->owner(), type, set->ttl(), kept);
}

}  // namespace vouch
