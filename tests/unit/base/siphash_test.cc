#include "resolver/base/siphash.h"

#include <gtest/gtest.h>

#include <array>
#include <numeric>

namespace vouch {
namespace {

// The reference vectors: key 00 01 .. 0f, input 00 01 .. n-1 (Aumasson and Bernstein, "SipHash", appendix A and its
// code).
std::uint64_t hash24_of(std::size_t length) {
  std::array<Octet, 16> key;
  std::array<Octet, 64> input;
  std::iota(key.begin(), key.end(), Octet{0});
  std::iota(input.begin(), input.end(), Octet{0});
  return siphash24(SipKey::from(key), Bytes(input).first(length));
}

TEST(SipHash, ReferenceVectorsOf24) {
  constexpr std::array<std::uint64_t, 16> kExpected = {
      0x726fdb47dd0e0e31U, 0x74f839c593dc67fdU, 0x0d6c8009d9a94f5aU, 0x85676696d7fb7e2dU,
      0xcf2794e0277187b7U, 0x18765564cd99a68dU, 0xcbc9466e58fee3ceU, 0xab0200f58b01d137U,
      0x93f5f5799a932462U, 0x9e0082df0ba9e4b0U, 0x7a5dbbc594ddb9f3U, 0xf4b32f46226bada7U,
      0x751e8fbc860ee5fbU, 0x14ea5627c0843d90U, 0xf723ca908e7af2eeU, 0xa129ca6149be45e5U};
  for (std::size_t length = 0; length < kExpected.size(); ++length) {
    EXPECT_EQ(hash24_of(length), kExpected[length]) << length;
  }
}

TEST(SipHash, ReferenceVectorOf13) {
  std::array<Octet, 16> key;
  std::iota(key.begin(), key.end(), Octet{0});
  EXPECT_EQ(siphash13(SipKey::from(key), {}), 0xabac0158050fc4dcU);
}

TEST(SipHash, TheKeyMatters) {
  const Bytes input = bytes_of("www.example.com");
  EXPECT_NE(siphash13({1, 2}, input), siphash13({1, 3}, input));
  EXPECT_NE(siphash13({1, 2}, input), siphash13({2, 2}, input));
}

TEST(SipHash, TheProcessKeyStaysAndIsNotZero) {
  const SipKey first = process_hash_key();
  const SipKey second = process_hash_key();
  EXPECT_EQ(first.k0, second.k0);
  EXPECT_EQ(first.k1, second.k1);
  EXPECT_NE(first.k0 | first.k1, 0U);
}

}  // namespace
}  // namespace vouch
