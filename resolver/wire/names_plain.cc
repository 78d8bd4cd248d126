#include "resolver/wire/names_plain.h"

#include <algorithm>

#include "resolver/wire/name_scan.h"

namespace vouch::plain {

namespace {

Buffer lowered(Bytes octets) {
  Buffer result(octets.begin(), octets.end());
  for (Octet& octet : result) { octet = lower_case(octet); }
  return result;
}

// Label contents, lower-cased, rightmost first: the order in which RFC 4034 section 6.1 compares them.
std::vector<Buffer> labels_from_the_right(NameView name) {
  std::vector<Buffer> labels;
  for (NameView rest = name; !rest.is_root(); rest = rest.parent()) { labels.push_back(lowered(rest.first_label())); }
  std::ranges::reverse(labels);
  return labels;
}

}  // namespace

bool same_ignoring_case(Bytes a, Bytes b) noexcept {
  return std::ranges::equal(a, b, [](Octet x, Octet y) { return lower_case(x) == lower_case(y); });
}

std::uint64_t hash(const SipKey& key, NameView name) { return siphash13(key, lowered(name.octets())); }

std::strong_ordering canonical_order(NameView a, NameView b) {
  const auto a_labels = labels_from_the_right(a);
  const auto b_labels = labels_from_the_right(b);
  return std::lexicographical_compare_three_way(a_labels.begin(), a_labels.end(), b_labels.begin(), b_labels.end());
}

std::optional<Buffer> expand_name(Bytes packet, std::size_t at) {
  Buffer name;
  std::size_t run = at, pointers = 0;
  for (;;) {
    if (at >= packet.size()) { return std::nullopt; }
    const std::size_t octet = packet[at];
    if (octet > kMaxLabelLength) {
      if (octet < 0xc0 || at + 1 >= packet.size()) { return std::nullopt; }
      const std::size_t target = (octet & 0x3f) * 256 + packet[at + 1];
      if (target < kMessageHeader || target >= run || ++pointers > kMaxPointers) { return std::nullopt; }
      at = run = target;
      continue;
    }
    // The root label still to come counts as well.
    const bool is_last = octet == 0;
    if (name.size() + 1 + octet + (is_last ? 0 : 1) > kMaxNameLength) { return std::nullopt; }
    if (!is_last && at + 1 + octet > packet.size()) { return std::nullopt; }
    name.insert(name.end(), packet.begin() + static_cast<std::ptrdiff_t>(at),
                packet.begin() + static_cast<std::ptrdiff_t>(at + 1 + octet));
    if (is_last) { return name; }
    at += 1 + octet;
  }
}

}  // namespace vouch::plain
