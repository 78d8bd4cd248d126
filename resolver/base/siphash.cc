#include "resolver/base/siphash.h"

#include <array>
#include <bit>

#include "resolver/base/random.h"

namespace vouch {

namespace {

std::uint64_t little(const Octet* at) noexcept {
  const std::uint64_t word = load_word(at);
  if constexpr (std::endian::native == std::endian::big) { return __builtin_bswap64(word); }
  return word;
}

template <int Compress, int Finish>
std::uint64_t siphash(SipKey key, Bytes octets) noexcept {
  SipState state(key);
  std::size_t at = 0;
  for (; at + 8 <= octets.size(); at += 8) { state.absorb<Compress>(little(octets.data() + at)); }
  std::uint64_t last = std::uint64_t{octets.size()} << 56;
  for (std::size_t i = 0; at + i < octets.size(); ++i) { last |= std::uint64_t{octets[at + i]} << (8 * i); }
  state.absorb<Compress>(last);
  return state.finish<Finish>();
}

}  // namespace

SipKey SipKey::from(Bytes sixteen_octets) noexcept {
  return {little(sixteen_octets.data()), little(sixteen_octets.data() + 8)};
}

std::uint64_t siphash24(SipKey key, Bytes octets) noexcept { return siphash<2, 4>(key, octets); }
std::uint64_t siphash13(SipKey key, Bytes octets) noexcept { return siphash<1, 3>(key, octets); }

const SipKey& process_hash_key() noexcept {
  static const SipKey key = [] {
    SystemRandom random;
    return SipKey{random.next64(), random.next64()};
  }();
  return key;
}

}  // namespace vouch
