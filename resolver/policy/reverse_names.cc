#include "resolver/policy/reverse_names.h"

#include <array>
#include <string>

namespace vouch {

namespace {

// Made before main(): whoever asks must not throw, and memory may run out later.
const Name kReverse6 = Name::of("ip6.arpa.");

std::optional<unsigned> nibble_of(Bytes label) noexcept {
  if (label.size() != 1) { return std::nullopt; }
  const Octet c = label[0];
  if (c >= '0' && c <= '9') { return c - unsigned{'0'}; }
  const auto lower = static_cast<Octet>(c | 0x20U);
  if (lower >= 'a' && lower <= 'f') { return lower - unsigned{'a'} + 10; }
  return std::nullopt;
}

}  // namespace

Name reverse_name(const IpAddress& address) { return reverse_name(Prefix(address, address.is_v4() ? 32 : 128)); }

// Never too long: 32 nibbles and ip6.arpa take 74 octets.
Name reverse_name(const Prefix& prefix) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const Bytes octets = prefix.address().octets();
  Name name = Name::of(prefix.address().is_v4() ? "in-addr.arpa." : "ip6.arpa.");
  if (prefix.address().is_v4()) {
    for (const Octet octet : octets.first(prefix.bits() / std::size_t{8})) {
      name.prepend_label(bytes_of(std::to_string(octet)));
    }
    return name;
  }
  for (std::size_t nibble = 0; nibble < prefix.bits() / std::size_t{4}; ++nibble) {
    const unsigned octet = octets[nibble / 2];
    const auto digit = static_cast<Octet>(kDigits[nibble % 2 == 0 ? octet >> 4U : octet & 0x0fU]);
    name.prepend_label({&digit, 1});
  }
  return name;
}

std::optional<IpAddress> address_of_reverse6(NameView name) noexcept {
  constexpr std::size_t kNibbles = 32, kLabels = kNibbles + 2;  // and ip6, arpa
  if (name.labels() != kLabels || !name.is_below(kReverse6)) { return std::nullopt; }
  std::array<Octet, 16> octets{};
  for (std::size_t i = 0; i < kNibbles; ++i) {
    const auto nibble = nibble_of(name.suffix(u8(3 + i)).first_label());
    if (!nibble) { return std::nullopt; }
    octets[i / 2] = u8(octets[i / 2] | *nibble << (i % 2 == 0 ? 4U : 0U));
  }
  return IpAddress::v6(octets);
}

}  // namespace vouch
