// Internet addresses as values: IpAddress, SocketAddress (address and port) and Prefix. Text forms through inet_pton.
// All are small, trivially copyable and comparable; none touches a socket.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "resolver/base/bytes.h"

struct sockaddr;
struct sockaddr_storage;

namespace vouch {

enum class Family : std::uint8_t { v4, v6 };

class IpAddress {
 public:
  constexpr IpAddress() = default;  // 0.0.0.0
  static IpAddress v4(Bytes four_octets) noexcept;
  static IpAddress v6(Bytes sixteen_octets) noexcept;
  static std::optional<IpAddress> parse(std::string_view text);  // "192.0.2.1", "2001:db8::1"

  constexpr Family family() const noexcept { return family_; }
  bool is_v4() const noexcept { return family_ == Family::v4; }
  Bytes octets() const noexcept { return {octets_.data(), is_v4() ? std::size_t{4} : std::size_t{16}}; }
  bool is_loopback() const noexcept;     // 127.0.0.0/8, ::1, and the first mapped into ::ffff:0:0/96
  bool is_unspecified() const noexcept;  // 0.0.0.0/8 ("this network") and ::
  bool is_multicast() const noexcept;
  bool is_unusable_server() const noexcept;  // unspecified, multicast, broadcast, v4-mapped: never asked
  std::string text() const;
  auto operator<=>(const IpAddress&) const = default;

 private:
  Family family_ = Family::v4;
  std::array<Octet, 16> octets_{};  // IPv4 in the first four, the rest zero
};

class SocketAddress {
 public:
  constexpr SocketAddress() = default;
  constexpr SocketAddress(IpAddress ip, std::uint16_t port) : ip_(ip), port_(port) {}
  static std::optional<SocketAddress> from(const sockaddr* address);
  // "192.0.2.1@53", "[2001:db8::1]:53", "192.0.2.1:53", or a bare address with `default_port`.
  static std::optional<SocketAddress> parse(std::string_view text, std::uint16_t default_port);

  const IpAddress& ip() const noexcept { return ip_; }
  std::uint16_t port() const noexcept { return port_; }
  std::uint32_t to(sockaddr_storage& out) const noexcept;  // returns the length to pass on
  std::string text() const;                                // "192.0.2.1@53"
  auto operator<=>(const SocketAddress&) const = default;

 private:
  IpAddress ip_;
  std::uint16_t port_ = 0;
};

class Prefix {
 public:
  constexpr Prefix() = default;                               // 0.0.0.0/0
  Prefix(const IpAddress& address, std::uint8_t bits);        // host bits are cleared
  static std::optional<Prefix> parse(std::string_view text);  // "10.0.0.0/8", "fc00::/7", a bare address
  bool contains(const IpAddress& address) const noexcept;
  const IpAddress& address() const noexcept { return address_; }
  std::uint8_t bits() const noexcept { return bits_; }
  std::string text() const;
  auto operator<=>(const Prefix&) const = default;

 private:
  IpAddress address_;
  std::uint8_t bits_ = 0;
};

}  // namespace vouch

template <>
struct std::hash<vouch::IpAddress> {
  std::size_t operator()(const vouch::IpAddress& address) const noexcept;  // keyed per process
};
template <>
struct std::hash<vouch::SocketAddress> {
  std::size_t operator()(const vouch::SocketAddress& address) const noexcept;  // keyed per process
};
