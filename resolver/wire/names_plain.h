// The kernels of name.cc again, an octet at a time and as close to the RFCs' words as can be. Slow on purpose: the fast
// ones are tested against these, and a reader who doubts what a fast one means finds it here.
#pragma once

#include "resolver/wire/name.h"

namespace vouch::plain {

constexpr Octet lower_case(Octet octet) noexcept { return octet >= 'A' && octet <= 'Z' ? u8(octet + 0x20U) : octet; }

bool same_ignoring_case(Bytes a, Bytes b) noexcept;
std::uint64_t hash(const SipKey& key, NameView name);
std::strong_ordering canonical_order(NameView a, NameView b);
// The uncompressed octets of the name at `at`, or nothing when parse_name() must refuse it.
std::optional<Buffer> expand_name(Bytes packet, std::size_t at);

}  // namespace vouch::plain
