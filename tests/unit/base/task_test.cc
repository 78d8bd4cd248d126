#include "resolver/base/task.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace vouch {
namespace {

Task<int> seven() { co_return 7; }

Task<int> value_of(OneShot<int>& gate) {
  const int value = co_await gate;
  co_return value;
}

Task<int> plus_one(OneShot<int>& gate) {
  const int value = co_await value_of(gate);
  co_return value + 1;
}

TEST(Task, DoesNothingBeforeItIsStarted) {
  bool has_run = false;
  const auto work = [](bool& flag) -> Task<> {
    flag = true;
    co_return;
  };
  Task<> task = work(has_run);
  EXPECT_FALSE(has_run);
  task.start();
  EXPECT_TRUE(has_run);
  EXPECT_TRUE(task.done());
}

TEST(Task, GivesWhatItReturned) {
  Task<int> task = seven();
  task.start();
  EXPECT_EQ(task.take(), 7);
}

TEST(Task, WaitsForItsChildAndGoesOnWhenTheChildEnds) {
  OneShot<int> gate;
  Task<int> task = plus_one(gate);
  task.start();
  EXPECT_FALSE(task.done());
  gate.set(41);
  ASSERT_TRUE(task.done());
  EXPECT_EQ(task.take(), 42);
}

TEST(Task, MovesWithoutLosingItsCoroutine) {
  OneShot<int> gate;
  Task<int> first = plus_one(gate);
  first.start();
  Task<int> second = std::move(first);
  EXPECT_FALSE(first.valid());
  gate.set(1);
  EXPECT_EQ(second.take(), 2);
}

Task<int> failing() {
  throw std::runtime_error("no route");
  co_return 0;
}
Task<int> failing_later(OneShot<int>& gate) {
  const int value = co_await gate;
  if (value < 0) { throw std::out_of_range("below zero"); }
  co_return value;
}
Task<std::string> what_went_wrong(OneShot<int>& gate) {
  std::string what;
  try {
    (void)co_await failing();
  } catch (const std::runtime_error& error) { what += error.what(); }
  try {
    (void)co_await failing_later(gate);
  } catch (const std::out_of_range& error) { what += std::string(", ") + error.what(); }
  co_return what;
}

TEST(Task, AnExceptionReachesWhoeverAwaits) {
  OneShot<int> gate;
  Task<std::string> task = what_went_wrong(gate);
  task.start();
  gate.set(-1);
  EXPECT_EQ(task.take(), "no route, below zero");
}

TEST(Task, AnExceptionReachesWhoeverTakes) {
  Task<int> task = failing();
  task.start();
  EXPECT_THROW((void)task.take(), std::runtime_error);
}

// What a coroutine leaves behind when it is destroyed while it waits.
struct Trace {
  explicit Trace(std::vector<std::string>& to, std::string name) : log(to), who(std::move(name)) {}
  ~Trace() { log.push_back(who); }
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;
  std::vector<std::string>& log;
  std::string who;
};
Task<int> traced_inner(OneShot<int>& gate, std::vector<std::string>& log) {
  const Trace trace(log, "inner");
  const int value = co_await gate;
  log.push_back("inner went on");
  co_return value;
}
Task<int> traced_outer(OneShot<int>& gate, std::vector<std::string>& log) {
  const Trace trace(log, "outer");
  const int value = co_await traced_inner(gate, log);
  log.push_back("outer went on");
  co_return value;
}

TEST(Task, DestroyingItCancelsWhatItWaitsForFirst) {
  OneShot<int> gate;
  std::vector<std::string> log;
  {
    Task<int> task = traced_outer(gate, log);
    task.start();
  }
  EXPECT_EQ(log, (std::vector<std::string>{"inner", "outer"}));
  gate.set(1);  // nobody is there any more
  EXPECT_EQ(log.size(), 2U);
}

TEST(OneShot, SetBeforeAnybodyWaits) {
  OneShot<int> gate;
  gate.set(5);
  EXPECT_TRUE(gate.is_set());
  Task<int> task = value_of(gate);
  task.start();
  ASSERT_TRUE(task.done());
  EXPECT_EQ(task.take(), 5);
}

TEST(OneShot, SetWhileSomebodyWaitsResumesBeforeItReturns) {
  OneShot<int> gate;
  Task<int> task = value_of(gate);
  task.start();
  EXPECT_FALSE(gate.is_set());
  gate.set(6);
  ASSERT_TRUE(task.done());
  EXPECT_EQ(task.take(), 6);
}

TEST(OneShot, MovesItsValue) {
  OneShot<std::unique_ptr<int>> gate;
  const auto take = [](OneShot<std::unique_ptr<int>>& from) -> Task<int> {
    const std::unique_ptr<int> value = co_await from;
    co_return *value;
  };
  Task<int> task = take(gate);
  task.start();
  gate.set(std::make_unique<int>(9));
  EXPECT_EQ(task.take(), 9);
}

TEST(OneShot, AnotherMayWaitAfterTheFirstWasCancelled) {
  OneShot<int> gate;
  {
    Task<int> cancelled = value_of(gate);
    cancelled.start();
  }
  Task<int> second = value_of(gate);
  second.start();
  gate.set(3);
  EXPECT_EQ(second.take(), 3);
}

constexpr int kMany = 100'000;

Task<long> sum_of_many() {
  long sum = 0;
  for (int i = 0; i < kMany; ++i) {
    const int one = co_await seven();
    sum += one;
  }
  co_return sum;
}

TEST(TaskChain, AHundredThousandAwaitsInARowThatNeverWait) {
  Task<long> task = sum_of_many();
  task.start();
  EXPECT_EQ(task.take(), 7L * kMany);
}

Task<long> sum_of_gates(std::vector<OneShot<int>>& gates) {
  long sum = 0;
  for (OneShot<int>& gate : gates) {
    const int one = co_await value_of(gate);
    sum += one;
  }
  co_return sum;
}

TEST(TaskChain, AHundredThousandWaitsInARow) {
  std::vector<OneShot<int>> gates(kMany);
  Task<long> task = sum_of_gates(gates);
  task.start();
  for (OneShot<int>& gate : gates) { gate.set(1); }
  EXPECT_EQ(task.take(), kMany);
}

Task<int> depth_below(int levels, OneShot<int>& gate) {
  if (levels == 0) {
    const int value = co_await gate;
    co_return value;
  }
  const int below = co_await depth_below(levels - 1, gate);
  co_return below + 1;
}

// Runs `work` to its end on a thread with a stack of that many octets.
void with_stack_of(std::size_t octets, std::function<void()> work) {
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, octets), 0);
  pthread_t thread{};
  const auto run = [](void* argument) -> void* {
    (*static_cast<std::function<void()>*>(argument))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &work), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

// A chain is started from the outside in and so is destroyed: each level stands on the stack of the one that awaits it.
// Its end is what comes from the event loop, and must not depend on the depth: here it has a stack that could not hold
// a hundredth of the levels.
TEST(TaskChain, AHundredThousandLevelsEndOnASmallStack) {
  constexpr std::size_t kLarge = std::size_t{1} << 30;
  constexpr std::size_t kSmall = 256 * 1024;  // sanitizers need some of it for themselves
  OneShot<int> gate;
  Task<int> task;
  with_stack_of(kLarge, [&] {
    task = depth_below(kMany, gate);
    task.start();
  });
  EXPECT_FALSE(task.done());
  with_stack_of(kSmall, [&] { gate.set(1); });
  ASSERT_TRUE(task.done());
  EXPECT_EQ(task.take(), kMany + 1);
  with_stack_of(kLarge, [&] { task = Task<int>(); });
}

TEST(OneShot, MayGoBeforeItsWaiter) {
  auto gate = std::make_unique<OneShot<int>>();
  Task<int> waiter = [](OneShot<int>& from) -> Task<int> {
    const int value = co_await from;
    co_return value;
  }(*gate);
  waiter.start();
  gate.reset();
  waiter = {};  // under AddressSanitizer: the waiter must not look for what has gone
}

}  // namespace
}  // namespace vouch
