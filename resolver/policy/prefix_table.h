// From an address to the value of the longest prefix that holds it. Prefixes nest or are apart, so they become sorted,
// disjoint ranges, and a look-up is one binary search however many there are. Immutable once built.
#pragma once

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "resolver/base/address.h"

namespace vouch {

// An address as one big number: 128 bits in two words, an IPv4 address in the low 32.
struct AddressNumber {
  std::uint64_t high = 0, low = 0;
  auto operator<=>(const AddressNumber&) const = default;
  static AddressNumber of(const IpAddress& address) noexcept;
  // The last address of a prefix.
  static AddressNumber last_of(const Prefix& prefix) noexcept;
  AddressNumber next() const noexcept { return {low + 1 == 0 ? high + 1 : high, low + 1}; }
  AddressNumber before() const noexcept { return {low == 0 ? high - 1 : high, low - 1}; }
};

// An IPv4 address that came mapped into IPv6 (::ffff:a.b.c.d, RFC 4291 section 2.5.5.2), as what it is.
IpAddress unmapped(const IpAddress& address) noexcept;

template <typename Value>
class PrefixTable {
 public:
  PrefixTable() = default;
  // Of equal prefixes the first counts.
  explicit PrefixTable(const std::vector<std::pair<Prefix, Value>>& prefixes) {
    std::vector<Range> v4, v6;
    for (const auto& [prefix, value] : prefixes) {
      const AddressNumber first = AddressNumber::of(prefix.address());
      (prefix.address().is_v4() ? v4 : v6).push_back({first, AddressNumber::last_of(prefix), value});
    }
    v4_ = flatten(std::move(v4));
    v6_ = flatten(std::move(v6));
  }

  // The value of the longest prefix that holds `address`; null: none. A mapped IPv4 address is looked up as IPv4.
  const Value* find(const IpAddress& address) const noexcept {
    const IpAddress plain = unmapped(address);
    const std::vector<Range>& ranges = plain.is_v4() ? v4_ : v6_;
    const AddressNumber number = AddressNumber::of(plain);
    const auto after = std::ranges::upper_bound(ranges, number, {}, &Range::first);
    if (after == ranges.begin()) { return nullptr; }
    const Range& range = *std::prev(after);
    return number <= range.last ? &range.value : nullptr;
  }
  bool empty() const noexcept { return v4_.empty() && v6_.empty(); }

 private:
  struct Range {
    AddressNumber first, last;  // both inside
    Value value{};
  };

  // By first address, the wider before the narrower: a stack of what is open gives the innermost at each point.
  static std::vector<Range> flatten(std::vector<Range> prefixes) {
    std::vector<std::size_t> order(prefixes.size());
    for (std::size_t i = 0; i < order.size(); ++i) { order[i] = i; }
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
      const Range &x = prefixes[a], &y = prefixes[b];
      return std::tie(x.first, y.last, a) < std::tie(y.first, x.last, b);
    });
    std::vector<Range> out, open;
    AddressNumber at{};  // up to here everything is laid out
    const auto close_before = [&](const AddressNumber& next) {
      while (!open.empty() && open.back().last < next) {
        const Range& done = open.back();
        if (at <= done.last) {
          out.push_back({at, done.last, done.value});
          at = done.last.next();
        }
        open.pop_back();
      }
    };
    for (const std::size_t i : order) {
      const Range& prefix = prefixes[i];
      close_before(prefix.first);
      if (!open.empty()) {
        if (open.back().first == prefix.first && open.back().last == prefix.last) { continue; }
        if (at < prefix.first) { out.push_back({at, prefix.first.before(), open.back().value}); }
      }
      at = prefix.first;
      open.push_back(prefix);
    }
    while (!open.empty()) {
      const Range done = std::move(open.back());
      open.pop_back();
      if (at > done.last || (at == AddressNumber{} && !out.empty())) { continue; }  // all of it is laid out
      out.push_back({at, done.last, done.value});
      at = done.last.next();  // of the very last address: 0, the beginning
    }
    return out;
  }

  std::vector<Range> v4_, v6_;
};

}  // namespace vouch
