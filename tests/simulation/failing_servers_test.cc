// Servers that are dead, lame, curt or odd: how much is asked of them, how soon it ends, and what is remembered.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scenarios/internet.h"

namespace vouch::simulation {
namespace {

struct FailingServers : testing::Test {
  Internet net;
  FailingServers() {
    net.zone(".").delegates("com.", "192.0.2.1");
    net.resolve("nothing.com.", Type::A);  // the root and com. are warm in every story
    net.forget_questions();
  }
  // A zone under com. with servers at these addresses.
  Zone& zone_at(std::string_view zone, const std::vector<std::string>& addresses) {
    std::vector<Zone::NamedServer> servers;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      servers.push_back({"ns" + std::to_string(i) + "." + std::string(zone), addresses[i]});
    }
    net.zone("com.").delegates_to(zone, servers);
    for (const std::string& address : addresses) { net.zone(zone).at(address); }
    return net.zone(zone).has("www." + std::string(zone) + " 300 IN A 198.51.100.7");
  }
  std::vector<std::string> addresses(int count, int from = 10) {
    std::vector<std::string> out;
    for (int i = 0; i < count; ++i) { out.push_back("192.0.2." + std::to_string(from + i)); }
    return out;
  }
  Duration time_of(std::string_view name, Answer& answer) {
    const Instant start = net.world().clock().monotonic();
    answer = net.resolve(name, Type::A);
    return net.world().clock().monotonic() - start;
  }
};

TEST_F(FailingServers, ThirteenDeadServersEndInTimeAndAreLeftInPeace) {
  zone_at("dead.com.", addresses(13));
  for (const std::string& address : addresses(13)) { net.server(address).is_silent(); }
  Answer answer;
  EXPECT_LE(time_of("www.dead.com.", answer), 5s);
  EXPECT_EQ(answer.rcode, Rcode::server_failure);
  EXPECT_EQ(answer.ede, Ede::no_reachable_authority);
  EXPECT_LE(net.questions(), 15U);
  net.forget_questions();
  EXPECT_LE(time_of("www.dead.com.", answer), 1ms);  // RFC 9520
  EXPECT_EQ(net.questions(), 0U);
}

TEST_F(FailingServers, OneDeadOfTwoCostsOneTimeout) {
  zone_at("half.com.", {"192.0.2.10", "192.0.2.11"});
  net.server("192.0.2.10").is_silent();
  Answer answer;
  EXPECT_LE(time_of("www.half.com.", answer), 1500ms);
  EXPECT_EQ(answer.rcode, Rcode::no_error);
}

TEST_F(FailingServers, DeadOneIsHardlyAskedOnceTheLivingOneIsKnown) {
  Zone& zone = zone_at("half.com.", {"192.0.2.10", "192.0.2.11"});
  net.server("192.0.2.10").is_silent();
  for (int i = 0; i < 200; ++i) {
    const std::string name = "h" + std::to_string(i) + ".half.com.";
    zone.has(name + " 60 IN A 198.51.100.1");
    EXPECT_EQ(net.resolve(name, Type::A).rcode, Rcode::no_error);
  }
  EXPECT_LE(std::ranges::count_if(net.heard(), [](const std::string& line) { return line.starts_with("192.0.2.10:"); }),
            20);
}

TEST_F(FailingServers, ReturnedServerIsFoundWithinAMinute) {
  Zone& zone = zone_at("back.com.", {"192.0.2.10"});
  net.server("192.0.2.10").is_silent();
  for (int i = 0; i < 20; ++i) {
    net.resolve("x" + std::to_string(i) + ".back.com.", Type::A);
    net.pass(3s);
  }
  net.server("192.0.2.10").behaves();
  net.pass(61s);
  zone.has("alive.back.com. 60 IN A 198.51.100.1");
  EXPECT_EQ(net.resolve("alive.back.com.", Type::A).rcode, Rcode::no_error);
}

TEST_F(FailingServers, WaterTortureOfADeadZoneHardlyReachesItsServers) {
  zone_at("torture.com.", {"192.0.2.10", "192.0.2.11"});
  net.server("192.0.2.10").is_silent();
  net.server("192.0.2.11").is_silent();
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(net.resolve("r" + std::to_string(i) + ".torture.com.", Type::A).rcode, Rcode::server_failure);
  }
  EXPECT_LE(net.questions(), 100U);
}

TEST_F(FailingServers, FastServerGetsNearlyAllQuestions) {
  Zone& zone = zone_at("speed.com.", {"192.0.2.10", "192.0.2.11"});
  net.server("192.0.2.10").takes(300ms);
  net.server("192.0.2.11").takes(5ms);
  for (int i = 0; i < 220; ++i) {
    if (i == 20) { net.forget_questions(); }
    const std::string name = "h" + std::to_string(i) + ".speed.com.";
    zone.has(name + " 60 IN A 198.51.100.1");
    net.resolve(name, Type::A);
  }
  const auto fast =
      std::ranges::count_if(net.heard(), [](const std::string& line) { return line.starts_with("192.0.2.11:"); });
  EXPECT_GE(fast, 180);
}

TEST_F(FailingServers, LameServersAreLeftOutForTheZone) {
  zone_at("lame.com.", {"192.0.2.10", "192.0.2.11"});
  net.server("192.0.2.10").answers_all_with(Rcode::refused);
  for (const char* name : {"www.lame.com.", "a.lame.com.", "b.lame.com.", "c.lame.com."}) {
    EXPECT_NE(net.resolve(name, Type::A).rcode, Rcode::server_failure);
  }
  EXPECT_LE(std::ranges::count_if(net.heard(), [](const std::string& line) { return line.starts_with("192.0.2.10:"); }),
            1);
}

TEST_F(FailingServers, ThirteenRefusingServersAreAskedOnceEach) {
  zone_at("refused.com.", addresses(13));
  for (const std::string& address : addresses(13)) { net.server(address).answers_all_with(Rcode::refused); }
  const Answer answer = net.resolve("www.refused.com.", Type::A);
  EXPECT_EQ(answer.rcode, Rcode::server_failure);
  EXPECT_EQ(answer.ede, Ede::network_error);
  EXPECT_LE(net.questions(), 14U);
  net.forget_questions();
  net.resolve("www.refused.com.", Type::A);
  EXPECT_EQ(net.questions(), 0U);
}

TEST_F(FailingServers, FailureIsRememberedLongerEachTime) {  // RFC 9520 section 3.2
  zone_at("refused.com.", {"192.0.2.10"});
  net.server("192.0.2.10").answers_all_with(Rcode::server_failure);
  net.resolve("www.refused.com.", Type::A);
  net.pass(6s);
  net.forget_questions();
  net.resolve("www.refused.com.", Type::A);
  EXPECT_GT(net.questions(), 0U);
  net.pass(6s);
  net.forget_questions();
  net.resolve("www.refused.com.", Type::A);
  EXPECT_EQ(net.questions(), 0U);  // ten seconds now
}

struct Stubborn {
  const char* what;
  std::function<void(Server&)> make;
  std::size_t most;
};
class StubbornServer : public FailingServers, public testing::WithParamInterface<Stubborn> {};
TEST_P(StubbornServer, IsNotAskedOverAndOver) {  // CVE-2026-5950: no way of sending again without paying for it
  zone_at("stubborn.com.", {"192.0.2.10"});
  GetParam().make(net.server("192.0.2.10"));
  EXPECT_EQ(net.resolve("www.stubborn.com.", Type::A).rcode, Rcode::server_failure);
  EXPECT_LE(net.heard_by("192.0.2.10").size() == 0
                ? 0U
                : 1U + static_cast<std::size_t>(std::ranges::count(net.heard_by("192.0.2.10"), ',')),
            GetParam().most)
      << net.heard_by("192.0.2.10");
}
INSTANTIATE_TEST_SUITE_P(
    FailingServers, StubbornServer,
    testing::Values(Stubborn{"formerr", [](Server& server) { server.answers_all_with(Rcode::format_error); }, 3},
                    Stubborn{"servfail", [](Server& server) { server.answers_all_with(Rcode::server_failure); }, 3},
                    Stubborn{"badcookie", [](Server& server) { server.answers_all_with(Rcode::bad_cookie); }, 3},
                    Stubborn{"truncation_without_tcp",
                             [](Server& server) {
                               server.truncates_udp();
                               server.is_silent_over(UpstreamProtocol::tcp);
                             },
                             4}),
    [](const auto& story) { return std::string(story.param.what); });

TEST_F(FailingServers, ServerWithoutEdnsIsSpokenToPlainly) {
  zone_at("old.com.", {"192.0.2.10"});
  net.server("192.0.2.10").errs_on_edns();
  EXPECT_EQ(net.resolve("www.old.com.", Type::A).rcode, Rcode::no_error);
  net.forget_questions();
  net.resolve("other.old.com.", Type::A);
  EXPECT_EQ(net.questions(), 1U);  // remembered: no second EDNS try
  net.pass(6min);
  net.forget_questions();
  net.resolve("later.old.com.", Type::A);
  EXPECT_EQ(net.questions(), 2U);  // and forgotten, so that a forged FORMERR does not last (CVE-2026-52690)
}

TEST_F(FailingServers, CookieIsGivenBack) {  // RFC 7873
  zone_at("biscuit.com.", {"192.0.2.10"});
  net.server("192.0.2.10").demands_cookies();
  EXPECT_EQ(net.resolve("www.biscuit.com.", Type::A).rcode, Rcode::no_error);
  net.forget_questions();
  net.resolve("other.biscuit.com.", Type::A);
  EXPECT_EQ(net.questions(), 1U);
}

TEST_F(FailingServers, UnreachableServerIsPassedOverAtOnce) {
  zone_at("icmp.com.", {"192.0.2.10", "192.0.2.11"});
  net.server("192.0.2.10").is_unreachable();
  Answer answer;
  EXPECT_LE(time_of("www.icmp.com.", answer), 100ms);
  EXPECT_EQ(answer.rcode, Rcode::no_error);
}

TEST_F(FailingServers, WithAThirdOfThePacketsLostNearlyEverythingIsAnswered) {
  Zone& zone = zone_at("lossy.com.", {"192.0.2.10", "192.0.2.11"});
  int failed = 0;
  for (int i = 0; i < 300; ++i) {
    const std::string name = "h" + std::to_string(i) + ".lossy.com.";
    zone.has(name + " 60 IN A 198.51.100.1");
    net.server("192.0.2.10").drops_first(i % 3 == 0 ? 1 : 0);
    net.server("192.0.2.11").drops_first(i % 2 == 0 ? 1 : 0);
    failed += net.resolve(name, Type::A).rcode == Rcode::no_error ? 0 : 1;
  }
  EXPECT_LE(failed, 1);
}

TEST_F(FailingServers, OneSlowAnswerIsWaitedForAndShutsOutNobody) {
  Zone& zone = zone_at("moody.com.", {"192.0.2.10"});
  for (const char* name : {"a.moody.com.", "b.moody.com.", "c.moody.com."}) {
    zone.has(std::string(name) + " 60 IN A 198.51.100.1");
  }
  EXPECT_EQ(net.resolve("a.moody.com.", Type::A).rcode, Rcode::no_error);
  net.server("192.0.2.10").takes(1200ms);
  EXPECT_EQ(net.resolve("b.moody.com.", Type::A).rcode, Rcode::no_error);
  net.server("192.0.2.10").takes(5ms);
  EXPECT_EQ(net.resolve("c.moody.com.", Type::A).rcode, Rcode::no_error);
}

TEST_F(FailingServers, ServerThatRefusesOnceIsAskedAgainWhereThereIsNoOther) {
  zone_at("once.com.", {"192.0.2.10"});
  net.server("192.0.2.10").errs_on("odd.once.com.", Type::A, Rcode::refused);
  EXPECT_EQ(net.resolve("odd.once.com.", Type::A).rcode, Rcode::server_failure);
  EXPECT_EQ(net.resolve("www.once.com.", Type::A).rcode, Rcode::no_error);
}

TEST_F(FailingServers, CaseFoldingServerWithoutTcpIsUnderstood) {
  zone_at("fold.com.", {"192.0.2.10"});
  net.server("192.0.2.10").folds_case().is_silent_over(UpstreamProtocol::tcp);
  EXPECT_EQ(net.resolve("www.fold.com.", Type::A).rcode, Rcode::no_error);
}

TEST_F(FailingServers, CookiesGivenUpByAServerWithoutTcpAreForgottenInTime) {
  zone_at("stale.com.", {"192.0.2.10"});
  net.server("192.0.2.10").gives_cookies();
  EXPECT_EQ(net.resolve("www.stale.com.", Type::A).rcode, Rcode::no_error);
  net.server("192.0.2.10").forgets_cookies().is_silent_over(UpstreamProtocol::tcp);
  net.pass(31min);
  net.zone("stale.com.").has("later.stale.com. 60 IN A 198.51.100.1");
  EXPECT_EQ(net.resolve("later.stale.com.", Type::A).rcode, Rcode::no_error);
}

TEST_F(FailingServers, GluelessServerThatOnlyIpv6ReachesIsReached) {
  net.zone("com.").delegates_to("dual.com.", {{"ns.host.com.", ""}});
  net.zone("com.").delegates("host.com.", "192.0.2.20");
  net.zone("host.com.").has("ns.host.com. 60 IN A 192.0.2.10").has("ns.host.com. 60 IN AAAA 2001:db8::10");
  net.zone("dual.com.").at("2001:db8::10").has("www.dual.com. 60 IN A 198.51.100.1");
  net.server("192.0.2.10").is_unreachable();
  EXPECT_EQ(net.resolve("www.dual.com.", Type::A).rcode, Rcode::no_error);
}

}  // namespace
}  // namespace vouch::simulation
