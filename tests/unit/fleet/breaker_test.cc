#include "resolver/fleet/breaker.h"

#include <gtest/gtest.h>

namespace vouch {
namespace {

using namespace std::chrono_literals;

class BreakerTest : public testing::Test {
 protected:
  void be_late() {
    for (int i = 0; i < Breaker::kMaxLate; ++i) { breaker.note_late(now); }
  }
  Breaker breaker;
  Instant now{1h};
};

TEST_F(BreakerTest, OpensAfterSoManyLateOnesInARow) {
  for (int i = 1; i < Breaker::kMaxLate; ++i) {
    EXPECT_FALSE(breaker.note_late(now));
    EXPECT_TRUE(breaker.may_ask(now));
  }
  breaker.note_timely();  // and they were not in a row
  for (int i = 1; i < Breaker::kMaxLate; ++i) { EXPECT_FALSE(breaker.note_late(now)); }
  EXPECT_TRUE(breaker.note_late(now));
  EXPECT_TRUE(breaker.is_paused());
  EXPECT_FALSE(breaker.may_ask(now));
  EXPECT_FALSE(breaker.may_ask(now + Breaker::kFirstPause - 1ns));
  EXPECT_TRUE(breaker.may_ask(now + Breaker::kFirstPause));
}

TEST_F(BreakerTest, OneTriesForAll) {
  be_late();
  now += Breaker::kFirstPause;
  breaker.asked();
  EXPECT_FALSE(breaker.may_ask(now));
  breaker.note_nothing();  // who tried has gone
  EXPECT_TRUE(breaker.may_ask(now));
  breaker.asked();
  EXPECT_TRUE(breaker.note_timely());
  EXPECT_FALSE(breaker.is_paused());
  EXPECT_TRUE(breaker.may_ask(now));
  EXPECT_FALSE(breaker.note_timely());  // nothing to end
}

TEST_F(BreakerTest, PausesGrowAndHaveAnEnd) {
  be_late();
  Duration pause = Breaker::kFirstPause;
  for (int i = 0; i < 20; ++i) {
    now += pause;
    ASSERT_TRUE(breaker.may_ask(now)) << i;
    breaker.asked();
    EXPECT_FALSE(breaker.note_late(now));  // the pause goes on
    pause = std::min(pause * 2, Breaker::kLongestPause);
    EXPECT_FALSE(breaker.may_ask(now + pause - 1ns)) << i;
  }
  EXPECT_EQ(pause, Breaker::kLongestPause);
  now += pause;
  breaker.note_timely();
  be_late();  // the next begins small
  EXPECT_TRUE(breaker.may_ask(now + Breaker::kFirstPause));
}

// Those that were asked before the pause began come in late, too.
TEST_F(BreakerTest, WhatWasUnderWayDoesNotTryForAll) {
  be_late();
  for (int i = 0; i < 100; ++i) { EXPECT_FALSE(breaker.note_late(now)); }
  EXPECT_FALSE(breaker.may_ask(now));
  EXPECT_TRUE(breaker.may_ask(now + Breaker::kFirstPause));  // which is no longer for it
}

}  // namespace
}  // namespace vouch
