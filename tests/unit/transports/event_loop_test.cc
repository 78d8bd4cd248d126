#include "transports/event_loop.h"

#include <thread>

#include "tests/unit/transports/harness.h"

namespace vouch {
namespace {

using ::testing::ElementsAre;

using EventLoopTest = LoopTest;

TEST_F(EventLoopTest, WhatIsPostedRunsInOrder) {
  std::vector<int> ran;
  for (int i = 0; i < 3; ++i) {
    loop->post([&ran, i] { ran.push_back(i); });
  }
  loop->post([this] { loop->stop(); });
  loop->run();
  EXPECT_THAT(ran, ElementsAre(0, 1, 2));
}

TEST_F(EventLoopTest, AnotherThreadWakesASleepingLoop) {
  std::thread::id ran_on;
  std::jthread other([&] {
    std::this_thread::sleep_for(20ms);  // by then the loop sleeps; if it does not, the test is merely easier
    loop->post([&] {
      ran_on = std::this_thread::get_id();
      loop->stop();
    });
  });
  loop->run();
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST_F(EventLoopTest, PostsOfManyThreadsAllRunAndKeepEachThreadsOrder) {
  constexpr int kThreads = 4;
  constexpr int kPosts = 5000;
  std::vector<std::vector<int>> ran(kThreads);
  int done = 0;
  std::vector<std::jthread> posters;
  for (int thread = 0; thread < kThreads; ++thread) {
    posters.emplace_back([&, thread] {
      for (int i = 0; i < kPosts; ++i) {
        loop->post([&, thread, i] {
          ran[static_cast<std::size_t>(thread)].push_back(i);
          if (++done == kThreads * kPosts) { loop->stop(); }
        });
      }
    });
  }
  loop->run();
  for (const auto& of_one : ran) {
    EXPECT_EQ(of_one.size(), std::size_t{kPosts});
    EXPECT_TRUE(std::ranges::is_sorted(of_one));
  }
}

TEST_F(EventLoopTest, WorkThatPostsWorkStarvesNoTimer) {
  bool rang = false;
  std::function<void()> again = [&] {
    if (!rang) {
      loop->post([&] { again(); });
    }
  };
  again();
  const auto timer = loop->after(1ms, [&] {
    rang = true;
    loop->stop();
  });
  loop->run();
  EXPECT_TRUE(rang);
}

TEST_F(EventLoopTest, TimersRingInOrderOfTimeAndNeverEarly) {
  std::vector<int> rang;
  const Instant start = loop->now();
  const auto late = loop->after(30ms, [&] {
    EXPECT_GE(loop->now() - start, 30ms);
    rang.push_back(30);
    loop->stop();
  });
  const auto soon = loop->after(10ms, [&] {
    EXPECT_GE(loop->now() - start, 10ms);
    rang.push_back(10);
  });
  loop->run();
  EXPECT_THAT(rang, ElementsAre(10, 30));
}

TEST_F(EventLoopTest, ATimerSetAfterLongWorkIsNotEarlyEither) {
  // libevent counts from the time at which the turn began; here the turn is older than the delay.
  std::unique_ptr<Executor::Timer> timer;
  const auto first = loop->after(1ms, [&] {
    std::this_thread::sleep_for(30ms);
    const Instant start = loop->now();
    timer = loop->after(20ms, [&, start] {
      EXPECT_GE(loop->now() - start, 20ms);
      loop->stop();
    });
  });
  loop->run();
}

TEST_F(EventLoopTest, ADestroyedTimerDoesNotRing) {
  bool rang = false;
  auto timer = loop->after(1ms, [&] { rang = true; });
  timer.reset();
  run_for(10ms);
  EXPECT_FALSE(rang);
}

TEST_F(EventLoopTest, ATimerMayBeDestroyedByItsOwnWork) {
  std::unique_ptr<Executor::Timer> timer;
  timer = loop->after(1ms, [&] {
    timer.reset();
    loop->stop();
  });
  loop->run();
  EXPECT_EQ(timer, nullptr);
}

TEST_F(EventLoopTest, UnrunWorkIsDestroyedWithTheLoop) {
  const auto held = std::make_shared<int>(0);
  loop->post([held] { FAIL() << "nobody runs this"; });
  EXPECT_EQ(held.use_count(), 2);
  loop.reset();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(EventLoopTest, StopBeforeRunIsNotForgotten) {
  loop->stop();
  loop->run();  // returns
  SUCCEED();
}

TEST_F(EventLoopTest, AHookRunsOncePerAskingAndADestroyedOneNever) {
  struct Hook final : EventLoop::TurnHook {
    int runs = 0;
    void end_of_turn() override { ++runs; }
  };
  Hook hook;
  auto gone = std::make_unique<Hook>();
  loop->at_end_of_turn(hook);
  loop->at_end_of_turn(hook);
  loop->at_end_of_turn(*gone);
  gone.reset();
  run_for(1ms);
  EXPECT_EQ(hook.runs, 1);
}

}  // namespace
}  // namespace vouch
