#include "transports/redis/redis_store.h"

#include "tests/unit/transports/harness.h"

namespace vouch {
namespace {

using namespace std::string_view_literals;

using Status = RemoteValue::Status;

// A store that has a scripted server to speak to: the commands it got as they stand on the wire, and what it is told.
class RedisStoreTest : public LoopTest {
 protected:
  void connect(RedisServer to = {}) {
    to.peer.address = listening.address();
    store = std::make_unique<RedisStore>(*loop, std::move(to), std::vector<IpAddress>{}, random, counters, false);
    store->start();
  }
  bool accept() {
    return run_until([&] {
      server = listening.accept();
      return server.has_value();
    });
  }
  // What came, once it ends so.
  bool hears(const std::string& end) {
    return run_until([&] {
      take();
      return heard.ends_with(end);
    });
  }
  void take() {
    Octet room[65536];
    const ssize_t got = ::recv(server->socket().fd(), room, sizeof room, MSG_DONTWAIT);
    if (got > 0) { heard.append(text_of(Bytes(room, static_cast<std::size_t>(got)))); }
  }
  void say(std::string_view octets) { server->queue(octets), server->pump_out(); }
  bool is_let_in() {
    const bool asked = accept() && hears("*1\r\n$4\r\nPING\r\n");
    say("+PONG\r\n");
    const bool is_ready = asked && run_until([&] { return store->is_ready(); });
    heard.clear();
    return is_ready;
  }

  struct Asking {
    Buffer key;
    std::optional<RemoteValue> value;
    Task<void> task;
  };
  std::unique_ptr<Asking> get(std::string_view key, Duration patience = 10s) {
    auto asking = std::make_unique<Asking>();
    asking->key.assign(key.begin(), key.end());
    asking->task = run(*asking, patience);
    asking->task.start();
    return asking;
  }
  Task<void> run(Asking& asking, Duration patience) {
    RemoteValue value = co_await store->get(asking.key, loop->now() + patience);
    asking.value = std::move(value);
  }
  bool ends(const std::unique_ptr<Asking>& asking) {
    return run_until([&] { return asking->value.has_value(); });
  }
  std::uint64_t failures(RedisStore::Failure which) const {
    return counters.failures[static_cast<std::size_t>(which)].value();
  }

  SystemRandom random;
  SharedCacheCounters counters;
  Peer listening = Peer::listening();
  std::optional<Peer> server;
  std::string heard;
  std::unique_ptr<RedisStore> store;
};

TEST_F(RedisStoreTest, QuestionsArePipelinedAndAnsweredInOrder) {
  connect();
  EXPECT_EQ(get("early")->value->status, Status::unavailable);  // nobody waits for a connection
  EXPECT_FALSE(store->put(bytes_of("k"), bytes_of("v"), 5ms));
  ASSERT_TRUE(is_let_in());
  const auto one = get("one"), two = get("two"), three = get("three");
  EXPECT_TRUE(store->put(bytes_of("k"), bytes_of("v"), 5000ms));
  const Buffer gone[] = {{'a'}, {'b'}};
  EXPECT_TRUE(store->remove(gone));
  ASSERT_TRUE(hears("*3\r\n$3\r\nDEL\r\n$1\r\na\r\n$1\r\nb\r\n"));
  EXPECT_EQ(
      heard,
      "*2\r\n$3\r\nGET\r\n$3\r\none\r\n*2\r\n$3\r\nGET\r\n$3\r\ntwo\r\n*2\r\n$3\r\nGET\r\n$5\r\nthree\r\n"
      "*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n$2\r\nPX\r\n$4\r\n5000\r\n*3\r\n$3\r\nDEL\r\n$1\r\na\r\n$1\r\nb\r\n");
  say("$3\r\n\0\r\n\r\n$-1\r\n"sv);
  say("-LOADING not yet\r\n+OK\r\n:2\r\n");
  ASSERT_TRUE(ends(three));
  EXPECT_EQ(one->value->status, Status::found);
  EXPECT_EQ(text_of(one->value->octets), "\0\r\n"sv);
  EXPECT_EQ(two->value->status, Status::absent);
  EXPECT_EQ(three->value->status, Status::unavailable);
  EXPECT_EQ(counters.connections.value(), 1U);
  EXPECT_FALSE(store->is_ready()) << "one that says that it cannot is as good as away";
  EXPECT_EQ(failures(RedisStore::Failure::rejected), 1U);
}

// A replica that may not be written to, or one that is full, must not look like one that takes all.
TEST_F(RedisStoreTest, WhoTakesNothingIsNoStore) {
  connect();
  ASSERT_TRUE(is_let_in());
  EXPECT_TRUE(store->put(bytes_of("k"), bytes_of("v"), 5000ms));
  ASSERT_TRUE(hears("5000\r\n"));
  say("-READONLY You can't write against a read only replica.\r\n");
  ASSERT_TRUE(run_until([&] { return failures(RedisStore::Failure::rejected) == 1; }));
  EXPECT_FALSE(store->is_ready());
}

TEST_F(RedisStoreTest, AGreetingHasAllThatIsConfigured) {
  connect({.database = 3, .user = "vouch", .password = "open sesame"});
  ASSERT_TRUE(accept() && hears("PING\r\n"));
  EXPECT_EQ(heard,
            "*3\r\n$4\r\nAUTH\r\n$5\r\nvouch\r\n$11\r\nopen sesame\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n"
            "*1\r\n$4\r\nPING\r\n");
  say("+OK\r\n+OK\r\n");
  run_for(20ms);
  EXPECT_FALSE(store->is_ready());
  say("+PONG\r\n");
  EXPECT_TRUE(run_until([&] { return store->is_ready(); }));
}

TEST_F(RedisStoreTest, WhoRefusesUsIsNoStore) {
  connect({.password = "wrong"});
  ASSERT_TRUE(accept() && hears("PING\r\n"));
  say("-WRONGPASS no\r\n-NOAUTH no\r\n");
  ASSERT_TRUE(run_until([&] { return failures(RedisStore::Failure::rejected) == 1; }));
  EXPECT_FALSE(store->is_ready());
  EXPECT_TRUE(accept());  // and is tried again
}

TEST_F(RedisStoreTest, ALateAnswerIsNobodysAndMixesNothingUp) {
  connect();
  ASSERT_TRUE(is_let_in());
  const auto late = get("late", 5ms);
  ASSERT_TRUE(ends(late));
  EXPECT_EQ(late->value->status, Status::late);
  const auto next = get("next");
  auto given_up = get("given up");
  given_up.reset();
  const auto last = get("last");
  ASSERT_TRUE(hears("last\r\n"));
  say("$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n$1\r\n4\r\n");
  ASSERT_TRUE(ends(last));
  EXPECT_EQ(text_of(next->value->octets), "2");
  EXPECT_EQ(text_of(last->value->octets), "4");
}

TEST_F(RedisStoreTest, WhoWaitsHearsAtOnceThatItIsGoneAndItComesBack) {
  connect();
  ASSERT_TRUE(is_let_in());
  const auto one = get("one"), two = get("two");
  ASSERT_TRUE(hears("two\r\n"));
  server.reset();
  ASSERT_TRUE(ends(two));
  EXPECT_EQ(one->value->status, Status::unavailable);
  EXPECT_FALSE(store->is_ready());
  EXPECT_EQ(counters.disconnections.value(), 1U);
  EXPECT_EQ(get("three")->value->status, Status::unavailable);  // at once
  EXPECT_TRUE(is_let_in());
  const auto four = get("four");
  ASSERT_TRUE(hears("four\r\n"));
  say("$-1\r\n");
  ASSERT_TRUE(ends(four));
  EXPECT_EQ(four->value->status, Status::absent);
}

TEST_F(RedisStoreTest, NonsenseEndsIt) {
  for (const std::string_view nonsense : {"what\r\n", "*1\r\n$1\r\na\r\n", "$99999999\r\n"}) {
    heard.clear();
    connect();
    ASSERT_TRUE(is_let_in());
    const auto one = get("one");
    ASSERT_TRUE(hears("one\r\n"));
    say(nonsense);
    if (nonsense.starts_with("$9")) { server->queue(std::string(2 * RemoteStore::kMaxValue, 'x')); }
    ASSERT_TRUE(run_until([&] {
      server->pump_out();
      return one->value.has_value();
    })) << nonsense;
    EXPECT_EQ(one->value->status, Status::unavailable);
    EXPECT_FALSE(store->is_ready());
    store.reset();
    server.reset();
  }
  EXPECT_EQ(failures(RedisStore::Failure::nonsense), 3U);
}

TEST_F(RedisStoreTest, WhatNobodyAskedForEndsIt) {
  connect();
  ASSERT_TRUE(is_let_in());
  say("$1\r\nx\r\n");
  EXPECT_TRUE(run_until([&] { return failures(RedisStore::Failure::nonsense) == 1; }));
}

TEST_F(RedisStoreTest, NobodyListens) {
  const SocketAddress nobody = [] { return Peer(SOCK_STREAM, at("127.0.0.1")).address(); }();
  RedisServer to;
  to.peer.address = nobody;
  store = std::make_unique<RedisStore>(*loop, to, std::vector<IpAddress>{}, random, counters, false);
  store->start();
  EXPECT_TRUE(run_until([&] { return failures(RedisStore::Failure::unreachable) >= 2; }));
}

// A server that reads nothing: the queue has its bounds, and who stores hears that it is full.
TEST_F(RedisStoreTest, QueuesAreBounded) {
  connect();
  ASSERT_TRUE(is_let_in());
  std::size_t taken = 0;
  while (taken < 10'000 && store->put(bytes_of("k"), bytes_of("v"), 5000ms)) { ++taken; }
  EXPECT_EQ(taken, RedisStore::kMaxUnanswered);
  EXPECT_EQ(get("one")->value->status, Status::unavailable);
  store.reset();
  server.reset();
  connect();
  ASSERT_TRUE(is_let_in());
  const Buffer large(RemoteStore::kMaxValue, 'x');
  taken = 0;
  while (taken < 10'000 && store->put(bytes_of("k"), large, 5000ms)) { ++taken; }
  EXPECT_EQ(taken, RedisStore::kMaxUnsent / (large.size() + 60));
}

// It is dead, not slow: after kSilence the connection goes, and with it whoever waits.
TEST_F(RedisStoreTest, SilenceEndsIt) {
  connect();
  ASSERT_TRUE(is_let_in());
  const auto one = get("one");
  ASSERT_TRUE(ends(one));
  EXPECT_EQ(one->value->status, Status::unavailable);
  EXPECT_EQ(failures(RedisStore::Failure::silent), 1U);
}

TEST_F(RedisStoreTest, GoingAwayWhileSomebodyWaitsIsSafe) {
  connect();
  ASSERT_TRUE(is_let_in());
  auto one = get("one");
  one.reset();
  store.reset();
  run_for(5ms);
}

}  // namespace
}  // namespace vouch
