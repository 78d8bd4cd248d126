// One name in a packet, walked label by label: what parse_name() and the message parser share. Work is bounded twice:
// within one name by its length and kMaxPointers, within a message by a budget of steps that the caller hands from name
// to name.
#pragma once

#include <algorithm>
#include <limits>
#include <optional>

#include "resolver/wire/name.h"

namespace vouch {

// Every useful pointer leads to at least one label more, so an honest name has at most kMaxLabels of them; beyond that
// a packet chains pointers to pointers to make us walk (CVE-2023-4408 and its kin).
constexpr std::size_t kMaxPointers = kMaxLabels;
constexpr std::size_t kFirstPointer = 0xc000;  // the two top bits mark a pointer (RFC 1035 section 4.1.4)
constexpr std::size_t kMessageHeader = 12;     // no name starts within it

// `steps` goes down by one for each label and pointer; the name is refused when it would pass zero.
inline std::optional<NameAt> scan_name(Bytes packet, std::size_t at, std::size_t& steps) noexcept {
  const Octet* const octets = packet.data();
  const std::size_t size = std::min<std::size_t>(packet.size(), std::numeric_limits<std::uint16_t>::max());
  std::size_t here = at, run = at, next = 0, length = 1, labels = 0, pointers = 0;
  while (here < size && steps > 0) {
    --steps;
    const std::size_t octet = octets[here];
    if (octet == 0) {
      if (next == 0) { next = here + 1; }
      return NameAt{u16(at), u16(next), u8(length), u8(labels)};
    }
    if (octet <= kMaxLabelLength) {
      length += 1 + octet;
      here += 1 + octet;
      ++labels;
      if (length > kMaxNameLength) { return std::nullopt; }
      continue;
    }
    if (octet < kFirstPointer >> 8 || here + 1 >= size) { return std::nullopt; }
    const std::size_t target = (octet << 8 | octets[here + 1]) - kFirstPointer;
    // A pointer must aim before the run of labels that it ends: each hop then moves strictly towards the header, so no
    // loop can be written down.
    if (target < kMessageHeader || target >= run || ++pointers > kMaxPointers) { return std::nullopt; }
    if (next == 0) { next = here + 2; }
    here = run = target;
  }
  return std::nullopt;  // ran off the end of the packet, or out of steps
}

}  // namespace vouch
