#include "resolver/cache/sieve_table.h"

#include <gtest/gtest.h>

#include <string>

#include "resolver/base/siphash.h"

namespace vouch {
namespace {

constexpr std::size_t kPayload = 200;

// A number that says it holds kPayload octets on a heap.
struct Sample {
  static constexpr std::size_t kSmallestMemory = 64;
  std::uint64_t key = 0;
  std::size_t held = kPayload;
  std::size_t memory() const noexcept { return held; }
};
using Table = SieveTable<Sample>;

std::uint64_t hash_of(std::uint64_t key) {
  return siphash13(SipKey{1, 2}, {reinterpret_cast<const Octet*>(&key), sizeof key});
}

bool put(Table& table, std::uint64_t key, std::size_t held = kPayload) {
  Table::Access shard = table.lock(hash_of(key));
  return shard.insert(static_cast<std::uint32_t>(hash_of(key)), Sample{key, held}, false);
}
bool has(Table& table, std::uint64_t key) {
  const Table::Access shard = table.lock(hash_of(key));
  return shard.find(static_cast<std::uint32_t>(hash_of(key)), [key](const Sample& s) { return s.key == key; }) != 0;
}
bool ask(Table& table, std::uint64_t key) {
  const Table::Access shard = table.lock(hash_of(key));
  const auto place =
      shard.find(static_cast<std::uint32_t>(hash_of(key)), [key](const Sample& s) { return s.key == key; });
  if (place != 0) { shard.hit(place); }
  return place != 0;
}

// A small table, filled with 0, 1, 2... until the next one would drive something out.
std::uint64_t fill(Table& table) {
  std::uint64_t count = 0;
  while (table.stats().evictions == 0) { put(table, count++); }
  return count;
}

TEST(SieveTable, ShardsGrowInNumberWithTheCapacity) {
  EXPECT_EQ(Table(16 << 10).shard_count(), 1U);
  EXPECT_EQ(Table(256 << 10).shard_count(), 1U);
  EXPECT_GE(Table(std::size_t{75} << 20).shard_count(), 64U);
  EXPECT_EQ(Table(1).capacity(), Table::kMinCapacity);
}

TEST(SieveTable, TheOldestThatNobodyAskedForGoesFirst) {
  Table table(64 << 10);
  const std::uint64_t count = fill(table);  // one too many: 0 has gone
  EXPECT_FALSE(has(table, 0));
  EXPECT_TRUE(has(table, 1));
  EXPECT_TRUE(has(table, count - 1));
}

TEST(SieveTable, WhatWasAskedForIsPardonedOnce) {
  Table table(64 << 10);
  std::uint64_t next = fill(table);
  ASSERT_TRUE(ask(table, 1));
  put(table, next++);
  EXPECT_TRUE(has(table, 1));   // the hand has passed over it
  EXPECT_FALSE(has(table, 2));  // and taken the next
  // The hand goes on towards the newest and takes those that stand there; only after a whole round does it come back
  // to 1.
  const std::uint64_t round = table.stats().entries;
  for (std::uint64_t i = 0; i + 4 < round; ++i) { put(table, next++); }
  EXPECT_TRUE(has(table, 1));
}

TEST(SieveTable, WithEverythingAskedForTheHandStillFindsOne) {
  Table table(256 << 10);
  std::uint64_t next = fill(table);
  for (std::uint64_t i = 0; i < next; ++i) { ask(table, i); }
  const SieveStats before = table.stats();
  ASSERT_GT(before.entries, Table::kMaxPardons);  // so the bound on the hand's work is met
  EXPECT_TRUE(put(table, next));
  EXPECT_TRUE(has(table, next));
  EXPECT_EQ(table.stats().evictions, before.evictions + 1);
}

TEST(SieveTable, ALargeOneDrivesOutManyAndATooLargeOneNone) {
  Table table(64 << 10);
  const std::uint64_t next = fill(table);
  const SieveStats before = table.stats();
  EXPECT_FALSE(put(table, next, 60 << 10));
  EXPECT_EQ(table.stats().evictions, before.evictions);
  EXPECT_TRUE(put(table, next, 8 << 10));
  EXPECT_GE(table.stats().evictions, before.evictions + 30);
  EXPECT_LE(table.stats().octets, table.capacity());
}

TEST(SieveTable, TinyValuesAreBoundBySlotsAndOctetsAlike) {
  Table table(256 << 10);
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    ASSERT_TRUE(put(table, i, 0));
    ASSERT_TRUE(has(table, i));
  }
  EXPECT_LE(table.stats().octets, table.capacity());
}

TEST(SieveTable, ChainsAreShortAtFullLoad) {
  Table table(std::size_t{16} << 20);
  for (std::uint64_t i = 0; i < 400'000; ++i) { put(table, i, 64); }
  EXPECT_GT(table.stats().evictions, 0U);
  EXPECT_LE(table.longest_chain(), 16U);
}

// Whoever could choose tags (they cannot: the hash is keyed) would still find a bound.
TEST(SieveTable, TagsThatAllCollideMakeNoLongChain) {
  Table table(256 << 10);
  for (std::uint64_t i = 0; i < 1000; ++i) {
    Table::Access shard = table.lock(0);
    ASSERT_TRUE(shard.insert(42, Sample{i}, false));
  }
  EXPECT_EQ(table.longest_chain(), Table::kMaxChain);
  EXPECT_EQ(table.stats().entries, Table::kMaxChain);
}

TEST(SieveTable, ErasedPlacesAreUsedAgain) {
  Table table(256 << 10);
  for (std::uint64_t i = 0; i < 500; ++i) { put(table, i); }
  const std::size_t full = table.stats().octets;
  for (int round = 0; round < 20; ++round) {
    table.walk_all([](const Sample& s) { return s.key % 2 == 0; });
    EXPECT_EQ(table.stats().entries, 250U);
    for (std::uint64_t i = 0; i < 500; i += 2) {
      EXPECT_FALSE(has(table, i));
      put(table, i);
    }
    EXPECT_EQ(table.stats().octets, full);
  }
  for (std::uint64_t i = 0; i < 500; ++i) { EXPECT_TRUE(has(table, i)); }
}

TEST(SieveTable, AClearedTableCostsWhatAFreshOneDoes) {
  Table table(1 << 20);
  const std::size_t fresh = table.stats().octets;
  for (int round = 0; round < 3; ++round) {
    for (std::uint64_t i = 0; i < 10'000; ++i) { put(table, i); }
    table.clear();
    EXPECT_EQ(table.stats().octets, fresh);
    EXPECT_EQ(table.stats().entries, 0U);
    EXPECT_FALSE(has(table, 9'999));
  }
}

// Values with an owner's duties: each is destroyed exactly once, whichever way it leaves.
struct Owned {
  static constexpr std::size_t kSmallestMemory = 64;
  std::shared_ptr<int> token;
  std::uint64_t key = 0;
  std::size_t memory() const noexcept { return kPayload; }
};

TEST(SieveTable, EveryValueIsDestroyedOnce) {
  const auto token = std::make_shared<int>(7);
  {
    SieveTable<Owned> table(64 << 10);
    for (std::uint64_t i = 0; i < 5000; ++i) {
      auto shard = table.lock(hash_of(i));
      ASSERT_TRUE(shard.insert(static_cast<std::uint32_t>(hash_of(i)), Owned{token, i}, false));
    }
    EXPECT_EQ(static_cast<std::uint64_t>(token.use_count()), 1 + table.stats().entries);
    table.walk_all([](const Owned& owned) { return owned.key % 3 == 0; });
    EXPECT_EQ(static_cast<std::uint64_t>(token.use_count()), 1 + table.stats().entries);
  }
  EXPECT_EQ(token.use_count(), 1);
}

}  // namespace
}  // namespace vouch
