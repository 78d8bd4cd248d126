// DNS over QUIC and HTTP/3 as clients see it: right and wrong ones, and those who mean harm.
#include "transports/quic/quic_listener.h"

#include <ranges>

#include "tests/unit/transports/harness.h"
#include "tests/unit/transports/quic_client.h"
#include "tests/unit/transports/tls_harness.h"
#include "transports/quic/error_codes.h"

namespace vouch {
namespace {

// A DNS message is looked at here no further than this: id, QR and opcode, one question. The rest is anything.
std::string query(std::string_view rest = "", std::uint16_t id = 0, Octet opcode = 0) {
  std::string message(12, '\0');
  message[0] = static_cast<char>(id >> 8);
  message[1] = static_cast<char>(id & 0xff);
  message[2] = static_cast<char>(opcode << 3);
  message[5] = 1;
  message += std::string("\1a\0\0\1\0\1", 7);
  return message + std::string(rest);
}

std::string query_with_keepalive() {
  std::string message = query();
  message[11] = 1;                                               // ARCOUNT
  message += std::string("\0\0\x29\x04\xd0\0\0\0\0\0\x04", 11);  // OPT with four octets of options
  message += std::string("\0\x0b\0\0", 4);                       // edns-tcp-keepalive, empty
  return message;
}

class QuicTest : public LoopTest {
 protected:
  QuicTest() {
    for (std::size_t i = 0; i < setup.secrets.token.size(); ++i) {
      setup.secrets.token[i] = u8(i);
      setup.secrets.reset[i] = u8(i + 100);
    }
    setup.secrets.ticket.fill(7);
    identities.replace(identity_of(certificate));
  }
  ~QuicTest() override {
    clients.clear();
    listener.reset();
    limits.reset();
  }

  void listen(const char* address = "127.0.0.1") { listen_at(at(address)); }
  void listen_at(const SocketAddress& address) {
    if (limits == nullptr) { limits = std::make_unique<SessionLimits>(*loop, sessions); }
    auto opened = QuicListener::open(*loop, address, setup, *limits, sink, counters, identities);
    ASSERT_TRUE(opened) << opened.error();
    listener = std::move(*opened);
  }

  QuicClientOptions options() { return {.server = target()}; }
  SocketAddress target() const {
    const SocketAddress bound = listener->address();
    return bound.ip().is_unspecified() ? SocketAddress(ip("127.0.0.1"), bound.port()) : bound;
  }
  QuicClient& connect(const QuicClientOptions& how) {
    clients.push_back(QuicClient::connect(how));
    return *clients.back();
  }
  QuicClient& connect() { return connect(options()); }
  QuicClient& established(const QuicClientOptions& how) {
    QuicClient& client = connect(how);
    EXPECT_TRUE(until([&] { return client.is_established(); }));
    return client;
  }
  QuicClient& established() { return established(options()); }
  Http3Client& http3(QuicClientOptions how) {
    auto client = Http3Client::connect(std::move(how));
    Http3Client& here = *client;
    clients.push_back(std::move(client));
    EXPECT_TRUE(until([&] { return here.is_established(); }));
    return here;
  }
  Http3Client& http3() { return http3(options()); }

  bool until(std::function<bool()> happened) {
    return run_until([&] {
      for (const auto& client : clients) { client->pump(); }
      return happened();
    });
  }
  void pump_for(Duration time) {
    const Instant end = loop->now() + time;
    until([&] { return loop->now() >= end; });
  }
  std::string answer_to(QuicClient& client, const std::string& message) {
    const std::int64_t stream = client.ask(message);
    std::optional<std::string> answer;
    until([&] { return (answer = client.answer(stream)).has_value() || client.is_over(); });
    return answer.value_or("none");
  }
  bool ends_with(QuicClient& client, QuicClient::End how, std::uint64_t code) {
    until([&] { return client.is_over(); });
    EXPECT_EQ(client.how_ended(), how);
    EXPECT_EQ(client.code(), code);
    return client.how_ended() == how && client.code() == code;
  }
  bool ends_with(QuicClient& client, DoqError error) {
    return ends_with(client, QuicClient::End::application, code_of(error));
  }
  // Keeps the handles of all queries, to be answered when the test says so.
  void keep_all() {
    sink.script = [this](const ClientQuery& asked, ReplyRoom& room) -> std::size_t {
      late.emplace_back(room.keep(), std::string(text(asked.packet)));
      return 0;
    };
  }

  TestCertificate certificate = TestCertificate::self_signed();
  IdentityHolder identities;
  SessionLimitOptions sessions{.total = 50, .per_source = 50, .idle = 30s};
  QuicSetup setup;
  TransportCounters counters;
  ScriptedSink sink;
  std::unique_ptr<SessionLimits> limits;
  std::unique_ptr<QuicListener> listener;
  std::vector<std::unique_ptr<QuicClient>> clients;
  std::vector<std::pair<std::unique_ptr<ReplyHandle>, std::string>> late;
};

constexpr std::uint64_t kNoApplicationProtocol = 0x100 + 120;  // TLS alert 120
constexpr std::uint64_t kUnexpectedMessage = 0x100 + 10;

TEST_F(QuicTest, AnswersWhatIsAsked) {
  listen();
  QuicClient& client = established();
  EXPECT_EQ(answer_to(client, query("one")), query("one"));
  EXPECT_EQ(answer_to(client, query("two")), query("two"));
  EXPECT_EQ(counters.quic.accepted.value(), 1U);
  EXPECT_EQ(counters.quic.handshakes.value(), 1U);
  EXPECT_EQ(counters.http3.accepted.value(), 0U);
  EXPECT_GT(counters.quic.octets_received.value(), 1200U);
  EXPECT_GT(counters.quic.octets_sent.value(), 1200U);
}

TEST_F(QuicTest, TellsWhoAskedAndHow) {
  ClientProtocol protocol = ClientProtocol::udp;
  SocketAddress client_address, local;
  sink.script = [&](const ClientQuery& asked, ReplyRoom& room) {
    protocol = asked.protocol;
    client_address = asked.client;
    local = asked.local;
    return ScriptedSink::echo(asked, room);
  };
  listen();
  auto how = options();
  how.local = ip("127.0.0.5");
  answer_to(established(how), query());
  EXPECT_EQ(protocol, ClientProtocol::quic);
  EXPECT_EQ(client_address.ip(), ip("127.0.0.5"));
  EXPECT_EQ(local, listener->address());
}

TEST_F(QuicTest, AWildcardAnswersFromTheAddressThatWasAsked) {
  listen("0.0.0.0");
  for (const char* address : {"127.0.0.1", "127.0.0.2"}) {
    auto how = options();
    how.server = at(address, listener->address().port());
    EXPECT_EQ(answer_to(established(how), query(address)), query(address));  // a connected socket hears nobody else
  }
}

TEST_F(QuicTest, SpeaksIPv6) {
  listen("::");
  auto how = options();
  how.server = at("::1", listener->address().port());
  EXPECT_EQ(answer_to(established(how), query("six")), query("six"));
}

TEST_F(QuicTest, AnAnswerThatIsNotReadyComesWhenItIs) {
  keep_all();
  listen();
  QuicClient& client = established();
  const std::int64_t first = client.ask(query("first"));
  const std::int64_t second = client.ask(query("second"));
  ASSERT_TRUE(until([&] { return late.size() == 2; }));
  late[1].first->send(bytes_of(query("late two", 77)));
  ASSERT_TRUE(until([&] { return client.answer(second).has_value(); }));
  EXPECT_EQ(client.answer(second), query("late two", 0)) << "an answer's id is zero, whatever it was";
  EXPECT_FALSE(client.answer(first));
  late[0].first->send(bytes_of(query("late one")));
  ASSERT_TRUE(until([&] { return client.answer(first).has_value(); }));
  EXPECT_EQ(client.answer(first), query("late one"));
}

TEST_F(QuicTest, AHandleMayAnswerBeforeTheSinkReturns) {
  sink.script = [](const ClientQuery& asked, ReplyRoom& room) -> std::size_t {
    room.keep()->send(asked.packet);
    return 0;
  };
  listen();
  EXPECT_EQ(answer_to(established(), query("at once")), query("at once"));
}

TEST_F(QuicTest, WhatGetsNoAnswerIsReset) {
  keep_all();
  listen();
  QuicClient& client = established();
  const std::int64_t kept = client.ask(query());
  ASSERT_TRUE(until([&] { return late.size() == 1; }));
  late.clear();
  ASSERT_TRUE(until([&] { return client.stream(kept)->reset.has_value(); }));
  EXPECT_EQ(client.stream(kept)->reset, code_of(DoqError::internal_error));
  sink.script = [](const ClientQuery&, ReplyRoom&) -> std::size_t { return 0; };
  const std::int64_t dropped = client.ask(query());
  ASSERT_TRUE(until([&] { return client.stream(dropped)->reset.has_value(); }));
  EXPECT_EQ(client.stream(dropped)->reset, code_of(DoqError::internal_error));
  sink.script = &ScriptedSink::echo;
  EXPECT_EQ(answer_to(client, query("goes on")), query("goes on"));
}

TEST_F(QuicTest, ManyStreamsAtOnceAndManyMoreAfterThem) {
  listen();
  QuicClient& client = established();
  constexpr std::size_t kQueries = 2000;
  std::vector<std::int64_t> streams;
  std::size_t answered = 0;
  client.on_end = [&](std::int64_t, QuicClient::Stream&) { ++answered; };
  ASSERT_TRUE(until([&] {
    while (streams.size() < kQueries) {
      const std::int64_t stream = client.ask(query(std::to_string(streams.size())));
      if (stream < 0) { break; }
      streams.push_back(stream);
    }
    return answered == kQueries || client.is_over();
  }));
  ASSERT_FALSE(client.is_over()) << client.code();
  for (std::size_t i = 0; i < kQueries; ++i) { ASSERT_EQ(client.answer(streams[i]), query(std::to_string(i))) << i; }
}

TEST_F(QuicTest, NoMoreThanAHundredStreamsAtATime) {
  keep_all();
  listen();
  QuicClient& client = established();
  std::size_t opened = 0;
  while (client.ask(query()) >= 0) { ++opened; }
  EXPECT_EQ(opened, QuicConnection::kMaxStreams);
  ASSERT_TRUE(until([&] { return late.size() == opened; }));
  late.front().first->send(bytes_of(query()));
  ASSERT_TRUE(until([&] { return client.streams_left() != 0; }));
}

TEST_F(QuicTest, TheLongestMessagesPass) {
  std::string longest(65535 - query().size(), 'x');
  sink.script = [&](const ClientQuery& asked, ReplyRoom& room) { return ScriptedSink::echo(asked, room); };
  listen();
  EXPECT_EQ(answer_to(established(), query(longest)), query(longest));
}

TEST_F(QuicTest, AMessageMayComeInPieces) {
  listen();
  QuicClient& client = established();
  const std::string framed = QuicClient::framed(query("in pieces"));
  const std::int64_t stream = client.open_stream();
  for (std::size_t i = 0; i < framed.size(); ++i) {
    client.send(stream, bytes_of(framed.substr(i, 1)), i + 1 == framed.size());
    client.pump();
  }
  ASSERT_TRUE(until([&] { return client.answer(stream).has_value(); }));
  EXPECT_EQ(client.answer(stream), query("in pieces"));
}

TEST_F(QuicTest, AQueryIsAnsweredOnlyWhenItsStreamHasEnded) {
  listen();
  QuicClient& client = established();
  const std::int64_t stream = client.open_stream();
  client.send(stream, bytes_of(QuicClient::framed(query())), false);
  pump_for(50ms);
  EXPECT_EQ(sink.queries, 0U);
  client.send(stream, {}, true);
  EXPECT_TRUE(until([&] { return client.answer(stream).has_value(); }));
}

// ---- against the protocol: RFC 9250 section 4.3.3 ----

struct Misuse {
  const char* what;
  std::string octets;
  friend void PrintTo(const Misuse& misuse, std::ostream* out) { *out << misuse.what; }
};

class QuicMisuseTest : public QuicTest, public ::testing::WithParamInterface<Misuse> {};

TEST_P(QuicMisuseTest, EndsTheConnection) {
  listen();
  QuicClient& client = established();
  client.send(client.open_stream(), bytes_of(GetParam().octets), true);
  EXPECT_TRUE(ends_with(client, DoqError::protocol_error));
  EXPECT_EQ(counters.quic.closed_abuse.value(), 1U);
  EXPECT_EQ(sink.queries, 0U);
  EXPECT_EQ(limits->sessions(), 0U);
}

INSTANTIATE_TEST_SUITE_P(
    All, QuicMisuseTest,
    ::testing::Values(Misuse{"IdNotZero", QuicClient::framed(query("", 1))}, Misuse{"NothingAtAll", ""},
                      Misuse{"HalfALength", std::string(1, '\0')}, Misuse{"LengthOfZero", std::string(2, '\0')},
                      Misuse{"ShorterThanAHeader", QuicClient::framed(std::string(11, '\0'))},
                      Misuse{"LessThanAnnounced", std::string("\xff\xff", 2) + query()},
                      Misuse{"MoreThanAnnounced", QuicClient::framed(query()) + "x"},
                      Misuse{"TwoQueries", QuicClient::framed(query()) + QuicClient::framed(query())},
                      Misuse{"KeepaliveOption", QuicClient::framed(query_with_keepalive())}),
    [](const auto& test) { return test.param.what; });

TEST_F(QuicTest, AUnidirectionalStreamIsAnError) {
  listen();
  QuicClient& client = established();
  const std::int64_t stream = client.open_unidirectional_stream();
  ASSERT_GE(stream, 0);
  client.send(stream, bytes_of("hello"), true);
  EXPECT_TRUE(ends_with(client, DoqError::protocol_error));
}

TEST_F(QuicTest, AnotherProtocolOrNoneIsRefused) {
  listen();
  for (const std::vector<std::string>& protocols : {std::vector<std::string>{"dot"}, std::vector<std::string>{}}) {
    auto how = options();
    how.protocols = protocols;
    QuicClient& client = connect(how);
    EXPECT_TRUE(ends_with(client, QuicClient::End::transport, kNoApplicationProtocol));
  }
  EXPECT_EQ(counters.quic.handshake_failures.value(), 2U);
  EXPECT_EQ(counters.quic.accepted.value(), 0U);
  EXPECT_EQ(limits->sessions(), 0U);
}

TEST_F(QuicTest, AfterTheHandshakeThereIsNothingToSayToTls) {
  listen();
  QuicClient& client = established();
  ASSERT_EQ(answer_to(client, query()), query());
  client.talk_to_tls(std::to_array<Octet>({24, 0, 0, 1, 0}));  // KeyUpdate, which QUIC has not (RFC 9001 section 6)
  EXPECT_TRUE(ends_with(client, QuicClient::End::transport, kUnexpectedMessage));
}

TEST_F(QuicTest, OtherVersionsAreToldOurs) {
  listen();
  auto how = options();
  how.version = 0x1a2a3a4a;  // reserved to be unknown (RFC 9000 section 15)
  QuicClient& client = connect(how);
  until([&] { return client.is_over(); });
  EXPECT_THAT(client.offered_versions(), ::testing::ElementsAre(NGTCP2_PROTO_VER_V1));
  EXPECT_EQ(limits->sessions(), 0U);
}

// ---- who a client is ----

TEST_F(QuicTest, StrangersGetNothing) {
  sink.stranger = ip("127.0.0.7");
  listen();
  auto how = options();
  how.local = ip("127.0.0.7");
  QuicClient& client = connect(how);
  ASSERT_TRUE(until([&] { return counters.quic.refused.value() != 0; }));
  EXPECT_EQ(client.octets_received(), 0U);
  EXPECT_EQ(limits->sessions(), 0U);
}

TEST_F(QuicTest, ManyHandshakesAtOnceMakeNewClientsProveTheirAddress) {
  setup.options.max_half_open = 0;
  listen();
  QuicClient& client = established();
  EXPECT_TRUE(client.was_retried());
  EXPECT_EQ(answer_to(client, query("after retry")), query("after retry"));
}

TEST_F(QuicTest, ATokenOfAnEarlierVisitSavesTheRetry) {
  setup.options.max_half_open = 0;
  listen();
  QuicClient& first = established();
  ASSERT_TRUE(until([&] { return !first.visit().token.empty(); }));
  auto how = options();
  how.visit.token = first.visit().token;
  EXPECT_FALSE(established(how).was_retried());
  how.local = ip("127.0.0.9");  // it is of use only where it was given
  EXPECT_TRUE(established(how).was_retried());
}

TEST_F(QuicTest, ARetryTokenIsGoodForItsAddressAlone) {
  setup.options.max_half_open = 0;
  listen();
  QuicClient& honest = established();
  ASSERT_FALSE(honest.retry_token().empty());
  for (const char* address : {"127.0.0.1", "127.0.0.9"}) {  // even there it belongs to one handshake
    auto how = options();
    how.local = ip(address);
    how.token = honest.retry_token();
    QuicClient& thief = connect(how);
    EXPECT_TRUE(ends_with(thief, QuicClient::End::transport, NGTCP2_INVALID_TOKEN));
  }
  EXPECT_EQ(limits->sessions(), 1U);
}

TEST_F(QuicTest, GarbledTokensAreNone) {
  listen();
  auto how = options();
  how.token = Buffer(60, 0x36);
  EXPECT_EQ(answer_to(established(how), query()), query());
}

TEST_F(QuicTest, NoMoreThanThreeTimesWhatCameBeforeTheAddressIsProven) {
  listen();
  QuicClient& client = connect();
  client.pump();
  client.is_deaf = true;  // as one whose address was forged: it never answers
  pump_for(1s);
  std::size_t received = 0;
  Octet room[2048];
  for (ssize_t got = 0; (got = recv(client.fd(), room, sizeof room, MSG_DONTWAIT)) > 0;) {
    received += static_cast<std::size_t>(got);
  }
  EXPECT_GT(received, 0U);
  EXPECT_LE(received, 3 * client.octets_sent());
}

TEST_F(QuicTest, ShortInitialsMakeNoState) {
  listen();
  QuicClient& client = connect();
  client.is_mute = true;
  client.pump();
  ASSERT_GE(client.first_datagram.size(), 1200U);
  Peer flood = Peer::udp();
  for (std::size_t i = 0; i < 200; ++i) { flood.send_to(target(), text(Bytes(client.first_datagram).first(1199 - i))); }
  run_for(50ms);
  EXPECT_EQ(limits->sessions(), 0U);
  EXPECT_EQ(listener->memory_used(), 0U);
  EXPECT_EQ(counters.quic.octets_sent.value(), 0U);
  EXPECT_FALSE(flood.receive());
}

TEST_F(QuicTest, ForgedInitialsAreForgottenAtOnceAndThenCostNothing) {
  setup.options.max_half_open = 10;
  listen();
  QuicClient& client = connect();
  client.is_mute = true;
  client.pump();
  Peer flood = Peer::udp();
  constexpr std::size_t kForged = 200;
  std::size_t retries = 0;
  for (std::size_t i = 0; i < kForged; ++i) {
    Buffer forged = client.first_datagram;
    forged[1000] ^= 1;  // cannot be decrypted
    forged[7] = u8(i);  // each looks like another's
    flood.send_to(target(), text(forged));
    run_for(1ms);
    EXPECT_EQ(limits->sessions(), 0U);
    while (const auto reply = flood.receive()) {
      retries += (static_cast<Octet>(reply->content[0]) & 0xf0) == 0xf0 ? 1 : 0;
      EXPECT_LT(reply->content.size(), 200U);
    }
  }
  EXPECT_GT(counters.quic.handshake_failures.value(), 10U) << "the first are looked at";
  EXPECT_GT(retries, 50U) << "the others must prove their address";
  EXPECT_EQ(listener->memory_used(), 0U);
}

TEST_F(QuicTest, GarbageHarmsNobody) {
  listen();
  QuicClient& client = established();
  ASSERT_EQ(answer_to(client, query()), query());
  SystemRandom random;
  Peer flood = Peer::udp();
  for (std::size_t i = 0; i < 3000; ++i) {
    Buffer garbage(1 + random.below(1472));
    random.fill(garbage);
    if (i % 3 == 0 && garbage.size() > 5) {
      std::ranges::copy(std::to_array<Octet>({0xc0, 0, 0, 0, 1}), garbage.begin());
    }
    flood.send_to(target(), text(garbage));
    if (i % 50 == 0) { pump_for(1ms); }
  }
  EXPECT_EQ(answer_to(client, query("still here")), query("still here"));
  EXPECT_EQ(limits->sessions(), 1U);
}

TEST_F(QuicTest, OneSourceGetsItsShare) {
  sessions.per_source = 2;
  listen();
  established();
  established();
  QuicClient& third = connect();
  EXPECT_TRUE(ends_with(third, QuicClient::End::transport, NGTCP2_CONNECTION_REFUSED));
  EXPECT_EQ(counters.quic.refused.value(), 1U);
  auto how = options();
  how.local = ip("127.0.0.8");
  EXPECT_EQ(answer_to(established(how), query()), query());
}

TEST_F(QuicTest, WhenAllPlacesAreTakenTheLongestIdleGoes) {
  sessions.total = 2;
  listen();
  QuicClient& first = established();
  QuicClient& second = established();
  ASSERT_EQ(answer_to(second, query()), query());
  ASSERT_EQ(answer_to(first, query()), query());
  pump_for(30ms);  // until both have acknowledged
  QuicClient& third = established();
  EXPECT_TRUE(ends_with(second, DoqError::no_error));
  EXPECT_EQ(answer_to(third, query()), query());
  EXPECT_EQ(answer_to(first, query()), query());
}

TEST_F(QuicTest, MemoryHasABound) {
  keep_all();  // a client that waits for its answer is not idle, and does not go for another's sake
  setup.options.max_memory = 3 * QuicConnection::kNewMemory;
  listen();
  std::size_t refused = 0;
  for (int i = 0; i < 20; ++i) {
    QuicClient& client = connect();
    ASSERT_TRUE(until([&] { return client.is_established() || client.is_over(); }));
    if (client.is_over()) {
      EXPECT_EQ(client.code(), NGTCP2_CONNECTION_REFUSED);
      ++refused;
    } else {
      client.ask(query());
      const std::size_t asked = late.size() + 1;
      ASSERT_TRUE(until([&] { return late.size() == asked; }));
    }
    EXPECT_LE(listener->memory_used(), setup.options.max_memory);
  }
  EXPECT_GT(refused, 0U);
  EXPECT_LT(refused, 18U);
}

TEST_F(QuicTest, WhatOtherListenersOfTheWorkerHoldCounts) {
  setup.memory = std::make_shared<std::size_t>(setup.options.max_memory);
  listen();
  QuicClient& client = connect();
  ASSERT_TRUE(until([&] { return client.is_over(); }));
  EXPECT_EQ(client.code(), NGTCP2_CONNECTION_REFUSED);
  *setup.memory = 0;
  EXPECT_EQ(answer_to(established(), query()), query());
  EXPECT_GT(*setup.memory, 0U);
}

TEST_F(QuicTest, TheIdleMakeRoomWhenMemoryIsShort) {
  setup.options.max_memory = 3 * QuicConnection::kNewMemory;
  listen();
  std::size_t served = 0;
  for (int i = 0; i < 40; ++i) {
    QuicClient& client = connect();
    ASSERT_TRUE(until([&] { return client.is_established() || client.is_over(); }));
    if (client.is_established() && answer_to(client, query()) == query()) { ++served; }
    pump_for(30ms);  // until it has acknowledged, and is idle
    EXPECT_LE(listener->memory_used(), setup.options.max_memory);
  }
  EXPECT_GE(served, 20U) << "at worst every other one is refused, and one that is idle goes for the next";
}

TEST_F(QuicTest, MemoryIsGivenBack) {
  listen();
  for (int i = 0; i < 20; ++i) {
    QuicClient& client = established();
    ASSERT_EQ(answer_to(client, query()), query());
    client.close(0);
  }
  ASSERT_TRUE(until([&] { return limits->sessions() == 0; }));
  EXPECT_EQ(listener->memory_used(), 0U);
}

// ---- how it ends ----

TEST_F(QuicTest, AnIdleConnectionIsClosed) {
  sessions.idle = 200ms;
  listen();
  QuicClient& client = established();
  ASSERT_EQ(answer_to(client, query()), query());
  ASSERT_TRUE(until([&] { return limits->sessions() == 0; }));
  EXPECT_EQ(counters.quic.closed_idle.value(), 1U);
  EXPECT_EQ(counters.quic.closed_abuse.value(), 0U);
}

TEST_F(QuicTest, PingsDoNotKeepAConnectionThatAsksNothing) {
  sessions.idle = 400ms;
  listen();
  QuicClient& client = established();
  client.keep_alive(20 * NGTCP2_MILLISECONDS);
  ASSERT_TRUE(until([&] { return client.is_over(); }));
  EXPECT_EQ(counters.quic.closed_idle.value(), 1U);
}

TEST_F(QuicTest, AHandshakeThatIsNotFinishedInTimeIsForgotten) {
  sessions.handshake = 100ms;
  listen();
  QuicClient& client = connect();
  client.pump();
  client.is_deaf = client.is_mute = true;
  ASSERT_TRUE(until([&] { return limits->sessions() == 1; }));
  ASSERT_TRUE(until([&] { return limits->sessions() == 0; }));
  EXPECT_EQ(counters.quic.handshake_failures.value(), 1U);
  run_for(1ms);
  EXPECT_EQ(listener->memory_used(), 0U);
}

TEST_F(QuicTest, AQueryThatNeverEndsEndsTheConnection) {
  sessions.message = 200ms;
  listen();
  QuicClient& client = established();
  client.send(client.open_stream(), bytes_of(std::string("\0", 1)), false);
  // Others being asked and answered in the meantime make it no better.
  ASSERT_TRUE(until([&] {
    client.ask(query());
    return client.is_over();
  }));
  EXPECT_EQ(client.code(), code_of(DoqError::excessive_load));
  EXPECT_EQ(counters.quic.closed_abuse.value(), 1U);
}

TEST_F(QuicTest, AClientThatDoesNotReadIsClosed) {
  sessions.stall = 200ms;
  listen();
  QuicClient& client = established();
  client.ask(query());
  client.pump();
  client.is_deaf = client.is_mute = true;
  ASSERT_TRUE(until([&] { return limits->sessions() == 0; }));
  EXPECT_EQ(counters.quic.closed_abuse.value(), 1U);
}

TEST_F(QuicTest, UnreadAnswersAreBounded) {
  const std::string large(20'000, 'x');
  sink.script = [&](const ClientQuery&, ReplyRoom& room) { return ScriptedSink::write(query(large), room); };
  listen();
  auto how = options();
  how.stream_window = 100;  // takes the first octets of each answer and no more
  QuicClient& client = established(how);
  client.gives_credit = false;
  for (std::size_t i = 0; i < QuicConnection::kMaxStreams; ++i) { client.ask(query()); }
  pump_for(300ms);
  EXPECT_LE(listener->memory_used(), QuicConnection::kMaxHeld + 200 * 1024);
  EXPECT_LE(sink.queries, QuicConnection::kMaxHeld / large.size() + 1) << "the others wait for their turn";
}

TEST_F(QuicTest, LateAnswersThatNobodyReadsAreDropped) {
  keep_all();
  listen();
  auto how = options();
  how.stream_window = 100;
  QuicClient& client = established(how);
  client.gives_credit = false;
  for (std::size_t i = 0; i < 10; ++i) { client.ask(query()); }
  ASSERT_TRUE(until([&] { return late.size() == 10; }));
  const std::string large(60'000, 'x');
  for (auto& [handle, asked] : late) { handle->send(bytes_of(query(large))); }
  ASSERT_TRUE(until([&] {
    return std::ranges::any_of(std::views::iota(0, 10), [&](int i) {
      const auto* const stream = client.stream(4 * i);
      return stream != nullptr && stream->reset == code_of(DoqError::excessive_load);
    });
  }));
  EXPECT_LE(listener->memory_used(), QuicConnection::kMaxHeld + 64 * 1024 + 200 * 1024);
}

TEST_F(QuicTest, CancelledQueriesAreForgotten) {
  keep_all();
  listen();
  QuicClient& client = established();
  const std::int64_t stream = client.ask(query());
  ASSERT_TRUE(until([&] { return late.size() == 1; }));
  client.stop_reading(stream, code_of(DoqError::request_cancelled));
  ASSERT_TRUE(until([&] { return client.stream(stream)->is_closed; }));
  late.front().first->send(bytes_of(query()));  // to nobody
  sink.script = &ScriptedSink::echo;
  EXPECT_EQ(answer_to(client, query("next")), query("next"));
}

TEST_F(QuicTest, AStormOfResetsEndsTheConnection) {
  listen();
  QuicClient& client = established();
  std::size_t opened = 0;
  ASSERT_TRUE(until([&] {
    for (std::int64_t stream = 0; (stream = client.open_stream()) >= 0; ++opened) {
      client.send(stream, bytes_of(std::string(1, '\0')), false);
      client.pump();
      client.reset(stream, code_of(DoqError::request_cancelled));
    }
    return client.is_over() || opened > 5000;
  }));
  EXPECT_EQ(client.code(), code_of(DoqError::excessive_load));
  EXPECT_LT(opened, 1000U);
  EXPECT_EQ(counters.quic.closed_abuse.value(), 1U);
  run_for(1ms);
  EXPECT_EQ(listener->memory_used(), 0U);
}

// Each makes work for the resolver that nobody waits for (CVE-2023-44487 by other means).
TEST_F(QuicTest, AStormOfCancelledQueriesEndsTheConnection) {
  keep_all();
  listen();
  QuicClient& client = established();
  std::size_t asked = 0;
  ASSERT_TRUE(until([&] {
    for (std::int64_t stream = 0; asked < 5000 && (stream = client.ask(query())) >= 0; ++asked) {
      client.pump();
      client.stop_reading(stream, code_of(DoqError::request_cancelled));
    }
    return client.is_over() || asked == 5000;
  }));
  EXPECT_EQ(client.code(), code_of(DoqError::excessive_load));
  EXPECT_LT(asked, 1000U);
  EXPECT_EQ(counters.quic.closed_abuse.value(), 1U);
}

// It acknowledges nothing that would close its stream, and stays awake.
TEST_F(QuicTest, AClientThatAcknowledgesNothingIsNotKept) {
  sessions.stall = 100ms;
  listen();
  QuicClient& client = established();
  const std::int64_t stream = client.open_stream();
  client.send(stream, bytes_of(std::string(1, '\0')), false);
  client.pump();
  client.reset(stream, code_of(DoqError::request_cancelled));
  client.pump();
  client.is_deaf = true;
  EXPECT_TRUE(until([&] { return limits->sessions() == 0; }));
  EXPECT_EQ(counters.quic.closed_abuse.value(), 1U);
}

// Or one could be asked for the token that ends another's connections (RFC 9000 section 21.11).
TEST_F(QuicTest, EachListenerResetsWithTokensOfItsOwn) {
  listen();
  const SocketAddress first = listener->address();
  auto other = QuicListener::open(*loop, at("127.0.0.1"), setup, *limits, sink, counters, identities);
  ASSERT_TRUE(other) << other.error();
  const auto token_of = [&](const SocketAddress& server) {
    Peer peer = Peer::udp();
    peer.send_to(server, std::string(1, '\x40') + std::string(60, 'c'));  // of a connection that nobody knows
    std::optional<Peer::Received> reset;
    EXPECT_TRUE(run_until([&] { return (reset = peer.receive()).has_value(); }));
    return reset ? reset->content.substr(reset->content.size() - NGTCP2_STATELESS_RESET_TOKENLEN) : "";
  };
  EXPECT_EQ(token_of(first), token_of(first));
  EXPECT_NE(token_of(first), token_of((*other)->address()));
}

TEST_F(QuicTest, LatePacketsHearOfTheEndAgain) {
  listen();
  QuicClient& client = established();
  client.send(client.open_stream(), bytes_of("xx"), true);
  client.pump();
  client.is_deaf = true;  // the first CONNECTION_CLOSE is lost
  ASSERT_TRUE(until([&] { return limits->sessions() == 0; }));
  pump_for(20ms);
  Octet room[2048];
  while (recv(client.fd(), room, sizeof room, MSG_DONTWAIT) > 0) {}
  client.is_deaf = false;
  EXPECT_TRUE(ends_with(client, DoqError::protocol_error)) << "its repetition is answered";
}

TEST_F(QuicTest, AfterARestartClientsAreToldAtOnce) {
  listen();
  const SocketAddress address = listener->address();
  QuicClient& client = established();
  ASSERT_EQ(answer_to(client, query()), query());
  client.is_deaf = true;  // a crash says no goodbye
  listener.reset();
  Octet room[2048];
  while (recv(client.fd(), room, sizeof room, MSG_DONTWAIT) > 0) {}
  client.is_deaf = false;
  listen_at(address);
  client.ask(query(std::string(60, 'x')));
  ASSERT_TRUE(until([&] { return client.is_over(); }));
  EXPECT_EQ(client.how_ended(), QuicClient::End::reset);
}

TEST_F(QuicTest, AResetIsShorterThanWhatItAnswers) {
  listen();
  Peer stranger = Peer::udp();
  for (const std::size_t size : {21U, 22U, 30U, 43U, 44U, 200U, 1200U}) {
    stranger.send_to(target(), std::string(size, '\x41'));
    std::optional<Peer::Received> reply;
    if (size < 22) {
      run_for(20ms);
      EXPECT_FALSE(stranger.receive()) << size;
      continue;
    }
    ASSERT_TRUE(run_until([&] { return (reply = stranger.receive()).has_value(); })) << size;
    EXPECT_LT(reply->content.size(), size);
    EXPECT_LE(reply->content.size(), 43U);
  }
}

TEST_F(QuicTest, AnOrderlyShutdownTellsTheClients) {
  listen();
  QuicClient& client = established();
  ASSERT_EQ(answer_to(client, query()), query());
  listener.reset();
  EXPECT_TRUE(ends_with(client, DoqError::no_error));
}

TEST_F(QuicTest, HandlesOutliveConnectionsAndTheListener) {
  keep_all();
  listen();
  QuicClient& client = established();
  client.ask(query("a"));
  client.ask(query("b"));
  ASSERT_TRUE(until([&] { return late.size() == 2; }));
  client.close(0);
  ASSERT_TRUE(until([&] { return limits->sessions() == 0; }));
  late[0].first->send(bytes_of(query()));
  listener.reset();
  late[1].first->send(bytes_of(query()));
  late.clear();
}

// ---- moving ----

TEST_F(QuicTest, AClientMayMove) {
  SocketAddress seen;
  sink.script = [&](const ClientQuery& asked, ReplyRoom& room) {
    seen = asked.client;
    return ScriptedSink::echo(asked, room);
  };
  listen();
  QuicClient& client = established();
  ASSERT_EQ(answer_to(client, query("here")), query("here"));
  const SocketAddress before = seen;
  client.rebind(ip("127.0.0.3"));
  ASSERT_EQ(answer_to(client, query("there")), query("there"));
  ASSERT_EQ(answer_to(client, query("still there")), query("still there"));
  EXPECT_NE(seen, before);
  EXPECT_EQ(seen.ip(), ip("127.0.0.3"));
}

TEST_F(QuicTest, ButNotAllTheTime) {
  listen();
  QuicClient& client = established();
  int moves = 0;
  for (; moves < 100 && !client.is_over(); ++moves) {
    client.rebind();
    client.ask(query());
    pump_for(5ms);
  }
  EXPECT_EQ(client.code(), code_of(DoqError::excessive_load));
  EXPECT_LT(moves, 50);
}

// ---- certificates, tickets, early data ----

TEST_F(QuicTest, ANewIdentityIsForNewConnections) {
  listen();
  QuicClient& before = established();
  EXPECT_EQ(before.peer_certificate(), certificate.der());
  const TestCertificate renewed = TestCertificate::self_signed();
  identities.replace(identity_of(renewed));
  QuicClient& after = established();
  EXPECT_EQ(after.peer_certificate(), renewed.der());
  EXPECT_EQ(answer_to(before, query("goes on")), query("goes on"));
}

TEST_F(QuicTest, TheChainCanBeVerified) {
  const TestCertificate authority = TestCertificate::authority();
  const TestCertificate issued = authority.issue();
  identities.replace(identity_of(issued));
  listen();
  auto how = options();
  how.trusted_certificates = authority.pem();
  EXPECT_EQ(answer_to(established(how), query()), query());
  how.server_name = "elsewhere.example";
  QuicClient& mistaken = connect(how);
  ASSERT_TRUE(until([&] { return mistaken.is_over(); }));
  EXPECT_FALSE(mistaken.is_established());
}

TEST_F(QuicTest, WithoutACertificateItDoesNotOpen) {
  IdentityHolder none;
  limits = std::make_unique<SessionLimits>(*loop, sessions);
  const auto opened = QuicListener::open(*loop, at("127.0.0.1"), setup, *limits, sink, counters, none);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error(), ::testing::HasSubstr("certificate"));
}

TEST_F(QuicTest, ATakenPortIsTold) {
  const Peer taken(SOCK_DGRAM, at("127.0.0.1"));
  limits = std::make_unique<SessionLimits>(*loop, sessions);
  const auto opened = QuicListener::open(*loop, taken.address(), setup, *limits, sink, counters, identities);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error(), ::testing::HasSubstr("QUIC"));
}

class QuicVisitTest : public QuicTest {
 protected:
  QuicVisit visit_once() {
    QuicClient& first = established();
    EXPECT_EQ(answer_to(first, query("first visit")), query("first visit"));
    until([&] { return !first.visit().ticket.empty(); });
    first.close(0);
    return first.visit();
  }
};

TEST_F(QuicVisitTest, ATicketSavesTheCertificate) {
  listen();
  auto how = options();
  how.visit = visit_once();
  QuicClient& second = established(how);
  EXPECT_TRUE(second.is_resumed());
  EXPECT_EQ(answer_to(second, query()), query());
  EXPECT_EQ(counters.quic.handshakes.value(), 1U);
  EXPECT_EQ(counters.quic.resumed.value(), 1U);
}

TEST_F(QuicVisitTest, ATicketSurvivesARestart) {
  listen();
  auto how = options();
  how.visit = visit_once();
  const SocketAddress address = listener->address();
  listener.reset();
  listen_at(address);
  EXPECT_TRUE(established(how).is_resumed());
}

TEST_F(QuicVisitTest, EarlyDataIsOffUnlessAskedFor) {
  listen();
  auto how = options();
  how.visit = visit_once();
  how.early_data = true;
  QuicClient& second = established(how);
  EXPECT_FALSE(second.was_early_data_taken());
  EXPECT_EQ(answer_to(second, query()), query());
}

TEST_F(QuicVisitTest, EarlyQueriesAreAnsweredBeforeTheHandshakeIsOver) {
  setup.options.early_data = true;
  listen();
  auto how = options();
  how.visit = visit_once();
  how.early_data = true;
  const std::size_t before = sink.queries;
  const std::uint64_t handshakes = counters.quic.handshakes.value() + counters.quic.resumed.value();
  QuicClient& second = connect(how);
  const std::int64_t stream = second.ask(query("early"));
  ASSERT_GE(stream, 0);
  second.pump();
  second.is_mute = true;  // the handshake's last message is lost
  ASSERT_TRUE(until([&] { return sink.queries == before + 1; }));
  EXPECT_EQ(counters.quic.handshakes.value() + counters.quic.resumed.value(), handshakes);
  second.is_mute = false;
  ASSERT_TRUE(until([&] { return second.answer(stream).has_value(); }));
  EXPECT_TRUE(second.was_early_data_taken());
  EXPECT_EQ(second.answer(stream), query("early"));
}

TEST_F(QuicVisitTest, WhatChangesSomethingWaitsForTheHandshake) {
  setup.options.early_data = true;
  listen();
  auto how = options();
  how.visit = visit_once();
  how.early_data = true;
  const std::size_t before = sink.queries;
  QuicClient& second = connect(how);
  constexpr Octet kUpdate = 5;
  const std::int64_t stream = second.ask(query("", 0, kUpdate));
  second.pump();
  second.is_mute = true;
  pump_for(50ms);
  EXPECT_EQ(sink.queries, before);
  second.is_mute = false;
  ASSERT_TRUE(until([&] { return second.answer(stream).has_value(); }));
  EXPECT_TRUE(second.was_early_data_taken());
}

TEST_F(QuicVisitTest, EarlyDataIsTakenOnce) {
  setup.options.early_data = true;
  listen();
  auto how = options();
  how.visit = visit_once();
  how.early_data = true;
  QuicClient& second = connect(how);
  second.ask(query("early"));
  second.pump();
  const Buffer copy = second.first_datagram;
  ASSERT_TRUE(until([&] { return second.is_established(); }));
  ASSERT_TRUE(until([&] { return sink.queries == 2; }));
  second.close(0);
  ASSERT_TRUE(until([&] { return limits->sessions() == 0; }));
  run_for(Duration(ConnectionTable::kLinger) + 100ms);  // while it lingers the copy would not even be looked at
  Peer thief = Peer::udp();
  thief.send_to(target(), text(copy));
  ASSERT_TRUE(run_until([&] { return limits->sessions() == 1; }));
  run_for(50ms);
  EXPECT_EQ(sink.queries, 2U) << "the copy makes a handshake that nobody ends, and no query";
}

// ---- several workers ----

TEST_F(QuicTest, ADatagramReachesTheWorkerThatHasItsConnection) {
  constexpr unsigned kWorkers = 3;
  setup.workers = kWorkers;
  limits = std::make_unique<SessionLimits>(*loop, sessions);
  std::array<TransportCounters, kWorkers> per_worker;
  std::vector<std::unique_ptr<QuicListener>> workers;
  SocketAddress address = at("127.0.0.1");
  for (unsigned i = 0; i < kWorkers; ++i) {
    setup.worker = i;
    auto opened = QuicListener::open(*loop, address, setup, *limits, sink, per_worker[i], identities);
    ASSERT_TRUE(opened) << opened.error();
    address = (*opened)->address();
    workers.push_back(std::move(*opened));
  }
  for (int i = 0; i < 12; ++i) {
    QuicClient& client = established({.server = address});
    ASSERT_EQ(answer_to(client, query("before")), query("before"));
    client.rebind();  // by its address it would now be another worker's, two times in three
    ASSERT_EQ(answer_to(client, query("after")), query("after"));
    ASSERT_FALSE(client.is_over());
  }
  std::uint64_t sum = 0;
  for (const auto& worker : per_worker) {
    EXPECT_LT(worker.quic.accepted.value(), 12U);
    sum += worker.quic.accepted.value();
  }
  EXPECT_EQ(sum, 12U);
  clients.clear();
}

// ---- HTTP/3 ----

std::string base64url(std::string_view octets) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : octets) {
    bits = bits << 8 | static_cast<Octet>(c);
    for (held += 8; held >= 6; held -= 6) { text += kAlphabet[bits >> (held - 6) & 63]; }
  }
  if (held != 0) { text += kAlphabet[bits << (6 - held) & 63]; }
  return text;
}

class Http3Test : public QuicTest {
 protected:
  const Http3Client::Response& whole(Http3Client& client, std::int64_t stream) {
    static const Http3Client::Response none;
    until([&] {
      const auto* const response = client.response(stream);
      return client.is_over() || (response != nullptr && (response->is_whole || response->reset));
    });
    const auto* const response = client.response(stream);
    return response != nullptr ? *response : none;
  }
};

TEST_F(Http3Test, GetAndPost) {
  listen();
  Http3Client& client = http3();
  const auto& got = whole(client, client.get("/dns-query?dns=" + base64url(query("get"))));
  EXPECT_EQ(got.status, "200");
  EXPECT_EQ(got.body, query("get"));
  EXPECT_EQ(got.fields.at("content-type"), "application/dns-message");
  EXPECT_EQ(got.fields.at("content-length"), std::to_string(got.body.size()));
  EXPECT_EQ(got.fields.at("cache-control"), "max-age=0");
  const auto& posted = whole(client, client.post("/dns-query", query("post")));
  EXPECT_EQ(posted.status, "200");
  EXPECT_EQ(posted.body, query("post"));
  EXPECT_EQ(counters.http3.accepted.value(), 1U);
  EXPECT_EQ(counters.http3.handshakes.value(), 1U);
  EXPECT_EQ(counters.quic.accepted.value(), 0U);
}

TEST_F(Http3Test, TheSinkLearnsThatItIsHttp3) {
  ClientProtocol protocol = ClientProtocol::udp;
  sink.script = [&](const ClientQuery& asked, ReplyRoom& room) {
    protocol = asked.protocol;
    return ScriptedSink::echo(asked, room);
  };
  listen();
  Http3Client& client = http3();
  whole(client, client.post("/dns-query", query()));
  EXPECT_EQ(protocol, ClientProtocol::http3);
}

TEST_F(Http3Test, MisuseHasItsStatusAndHarmsNobody) {
  listen();
  Http3Client& client = http3();
  const auto status = [&](std::int64_t stream) { return whole(client, stream).status; };
  EXPECT_EQ(status(client.get("/elsewhere")), "404");
  EXPECT_EQ(status(client.get("/dns-query")), "400");
  EXPECT_EQ(status(client.get("/dns-query?dns=***")), "400");
  EXPECT_EQ(status(client.get("/dns-query?dns=" + std::string(4000, 'A'))), "414");
  EXPECT_EQ(status(client.post("/dns-query", query(), "text/plain")), "415");
  EXPECT_EQ(status(client.post("/dns-query", "short")), "400");
  EXPECT_EQ(status(client.post("/dns-query", std::string(70'000, 'x'))), "413");
  EXPECT_EQ(status(client.request(
                {{":method", "HEAD"}, {":scheme", "https"}, {":authority", "localhost"}, {":path", "/dns-query"}})),
            "405");
  EXPECT_EQ(status(client.request({{":method", "GET"},
                                   {":scheme", "https"},
                                   {":authority", "localhost"},
                                   {":path", "/dns-query"},
                                   {"x-large", std::string(9000, 'x')}})),
            "431");
  EXPECT_EQ(sink.queries, 0U);
  EXPECT_EQ(whole(client, client.post("/dns-query", query("well"))).body, query("well"));
  EXPECT_EQ(counters.http3.closed_abuse.value(), 0U);
}

TEST_F(Http3Test, LateAnswersAndManyAtOnce) {
  keep_all();
  listen();
  Http3Client& client = http3();
  std::vector<std::int64_t> streams;
  for (int i = 0; i < 60; ++i) { streams.push_back(client.post("/dns-query", query(std::to_string(i)))); }
  ASSERT_TRUE(until([&] { return late.size() == streams.size(); }));
  for (auto& [handle, asked] : late) { handle->send(bytes_of(asked)); }
  for (int i = 0; i < 60; ++i) {
    EXPECT_EQ(whole(client, streams[static_cast<std::size_t>(i)]).body, query(std::to_string(i)));
  }
}

TEST_F(Http3Test, WhatGetsNoAnswerIsReset) {
  sink.script = [](const ClientQuery&, ReplyRoom&) -> std::size_t { return 0; };
  listen();
  Http3Client& client = http3();
  const auto& response = whole(client, client.post("/dns-query", query()));
  EXPECT_EQ(response.reset, code_of(Http3Error::internal_error));
}

TEST_F(Http3Test, ARequestThatNeverEndsEndsTheConnection) {
  sessions.message = 200ms;
  listen();
  Http3Client& client = http3();
  client.request({{":method", "POST"},
                  {":scheme", "https"},
                  {":authority", "localhost"},
                  {":path", "/dns-query"},
                  {"content-type", "application/dns-message"}},
                 "half", true);
  EXPECT_TRUE(ends_with(client, QuicClient::End::application, code_of(Http3Error::excessive_load)));
  EXPECT_EQ(counters.http3.closed_abuse.value(), 1U);
}

TEST_F(Http3Test, AStormOfResetsEndsTheConnection) {
  listen();
  Http3Client& client = http3();
  std::size_t asked = 0;
  ASSERT_TRUE(until([&] {
    const std::int64_t stream = client.request(
        {{":method", "POST"}, {":scheme", "https"}, {":authority", "localhost"}, {":path", "/dns-query"}}, "x", true);
    if (stream >= 0) {
      ++asked;
      client.pump();
      client.reset(stream, code_of(Http3Error::request_cancelled));
    }
    return client.is_over() || asked > 5000;
  }));
  EXPECT_EQ(client.code(), code_of(Http3Error::excessive_load));
}

TEST_F(Http3Test, GarbageOnAStreamIsAnErrorOfHttp3) {
  listen();
  auto how = options();
  how.protocols = {"h3"};
  QuicClient& client = established(how);  // speaks nothing of the kind
  client.send(client.open_stream(), bytes_of("GET / HTTP/1.1\r\n\r\n"), true);
  ASSERT_TRUE(until([&] { return client.is_over(); }));
  EXPECT_EQ(client.how_ended(), QuicClient::End::application);
  EXPECT_GE(client.code(), 0x100U);
  EXPECT_LE(client.code(), 0x110U);
}

TEST_F(Http3Test, AClientThatAllowsNoStreamsOfOursIsTold) {
  listen();
  auto how = options();
  how.protocols = {"h3"};
  how.unidirectional_streams = 0;
  QuicClient& client = connect(how);
  ASSERT_TRUE(until([&] { return client.is_over(); }));
  EXPECT_FALSE(client.how_ended() == QuicClient::End::none);
  EXPECT_EQ(limits->sessions(), 0U);
}

TEST_F(Http3Test, TheLongestAnswerPasses) {
  const std::string longest = query(std::string(65535 - query().size(), 'y'));
  sink.script = [&](const ClientQuery&, ReplyRoom& room) { return ScriptedSink::write(longest, room); };
  listen();
  Http3Client& client = http3();
  EXPECT_EQ(whole(client, client.post("/dns-query", query())).body, longest);
}

}  // namespace
}  // namespace vouch
