// Hostile authorities and forgers: what one query may be made to cost, and what may never get into the cache.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scenarios/internet.h"

namespace vouch::simulation {
namespace {

using testing::HasSubstr;
using testing::Not;

// Zone-file lines as records.
std::vector<Record> records(std::string_view lines) {
  std::vector<Record> out;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    out.push_back(Record::of(lines.substr(0, end)));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return out;
}

struct Attacks : testing::Test {
  Internet net;
  Attacks() {
    net.zone(".").delegates("com.", "192.0.2.1");
    net.zone(".").delegates("org.", "192.0.2.2");
    net.zone("com.").delegates("victim.com.", "192.0.2.66");
    net.zone("victim.com.").has("www.victim.com. 300 IN A 198.51.100.66");
    net.zone("com.").delegates("attacker.com.", "192.0.2.99");
    net.resolve("warm.com.", Type::A);
    net.resolve("warm.org.", Type::A);
    net.forget_questions();
  }
  std::size_t packets_to(std::string_view address) {
    const std::string prefix = std::string(address) + ":";
    return static_cast<std::size_t>(
        std::ranges::count_if(net.heard(), [&](const std::string& line) { return line.starts_with(prefix); }));
  }
  // The question again: nothing more may be asked (RFC 9520).
  void expect_quiet_repetition(std::string_view name) {
    net.forget_questions();
    EXPECT_EQ(net.resolve(name, Type::A).rcode, Rcode::server_failure);
    EXPECT_EQ(net.questions(), 0U);
  }
};

class Nxns : public testing::TestWithParam<int> {};
TEST_P(Nxns, ReferralIntoAVictimCostsTheVictimLittle) {  // CVE-2020-8616
  Internet net;
  net.options().seed = static_cast<std::uint64_t>(GetParam());
  net.zone(".").delegates("com.", "192.0.2.1");
  net.zone("com.").delegates("victim.com.", "192.0.2.66");
  net.zone("com.").delegates("attacker.com.", "192.0.2.99");
  std::vector<Zone::NamedServer> servers;
  for (int i = 0; i < 100; ++i) { servers.push_back({"x" + std::to_string(i) + ".victim.com.", ""}); }
  net.zone("attacker.com.").delegates_to("sub.attacker.com.", servers);
  net.resolve("warm.com.", Type::A);
  net.forget_questions();
  EXPECT_EQ(net.resolve("www.sub.attacker.com.", Type::A).rcode, Rcode::server_failure);
  EXPECT_LE(std::ranges::count_if(net.heard(), [](const std::string& line) { return line.starts_with("192.0.2.66:"); }),
            5)
      << testing::PrintToString(net.heard());
  EXPECT_LE(net.questions(), 12U);
  net.forget_questions();
  net.resolve("www.sub.attacker.com.", Type::A);
  EXPECT_EQ(net.questions(), 0U);
}
INSTANTIATE_TEST_SUITE_P(Attacks, Nxns, testing::Range(1, 21));

TEST_F(Attacks, NrDelegationUnderADeadServer) {  // CVE-2022-3204
  net.server("192.0.2.66").is_silent();
  std::vector<Zone::NamedServer> servers;
  for (int i = 0; i < 100; ++i) { servers.push_back({"x" + std::to_string(i) + ".victim.com.", ""}); }
  net.zone("attacker.com.").delegates_to("sub.attacker.com.", servers);
  const Instant start = net.world().clock().monotonic();
  EXPECT_EQ(net.resolve("www.sub.attacker.com.", Type::A).rcode, Rcode::server_failure);
  EXPECT_LE(net.world().clock().monotonic() - start, 5s);
  EXPECT_LE(net.questions(), 12U);
}

TEST_F(Attacks, LongAliasChainInOneZone) {
  Zone& zone = net.zone("attacker.com.");
  for (int i = 0; i < 200; ++i) {
    zone.has("c" + std::to_string(i) + ".attacker.com. 60 IN CNAME c" + std::to_string(i + 1) + ".attacker.com.");
  }
  EXPECT_EQ(net.resolve("c0.attacker.com.", Type::A).rcode, Rcode::server_failure);
  EXPECT_LE(net.questions(), 13U);
  expect_quiet_repetition("c0.attacker.com.");
}

TEST_F(Attacks, AliasChainThroughNewZonesWithManyGluelessServers) {  // CAMP
  for (int hop = 0; hop < 12; ++hop) {
    const std::string zone = "hop" + std::to_string(hop) + ".com.";
    std::vector<Zone::NamedServer> servers;
    servers.push_back({"ns." + zone, "192.0.2.99"});
    for (int i = 0; i < 10; ++i) {
      servers.push_back({"n" + std::to_string(hop) + "x" + std::to_string(i) + ".victim.com.", ""});
    }
    net.zone("com.").delegates_to(zone, servers);
    net.zone(zone).at("192.0.2.99").has("a." + zone + " 60 IN CNAME a.hop" + std::to_string(hop + 1) + ".com.");
  }
  EXPECT_EQ(net.resolve("a.hop0.com.", Type::A).rcode, Rcode::server_failure);
  EXPECT_LE(net.questions(), 32U);
  EXPECT_LE(packets_to("192.0.2.66"), 5U);
  expect_quiet_repetition("a.hop0.com.");
}

TEST_F(Attacks, CyclicGluelessDelegation) {
  net.zone("com.").delegates_to("one.com.", {{"ns.two.org.", ""}});
  net.zone("org.").delegates_to("two.org.", {{"ns.one.com.", ""}});
  const Instant start = net.world().clock().monotonic();
  EXPECT_EQ(net.resolve("www.one.com.", Type::A).rcode, Rcode::server_failure);
  EXPECT_LE(net.world().clock().monotonic() - start, 500ms);
  EXPECT_LE(net.questions(), 6U);
}

TEST_F(Attacks, ManyLabels) {
  std::string name;
  for (int i = 0; i < 60; ++i) { name += "l" + std::to_string(i) + "."; }
  net.resolve(name + "attacker.com.", Type::A);
  EXPECT_LE(net.questions(), 12U);  // RFC 9156's ten, the cut, and the whole name after a denial
}

TEST_F(Attacks, AliasLoopEnds) {
  net.zone("attacker.com.")
      .has("a.attacker.com. 60 IN CNAME b.attacker.com.")
      .has("b.attacker.com. 60 IN CNAME a.attacker.com.");
  EXPECT_EQ(net.resolve("a.attacker.com.", Type::A).rcode, Rcode::server_failure);
  EXPECT_LE(net.questions(), 13U);
}

TEST_F(Attacks, GhostDomainDiesWithItsDelegation) {  // CVE-2012-1033, CVE-2022-30698
  net.zone("com.").delegates_to("ghost.com.", {{"ns1.ghost.com.", "192.0.2.40"}}, 600);
  net.zone("ghost.com.")
      .at("192.0.2.40")
      .has("www.ghost.com. 1 IN A 198.51.100.13")
      .has("ghost.com. 86400 IN NS ns1.ghost.com.");
  EXPECT_EQ(net.resolve("www.ghost.com.", Type::A).rcode, Rcode::no_error);
  net.zone("com.").undelegates("ghost.com.");
  for (int i = 0; i < 620; i += 20) {  // the child keeps announcing itself
    net.resolve("ghost.com.", Type::NS);
    net.resolve("www.ghost.com.", Type::A);
    net.pass(20s);
  }
  EXPECT_EQ(net.resolve("www.ghost.com.", Type::A).rcode, Rcode::name_error);
}

TEST_F(Attacks, OneWrongIdSendsTheQuestionToTcp) {  // the first near miss, not the last
  net.server("192.0.2.66").sends_wrong_id_first(3);
  EXPECT_EQ(answer_text(net.resolve("www.victim.com.", Type::A)), "www.victim.com. 300 IN A 198.51.100.66");
  EXPECT_GE(net.world().counters().tcp_after_forgery.value(), 1U);
  net.server("192.0.2.66").behaves();
  net.pass(2s);  // CVE-2023-26437: suspicion does not shut out the real server
  net.forget_questions();
  net.resolve("other.victim.com.", Type::A);
  EXPECT_EQ(net.world().upstream().asked().back().protocol, UpstreamProtocol::udp);
}

TEST_F(Attacks, MalformedReplyBeforeTheRightOneDoesNotLoseTheRightOne) {  // TuDoor
  net.server("192.0.2.66").sends_malformed_first(1);
  EXPECT_EQ(answer_text(net.resolve("www.victim.com.", Type::A)), "www.victim.com. 300 IN A 198.51.100.66");
}

TEST_F(Attacks, ForgedReplyWithAnotherQuestionIsNotUsed) {
  net.server("192.0.2.66").sends_first({[](Message forged) {
    forged.question->name = Name::of("www.bank.org.");
    return forged;
  }});
  EXPECT_EQ(answer_text(net.resolve("www.victim.com.", Type::A)), "www.victim.com. 300 IN A 198.51.100.66");
  EXPECT_GE(net.world().counters().replies_rejected_question.value(), 1U);
}

TEST_F(Attacks, CaseFoldingServerIsUnderstoodAfterOneTcpQuestion) {  // 0x20
  net.server("192.0.2.66").folds_case();
  EXPECT_EQ(net.resolve("www.victim.com.", Type::A).rcode, Rcode::no_error);
  EXPECT_LE(packets_to("192.0.2.66"), 3U);
  net.forget_questions();
  net.resolve("other.victim.com.", Type::A);
  EXPECT_EQ(net.questions(), 1U);  // remembered
}

TEST_F(Attacks, ReplyWithoutTheKnownCookieIsNotBelievedOverUdp) {
  net.server("192.0.2.66").gives_cookies();
  net.resolve("www.victim.com.", Type::A);
  net.server("192.0.2.66").forgets_cookies();
  net.forget_questions();
  EXPECT_EQ(net.resolve("other.victim.com.", Type::A).rcode, Rcode::name_error);
  ASSERT_FALSE(net.world().upstream().asked().empty());
  EXPECT_EQ(net.world().upstream().asked().back().protocol, UpstreamProtocol::tcp);
}

TEST_F(Attacks, RecordsThatRideAlongAreNeverCached) {
  net.server("192.0.2.99").answers_with([](const Message& query) -> std::optional<Message> {
    Message reply = Message::reply_to(query);
    reply.aa = true;
    reply.answer = records("www.attacker.com. 300 IN A 203.0.113.1\nwww.victim.com. 300 IN A 203.0.113.1");
    reply.authority = records(
        "victim.com. 86400 IN NS ns.attacker.com.\ncom. 86400 IN NS ns.attacker.com.\n. 86400 IN NS ns.attacker.com.");
    reply.additional = records("ns.attacker.com. 86400 IN A 192.0.2.99\nns1.victim.com. 86400 IN A 192.0.2.99");
    return reply;
  });
  net.resolve("www.attacker.com.", Type::A);
  net.forget_questions();
  EXPECT_EQ(answer_text(net.resolve("www.victim.com.", Type::A)), "www.victim.com. 300 IN A 198.51.100.66");
  EXPECT_EQ(packets_to("192.0.2.99"), 0U);
  EXPECT_EQ(net.resolve("unknown.com.", Type::A).rcode, Rcode::name_error);
}

TEST_F(Attacks, TopLevelReferralCannotPointSideways) {
  net.server("192.0.2.99").answers_with([](const Message& query) -> std::optional<Message> {
    Message reply = Message::reply_to(query);
    reply.authority = records("victim.com. 86400 IN NS ns.attacker.com.");
    reply.additional = records("ns.attacker.com. 86400 IN A 192.0.2.99");
    return reply;
  });
  EXPECT_EQ(net.resolve("www.attacker.com.", Type::A).rcode, Rcode::server_failure);
  EXPECT_EQ(answer_text(net.resolve("www.victim.com.", Type::A)), "www.victim.com. 300 IN A 198.51.100.66");
}

TEST_F(Attacks, LoopbackIsNotAskedBecauseAnAttackerSaysSo) {
  net.zone("com.").delegates_to("inside.com.", {{"ns.inside.com.", "127.0.0.1"}});
  net.zone("inside.com.").at("127.0.0.1").has("www.inside.com. 300 IN A 198.51.100.1");
  EXPECT_EQ(net.resolve("www.inside.com.", Type::A).rcode, Rcode::server_failure);
  EXPECT_EQ(packets_to("127.0.0.1"), 0U);
}

}  // namespace
}  // namespace vouch::simulation
