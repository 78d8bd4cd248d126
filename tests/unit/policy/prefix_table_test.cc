#include "resolver/policy/prefix_table.h"

#include <gtest/gtest.h>

#include <random>

namespace vouch {
namespace {

using Entries = std::vector<std::pair<Prefix, int>>;

Entries entries(std::initializer_list<std::pair<const char*, int>> of) {
  Entries made;
  for (const auto& [prefix, value] : of) { made.emplace_back(*Prefix::parse(prefix), value); }
  return made;
}

int at(const PrefixTable<int>& table, const char* address) {
  const int* value = table.find(*IpAddress::parse(address));
  return value == nullptr ? -1 : *value;
}

TEST(PrefixTable, TheLongestPrefixWins) {
  const PrefixTable<int> table(entries({{"10.0.0.0/8", 1},
                                        {"10.1.0.0/16", 2},
                                        {"10.1.2.0/24", 3},
                                        {"10.1.2.3/32", 4},
                                        {"10.2.0.0/16", 5},
                                        {"fd00::/8", 6},
                                        {"fd00::1/128", 7}}));
  EXPECT_EQ(at(table, "10.0.0.1"), 1);
  EXPECT_EQ(at(table, "10.1.0.1"), 2);
  EXPECT_EQ(at(table, "10.1.2.2"), 3);
  EXPECT_EQ(at(table, "10.1.2.3"), 4);
  EXPECT_EQ(at(table, "10.1.2.4"), 3);
  EXPECT_EQ(at(table, "10.1.3.0"), 2);
  EXPECT_EQ(at(table, "10.2.255.255"), 5);
  EXPECT_EQ(at(table, "10.3.0.0"), 1);
  EXPECT_EQ(at(table, "11.0.0.0"), -1);
  EXPECT_EQ(at(table, "9.255.255.255"), -1);
  EXPECT_EQ(at(table, "fd00::1"), 7);
  EXPECT_EQ(at(table, "fd00::2"), 6);
  EXPECT_EQ(at(table, "fe00::"), -1);
  EXPECT_EQ(at(table, "::ffff:10.1.2.3"), 4) << "an IPv4 client through an IPv6 socket";
}

TEST(PrefixTable, TheEndsOfAllAddresses) {
  const PrefixTable<int> table(entries({{"0.0.0.0/0", 1},
                                        {"255.255.255.255/32", 2},
                                        {"0.0.0.0/32", 3},
                                        {"::/0", 4},
                                        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", 5},
                                        {"::/128", 6}}));
  EXPECT_EQ(at(table, "255.255.255.255"), 2);
  EXPECT_EQ(at(table, "255.255.255.254"), 1);
  EXPECT_EQ(at(table, "0.0.0.0"), 3);
  EXPECT_EQ(at(table, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 5);
  EXPECT_EQ(at(table, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"), 4);
  EXPECT_EQ(at(table, "::"), 6);
  EXPECT_EQ(at(table, "::1"), 4);
}

TEST(PrefixTable, OfEqualPrefixesTheFirstCounts) {
  const PrefixTable<int> table(entries({{"10.0.0.0/8", 1}, {"10.0.0.0/8", 2}}));
  EXPECT_EQ(at(table, "10.0.0.1"), 1);
}

// Against a walk over all prefixes.
TEST(PrefixTable, RandomPrefixesAgreeWithTheSimplestLookUp) {
  std::mt19937 random(7);
  const auto below = [&](unsigned n) { return random() % n; };
  for (int round = 0; round < 50; ++round) {
    Entries prefixes;
    for (int i = 0; i < 40; ++i) {
      Octet octets[4] = {10, u8(below(2)), u8(below(3)), u8(below(8) * 32)};
      prefixes.emplace_back(Prefix(IpAddress::v4(octets), u8(8 + below(25))), i);
    }
    const PrefixTable<int> table(prefixes);
    for (int i = 0; i < 300; ++i) {
      Octet octets[4] = {10, u8(below(2)), u8(below(3)), u8(below(256))};
      const IpAddress address = IpAddress::v4(octets);
      int best = -1, bits = -1;
      for (const auto& [prefix, value] : prefixes) {
        if (prefix.contains(address) && prefix.bits() > bits) {
          best = value;
          bits = prefix.bits();
        }
      }
      const int* found = table.find(address);
      ASSERT_EQ(found == nullptr ? -1 : *found, best) << address.text();
    }
  }
}

}  // namespace
}  // namespace vouch
