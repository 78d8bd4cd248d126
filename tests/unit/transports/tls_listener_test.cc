#include <gmock/gmock.h>

#include "tests/unit/transports/harness.h"
#include "tests/unit/transports/tls_harness.h"
#include "transports/stream_listener.h"
#include "transports/tls/tls_service.h"

namespace vouch {
namespace {

using ::testing::ElementsAre;

// A client of DNS over TLS whose octets the test may cut as it likes: OpenSSL works in memory, the socket is ours.
class TlsVisitor {
 public:
  explicit TlsVisitor(const SocketAddress& server)
      : peer_(Peer::connected_to(server)), context_(SSL_CTX_new(TLS_client_method())), ssl_(SSL_new(context_.get())) {
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
    SSL_do_handshake(ssl_.get());
    send_encrypted();
  }
  // What OpenSSL has to send, encrypted; the caller may send it in parts.
  std::string encrypted() {
    std::string octets(BIO_ctrl_pending(SSL_get_wbio(ssl_.get())), '\0');
    BIO_read(SSL_get_wbio(ssl_.get()), octets.data(), static_cast<int>(octets.size()));
    return octets;
  }
  void send_encrypted() { say(encrypted()); }
  void say(std::string_view octets) { unsent_ += octets; }
  std::string record_of(const std::string& message) {
    Octet length[2];
    store16(length, u16(message.size()));
    const std::string framed = std::string(text_of({length, 2})) + message;
    SSL_write(ssl_.get(), framed.data(), static_cast<int>(framed.size()));
    return encrypted();
  }
  void update_keys() {
    SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(ssl_.get());
    send_encrypted();
  }
  void pump() {
    const ssize_t sent = ::send(peer_.socket().fd(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) { unsent_.erase(0, static_cast<std::size_t>(sent)); }
    std::array<char, 65536> room;
    const ssize_t got = ::recv(peer_.socket().fd(), room.data(), room.size(), MSG_DONTWAIT);
    is_ended = is_ended || got == 0 || (got < 0 && errno != EAGAIN && errno != ENOTCONN && errno != EINTR);
    if (got <= 0) { return; }
    BIO_write(SSL_get_rbio(ssl_.get()), room.data(), static_cast<int>(got));
    if (!is_established()) {
      SSL_do_handshake(ssl_.get());
      send_encrypted();
    }
    for (int octets = 0; (octets = SSL_read(ssl_.get(), room.data(), static_cast<int>(room.size()))) > 0;) {
      framer_.add(bytes_of(std::string_view(room.data(), static_cast<std::size_t>(octets))));
      while (const auto message = framer_.next()) { messages.push_back(text(*message)); }
      framer_.settle();
    }
    ERR_clear_error();
  }
  bool is_established() const { return SSL_is_init_finished(ssl_.get()) == 1; }
  bool has_unsent() const { return !unsent_.empty(); }

  std::vector<std::string> messages;
  bool is_ended = false;

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  Peer peer_;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> ssl_;
  LengthFramer framer_;
  std::string unsent_;
};

class TlsListenerTest : public LoopTest {
 protected:
  TlsListenerTest() { identities.replace(identity_of(TestCertificate::self_signed())); }
  void listen(const SessionLimitOptions& limit_options = {}) {
    limits = std::make_unique<SessionLimits>(*loop, limit_options);
    auto tls = std::make_shared<TlsServer>(identities, ticket_keys(), TlsServerContext::Service::dot);
    auto opened = StreamListener::open(
        {.loop = *loop, .options = {}, .proxies = {}, .limits = *limits, .sink = sink, .counters = counters},
        at("127.0.0.1"), dns_over_tls(std::move(tls)));
    ASSERT_TRUE(opened) << opened.error();
    listener = std::move(*opened);
  }
  TlsVisitor visitor() { return TlsVisitor(listener->address()); }
  bool pump_until(TlsVisitor& client, const std::function<bool()>& happened) {
    return run_until([&] {
      client.pump();
      return happened();
    });
  }
  // Until the connection ends; `act` every 10 ms, so that no single wait is long.
  bool ends_although(TlsVisitor& client, const std::function<void()>& act) {
    Instant next = loop->now();
    return pump_until(client, [&] {
      if (loop->now() >= next && !client.has_unsent()) {
        act();
        next = loop->now() + 10ms;
      }
      return client.is_ended;
    });
  }

  IdentityHolder identities;
  ScriptedSink sink;
  SessionCounters counters;
  std::unique_ptr<SessionLimits> limits;
  std::unique_ptr<StreamListener> listener;
};

TEST_F(TlsListenerTest, AQueryIsAnswered) {
  listen();
  ClientQuery seen;
  sink.script = [&](const ClientQuery& query, ReplyRoom& room) {
    seen = query;
    return ScriptedSink::echo(query, room);
  };
  TlsVisitor client = visitor();
  ASSERT_TRUE(pump_until(client, [&] { return client.is_established(); }));
  client.say(client.record_of("in confidence"));
  ASSERT_TRUE(pump_until(client, [&] { return !client.messages.empty(); }));
  EXPECT_THAT(client.messages, ElementsAre("in confidence"));
  EXPECT_EQ(seen.protocol, ClientProtocol::tls);
  EXPECT_EQ(counters.handshakes.value(), 1U);
}

TEST_F(TlsListenerTest, AStrangerCostsNoHandshake) {
  listen();
  sink.stranger = ip("127.0.0.1");
  TlsVisitor client = visitor();
  ASSERT_TRUE(pump_until(client, [&] { return client.is_ended; }));
  EXPECT_FALSE(client.is_established());
  EXPECT_EQ(counters.refused.value(), 1U);
  EXPECT_EQ(counters.accepted.value(), 0U);
}

TEST_F(TlsListenerTest, ARecordThatIsDribbledIsNotWaitedFor) {
  listen({.idle = 60'000ms, .message = 60ms});
  TlsVisitor client = visitor();
  ASSERT_TRUE(pump_until(client, [&] { return client.is_established(); }));
  const std::string record = client.record_of(std::string(10'000, '.'));
  std::size_t sent = 0;
  ASSERT_TRUE(ends_although(client, [&] { client.say(record.substr(sent++, 1)); }));
  EXPECT_EQ(counters.closed_abuse.value(), 1U);
  EXPECT_EQ(sink.queries, 0U);
}

TEST_F(TlsListenerTest, ARecordInPartsIsAsGood) {
  listen();
  TlsVisitor client = visitor();
  ASSERT_TRUE(pump_until(client, [&] { return client.is_established(); }));
  const std::string record = client.record_of("a piece at a time");
  std::size_t sent = 0;
  ASSERT_TRUE(pump_until(client, [&] {
    if (sent < record.size() && !client.has_unsent()) { client.say(record.substr(sent++, 1)); }
    return !client.messages.empty();
  }));
  EXPECT_THAT(client.messages, ElementsAre("a piece at a time"));
}

TEST_F(TlsListenerTest, OctetsThatMakeNoMessageBuyNoTime) {
  listen({.idle = 60ms});
  TlsVisitor client = visitor();
  ASSERT_TRUE(pump_until(client, [&] { return client.is_established(); }));
  ASSERT_TRUE(ends_although(client, [&] { client.update_keys(); }));
  EXPECT_EQ(counters.closed_idle.value(), 1U);
  EXPECT_EQ(counters.closed_abuse.value(), 0U);
}

TEST_F(TlsListenerTest, MessagesDoBuyTime) {
  listen({.idle = 400ms});
  TlsVisitor client = visitor();
  ASSERT_TRUE(pump_until(client, [&] { return client.is_established(); }));
  for (std::size_t turn = 1; turn <= 5; ++turn) {
    run_for(150ms);
    client.say(client.record_of("still here"));
    ASSERT_TRUE(pump_until(client, [&] { return client.is_ended || client.messages.size() == turn; }));
    ASSERT_FALSE(client.is_ended) << turn;
  }
}

TEST_F(TlsListenerTest, ManyHandshakesAtOnceLeaveOthersTheirTurn) {
  listen({.total = 100, .per_source = 100});
  std::vector<std::unique_ptr<TlsVisitor>> visitors;
  for (int i = 0; i < 20; ++i) {
    visitors.push_back(std::make_unique<TlsVisitor>(listener->address()));
    visitors.back()->pump();
  }
  std::uint64_t begun_in_turn = 0;
  std::uint64_t most = 0;
  std::uint64_t turn = 0;
  ASSERT_TRUE(run_until([&] {
    const std::uint64_t begun = counters.handshakes.value() + counters.resumed.value();
    if (loop->turn() != turn) {
      most = std::max(most, begun - begun_in_turn);
      begun_in_turn = begun;
      turn = loop->turn();
    }
    for (const auto& visitor : visitors) { visitor->pump(); }
    return begun == 20;
  }));
  EXPECT_LE(most, 2 * SessionLimits::kHandshakesPerTurn) << "the loop is looked at every other turn";
}

}  // namespace
}  // namespace vouch
