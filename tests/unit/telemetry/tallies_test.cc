// The small parts that count: client prefixes, distinct things, lookups of a minute, TLDs, the last 24 hours, and what
// the collector makes of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "telemetry/collector.h"
#include "telemetry/lookup_filter.h"

namespace vouch {
namespace {

using testing::SizeIs;

constexpr UnixTime kNow = 1'790'000'000;

IpAddress ip(std::string_view text) { return *IpAddress::parse(text); }

TEST(PrefixRule, LooksAtNoMoreThanItSays) {
  const PrefixRule isp(TelemetryOptions{.ipv4_prefix = 24, .ipv6_prefix = 48});
  EXPECT_EQ(isp.prefix_of(ip("192.0.2.1")), isp.prefix_of(ip("192.0.2.254")));
  EXPECT_NE(isp.prefix_of(ip("192.0.2.1")), isp.prefix_of(ip("192.0.3.1")));
  EXPECT_EQ(isp.prefix_of(ip("2001:db8:1:2::1")), isp.prefix_of(ip("2001:db8:1:ffff::2")));
  EXPECT_NE(isp.prefix_of(ip("2001:db8:1::1")), isp.prefix_of(ip("2001:db8:2::1")));
  const PrefixRule home(TelemetryOptions{.ipv4_prefix = 32, .ipv6_prefix = 56});
  EXPECT_NE(home.prefix_of(ip("192.0.2.1")), home.prefix_of(ip("192.0.2.2")));
  EXPECT_EQ(home.prefix_of(ip("2001:db8:0:100::1")), home.prefix_of(ip("2001:db8:0:1ff::1")));
  EXPECT_NE(home.prefix_of(ip("2001:db8:0:100::1")), home.prefix_of(ip("2001:db8:0:200::1")));
  EXPECT_NE(home.prefix_of(ip("0.0.0.0")), home.prefix_of(ip("::")));
}

TEST(DailySalt, IsNewEachDay) {
  SystemRandom random;
  DailySalt salt(random, kNow);
  const SipKey first = salt.key();
  EXPECT_FALSE(salt.renew_daily(random, kNow + 1));
  EXPECT_EQ(salt.key().k0, first.k0);
  EXPECT_TRUE(salt.renew_daily(random, kNow + 86400));
  EXPECT_NE(salt.key().k0, first.k0);
  EXPECT_NE(DailySalt::hash(first, 1), DailySalt::hash(salt.key(), 1));
}

TEST(DistinctSketch, CountsWithinItsError) {
  SystemRandom random;
  for (const std::uint64_t count : {0U, 1U, 10U, 100U, 1000U, 5000U, 100'000U}) {
    DistinctSketch<11> sketch;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t hash = random.next64();
      sketch.add(hash);
      sketch.add(hash);
    }
    const double error = std::abs(static_cast<double>(sketch.estimate()) - static_cast<double>(count));
    EXPECT_LE(error, 1 + 0.12 * static_cast<double>(count)) << count;  // five standard errors
  }
}

TEST(DistinctSketch, MergesToTheUnion) {
  SystemRandom random;
  DistinctSketch<10> one, other, both;
  for (int i = 0; i < 400; ++i) {
    const std::uint64_t hash = random.next64();
    both.add(hash);
    if (i < 300) { one.add(hash); }
    if (i >= 100) { other.add(hash); }
  }
  one.merge(other);
  EXPECT_EQ(one.estimate(), both.estimate());
  one.clear();
  EXPECT_EQ(one.estimate(), 0U);
}

TEST(LookupFilter, KnowsALookupForAMinute) {
  LookupFilter filter;
  EXPECT_TRUE(filter.is_new(7, kNow));
  EXPECT_FALSE(filter.is_new(7, kNow));
  EXPECT_TRUE(filter.is_new(8, kNow));
  EXPECT_TRUE(filter.is_new(7, kNow + 60));
}

TEST(LookupFilter, FullItTakesNothingForNew) {
  SystemRandom random;
  LookupFilter filter;
  std::size_t taken = 0;
  for (std::size_t i = 0; i < 3 * LookupFilter::kMost; ++i) { taken += filter.is_new(random.next64(), kNow) ? 1U : 0U; }
  EXPECT_EQ(taken, LookupFilter::kMost);
}

TEST(TldTally, CountsByTheLastLabelWhateverItsCase) {
  TldTally tally;
  tally.add(Name::of("www.Example.ORG."), Standing::secure, true);
  tally.add(Name::of("org."), Standing::bogus, true);
  tally.add(Name::of("."), Standing::insecure, true);
  tally.add(Name::of("nothing.here."), Standing::secure, false);
  const auto rows = tally.rows();
  ASSERT_THAT(rows, SizeIs(2));
  for (const TldTally::Row& row : rows) {
    if (row.tld.view().is_root()) {
      EXPECT_EQ(row.answers[static_cast<std::size_t>(Standing::insecure)], 1U);
    } else {
      EXPECT_EQ(row.tld.text(), "org.");
      EXPECT_EQ(row.answers[static_cast<std::size_t>(Standing::secure)], 1U);
      EXPECT_EQ(row.answers[static_cast<std::size_t>(Standing::bogus)], 1U);
    }
  }
  EXPECT_EQ(tally.rest(Standing::secure), 1U);
}

TEST(TldTally, IsBounded) {
  TldTally tally;
  constexpr std::size_t kMany = 3 * TldTally::kMaxTlds;
  for (std::size_t i = 0; i < kMany; ++i) {
    tally.add(Name::of("t" + std::to_string(i) + "."), Standing::secure, true);
  }
  EXPECT_THAT(tally.rows(), SizeIs(TldTally::kMaxTlds));
  EXPECT_EQ(tally.rest(Standing::secure), kMany - TldTally::kMaxTlds);
}

TEST(DurationHistogram, EachDurationHasOneBucket) {
  DurationHistogram histogram;
  histogram.add(std::chrono::microseconds(9));
  histogram.add(std::chrono::microseconds(10));
  histogram.add(std::chrono::seconds(60));
  histogram.add(std::chrono::nanoseconds(-5));
  EXPECT_EQ(histogram.buckets[0].value(), 2U);
  EXPECT_EQ(histogram.buckets[1].value(), 1U);
  EXPECT_EQ(histogram.buckets.back().value(), 1U);
  EXPECT_EQ(histogram.nanoseconds.value(), 60'000'019'000U);
}

TEST(Rounded, TellsTwoDigitsAndNothingOfAFew) {
  for (const auto& [count, told] : std::initializer_list<std::pair<std::uint64_t, std::uint64_t>>{
           {0, 0}, {9, 0}, {10, 10}, {99, 99}, {104, 100}, {105, 110}, {1234, 1200}, {98'765, 99'000}}) {
    EXPECT_EQ(rounded(count), told) << count;
  }
}

Movement of(std::uint64_t answers) {
  Movement sums;
  sums.answers[0][0] = answers;
  sums.queries[2] = answers;
  sums.shadow = {answers, answers / 2};
  return sums;
}

TEST(Recent, TheDayIsTheLastDay) {
  Recent recent;
  Figures figures;
  figures.started = kNow;
  for (std::uint64_t minute = 1; minute <= 2000; ++minute) {
    recent.end_minute(of(minute * 10), kNow + static_cast<UnixTime>(minute) * 60);
  }
  figures.taken = kNow + 2000 * 60 + 30;
  recent.tell(figures, of(20'003));
  EXPECT_EQ(figures.day.all_answers(), 1440U * 10 + 3);
  EXPECT_EQ(figures.day.encrypted_queries(), 1440U * 10 + 3);
  EXPECT_EQ(figures.day.shadow.answers, 1440U * 10 + 3);
  EXPECT_THAT(figures.minutes, SizeIs(60));
  EXPECT_THAT(figures.quarter_hours, SizeIs(96));
  std::uint64_t sum = 0;
  for (const Movement& quarter : figures.quarter_hours) {
    EXPECT_EQ(quarter.all_answers(), 150U);
    EXPECT_EQ(quarter.seconds, 900U);
    sum += quarter.all_answers();
  }
  EXPECT_EQ(sum + 3, figures.day.all_answers());
  EXPECT_EQ(figures.minutes.back().from, kNow + 1999 * 60);
  EXPECT_EQ(figures.minutes.back().all_answers(), 10U);
}

TEST(Recent, ShortlyAfterTheStartItIsSinceThen) {
  Recent recent;
  Figures figures;
  figures.started = kNow;
  figures.taken = kNow + 10;
  recent.tell(figures, of(7));
  EXPECT_EQ(figures.day.all_answers(), 7U);
  EXPECT_EQ(figures.day.seconds, 10U);
  EXPECT_TRUE(figures.minutes.empty());
  for (std::uint64_t minute = 1; minute <= 20; ++minute) {
    recent.end_minute(of(minute), kNow + static_cast<UnixTime>(minute) * 60);
  }
  Figures later;
  later.started = kNow;
  later.taken = kNow + 1200;
  recent.tell(later, of(20));
  EXPECT_THAT(later.minutes, SizeIs(20));
  ASSERT_THAT(later.quarter_hours, SizeIs(2));
  EXPECT_EQ(later.quarter_hours[0].all_answers(), 5U);
  EXPECT_EQ(later.quarter_hours[0].from, kNow);
  EXPECT_EQ(later.quarter_hours[1].all_answers(), 15U);
}

struct Collected : testing::Test {
  SystemRandom random;
  TelemetryOptions options{.listed_tlds = 2};
  ZoneLedger ledger{options, {}, random, kNow};
  ExpiryWatch expiry;
  const RecordedTogether together{ledger, expiry};
  WorkerCounters counters[2];
  Recorder one{counters[0], &together}, other{counters[1], &together};
  Collector collector{{{&one, &other}, together, options, kNow}};

  void answer(Recorder& recorder, std::string_view name, int times = 1) {
    const Name asked = Name::of(name);
    for (int i = 0; i < times; ++i) {
      recorder.record({.source = AnswerSource::cache, .standing = Standing::secure, .name = asked});
    }
  }
  static std::uint64_t sum_of(const Figures& figures) {
    std::uint64_t sum = 0;
    for (const TldFigures& tld : figures.tlds) { sum += tld.answers[0]; }
    return sum;
  }
  static std::uint64_t of(const Figures& figures, std::string_view tld) {
    for (const TldFigures& each : figures.tlds) {
      if (each.tld == tld) { return each.answers[0]; }
    }
    return 0;
  }
};

TEST_F(Collected, TheWorkersAddUp) {
  answer(one, "www.example.org.", 3);
  answer(other, "www.example.org.", 4);
  one.asked(2, ip("10.0.0.1"));
  other.asked(0, ip("2001:db8::1"));
  const Figures figures = collector.take(kNow + 5);
  EXPECT_EQ(figures.day.all_answers(), 7U);
  EXPECT_EQ(figures.counters->front.queries[2][0].value(), 1U);
  EXPECT_EQ(figures.counters->front.queries[0][1].value(), 1U);
  EXPECT_EQ(of(figures, "org."), 7U);
  EXPECT_EQ(figures.taken, kNow + 5);
}

// Whatever is listed, whatever comes late: no series falls but "_other" when a TLD leaves it, and all of them add up.
TEST_F(Collected, ListedTldsAndTheRestAddUpAlways) {
  answer(one, "a.org.", 5);
  answer(one, "a.net.", 4);
  answer(one, "a.com.", 1);
  Figures figures = collector.take(kNow);
  EXPECT_EQ(sum_of(figures), 10U);
  EXPECT_EQ(of(figures, "_other"), 1U);  // com.: there is room for two
  answer(other, "a.com.", 6);            // not yet twice as large as net.
  figures = collector.take(kNow);
  EXPECT_EQ(of(figures, "com."), 0U);
  EXPECT_EQ(of(figures, "_other"), 7U);
  answer(other, "a.com.", 3);
  figures = collector.take(kNow);
  EXPECT_EQ(sum_of(figures), 19U);
  EXPECT_EQ(of(figures, "com."), 3U);  // what was told as the rest stays there
  EXPECT_EQ(of(figures, "_other"), 7U + 4U);
  EXPECT_EQ(of(figures, "org."), 5U);
  answer(one, "a.com.", 2);
  EXPECT_EQ(of(collector.take(kNow), "com."), 5U);
}

TEST_F(Collected, FewClientsAreToldAsNone) {
  for (int i = 0; i < 5; ++i) { one.asked(0, ip("10.0.0." + std::to_string(i))); }
  EXPECT_EQ(collector.take(kNow).clients.prefixes, 0U);
}

// A worker that nobody has asked since midnight still holds yesterday's, under yesterday's salt.
TEST_F(Collected, YesterdaysClientsAreNotTodays) {
  for (int i = 0; i < 50; ++i) { one.asked(0, ip("10.0.0." + std::to_string(i))); }
  EXPECT_NEAR(static_cast<double>(collector.take(kNow).clients.prefixes), 50, 5);
  ledger.advance(random, kNow + 86400);
  for (int i = 0; i < 50; ++i) { other.asked(0, ip("10.0.0." + std::to_string(i))); }
  EXPECT_NEAR(static_cast<double>(collector.take(kNow + 86400).clients.prefixes), 50, 5);
  ledger.advance(random, kNow + 2 * 86400);
  EXPECT_EQ(collector.take(kNow + 2 * 86400).clients.prefixes, 0U);
}

TEST_F(Collected, WhoIsRefusedIsNoClient) {
  for (int i = 0; i < 50; ++i) { one.asked(0, ip("10.0.0." + std::to_string(i)), false); }
  const Figures figures = collector.take(kNow);
  EXPECT_EQ(figures.clients.prefixes, 0U);
  EXPECT_EQ(figures.counters->front.queries[0][0].value(), 50U);
}

TEST_F(Collected, ZonesAreThoseOfTodayAndYesterday) {
  const auto judge = [](Recorder& recorder, UnixTime now) {
    const Verdict secure = Verdict::secure();
    const Name zone = Name::of("example.org.");
    recorder.judged({.verdict = secure, .name = zone, .type = Type::A, .zone = zone, .algorithm = 13}, now);
  };
  const auto zones = [this](UnixTime now) { return collector.take(now).adoption.signed_zones[algorithm_class(13)]; };
  UnixTime now = kNow;
  judge(one, now);
  EXPECT_EQ(zones(now), 1U);
  ledger.advance(random, now += 86400);
  EXPECT_EQ(zones(now), 1U);
  ledger.advance(random, now += 86400);
  EXPECT_EQ(zones(now), 0U);  // though nothing was judged since
  const Verdict secure = Verdict::secure();
  const Name another = Name::of("example.net.");
  one.judged({.verdict = secure, .name = another, .type = Type::A, .zone = another, .algorithm = 8}, now);
  EXPECT_EQ(zones(now), 0U);
}

// What is answered because the operator has switched validation off says nothing of the zone.
TEST_F(Collected, AnAnswerBelowANegativeAnchorEndsNoIncident) {
  const Name zone = Name::of("example.org."), name = Name::of("www.example.org.");
  const auto judge = [&](const Verdict& verdict) {
    one.judged({.verdict = verdict, .name = name, .type = Type::A, .zone = {}}, kNow);
  };
  judge(Verdict::bogus(Reason::rrsig_expired, zone));
  ASSERT_TRUE(ledger.has_failing());
  judge(Verdict::insecure(Reason::negative_anchor, zone));
  EXPECT_TRUE(ledger.has_failing());
  EXPECT_EQ(collector.take(kNow).zones.at(0).state, ZoneState::failing);
  judge(Verdict::insecure(Reason::none, zone));  // it is proven to be unsigned now
  EXPECT_FALSE(ledger.has_failing());
  EXPECT_EQ(collector.take(kNow).zones.at(0).state, ZoneState::recovered);
  judge(Verdict::bogus(Reason::rrsig_expired, zone));
  judge(Verdict::insecure(Reason::negative_anchor, zone));
  other.recovered(zone, kNow + 1);  // as the one who keeps negative anchors has found
  EXPECT_EQ(collector.take(kNow + 1).zones.at(0).state, ZoneState::recovered);
}

TEST_F(Collected, OneInSixtyFourIsTimed) {
  int timed = 0;
  for (int i = 0; i < 640; ++i) { timed += one.is_timed() ? 1 : 0; }
  EXPECT_EQ(timed, 10);
}

TEST(ExpiryWatch, TellsOfWhatIsPopularAndLate) {
  ExpiryWatch watch;
  const SignatureSpan late{kNow - 29 * 86400, kNow + 86400}, early{kNow - 86400, kNow + 29 * 86400};
  for (std::uint32_t i = 0; i < ExpiryWatch::kPopular; ++i) {
    watch.note(Name::of("late.example."), late, kNow);
    watch.note(Name::of("early.example."), early, kNow);
  }
  watch.note(Name::of("rare.example."), late, kNow);
  watch.note(Name::of("org."), early, kNow);
  const auto soonest = watch.soonest(kNow, 10);
  ASSERT_THAT(soonest, SizeIs(3));
  EXPECT_EQ(soonest[0].zone, "late.example.");
  EXPECT_TRUE(soonest[0].is_late);
  EXPECT_FALSE(soonest[1].is_late);
  EXPECT_TRUE(watch.soonest(kNow + 3 * 86400, 10).empty());  // not seen for days
}

TEST(ExpiryWatch, IsBoundedAndKeepsThePopular) {
  ExpiryWatch watch;
  const SignatureSpan span{kNow - 86400, kNow + 86400};
  for (int i = 0; i < 1000; ++i) { watch.note(Name::of("popular.example."), span, kNow); }
  for (int i = 0; i < 20'000; ++i) { watch.note(Name::of("z" + std::to_string(i) + ".example."), span, kNow); }
  const auto soonest = watch.soonest(kNow, 10);
  ASSERT_THAT(soonest, SizeIs(1));
  EXPECT_EQ(soonest[0].zone, "popular.example.");
}

TEST(ExpiryWatch, WhatWasPopularOnceMakesWay) {
  ExpiryWatch watch;
  const SignatureSpan span{kNow - 86400, kNow + 30 * 86400};
  for (std::size_t i = 0; i < ExpiryWatch::kZones; ++i) {
    for (int n = 0; n < 100; ++n) { watch.note(Name::of("z" + std::to_string(i) + ".example."), span, kNow); }
  }
  const UnixTime later = kNow + 2 * ExpiryWatch::kForgetAfter;
  for (int i = 0; i < 300; ++i) { watch.note(Name::of("t" + std::to_string(i) + "."), span, later); }
  EXPECT_GE(watch.soonest(later, 1000).size(), 250U);
}

TEST(Taxonomy, EveryReasonHasSomebodyWhoCanMendItAndAnId) {
  for (std::size_t i = 1; i < kReasons; ++i) {
    const auto reason = static_cast<Reason>(i);
    EXPECT_FALSE(reason_id(reason).empty());
    EXPECT_EQ(fixer_of(reason) == Fixer::nobody, reason == Reason::test_zone) << reason_id(reason);
  }
}

}  // namespace
}  // namespace vouch
