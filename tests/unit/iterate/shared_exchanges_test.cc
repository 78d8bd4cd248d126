#include "resolver/iterate/shared_exchanges.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/scenarios/simulation.h"

namespace vouch {
namespace {

using namespace std::chrono_literals;
using simulation::VirtualClock;
using simulation::VirtualExecutor;

SharedExchanges::Key key_of(std::string_view name) { return {Name::of("example.com."), Name::of(name), Type::A}; }

ExchangeResult reply_with(Octet octet) {
  ExchangeResult result;
  result.status = ExchangeResult::Status::ok;
  result.packet = std::make_shared<const Buffer>(Buffer{octet});
  return result;
}

struct SharedExchangesTest : testing::Test {
  VirtualClock clock;
  VirtualExecutor executor{clock};
  SharedExchanges exchanges;
};

TEST_F(SharedExchangesTest, FirstLeadsOthersFollowWhateverTheCase) {
  auto leader = exchanges.join(key_of("www.example.com."), executor);
  auto follower = exchanges.join(key_of("WWW.Example.com."), executor);
  auto other = exchanges.join(key_of("mail.example.com."), executor);
  EXPECT_TRUE(leader.leads());
  EXPECT_FALSE(follower.leads());
  EXPECT_TRUE(other.leads());
  EXPECT_EQ(exchanges.in_flight(), 2U);
}

TEST_F(SharedExchangesTest, FollowerGetsTheLeadersReply) {
  auto leader = exchanges.join(key_of("www.example.com."), executor);
  auto follower = exchanges.join(key_of("www.example.com."), executor);
  Task<ExchangeResult> waiting = follower.wait(1s);
  waiting.start();
  leader.land(reply_with(7));
  EXPECT_EQ(exchanges.in_flight(), 0U);
  executor.run_posted();
  ASSERT_TRUE(waiting.done());
  EXPECT_EQ(waiting.take().packet->front(), 7);
}

TEST_F(SharedExchangesTest, FollowerThatWaitsTooLongIsOnItsOwn) {
  auto leader = exchanges.join(key_of("www.example.com."), executor);
  auto follower = exchanges.join(key_of("www.example.com."), executor);
  Task<ExchangeResult> waiting = follower.wait(100ms);
  waiting.start();
  executor.run_for(101ms);
  ASSERT_TRUE(waiting.done());
  EXPECT_EQ(waiting.take().status, ExchangeResult::Status::timeout);
  leader.land(reply_with(7));  // nobody is hurt
  executor.run_posted();
}

TEST_F(SharedExchangesTest, LeaderThatIsCancelledReleasesItsFollowers) {
  std::optional<SharedExchanges::Ticket> leader(exchanges.join(key_of("www.example.com."), executor));
  auto follower = exchanges.join(key_of("www.example.com."), executor);
  Task<ExchangeResult> waiting = follower.wait(1h);
  waiting.start();
  leader.reset();
  executor.run_posted();
  ASSERT_TRUE(waiting.done());
  EXPECT_EQ(waiting.take().status, ExchangeResult::Status::timeout);
  EXPECT_TRUE(exchanges.join(key_of("www.example.com."), executor).leads());
}

TEST_F(SharedExchangesTest, FollowerThatIsCancelledIsForgotten) {
  auto leader = exchanges.join(key_of("www.example.com."), executor);
  {
    auto follower = exchanges.join(key_of("www.example.com."), executor);
    Task<ExchangeResult> waiting = follower.wait(1h);
    waiting.start();
  }
  leader.land(reply_with(7));
  executor.run_posted();
  EXPECT_EQ(executor.timers(), 0U);
}

TEST_F(SharedExchangesTest, BeyondTheBoundAQuestionIsNotShared) {
  auto leader = exchanges.join(key_of("www.example.com."), executor);
  std::vector<SharedExchanges::Ticket> followers;
  for (std::size_t i = 0; i < SharedExchanges::kMaxFollowers; ++i) {
    followers.push_back(exchanges.join(key_of("www.example.com."), executor));
    ASSERT_FALSE(followers.back().leads());
  }
  EXPECT_TRUE(exchanges.join(key_of("www.example.com."), executor).leads());
  EXPECT_EQ(exchanges.in_flight(), 1U);  // the one that is not shared leaves the other's flight alone
}

// Workers that lead, follow, land and give up on the same few questions. For ThreadSanitizer, and for the count:
// everybody who waits is woken.
TEST(SharedExchangesAcrossThreads, EveryFollowerIsWoken) {
  SharedExchanges exchanges;
  std::atomic<int> woken = 0;
  std::atomic<int> waited = 0;
  const auto work = [&](int seed) {
    VirtualClock clock;
    VirtualExecutor executor(clock);
    for (int i = 0; i < 2000; ++i) {
      auto ticket = exchanges.join(key_of("n" + std::to_string((i + seed) % 3) + ".example.com."), executor);
      if (ticket.leads()) {
        if (i % 5 != 0) { ticket.land(reply_with(u8(static_cast<std::size_t>(i & 0xff)))); }
        continue;  // else it is dropped, which lands too
      }
      Task<ExchangeResult> waiting = ticket.wait(1s);
      waiting.start();
      ++waited;
      if (i % 7 == 0) {  // gives up
        ++woken;
        continue;
      }
      executor.run_until([&] { return waiting.done(); }, 2s);
      woken += waiting.done() ? 1 : 0;
    }
  };
  std::vector<std::jthread> threads;
  for (int seed = 0; seed < 4; ++seed) { threads.emplace_back(work, seed); }
  threads.clear();
  EXPECT_EQ(woken.load(), waited.load());
  EXPECT_EQ(exchanges.in_flight(), 0U);
}

}  // namespace
}  // namespace vouch
