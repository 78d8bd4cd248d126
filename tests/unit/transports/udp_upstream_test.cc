#include "transports/udp_upstream.h"

#include <dirent.h>

#include <algorithm>
#include <array>
#include <set>

#include "tests/unit/transports/upstream_harness.h"

namespace vouch {
namespace {

class UdpUpstreamTest : public UpstreamTest {
 protected:
  Peer::Received question_at(Peer& peer) {
    std::optional<Peer::Received> question;
    run_until([&] { return (question = peer.receive()).has_value(); });
    if (!question) { ADD_FAILURE() << "no question came"; }
    return question.value_or(Peer::Received{});
  }
  Peer server = Peer::udp();
};

std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* const directory = opendir("/proc/self/fd");
  while (readdir(directory) != nullptr) { ++count; }
  closedir(directory);
  return count;
}

TEST_F(UdpUpstreamTest, TheRightReplyIsTaken) {
  const auto asking = ask(server.address(), "who?");
  const auto question = question_at(server);
  EXPECT_EQ(question.content, "who?");
  EXPECT_FALSE(asking->reply);
  server.send_to(question.from, "who?");
  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::ok);
  EXPECT_EQ(text(asking->reply->packet), "who?");
  EXPECT_GT(asking->reply->rtt, 0s);
}

TEST_F(UdpUpstreamTest, OverIpv6Too) {
  Peer server6 = Peer::udp("::1");
  const auto asking = ask(server6.address(), "six?");
  const auto question = question_at(server6);
  server6.send_to(question.from, "six?");
  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::ok);
}

TEST_F(UdpUpstreamTest, StrayRepliesAreIgnoredAndTheRightOneIsWaitedFor) {
  const auto asking = ask(server.address(), "who?");
  const auto question = question_at(server);
  for (const char* stray : {"garbage", "", "more garbage", "who?"}) { server.send_to(question.from, stray); }
  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::ok);
  EXPECT_EQ(text(asking->reply->packet), "who?");
}

TEST_F(UdpUpstreamTest, AForgeryEndsTheQuestion) {
  const auto asking = ask(server.address(), "who?", 10s, [](Bytes) { return ReplyFit::forgery; });
  const auto question = question_at(server);
  server.send_to(question.from, "guess");
  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::forgery);
  EXPECT_TRUE(asking->reply->packet.empty());
}

TEST_F(UdpUpstreamTest, AFloodOfStrayRepliesCountsAsForgery) {
  int judged = 0;
  const auto asking = ask(server.address(), "who?", 10s, [&](Bytes) {
    ++judged;
    return ReplyFit::ignore;
  });
  const auto question = question_at(server);
  ASSERT_TRUE(run_until([&] {
    if (!asking->reply) { server.send_to(question.from, "flood"); }
    return asking->reply.has_value();
  }));
  EXPECT_EQ(asking->reply->status, Status::forgery);
  EXPECT_EQ(judged, UdpUpstream::kMaxDatagrams);
}

TEST_F(UdpUpstreamTest, FromAnotherAddressOrPortNothingIsHeard) {
  int judged = 0;
  const auto asking = ask(server.address(), "who?", 10s, [&](Bytes reply) {
    ++judged;
    return text_of(reply) == "who?" ? ReplyFit::accept : ReplyFit::forgery;
  });
  const auto question = question_at(server);
  Peer other_port = Peer::udp();
  Peer other_address(SOCK_DGRAM, at("127.0.0.2", server.address().port()));
  other_port.send_to(question.from, "forged");
  other_address.send_to(question.from, "forged");
  run_for(5ms);
  EXPECT_EQ(judged, 0);
  server.send_to(question.from, "who?");
  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::ok);
}

TEST_F(UdpUpstreamTest, SilenceEndsAtTheDeadline) {
  const Instant start = loop->now();
  const auto asking = ask(server.address(), "who?", 30ms);
  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::timeout);
  EXPECT_GE(loop->now() - start, 30ms);
  EXPECT_EQ(upstream->udp_in_flight(), 0U);
}

TEST_F(UdpUpstreamTest, ADeadlineThatHasPassedAsksNobody) {
  const auto asking = ask(server.address(), "who?", -1ms);
  ASSERT_TRUE(asking->reply);
  EXPECT_EQ(asking->reply->status, Status::timeout);
  run_for(2ms);
  EXPECT_FALSE(server.receive());
}

TEST_F(UdpUpstreamTest, ARefusingHostIsUnreachableLongBeforeTheDeadline) {
  const SocketAddress nobody = Peer::udp().address();  // closed again: the kernel says "port unreachable"
  const Instant start = loop->now();
  const auto asking = ask(nobody, "who?", 3600s);
  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::unreachable);
  EXPECT_LT(loop->now() - start, kPatience);
}

TEST_F(UdpUpstreamTest, AnAddressWithoutRouteIsUnreachableAtOnce) {
  connect_upstream({.source_addresses = {ip("192.0.2.1")}});  // not one of ours (RFC 5737)
  const auto asking = ask(server.address(), "who?");
  ASSERT_TRUE(asking->reply);
  EXPECT_EQ(asking->reply->status, Status::unreachable);
}

TEST_F(UdpUpstreamTest, EachOfManyQuestionsAtOnceGetsItsOwnReply) {
  std::vector<std::unique_ptr<Asking>> askings;
  for (int i = 0; i < 200; ++i) { askings.push_back(ask(server.address(), "question " + std::to_string(i))); }
  std::vector<Peer::Received> questions;
  ASSERT_TRUE(run_until([&] {
    while (auto question = server.receive()) { questions.push_back(*question); }
    return questions.size() == 200;
  }));
  std::ranges::reverse(questions);
  for (const auto& question : questions) { server.send_to(question.from, question.content); }
  for (const auto& asking : askings) {
    ASSERT_TRUE(ends(asking));
    EXPECT_EQ(asking->reply->status, Status::ok);
    EXPECT_EQ(text(asking->reply->packet), asking->packet);
  }
  EXPECT_EQ(upstream->udp_in_flight(), 0U);
}

TEST_F(UdpUpstreamTest, GivingUpReleasesTheSocketAtOnce) {
  connect_upstream();
  const std::size_t before = open_descriptors();
  auto asking = ask(server.address(), "who?");
  const auto question = question_at(server);
  EXPECT_EQ(open_descriptors(), before + 1);
  asking->task = {};
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(upstream->udp_in_flight(), 0U);
  server.send_to(question.from, "who?");  // meets nobody
  run_for(5ms);
  EXPECT_FALSE(asking->reply);
}

TEST_F(UdpUpstreamTest, OneReplyMayGiveUpAQuestionWhoseReplyHasComeToo) {
  // Both replies are read from the kernel as events of one turn; serving either gives up the other question.
  auto first = ask(server.address(), "first");
  auto second = ask(server.address(), "second");
  const auto question1 = question_at(server);
  const auto question2 = question_at(server);
  server.send_to(question1.from, question1.content);
  server.send_to(question2.from, question2.content);
  first->after = [&] { second->task = {}; };
  second->after = [&] { first->task = {}; };
  ASSERT_TRUE(run_until([&] { return first->reply || second->reply; }));
  run_for(2ms);
  EXPECT_NE(first->reply.has_value(), second->reply.has_value());
  EXPECT_EQ(upstream->udp_in_flight(), 0U);
}

TEST_F(UdpUpstreamTest, AQuestionThatTakesAnothersPlaceDoesNotHearItsReply) {
  connect_upstream({.max_udp_sockets = 2});
  auto first = ask(server.address(), "first");
  auto second = ask(server.address(), "second");
  const auto question1 = question_at(server);
  const auto question2 = question_at(server);
  server.send_to(question1.from, question1.content);
  server.send_to(question2.from, question2.content);
  std::unique_ptr<Asking> successor;
  int judged = 0;
  const auto replace = [&](std::unique_ptr<Asking>& other) {
    other->task = {};
    successor = ask(server.address(), "successor", 10s, [&](Bytes) {
      ++judged;
      return ReplyFit::accept;
    });
  };
  first->after = [&] { replace(second); };
  second->after = [&] { replace(first); };
  const auto question3 = question_at(server);
  run_for(2ms);
  EXPECT_EQ(judged, 0);
  server.send_to(question3.from, "for you");
  ASSERT_TRUE(ends(successor));
  EXPECT_EQ(successor->reply->status, Status::ok);
}

TEST_F(UdpUpstreamTest, BeyondItsSocketsNobodyIsAsked) {
  connect_upstream({.max_udp_sockets = 2});
  const auto first = ask(server.address(), "1");
  auto second = ask(server.address(), "2");
  const auto third = ask(server.address(), "3");
  ASSERT_TRUE(third->reply);
  EXPECT_EQ(third->reply->status, Status::no_room);
  second.reset();
  const auto fourth = ask(server.address(), "4");
  EXPECT_FALSE(fourth->reply);
}

TEST_F(UdpUpstreamTest, PortsAreDrawnFromTheWholeRangeEvenlyAndAreNotUsedTwice) {
  constexpr int kQuestions = 1000;
  std::array<int, 16> buckets{};
  std::set<std::uint16_t> ports;
  for (int i = 0; i < kQuestions; ++i) {
    const auto asking = ask(server.address(), "?");
    const std::uint16_t port = question_at(server).from.port();
    ASSERT_GE(port, 1024);
    ports.insert(port);
    ++buckets[(port - 1024U) * 16U / (65536U - 1024U)];
  }
  EXPECT_GT(ports.size(), 970U);  // of 1000 draws from 64,512 about 992 are distinct; 970 is ten deviations off
  double chi_square = 0;
  for (const int count : buckets) {
    constexpr double kExpected = kQuestions / 16.0;
    chi_square += (count - kExpected) * (count - kExpected) / kExpected;
  }
  EXPECT_LT(chi_square, 60.0);  // 15 degrees of freedom: beyond 60 once in four million runs
}

TEST_F(UdpUpstreamTest, PortsOutsideTheRangeAndAvoidedOnesAreNotDrawn) {
  connect_upstream({.port_low = 40'000, .port_high = 40'003, .avoid_ports = {40'001, 40'003}});
  std::set<std::uint16_t> ports;
  for (int i = 0; i < 64; ++i) {
    const auto asking = ask(server.address(), "?");
    if (!asking->reply) { ports.insert(question_at(server).from.port()); }
  }
  for (const std::uint16_t port : ports) { EXPECT_TRUE(port == 40'000 || port == 40'002) << port; }
  EXPECT_FALSE(ports.empty());
}

TEST_F(UdpUpstreamTest, WithEveryPortTakenThereIsNoRoom) {
  Peer squatter = Peer::udp("0.0.0.0");
  const std::uint16_t only = squatter.address().port();
  connect_upstream({.port_low = only, .port_high = only});
  const auto asking = ask(server.address(), "?");
  ASSERT_TRUE(asking->reply);
  EXPECT_EQ(asking->reply->status, Status::no_room);
}

TEST_F(UdpUpstreamTest, ConfiguredSourceAddressesTakeTurnsAtRandom) {
  connect_upstream({.source_addresses = {ip("127.0.0.5"), ip("127.0.0.6"), ip("::1")}});
  std::set<std::string> sources;
  for (int i = 0; i < 64; ++i) {  // 64 equal draws of two: once in 2^63 runs
    const auto asking = ask(server.address(), "?");
    sources.insert(question_at(server).from.ip().text());
  }
  EXPECT_EQ(sources, (std::set<std::string>{"127.0.0.5", "127.0.0.6"}));
}

TEST_F(UdpUpstreamTest, AReplyInFragmentsIsAForgeryWhateverItSays) {
  Socket raw(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
  if (!raw.is_open()) { GTEST_SKIP() << "no raw socket without CAP_NET_RAW"; }
  const std::string content(56, 'q');
  const auto asking = ask(server.address(), content);
  const auto question = question_at(server);

  std::array<Octet, 64> datagram{};  // UDP header, no checksum; then the reply
  store16(datagram.data(), server.address().port());
  store16(datagram.data() + 2, question.from.port());
  store16(datagram.data() + 4, u16(datagram.size()));
  std::copy(content.begin(), content.end(), datagram.begin() + 8);
  sockaddr_storage storage;
  const socklen_t length = SocketAddress(question.from.ip(), 0).to(storage);
  for (const std::size_t from : {0U, 32U}) {
    std::array<Octet, 20 + 32> packet{};  // IPv4 header; the kernel fills in length and checksum
    packet[0] = 0x45;
    store16(packet.data() + 4, 0x5678);
    store16(packet.data() + 6, u16((from == 0 ? 0x2000U : 0U) | from / 8));  // more fragments; offset
    packet[8] = 64;
    packet[9] = IPPROTO_UDP;
    packet[12] = packet[16] = 127;
    packet[15] = packet[19] = 1;
    std::copy_n(datagram.begin() + static_cast<std::ptrdiff_t>(from), 32, packet.begin() + 20);
    ASSERT_GT(::sendto(raw.fd(), packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&storage), length),
              0);
  }

  ASSERT_TRUE(ends(asking));
  EXPECT_EQ(asking->reply->status, Status::forgery);
}

}  // namespace
}  // namespace vouch
