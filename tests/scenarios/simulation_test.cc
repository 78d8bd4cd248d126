#include "tests/scenarios/simulation.h"

#include <gtest/gtest.h>

#include <thread>

namespace vouch::simulation {
namespace {

using Status = UpstreamReply::Status;

TEST(VirtualExecutor, RunsTimersInTheOrderOfTheirTimesAndTurnsTheClock) {
  VirtualClock clock;
  VirtualExecutor executor(clock);
  const Instant start = clock.monotonic();
  std::vector<std::pair<char, Duration>> ran;
  const auto note = [&](char who) { return [&, who] { ran.emplace_back(who, clock.monotonic() - start); }; };
  const auto late = executor.after(20s, note('l'));
  const auto soon = executor.after(5s, note('s'));
  const auto also_soon = executor.after(5s, note('t'));
  executor.post(note('p'));

  EXPECT_TRUE(executor.run_until_idle());

  const std::vector<std::pair<char, Duration>> expected = {{'p', 0s}, {'s', 5s}, {'t', 5s}, {'l', 20s}};
  EXPECT_EQ(ran, expected);
  EXPECT_EQ(clock.wall(), VirtualClock::kStart + 20);
}

TEST(VirtualExecutor, ForgetsATimerWhoseHandleIsGone) {
  VirtualClock clock;
  VirtualExecutor executor(clock);
  bool ran = false;
  executor.after(1s, [&ran] { ran = true; }).reset();
  executor.run_for(2s);
  EXPECT_FALSE(ran);
}

TEST(VirtualExecutor, ATimerMayDestroyItsOwnHandle) {
  VirtualClock clock;
  VirtualExecutor executor(clock);
  std::unique_ptr<Executor::Timer> handle;
  bool ran = false;
  handle = executor.after(1s, [&] {
    handle.reset();
    ran = true;
  });
  executor.run_until_idle();
  EXPECT_TRUE(ran);
}

TEST(VirtualExecutor, StopsAtTheTimeGiven) {
  VirtualClock clock;
  VirtualExecutor executor(clock);
  const Instant start = clock.monotonic();
  bool ran = false;
  const auto timer = executor.after(10s, [&ran] { ran = true; });
  executor.run_for(9s);
  EXPECT_FALSE(ran);
  EXPECT_EQ(clock.monotonic() - start, 9s);
  executor.run_for(1s);
  EXPECT_TRUE(ran);
}

TEST(VirtualExecutor, TakesPostsFromOtherThreads) {
  VirtualClock clock;
  VirtualExecutor executor(clock);
  int count = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) {
        executor.post([&count] { ++count; });
      }
    });
  }
  threads.clear();
  executor.run_posted();
  EXPECT_EQ(count, 4000);
}

TEST(VirtualExecutor, SeveralShareOneClock) {
  VirtualClock clock;
  VirtualExecutor one(clock), two(clock);
  std::string order;
  const auto first = two.after(1s, [&] {
    order += "two ";
    one.post([&] { order += "posted "; });
  });
  const auto second = one.after(2s, [&] { order += "one"; });
  VirtualExecutor* const both[] = {&one, &two};
  EXPECT_TRUE(run_together(both, [&] { return order.ends_with("one"); }));
  EXPECT_EQ(order, "two posted one");
}

TEST(VirtualClock, SettingTheDateMovesNeitherTtlsNorTimers) {
  VirtualClock clock;
  const TtlTime ttl = clock.ttl();
  const Instant instant = clock.monotonic();
  clock.set_wall(0);
  EXPECT_EQ(clock.wall(), 0);
  EXPECT_EQ(clock.ttl(), ttl);
  EXPECT_EQ(clock.monotonic(), instant);
}

TEST(SeededRandom, RepeatsItselfForASeedAndDiffersForAnother) {
  SeededRandom one(7), same(7), other(8);
  const std::uint64_t number = one.next64();
  EXPECT_EQ(same.next64(), number);
  EXPECT_NE(other.next64(), number);
  EXPECT_NE(one.next64(), number);
}

class Scripts : public testing::Test {
 protected:
  UpstreamReply ask(Scripted scripted, std::function<ReplyFit(Bytes)> check = nullptr) {
    upstream_.set_script([scripted](const Asked&) { return scripted; });
    static constexpr Octet kPacket[] = {1, 2, 3};
    UpstreamQuestion question;
    question.server = SocketAddress(*IpAddress::parse("192.0.2.1"), 53);
    question.packet = kPacket;
    question.deadline = clock_.monotonic() + 400ms;
    question.check = check ? &check : nullptr;
    auto task = upstream_.ask(question);
    task.start();
    EXPECT_EQ(upstream_.in_flight(), 1U);
    executor_.run_until([&task] { return task.done(); });
    return task.take();
  }
  VirtualClock clock_;
  VirtualExecutor executor_{clock_};
  ScriptedUpstream upstream_{executor_, clock_, nullptr};
};

TEST_F(Scripts, AReplyArrivesAfterItsDelay) {
  const UpstreamReply reply = ask(Scripted::reply({9}, 30ms));
  EXPECT_EQ(reply.status, Status::ok);
  EXPECT_EQ(reply.packet, Buffer{9});
  EXPECT_EQ(reply.rtt, 30ms);
  EXPECT_EQ(upstream_.in_flight(), 0U);
  EXPECT_EQ(upstream_.asked().at(0).packet, (Buffer{1, 2, 3}));
}

TEST_F(Scripts, SilenceEndsAtTheDeadline) {
  const Instant start = clock_.monotonic();
  EXPECT_EQ(ask(Scripted::silence()).status, Status::timeout);
  EXPECT_EQ(clock_.monotonic() - start, 400ms);
}

TEST_F(Scripts, AReplyBehindTheDeadlineIsTooLate) {
  EXPECT_EQ(ask(Scripted::reply({9}, 401ms)).status, Status::timeout);
}

TEST_F(Scripts, IgnoredRepliesAreFollowedByTheNext) {
  const Scripted two{{{{1}, 1ms}, {{2}, 2ms}}, false};
  const UpstreamReply reply =
      ask(two, [](Bytes packet) { return packet[0] == 1 ? ReplyFit::ignore : ReplyFit::accept; });
  EXPECT_EQ(reply.status, Status::ok);
  EXPECT_EQ(reply.packet, Buffer{2});
}

TEST_F(Scripts, AForgeryEndsTheQuestion) {
  const Scripted two{{{{1}, 1ms}, {{2}, 2ms}}, false};
  EXPECT_EQ(ask(two, [](Bytes) { return ReplyFit::forgery; }).status, Status::forgery);
}

TEST_F(Scripts, NoRoute) { EXPECT_EQ(ask(Scripted::no_route()).status, Status::unreachable); }

TEST_F(Scripts, ACancelledQuestionLeavesNothingBehind) {
  upstream_.set_script([](const Asked&) { return Scripted::reply({9}); });
  UpstreamQuestion question;
  question.deadline = clock_.monotonic() + 1s;
  {
    auto task = upstream_.ask(question);
    task.start();
  }
  EXPECT_EQ(upstream_.in_flight(), 0U);
  EXPECT_EQ(executor_.timers(), 0U);
}

}  // namespace
}  // namespace vouch::simulation
