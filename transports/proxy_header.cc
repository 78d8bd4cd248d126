#include "transports/proxy_header.h"

#include <algorithm>
#include <iterator>

namespace vouch {

namespace {

constexpr Octet kSignature[] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
constexpr std::size_t kFixed = 16;  // signature, version and command, family and protocol, length
constexpr std::size_t kCommand = 12, kFamily = 13, kLength = 14;
constexpr Octet kLocal = 0x20, kProxy = 0x21;                                  // version 2 in the upper half
constexpr unsigned kInet = 1, kInet6 = 2, kMostFamily = 3, kMostProtocol = 2;  // UNIX; datagrams
constexpr Octet kMapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::size_t kV4 = 4, kV6 = 16, kPort = 2;

// Whether the first sixteen octets may begin a header, and how long it then is.
std::optional<std::size_t> size_of_header(Bytes fixed) noexcept {
  if (!std::equal(std::begin(kSignature), std::end(kSignature), fixed.begin())) { return std::nullopt; }
  const Octet command = fixed[kCommand];
  if (command != kLocal && command != kProxy) { return std::nullopt; }
  // Other kinds of address are for later versions and to be refused; LOCAL's are not to be looked at.
  const bool is_known = fixed[kFamily] >> 4U <= kMostFamily && (fixed[kFamily] & 0x0fU) <= kMostProtocol;
  if (command == kProxy && !is_known) { return std::nullopt; }
  const std::size_t size = kFixed + load16(fixed.data() + kLength);
  if (size > kMaxProxyHeader) { return std::nullopt; }
  return size;
}

// A proxy that listens on an IPv6 socket for both says ::ffff:192.0.2.1: to our rules, too, that is an IPv4 client.
SocketAddress address_at(const Octet* address, std::size_t octets, const Octet* port) noexcept {
  const bool is_mapped = octets == kV6 && std::equal(std::begin(kMapped), std::end(kMapped), address);
  if (is_mapped) { return SocketAddress(IpAddress::v4({address + std::size(kMapped), kV4}), load16(port)); }
  const IpAddress ip = octets == kV4 ? IpAddress::v4({address, kV4}) : IpAddress::v6({address, kV6});
  return SocketAddress(ip, load16(port));
}

}  // namespace

std::optional<ProxyHeader> parse_proxy_header(Bytes octets) noexcept {
  if (octets.size() < kFixed) { return std::nullopt; }
  const auto size = size_of_header(octets.first(kFixed));
  if (!size || octets.size() < *size) { return std::nullopt; }
  ProxyHeader header{.size = *size, .ends = {}};
  const unsigned family = octets[kFamily] >> 4U;
  // What follows the addresses (TLVs) is the proxy's own business; a checksum among them would tell of nothing that TCP
  // and UDP do not tell of themselves.
  if (octets[kCommand] == kLocal || (family != kInet && family != kInet6)) { return header; }
  const std::size_t width = family == kInet ? kV4 : kV6;
  if (*size < kFixed + 2 * (width + kPort)) { return std::nullopt; }
  const Octet* const source = octets.data() + kFixed;
  const Octet* const target = source + width;
  const Octet* const ports = target + width;
  header.ends =
      ProxiedEnds{.client = address_at(source, width, ports), .local = address_at(target, width, ports + kPort)};
  return header;
}

std::size_t ProxyHeaderReader::wanted() const noexcept { return (size_ == 0 ? kFixed : size_) - used_; }

bool ProxyHeaderReader::add(Bytes octets) noexcept {
  if (octets.size() > wanted()) { return false; }
  std::copy(octets.begin(), octets.end(), octets_.begin() + static_cast<std::ptrdiff_t>(used_));
  used_ += octets.size();
  if (used_ < kFixed) { return true; }
  if (size_ == 0) {
    const auto size = size_of_header(Bytes(octets_).first(kFixed));
    if (!size) { return false; }
    size_ = *size;
  }
  if (used_ < size_) { return true; }
  const auto header = parse_proxy_header(Bytes(octets_).first(size_));
  if (!header) { return false; }
  header_ = *header;
  return true;
}

}  // namespace vouch
