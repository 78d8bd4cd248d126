#include "resolver/daemon/recurring.h"

#include <gtest/gtest.h>

namespace vouch {
namespace {

using std::chrono::seconds;

TEST(Recurring, IsDueOnceInEachPeriod) {
  const Instant start{seconds(1000)};
  Recurring minute(seconds(60), start);
  EXPECT_EQ(minute.left(start), seconds(60));
  EXPECT_FALSE(minute.take(start + seconds(59)));
  EXPECT_TRUE(minute.take(start + seconds(60)));
  EXPECT_FALSE(minute.take(start + seconds(60)));
  EXPECT_EQ(minute.left(start + seconds(70)), seconds(50));
}

TEST(Recurring, IsNotPutOffByWhatComesInBetween) {
  const Instant start{seconds(1000)};
  Recurring minute(seconds(60), start);
  int taken = 0;
  for (int second = 1; second <= 300; ++second) {
    if (minute.take(start + seconds(second))) { ++taken; }
  }
  EXPECT_EQ(taken, 5);
}

TEST(Recurring, ThatIsLateIsDueAtOnceAndOnce) {
  const Instant start{seconds(1000)};
  Recurring minute(seconds(60), start);
  const Instant late = start + seconds(1000);
  EXPECT_EQ(minute.left(late), Duration::zero());
  EXPECT_TRUE(minute.take(late));
  EXPECT_EQ(minute.left(late), seconds(60));
}

}  // namespace
}  // namespace vouch
