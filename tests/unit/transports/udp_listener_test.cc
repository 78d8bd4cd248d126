#include "transports/udp_listener.h"

#include <set>

#include "tests/unit/transports/harness.h"
#include "tests/unit/transports/proxied.h"

namespace vouch {
namespace {

class UdpListenerTest : public LoopTest {
 protected:
  void listen(const char* address, UdpListenerOptions options = {}) {
    auto opened = UdpListener::open(*loop, at(address), options, sink, counters, proxies);
    ASSERT_TRUE(opened) << opened.error();
    listener = std::move(*opened);
    server = SocketAddress(ip(address), listener->address().port());
  }
  std::optional<Peer::Received> reply_to(Peer& client) {
    std::optional<Peer::Received> reply;
    run_until([&] { return (reply = client.receive()).has_value(); });
    return reply;
  }

  ScriptedSink sink;
  TransportCounters counters;
  std::vector<Prefix> proxies;
  std::unique_ptr<UdpListener> listener;
  SocketAddress server;
};

TEST_F(UdpListenerTest, AQueryIsAnsweredAtOnce) {
  listen("127.0.0.1");
  ClientQuery seen;
  sink.script = [&](const ClientQuery& query, ReplyRoom& room) {
    seen = query;
    EXPECT_GE(room.buffer().size(), 4096U);
    return ScriptedSink::write("answer to " + text(query.packet), room);
  };
  Peer client = Peer::udp();
  client.send_to(server, "question");

  const auto reply = reply_to(client);

  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->content, "answer to question");
  EXPECT_EQ(reply->from, server);
  EXPECT_EQ(seen.client, client.address());
  EXPECT_EQ(seen.local, server);
  EXPECT_EQ(seen.protocol, ClientProtocol::udp);
}

TEST_F(UdpListenerTest, OverIpv6Too) {
  listen("::1");
  Peer client = Peer::udp("::1");
  client.send_to(server, "six");
  const auto reply = reply_to(client);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->content, "six");
  EXPECT_EQ(reply->from, server);
}

TEST_F(UdpListenerTest, AFloodOfSeveralBatchesIsAnsweredInOrderAndToTheRightClients) {
  listen("127.0.0.1");
  constexpr int kEach = 150;  // three clients: seven batches
  std::vector<Peer> clients;
  for (int i = 0; i < 3; ++i) { clients.push_back(Peer::udp()); }
  for (int i = 0; i < kEach; ++i) {
    for (Peer& client : clients) {
      client.send_to(server, std::to_string(client.address().port()) + " " + std::to_string(i));
    }
  }
  for (Peer& client : clients) {
    for (int i = 0; i < kEach; ++i) {
      const auto reply = reply_to(client);
      ASSERT_TRUE(reply);
      EXPECT_EQ(reply->content, std::to_string(client.address().port()) + " " + std::to_string(i));
    }
  }
  EXPECT_EQ(counters.udp_received.value(), 3U * kEach);
  EXPECT_EQ(counters.udp_sent.value(), 3U * kEach);
}

TEST_F(UdpListenerTest, LargeAnswersShareABatchWithoutTouchingEachOther) {
  listen("127.0.0.1");
  sink.script = [](const ClientQuery& query, ReplyRoom& room) {
    return ScriptedSink::write(std::string(4096, text(query.packet)[0]), room);
  };
  std::vector<Peer> clients;  // several, as one client's socket holds few answers of this size
  for (int i = 0; i < 6; ++i) { clients.push_back(Peer::udp()); }
  const auto letter = [](int client, int query) { return static_cast<char>('A' + (client * 15 + query) % 26); };
  for (int query = 0; query < 15; ++query) {
    for (int i = 0; i < 6; ++i) {
      clients[static_cast<std::size_t>(i)].send_to(server, std::string(1, letter(i, query)));
    }
  }
  for (int i = 0; i < 6; ++i) {
    for (int query = 0; query < 15; ++query) {
      const auto reply = reply_to(clients[static_cast<std::size_t>(i)]);
      ASSERT_TRUE(reply);
      EXPECT_EQ(reply->content, std::string(4096, letter(i, query)));
    }
  }
}

TEST_F(UdpListenerTest, AWildcardListenerAnswersFromTheAddressThatWasAsked) {
  listen("0.0.0.0");
  SocketAddress local;
  sink.script = [&](const ClientQuery& query, ReplyRoom& room) {
    local = query.local;
    return ScriptedSink::echo(query, room);
  };
  for (const char* asked : {"127.0.0.2", "127.8.8.8", "127.0.0.1"}) {
    Peer client = Peer::udp();
    client.send_to(at(asked, server.port()), "which of you?");
    const auto reply = reply_to(client);
    ASSERT_TRUE(reply) << asked;
    EXPECT_EQ(reply->from, at(asked, server.port()));
    EXPECT_EQ(local, at(asked, server.port()));
  }
}

TEST_F(UdpListenerTest, ALateAnswerFromAWildcardListenerTooComesFromTheAddressThatWasAsked) {
  listen("0.0.0.0");
  std::unique_ptr<ReplyHandle> kept;
  sink.script = [&](const ClientQuery&, ReplyRoom& room) {
    kept = room.keep();
    return std::size_t{0};
  };
  Peer client = Peer::udp();
  client.send_to(at("127.0.0.2", server.port()), "later");
  ASSERT_TRUE(run_until([&] { return kept != nullptr; }));
  kept->send(bytes_of("now"));
  const auto reply = reply_to(client);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->content, "now");
  EXPECT_EQ(reply->from, at("127.0.0.2", server.port()));
}

TEST_F(UdpListenerTest, AnIpv6WildcardListenerLeavesIpv4ToAnother) {
  listen("::");
  const auto other = UdpListener::open(*loop, at("0.0.0.0", server.port()), {}, sink, counters);
  EXPECT_TRUE(other) << other.error();
  Peer client = Peer::udp("::1");
  client.send_to(at("::1", server.port()), "six");
  const auto reply = reply_to(client);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->from, at("::1", server.port()));
}

TEST_F(UdpListenerTest, LateAnswersLeaveInTheOrderInWhichTheyWereGiven) {
  listen("127.0.0.1");
  std::vector<std::unique_ptr<ReplyHandle>> kept;
  sink.script = [&](const ClientQuery&, ReplyRoom& room) {
    kept.push_back(room.keep());
    return std::size_t{0};
  };
  Peer client = Peer::udp();
  constexpr std::size_t kQueries = 200;  // more than one sendmmsg takes
  for (std::size_t i = 0; i < kQueries; ++i) { client.send_to(server, "?"); }
  ASSERT_TRUE(run_until([&] { return kept.size() == kQueries; }));
  EXPECT_FALSE(client.receive());
  for (std::size_t i = kQueries; i > 0; --i) { kept[i - 1]->send(bytes_of(std::to_string(i))); }
  for (std::size_t i = kQueries; i > 0; --i) {
    const auto reply = reply_to(client);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->content, std::to_string(i));
  }
}

TEST_F(UdpListenerTest, ALateAnswerInTheMiddleOfAnImmediateOneSpoilsNeither) {
  listen("127.0.0.1");
  std::unique_ptr<ReplyHandle> kept;
  sink.script = [&](const ClientQuery& query, ReplyRoom& room) -> std::size_t {
    if (text(query.packet) == "first") {
      kept = room.keep();
      return 0;
    }
    const std::size_t octets = ScriptedSink::write("second answer", room);
    kept->send(bytes_of("first answer"));
    return octets;
  };
  Peer client = Peer::udp();
  client.send_to(server, "first");
  client.send_to(server, "second");
  std::set<std::string> replies;
  for (int i = 0; i < 2; ++i) { replies.insert(reply_to(client).value().content); }
  EXPECT_EQ(replies, (std::set<std::string>{"first answer", "second answer"}));
}

TEST_F(UdpListenerTest, AHandleThatOutlivesTheListenerIsHarmless) {
  listen("127.0.0.1");
  std::unique_ptr<ReplyHandle> kept;
  sink.script = [&](const ClientQuery&, ReplyRoom& room) {
    kept = room.keep();
    return std::size_t{0};
  };
  Peer client = Peer::udp();
  client.send_to(server, "?");
  ASSERT_TRUE(run_until([&] { return kept != nullptr; }));
  listener.reset();
  kept->send(bytes_of("too late"));
  kept.reset();
  run_for(5ms);
  EXPECT_FALSE(client.receive());
}

TEST_F(UdpListenerTest, NoMoreHandlesThanAgreed) {
  listen("127.0.0.1", {.socket_buffer = 65536, .max_unanswered = 2});
  std::vector<std::unique_ptr<ReplyHandle>> kept;
  std::size_t refused = 0;
  sink.script = [&](const ClientQuery&, ReplyRoom& room) {
    auto handle = room.keep();
    handle != nullptr ? kept.push_back(std::move(handle)) : void(++refused);
    return std::size_t{0};
  };
  Peer client = Peer::udp();
  for (int i = 0; i < 5; ++i) { client.send_to(server, "?"); }
  ASSERT_TRUE(run_until([&] { return sink.queries == 5; }));
  EXPECT_EQ(kept.size(), 2U);
  EXPECT_EQ(refused, 3U);
  kept.pop_back();  // unanswered: its place is free again
  client.send_to(server, "?");
  ASSERT_TRUE(run_until([&] { return sink.queries == 6; }));
  EXPECT_EQ(kept.size(), 2U);
}

TEST_F(UdpListenerTest, AnOversizedQueryIsDroppedAndTheNextOneIsServed) {
  listen("127.0.0.1");
  Peer client = Peer::udp();
  client.send_to(server, std::string(9000, 'x'));
  client.send_to(server, "small");
  const auto reply = reply_to(client);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->content, "small");
  EXPECT_EQ(sink.queries, 1U);
}

TEST_F(UdpListenerTest, AnEmptyDatagramIsTheSinksToJudge) {
  listen("127.0.0.1");
  std::size_t octets = 99;
  sink.script = [&](const ClientQuery& query, ReplyRoom&) {
    octets = query.packet.size();
    return std::size_t{0};
  };
  Peer client = Peer::udp();
  client.send_to(server, "");
  ASSERT_TRUE(run_until([&] { return sink.queries == 1; }));
  EXPECT_EQ(octets, 0U);
}

TEST_F(UdpListenerTest, FromPortZeroNobodyIsServed) {
  listen("127.0.0.1");
  // Only a raw socket can send this.
  Socket raw(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP));
  if (!raw.is_open()) { GTEST_SKIP() << "no raw socket without CAP_NET_RAW"; }
  Buffer datagram(8 + 4);
  store16(datagram.data() + 2, server.port());
  store16(datagram.data() + 4, u16(datagram.size()));
  sockaddr_storage storage;
  const socklen_t length = at("127.0.0.1").to(storage);
  ASSERT_EQ(
      ::sendto(raw.fd(), datagram.data(), datagram.size(), 0, reinterpret_cast<const sockaddr*>(&storage), length),
      static_cast<ssize_t>(datagram.size()));
  Peer client = Peer::udp();
  client.send_to(server, "honest");
  ASSERT_TRUE(reply_to(client));
  EXPECT_EQ(counters.udp_received.value(), 2U);
  EXPECT_EQ(sink.queries, 1U);
}

TEST_F(UdpListenerTest, WorkersShareAnAddress) {
  listen("127.0.0.1");
  const auto second = UdpListener::open(*loop, server, {}, sink, counters);
  EXPECT_TRUE(second);
}

TEST_F(UdpListenerTest, AnAddressThatIsTakenIsExplained) {
  Peer other = Peer::udp();  // without SO_REUSEPORT
  const auto opened = UdpListener::open(*loop, other.address(), {}, sink, counters);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), "cannot listen on " + other.address().text() + " (UDP): Address already in use");
}

TEST_F(UdpListenerTest, AProxySaysWhomItSpeaksForAndGetsTheAnswer) {
  proxies = {*Prefix::parse("127.0.0.2")};
  listen("127.0.0.1");
  ClientQuery seen;
  sink.script = [&](const ClientQuery& query, ReplyRoom& room) {
    seen = query;
    return ScriptedSink::echo(query, room);
  };
  Peer proxy = Peer::udp("127.0.0.2");
  proxy.send_to(server, proxy_header(at("192.0.2.7", 4711), at("198.51.100.1", 53), "some TLVs") + "question");
  const auto reply = reply_to(proxy);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->content, "question");
  EXPECT_EQ(seen.client, at("192.0.2.7", 4711));
  EXPECT_EQ(seen.local, at("198.51.100.1", 53));

  proxy.send_to(server, proxy_header(at("192.0.2.8", 0), at("198.51.100.1", 53)) + "port untold");
  ASSERT_TRUE(reply_to(proxy));
  EXPECT_EQ(seen.client, at("192.0.2.8", 0));

  proxy.send_to(server, proxy_header_local() + "health");
  ASSERT_TRUE(reply_to(proxy));
  EXPECT_EQ(seen.client, proxy.address());
}

TEST_F(UdpListenerTest, AProxyMustSendItsHeaderAndNobodyElseMay) {
  proxies = {*Prefix::parse("127.0.0.2")};
  listen("127.0.0.1");
  Peer proxy = Peer::udp("127.0.0.2");
  proxy.send_to(server, "no header");
  proxy.send_to(server, proxy_header(at("224.0.0.1", 1), at("127.0.0.1", 53)) + "from a group");
  proxy.send_to(server, proxy_header(at("192.0.2.7", 1), at("127.0.0.1", 53)).substr(0, 20));
  Peer other = Peer::udp("127.0.0.3");
  other.send_to(server, "plain");
  ASSERT_TRUE(reply_to(other));
  EXPECT_EQ(sink.queries, 1U);
  const std::string header = proxy_header(at("192.0.2.7", 4711), at("127.0.0.1", 53));
  other.send_to(server, header + "?");
  const auto reply = reply_to(other);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->content, header + "?") << "the header of one who is no proxy is part of his message";
}

TEST(Fragments, AreForbiddenByASocketOption) {
  const auto mode_of = [](const Socket& socket, int level, int option) {
    int mode = -1;
    socklen_t length = sizeof mode;
    ::getsockopt(socket.fd(), level, option, &mode, &length);
    return mode;
  };
  const Socket v4 = open_socket(ip("127.0.0.1"), SOCK_DGRAM);
  ASSERT_TRUE(forbid_fragments(v4, Family::v4));
  EXPECT_EQ(mode_of(v4, IPPROTO_IP, IP_MTU_DISCOVER), IP_PMTUDISC_PROBE);
  const Socket v6 = open_socket(ip("::1"), SOCK_DGRAM);
  ASSERT_TRUE(forbid_fragments(v6, Family::v6));
  EXPECT_EQ(mode_of(v6, IPPROTO_IPV6, IPV6_MTU_DISCOVER), IPV6_PMTUDISC_PROBE);
  ASSERT_TRUE(ignore_path_mtu(v4, Family::v4));
  EXPECT_EQ(mode_of(v4, IPPROTO_IP, IP_MTU_DISCOVER), IP_PMTUDISC_OMIT);
}

TEST_F(UdpListenerTest, AnAnswerOfTheSizeThatFitsEverywhereArrives) {
  for (const char* address : {"127.0.0.1", "::1"}) {
    listen(address);
    const std::string large(kUnfragmented, 'L');
    sink.script = [&](const ClientQuery&, ReplyRoom& room) { return ScriptedSink::write(large, room); };
    Peer client = Peer::udp(address);
    client.send_to(server, "question");
    const auto reply = reply_to(client);
    ASSERT_TRUE(reply) << address;
    EXPECT_EQ(reply->content, large);
  }
}

}  // namespace
}  // namespace vouch
