#include "resolver/cache/failure_cache.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/cache/cache_samples.h"

namespace vouch {
namespace {

constexpr std::size_t kCapacity = 256 << 10;
constexpr TtlTime kStart = 1'700'000'000;

class FailureCacheTest : public testing::Test {
 protected:
  std::uint32_t fail(Ede cause = Ede::no_reachable_authority, std::string_view text = "at 192.0.2.1") {
    return cache.put(name, Type::A, cause, text, now);
  }
  std::optional<Failure> find() { return cache.find(name, Type::A, now); }

  CacheOptions options;
  TtlTime now = kStart;
  Name name = Name::of("broken.example.");
  FailureCache cache{kCapacity, options};
};

TEST_F(FailureCacheTest, AFailureIsToldAgainForAWhile) {
  EXPECT_FALSE(find());
  EXPECT_EQ(fail(), 5U);
  const auto failure = cache.find(Name::of("BROKEN.example."), Type::A, now + 2);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->cause, Ede::no_reachable_authority);
  EXPECT_EQ(failure->text, "at 192.0.2.1");
  EXPECT_EQ(failure->ttl, 3U);
  EXPECT_FALSE(cache.find(name, Type::AAAA, now));
  EXPECT_FALSE(cache.find(name, Type::A, now + 5));
}

TEST_F(FailureCacheTest, TheZoneAtFaultIsRemembered) {
  for (const char* zone : {".", "example.", "broken.example.", "elsewhere.test.", "below.broken.example."}) {
    cache.clear();
    cache.put(name, Type::A, Ede::dnssec_bogus, "rrsig_invalid", now, Reason::rrsig_invalid, Name::of(zone));
    const auto failure = find();
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->zone.text(), zone);
    EXPECT_EQ(failure->reason, Reason::rrsig_invalid);
    EXPECT_EQ(failure->text, "rrsig_invalid");
  }
}

TEST_F(FailureCacheTest, AZoneAboveTheNameCostsNothing) {
  fail();
  const std::uint64_t without = cache.octets();
  cache.clear();
  cache.put(name, Type::A, Ede::no_reachable_authority, "at 192.0.2.1", now, Reason::rrsig_invalid,
            Name::of("example."));
  EXPECT_EQ(cache.octets(), without);
}

// RFC 9520 section 3.2.
TEST_F(FailureCacheTest, FailuresInARowDoubleTheTimeUpToFiveMinutes) {
  for (const std::uint32_t expected : {5U, 10U, 20U, 40U, 80U, 160U, 300U, 300U, 300U}) {
    ASSERT_EQ(fail(), expected);
    EXPECT_EQ(find()->ttl, expected);
    now += expected;
    EXPECT_FALSE(find());
  }
}

TEST_F(FailureCacheTest, AnAnswerEndsTheRun) {
  fail();
  now += 5;
  EXPECT_EQ(fail(), 10U);
  cache.remove(name, Type::A);
  EXPECT_FALSE(find());
  EXPECT_EQ(fail(), 5U);
}

TEST_F(FailureCacheTest, ARunThatNobodyAsksForIsOver) {
  fail();
  now += 5 + options.failure_ttl_max - 1;
  EXPECT_EQ(fail(), 10U);
  now += 10 + options.failure_ttl_max;
  EXPECT_EQ(fail(Ede::dnssec_bogus), 5U);
  EXPECT_EQ(find()->cause, Ede::dnssec_bogus);
}

TEST_F(FailureCacheTest, TheFirstCauseOfARunIsKept) {
  fail(Ede::signature_expired, "key 12345");
  now += 5;
  fail(Ede::no_reachable_authority, "nobody");
  EXPECT_EQ(find()->cause, Ede::signature_expired);
  EXPECT_EQ(find()->text, "key 12345");
  cache.remove(name, Type::A);
  fail(Ede::no_reachable_authority, "nobody");
  EXPECT_EQ(find()->cause, Ede::no_reachable_authority);
}

TEST_F(FailureCacheTest, TheTextIsOneShortPrintableLine) {
  fail(Ede::other, std::string("a\nb\xc3\xa4\0", 6) + std::string(500, 'x'));
  const std::string text = find()->text;
  EXPECT_EQ(text.size(), Failure::kMaxText);
  EXPECT_EQ(text.substr(0, 7), "a?b???x");
}

TEST_F(FailureCacheTest, TheOperatorsBoundsHold) {
  options.failure_ttl_min = 0;  // RFC 9520 wants at least one second
  options.failure_ttl_max = 3;
  FailureCache quick(kCapacity, options);
  for (const std::uint32_t expected : {1U, 2U, 3U, 3U}) {
    EXPECT_EQ(quick.put(name, Type::A, Ede::other, "", now), expected);
  }
}

TEST_F(FailureCacheTest, AClockSetBackNeverLengthensALife) {
  fail();
  now -= 1'000'000;
  EXPECT_EQ(find()->ttl, 5U);
  now += 5;
  EXPECT_FALSE(find());
}

TEST_F(FailureCacheTest, RemovalTakesWhatItNames) {
  fail();
  cache.put(Name::of("x.other."), Type::A, Ede::other, "", now);
  cache.put(Name::of("example."), Type::A, Ede::other, "", now);
  cache.remove_below(Name::of("Example."));
  EXPECT_EQ(cache.entries(), 1U);
  EXPECT_TRUE(cache.find(Name::of("x.other."), Type::A, now));
  cache.clear();
  EXPECT_EQ(cache.entries(), 0U);
}

// Where an alias leads into the zone, the name that failed lies elsewhere.
TEST_F(FailureCacheTest, WhatAZoneIsToBlameForIsTakenOut) {
  const auto put = [&](std::string_view owner, std::string_view zone, Reason reason) {
    cache.put(Name::of(owner), Type::A, Ede::dnssec_bogus, "", now, reason, Name::of(zone));
  };
  put("alias.other.", "example.", Reason::rrsig_expired);
  put("below.other.", "child.example.", Reason::rrsig_expired);
  put("above.other.", ".", Reason::ds_unreachable);
  put("beside.other.", "example-not.", Reason::rrsig_expired);
  cache.put(Name::of("www.example."), Type::A, Ede::no_reachable_authority, "", now);  // nobody judged it
  cache.remove_blamed_on(Name::of("Example."));
  EXPECT_FALSE(cache.find(Name::of("alias.other."), Type::A, now));
  EXPECT_FALSE(cache.find(Name::of("below.other."), Type::A, now));
  EXPECT_FALSE(cache.find(Name::of("above.other."), Type::A, now));
  EXPECT_TRUE(cache.find(Name::of("beside.other."), Type::A, now));
  EXPECT_TRUE(cache.find(Name::of("www.example."), Type::A, now));
}

TEST_F(FailureCacheTest, OctetsNeverPassTheCapacity) {
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    const Name failing = samples::numbered("torture", i);
    cache.put(failing, Type::A, Ede::no_reachable_authority, std::string(i % 128, 'x'), now);
    ASSERT_TRUE(cache.find(failing, Type::A, now));
    if (i % 100 == 0) { ASSERT_LE(cache.octets(), kCapacity); }
  }
  EXPECT_GE(cache.octets(), kCapacity * 9 / 10);
}

}  // namespace
}  // namespace vouch
