// Who may ask. Prefixes become sorted, disjoint ranges of addresses, so a look-up is one binary search however many
// prefixes an operator lists and however they overlap. Immutable once built; shared by all workers.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "resolver/base/address.h"

namespace vouch {

class AccessList {
 public:
  AccessList() = default;  // admits nobody
  explicit AccessList(std::span<const Prefix> prefixes);

  // An IPv4 client that came through an IPv6 socket (::ffff:a.b.c.d, RFC 4291 section 2.5.5.2) counts as what it is.
  bool admits(const IpAddress& client) const noexcept;

 private:
  // Network order as one big number: 128 bits in two words, an IPv4 address in the low 32.
  struct Number {
    std::uint64_t high = 0, low = 0;
    auto operator<=>(const Number&) const = default;
  };
  struct Range {
    Number first, last;  // both inside
  };
  static Number number_of(const IpAddress& address) noexcept;
  static std::vector<Range> merged(std::vector<Range> ranges);
  static bool holds(const std::vector<Range>& ranges, Number number) noexcept;

  std::vector<Range> v4_, v6_;
};

}  // namespace vouch
