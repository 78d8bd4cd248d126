// Negative trust anchors that are set while the program runs, for a week of virtual time.
#include "resolver/dnssec/negative_anchor_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

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
  void write(std::string next) override { text = std::move(next); }
  std::optional<std::string> text;
  bool was_set_aside = false;
};

class ScriptedProber final : public ZoneProber {
 public:
  explicit ScriptedProber(VirtualClock& clock) : clock_(clock) {}
  Task<Health> probe(const Name& zone) override {
    asked.push_back(clock_.wall());
    if (during) { during(); }
    if (holds) { co_return Health{true, Verdict::secure()}; }
    co_return Health{false, Verdict::bogus(Reason::rrsig_expired, zone)};
  }
  void recovered(const Name& zone, const Verdict&) override { mended.push_back(zone.text()); }
  bool holds = false;
  std::function<void()> during;
  std::vector<UnixTime> asked;
  std::vector<std::string> mended;

 private:
  VirtualClock& clock_;
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
  std::uint32_t interval = 300;
  ScriptedProber prober{clock};
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
    keeper = std::make_unique<NegativeAnchorKeeper>(
        NegativeAnchorParts{.anchors = anchors,
                            .forget = [this](NameView zone) { forgotten.push_back(zone.text()); },
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
