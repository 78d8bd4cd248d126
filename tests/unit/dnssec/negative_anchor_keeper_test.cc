// Negative trust anchors that are set while the program runs, for a week of virtual time.
#include "resolver/dnssec/negative_anchor_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <set>
#include <thread>

#include "resolver/base/log.h"
#include "tests/scenarios/simulation.h"

namespace vouch {
namespace {

using simulation::SeededRandom;
using simulation::VirtualClock;
using simulation::VirtualExecutor;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

constexpr UnixTime kHour = 3600;
const Name kZone = Name::of("example.org.");

class Silence final : public LogSink {
 public:
  void write(LogLevel, std::string_view) noexcept override {}
};

class Memory final : public NegativeAnchorStore {
 public:
  std::expected<std::optional<std::string>, std::string> read() override { return text; }
  void set_aside() override { was_set_aside = true; }
  void write(std::string next) override {
    if (std::exchange(has_no_room, false)) { throw std::bad_alloc(); }
    text = std::move(next);
  }
  bool has_no_room = false;  // for the next one
  void cannot_write(std::string why) override { ADD_FAILURE() << why; }
  std::optional<std::string> text;
  bool was_set_aside = false;
};

class ScriptedProber final : public ZoneProber {
 public:
  ScriptedProber(VirtualClock& clock, VirtualExecutor& executor) : clock_(clock), executor_(executor) {}
  Task<Health> probe(const Name& zone) override {
    asked.push_back(clock_.wall());
    zones.insert(zone.text());
    if (during) { during(); }
    if (takes > Duration::zero()) {
      OneShot<bool> over;
      const auto timer = executor_.after(takes, [&over] { over.set(true); });
      co_await over;
    }
    if (holds) { co_return Health{true, Verdict::secure()}; }
    co_return Health{false, Verdict::bogus(Reason::rrsig_expired, zone)};
  }
  void recovered(const Name& zone) override { mended.push_back(zone.text()); }
  bool holds = false;
  std::function<void()> during;
  Duration takes{};
  std::vector<UnixTime> asked;
  std::multiset<std::string> zones;  // that were asked about
  std::vector<std::string> mended;

 private:
  VirtualClock& clock_;
  VirtualExecutor& executor_;
};

struct NegativeAnchorKeeping : testing::Test {
  VirtualClock clock;
  VirtualExecutor executor{clock};
  SeededRandom random{1};
  TrustAnchors anchors{
      std::make_shared<const AnchorSet>(std::vector<AnchorSet::Point>{{.zone = {}, .ds = {{1}}, .dnskeys = {}}},
                                        std::vector<Name>{Name::of("configured.")})};
  Memory memory;
  std::vector<std::string> forgotten;
  std::function<void()> during_forget;
  std::uint32_t interval = 300;
  ScriptedProber prober{clock, executor};
  Silence silence;
  std::unique_ptr<NegativeAnchorKeeper> keeper;
  Task<void> running;

  NegativeAnchorKeeping() {
    set_log_sink(&silence);
    start();
  }
  ~NegativeAnchorKeeping() override { set_log_sink(nullptr); }
  void start() {
    running = {};
    keeper =
        std::make_unique<NegativeAnchorKeeper>(NegativeAnchorParts{.anchors = anchors,
                                                                   .forget =
                                                                       [this](NameView zone) {
                                                                         forgotten.push_back(zone.text());
                                                                         if (during_forget) { during_forget(); }
                                                                       },
                                                                   .store = &memory,
                                                                   .clock = clock,
                                                                   .recheck_interval = [this] { return interval; }});
    running = keeper->run(executor, random, prober);
    running.start();
  }
  bool is_off(std::string_view name) { return anchors.current()->negative(Name::of(name)) != nullptr; }
};

TEST_F(NegativeAnchorKeeping, OneThatIsAddedHoldsAtOnceAndWhatWasRememberedIsForgotten) {
  const auto added = keeper->add(kZone, 2 * kHour, "moving", false);
  ASSERT_TRUE(added) << added.error();
  EXPECT_EQ(added->until, clock.wall() + 2 * kHour);
  EXPECT_TRUE(is_off("www.example.org."));
  EXPECT_TRUE(is_off("www.configured."));  // the configured ones stand beside it
  EXPECT_FALSE(is_off("www.example.net."));
  EXPECT_THAT(forgotten, ElementsAre("example.org."));
  // What was under way by the old rules ends within a query's time, and is forgotten, too.
  executor.run_for(NegativeAnchorKeeper::kForgetAgain + NegativeAnchorKeeper::kLongestSleep);
  EXPECT_THAT(forgotten, ElementsAre("example.org.", "example.org."));
}

TEST_F(NegativeAnchorKeeping, OneThatIsRemovedEndsAtOnce) {
  ASSERT_TRUE(keeper->add(kZone, 2 * kHour, "moving", false));
  forgotten.clear();
  ASSERT_TRUE(keeper->remove(kZone));
  EXPECT_FALSE(is_off("www.example.org."));
  EXPECT_THAT(forgotten, ElementsAre("example.org."));
  EXPECT_THAT(keeper->list(), IsEmpty());
}

TEST_F(NegativeAnchorKeeping, WhoRemovesOneHearsOfAnotherThatStillCoversTheZone) {
  for (const std::string_view zone : {"example.org.", "configured.", "below.configured."}) {
    ASSERT_TRUE(keeper->add(Name::of(zone), 2 * kHour, "moving", false));
  }
  EXPECT_EQ(keeper->remove(kZone)->still_off_at, std::nullopt);
  EXPECT_EQ(keeper->remove(Name::of("configured."))->still_off_at, Name::of("configured."));
  EXPECT_EQ(keeper->remove(Name::of("below.configured."))->still_off_at, Name::of("configured."));
  EXPECT_TRUE(is_off("www.configured."));
}

TEST_F(NegativeAnchorKeeping, EndsWhenItsTimeIsOver) {
  ASSERT_TRUE(keeper->add(kZone, 2 * kHour, "moving", false));
  executor.run_for(2h - 10s);
  EXPECT_TRUE(is_off("www.example.org."));
  executor.run_for(15s);
  EXPECT_FALSE(is_off("www.example.org."));
  EXPECT_THAT(prober.mended, IsEmpty());
}

TEST_F(NegativeAnchorKeeping, IsLookedAtAgainAndAgainButNotOnTheSecond) {
  ASSERT_TRUE(keeper->add(kZone, 5 * kHour, "moving", false));
  executor.run_for(5h - 10min);
  ASSERT_GT(prober.asked.size(), 40U);
  ASSERT_LT(prober.asked.size(), 80U);
  std::set<UnixTime> gaps;
  for (std::size_t i = 1; i < prober.asked.size(); ++i) {
    const UnixTime gap = prober.asked[i] - prober.asked[i - 1];
    EXPECT_GE(gap, 225);
    EXPECT_LE(gap, 377);
    gaps.insert(gap);
  }
  EXPECT_GT(gaps.size(), 5U);
  const auto listed = keeper->list();
  ASSERT_THAT(listed, SizeIs(1));
  EXPECT_EQ(listed[0].last_check, prober.asked.back());
  EXPECT_EQ(listed[0].verdict, "rrsig_expired zone=example.org.");
}

TEST_F(NegativeAnchorKeeping, EndsByItselfWhenTheZoneValidatesTwiceInARow) {
  ASSERT_TRUE(keeper->add(kZone, 5 * kHour, "moving", false));
  executor.run_for(20min);
  prober.asked.clear();
  prober.holds = true;
  executor.run_for(7min);
  ASSERT_THAT(prober.asked, SizeIs(1));
  EXPECT_TRUE(is_off("www.example.org."));
  prober.holds = false;  // one of its servers is not mended yet
  executor.run_for(7min);
  prober.holds = true;
  executor.run_for(15min);
  EXPECT_FALSE(is_off("www.example.org."));
  EXPECT_THAT(prober.mended, ElementsAre("example.org."));
  EXPECT_THAT(keeper->list(), IsEmpty());
  start();
  EXPECT_FALSE(is_off("www.example.org."));  // nor after a restart
}

TEST_F(NegativeAnchorKeeping, StaysToItsEndWhereTheOperatorSaidSo) {
  ASSERT_TRUE(keeper->add(kZone, 5 * kHour, "moving", true));
  prober.holds = true;
  executor.run_for(2h);
  EXPECT_TRUE(is_off("www.example.org."));
  EXPECT_TRUE(keeper->list().at(0).held);
}

TEST_F(NegativeAnchorKeeping, WhatIsTakenOutWhileItIsLookedAtStaysOut) {
  ASSERT_TRUE(keeper->add(kZone, 5 * kHour, "moving", false));
  prober.holds = true;
  prober.during = [this] {
    if (!keeper->list().empty()) { ASSERT_TRUE(keeper->remove(kZone)); }
  };
  executor.run_for(20min);
  EXPECT_FALSE(is_off("www.example.org."));
  EXPECT_THAT(prober.mended, IsEmpty());
}

// A look at a zone whose servers are silent takes longer than the interval: those further down have their turn all the
// same, and so has whatever else is due.
TEST_F(NegativeAnchorKeeping, SlowZonesKeepNobodyElseWaiting) {
  interval = 1;
  prober.takes = 5s;
  for (const std::string_view zone : {"a.", "b.", "c.", "d."}) {
    ASSERT_TRUE(keeper->add(Name::of(zone), 2 * kHour, "", false));
  }
  executor.run_for(10min);
  for (const std::string zone : {"a.", "b.", "c.", "d."}) { EXPECT_GE(prober.zones.count(zone), 25U) << zone; }
  forgotten.clear();
  ASSERT_TRUE(keeper->add(Name::of("e."), kHour, "", false));
  executor.run_for(NegativeAnchorKeeper::kForgetAgain + prober.takes + NegativeAnchorKeeper::kLongestSleep);
  EXPECT_THAT(forgotten, ElementsAre("e.", "e."));
}

// The caches take a while to walk: who serves must not wait for it.
TEST_F(NegativeAnchorKeeping, WhatIsForgottenAtOnceKeepsNobodyElseOut) {
  std::vector<std::thread> others;
  unsigned came_in = 0;
  during_forget = [&] {
    std::promise<void> listed;
    auto is_listed = listed.get_future();
    others.emplace_back([this, listed = std::move(listed)]() mutable {
      (void)keeper->list();
      listed.set_value();
    });
    came_in += is_listed.wait_for(10s) == std::future_status::ready ? 1 : 0;
  };
  ASSERT_TRUE(keeper->add(kZone, kHour, "", false));
  ASSERT_TRUE(keeper->remove(kZone));
  EXPECT_EQ(came_in, 2U);
  for (std::thread& other : others) { other.join(); }
}

// It was added while the clock stood years ahead: it must not stand for years.
TEST_F(NegativeAnchorKeeping, EndsWhenAClockThatStoodAheadIsSetRight) {
  ASSERT_TRUE(keeper->add(kZone, kLongestNegativeAnchor, "", false));
  const UnixTime until = keeper->list().at(0).anchor.until;
  clock.set_wall(clock.wall() - 3500);  // a summer time that somebody wrote into it
  executor.run_for(5s);
  EXPECT_TRUE(is_off("www.example.org."));
  clock.set_wall(until - kLongestNegativeAnchor - 2 * kHour);
  executor.run_for(5s);
  EXPECT_FALSE(is_off("www.example.org."));
  EXPECT_THAT(keeper->list(), IsEmpty());
}

TEST_F(NegativeAnchorKeeping, NorIsItTakenUpThen) {
  ASSERT_TRUE(keeper->add(kZone, kLongestNegativeAnchor, "", false));
  anchors.replace_temporary_negatives({});
  clock.set_wall(clock.wall() - 365 * 24 * kHour);
  start();
  EXPECT_FALSE(is_off("www.example.org."));
  EXPECT_THAT(keeper->list(), IsEmpty());
}

TEST_F(NegativeAnchorKeeping, WhatMemoryWasMissingForIsMadeUpFor) {
  ASSERT_TRUE(keeper->add(kZone, kHour, "moving", false));
  const std::string before = *memory.text;
  memory.has_no_room = true;
  EXPECT_THROW((void)keeper->remove(kZone), std::bad_alloc);
  EXPECT_EQ(*memory.text, before);
  forgotten.clear();
  executor.run_for(NegativeAnchorKeeper::kLongestSleep);
  EXPECT_THAT(parse_negative_anchors(*memory.text).value(), IsEmpty());
  EXPECT_FALSE(is_off("www.example.org."));
  executor.run_for(NegativeAnchorKeeper::kForgetAgain + NegativeAnchorKeeper::kLongestSleep);
  EXPECT_THAT(forgotten, ElementsAre("example.org."));
}

TEST_F(NegativeAnchorKeeping, SurvivesARestart) {
  ASSERT_TRUE(keeper->add(kZone, 5 * kHour, "moving", false));
  anchors.replace_temporary_negatives({});
  clock.advance(1h);
  start();
  EXPECT_TRUE(is_off("www.example.org."));
  ASSERT_THAT(keeper->list(), SizeIs(1));
  EXPECT_EQ(keeper->list()[0].anchor.reason, "moving");
  executor.run_for(4h + 5s);
  EXPECT_FALSE(is_off("www.example.org."));
}

TEST_F(NegativeAnchorKeeping, WhatRanOutMeanwhileIsNotTakenUp) {
  ASSERT_TRUE(keeper->add(kZone, kHour, "moving", false));
  anchors.replace_temporary_negatives({});
  clock.advance(2h);
  start();
  EXPECT_FALSE(is_off("www.example.org."));
  EXPECT_THAT(keeper->list(), IsEmpty());
}

TEST_F(NegativeAnchorKeeping, ADamagedFileIsSetAsideAndNothingOfItBelieved) {
  ASSERT_TRUE(keeper->add(kZone, 5 * kHour, "moving", false));
  ASSERT_TRUE(keeper->add(Name::of("other.org."), 5 * kHour, "moving", false));
  anchors.replace_temporary_negatives({});
  memory.text = memory.text->substr(0, memory.text->size() / 2);
  start();
  EXPECT_TRUE(memory.was_set_aside);
  EXPECT_THAT(keeper->list(), IsEmpty());
  EXPECT_FALSE(is_off("www.example.org."));
  EXPECT_TRUE(is_off("www.configured."));
}

TEST_F(NegativeAnchorKeeping, AReloadOfTheConfiguredOnesLeavesThemAlone) {
  ASSERT_TRUE(keeper->add(kZone, 5 * kHour, "moving", false));
  anchors.replace_negatives({});
  anchors.replace_points({});
  EXPECT_TRUE(is_off("www.example.org."));
  EXPECT_FALSE(is_off("www.configured."));
}

TEST_F(NegativeAnchorKeeping, RefusesWhatIsTooMuch) {
  EXPECT_THAT(keeper->add(Name(), kHour, "", false).error(), HasSubstr("at the root"));
  EXPECT_THAT(keeper->add(kZone, kLongestNegativeAnchor + 1, "", false).error(), HasSubstr("seven days"));
  EXPECT_THAT(keeper->add(kZone, 59, "", false).error(), HasSubstr("a minute"));
  EXPECT_THAT(keeper->add(kZone, -1, "", false).error(), HasSubstr("a minute"));
  EXPECT_THAT(keeper->add(kZone, kHour, "two\nlines", false).error(), HasSubstr("control characters"));
  EXPECT_THAT(keeper->remove(kZone).error(), HasSubstr("no negative trust anchor"));
  EXPECT_THAT(keeper->remove(Name::of("configured.")).error(), HasSubstr("dnssec.negative_trust_anchors"));
  for (std::size_t i = 0; i < kMaxNegativeAnchors; ++i) {
    ASSERT_TRUE(keeper->add(Name::of("z" + std::to_string(i) + "."), kHour, "", false));
  }
  EXPECT_THAT(keeper->add(kZone, kHour, "", false).error(), HasSubstr("256 already"));
  EXPECT_TRUE(keeper->add(Name::of("Z7."), 2 * kHour, "longer", false));  // in place of one that is there
  EXPECT_FALSE(is_off("www.example.org."));
}

}  // namespace
}  // namespace vouch
