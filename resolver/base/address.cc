#include "resolver/base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>

#include "resolver/base/siphash.h"

namespace vouch {

IpAddress IpAddress::v4(Bytes four_octets) noexcept {
  IpAddress address;
  std::copy_n(four_octets.begin(), 4, address.octets_.begin());
  return address;
}

IpAddress IpAddress::v6(Bytes sixteen_octets) noexcept {
  IpAddress address;
  address.family_ = Family::v6;
  std::copy_n(sixteen_octets.begin(), 16, address.octets_.begin());
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string zero_ended(text);  // inet_pton wants a terminator
  if (zero_ended.size() != std::char_traits<char>::length(zero_ended.c_str())) { return std::nullopt; }
  std::array<Octet, 16> octets;
  if (inet_pton(AF_INET, zero_ended.c_str(), octets.data()) == 1) { return v4(octets); }
  if (inet_pton(AF_INET6, zero_ended.c_str(), octets.data()) == 1) { return v6(octets); }
  return std::nullopt;
}

namespace {
bool is_mapped(Bytes v6) {  // ::ffff:0:0/96
  return std::all_of(v6.begin(), v6.begin() + 10, [](Octet octet) { return octet == 0; }) && v6[10] == 0xff &&
         v6[11] == 0xff;
}
}  // namespace

bool IpAddress::is_loopback() const noexcept {
  if (is_v4()) { return octets_[0] == 127; }
  if (is_mapped(octets_)) { return octets_[12] == 127; }
  return std::all_of(octets_.begin(), octets_.begin() + 15, [](Octet octet) { return octet == 0; }) && octets_[15] == 1;
}

bool IpAddress::is_unspecified() const noexcept {
  if (is_v4()) { return octets_[0] == 0; }
  return std::all_of(octets_.begin(), octets_.end(), [](Octet octet) { return octet == 0; });
}

bool IpAddress::is_multicast() const noexcept { return is_v4() ? (octets_[0] & 0xf0) == 0xe0 : octets_[0] == 0xff; }

bool IpAddress::is_unusable_server() const noexcept {
  const bool broadcast =
      is_v4() && std::all_of(octets_.begin(), octets_.begin() + 4, [](Octet octet) { return octet == 255; });
  return is_unspecified() || is_multicast() || broadcast || (!is_v4() && is_mapped(octets_));
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(is_v4() ? AF_INET : AF_INET6, octets_.data(), text.data(), text.size());
  return text.data();
}

namespace {
std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) { return std::nullopt; }
  return port;
}
}  // namespace

std::optional<SocketAddress> SocketAddress::from(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, address, sizeof in);
    return SocketAddress(IpAddress::v4({reinterpret_cast<const Octet*>(&in.sin_addr), 4}), ntohs(in.sin_port));
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 in;
    std::memcpy(&in, address, sizeof in);
    return SocketAddress(IpAddress::v6({reinterpret_cast<const Octet*>(&in.sin6_addr), 16}), ntohs(in.sin6_port));
  }
  return std::nullopt;
}

std::optional<SocketAddress> SocketAddress::parse(std::string_view text, std::uint16_t default_port) {
  std::string_view host = text;
  std::uint16_t port = default_port;
  std::size_t mark = text.rfind('@');
  if (mark == std::string_view::npos && text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) { return std::nullopt; }
    host = text.substr(1, close - 1);
    if (close + 1 < text.size()) {
      if (text[close + 1] != ':') { return std::nullopt; }
      mark = close + 1;
    }
  } else if (mark == std::string_view::npos && std::ranges::count(text, ':') == 1) {
    mark = text.find(':');
    host = text.substr(0, mark);
  } else if (mark != std::string_view::npos) {
    host = text.substr(0, mark);
  }
  if (mark != std::string_view::npos) {
    const auto given = parse_port(text.substr(mark + 1));
    if (!given) { return std::nullopt; }
    port = *given;
  }
  const auto ip = IpAddress::parse(host);
  if (!ip) { return std::nullopt; }
  return SocketAddress(*ip, port);
}

std::uint32_t SocketAddress::to(sockaddr_storage& out) const noexcept {
  out = {};
  const Bytes octets = ip_.octets();
  if (ip_.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port_);
    std::memcpy(&in.sin_addr, octets.data(), octets.size());
    std::memcpy(&out, &in, sizeof in);
    return sizeof in;
  }
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port_);
  std::memcpy(&in.sin6_addr, octets.data(), octets.size());
  std::memcpy(&out, &in, sizeof in);
  return sizeof in;
}

std::string SocketAddress::text() const { return ip_.text() + "@" + std::to_string(port_); }

Prefix::Prefix(const IpAddress& address, std::uint8_t bits) : bits_(bits) {
  std::array<Octet, 16> octets{};
  const Bytes from = address.octets();
  for (std::size_t i = 0; i < from.size(); ++i) {
    const int keep = std::clamp(static_cast<int>(bits) - static_cast<int>(8 * i), 0, 8);
    octets[i] = u8(from[i] & (0xff00U >> keep));
  }
  address_ = address.is_v4() ? IpAddress::v4(octets) : IpAddress::v6(octets);
}

std::optional<Prefix> Prefix::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) { return std::nullopt; }
  const std::uint8_t most = address->is_v4() ? 32 : 128;
  if (slash == std::string_view::npos) { return Prefix(*address, most); }
  const std::string_view digits = text.substr(slash + 1);
  std::uint8_t bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc{} || end != digits.data() + digits.size() || bits > most) { return std::nullopt; }
  return Prefix(*address, bits);
}

bool Prefix::contains(const IpAddress& address) const noexcept {
  if (address.family() != address_.family()) { return false; }
  const Bytes ours = address_.octets();
  const Bytes theirs = address.octets();
  const std::size_t whole = bits_ / 8U;
  if (std::memcmp(ours.data(), theirs.data(), whole) != 0) { return false; }
  const unsigned rest = bits_ % 8U;
  return rest == 0 || ((ours[whole] ^ theirs[whole]) & (0xff00U >> rest) & 0xffU) == 0;
}

std::string Prefix::text() const { return address_.text() + "/" + std::to_string(bits_); }

}  // namespace vouch

std::size_t std::hash<vouch::IpAddress>::operator()(const vouch::IpAddress& address) const noexcept {
  return vouch::siphash13(vouch::process_hash_key(), address.octets());
}

std::size_t std::hash<vouch::SocketAddress>::operator()(const vouch::SocketAddress& address) const noexcept {
  std::array<vouch::Octet, 18> octets{};
  const vouch::Bytes ip = address.ip().octets();
  std::copy(ip.begin(), ip.end(), octets.begin());
  vouch::store16(octets.data() + 16, address.port());
  return vouch::siphash13(vouch::process_hash_key(), octets);
}
