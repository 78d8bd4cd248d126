#include "resolver/base/task_scope.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace vouch {
namespace {

struct Counted {
  explicit Counted(int& alive) : alive_(alive) { ++alive_; }
  ~Counted() { --alive_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  int& alive_;
};

Task<> wait_for(OneShot<int>& gate, int& alive) {
  const Counted counted(alive);
  (void)co_await gate;
}

TEST(TaskScope, RunsATaskUpToItsFirstWaitAtOnce) {
  OneShot<int> gate;
  int alive = 0;
  TaskScope scope(10);
  ASSERT_TRUE(scope.spawn(wait_for(gate, alive)));
  EXPECT_EQ(alive, 1);
  EXPECT_EQ(scope.running(), 1U);
  gate.set(1);
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(scope.running(), 0U);
}

TEST(TaskScope, RefusesBeyondItsCapacityAndTakesAgainWhenThereIsRoom) {
  std::vector<OneShot<int>> gates(4);
  int alive = 0;
  TaskScope scope(2);
  EXPECT_TRUE(scope.spawn(wait_for(gates[0], alive)));
  EXPECT_TRUE(scope.spawn(wait_for(gates[1], alive)));
  EXPECT_FALSE(scope.spawn(wait_for(gates[2], alive)));
  EXPECT_EQ(alive, 2);  // the third never started
  gates[0].set(1);
  EXPECT_TRUE(scope.spawn(wait_for(gates[3], alive)));
  EXPECT_EQ(scope.running(), 2U);
}

TEST(TaskScope, CancelsWhatStillRuns) {
  std::vector<OneShot<int>> gates(3);
  int alive = 0;
  TaskScope scope(10);
  for (OneShot<int>& gate : gates) { ASSERT_TRUE(scope.spawn(wait_for(gate, alive))); }
  scope.cancel_all();
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(scope.running(), 0U);
  gates[1].set(1);  // nobody is there any more
  EXPECT_TRUE(scope.spawn(wait_for(gates[2], alive)));
}

TEST(TaskScope, ItsEndCancels) {
  OneShot<int> gate;
  int alive = 0;
  {
    TaskScope scope(1);
    ASSERT_TRUE(scope.spawn(wait_for(gate, alive)));
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

Task<> throw_after(OneShot<int>& gate) {
  (void)co_await gate;
  throw std::runtime_error("nobody catches this");
}

TEST(TaskScope, AnExceptionEndsItsTaskAndNothingElse) {
  OneShot<int> bad, good;
  int alive = 0;
  TaskScope scope(10);
  ASSERT_TRUE(scope.spawn(throw_after(bad)));
  ASSERT_TRUE(scope.spawn(wait_for(good, alive)));
  bad.set(1);
  EXPECT_EQ(scope.running(), 1U);
  good.set(1);
  EXPECT_EQ(scope.running(), 0U);
}

Task<> spawn_another(TaskScope& scope, OneShot<int>& gate, int& alive) {
  scope.spawn(wait_for(gate, alive));
  co_return;
}

TEST(TaskScope, ATaskMaySpawnAnother) {
  OneShot<int> gate;
  int alive = 0;
  TaskScope scope(10);
  ASSERT_TRUE(scope.spawn(spawn_another(scope, gate, alive)));
  EXPECT_EQ(scope.running(), 1U);
  gate.set(1);
  EXPECT_EQ(scope.running(), 0U);
}

TEST(TaskScope, ManyTasksComeAndGo) {
  TaskScope scope(4);
  int alive = 0;
  for (int i = 0; i < 10'000; ++i) {
    OneShot<int> gate;
    ASSERT_TRUE(scope.spawn(wait_for(gate, alive)));
    gate.set(i);
  }
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(scope.running(), 0U);
}

}  // namespace
}  // namespace vouch
