#include "transports/http/http_session.h"

#include <gmock/gmock.h>

#include "tests/unit/transports/harness.h"
#include "tests/unit/transports/http2_client.h"
#include "transports/plain_stream.h"
#include "transports/stream_listener.h"

namespace vouch {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;

// "www.example.com A", as the RFC has it; the answer is whatever the sink echoes.
constexpr std::string_view kQuery("\0\0\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1", 33);
const std::string kGet = "/dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB";

// One connection as a client has it, with HTTP/2 or with octets of any kind.
class Visitor {
 public:
  explicit Visitor(const SocketAddress& server, int receive_buffer = 0)
      : peer_(Peer::connected_to(server, nullptr, receive_buffer)) {}
  void say(std::string_view octets) { unsent_ += octets; }
  void pump() {
    if (!unsent_.empty()) {
      const ssize_t sent = ::send(fd(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent > 0) { unsent_.erase(0, static_cast<std::size_t>(sent)); }
    }
    std::array<char, 65536> room;
    const ssize_t got = is_deaf ? 0 : ::recv(fd(), room.data(), room.size(), MSG_DONTWAIT);
    is_ended =
        is_ended || (!is_deaf && got == 0) || (got < 0 && errno != EAGAIN && errno != ENOTCONN && errno != EINTR);
    if (got > 0) { heard.append(room.data(), static_cast<std::size_t>(got)); }
  }
  bool has_unsent() const { return !unsent_.empty(); }
  int fd() { return peer_.socket().fd(); }
  SocketAddress address() const { return peer_.address(); }

  std::string heard;
  bool is_deaf = false;
  bool is_ended = false;

 private:
  Peer peer_;
  std::string unsent_;
};

class HttpSessionTest : public LoopTest {
 protected:
  void listen(StreamListenerOptions options = {}, SessionLimitOptions limit_options = {}, HttpOptions http = {},
              const char* address = "127.0.0.1") {
    limits = std::make_unique<SessionLimits>(*loop, limit_options);
    StreamService service{.protocol = ClientProtocol::https,
                          .name = "DNS over HTTPS",
                          .wrap = [](Socket socket) { return std::make_unique<PlainStream>(std::move(socket)); },
                          .session = http_sessions(http)};
    auto opened = StreamListener::open(
        {.loop = *loop, .options = options, .proxies = proxies, .limits = *limits, .sink = sink, .counters = counters},
        at(address), std::move(service));
    ASSERT_TRUE(opened) << opened.error();
    listener = std::move(*opened);
    server = SocketAddress(ip(address), listener->address().port());
  }
  bool pump_until(Visitor& visitor, const std::function<bool()>& happened) {
    return run_until([&] {
      visitor.pump();
      return happened();
    });
  }
  // The same, with HTTP/2 spoken.
  bool talk_until(Visitor& visitor, Http2Client& client, const std::function<bool()>& happened) {
    return run_until([&] {
      visitor.say(client.output());
      visitor.pump();
      client.receive(std::exchange(visitor.heard, {}));
      return happened();
    });
  }
  bool ends(Visitor& visitor) {
    return pump_until(visitor, [&] { return visitor.is_ended; });
  }
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

TEST_F(HttpSessionTest, AQueryIsAnsweredByGetAndByPost) {
  listen({}, {}, {.http3_port = 8443});
  ClientQuery seen;
  std::vector<std::string> queries;
  sink.script = [&](const ClientQuery& query, ReplyRoom& room) {
    seen = query;
    queries.push_back(text(query.packet));
    EXPECT_GE(room.buffer().size(), 65535U);
    return ScriptedSink::echo(query, room);
  };
  Visitor visitor(server);
  Http2Client client;
  Http2Client::Body body{.octets = std::string(kQuery)};
  const auto get = client.get(kGet), post = client.post("/dns-query", body);
  ASSERT_TRUE(talk_until(visitor, client, [&] { return client.answered() == 2; }));
  for (const auto stream : {get, post}) {
    EXPECT_EQ(client[stream].body, kQuery);
    EXPECT_THAT(client[stream].fields, Contains(Pair(":status", "200")));
    EXPECT_THAT(client[stream].fields, Contains(Pair("content-type", "application/dns-message")));
    EXPECT_THAT(client[stream].fields, Contains(Pair("content-length", "33")));
    EXPECT_THAT(client[stream].fields, Contains(Pair("cache-control", "max-age=0")));
    EXPECT_THAT(client[stream].fields, Contains(Pair("alt-svc", "h3=\":8443\"")));
    EXPECT_THAT(client[stream].fields, SizeIs(5)) << "nothing that tells who we are";
  }
  EXPECT_THAT(queries, Each(std::string(kQuery)));
  EXPECT_EQ(seen.client, visitor.address());
  EXPECT_EQ(seen.local, server);
  EXPECT_EQ(seen.protocol, ClientProtocol::https);
  EXPECT_GT(counters.octets_received.value(), 0U);
  EXPECT_GT(counters.octets_sent.value(), 66U);
}

TEST_F(HttpSessionTest, OverIpv6Too) {
  listen({}, {}, {}, "::1");
  Visitor visitor(server);
  Http2Client client;
  const auto get = client.get(kGet);
  ASSERT_TRUE(talk_until(visitor, client, [&] { return client[get].is_whole; }));
  EXPECT_EQ(client[get].body, kQuery);
}

TEST_F(HttpSessionTest, AnAnswerMayBeKeptAsLongAsItsDataLives) {
  listen();
  sink.script = [&](const ClientQuery&, ReplyRoom& room) {
    const std::string_view answer(
        "\0\0\x81\x80\0\1\0\1\0\0\0\0\3www\7example\3com\0\0\1\0\1\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\xc6\x33\x64\7", 49);
    return ScriptedSink::write(answer, room);
  };
  Visitor visitor(server);
  Http2Client client;
  const auto get = client.get(kGet);
  ASSERT_TRUE(talk_until(visitor, client, [&] { return client[get].is_whole; }));
  EXPECT_THAT(client[get].fields, Contains(Pair("cache-control", "max-age=300")));
}

TEST_F(HttpSessionTest, MisuseGetsItsStatusAndNoQueryIsMade) {
  listen();
  Visitor visitor(server);
  Http2Client client;
  Http2Client::Body body{.octets = std::string(kQuery)};
  const auto missing = client.get("/"), bad = client.get("/dns-query?dns=!"), other = client.ask("HEAD", kGet);
  const auto type = client.ask("POST", "/dns-query", {{"content-type", "text/plain"}}, &body);
  const auto long_uri = client.get("/dns-query?dns=" + std::string(3000, 'A'));
  const auto fields = client.ask("GET", kGet, {{"cookie", std::string(9000, 'c')}});
  Http2Client::Body large{.octets = std::string(65536, 'x')};
  const auto too_large = client.post("/dns-query", large, {{"content-length", "65536"}});
  ASSERT_TRUE(talk_until(visitor, client, [&] { return client.answered() == 7; }));
  EXPECT_THAT(client[missing].fields, Contains(Pair(":status", "404")));
  EXPECT_THAT(client[bad].fields, Contains(Pair(":status", "400")));
  EXPECT_THAT(client[other].fields, Contains(Pair(":status", "405")));
  EXPECT_THAT(client[other].fields, Contains(Pair("allow", "GET, POST")));
  EXPECT_THAT(client[type].fields, Contains(Pair(":status", "415")));
  EXPECT_THAT(client[long_uri].fields, Contains(Pair(":status", "414")));
  EXPECT_THAT(client[fields].fields, Contains(Pair(":status", "431")));
  EXPECT_THAT(client[too_large].fields, Contains(Pair(":status", "413")));
  EXPECT_THAT(client[bad].fields, Contains(Pair("content-type", "text/plain; charset=utf-8")));
  EXPECT_THAT(client[bad].body, HasSubstr("base64url"));
  EXPECT_EQ(sink.queries, 0U);
  const auto get = client.get(kGet);
  ASSERT_TRUE(talk_until(visitor, client, [&] { return client[get].is_whole; })) << "and the connection goes on";
}

TEST_F(HttpSessionTest, ALateAnswerFindsItsStream) {
  listen();
  keep_all();
  Visitor visitor(server);
  Http2Client client;
  std::vector<std::int32_t> streams;
  for (int i = 0; i < 50; ++i) { streams.push_back(client.get(kGet)); }
  ASSERT_TRUE(talk_until(visitor, client, [&] { return kept.size() == 50; }));
  for (std::size_t i = kept.size(); i-- > 0;) {
    kept[i]->send(bytes_of("answer to " + std::to_string(streams[i])));
    kept.pop_back();
  }
  ASSERT_TRUE(talk_until(visitor, client, [&] { return client.answered() == 50; }));
  for (const auto stream : streams) { EXPECT_EQ(client[stream].body, "answer to " + std::to_string(stream)); }
}

TEST_F(HttpSessionTest, AnAnswerThroughTheHandleWhileTheQueryIsBeingTakenIsAsGood) {
  listen();
  sink.script = [&](const ClientQuery& query, ReplyRoom& room) {
    const auto handle = room.keep();
    handle->send(query.packet);
    EXPECT_EQ(text(query.packet), kQuery) << "it stays as it is until the call is over";
    return std::size_t{0};
  };
  Visitor visitor(server);
  Http2Client client;
  Http2Client::Body body{.octets = std::string(kQuery)};
  const auto get = client.get(kGet), post = client.post("/dns-query", body);
  ASSERT_TRUE(talk_until(visitor, client, [&] { return client.answered() == 2; }));
  EXPECT_EQ(client[get].body, kQuery);
  EXPECT_EQ(client[post].body, kQuery);
}

TEST_F(HttpSessionTest, AQueryWithoutAnAnswerIsReset) {
  listen();
  sink.script = [](const ClientQuery&, ReplyRoom&) { return std::size_t{0}; };
  Visitor visitor(server);
  Http2Client client;
  const auto dropped = client.get(kGet);
  ASSERT_TRUE(talk_until(visitor, client, [&] { return client[dropped].is_closed; }));
  EXPECT_EQ(client[dropped].error, std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM});
  keep_all();
  const auto kept_and_dropped = client.get(kGet);
  ASSERT_TRUE(talk_until(visitor, client, [&] { return kept.size() == 1; }));
  kept.clear();
  ASSERT_TRUE(talk_until(visitor, client, [&] { return client[kept_and_dropped].is_closed; }));
}

TEST_F(HttpSessionTest, AResetStreamsLateAnswerIsForgotten) {
  listen();
  keep_all();
  Visitor visitor(server);
  Http2Client client;
  const auto stream = client.get(kGet);
  ASSERT_TRUE(talk_until(visitor, client, [&] { return kept.size() == 1; }));
  client.reset(stream);
  const auto next = client.get(kGet);
  ASSERT_TRUE(talk_until(visitor, client, [&] { return kept.size() == 2; }));
  kept[0]->send(bytes_of("to nobody"));
  kept[1]->send(bytes_of("to somebody"));
  kept.clear();
  ASSERT_TRUE(talk_until(visitor, client, [&] { return client[next].is_whole; }));
  EXPECT_EQ(client[stream].body, "");
  EXPECT_EQ(client[next].body, "to somebody");
}

TEST_F(HttpSessionTest, AHandleOutlivesItsConnection) {
  listen();
  keep_all();
  {
    Visitor visitor(server);
    Http2Client client;
    client.get(kGet);
    ASSERT_TRUE(talk_until(visitor, client, [&] { return kept.size() == 1; }));
    reset_on_close(visitor.fd());
  }
  ASSERT_TRUE(run_until([&] { return limits->sessions() == 0; }));
  kept[0]->send(bytes_of("to nobody"));
  kept.clear();
}

TEST_F(HttpSessionTest, QueriesOfResetStreamsStillCountAsInFlight) {
  StreamListenerOptions options;
  options.max_in_flight = 10;
  listen(options);
  keep_all();
  Visitor visitor(server);
  Http2Client client;
  for (int i = 0; i < 50; ++i) { client.get(kGet); }
  ASSERT_TRUE(talk_until(visitor, client, [&] { return kept.size() == 10; }));
  for (std::int32_t stream = 1; stream < 100; stream += 2) { client.reset(stream); }
  const auto last = client.get(kGet);
  visitor.say(client.output());
  pump_until(visitor, [&] { return !visitor.has_unsent(); });
  run_for(20ms);
  EXPECT_EQ(kept.size(), 10U) << "the resolver is still at work on ten";
  sink.script = &ScriptedSink::echo;
  kept.clear();
  ASSERT_TRUE(talk_until(visitor, client, [&] { return client[last].is_whole; }));
}

TEST_F(HttpSessionTest, WhoSpeaksHttp1IsToldSo) {
  listen();
  for (const char* hello :
       {"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n\r\n",
        "POST /dns-query HTTP/1.0\r\n\r\n"}) {
    Visitor visitor(server);
    visitor.say(hello);
    ASSERT_TRUE(ends(visitor));
    EXPECT_THAT(visitor.heard, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
    EXPECT_THAT(visitor.heard, HasSubstr("connection: close\r\n"));
    EXPECT_THAT(visitor.heard, HasSubstr("HTTP/2"));
  }
  EXPECT_EQ(counters.closed_abuse.value(), 3U);
  EXPECT_EQ(limits->sessions(), 0U);
}

TEST_F(HttpSessionTest, AFloodEndsWithALastWord) {
  listen();
  Visitor visitor(server);
  std::string flood = kHttp2Opening;
  for (std::uint32_t i = 1; i < 2000; i += 2) {
    flood += http2_get(i) + http2_frame(NGHTTP2_RST_STREAM, 0, i, four_octets(NGHTTP2_CANCEL));
  }
  visitor.say(flood);
  ASSERT_TRUE(ends(visitor));
  EXPECT_EQ(counters.closed_abuse.value(), 1U);
  EXPECT_EQ(limits->sessions(), 0U);
}

TEST_F(HttpSessionTest, AnIdleConnectionIsToldBeforeItCloses) {
  SessionLimitOptions limit_options;
  limit_options.idle = 20ms;
  listen({}, limit_options);
  Visitor visitor(server);
  Http2Client client;
  const auto get = client.get(kGet);
  ASSERT_TRUE(talk_until(visitor, client, [&] { return visitor.is_ended; }));
  EXPECT_TRUE(client[get].is_whole);
  EXPECT_TRUE(client.was_told_to_go());
  EXPECT_EQ(client.goaway_error(), std::uint32_t{NGHTTP2_NO_ERROR});
  EXPECT_EQ(counters.closed_idle.value(), 1U);
}

TEST_F(HttpSessionTest, ARequestThatIsNotFinishedEndsTheConnection) {
  SessionLimitOptions limit_options;
  limit_options.message = 20ms;
  listen({}, limit_options);
  const std::string half_frame = http2_get(1).substr(0, 12);
  for (const std::string& beginning :
       {std::string("PRI * HT"), kHttp2Opening + half_frame, kHttp2Opening + http2_post_head(1),
        kHttp2Opening + http2_frame(NGHTTP2_HEADERS, 0, 1, kGetBlock)}) {
    Visitor visitor(server);
    visitor.say(beginning);
    ASSERT_TRUE(ends(visitor)) << beginning;
  }
  EXPECT_EQ(counters.closed_abuse.value(), 4U);
}

TEST_F(HttpSessionTest, AClientWithItsWindowsShutIsNotWaitedForForEver) {
  SessionLimitOptions limit_options;
  limit_options.message = 50ms;
  listen({}, limit_options);
  Visitor visitor(server);
  Http2Client client({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0}}, false);
  client.get(kGet);
  ASSERT_TRUE(talk_until(visitor, client, [&] { return visitor.is_ended; }));
  EXPECT_EQ(counters.closed_abuse.value(), 1U);
  EXPECT_EQ(limits->sessions(), 0U);
}

TEST_F(HttpSessionTest, AClientWithItsWindowsShutThatHangsUpIsLetGo) {
  listen();
  Visitor visitor(server);
  Http2Client client({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0}}, false);
  client.get(kGet);
  ASSERT_TRUE(talk_until(visitor, client, [&] { return sink.queries == 1; }));
  ::shutdown(visitor.fd(), SHUT_WR);
  ASSERT_TRUE(ends(visitor));
  EXPECT_EQ(limits->sessions(), 0U);
}

TEST_F(HttpSessionTest, LateAnswersThatNobodyTakesEndTheConnection) {
  StreamListenerOptions options;
  options.max_output = 100'000;
  SessionLimitOptions limit_options;
  limit_options.message = 50ms;
  listen(options, limit_options);
  keep_all();
  Visitor visitor(server);
  Http2Client client({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0}}, false);
  for (int i = 0; i < 20; ++i) { client.get(kGet); }
  ASSERT_TRUE(talk_until(visitor, client, [&] { return kept.size() == 20; }));
  const std::string answer(10'000, 'a');
  for (const auto& handle : kept) { handle->send(bytes_of(answer)); }
  kept.clear();
  ASSERT_TRUE(ends(visitor));
  EXPECT_EQ(counters.closed_abuse.value(), 1U);
}

TEST_F(HttpSessionTest, AClientWhoseWindowIsSmallLosesAnswersAndNotItsConnection) {
  StreamListenerOptions options;
  options.max_output = 100'000;
  listen(options);
  keep_all();
  Visitor visitor(server);
  Http2Client client({}, true);  // its windows are HTTP/2's own: 65,535 octets
  std::vector<std::int32_t> streams;
  for (int i = 0; i < 60; ++i) { streams.push_back(client.get(kGet)); }
  ASSERT_TRUE(talk_until(visitor, client, [&] { return kept.size() == 60; }));
  const std::string answer(4'000, 'a');
  for (const auto& handle : kept) { handle->send(bytes_of(answer)); }
  kept.clear();
  ASSERT_TRUE(talk_until(visitor, client, [&] {
    return std::ranges::all_of(streams, [&](std::int32_t id) { return client[id].is_whole || client[id].is_closed; });
  }));
  EXPECT_FALSE(visitor.is_ended);
  EXPECT_EQ(counters.closed_abuse.value(), 0U);
  EXPECT_GE(std::ranges::count_if(streams, [&](std::int32_t id) { return client[id].is_whole; }), 16);
}

TEST_F(HttpSessionTest, OtherRequestsDoNotExcuseOneThatIsNeverFinished) {
  SessionLimitOptions limit_options;
  limit_options.message = 60ms;
  listen({}, limit_options);
  Visitor visitor(server);
  visitor.say(kHttp2Opening + http2_frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, kGetBlock));
  int id = 3;
  Instant next = loop->now();
  ASSERT_TRUE(pump_until(visitor, [&] {
    if (loop->now() >= next) {
      visitor.say(http2_get(static_cast<std::uint32_t>(id)));
      id += 2;
      next = loop->now() + 10ms;
    }
    return visitor.is_ended || id > 400;
  }));
  EXPECT_TRUE(visitor.is_ended);
  EXPECT_EQ(counters.closed_abuse.value(), 1U);
}

TEST_F(HttpSessionTest, PartsOfFramesDoNotKeepAConnectionFromBeingIdle) {
  SessionLimitOptions limit_options;
  limit_options.idle = 60ms;
  listen({}, limit_options);
  Visitor visitor(server);
  visitor.say(kHttp2Opening);
  const std::string ping = http2_frame(NGHTTP2_PING, 0, 0, std::string(8, 'p'));
  int parts = 0;
  Instant next = loop->now();
  ASSERT_TRUE(pump_until(visitor, [&] {
    if (loop->now() >= next) {
      visitor.say(parts % 2 == 0 ? ping.substr(0, 9) : ping.substr(9));
      ++parts;
      next = loop->now() + 10ms;
    }
    return visitor.is_ended || parts > 400;
  }));
  EXPECT_TRUE(visitor.is_ended);
  EXPECT_EQ(counters.closed_idle.value(), 1U);
}

TEST_F(HttpSessionTest, AClientThatReadsNothingGetsNoMoreQueriesAnswered) {
  SessionLimitOptions limit_options;
  limit_options.stall = 200ms;
  listen({}, limit_options);
  sink.script = [](const ClientQuery&, ReplyRoom& room) { return ScriptedSink::write(std::string(60'000, 'a'), room); };
  Visitor visitor(server, 4096);
  visitor.is_deaf = true;
  Http2Client client({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0x7fffffff}}, false);
  client.open_window(0, 0x7fffffff - 65535);
  for (int i = 0; i < 100; ++i) { client.get(kGet); }
  visitor.say(client.output());
  ASSERT_TRUE(pump_until(visitor, [&] { return limits->sessions() == 1; }));
  ASSERT_TRUE(pump_until(visitor, [&] { return limits->sessions() == 0; }));
  EXPECT_LT(sink.queries, 50U);
  EXPECT_EQ(counters.closed_abuse.value(), 1U);
}

TEST_F(HttpSessionTest, AClientThatReadsSlowlyGetsAll) {
  listen();
  sink.script = [](const ClientQuery&, ReplyRoom& room) { return ScriptedSink::write(std::string(60'000, 'a'), room); };
  Visitor visitor(server, 4096);
  Http2Client client;
  for (int i = 0; i < 100; ++i) { client.get(kGet); }
  ASSERT_TRUE(talk_until(visitor, client, [&] { return client.answered() == 100; }));
  EXPECT_EQ(sink.queries, 100U);
}

TEST_F(HttpSessionTest, AnOperatorsSmallBoundLetsOneAnswerThroughAtATime) {
  StreamListenerOptions options;
  options.max_output = 1000;
  listen(options);
  Visitor visitor(server);
  Http2Client client;
  for (int i = 0; i < 20; ++i) { client.get(kGet); }
  ASSERT_TRUE(talk_until(visitor, client, [&] { return client.answered() == 20; }));
}

// A head, and a body that its kernel holds back until the head has been acknowledged. Delayed, that takes 40 ms each;
// what is tested is that each gets its answer, for tests with a clock fail on busy machines.
TEST_F(HttpSessionTest, AHeadAndABodyInTwoSegments) {
  listen();
  Visitor visitor(server);
  Http2Client client;
  for (int i = 0; i < 20; ++i) {
    Http2Client::Body body{.octets = "", .has_end = false};
    const auto post = client.post("/dns-query", body);
    visitor.say(client.output());
    ASSERT_TRUE(pump_until(visitor, [&] { return !visitor.has_unsent(); }));
    body = {.octets = std::string(kQuery)};
    client.go_on(post);
    ASSERT_TRUE(talk_until(visitor, client, [&] { return client[post].is_whole; }));
    EXPECT_EQ(client[post].body, kQuery);
  }
}

TEST_F(HttpSessionTest, OneBusyConnectionLeavesOthersTheirTurn) {
  listen();
  Visitor busy(server), other(server);
  Http2Client much, little;
  std::size_t asked = 0;
  for (; asked < 100; ++asked) { much.get(kGet); }
  const auto get = little.get(kGet);
  ASSERT_TRUE(run_until([&] {
    for (; asked < 20'000 && asked - much.answered() < 100; ++asked) { much.get(kGet); }
    for (auto [visitor, client] : {std::pair(&busy, &much), std::pair(&other, &little)}) {
      visitor->say(client->output());
      visitor->pump();
      client->receive(std::exchange(visitor->heard, {}));
    }
    return little[get].is_whole;
  }));
  EXPECT_LT(much.answered(), 5000U);
}

TEST_F(HttpSessionTest, TheListenerMayGoWithQueriesInTheAir) {
  listen();
  keep_all();
  Visitor visitor(server);
  Http2Client client;
  client.get(kGet);
  ASSERT_TRUE(talk_until(visitor, client, [&] { return kept.size() == 1; }));
  listener.reset();
  kept[0]->send(bytes_of("to nobody"));
}

}  // namespace
}  // namespace vouch
