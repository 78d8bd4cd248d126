#include "resolver/policy/prefix_rates.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "resolver/base/random.h"
#include "resolver/policy/client_prefix_hash.h"

namespace vouch {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart = Instant(1000h);

IpAddress ip(std::string_view text) { return *IpAddress::parse(text); }

unsigned taken(PrefixRates& rates, std::uint64_t hash, unsigned tries, Instant now) {
  unsigned count = 0;
  for (unsigned i = 0; i < tries; ++i) { count += rates.take(hash, now) ? 1 : 0; }
  return count;
}

TEST(PrefixRates, ASecondsWorthMayComeAtOnceAndNoMore) {
  PrefixRates rates(100);
  EXPECT_EQ(taken(rates, 0x1234567890, 1000, kStart), 100U);
  EXPECT_EQ(taken(rates, 0x1234567890, 1000, kStart + 100ms), 10U);
  EXPECT_EQ(taken(rates, 0x1234567890, 1000, kStart + 10s), 100U);
}

TEST(PrefixRates, WhatIsRefusedDoesNotCount) {
  PrefixRates rates(10);
  EXPECT_EQ(taken(rates, 7, 100000, kStart), 10U);
  EXPECT_EQ(taken(rates, 7, 1, kStart + 100ms), 1U);  // although it went on asking
}

TEST(PrefixRates, OthersAreNotConcerned) {
  PrefixRates rates(10);
  taken(rates, 0x0000010000000001, 1000, kStart);
  EXPECT_EQ(taken(rates, 0x0000020000000001, 1000, kStart), 10U);  // of the same set
  EXPECT_EQ(taken(rates, 0x0000010000000002, 1000, kStart), 10U);
}

TEST(PrefixRates, TheLoudestIsRememberedInAFullSet) {
  PrefixRates rates(100);
  const std::uint64_t loud = std::uint64_t{77} << 41U;
  EXPECT_EQ(taken(rates, loud, 1000, kStart), 100U);
  for (std::uint64_t quiet = 100; quiet < 100 + 50 * PrefixRates::kWays; ++quiet) {
    EXPECT_TRUE(rates.take(quiet << 41U, kStart));
  }
  EXPECT_EQ(taken(rates, loud, 1000, kStart), 0U);
}

TEST(PrefixRates, OnesThatHaveComeRoundAreForgotten) {
  PrefixRates rates(10);
  EXPECT_EQ(taken(rates, 5, 100, kStart), 10U);
  // Twelve days and a half later the clock's low bits are the same.
  const auto round = std::chrono::microseconds(std::int64_t{1} << 40U);
  EXPECT_EQ(taken(rates, 5, 100, kStart + round / 2), 10U);
  EXPECT_EQ(taken(rates, 5, 100, kStart + round / 2 + round / 2 + 3s), 10U);
}

TEST(PrefixRates, RatesAtTheEnds) {
  PrefixRates one(1);
  EXPECT_EQ(taken(one, 3, 10, kStart), 1U);
  EXPECT_EQ(taken(one, 3, 10, kStart + 999ms), 0U);
  EXPECT_EQ(taken(one, 3, 10, kStart + 1001ms), 1U);
  PrefixRates many(1'000'000);
  EXPECT_EQ(taken(many, 3, 1'100'000, kStart), 1'000'000U);
}

TEST(PrefixRates, ThreadsTogetherGetHardlyMoreThanOne) {
  PrefixRates rates(1000);
  std::atomic<unsigned> count{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { count += taken(rates, 99, 5000, kStart); });
  }
  threads.clear();
  EXPECT_GE(count, 1000U);
  EXPECT_LE(count, 4 * 1000U);
}

TEST(ClientPrefixHash, NeighboursCountAsOne) {
  const RateLimitOptions options;
  EXPECT_EQ(client_prefix_hash(ip("192.0.2.1"), options), client_prefix_hash(ip("192.0.2.200"), options));
  EXPECT_NE(client_prefix_hash(ip("192.0.2.1"), options), client_prefix_hash(ip("192.0.3.1"), options));
  EXPECT_EQ(client_prefix_hash(ip("2001:db8:0:ff::1"), options), client_prefix_hash(ip("2001:db8:0:1::2"), options));
  EXPECT_NE(client_prefix_hash(ip("2001:db8:0:100::1"), options), client_prefix_hash(ip("2001:db8::1"), options));
}

}  // namespace
}  // namespace vouch
