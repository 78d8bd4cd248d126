#include "resolver/policy/hashed_name.h"

#include <algorithm>

namespace vouch {

namespace {

__extension__ using Wide = unsigned __int128;

// Both halves of a product with a secret factor: nobody who does not know the key can make names collide.
std::uint64_t mix(std::uint64_t x, std::uint64_t word, std::uint64_t secret) noexcept {
  const Wide product = Wide{x ^ word} * secret;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

}  // namespace

std::uint64_t HashedName::extend(std::uint64_t above, Bytes label, const SipKey& key) noexcept {
  const std::uint64_t secret = key.k1 | 1;
  std::size_t at = 0;
  for (; at + 8 <= label.size(); at += 8) { above = mix(above, load_word(label.data() + at), secret); }
  std::uint64_t rest = 0;
  for (std::size_t i = 0; at + i < label.size(); ++i) { rest |= std::uint64_t{label[at + i]} << (8 * i); }
  return mix(above, rest, secret) + key.k0;
}

HashedName::HashedName(NameView name) noexcept : name_(name) {
  name_.lower_case();
  const NameView lower = name_;
  // Where each label begins, from the left.
  std::array<std::uint8_t, kMaxLabels> starts;
  std::size_t labels = 0;
  const Bytes octets = lower.octets();
  for (std::size_t at = 0; octets[at] != 0; at += octets[at] + std::size_t{1}) { starts[labels++] = u8(at); }
  const SipKey& key = process_hash_key();
  depth_ = std::min(labels, kMaxDepth);
  hashes_[0] = of_root(key);
  for (std::size_t i = 1; i <= depth_; ++i) {
    const std::size_t start = starts[labels - i];
    hashes_[i] = extend(hashes_[i - 1], octets.subspan(start, octets[start] + std::size_t{1}), key);
  }
}

}  // namespace vouch
