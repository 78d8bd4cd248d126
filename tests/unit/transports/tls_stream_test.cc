#include "transports/tls/tls_stream.h"

#include <malloc.h>
#include <openssl/ssl.h>

#include <cstdio>

#include "tests/unit/transports/tls_harness.h"

namespace vouch {
namespace {

using Status = ByteStream::Status;
using Service = TlsServerContext::Service;

const SocketAddress kServer(IpAddress::parse("127.0.0.1").value(), 853);

// An authority that the client trusts, and a server with a certificate of its.
class TlsStreams : public ::testing::Test {
 protected:
  TestCertificate authority = TestCertificate::authority();
  TestCertificate certificate = authority.issue();
  TempFolder folder;
  std::unique_ptr<TlsServerContext> server = server_context(certificate);
  std::unique_ptr<TlsClientContext> client = client_context(folder.write("authority.pem", authority.pem()));
  const TlsPeer localhost{.address = kServer, .name = "localhost", .pins = {}};

  TlsEnds connected() {
    TlsEnds ends(*client, localhost, *server);
    EXPECT_TRUE(ends.shake_hands()) << ends.client->failure_text() << "; " << ends.server->failure_text();
    return ends;
  }
};

std::string numbered(std::size_t octets) {
  std::string text;
  while (text.size() < octets) { text += std::to_string(text.size()) + ' '; }
  return text.substr(0, octets);
}

TEST_F(TlsStreams, CarryOctetsBothWaysAfterAHandshake) {
  TlsEnds ends(*client, localhost, *server);
  EXPECT_FALSE(ends.client->is_established());
  EXPECT_FALSE(ends.client->put(bytes_of("too early")));

  ASSERT_TRUE(ends.shake_hands());

  EXPECT_TRUE(ends.server->is_tls13());
  EXPECT_EQ(ends.server->protocol(), "dot");
  EXPECT_EQ(ends.client->protocol(), "dot");
  EXPECT_FALSE(ends.server->was_resumed());
  std::string heard;
  EXPECT_TRUE(ends.client->send(bytes_of("a query")));
  EXPECT_EQ(read_all(*ends.server, heard), Status::open);
  EXPECT_EQ(heard, "a query");
  heard.clear();
  EXPECT_TRUE(ends.server->put(bytes_of("an answer, ")));
  EXPECT_TRUE(ends.server->put(bytes_of("another")));
  EXPECT_GT(ends.server->unsent(), 0U);
  EXPECT_TRUE(ends.server->flush());
  EXPECT_EQ(ends.server->unsent(), 0U);
  EXPECT_EQ(read_all(*ends.client, heard), Status::open);
  EXPECT_EQ(heard, "an answer, another");
}

TEST_F(TlsStreams, SpeakEveryKindOfKeyAndTls12) {
  for (const auto kind : {KeyPem::Kind::p256, KeyPem::Kind::p384, KeyPem::Kind::rsa2048, KeyPem::Kind::ed25519}) {
    const auto other = server_context(authority.issue({.kind = kind}));
    EXPECT_TRUE(TlsEnds(*client, localhost, *other).shake_hands());

    RawTlsClient old([](SSL* ssl) { SSL_set_max_proto_version(ssl, TLS1_2_VERSION); });
    const auto stream = other->accept(old.other_end());
    EXPECT_TRUE(old.shake_hands(*stream)) << stream->failure_text();
    EXPECT_FALSE(stream->is_tls13());
  }
}

TEST_F(TlsStreams, RefuseWhatIsOutOfDate) {
  RawTlsClient tls11([](SSL* ssl) {
    SSL_set_min_proto_version(ssl, TLS1_VERSION);
    SSL_set_max_proto_version(ssl, TLS1_1_VERSION);
  });
  RawTlsClient no_forward_secrecy([](SSL* ssl) {
    SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
    SSL_set_cipher_list(ssl, "AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA");
  });
  for (RawTlsClient* const old : {&tls11, &no_forward_secrecy}) {
    const auto stream = server->accept(old->other_end());
    EXPECT_FALSE(old->shake_hands(*stream));
    EXPECT_EQ(stream->failure(), TlsFailure::no_common_ground) << stream->failure_text();
  }
}

TEST_F(TlsStreams, ChooseTheProtocolByService) {
  const auto agreed = [](const TlsServerContext& context, std::string_view offer) {
    RawTlsClient browser(
        [&](SSL* ssl) { SSL_set_alpn_protos(ssl, bytes_of(offer).data(), static_cast<unsigned int>(offer.size())); });
    const auto stream = context.accept(browser.other_end());
    EXPECT_TRUE(browser.shake_hands(*stream)) << stream->failure_text();
    return std::string(stream->protocol());
  };
  const auto https = server_context(certificate, ticket_keys(), Service::https);
  EXPECT_EQ(agreed(*https, "\x08http/1.1\x02h2"), "h2");
  EXPECT_EQ(agreed(*https, "\x08http/1.1"), "http/1.1");
  EXPECT_EQ(agreed(*https,
                   "\x03"
                   "dot"),
            "");
  EXPECT_EQ(agreed(*https, ""), "");
  EXPECT_EQ(agreed(*server,
                   "\x02h2\x03"
                   "dot"),
            "dot");
  EXPECT_EQ(agreed(*server, "\x02h2"), "");
}

// Resumption.

TEST_F(TlsStreams, ResumeAtAnotherServerThatSharesTheSecret) {
  const auto sibling = server_context(certificate, ticket_keys());
  EXPECT_FALSE(connected().client->was_resumed());
  for (int i = 0; i < 4; ++i) {  // each resumption brings the ticket for the next
    TlsEnds ends(*client, localhost, i % 2 == 0 ? *sibling : *server);
    ASSERT_TRUE(ends.shake_hands());
    EXPECT_TRUE(ends.client->was_resumed());
    EXPECT_TRUE(ends.server->was_resumed());
    EXPECT_EQ(ends.server->protocol(), "dot");
  }
}

TEST_F(TlsStreams, DoNotResumeUnderAnotherSecretNorForAnotherServiceNorWithoutKeys) {
  for (const auto& stranger :
       {server_context(certificate, ticket_keys(2)), server_context(certificate, ticket_keys(), Service::https),
        server_context(certificate, nullptr)}) {
    connected();  // there is a ticket now
    TlsEnds ends(*client, localhost, *stranger);
    ASSERT_TRUE(ends.shake_hands());
    EXPECT_FALSE(ends.server->was_resumed());
  }
}

TEST_F(TlsStreams, GiveATicketOnlyToWhomItCameFrom) {
  connected();
  const TlsPeer elsewhere{.address = SocketAddress(kServer.ip(), 8853), .name = "localhost", .pins = {}};
  TlsEnds ends(*client, elsewhere, *server);
  ASSERT_TRUE(ends.shake_hands());
  EXPECT_FALSE(ends.server->was_resumed());
}

TEST_F(TlsStreams, UseATicketOnce) {
  connected();
  TlsEnds first(*client, localhost, *server), second(*client, localhost, *server);
  ASSERT_TRUE(first.shake_hands() && second.shake_hands());
  EXPECT_TRUE(first.server->was_resumed());
  EXPECT_FALSE(second.server->was_resumed());
}

TEST_F(TlsStreams, ResumeTls12) {
  std::shared_ptr<SSL_SESSION> ticket;
  for (const bool is_second : {false, true}) {
    RawTlsClient old([&](SSL* ssl) {
      SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
      if (is_second) { SSL_set_session(ssl, ticket.get()); }
    });
    const auto stream = server->accept(old.other_end());
    ASSERT_TRUE(old.shake_hands(*stream));
    EXPECT_EQ(stream->was_resumed(), is_second);
    ticket.reset(SSL_get1_session(old.ssl()), &SSL_SESSION_free);
    SSL_shutdown(old.ssl());
  }
}

// Whom a client believes.

struct Refusal {
  const char* what;
  TestCertificate::Shape shape;
  TlsPeer peer;
  const char* reason;
};

TEST_F(TlsStreams, RefuseAServerThatDoesNotProveWhoItIs) {
  const std::string pin(43, 'A');
  const Refusal refusals[] = {
      {"another name",
       {},
       {.address = kServer, .name = "dns.example", .pins = {}},
       "its certificate is for another name"},
      {"a name below",
       {.subject_alt_name = "DNS:example"},
       {.address = kServer, .name = "dns.example", .pins = {}},
       "its certificate is for another name"},
      {"the common name alone",
       {.subject_alt_name = "", .common_name = "localhost"},
       localhost,
       "its certificate is for another name"},
      {"another address",
       {},
       {.address = SocketAddress(IpAddress::parse("127.0.0.2").value(), 853), .name = "", .pins = {}},
       "its certificate is not for this address"},
      {"an address for a name",
       {.subject_alt_name = "DNS:127.0.0.1"},
       {.address = kServer, .name = "127.0.0.1", .pins = {}},
       "its certificate is not for this address"},
      {"expired", {.from = -7200, .until = -3600}, localhost, "its certificate has expired"},
      {"not yet valid", {.from = 3600}, localhost, "its certificate is not valid yet"},
      {"another pin",
       {},
       {.address = kServer, .name = "", .pins = {pin + '='}},
       "its key is none of those that are pinned"},
      {"the name and another pin",
       {},
       {.address = kServer, .name = "localhost", .pins = {pin + '='}},
       "its key is none of those that are pinned"},
  };
  for (const Refusal& refusal : refusals) {
    SCOPED_TRACE(refusal.what);
    const auto context = server_context(authority.issue(refusal.shape));
    TlsEnds ends(*client, refusal.peer, *context);
    EXPECT_FALSE(ends.shake_hands());
    EXPECT_EQ(ends.client->failure(), TlsFailure::not_trusted);
    EXPECT_EQ(ends.client->failure_text(), refusal.reason);
    EXPECT_FALSE(ends.client->is_established());
    EXPECT_FALSE(ends.client->put(bytes_of("a query")));
    EXPECT_EQ(ends.server->failure(), TlsFailure::refused_by_peer) << ends.server->failure_text();
  }
}

TEST_F(TlsStreams, RefuseStrangersAndTheSelfSigned) {
  const auto strange = server_context(TestCertificate::authority("somebody").issue());
  TlsEnds one(*client, localhost, *strange);
  EXPECT_FALSE(one.shake_hands());
  EXPECT_EQ(one.client->failure_text(), "its certificate is from an authority that is not trusted here");

  const auto alone = server_context(TestCertificate::self_signed());
  TlsEnds other(*client, localhost, *alone);
  EXPECT_FALSE(other.shake_hands());
  EXPECT_EQ(other.client->failure_text(), "its certificate is signed by itself and not known here");
}

TEST_F(TlsStreams, RefuseARefusedServerAgainThoughItGaveATicket) {
  const auto strange = server_context(TestCertificate::authority("somebody").issue());
  for (int i = 0; i < 3; ++i) {
    TlsEnds ends(*client, localhost, *strange);
    EXPECT_FALSE(ends.shake_hands());
    EXPECT_EQ(ends.client->failure(), TlsFailure::not_trusted);
  }
}

TEST_F(TlsStreams, BelieveByNameAddressAndPin) {
  const std::string pin = identity_of(certificate)->pin();
  const TlsPeer peers[] = {
      {.address = kServer, .name = "localhost.", .pins = {}},
      {.address = kServer, .name = "LocalHost", .pins = {}},
      {.address = kServer, .name = "127.0.0.1", .pins = {}},
      {.address = kServer, .name = "", .pins = {}},
      {.address = kServer, .name = "localhost", .pins = {std::string(43, 'A') + '=', pin}},
  };
  for (const TlsPeer& peer : peers) {
    TlsEnds ends(*client, peer, *server);
    EXPECT_TRUE(ends.shake_hands()) << peer.name << ": " << ends.client->failure_text();
  }
}

TEST_F(TlsStreams, BelieveAPinnedKeyWhoeverSignedForIt) {
  const auto alone = TestCertificate::self_signed({.subject_alt_name = "", .from = -7200, .until = -3600});
  const auto context = server_context(alone);
  const TlsPeer pinned{.address = kServer, .name = "", .pins = {identity_of(alone)->pin()}};
  EXPECT_TRUE(TlsEnds(*client, pinned, *context).shake_hands());
}

TEST_F(TlsStreams, BelieveWhatTheAuthorityFileHolds) {
  const auto middle = authority.issue({.subject_alt_name = "", .is_authority = true, .common_name = "middle"});
  const auto leaf = middle.issue({.subject_alt_name = "DNS:*.dns.example"});
  const auto alone = TestCertificate::self_signed();
  const TlsPeer dns{.address = kServer, .name = "a.dns.example", .pins = {}};

  const auto whole = server_context(leaf, ticket_keys(), Service::dot, middle.pem());
  EXPECT_TRUE(TlsEnds(*client, dns, *whole).shake_hands());
  const auto lacking = server_context(leaf, ticket_keys(2));
  EXPECT_FALSE(TlsEnds(*client, dns, *lacking).shake_hands());
  const auto trusts_middle = client_context(folder.write("middle.pem", middle.pem()));
  EXPECT_TRUE(TlsEnds(*trusts_middle, dns, *lacking).shake_hands());
  const auto trusts_server = client_context(folder.write("alone.pem", alone.pem()));
  EXPECT_TRUE(TlsEnds(*trusts_server, localhost, *server_context(alone)).shake_hands());
}

TEST_F(TlsStreams, TellWhatIsWrongWithAnAuthorityFile) {
  for (const auto& file : {folder.path("absent.pem"), folder.write("empty.pem", ""), folder.write("text", "no PEM")}) {
    const auto context = TlsClientContext::make(file);
    ASSERT_FALSE(context);
    EXPECT_NE(context.error().find(file), std::string::npos) << context.error();
  }
  EXPECT_TRUE(TlsClientContext::make(""));  // the system's
}

TEST_F(TlsStreams, DoNotConnectToANameThatIsNone) {
  for (const std::string& name : {std::string("."), std::string("a\0b", 3)}) {
    auto [near, far] = socket_pair();
    EXPECT_EQ(client->connect(std::move(near), {.address = kServer, .name = name, .pins = {}}), nullptr);
  }
}

TEST(Pins, AreBase64OfASha256) {
  const auto certificate = TestCertificate::self_signed();
  EXPECT_TRUE(is_pin(identity_of(certificate)->pin()));
  EXPECT_FALSE(is_pin(""));
  EXPECT_FALSE(is_pin(std::string(44, 'A')));         // 33 octets
  EXPECT_FALSE(is_pin(std::string(42, 'A') + "=="));  // 31
  EXPECT_FALSE(is_pin(std::string(42, 'A') + "!="));
}

// Ends, good and bad.

TEST_F(TlsStreams, TellTheEndAfterTheLastOctets) {
  TlsEnds ends = connected();
  ASSERT_TRUE(ends.client->put(bytes_of("last words")));
  ends.client->say_goodbye();
  ends.client->flush();
  EXPECT_FALSE(ends.client->put(bytes_of("one more")));

  std::string heard;
  EXPECT_EQ(read_all(*ends.server, heard), Status::ended);
  EXPECT_EQ(heard, "last words");
  EXPECT_TRUE(ends.server->send(bytes_of("an answer all the same")));  // the other half stays open
  heard.clear();
  EXPECT_EQ(read_all(*ends.client, heard), Status::open);
  EXPECT_EQ(heard, "an answer all the same");
}

TEST_F(TlsStreams, TakeAConnectionClosedWithoutGoodbyeForAnEnd) {
  TlsEnds ends = connected();
  ASSERT_TRUE(ends.client->send(bytes_of("a query")));
  ends.client.reset();
  std::string heard;
  EXPECT_EQ(read_all(*ends.server, heard), Status::ended);
  EXPECT_EQ(heard, "a query");
  EXPECT_EQ(ends.server->failure(), TlsFailure::none);
}

TEST_F(TlsStreams, FailWhenTheClientLeavesDuringTheHandshake) {
  TlsEnds ends(*client, localhost, *server);
  std::string nothing;
  read_all(*ends.client, nothing);
  ends.client->flush();
  EXPECT_EQ(read_all(*ends.server, nothing), Status::open);
  ends.client.reset();
  ends.server->flush();
  EXPECT_EQ(read_all(*ends.server, nothing), Status::gone);
  EXPECT_EQ(ends.server->failure(), TlsFailure::gone);
}

TEST_F(TlsStreams, ShakeHandsOctetByOctet) {
  RawTlsClient slow;
  auto [near, far] = socket_pair();
  const auto stream = server->accept(std::move(far));
  std::array<Octet, 4096> room;
  for (int round = 0; round < 4 && !stream->is_established(); ++round) {
    SSL_do_handshake(slow.ssl());
    Octet one;
    while (::recv(slow.other_fd(), &one, 1, 0) == 1) {
      ASSERT_EQ(::send(near.fd(), &one, 1, 0), 1);
      ASSERT_NE(stream->read(room).status, Status::failed) << stream->failure_text();
    }
    stream->flush();
    const ssize_t got = ::recv(near.fd(), room.data(), room.size(), 0);
    if (got > 0) { ASSERT_EQ(::send(slow.other_fd(), room.data(), static_cast<std::size_t>(got), 0), got); }
  }
  EXPECT_TRUE(stream->is_established());
}

TEST_F(TlsStreams, KnowWhatIsNotTls) {
  const std::string hello_of_100_kib("\x16\x03\x01\x01\x00\x01\x01\x90\x00", 9);
  const std::string header_in_pieces("\x16\x03\x01\x00\x01\x01", 6);
  const std::string alert_first("\x15\x03\x01\x00\x02\x02\x28\x00\x00", 9);
  const std::string finished_first("\x16\x03\x01\x00\x24\x14\x00\x00\x20", 9);
  const std::string strangers[] = {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
                                   std::string("\x00\x1d\x12\x34\x01\x00\x00\x01", 8),  // DNS over TCP
                                   std::string("\x80\x2e\x01\x03\x01", 5),              // SSL 2's greeting
                                   hello_of_100_kib,
                                   header_in_pieces,
                                   alert_first,
                                   finished_first,
                                   std::string(20'000, '\xff')};
  for (const std::string& stranger : strangers) {
    SCOPED_TRACE(stranger.substr(0, 20));
    auto [near, far] = socket_pair();
    const auto stream = server->accept(std::move(far));
    ASSERT_EQ(::send(near.fd(), stranger.data(), stranger.size(), 0), static_cast<ssize_t>(stranger.size()));
    std::string heard;
    EXPECT_EQ(read_all(*stream, heard), Status::failed);
    EXPECT_EQ(stream->failure(), TlsFailure::not_tls);
    EXPECT_EQ(stream->failure_text(), "the peer does not speak TLS");
    EXPECT_EQ(read_all(*stream, heard), Status::failed);  // and stays so
    EXPECT_EQ(heard, "");
  }
}

// Whatever is changed on the way: both sides sign for all that was said.
TEST_F(TlsStreams, NeverAgreeOnADamagedGreeting) {
  std::size_t length = 6;
  for (std::size_t at = 5; at < length; at += 3) {  // the record's own header is in nobody's signature
    RawTlsClient peer;
    SSL_do_handshake(peer.ssl());
    std::array<Octet, 4096> greeting;
    const ssize_t got = ::recv(peer.other_fd(), greeting.data(), greeting.size(), 0);
    ASSERT_GT(got, 100);
    length = static_cast<std::size_t>(got);
    greeting[at] = u8(greeting[at] ^ (1U << (at % 8)));
    auto [near, far] = socket_pair();
    const auto stream = server->accept(std::move(far));
    ASSERT_EQ(::send(near.fd(), greeting.data(), length, 0), got);
    std::array<Octet, 16 * 1024> room;
    for (int i = 0; i < 5; ++i) {
      stream->read(room);
      stream->flush();
      const ssize_t back = ::recv(near.fd(), room.data(), room.size(), 0);
      if (back > 0) { ::send(peer.other_fd(), room.data(), static_cast<std::size_t>(back), MSG_NOSIGNAL); }
      SSL_do_handshake(peer.ssl());
      const ssize_t forth = ::recv(peer.other_fd(), room.data(), room.size(), 0);
      if (forth > 0) { ::send(near.fd(), room.data(), static_cast<std::size_t>(forth), MSG_NOSIGNAL); }
    }
    ERR_clear_error();
    EXPECT_FALSE(stream->is_established()) << "octet " << at;
  }
  EXPECT_GT(length, 100U);
}

TEST_F(TlsStreams, GiveUpAHandshakeThatGoesOnAndOn) {
  auto [near, far] = socket_pair();
  const auto stream = server->accept(std::move(far));
  // A greeting of the greatest size that is heard, in records of one octet each: 6 octets for one.
  std::string greeting("\x16\x03\x01\x00\x04\x01\x00\x40\x00", 9);
  std::string heard;
  std::size_t sent = 0;
  Status status = Status::open;
  while (status == Status::open && sent < 200'000) {
    ASSERT_EQ(::send(near.fd(), greeting.data(), greeting.size(), 0), static_cast<ssize_t>(greeting.size()));
    sent += greeting.size();
    status = read_all(*stream, heard);
    greeting.clear();
    for (int i = 0; i < 100; ++i) { greeting += std::string("\x16\x03\x01\x00\x01\x00", 6); }
  }
  EXPECT_EQ(status, Status::failed);
  EXPECT_LE(sent, TlsStream::kMaxClientHandshake + 1000);
}

TEST_F(TlsStreams, FailOnADamagedRecordAndSaySo) {
  TlsEnds ends = connected();
  const std::string damaged = std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x');
  ASSERT_EQ(::send(ends.client->fd(), damaged.data(), damaged.size(), 0), static_cast<ssize_t>(damaged.size()));
  std::string heard;
  EXPECT_EQ(read_all(*ends.server, heard), Status::failed);
  EXPECT_EQ(ends.server->failure(), TlsFailure::against_rules);
  EXPECT_NE(ends.server->failure_text(), "");
  EXPECT_GT(ends.server->unsent(), 0U);  // the alert
  EXPECT_FALSE(ends.server->put(bytes_of("an answer")));
  EXPECT_TRUE(ends.server->flush());
  EXPECT_EQ(read_all(*ends.client, heard), Status::failed);
  EXPECT_EQ(ends.client->failure(), TlsFailure::refused_by_peer);
  EXPECT_EQ(heard, "");
}

TEST_F(TlsStreams, AreBrokenWhenThePeerResets) {
  TlsEnds ends = connected();
  ends.client.reset();
  EXPECT_TRUE(ends.server->put(bytes_of("an answer")));
  EXPECT_FALSE(ends.server->flush());
  std::string heard;
  EXPECT_EQ(read_all(*ends.server, heard), Status::gone);
  EXPECT_EQ(ends.server->failure(), TlsFailure::gone);
}

TEST_F(TlsStreams, SufferAFewKeyUpdatesAndNoFlood) {
  RawTlsClient peer;
  const auto stream = server->accept(peer.other_end());
  ASSERT_TRUE(peer.shake_hands(*stream));
  std::string heard;
  for (int i = 0; i < 10; ++i) {
    SSL_key_update(peer.ssl(), SSL_KEY_UPDATE_REQUESTED);
    peer.send("x");
    EXPECT_EQ(read_all(*stream, heard), Status::open);
    stream->flush();
    EXPECT_EQ(peer.receive(), "");
  }
  EXPECT_EQ(heard, "xxxxxxxxxx");
  Status status = Status::open;
  for (std::uint32_t i = 0; i < TlsStream::kMaxLateMessages && status == Status::open; ++i) {
    SSL_key_update(peer.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(peer.ssl());
    status = read_all(*stream, heard);
  }
  EXPECT_EQ(status, Status::failed);
  EXPECT_EQ(stream->failure(), TlsFailure::against_rules);
}

TEST_F(TlsStreams, DoNotRenegotiate) {
  RawTlsClient old([](SSL* ssl) { SSL_set_max_proto_version(ssl, TLS1_2_VERSION); });
  const auto stream = server->accept(old.other_end());
  ASSERT_TRUE(old.shake_hands(*stream));
  ASSERT_EQ(SSL_renegotiate(old.ssl()), 1);
  SSL_do_handshake(old.ssl());
  std::string heard;
  read_all(*stream, heard);
  stream->flush();
  EXPECT_NE(SSL_do_handshake(old.ssl()), 1);
  EXPECT_EQ(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_NO_RENEGOTIATION);
  ERR_clear_error();
}

// Much at once.

TEST_F(TlsStreams, KeepWhatASlowPeerDoesNotTake) {
  TlsEnds ends = connected();
  const int smallest = 1;
  ::setsockopt(ends.server->fd(), SOL_SOCKET, SO_SNDBUF, &smallest, sizeof smallest);
  const std::string much = numbered(200'000);
  ASSERT_TRUE(ends.server->send(bytes_of(much)));
  const std::size_t waiting = ends.server->unsent();
  EXPECT_GT(waiting, 100'000U);
  EXPECT_EQ(ends.server->flush(), 0U);  // nothing is taken, and nothing is wrong

  std::string heard;
  for (int i = 0; i < 10'000 && heard.size() < much.size() + 5; ++i) {
    EXPECT_EQ(read_all(*ends.client, heard), Status::open);
    if (i == 3) { ASSERT_TRUE(ends.server->put(bytes_of("(end)"))); }
    ASSERT_TRUE(ends.server->flush());
  }
  EXPECT_EQ(ends.server->unsent(), 0U);
  EXPECT_TRUE(heard == much + "(end)");
}

TEST_F(TlsStreams, TellOfOctetsThatTheDescriptorDoesNotTellOf) {
  TlsEnds ends = connected();
  std::string all;
  for (int i = 0; i < 300; ++i) {
    const std::string one = numbered(static_cast<std::size_t>(20 + i));
    all += one;
    ASSERT_TRUE(ends.client->put(bytes_of(one)));
  }
  while (ends.client->unsent() > 0) { ASSERT_TRUE(ends.client->flush()); }

  std::string heard;
  std::array<Octet, 1000> room;
  int silent = 0;
  while (heard.size() < all.size() && silent < 2) {
    const ByteStream::Read got = ends.server->read(room);
    ASSERT_EQ(got.status, Status::open);
    heard.append(text_of(Bytes(room).first(got.octets)));
    Octet ignored;
    const bool is_readable = ::recv(ends.server->fd(), &ignored, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
    silent = got.may_have_more || is_readable ? 0 : silent + 1;
  }
  EXPECT_TRUE(heard == all);
}

TEST_F(TlsStreams, LeaveOthersTheirTurn) {
  TlsEnds ends = connected();
  for (int i = 0; i < 1000; ++i) { ASSERT_TRUE(ends.client->put(bytes_of("x"))); }
  while (ends.client->unsent() > 0) { ASSERT_TRUE(ends.client->flush()); }
  std::array<Octet, 4096> room;
  const ByteStream::Read got = ends.server->read(room);
  EXPECT_LE(got.octets, static_cast<std::size_t>(TlsStream::kRecordsPerRead));
  EXPECT_TRUE(got.may_have_more);
}

// Renewal, and what it all takes.

TEST_F(TlsStreams, OutliveTheContextThatMadeThem) {
  TlsEnds ends = connected();
  const auto renewed = authority.issue({.kind = KeyPem::Kind::p384});
  IdentityHolder holder;
  EXPECT_EQ(holder.current(), nullptr);
  holder.replace(server->identity());
  EXPECT_EQ(holder.current(), server->identity());
  holder.replace(identity_of(renewed));
  EXPECT_NE(holder.current(), server->identity());
  auto next = TlsServerContext::make(holder.current(), ticket_keys(), Service::dot);
  ASSERT_TRUE(next);
  server = std::move(*next);

  TlsEnds fresh(*client, {.address = kServer, .name = "", .pins = {holder.current()->pin()}}, *server);
  EXPECT_TRUE(fresh.shake_hands());
  client.reset();
  std::string heard;
  EXPECT_TRUE(ends.client->send(bytes_of("still here")));
  EXPECT_EQ(read_all(*ends.server, heard), Status::open);
  EXPECT_EQ(heard, "still here");
}

TEST_F(TlsStreams, TakeLittleMemoryWhileIdle) {
  constexpr std::size_t kStreams = 1000;
  std::vector<std::unique_ptr<TlsStream>> idle;
  idle.reserve(kStreams);
  connected();
  const std::size_t before = mallinfo2().uordblks;
  for (std::size_t i = 0; i < kStreams; ++i) {
    TlsEnds ends(*client, {.address = SocketAddress(kServer.ip(), u16(i)), .name = "localhost", .pins = {}}, *server);
    ASSERT_TRUE(ends.shake_hands());
    std::string heard;
    ASSERT_TRUE(ends.client->send(bytes_of("a query")));
    ASSERT_EQ(read_all(*ends.server, heard), Status::open);
    ASSERT_TRUE(ends.server->send(bytes_of("an answer")));
    idle.push_back(std::move(ends.server));
  }
  client.reset();  // with its tickets
  const std::size_t after = mallinfo2().uordblks;
  std::printf("idle TLS stream: %zu octets of heap (0 under sanitizers)\n", (after - before) / kStreams);
  RecordProperty("octets_per_idle_stream", static_cast<int>((after - before) / kStreams));
  EXPECT_EQ(idle.size(), kStreams);
}

}  // namespace
}  // namespace vouch
