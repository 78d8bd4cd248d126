#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/transports/certificates.h"
#include "tests/unit/transports/upstream_harness.h"
#include "transports/stream_upstream.h"
#include "transports/tls/tls_server_context.h"

namespace vouch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::shared_ptr<const Identity> identity_of(const TestCertificate& certificate) {
  auto identity = Identity::from_pem(certificate.pem(), certificate.key());
  if (!identity) { ADD_FAILURE() << identity.error(); }
  return identity.value_or(nullptr);
}

// A DNS server over TLS on loopback: takes connections and hears messages; what it says is the test's affair.
class TlsServer {
 public:
  struct Connection {
    std::unique_ptr<TlsStream> stream;
    LengthFramer framer;
    std::vector<std::string> messages;
    bool is_over = false;
  };

  explicit TlsServer(const TestCertificate& certificate, const char* local = "127.0.0.1")
      : identity(identity_of(certificate)), listening_(Peer::listening(local)) {
    const Octet secret[TicketKeys::kLeastSecret] = {42};
    auto made =
        TlsServerContext::make(identity, std::make_shared<const TicketKeys>(secret), TlsServerContext::Service::dot);
    if (!made) { ADD_FAILURE() << made.error(); }
    context_ = std::move(made.value());
  }

  SocketAddress address() const { return listening_.address(); }
  void pump() {
    if (auto accepted = listening_.accept()) {
      connections.emplace_back().stream = context_->accept(std::move(accepted->socket()));
    }
    for (Connection& connection : connections) { pump(connection); }
  }
  static void reply(Connection& connection, std::string_view message) {
    Buffer frame;
    append_frame(frame, bytes_of(message));
    EXPECT_TRUE(connection.stream->send(frame));
  }
  std::size_t messages_in_all() const {
    std::size_t count = 0;
    for (const Connection& connection : connections) { count += connection.messages.size(); }
    return count;
  }

  std::shared_ptr<const Identity> identity;
  std::list<Connection> connections;
  bool echoes = true;

 private:
  void pump(Connection& connection) {
    while (!connection.is_over) {
      Octet room[16384];
      const ByteStream::Read got = connection.stream->read(room);
      connection.framer.add(Bytes(room).first(got.octets));
      while (const auto message = connection.framer.next()) {
        connection.messages.push_back(text(*message));
        if (echoes) { reply(connection, connection.messages.back()); }
      }
      connection.framer.settle();
      connection.is_over = got.status != ByteStream::Status::open || !connection.stream->flush();
      if (got.octets == 0 && !got.may_have_more) { break; }
    }
    if (connection.stream->fd() >= 0 && connection.is_over) {
      static_cast<void>(connection.stream->flush());
      connection.stream->close();
    }
  }

  Peer listening_;
  std::unique_ptr<TlsServerContext> context_;
};

class TlsUpstreamTest : public UpstreamTest {
 protected:
  TlsUpstreamTest() {
    std::string name = (std::filesystem::temp_directory_path() / "vouch-authority-XXXXXX").string();
    const int fd = ::mkstemp(name.data());
    if (fd < 0) { ADD_FAILURE() << "no temporary file: " << errno; }
    ::close(fd);
    std::ofstream(name) << authority.pem();
    authority_file = name;
    connect({});
  }
  ~TlsUpstreamTest() override { std::filesystem::remove(authority_file); }

  void connect(OutgoingOptions options) {
    options.tls_ca_file = authority_file;
    connect_upstream(std::move(options));
  }
  TestCertificate issued(std::string alt_name = "DNS:dns.example", std::int64_t until = 86400) const {
    return authority.issue({.subject_alt_name = std::move(alt_name), .until = until});
  }
  std::unique_ptr<Asking> ask_tls(const SocketAddress& server, std::string packet, std::string name = "dns.example",
                                  std::vector<std::string> pins = {}, Duration patience = 10s) {
    return ask(server, std::move(packet), patience, {}, UpstreamProtocol::tls, std::move(name), std::move(pins));
  }
  bool ends_with(TlsServer& server, const std::unique_ptr<Asking>& asking) {
    return run_until([&] {
      server.pump();
      return asking->reply.has_value();
    });
  }
  // Asks, and expects that the server is not trusted, for this reason, and heard nothing.
  void expect_distrust(TlsServer& server, const std::string& why, std::string name = "dns.example",
                       std::vector<std::string> pins = {}) {
    Peer datagrams(SOCK_DGRAM, server.address());
    const auto asking = ask_tls(server.address(), "private?", std::move(name), std::move(pins));
    ASSERT_TRUE(ends_with(server, asking));
    EXPECT_EQ(asking->reply->status, Status::untrusted);
    EXPECT_THAT(asking->reply->why, HasSubstr(why));
    run_until([&, until = loop->now() + 5ms] {
      server.pump();
      return loop->now() > until;
    });
    EXPECT_EQ(server.messages_in_all(), 0U);
    EXPECT_EQ(server.connections.size(), 1U) << "nobody comes back in another way";
    EXPECT_FALSE(datagrams.receive()) << "nor over UDP";
    EXPECT_EQ(upstream->connections(), 0U);
  }

  const TestCertificate authority = TestCertificate::authority();
  std::string authority_file;
};

TEST_F(TlsUpstreamTest, TheServerThatProvesItsNameIsAsked) {
  TlsServer server(issued());
  const auto asking = ask_tls(server.address(), "who?");
  ASSERT_TRUE(ends_with(server, asking));
  EXPECT_EQ(asking->reply->status, Status::ok) << asking->reply->why;
  EXPECT_EQ(text(asking->reply->packet), "who?");
  EXPECT_GT(asking->reply->rtt, 0s);
  EXPECT_EQ(server.connections.front().stream->protocol(), "dot");
}

TEST_F(TlsUpstreamTest, OverIpv6Too) {
  TlsServer server(issued(), "::1");
  const auto asking = ask_tls(server.address(), "six?");
  ASSERT_TRUE(ends_with(server, asking));
  EXPECT_EQ(asking->reply->status, Status::ok) << asking->reply->why;
}

TEST_F(TlsUpstreamTest, AnotherNameIsNotTrusted) {
  TlsServer server(issued("DNS:other.example"));
  expect_distrust(server, "name");
}

TEST_F(TlsUpstreamTest, AnExpiredCertificateIsNotTrusted) {
  TlsServer server(issued("DNS:dns.example", -60));
  expect_distrust(server, "expired");
}

TEST_F(TlsUpstreamTest, AnUnknownAuthorityIsNotTrusted) {
  const TestCertificate stranger = TestCertificate::authority("somebody else");
  TlsServer server(stranger.issue({.subject_alt_name = "DNS:dns.example"}));
  expect_distrust(server, "authority");
}

TEST_F(TlsUpstreamTest, ACertificateThatIsItsOwnAuthorityIsNotTrusted) {
  TlsServer server(TestCertificate::self_signed({.subject_alt_name = "DNS:dns.example"}));
  expect_distrust(server, "signed by itself");
}

TEST_F(TlsUpstreamTest, ThePinnedKeyNeedsNoAuthority) {
  TlsServer server(TestCertificate::self_signed({.until = -60}));
  const auto asking = ask_tls(server.address(), "who?", "", {server.identity->pin()});
  ASSERT_TRUE(ends_with(server, asking));
  EXPECT_EQ(asking->reply->status, Status::ok) << asking->reply->why;
}

TEST_F(TlsUpstreamTest, OneOfThePinsIsEnough) {
  TlsServer server(TestCertificate::self_signed());
  const std::string other = identity_of(issued())->pin();
  const auto asking = ask_tls(server.address(), "who?", "", {other, server.identity->pin()});
  ASSERT_TRUE(ends_with(server, asking));
  EXPECT_EQ(asking->reply->status, Status::ok) << asking->reply->why;
}

TEST_F(TlsUpstreamTest, AnotherKeyThanThePinnedIsNotTrusted) {
  TlsServer server(TestCertificate::self_signed());
  expect_distrust(server, "pinned", "", {identity_of(issued())->pin()});
}

TEST_F(TlsUpstreamTest, WhereBothAreGivenTheNameAloneIsNotEnough) {
  TlsServer server(issued());
  expect_distrust(server, "pinned", "dns.example", {identity_of(issued())->pin()});
}

TEST_F(TlsUpstreamTest, WhereBothAreGivenThePinAloneIsNotEnough) {
  TlsServer server(issued("DNS:other.example"));
  expect_distrust(server, "name", "dns.example", {server.identity->pin()});
}

TEST_F(TlsUpstreamTest, WithoutAnythingToExpectNobodyIsAsked) {
  TlsServer server(issued());
  const auto asking = ask_tls(server.address(), "who?", "");
  ASSERT_TRUE(asking->reply);
  EXPECT_EQ(asking->reply->status, Status::untrusted);
  run_for(2ms);
  server.pump();
  EXPECT_THAT(server.connections, IsEmpty());
}

TEST_F(TlsUpstreamTest, WithoutAuthoritiesNobodyIsAsked) {
  TlsServer server(issued());
  std::filesystem::resize_file(authority_file, 0);
  connect({});
  const auto why = upstream->prepare_tls();
  ASSERT_TRUE(why);
  EXPECT_THAT(*why, HasSubstr(authority_file));
  const auto asking = ask_tls(server.address(), "who?");
  ASSERT_TRUE(asking->reply);
  EXPECT_EQ(asking->reply->status, Status::untrusted);
  run_for(2ms);
  server.pump();
  EXPECT_THAT(server.connections, IsEmpty());
}

// Whoever fails is not asked again at once: a handshake for each of a thousand questions would help nobody.
TEST_F(TlsUpstreamTest, DistrustIsRememberedForThisPeerAlone) {
  TlsServer server(issued("DNS:other.example"));
  expect_distrust(server, "name");
  const auto again = ask_tls(server.address(), "private?");
  ASSERT_TRUE(again->reply) << "without another handshake";
  EXPECT_EQ(again->reply->status, Status::untrusted);
  EXPECT_THAT(again->reply->why, HasSubstr("name"));
  const auto rightly = ask_tls(server.address(), "who?", "other.example");
  ASSERT_TRUE(ends_with(server, rightly));
  EXPECT_EQ(rightly->reply->status, Status::ok) << rightly->reply->why;
}

TEST_F(TlsUpstreamTest, AllWhoWaitOnOneHandshakeLearnThatItFailed) {
  TlsServer server(issued("DNS:other.example"));
  std::vector<std::unique_ptr<Asking>> askings;
  for (const char* packet : {"a", "b", "c"}) { askings.push_back(ask_tls(server.address(), packet)); }
  for (const auto& asking : askings) {
    ASSERT_TRUE(ends_with(server, asking));
    EXPECT_EQ(asking->reply->status, Status::untrusted);
  }
  EXPECT_EQ(server.connections.size(), 1U);
  EXPECT_EQ(server.messages_in_all(), 0U);
}

TEST_F(TlsUpstreamTest, QuestionsShareOneHandshakeAndConnection) {
  TlsServer server(issued());
  std::vector<std::unique_ptr<Asking>> askings;
  for (const char* packet : {"a", "b", "c"}) { askings.push_back(ask_tls(server.address(), packet)); }
  for (const auto& asking : askings) {
    ASSERT_TRUE(ends_with(server, asking));
    EXPECT_EQ(text(asking->reply->packet), asking->packet);
  }
  const auto later = ask_tls(server.address(), "d");
  ASSERT_TRUE(ends_with(server, later));
  EXPECT_EQ(later->reply->status, Status::ok);
  ASSERT_EQ(server.connections.size(), 1U);
  EXPECT_THAT(server.connections.front().messages, ElementsAre("a", "b", "c", "d"));
}

TEST_F(TlsUpstreamTest, WhatOneNameHasProvenIsNoProofOfAnother) {
  TlsServer server(issued("DNS:dns.example,DNS:other.example"));
  const auto first = ask_tls(server.address(), "first");
  ASSERT_TRUE(ends_with(server, first));
  const auto second = ask_tls(server.address(), "second", "other.example");
  ASSERT_TRUE(ends_with(server, second));
  EXPECT_EQ(second->reply->status, Status::ok);
  const auto third = ask_tls(server.address(), "third", "dns.example", {server.identity->pin()});
  ASSERT_TRUE(ends_with(server, third));
  EXPECT_EQ(third->reply->status, Status::ok) << third->reply->why;
  EXPECT_EQ(server.connections.size(), 3U);
}

TEST_F(TlsUpstreamTest, ClearTextAndTlsNeverShareAConnection) {
  TlsServer server(issued());
  const auto tls = ask_tls(server.address(), "private?");
  ASSERT_TRUE(ends_with(server, tls));
  const auto clear = ask_tcp(server.address(), "public?");
  ASSERT_TRUE(ends_with(server, clear));
  EXPECT_NE(clear->reply->status, Status::ok) << "this server speaks TLS alone";
  EXPECT_EQ(server.connections.size(), 2U);
  EXPECT_THAT(server.connections.front().messages, ElementsAre("private?"));
}

TEST_F(TlsUpstreamTest, TheNextConnectionResumes) {
  TlsServer server(issued());
  const auto first = ask_tls(server.address(), "first");
  ASSERT_TRUE(ends_with(server, first));
  EXPECT_FALSE(server.connections.front().stream->was_resumed());
  server.connections.front().stream->close();
  server.connections.front().is_over = true;
  ASSERT_TRUE(run_until([&] { return upstream->connections() == 0; }));
  const auto second = ask_tls(server.address(), "second");
  ASSERT_TRUE(ends_with(server, second));
  EXPECT_EQ(second->reply->status, Status::ok);
  EXPECT_TRUE(server.connections.back().stream->was_resumed());
}

TEST_F(TlsUpstreamTest, AServerThatClosesUnderAQuestionIsAskedOnceMoreAfresh) {
  TlsServer server(issued());
  const auto first = ask_tls(server.address(), "first");
  ASSERT_TRUE(ends_with(server, first));
  server.echoes = false;
  const auto again = ask_tls(server.address(), "again");
  ASSERT_TRUE(run_until([&] {
    server.pump();
    return server.connections.front().messages.size() == 2;
  }));
  server.connections.front().stream->say_goodbye();
  server.connections.front().is_over = true;
  server.echoes = true;
  ASSERT_TRUE(ends_with(server, again));
  EXPECT_EQ(again->reply->status, Status::ok);
  ASSERT_EQ(server.connections.size(), 2U);
  EXPECT_THAT(server.connections.back().messages, ElementsAre("again"));
}

TEST_F(TlsUpstreamTest, AReplyOfManyRecordsIsPutTogether) {
  TlsServer server(issued());
  server.echoes = false;
  const std::string large(65'000, 'r');
  const auto asking = ask(
      server.address(), "large?", 10s, [](Bytes) { return ReplyFit::accept; }, UpstreamProtocol::tls, "dns.example");
  ASSERT_TRUE(run_until([&] {
    server.pump();
    return server.messages_in_all() == 1;
  }));
  TlsServer::reply(server.connections.front(), large);
  ASSERT_TRUE(ends_with(server, asking));
  EXPECT_EQ(text(asking->reply->packet), large);
}

TEST_F(TlsUpstreamTest, ASlowQuestionDoesNotCostTheOthersTheirConnection) {
  TlsServer server(issued());
  server.echoes = false;
  const auto slow = ask_tls(server.address(), "dead zone?", "dns.example", {}, 400ms);
  const auto other = ask_tls(server.address(), "other");
  ASSERT_TRUE(run_until([&] {
    server.pump();
    return server.messages_in_all() == 2;
  }));
  TlsServer::reply(server.connections.front(), "other");
  ASSERT_TRUE(ends_with(server, other));
  ASSERT_TRUE(ends_with(server, slow));
  EXPECT_EQ(slow->reply->status, Status::timeout);
  EXPECT_EQ(upstream->connections(), 1U);
  TlsServer::reply(server.connections.front(), "dead zone?");  // late, and wanted by nobody
  server.echoes = true;
  const auto next = ask_tls(server.address(), "next");
  ASSERT_TRUE(ends_with(server, next));
  EXPECT_EQ(next->reply->status, Status::ok);
  EXPECT_EQ(server.connections.size(), 1U);
}

TEST_F(TlsUpstreamTest, AnIdleConnectionIsKeptForItsOwnTime) {
  connect({.connection_idle = 20ms, .tls_connection_idle = 3600s});
  TlsServer server(issued());
  Peer plain = Peer::listening();
  const auto over_tls = ask_tls(server.address(), "who?");
  ASSERT_TRUE(ends_with(server, over_tls));
  const auto over_tcp = ask_tcp(plain.address(), "who?");
  std::optional<Peer> connection;
  ASSERT_TRUE(run_until([&] { return (connection = plain.accept()).has_value(); }));
  connection->queue_message("who?");
  connection->pump_out();
  ASSERT_TRUE(ends(over_tcp));
  EXPECT_EQ(upstream->connections(), 2U);
  ASSERT_TRUE(run_until([&] { return upstream->connections() == 1; }));
  connect({.tls_connection_idle = 20ms});
  const auto another = ask_tls(server.address(), "who?");
  ASSERT_TRUE(ends_with(server, another));
  EXPECT_TRUE(run_until([&] { return upstream->connections() == 0; }));
}

// A server that is none of TLS: what it gets, and what it says, is up to the test.
class NoTlsServerTest : public TlsUpstreamTest {
 protected:
  Peer& accepted() {
    run_until([&] { return (connection = server.accept()).has_value(); });
    if (!connection) {
      ADD_FAILURE() << "nobody connected";
      connection.emplace(Socket());
    }
    return *connection;
  }
  // All octets that came before the connection ended.
  std::string heard() {
    std::string all;
    run_until([&] {
      char room[4096];
      const ssize_t got = ::recv(connection->socket().fd(), room, sizeof room, MSG_DONTWAIT);
      if (got > 0) { all.append(room, static_cast<std::size_t>(got)); }
      return got == 0 || (got < 0 && errno != EAGAIN);
    });
    return all;
  }
  void expect_handshake_alone(const std::string& octets) {
    ASSERT_FALSE(octets.empty());
    EXPECT_EQ(octets[0], 22) << "a record of the handshake (RFC 8446 section 5.1)";
    EXPECT_EQ(octets.find("private"), std::string::npos);
  }

  Peer server = Peer::listening();
  std::optional<Peer> connection;
};

TEST_F(NoTlsServerTest, GarbageIsNoProof) {
  const auto asking = ask_tls(server.address(), "private?");
  accepted().queue("HTTP/1.1 400 Bad Request\r\n\r\n");
  connection->pump_out();
  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::untrusted);
  EXPECT_FALSE(asking->reply->why.empty());
  expect_handshake_alone(heard());
}

TEST_F(NoTlsServerTest, SilenceEndsAtTheDeadline) {
  const Instant start = loop->now();
  const auto asking = ask_tls(server.address(), "private?", "dns.example", {}, 50ms);
  accepted();
  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::timeout);
  EXPECT_GE(loop->now() - start, 50ms);
  expect_handshake_alone(heard());
  EXPECT_EQ(upstream->connections(), 0U);
}

TEST_F(NoTlsServerTest, WhoClosesDuringTheHandshakeIsUnreachable) {
  const auto asking = ask_tls(server.address(), "private?");
  accepted().socket().close();
  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::unreachable);
  run_for(2ms);
  EXPECT_FALSE(server.accept()) << "and is not asked in another way";
}

TEST_F(NoTlsServerTest, WhoRefusesTheConnectionIsUnreachable) {
  const SocketAddress nobody = Peer::listening().address();
  const auto asking = ask_tls(nobody, "private?", "dns.example", {}, 3600s);
  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::unreachable);
  EXPECT_EQ(upstream->connections(), 0U);
}

TEST_F(NoTlsServerTest, GivingUpDuringTheHandshakeLeavesNothingBehind) {
  auto asking = ask_tls(server.address(), "private?");
  accepted();
  run_for(2ms);
  asking.reset();
  expect_handshake_alone(heard());
  EXPECT_EQ(upstream->connections(), 0U);
}

}  // namespace
}  // namespace vouch
