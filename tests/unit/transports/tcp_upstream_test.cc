#include "transports/stream_upstream.h"

#include "tests/unit/transports/upstream_harness.h"

namespace vouch {
namespace {

using ::testing::ElementsAre;

// A server on loopback whose every move the test decides.
class TcpUpstreamTest : public UpstreamTest {
 protected:
  // The connection that comes next.
  Peer& accepted() {
    std::optional<Peer> connection;
    run_until([&] { return (connection = server.accept()).has_value(); });
    if (!connection) { ADD_FAILURE() << "nobody connected"; }
    return connections.emplace_back(connection ? std::move(*connection) : Peer(Socket()));
  }
  bool has(Peer& connection, std::size_t messages) {
    return run_until([&] {
      connection.pump();
      return connection.messages.size() >= messages;
    });
  }
  static void reply(Peer& connection, std::string_view message) {
    connection.queue_message(message);
    connection.pump_out();
  }
  bool is_ended(Peer& connection) {
    return run_until([&] {
      connection.pump();
      return connection.is_ended;
    });
  }
  // One question answered, so that the connection counts as used.
  Peer& used_connection() {
    const auto asking = ask_tcp(server.address(), "first");
    Peer& connection = accepted();
    has(connection, 1);
    reply(connection, "first");
    EXPECT_TRUE(ends(asking));
    EXPECT_EQ(asking->reply->status, Status::ok);
    return connection;
  }

  Peer server = Peer::listening();
  std::list<Peer> connections;
};

TEST_F(TcpUpstreamTest, TheRightReplyIsTaken) {
  const auto asking = ask_tcp(server.address(), "who?");
  Peer& connection = accepted();
  ASSERT_TRUE(has(connection, 1));
  EXPECT_THAT(connection.messages, ElementsAre("who?"));
  reply(connection, "who?");
  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::ok);
  EXPECT_EQ(text(asking->reply->packet), "who?");
  EXPECT_GT(asking->reply->rtt, 0s);
}

TEST_F(TcpUpstreamTest, TheNextQuestionGoesOverTheSameConnection) {
  Peer& connection = used_connection();
  const auto asking = ask_tcp(server.address(), "second");
  ASSERT_TRUE(has(connection, 2));
  reply(connection, "second");
  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::ok);
  EXPECT_EQ(upstream->connections(), 1U);
}

TEST_F(TcpUpstreamTest, QuestionsArePipelinedAndRepliesMayComeInAnyOrder) {
  std::vector<std::unique_ptr<Asking>> askings;
  for (const char* packet : {"a", "b", "c"}) { askings.push_back(ask_tcp(server.address(), packet)); }
  Peer& connection = accepted();
  ASSERT_TRUE(has(connection, 3));
  EXPECT_THAT(connection.messages, ElementsAre("a", "b", "c"));
  for (const char* packet : {"c", "a", "b"}) { reply(connection, packet); }
  for (const auto& asking : askings) {
    ASSERT_TRUE(ends(asking));
    EXPECT_EQ(text(asking->reply->packet), asking->packet);
  }
  EXPECT_EQ(upstream->connections(), 1U);
}

TEST_F(TcpUpstreamTest, AReplyToANeighbourIsNoForgery) {
  const auto strict = [](std::string wanted) {
    return [wanted](Bytes reply) { return text_of(reply) == wanted ? ReplyFit::accept : ReplyFit::forgery; };
  };
  const auto first = ask_tcp(server.address(), "a", 10s, strict("a"));
  const auto second = ask_tcp(server.address(), "b", 10s, strict("b"));
  Peer& connection = accepted();
  ASSERT_TRUE(has(connection, 2));
  reply(connection, "b");
  ASSERT_TRUE(ends(second));
  EXPECT_FALSE(first->reply);
  reply(connection, "a");
  ASSERT_TRUE(ends(first));
  EXPECT_EQ(first->reply->status, Status::ok);
}

TEST_F(TcpUpstreamTest, AReplyThatNobodyAskedForIsAForgeryAndEndsTheConnection) {
  const auto asking = ask_tcp(server.address(), "who?", 10s, [](Bytes) { return ReplyFit::forgery; });
  Peer& connection = accepted();
  ASSERT_TRUE(has(connection, 1));
  reply(connection, "somebody else");
  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::forgery);
  EXPECT_TRUE(is_ended(connection));
}

TEST_F(TcpUpstreamTest, AReplyInPiecesIsPutTogether) {
  const std::string large(50'000, 'r');
  const auto asking = ask_tcp(server.address(), "large?", 10s, [](Bytes) { return ReplyFit::accept; });
  Peer& connection = accepted();
  ASSERT_TRUE(has(connection, 1));
  Octet length[2];
  store16(length, u16(large.size()));
  connection.queue(text_of({length, 1}));
  connection.pump_out();
  run_for(2ms);
  connection.queue(text_of({length + 1, 1}));
  connection.queue(large.substr(0, 20'000));
  connection.pump_out();
  run_for(2ms);
  EXPECT_FALSE(asking->reply);
  connection.queue(large.substr(20'000));
  ASSERT_TRUE(run_until([&] {
    if (connection.has_unsent()) { connection.pump_out(); }
    return asking->reply.has_value();
  }));
  EXPECT_EQ(text(asking->reply->packet), large);
}

TEST_F(TcpUpstreamTest, AReusedConnectionThatEndsIsTriedOnceMoreAfresh) {
  Peer& first = used_connection();
  const auto asking = ask_tcp(server.address(), "again");
  ASSERT_TRUE(has(first, 2));
  first.socket().close();  // instead of an answer
  Peer& second = accepted();
  ASSERT_TRUE(has(second, 1));
  EXPECT_THAT(second.messages, ElementsAre("again"));
  reply(second, "again");
  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::ok);
}

TEST_F(TcpUpstreamTest, AFreshConnectionThatEndsIsNotTriedAgain) {
  const auto asking = ask_tcp(server.address(), "who?");
  Peer& connection = accepted();
  ASSERT_TRUE(has(connection, 1));
  connection.socket().close();
  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::unreachable);
  run_for(2ms);
  EXPECT_FALSE(server.accept());
}

TEST_F(TcpUpstreamTest, TheSecondTryIsTheLast) {
  Peer& first = used_connection();
  const auto asking = ask_tcp(server.address(), "again");
  ASSERT_TRUE(has(first, 2));
  first.socket().close();
  Peer& second = accepted();
  ASSERT_TRUE(has(second, 1));
  second.socket().close();
  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::unreachable);
}

TEST_F(TcpUpstreamTest, AServerThatClosesInTheMiddleOfAReplyIsUnreachable) {
  const auto asking = ask_tcp(server.address(), "who?");
  Peer& connection = accepted();
  ASSERT_TRUE(has(connection, 1));
  connection.queue(std::string_view("\0\4wh", 4));
  connection.pump_out();
  connection.socket().close();
  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::unreachable);
}

TEST_F(TcpUpstreamTest, ARefusingServerIsUnreachableLongBeforeTheDeadline) {
  const SocketAddress nobody = Peer::listening().address();
  const auto asking = ask_tcp(nobody, "who?", 3600s);
  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::unreachable);
  EXPECT_EQ(upstream->connections(), 0U);
}

TEST_F(TcpUpstreamTest, SilenceEndsAtTheDeadlineAndTheConnectionIsNotUsedAgain) {
  const Instant start = loop->now();
  const auto asking = ask_tcp(server.address(), "who?", 30ms);
  Peer& connection = accepted();
  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::timeout);
  EXPECT_GE(loop->now() - start, 30ms);
  EXPECT_TRUE(is_ended(connection));
  EXPECT_EQ(upstream->connections(), 0U);
}

TEST_F(TcpUpstreamTest, ALateReplyToAQuestionThatWasGivenUpDisturbsNobody) {
  Peer& connection = used_connection();
  auto given_up = ask_tcp(server.address(), "never mind");
  const auto asking = ask_tcp(server.address(), "but this", 10s, [](Bytes reply) {
    return text_of(reply) == "but this" ? ReplyFit::accept : ReplyFit::forgery;
  });
  ASSERT_TRUE(has(connection, 3));
  given_up.reset();
  reply(connection, "never mind");
  run_for(2ms);
  EXPECT_FALSE(asking->reply);
  reply(connection, "but this");
  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::ok);
}

TEST_F(TcpUpstreamTest, GivingUpWhileConnectingLeavesNothingBehind) {
  auto asking = ask_tcp(server.address(), "who?");
  EXPECT_EQ(upstream->connections(), 1U);
  asking.reset();
  EXPECT_EQ(upstream->connections(), 0U);
  run_for(2ms);
}

TEST_F(TcpUpstreamTest, AFullConnectionIsJoinedByAnother) {
  connect_upstream({.max_questions_per_connection = 2});
  std::vector<std::unique_ptr<Asking>> askings;
  for (const char* packet : {"a", "b", "c"}) { askings.push_back(ask_tcp(server.address(), packet)); }
  Peer& first = accepted();
  Peer& second = accepted();
  ASSERT_TRUE(has(first, 2));
  ASSERT_TRUE(has(second, 1));
  EXPECT_THAT(second.messages, ElementsAre("c"));
}

TEST_F(TcpUpstreamTest, AnIdleConnectionIsClosedAfterAWhile) {
  connect_upstream({.connection_idle = 20ms});
  Peer& connection = used_connection();
  EXPECT_EQ(upstream->connections(), 1U);
  EXPECT_TRUE(is_ended(connection));
  EXPECT_EQ(upstream->connections(), 0U);
}

TEST_F(TcpUpstreamTest, AnIdleConnectionThatTheServerClosesIsForgotten) {
  Peer& connection = used_connection();
  connection.socket().close();
  ASSERT_TRUE(run_until([&] { return upstream->connections() == 0; }));
}

TEST_F(TcpUpstreamTest, OfTooManyIdleConnectionsTheLongestIdleGoes) {
  connect_upstream({.max_idle_connections = 1});
  Peer& first = used_connection();
  Peer other = Peer::listening();
  const auto asking = ask_tcp(other.address(), "other");
  std::optional<Peer> connection;
  ASSERT_TRUE(run_until([&] { return (connection = other.accept()).has_value(); }));
  ASSERT_TRUE(has(*connection, 1));
  reply(*connection, "other");
  ASSERT_TRUE(ends(asking));
  EXPECT_TRUE(is_ended(first));
  EXPECT_EQ(upstream->connections(), 1U);
}

TEST_F(TcpUpstreamTest, BeyondItsConnectionsOnlyAnIdleOneMakesRoom) {
  connect_upstream({.max_connections = 1});
  used_connection();
  Peer other = Peer::listening();
  const auto asking = ask_tcp(other.address(), "takes the idle one's place");
  EXPECT_FALSE(asking->reply);
  const auto refused = ask_tcp(server.address(), "no place");
  ASSERT_TRUE(refused->reply);
  EXPECT_EQ(refused->reply->status, Status::no_room);
}

TEST_F(TcpUpstreamTest, OneReplyMayGiveUpTheNextWhoseReplyHasComeToo) {
  auto first = ask_tcp(server.address(), "a");
  auto second = ask_tcp(server.address(), "b");
  Peer& connection = accepted();
  ASSERT_TRUE(has(connection, 2));
  first->after = [&] { second.reset(); };
  connection.queue_message("a");
  connection.queue_message("b");
  connection.pump_out();
  ASSERT_TRUE(ends(first));
  EXPECT_EQ(second, nullptr);
  const auto third = ask_tcp(server.address(), "c");  // the connection has survived it
  ASSERT_TRUE(has(connection, 3));
  reply(connection, "c");
  ASSERT_TRUE(ends(third));
  EXPECT_EQ(third->reply->status, Status::ok);
}

TEST_F(TcpUpstreamTest, QuestionsLeaveFromTheConfiguredAddress) {
  connect_upstream({.source_addresses = {ip("127.0.0.7")}});
  const auto asking = ask_tcp(server.address(), "who?");
  Peer& connection = accepted();
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  ASSERT_EQ(::getpeername(connection.socket().fd(), reinterpret_cast<sockaddr*>(&storage), &length), 0);
  EXPECT_EQ(SocketAddress::from(reinterpret_cast<const sockaddr*>(&storage))->ip(), ip("127.0.0.7"));
}

TEST_F(TcpUpstreamTest, OverIpv6Too) {
  Peer server6 = Peer::listening("::1");
  const auto asking = ask_tcp(server6.address(), "six?");
  std::optional<Peer> connection;
  ASSERT_TRUE(run_until([&] { return (connection = server6.accept()).has_value(); }));
  ASSERT_TRUE(has(*connection, 1));
  reply(*connection, "six?");
  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::ok);
}

}  // namespace
}  // namespace vouch
