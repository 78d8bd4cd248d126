#include "resolver/base/bytes.h"

#include <gtest/gtest.h>

#include <array>

namespace vouch {
namespace {

TEST(Bytes, LoadsAndStoresInNetworkOrder) {
  std::array<Octet, 4> octets{};
  store32(octets.data(), 0x01020304U);
  EXPECT_EQ(octets, (std::array<Octet, 4>{1, 2, 3, 4}));
  EXPECT_EQ(load32(octets.data()), 0x01020304U);
  EXPECT_EQ(load16(octets.data() + 1), 0x0203);
  store16(octets.data(), 0xfffe);
  EXPECT_EQ(load16(octets.data()), 0xfffe);
}

TEST(ByteReader, ReadsFieldsInOrder) {
  constexpr std::array<Octet, 9> kOctets = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  ByteReader reader(kOctets);
  EXPECT_EQ(reader.read8(), 1);
  EXPECT_EQ(reader.read16(), 0x0203);
  EXPECT_EQ(reader.read32(), 0x04050607U);
  EXPECT_EQ(reader.left(), 2U);
  EXPECT_EQ(reader.rest().size(), 2U);
  EXPECT_EQ(reader.at(), 9U);
  EXPECT_FALSE(reader.failed());
}

TEST(ByteReader, AReadPastTheEndGivesZeroAndFailsForGood) {
  constexpr std::array<Octet, 3> kOctets = {1, 2, 3};
  ByteReader reader(kOctets);
  EXPECT_EQ(reader.read32(), 0U);
  EXPECT_TRUE(reader.failed());
  EXPECT_EQ(reader.read8(), 0);  // though there would be one
  EXPECT_TRUE(reader.read(1).empty());
  EXPECT_TRUE(reader.failed());
}

TEST(ByteReader, ACountThatLiesDoesNotWrap) {
  constexpr std::array<Octet, 3> kOctets = {1, 2, 3};
  ByteReader reader(kOctets);
  (void)reader.read8();
  EXPECT_TRUE(reader.read(static_cast<std::size_t>(-1)).empty());
  EXPECT_TRUE(reader.failed());
}

}  // namespace
}  // namespace vouch
