#include "resolver/policy/access_list.h"

#include <algorithm>

namespace vouch {

namespace {

constexpr std::uint64_t kMapped = 0xffff00000000U;  // the low word's upper part in ::ffff:0:0/96

// The host bits of a prefix, all ones; `host` is 0..64.
std::uint64_t ones(unsigned host) noexcept { return host == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << host) - 1; }

}  // namespace

AccessList::Number AccessList::number_of(const IpAddress& address) noexcept {
  const Bytes octets = address.octets();
  if (address.is_v4()) { return {0, load32(octets.data())}; }
  return {load64(octets.data()), load64(octets.data() + 8)};
}

AccessList::AccessList(std::span<const Prefix> prefixes) {
  for (const Prefix& prefix : prefixes) {
    const bool v4 = prefix.address().is_v4();
    const unsigned host = (v4 ? 32U : 128U) - prefix.bits();
    const Number first = number_of(prefix.address());
    const Number last = {first.high | ones(host > 64 ? host - 64 : 0), first.low | ones(std::min(host, 64U))};
    (v4 ? v4_ : v6_).push_back({first, last});
  }
  v4_ = merged(std::move(v4_));
  v6_ = merged(std::move(v6_));
}

std::vector<AccessList::Range> AccessList::merged(std::vector<Range> ranges) {
  std::ranges::sort(ranges, {}, &Range::first);
  std::vector<Range> result;
  for (const Range& range : ranges) {
    if (!result.empty() && range.first <= result.back().last) {
      result.back().last = std::max(result.back().last, range.last);
    } else {
      result.push_back(range);
    }
  }
  return result;
}

bool AccessList::holds(const std::vector<Range>& ranges, Number number) noexcept {
  const auto after = std::ranges::upper_bound(ranges, number, {}, &Range::first);
  return after != ranges.begin() && number <= std::prev(after)->last;
}

bool AccessList::admits(const IpAddress& client) const noexcept {
  const Number number = number_of(client);
  if (client.is_v4()) { return holds(v4_, number); }
  const bool mapped = number.high == 0 && (number.low & ~std::uint64_t{0xffffffffU}) == kMapped;
  return mapped ? holds(v4_, {0, number.low & 0xffffffffU}) : holds(v6_, number);
}

}  // namespace vouch
