#include "resolver/policy/prefix_table.h"

namespace vouch {

namespace {

// The host bits of a prefix, all ones; `host` is 0..64.
std::uint64_t ones(unsigned host) noexcept { return host == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << host) - 1; }

constexpr std::uint64_t kMapped = 0xffff00000000U;  // the low word's upper part in ::ffff:0:0/96

}  // namespace

AddressNumber AddressNumber::of(const IpAddress& address) noexcept {
  const Bytes octets = address.octets();
  if (address.is_v4()) { return {0, load32(octets.data())}; }
  return {load64(octets.data()), load64(octets.data() + 8)};
}

AddressNumber AddressNumber::last_of(const Prefix& prefix) noexcept {
  const unsigned host = (prefix.address().is_v4() ? 32U : 128U) - prefix.bits();
  const AddressNumber first = of(prefix.address());
  return {first.high | ones(host > 64 ? host - 64 : 0), first.low | ones(std::min(host, 64U))};
}

IpAddress unmapped(const IpAddress& address) noexcept {
  if (address.is_v4()) { return address; }
  const AddressNumber number = AddressNumber::of(address);
  const bool is_mapped = number.high == 0 && (number.low & ~std::uint64_t{0xffffffffU}) == kMapped;
  return is_mapped ? IpAddress::v4(address.octets().subspan(12)) : address;
}

}  // namespace vouch
