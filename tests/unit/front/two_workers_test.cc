// What workers share: one resolution of one question in the whole process, and one count of what a source waits for.
#include <array>
#include <thread>

#include "resolver/front/front.h"
#include "resolver/front/in_flight.h"
#include "resolver/iterate/shared_exchanges.h"
#include "tests/scenarios/simulation.h"
#include "tests/unit/front/front_testing.h"

namespace vouch {
namespace {

using namespace front_testing;

// A client's side of one query: what came back, at once or later.
struct Reply : ReplyRoom {
  struct Handle final : ReplyHandle {
    explicit Handle(Reply& to) : reply(to) {}
    ~Handle() override { reply.is_over = true; }
    void send(Bytes message) override {
      ++reply.times;
      reply.packet.assign(message.begin(), message.end());
    }
    Reply& reply;
  };
  MutableBytes buffer() override { return room; }
  std::unique_ptr<ReplyHandle> keep() override { return may_keep ? std::make_unique<Handle>(*this) : nullptr; }
  ClientAnswer answer() const { return ClientAnswer(packet.empty() ? std::nullopt : std::optional(packet)); }

  Buffer room = Buffer(kMaxMessage), packet;
  bool is_over = false, may_keep = true;
  int times = 0;
};

// The workers of one daemon on one virtual clock, before servers that answer after a while, or never.
class Workers {
 public:
  explicit Workers(std::size_t count = 2) {
    resolver_options.priming = false;
    resolver_options.root_hints = {{Name::of("root."), {*IpAddress::parse("198.41.0.4")}}};
    options.allow = {*Prefix::parse("0.0.0.0/0")};
    options.cookie_secret = Buffer(FrontOptions::kCookieSecret, 7);
    for (std::size_t i = 0; i < count; ++i) { workers.push_back(std::make_unique<Worker>(*this)); }
  }
  std::size_t ask(std::size_t worker, std::string_view name, Reply& reply, std::string_view client = "10.0.0.1",
                  std::uint16_t port = 4000) {
    Message message = Message::query(Name::of(name), Type::A);
    message.rd = true;
    const Buffer packet = message.encode();
    ClientQuery query;
    query.packet = packet;
    query.client = SocketAddress(*IpAddress::parse(client), port);
    const std::size_t size = workers[worker]->front.answer(query, reply);
    if (size > 0) { reply.packet.assign(reply.room.begin(), reply.room.begin() + static_cast<std::ptrdiff_t>(size)); }
    return size;
  }
  void run(const std::function<bool()>& predicate) {
    std::vector<VirtualExecutor*> executors;
    for (const auto& worker : workers) { executors.push_back(&worker->executor); }
    run_together(executors, predicate);
  }

  struct Worker {
    explicit Worker(Workers& all)
        : executor(all.clock),
          upstream(executor, all.clock, [&all](const Asked& asked) { return all.answer(asked); }),
          resolver({all.resolver_options, all.caches, all.exchanges, upstream, executor, all.clock, random,
                    resolver_counters}),
          front({all.options, all.zones, all.shared, all.caches, resolver, executor, all.clock, recorder}) {}
    VirtualExecutor executor;
    SeededRandom random;
    ScriptedUpstream upstream;
    ResolverCounters resolver_counters;
    WorkerCounters all_counters;
    Recorder recorder{all_counters};
    FrontCounters& counters = all_counters.front;
    Resolver resolver;
    Front front;
  };

  // The root answers for everything.
  Scripted answer(const Asked& asked) {
    ++questions;
    if (silent) { return Scripted::silence(); }
    const Message query = *Message::decode(asked.packet);
    Message reply = Message::reply_to(query);
    reply.aa = true;
    reply.answer.push_back(Record::of(query.question->name.text() + " 300 IN A 192.0.2.1"));
    return Scripted::reply(reply.encode(), 10ms);
  }

  VirtualClock clock;
  CacheOptions cache_options;
  Caches caches{cache_options};
  SharedExchanges exchanges;
  ResolverOptions resolver_options;
  FrontOptions options;
  LocalZones zones;
  FrontShared shared;
  bool silent = false;
  std::size_t questions = 0;
  std::vector<std::unique_ptr<Worker>> workers;
};

TEST(TwoWorkers, ResolveOneQuestionOnce) {
  Workers daemon;
  Reply first, second, third;
  daemon.ask(0, "example.", first);
  daemon.ask(1, "EXAMPLE.", second, "10.0.0.2");
  daemon.ask(1, "example.", third, "10.0.0.3");
  daemon.run([&] { return first.is_over && second.is_over && third.is_over; });
  EXPECT_EQ(daemon.questions, 1U);
  EXPECT_EQ(daemon.workers[1]->counters.joined_in_flight.value(), 2U);
  EXPECT_EQ(first.answer().text(), "example. 300 IN A 192.0.2.1");
  EXPECT_EQ(second.answer().text(), "EXAMPLE. 300 IN A 192.0.2.1");
  EXPECT_EQ(third.answer().rcode(), Rcode::no_error);
  EXPECT_EQ(first.times + second.times + third.times, 3);
}

TEST(TwoWorkers, AFollowerIsNotLeftWaitingWhenItsLeaderGoes) {
  Workers daemon;
  daemon.silent = true;
  Reply leader, follower;
  daemon.ask(0, "example.", leader);
  daemon.ask(1, "example.", follower, "10.0.0.2");
  daemon.workers[0].reset();
  EXPECT_TRUE(leader.is_over);
  EXPECT_EQ(leader.times, 0) << "its transport goes with it";
  daemon.workers[1]->executor.run_posted();
  EXPECT_TRUE(follower.is_over);
  EXPECT_EQ(follower.answer().rcode(), Rcode::server_failure);
  EXPECT_EQ(daemon.workers[1]->front.in_flight(), 0U);
}

TEST(TwoWorkers, AnAnswerForAWorkerThatIsGoneIsNobodys) {
  Workers daemon;
  Reply leader, follower;
  daemon.ask(0, "example.", leader);
  daemon.ask(1, "example.", follower, "10.0.0.2");
  daemon.workers[1].reset();
  EXPECT_TRUE(follower.is_over);
  daemon.workers[0]->executor.run_until([&] { return leader.is_over; });
  EXPECT_EQ(leader.answer().rcode(), Rcode::no_error);
  EXPECT_EQ(follower.times, 0);
}

TEST(TwoWorkers, AnAnswerOnItsWayToAWorkerThatGoes) {
  Workers daemon;
  Reply leader, follower;
  daemon.ask(0, "example.", leader);
  daemon.ask(1, "example.", follower, "10.0.0.2");
  daemon.workers[0]->executor.run_until([&] { return leader.is_over; });  // handed in, not yet taken
  ASSERT_FALSE(follower.is_over);
  auto& worker = *daemon.workers[1];
  const auto door_is_shut = [&] { worker.front.~Front(); };
  door_is_shut();
  worker.executor.run_posted();
  EXPECT_TRUE(follower.is_over);
  EXPECT_EQ(follower.times, 0);
  new (&worker.front) Front({daemon.options, daemon.zones, daemon.shared, daemon.caches, worker.resolver,
                             worker.executor, daemon.clock, worker.recorder});
}

TEST(TwoWorkers, CountASourceTogether) {
  Workers daemon;
  daemon.silent = true;
  daemon.options.max_waiting_per_question = 3;
  std::array<Reply, 6> replies;
  for (std::uint16_t i = 0; i < 6; ++i) { daemon.ask(i % 2, "example.", replies[i], "10.0.0.1", u16(4000U + i)); }
  EXPECT_EQ(daemon.workers[0]->front.in_flight() + daemon.workers[1]->front.in_flight(), 3U);
  daemon.workers.clear();
}

TEST(TwoWorkers, GiveTheSameCookies) {
  Workers daemon;
  Message message = Message::query(Name::of("localhost."), Type::AXFR);
  message.edns.emplace().options = {{OptionCode::cookie, {1, 2, 3, 4, 5, 6, 7, 8}}};
  std::array<Buffer, 2> cookies;
  for (std::size_t i = 0; i < 2; ++i) {
    Reply reply;
    const Buffer packet = message.encode();
    ClientQuery query;
    query.packet = packet;
    query.client = SocketAddress(*IpAddress::parse("10.0.0.1"), 4000);
    reply.packet.assign(reply.room.begin(), reply.room.begin() + static_cast<std::ptrdiff_t>(
                                                                     daemon.workers[i]->front.answer(query, reply)));
    cookies[i] = *reply.answer().message().edns->option(OptionCode::cookie);
  }
  EXPECT_EQ(cookies[0], cookies[1]) << "a client's next query may come to the other";
}

TEST(TwoWorkers, ATransportThatHoldsNoMoreDropsTheQuery) {
  Workers daemon(1);
  Reply reply;
  reply.may_keep = false;
  EXPECT_EQ(daemon.ask(0, "example.", reply), 0U);
  EXPECT_EQ(daemon.workers[0]->front.in_flight(), 0U);
  EXPECT_EQ(daemon.questions, 0U);
  EXPECT_EQ(daemon.workers[0]->counters.dropped.value(), 1U);
}

TEST(WaitingShares, GiveBackWhatTheyTook) {
  WaitingShares shares;
  const IpAddress client = *IpAddress::parse("10.0.0.1");
  const QuestionKey question{Name::of("example."), Type::A, false}, another{Name::of("example."), Type::AAAA, false};
  {
    auto one = shares.take(client, question, {1, 2});
    ASSERT_TRUE(one);
    EXPECT_FALSE(shares.take(client, question, {1, 2})) << "the question's share";
    auto two = shares.take(client, another, {1, 2});
    ASSERT_TRUE(two);
    EXPECT_FALSE(shares.take(client, {Name::of("other."), Type::A, false}, {1, 2})) << "the client's share";
    EXPECT_TRUE(shares.take(*IpAddress::parse("10.0.0.2"), question, {1, 2}));
  }
  EXPECT_TRUE(shares.take(client, question, {1, 1}));
}

TEST(InFlight, ManyThreadsOneLeaderEachTime) {
  InFlight in_flight;
  VirtualClock clock;
  VirtualExecutor executor(clock);
  const QuestionKey question{Name::of("example."), Type::A, false};
  std::atomic<int> leaders = 0, delivered = 0;
  const auto door = std::make_shared<WorkerDoor>(executor, [&](std::span<const ClientId> clients, const Answer&) {
    delivered += static_cast<int>(clients.size());
  });
  constexpr int kThreads = 4, kRounds = 500;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kRounds; ++i) {
          const auto id = static_cast<ClientId>(t * kRounds + i);
          if (in_flight.join(question, door, id) == InFlight::Role::leads) {
            ++leaders;
            in_flight.finish(question, nullptr, std::make_shared<const Answer>());
          }
        }
      });
    }
  }
  executor.run_posted();
  EXPECT_GE(leaders, 1);
  EXPECT_EQ(delivered, kThreads * kRounds) << "everyone who joined was told, once";
}

}  // namespace
}  // namespace vouch
