#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vouch::lab {

// Everything the lab invents (keys, salts, data addresses) comes from here: SHA-256 in counter mode over the seed and a
// label. Same seed and label, same octets, on every machine. NOT for secrets: the seed is public.
class Seed {
 public:
  explicit Seed(std::uint64_t number) : number_(number) {}

  std::uint64_t number() const { return number_; }
  std::vector<std::uint8_t> octets(std::string_view label, std::size_t count) const;

  // The made-up addresses that zone data carries. From the documentation ranges (RFC 5737, RFC 3849), so that nothing
  // that follows an answer ever leaves for a real host.
  std::string ipv4_of(std::string_view owner) const;
  std::string ipv6_of(std::string_view owner) const;

 private:
  std::uint64_t number_;
};

std::string sha256_hex(std::string_view text);

}  // namespace vouch::lab
