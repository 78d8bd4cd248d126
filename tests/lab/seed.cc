#include "tests/lab/seed.h"

#include <openssl/evp.h>

#include <fmt/format.h>
#include <array>

namespace vouch::lab {

namespace {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(std::string_view text) {
  Digest digest{};
  unsigned int length = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr);
  return digest;
}

}  // namespace

std::vector<std::uint8_t> Seed::octets(std::string_view label, std::size_t count) const {
  std::vector<std::uint8_t> out;
  out.reserve(count + sizeof(Digest));
  for (std::size_t block = 0; out.size() < count; ++block) {
    const Digest digest = sha256(fmt::format("vouch-lab {} {} {}", number_, label, block));
    out.insert(out.end(), digest.begin(), digest.end());
  }
  out.resize(count);
  return out;
}

std::string Seed::ipv4_of(std::string_view owner) const {
  static constexpr std::array<std::string_view, 3> kDocumentation = {"192.0.2", "198.51.100", "203.0.113"};
  const std::vector<std::uint8_t> octet = octets(fmt::format("ipv4 {}", owner), 2);
  return fmt::format("{}.{}", kDocumentation[octet[0] % kDocumentation.size()], 1 + octet[1] % 254);
}

std::string Seed::ipv6_of(std::string_view owner) const {
  const std::vector<std::uint8_t> octet = octets(fmt::format("ipv6 {}", owner), 4);
  // The first digits never are zero, so that there is one way only to write the address.
  return fmt::format("2001:db8:{:x}::{:x}", 0x1000 | octet[0] << 8 | octet[1], 0x1000 | octet[2] << 8 | octet[3]);
}

std::string sha256_hex(std::string_view text) {
  std::string out;
  for (const std::uint8_t octet : sha256(text)) { out += fmt::format("{:02x}", octet); }
  return out;
}

}  // namespace vouch::lab
