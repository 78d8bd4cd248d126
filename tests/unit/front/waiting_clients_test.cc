// Misses: who waits, for how long, how many, and what they get (one worker; two_workers_test.cc has the rest).
#include "tests/scenarios/internet.h"
#include "tests/unit/front/front_testing.h"

namespace vouch {
namespace {

using namespace front_testing;

Asking from(std::string_view client, std::uint16_t port, std::uint16_t id = 7,
            ClientProtocol protocol = ClientProtocol::udp) {
  Asking how = over(protocol);
  how.client = SocketAddress(*IpAddress::parse(client), port);
  how.id = id;
  how.dnssec_ok = true;
  return how;
}

class WaitingClients : public testing::Test {
 protected:
  WaitingClients() {
    net.zone(".").delegates("com.", "192.0.2.1");
    net.zone("com.").delegates("example.com.", "192.0.2.2");
    net.zone("example.com.")
        .has("www.example.com. 300 IN A 198.51.100.7")
        .has("alias.example.com. 300 IN CNAME www.example.com.")
        .has("txt.example.com. 300 IN TXT \"t\"");
  }
  FrontOptions& options() { return net.options().front; }
  const FrontCounters& counters() { return net.world().clients().counters(); }
  std::size_t in_flight() { return net.world().clients().in_flight(); }
  std::size_t asked_for_www() {
    std::size_t count = 0;
    for (const std::string& line : net.heard()) {
      count += line.find("www.example.com. A") != std::string::npos ? 1 : 0;
    }
    return count;
  }
  void wait(const std::vector<Pending>& pending) { net.world().wait(pending); }

  Internet net;
};

TEST_F(WaitingClients, AMissIsResolvedAndThenCached) {
  EXPECT_EQ(net.ask("www.example.com.", Type::A).text(), "www.example.com. 300 IN A 198.51.100.7");
  EXPECT_EQ(net.world().clients().answered_from(AnswerSource::recursion), 1U);
  net.forget_questions();
  EXPECT_EQ(net.ask("www.example.com.", Type::A).rcode(), Rcode::no_error);
  EXPECT_EQ(net.questions(), 0U);
  EXPECT_EQ(net.world().clients().answered_from(AnswerSource::cache), 1U);
}

TEST_F(WaitingClients, EqualQuestionsAreResolvedOnceAndEachKeepsItsCase) {
  std::vector<Pending> pending;
  pending.push_back(net.world().send("www.example.com.", Type::A, from("10.0.0.1", 1000, 1)));
  pending.push_back(net.world().send("WWW.example.com.", Type::A, from("10.0.0.2", 1000, 2)));
  pending.push_back(net.world().send("www.EXAMPLE.com.", Type::A, from("10.0.0.3", 1000, 3, ClientProtocol::tcp)));
  EXPECT_EQ(in_flight(), 3U);
  wait(pending);
  EXPECT_EQ(asked_for_www(), 1U);
  EXPECT_EQ(counters().joined_in_flight.value(), 2U);
  EXPECT_EQ(in_flight(), 0U);
  for (std::uint16_t i = 0; i < 3; ++i) {
    const auto answer = pending[i].answer();
    EXPECT_EQ(answer.rcode(), Rcode::no_error);
    EXPECT_EQ(answer.message().id, i + 1) << "each its own id";
  }
  EXPECT_TRUE(pending[1].answer().message().question->name.view().is_same_with_case(Name::of("WWW.example.com.")));
}

TEST_F(WaitingClients, ARetransmissionIsTheSameQuery) {
  std::vector<Pending> pending;
  for (int i = 0; i < 5; ++i) {
    pending.push_back(net.world().send("www.example.com.", Type::A, from("10.0.0.1", 1000)));
  }
  EXPECT_EQ(in_flight(), 1U);
  wait(pending);
  EXPECT_TRUE(pending[0].is_answered());
  for (std::size_t i = 1; i < 5; ++i) { EXPECT_FALSE(pending[i].is_answered()); }
  EXPECT_TRUE(net.ask("www.example.com.", Type::TXT, from("10.0.0.1", 1000)).is_readable())
      << "and is forgotten when answered";
}

TEST_F(WaitingClients, OneSourceWaitsForFewAnswersToOneQuestion) {
  options().max_waiting_per_question = 5;
  std::vector<Pending> pending;
  for (std::uint16_t port = 1; port <= 20; ++port) {
    pending.push_back(net.world().send("www.example.com.", Type::A, from("10.0.0.1", port)));
  }
  EXPECT_EQ(in_flight(), 5U);
  pending.push_back(net.world().send("www.example.com.", Type::A, from("10.0.0.2", 1)));
  EXPECT_EQ(in_flight(), 6U) << "another source has its own share";
  pending.push_back(net.world().send("www.example.com.", Type::A, from("10.0.0.1", 99, 1, ClientProtocol::tcp)));
  EXPECT_EQ(in_flight(), 7U) << "a connection proves the address";
  wait(pending);
  EXPECT_EQ(counters().dropped.value(), 15U);
  // The places are free again.
  const Pending later = net.world().send("txt.example.com.", Type::TXT, from("10.0.0.1", 1));
  wait({later});
  EXPECT_TRUE(later.is_answered());
}

TEST_F(WaitingClients, OneSourceWaitsForFewAnswersInAll) {
  options().max_waiting_per_client = 8;
  std::vector<Pending> pending;
  for (std::uint16_t i = 1; i <= 20; ++i) {
    pending.push_back(net.world().send("n" + std::to_string(i) + ".example.com.", Type::A, from("10.0.0.1", i)));
  }
  EXPECT_EQ(in_flight(), 8U);
  wait(pending);
  EXPECT_EQ(in_flight(), 0U);
}

TEST_F(WaitingClients, BeyondTheBoundUdpIsDroppedAndTcpIsTold) {
  options().max_in_flight = 3;
  std::vector<Pending> pending;
  for (std::uint16_t i = 1; i <= 4; ++i) {
    pending.push_back(
        net.world().send("n" + std::to_string(i) + ".example.com.", Type::A, from("10.0.0." + std::to_string(i), 1)));
  }
  EXPECT_EQ(in_flight(), 3U);
  EXPECT_TRUE(pending[3].is_over());
  EXPECT_FALSE(pending[3].is_answered());
  const Pending tcp = net.world().send("n5.example.com.", Type::A, from("10.0.0.5", 1, 1, ClientProtocol::tcp));
  ASSERT_TRUE(tcp.is_answered());
  EXPECT_EQ(tcp.answer().rcode(), Rcode::server_failure);
  wait(pending);
}

TEST_F(WaitingClients, UnderLoadACookieMustBeValid) {
  options().max_in_flight = 2;
  const auto cookie_query = [](std::string_view name, const Buffer& cookie) {
    Message message = Message::query(Name::of(name), Type::A);
    message.rd = true;
    message.edns.emplace().options = {{OptionCode::cookie, cookie}};
    return message.encode();
  };
  const Pending busy = net.world().send("n1.example.com.", Type::A, from("10.0.0.1", 1));
  const Pending turned_away = net.world().send(cookie_query("n2.example.com.", Buffer(8)), from("10.0.0.2", 1));
  ASSERT_TRUE(turned_away.is_answered());
  const ClientAnswer answer = turned_away.answer();
  EXPECT_EQ(answer.rcode(), Rcode::bad_cookie);
  const Buffer cookie = *answer.message().edns->option(OptionCode::cookie);
  const Pending verified = net.world().send(cookie_query("n2.example.com.", cookie), from("10.0.0.2", 1));
  EXPECT_EQ(in_flight(), 2U);
  wait({busy, verified});
  EXPECT_EQ(verified.answer().rcode(), Rcode::name_error);
}

TEST_F(WaitingClients, DeadServersAreReportedOnceAndRemembered) {
  net.server("192.0.2.2").is_unreachable();
  Asking how = from("10.0.0.1", 1);
  const auto first = net.ask("www.example.com.", Type::A, how);
  EXPECT_EQ(first.rcode(), Rcode::server_failure);
  EXPECT_TRUE(first.ede());
  net.forget_questions();
  const auto again = net.ask("www.example.com.", Type::A, how);
  EXPECT_EQ(again.rcode(), Rcode::server_failure);
  EXPECT_EQ(again.ede(), first.ede()) << "the first cause is told again";
  EXPECT_EQ(net.questions(), 0U);
}

TEST_F(WaitingClients, AnyIsAnsweredFromWhatAPlainQuestionBrings) {
  EXPECT_EQ(net.ask("www.example.com.", Type::ANY).text(), "www.example.com. 300 IN A 198.51.100.7");
  EXPECT_EQ(net.ask("alias.example.com.", Type::ANY).text(), "alias.example.com. 300 IN CNAME www.example.com.");
  EXPECT_EQ(net.ask("txt.example.com.", Type::ANY).text(), "txt.example.com. 3600 IN HINFO \"RFC8482\" \"\"");
  const auto gone = net.ask("gone.example.com.", Type::ANY);
  EXPECT_EQ(gone.rcode(), Rcode::name_error);
  EXPECT_EQ(gone.message().authority.size(), 1U);
  EXPECT_EQ(net.heard_by("example.com.").find("ANY"), std::string::npos);
}

TEST_F(WaitingClients, WithoutRdTheBestAtHandIsGivenWhenTheOperatorAllows) {
  options().answer_without_rd = true;
  EXPECT_EQ(net.ask("www.example.com.", Type::A, without_rd()).rcode(), Rcode::refused) << "nothing is at hand yet";
  net.ask("www.example.com.", Type::A);
  net.forget_questions();
  EXPECT_EQ(net.ask("www.example.com.", Type::A, without_rd()).text(), "www.example.com. 300 IN A 198.51.100.7");
  const auto referral = net.ask("other.example.com.", Type::A, without_rd());
  EXPECT_EQ(referral.rcode(), Rcode::no_error);
  EXPECT_EQ(referral.text(), "");
  EXPECT_EQ(referral.authority_text(), "example.com. 0 IN NS ns1.example.com.");
  EXPECT_EQ(referral.additional_text(), "ns1.example.com. 0 IN A 192.0.2.2");
  EXPECT_EQ(net.questions(), 0U) << "and nobody is asked for it";
}

TEST_F(WaitingClients, SignaturesOfUnsignedDataAreNoData) {
  const auto answer = net.ask("www.example.com.", Type::RRSIG);
  EXPECT_EQ(answer.rcode(), Rcode::no_error);
  EXPECT_EQ(answer.text(), "");
}

TEST_F(WaitingClients, ThoseWhoWaitWhenItAllEndsAreLetGo) {
  Pending pending;
  {
    Internet other;
    other.server(Internet::kRootAddress).is_silent();
    pending = other.world().send("www.example.com.", Type::A);
    EXPECT_FALSE(pending.is_over());
  }
  EXPECT_TRUE(pending.is_over());
  EXPECT_FALSE(pending.is_answered());
}

// RFC 8767.
class StaleAnswers : public WaitingClients {
 protected:
  void SetUp() override {
    options().stale = {.enabled = true, .max_stale = 86400, .answer_ttl = 30, .client_timeout_ms = 20};
    ASSERT_EQ(net.ask("www.example.com.", Type::A).rcode(), Rcode::no_error);
    ASSERT_EQ(net.ask("gone.example.com.", Type::A).rcode(), Rcode::name_error);
  }
};

TEST_F(StaleAnswers, AreForTimesOfNeed) {
  net.pass(400s);
  const auto answer = net.ask("www.example.com.", Type::A, with_do());
  EXPECT_EQ(answer.text(), "www.example.com. 300 IN A 198.51.100.7");
  EXPECT_FALSE(answer.ede());
}

TEST_F(StaleAnswers, ComeWhenTheServersFail) {
  net.pass(400s);
  net.server("192.0.2.2").is_unreachable();
  const auto answer = net.ask("www.example.com.", Type::A, with_do());
  EXPECT_EQ(answer.text(), "www.example.com. 30 IN A 198.51.100.7");
  EXPECT_EQ(answer.ede(), Ede::stale_answer);
  net.forget_questions();
  EXPECT_EQ(net.ask("www.example.com.", Type::A, with_do()).ede(), Ede::stale_answer);
  EXPECT_EQ(net.questions(), 0U) << "a failure that is remembered is not tried again (RFC 8767 section 5)";
  const auto gone = net.ask("gone.example.com.", Type::A, with_do());
  EXPECT_EQ(gone.rcode(), Rcode::name_error);
  EXPECT_EQ(gone.ede(), Ede::stale_nxdomain);
}

TEST_F(StaleAnswers, ComeWhenTheServersTakeTooLong) {
  net.pass(400s);
  net.server("192.0.2.2").is_silent();
  const Instant start = net.world().clock().monotonic();
  const auto answer = net.ask("www.example.com.", Type::A, with_do());
  EXPECT_EQ(answer.ede(), Ede::stale_answer);
  EXPECT_EQ(net.world().clock().monotonic() - start, 20ms);
  EXPECT_EQ(net.world().clients().answered_from(AnswerSource::stale), 1U);
}

TEST_F(StaleAnswers, TheResolutionGoesOnBehindThem) {
  net.pass(400s);
  net.zone("example.com.").lacks("www.example.com.", Type::A).has("www.example.com. 300 IN A 198.51.100.8");
  net.server("192.0.2.2").drops_first(1);  // the second try comes too late for this client
  EXPECT_EQ(net.ask("www.example.com.", Type::A).text(), "www.example.com. 30 IN A 198.51.100.7");
  EXPECT_EQ(in_flight(), 0U) << "who had an answer waits for no other";
  net.world().settle();
  net.forget_questions();
  EXPECT_EQ(net.ask("www.example.com.", Type::A).text(), "www.example.com. 300 IN A 198.51.100.8");
  EXPECT_EQ(net.questions(), 0U);
}

TEST_F(StaleAnswers, AreNotOlderThanTheOperatorAllows) {
  net.pass(std::chrono::seconds(300 + 86400 + 10));
  net.server("192.0.2.2").is_unreachable();
  net.server("192.0.2.1").is_unreachable();
  net.server(Internet::kRootAddress).is_unreachable();
  EXPECT_EQ(net.ask("www.example.com.", Type::A).rcode(), Rcode::server_failure);
}

class StaleAtOnce : public WaitingClients {};

TEST_F(StaleAtOnce, AnswersFirstAndRefreshesBehind) {
  options().stale = {.enabled = true, .max_stale = 86400, .answer_ttl = 30, .client_timeout_ms = 0};
  ASSERT_EQ(net.ask("www.example.com.", Type::A).rcode(), Rcode::no_error);
  net.pass(400s);
  net.forget_questions();
  const Pending stale = net.world().send("www.example.com.", Type::A);
  ASSERT_TRUE(stale.is_answered()) << "without a moment's wait";
  EXPECT_EQ(stale.answer().text(), "www.example.com. 30 IN A 198.51.100.7");
  net.world().send("www.example.com.", Type::A);
  net.world().settle();
  EXPECT_EQ(asked_for_www(), 1U) << "one refresh, however many ask";
  EXPECT_EQ(net.ask("www.example.com.", Type::A).text(), "www.example.com. 300 IN A 198.51.100.7");
}

class Prefetching : public WaitingClients {};

TEST_F(Prefetching, RenewsWhatIsAskedForInItsLastTenth) {
  options().prefetch = true;
  ASSERT_EQ(net.ask("www.example.com.", Type::A).rcode(), Rcode::no_error);
  net.pass(269s);
  net.forget_questions();
  net.ask("www.example.com.", Type::A);
  net.world().settle();
  EXPECT_EQ(net.questions(), 0U) << "31 of 300 seconds are left";
  net.pass(1s);
  const Pending first = net.world().send("www.example.com.", Type::A);
  const Pending second = net.world().send("www.example.com.", Type::A);
  EXPECT_TRUE(first.is_answered() && second.is_answered()) << "nobody waits for it";
  net.world().settle();
  EXPECT_EQ(asked_for_www(), 1U);
  EXPECT_EQ(net.ask("www.example.com.", Type::A).text(), "www.example.com. 300 IN A 198.51.100.7");
}

TEST_F(Prefetching, IsOffUnlessAskedFor) {
  ASSERT_EQ(net.ask("www.example.com.", Type::A).rcode(), Rcode::no_error);
  net.pass(290s);
  net.forget_questions();
  net.ask("www.example.com.", Type::A);
  net.world().settle();
  EXPECT_EQ(net.questions(), 0U);
}

}  // namespace
}  // namespace vouch
