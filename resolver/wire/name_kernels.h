// The wide-register kernels under name.cc: eight or sixteen octets at a time, never a read past the end of what is
// given. Folding the whole wire form is right because a label's length octet is at most 63 and so is never taken for a
// letter ('A' is 65).
#pragma once

#include <bit>
#include <cstring>

#include "resolver/base/bytes.h"
#include "resolver/base/siphash.h"

namespace vouch::kernels {

constexpr std::uint64_t kEachOctet = 0x0101010101010101U;
constexpr std::uint64_t kTopBits = 0x80 * kEachOctet;

// Turns A-Z into a-z in each of the eight octets and leaves every other octet as it is. Adding to seven-bit octets
// carries into the octet's own top bit and no further: the top bit then says "at least 'A'" or "beyond 'Z'".
constexpr std::uint64_t fold(std::uint64_t word) noexcept {
  const std::uint64_t low = word & ~kTopBits;
  const std::uint64_t from_a = low + (0x80 - 'A') * kEachOctet;
  const std::uint64_t beyond_z = low + (0x7f - 'Z') * kEachOctet;
  const std::uint64_t upper = (from_a ^ beyond_z) & ~word & kTopBits;
  return word | upper >> 2;  // 0x80 >> 2 is the bit between the cases, 0x20
}

template <typename Word>
Word load_little(const Octet* at) noexcept {
  Word word;
  std::memcpy(&word, at, sizeof word);
  if constexpr (std::endian::native == std::endian::big) { return std::byteswap(word); }
  return word;
}

// The first 0..7 octets from `at`, the first one lowest, zeros above. Two loads that overlap instead of a loop.
inline std::uint64_t load_tail(const Octet* at, std::size_t count) noexcept {
  if (count >= 4) {
    const std::uint64_t high = load_little<std::uint32_t>(at + count - 4);
    return load_little<std::uint32_t>(at) | high << (8 * (count - 4));
  }
  if (count == 0) { return 0; }
  // One to three octets: the first, the middle one and the last are all of them, some of them twice.
  const std::uint64_t first = at[0], middle = at[count / 2], last = at[count - 1];
  return first | middle << (8 * (count / 2)) | last << (8 * (count - 1));
}

// Sixteen octets in one register, SSE2 or NEON as the machine has it (both compilers write it this way). For comparing,
// two to three times as fast as the eight-octet words; for hashing it would gain nothing, since SipHash takes words.
using Wide = std::uint8_t __attribute__((vector_size(16)));

inline Wide load_wide(const Octet* at) noexcept {
  Wide wide;
  std::memcpy(&wide, at, sizeof wide);
  return wide;
}
inline Wide fold(Wide wide) noexcept {
  const auto upper = (wide - 'A') < 26;  // as unsigned octets: what lies below 'A' wraps to large numbers
  return wide | (reinterpret_cast<Wide>(upper) & 0x20);
}
inline bool is_same_wide(const Octet* a, const Octet* b) noexcept {
  const Wide difference = fold(load_wide(a)) ^ fold(load_wide(b));
  std::uint64_t halves[2];
  std::memcpy(halves, &difference, sizeof halves);
  return (halves[0] | halves[1]) == 0;
}

inline bool same_folded(const Octet* a, const Octet* b, std::size_t count) noexcept {
  if (count >= sizeof(Wide)) {
    for (std::size_t at = 0; at + sizeof(Wide) < count; at += sizeof(Wide)) {
      if (!is_same_wide(a + at, b + at)) { return false; }
    }
    return is_same_wide(a + count - sizeof(Wide), b + count - sizeof(Wide));  // overlaps what went before
  }
  if (count < 8) { return fold(load_tail(a, count)) == fold(load_tail(b, count)); }
  return fold(load_word(a)) == fold(load_word(b)) && fold(load_word(a + count - 8)) == fold(load_word(b + count - 8));
}

// SipHash-1-3 of the folded octets.
inline std::uint64_t hash_folded(const SipKey& key, const Octet* at, std::size_t count) noexcept {
  SipState state(key);
  const Octet* const end = at + count;
  for (; end - at >= 8; at += 8) { state.absorb<1>(fold(load_little<std::uint64_t>(at))); }
  const auto left = static_cast<std::size_t>(end - at);
  state.absorb<1>(fold(load_tail(at, left)) | std::uint64_t{count} << 56);
  return state.finish<3>();
}

// Below, equal or above zero as the folded octets of `a` sort against those of `b`, octet by octet as unsigned numbers.
inline int order_folded(const Octet* a, const Octet* b, std::size_t count) noexcept {
  while (count > 0) {
    const std::size_t step = count < 8 ? count : 8;
    const std::uint64_t one = fold(step < 8 ? load_tail(a, step) : load_little<std::uint64_t>(a));
    const std::uint64_t two = fold(step < 8 ? load_tail(b, step) : load_little<std::uint64_t>(b));
    if (one != two) { return std::byteswap(one) < std::byteswap(two) ? -1 : 1; }  // the first octet decides first
    a += step;
    b += step;
    count -= step;
  }
  return 0;
}

// Folds in place.
inline void lower_case(Octet* at, std::size_t count) noexcept {
  for (; count >= 8; at += 8, count -= 8) {
    const std::uint64_t word = fold(load_word(at));
    std::memcpy(at, &word, sizeof word);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (at[i] >= 'A' && at[i] <= 'Z') { at[i] = u8(at[i] | 0x20U); }
  }
}

}  // namespace vouch::kernels
