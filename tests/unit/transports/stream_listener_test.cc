#include "transports/stream_listener.h"

#include <sys/resource.h>

#include <algorithm>

#include "tests/unit/transports/harness.h"
#include "tests/unit/transports/proxied.h"

namespace vouch {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class StreamListenerTest : public LoopTest {
 protected:
  void listen(StreamListenerOptions options = {}, SessionLimitOptions limit_options = {},
              const char* address = "127.0.0.1") {
    limits = std::make_unique<SessionLimits>(*loop, limit_options);
    auto opened = StreamListener::open(
        {.loop = *loop, .options = options, .proxies = proxies, .limits = *limits, .sink = sink, .counters = counters},
        at(address), dns_over_tcp());
    ASSERT_TRUE(opened) << opened.error();
    listener = std::move(*opened);
    server = SocketAddress(ip(address), listener->address().port());
  }
  bool pump_until(Peer& client, const std::function<bool()>& happened) {
    return run_until([&] {
      client.pump();
      return happened();
    });
  }
  bool answers(Peer& client, std::size_t count) {
    return pump_until(client, [&] { return client.messages.size() >= count; });
  }
  bool ends(Peer& client) {
    return pump_until(client, [&] { return client.is_ended; });
  }
  // Keeps every query's handle instead of answering.
  void keep_all() {
    sink.script = [this](const ClientQuery&, ReplyRoom& room) {
      kept.push_back(room.keep());
      return std::size_t{0};
    };
  }

  ScriptedSink sink;
  SessionCounters counters;
  std::vector<Prefix> proxies;
  std::vector<std::unique_ptr<ReplyHandle>> kept;
  std::unique_ptr<SessionLimits> limits;
  std::unique_ptr<StreamListener> listener;
  SocketAddress server;
};

TEST_F(StreamListenerTest, AQueryIsAnswered) {
  listen();
  ClientQuery seen;
  sink.script = [&](const ClientQuery& query, ReplyRoom& room) {
    seen = query;
    EXPECT_GE(room.buffer().size(), 65535U);
    return ScriptedSink::write("answer to " + text(query.packet), room);
  };
  Peer client = Peer::connected_to(server);
  client.queue_message("question");
  ASSERT_TRUE(answers(client, 1));
  EXPECT_THAT(client.messages, ElementsAre("answer to question"));
  EXPECT_EQ(seen.client, client.address());
  EXPECT_EQ(seen.local, server);
  EXPECT_EQ(seen.protocol, ClientProtocol::tcp);
  EXPECT_EQ(counters.accepted.value(), 1U);
}

TEST_F(StreamListenerTest, OverIpv6Too) {
  listen({}, {}, "::1");
  Peer client = Peer::connected_to(server);
  client.queue_message("six");
  ASSERT_TRUE(answers(client, 1));
  EXPECT_THAT(client.messages, ElementsAre("six"));
}

TEST_F(StreamListenerTest, AWildcardListenerKnowsWhichAddressWasAsked) {
  listen({}, {}, "0.0.0.0");
  SocketAddress local;
  sink.script = [&](const ClientQuery& query, ReplyRoom& room) {
    local = query.local;
    return ScriptedSink::echo(query, room);
  };
  Peer client = Peer::connected_to(at("127.0.0.3", server.port()));
  client.queue_message("?");
  ASSERT_TRUE(answers(client, 1));
  EXPECT_EQ(local, at("127.0.0.3", server.port()));
}

TEST_F(StreamListenerTest, APipelineOfQueriesIsAnsweredEachAsSoonAsItsAnswerIsReady) {
  listen();
  std::unique_ptr<ReplyHandle> slow;
  sink.script = [&](const ClientQuery& query, ReplyRoom& room) -> std::size_t {
    if (text(query.packet) != "slow") { return ScriptedSink::echo(query, room); }
    slow = room.keep();
    return 0;
  };
  Peer client = Peer::connected_to(server);
  for (const char* query : {"one", "slow", "two"}) { client.queue_message(query); }
  ASSERT_TRUE(answers(client, 2));
  slow->send(bytes_of("slow at last"));
  ASSERT_TRUE(answers(client, 3));
  EXPECT_THAT(client.messages, ElementsAre("one", "two", "slow at last"));
}

TEST_F(StreamListenerTest, AMessageOctetByOctetIsAsGood) {
  listen();
  Peer client = Peer::connected_to(server);
  for (const char octet : std::string_view("\0\5hello\0\5world", 14)) {
    client.queue({&octet, 1});
    ASSERT_TRUE(pump_until(client, [&] { return !client.has_unsent(); }));
  }
  ASSERT_TRUE(answers(client, 2));
  EXPECT_THAT(client.messages, ElementsAre("hello", "world"));
}

TEST_F(StreamListenerTest, TheLargestMessagesPassBothWays) {
  listen();
  const std::string large(65535, 'L');
  Peer client = Peer::connected_to(server);
  for (int i = 0; i < 5; ++i) { client.queue_message(large); }
  ASSERT_TRUE(answers(client, 5));
  EXPECT_THAT(client.messages, Each(large));
}

TEST_F(StreamListenerTest, AClientThatHasSentAllAndClosedItsHalfStillGetsItsAnswers) {
  listen();
  keep_all();
  Peer client = Peer::connected_to(server);
  client.queue_message("last words");
  ASSERT_TRUE(pump_until(client, [&] { return !kept.empty(); }));
  ::shutdown(client.socket().fd(), SHUT_WR);
  run_for(5ms);
  kept[0]->send(bytes_of("heard"));
  kept.clear();
  ASSERT_TRUE(ends(client));
  EXPECT_THAT(client.messages, ElementsAre("heard"));
  EXPECT_EQ(limits->sessions(), 0U);
}

TEST_F(StreamListenerTest, AHundredThousandQueriesInOnePipelineNeitherRecurseNorPileUp) {
  listen();
  constexpr std::size_t kQueries = 100'000;
  std::size_t depth = 0;
  std::size_t deepest = 0;
  sink.script = [&](const ClientQuery& query, ReplyRoom& room) {
    deepest = std::max(deepest, ++depth);
    const std::size_t octets = ScriptedSink::echo(query, room);
    --depth;
    return octets;
  };
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  Peer client = Peer::connected_to(server);
  std::size_t asked = 0;
  std::size_t answered = 0;
  ASSERT_TRUE(run_until([&] {
    for (int i = 0; i < 1000 && asked < kQueries && !client.has_unsent(); ++i) {
      for (int k = 0; k < 100; ++k) { client.queue_message(std::to_string(asked++)); }
    }
    client.pump();
    for (const std::string& answer : client.messages) { EXPECT_EQ(answer, std::to_string(answered++)); }
    client.messages.clear();
    return answered == kQueries;
  }));
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  EXPECT_EQ(deepest, 1U);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 32 * 1024);  // kilobytes, the client's own included
}

TEST_F(StreamListenerTest, BeyondSoManyUnansweredQueriesNoMoreAreRead) {
  listen({.max_in_flight = 10});
  keep_all();
  Peer client = Peer::connected_to(server);
  for (int i = 0; i < 25; ++i) { client.queue_message("?"); }
  ASSERT_TRUE(pump_until(client, [&] { return kept.size() == 10; }));
  run_for(5ms);
  EXPECT_THAT(kept, SizeIs(10));

  for (int i = 0; i < 4; ++i) { kept[static_cast<std::size_t>(i)]->send(bytes_of("!")); }
  kept.erase(kept.begin(), kept.begin() + 4);
  ASSERT_TRUE(answers(client, 4));
  ASSERT_TRUE(pump_until(client, [&] { return sink.queries == 14; }));

  while (client.messages.size() < 25) {  // the rest comes as places become free, answered or dropped
    ASSERT_FALSE(kept.empty());
    for (const auto& handle : kept) { handle->send(bytes_of("!")); }
    kept.clear();
    const std::size_t expected = sink.queries;
    ASSERT_TRUE(answers(client, expected));
    run_for(1ms);
  }
  EXPECT_EQ(sink.queries, 25U);
}

TEST_F(StreamListenerTest, AQueryThatIsDroppedFreesItsPlace) {
  listen({.max_in_flight = 1});
  keep_all();
  Peer client = Peer::connected_to(server);
  client.queue_message("dropped");
  client.queue_message("answered");
  ASSERT_TRUE(pump_until(client, [&] { return kept.size() == 1; }));
  kept.clear();
  ASSERT_TRUE(pump_until(client, [&] { return kept.size() == 1; }));
  kept[0]->send(bytes_of("yes"));
  ASSERT_TRUE(answers(client, 1));
  EXPECT_THAT(client.messages, ElementsAre("yes"));
}

TEST_F(StreamListenerTest, AClientThatNeverReadsIsNotServedBeyondItsWindowAndIsClosed) {
  listen({.max_output = 256 * 1024}, {.stall = 100ms});
  sink.script = [](const ClientQuery&, ReplyRoom& room) { return ScriptedSink::write(std::string(4000, 'x'), room); };
  Peer client = Peer::connected_to(server, nullptr, 4096);
  constexpr std::size_t kQueries = 100'000;  // 400 MB of answers, were they all made
  for (std::size_t i = 0; i < kQueries; ++i) { client.queue_message("?"); }
  ASSERT_TRUE(run_until([&] {
    client.pump_out();
    return counters.closed_abuse.value() == 1;
  }));
  EXPECT_LT(sink.queries, 2000U);  // what the kernel's buffers hold
  EXPECT_EQ(limits->sessions(), 0U);
}

TEST_F(StreamListenerTest, LateAnswersThatNobodyReadsEndTheConnectionAtItsLimit) {
  listen({.max_in_flight = 100, .max_output = 256 * 1024}, {.stall = 60'000ms});
  keep_all();
  Peer client = Peer::connected_to(server, nullptr, 4096);
  for (int i = 0; i < 100; ++i) { client.queue_message("?"); }
  ASSERT_TRUE(run_until([&] {
    client.pump_out();
    return kept.size() == 100;
  }));
  const std::string large(65000, 'x');  // 6.5 MB together
  for (const auto& handle : kept) { handle->send(bytes_of(large)); }
  EXPECT_EQ(counters.closed_abuse.value(), 1U);
  EXPECT_EQ(limits->sessions(), 0U);
}

TEST_F(StreamListenerTest, ASlowReaderGetsEverythingInTheEnd) {
  listen();
  sink.script = [](const ClientQuery& query, ReplyRoom& room) {
    return ScriptedSink::write(text(query.packet) + std::string(3000, '.'), room);
  };
  Peer client = Peer::connected_to(server, nullptr, 4096);
  constexpr std::size_t kQueries = 1000;
  for (std::size_t i = 0; i < kQueries; ++i) { client.queue_message(std::to_string(i)); }
  ASSERT_TRUE(run_until([&] {
    client.pump_out();
    return !client.has_unsent();
  }));
  run_for(5ms);
  ASSERT_TRUE(answers(client, kQueries));
  for (std::size_t i = 0; i < kQueries; ++i) {
    EXPECT_EQ(client.messages[i], std::to_string(i) + std::string(3000, '.'));
  }
}

TEST_F(StreamListenerTest, AnIdleConnectionIsClosed) {
  listen({}, {.idle = 50ms});
  Peer client = Peer::connected_to(server);
  client.queue_message("one question");
  ASSERT_TRUE(answers(client, 1));
  const Instant answered = loop->now();
  ASSERT_TRUE(ends(client));
  EXPECT_GE(loop->now() - answered, 40ms);
  EXPECT_EQ(counters.closed_idle.value(), 1U);
}

TEST_F(StreamListenerTest, AConnectionThatWaitsForItsAnswerIsNotIdle) {
  listen({}, {.idle = 20ms});
  keep_all();
  Peer client = Peer::connected_to(server);
  client.queue_message("hard question");
  ASSERT_TRUE(pump_until(client, [&] { return kept.size() == 1; }));
  run_for(80ms);
  kept[0]->send(bytes_of("worth it"));
  kept.clear();
  ASSERT_TRUE(answers(client, 1));
  EXPECT_THAT(client.messages, ElementsAre("worth it"));
}

TEST_F(StreamListenerTest, AMessageThatIsDribbledIsNotWaitedFor) {
  listen({}, {.idle = 60'000ms, .message = 60ms});
  Peer client = Peer::connected_to(server);
  client.queue(std::string_view("\0\144", 2));  // a hundred octets are announced
  Instant next = loop->now();
  ASSERT_TRUE(pump_until(client, [&] {
    if (loop->now() >= next && !client.has_unsent()) {
      client.queue(".");  // one every 10 ms: no single wait is long
      next = loop->now() + 10ms;
    }
    return client.is_ended;
  }));
  EXPECT_EQ(counters.closed_abuse.value(), 1U);
  EXPECT_EQ(sink.queries, 0U);
}

TEST_F(StreamListenerTest, AnEmptyMessageEndsTheConnection) {
  listen();
  Peer client = Peer::connected_to(server);
  client.queue_message("fine");
  client.queue_message("");
  ASSERT_TRUE(ends(client));
  EXPECT_EQ(counters.closed_abuse.value(), 1U);
  EXPECT_EQ(sink.queries, 1U);
}

TEST_F(StreamListenerTest, OneSourceGetsItsShareAndOthersTheirs) {
  listen({}, {.total = 20});  // a tenth: 2
  std::vector<Peer> greedy;
  for (int i = 0; i < 5; ++i) { greedy.push_back(Peer::connected_to(server, "127.0.0.9")); }
  ASSERT_TRUE(run_until([&] { return counters.refused.value() == 3; }));
  EXPECT_EQ(limits->sessions(), 2U);
  Peer other = Peer::connected_to(server, "127.0.0.10");
  other.queue_message("me?");
  ASSERT_TRUE(answers(other, 1));
}

TEST_F(StreamListenerTest, WhenAllPlacesAreTakenTheLongestIdleMakesRoom) {
  listen({}, {.total = 3, .per_source = 3, .idle = 60'000ms});
  std::vector<Peer> clients;
  for (std::size_t i = 0; i < 3; ++i) {
    clients.push_back(Peer::connected_to(server));
    ASSERT_TRUE(run_until([&] { return limits->sessions() == i + 1; }));
  }
  Peer newcomer = Peer::connected_to(server, "127.0.0.20");
  newcomer.queue_message("any room?");
  ASSERT_TRUE(answers(newcomer, 1));
  ASSERT_TRUE(ends(clients[0]));
  clients[1].queue_message("still here");
  ASSERT_TRUE(answers(clients[1], 1));
  EXPECT_EQ(limits->sessions(), 3U);
}

TEST_F(StreamListenerTest, AMessageThatHasJustBegunDoesNotMakeRoom) {
  listen({}, {.total = 2, .per_source = 2});
  Peer first = Peer::connected_to(server, "127.0.0.1");
  ASSERT_TRUE(run_until([&] { return counters.accepted.value() == 1; }));
  Peer second = Peer::connected_to(server, "127.0.0.2");
  ASSERT_TRUE(run_until([&] { return counters.accepted.value() == 2; }));
  first.queue(std::string_view("\0\5hel", 5));  // idle the longest, but it has begun to ask
  ASSERT_TRUE(pump_until(first, [&] { return counters.octets_received.value() == 5; }));
  Peer third = Peer::connected_to(server, "127.0.0.3");
  third.queue_message("third");
  ASSERT_TRUE(answers(third, 1));
  EXPECT_TRUE(ends(second));
  first.queue("lo");
  ASSERT_TRUE(answers(first, 1));
  EXPECT_THAT(first.messages, ElementsAre("hello"));
}

TEST_F(StreamListenerTest, WhenAllAreAtWorkANewcomerIsRefused) {
  listen({}, {.total = 2, .per_source = 2});
  keep_all();
  std::vector<Peer> clients;
  for (std::size_t i = 0; i < 2; ++i) {
    clients.push_back(Peer::connected_to(server));
    clients.back().queue_message("?");
    ASSERT_TRUE(pump_until(clients.back(), [&] { return kept.size() == i + 1; }));
  }
  Peer newcomer = Peer::connected_to(server, "127.0.0.20");
  ASSERT_TRUE(ends(newcomer));
  EXPECT_EQ(counters.refused.value(), 1U);
}

TEST_F(StreamListenerTest, IdleTimeShrinksAsThePlacesFillUp) {
  listen({}, {.total = 100, .per_source = 100, .idle = 10'000ms});
  EXPECT_EQ(limits->idle_timeout(), 10s);
  std::vector<Peer> clients;
  const auto fill = [&](std::size_t count) {
    while (clients.size() < count) { clients.push_back(Peer::connected_to(server)); }
    return run_until([&] { return counters.accepted.value() == count; });
  };
  ASSERT_TRUE(fill(51));
  EXPECT_EQ(limits->idle_timeout(), 2500ms);
  ASSERT_TRUE(fill(66));
  EXPECT_EQ(limits->idle_timeout(), 500ms);
  ASSERT_TRUE(fill(81));
  EXPECT_EQ(limits->idle_timeout(), 100ms);
  // Now those that have done nothing go, until there is room again; nobody had to wait the full 10 s.
  ASSERT_TRUE(run_until([&] { return limits->sessions() <= 80; }));
}

TEST_F(StreamListenerTest, HandlesThatOutliveTheirConnectionOrTheListenerAreHarmless) {
  listen();
  keep_all();
  {
    Peer client = Peer::connected_to(server);
    client.queue_message("I shall not wait");
    ASSERT_TRUE(pump_until(client, [&] { return kept.size() == 1; }));
    const linger reset{.l_onoff = 1, .l_linger = 0};
    setsockopt(client.socket().fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }
  ASSERT_TRUE(run_until([&] { return limits->sessions() == 0; }));
  kept[0]->send(bytes_of("gone"));
  Peer client = Peer::connected_to(server);
  client.queue_message("nor I");
  ASSERT_TRUE(pump_until(client, [&] { return kept.size() == 2; }));
  listener.reset();
  kept[1]->send(bytes_of("gone too"));
  kept.clear();
  ASSERT_TRUE(ends(client));
  EXPECT_THAT(client.messages, IsEmpty());
}

TEST_F(StreamListenerTest, WithoutDescriptorsAcceptingPausesAndResumes) {
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
  GTEST_SKIP() << "UBSan's look at an object's type opens a pipe, and calls the object bad when it cannot";
#endif
#endif
  listen({.accept_pause = 20ms});
  Peer client = Peer::connected_to(server);
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit none = before;
  none.rlim_cur = 0;
  setrlimit(RLIMIT_NOFILE, &none);
  const Instant end = loop->now() + 200ms;
  const auto wake = loop->after(200ms, [&] { loop->stop(); });
  loop->run();
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_GE(loop->now(), end);
  EXPECT_EQ(counters.accepted.value(), 0U);
  client.queue_message("now?");
  ASSERT_TRUE(answers(client, 1));
}

TEST_F(StreamListenerTest, ThousandsOfConnectionsLeaveNothingBehind) {
  listen();
  for (int i = 0; i < 2000; ++i) {
    Peer client = Peer::connected_to(server);
    client.queue(i % 2 == 0 ? std::string_view("\0\5he", 4) : std::string_view("\0\2hi", 4));
    client.pump_out();
    if (i % 50 == 49) { run_for(1ms); }
  }
  ASSERT_TRUE(run_until([&] { return limits->sessions() == 0; }));
}

TEST_F(StreamListenerTest, AnAddressThatIsTakenIsExplained) {
  Peer other = Peer::listening();
  limits = std::make_unique<SessionLimits>(*loop, SessionLimitOptions{});
  const auto opened = StreamListener::open(
      {.loop = *loop, .options = {}, .proxies = proxies, .limits = *limits, .sink = sink, .counters = counters},
      other.address(), dns_over_tcp());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), "cannot listen on " + other.address().text() + " (TCP): Address already in use");
}

TEST_F(StreamListenerTest, AProxySaysWhomItSpeaksFor) {
  proxies = {*Prefix::parse("127.0.0.2")};
  listen();
  std::vector<SocketAddress> seen;
  sink.script = [&](const ClientQuery& query, ReplyRoom& room) {
    seen.push_back(query.client);
    return ScriptedSink::echo(query, room);
  };
  Peer client = Peer::connected_to(server, "127.0.0.2");
  for (const char octet : proxy_header(at("2001:db8::7", 4711), at("2001:db8::1", 53), std::string(100, 't'))) {
    client.queue({&octet, 1});
    ASSERT_TRUE(pump_until(client, [&] { return !client.has_unsent(); }));
  }
  client.queue_message("asked through the proxy");
  ASSERT_TRUE(answers(client, 1));
  EXPECT_THAT(seen, ElementsAre(at("2001:db8::7", 4711)));
}

TEST_F(StreamListenerTest, AProxysClientsHaveTheirSharesAndTheProxyItselfHasNone) {
  proxies = {*Prefix::parse("127.0.0.2")};
  listen({}, {.total = 100, .per_source = 1});
  const auto through_proxy = [&](const char* client) {
    Peer peer = Peer::connected_to(server, "127.0.0.2");
    peer.queue(proxy_header(at(client, 1234), at("192.0.2.1", 53)));
    peer.queue_message("?");
    return peer;
  };
  Peer one = through_proxy("192.0.2.7");
  ASSERT_TRUE(answers(one, 1));
  Peer other = through_proxy("192.0.2.8");
  ASSERT_TRUE(answers(other, 1));
  Peer again = through_proxy("192.0.2.7");
  EXPECT_TRUE(ends(again));
  EXPECT_THAT(again.messages, IsEmpty());
  EXPECT_EQ(counters.refused.value(), 1U);
  EXPECT_EQ(limits->sessions(), 2U);
}

TEST_F(StreamListenerTest, AProxyWithoutAHeaderIsCutOff) {
  proxies = {*Prefix::parse("127.0.0.2")};
  listen({}, {.handshake = 50ms});
  for (const char* said : {"\0\5hello, I am no header", "PROXY TCP4 192.0.2.7 192.0.2.1 1 53\r\n", "\r\n\r\n"}) {
    Peer client = Peer::connected_to(server, "127.0.0.2");
    client.queue(said);
    EXPECT_TRUE(ends(client)) << said;
  }
  EXPECT_EQ(sink.queries, 0U);
  EXPECT_EQ(limits->sessions(), 0U);
}

TEST_F(StreamListenerTest, WhoSaysNothingBehindAProxyIsIdleLikeAnybody) {
  proxies = {*Prefix::parse("127.0.0.2")};
  listen({}, {.idle = 100ms});
  Peer silent = Peer::connected_to(server, "127.0.0.2");
  silent.queue(proxy_header(at("192.0.2.7", 1234), at("192.0.2.1", 53)));
  ASSERT_TRUE(pump_until(silent, [&] { return counters.accepted.value() == 1; }));
  EXPECT_TRUE(ends(silent));
  EXPECT_EQ(counters.closed_idle.value(), 1U);
  EXPECT_EQ(limits->sessions(), 0U);
}

TEST_F(StreamListenerTest, AnAnswerThatComesWhileTheClientReadsSlowlyIsNotForgotten) {
  listen({.max_output = 1024 * 1024});
  const std::string large(60'000, 'L');
  sink.script = [&](const ClientQuery& query, ReplyRoom& room) -> std::size_t {
    if (text(query.packet) != "late") { return ScriptedSink::write(large, room); }
    kept.push_back(room.keep());
    return 0;
  };
  Peer client = Peer::connected_to(server, nullptr, 4096);
  client.queue_message("late");
  for (int i = 0; i < 16; ++i) { client.queue_message("large"); }
  ASSERT_TRUE(run_until([&] {
    client.pump_out();
    return !kept.empty() && sink.queries > 5;
  }));
  run_for(20ms);  // nothing is read: what is written meets a full window
  kept[0]->send(bytes_of("late at last"));
  kept.clear();
  ASSERT_TRUE(answers(client, 17));
  EXPECT_THAT(client.messages, testing::Contains("late at last"));
}

}  // namespace
}  // namespace vouch
