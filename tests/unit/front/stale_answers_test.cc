// Expired data in an outage (RFC 8767), as clients meet it over minutes: how long they wait, how often servers are
// tried meanwhile, what is told, and what never comes back.
#include "resolver/front/pauses.h"
#include "tests/scenarios/internet.h"
#include "tests/unit/front/front_testing.h"

namespace vouch {
namespace {

using namespace front_testing;

std::vector<Ede> errors_of(const ClientAnswer& answer) {
  std::vector<Ede> errors;
  if (!answer.message().edns) { return errors; }
  for (const auto& [code, data] : answer.message().edns->options) {
    if (code == OptionCode::extended_error) { errors.push_back(static_cast<Ede>(load16(data.data()))); }
  }
  return errors;
}

class Outage : public testing::Test {
 protected:
  Outage() {
    net.zone(".").delegates("com.", "192.0.2.1");
    net.zone("com.").delegates("example.com.", "192.0.2.2");
    net.zone("example.com.")
        .has("www.example.com. 300 IN A 198.51.100.7")
        .has("mail.example.com. 300 IN A 198.51.100.8");
    net.options().front.stale = {.enabled = true, .max_stale = 86400, .answer_ttl = 30, .client_timeout_ms = 1500};
  }
  // Everything is known, and has expired; then all servers fall silent.
  void begin() {
    ASSERT_EQ(net.ask("www.example.com.", Type::A).rcode(), Rcode::no_error);
    ASSERT_EQ(net.ask("gone.example.com.", Type::A).rcode(), Rcode::name_error);
    net.pass(4000s);
    all_servers([](auto& server) { server.is_silent(); });
    net.forget_questions();
  }
  template <typename Change>
  void all_servers(const Change& change) {
    for (const std::string_view address :
         {std::string_view("192.0.2.1"), std::string_view("192.0.2.2"), std::string_view(Internet::kRootAddress)}) {
      change(net.server(std::string(address)));
    }
  }
  Duration now() { return net.world().clock().monotonic().time_since_epoch(); }
  // How long a client waits for what it gets.
  Duration waits_for(std::string_view name, Ede expected) {
    const Duration start = now();
    const auto answer = net.ask(name, Type::A, with_do());
    const Duration waited = now() - start;
    EXPECT_EQ(answer.ede(), expected) << name;
    return waited;
  }
  std::uint64_t stale(StaleCause cause) {
    return net.world().clients().counters().stale[static_cast<std::size_t>(cause)].value();
  }

  Internet net;
};

TEST_F(Outage, TheFirstWaitsForTheTimeoutAndNobodyElseForHalfAMinute) {
  begin();
  EXPECT_EQ(waits_for("www.example.com.", Ede::stale_answer), 1500ms);
  EXPECT_EQ(stale(StaleCause::timeout), 1U);
  // While the first resolution still goes on, and after it has failed.
  for (int second = 1; second < 28; ++second) {
    EXPECT_EQ(waits_for("www.example.com.", Ede::stale_answer), 0ms) << second;
    net.pass(1s);
  }
  EXPECT_EQ(stale(StaleCause::recent_failure), 27U);
  EXPECT_EQ(stale(StaleCause::timeout) + stale(StaleCause::failure) + stale(StaleCause::at_once), 1U);
}

TEST_F(Outage, ServersAreTriedOnceInHalfAMinute) {
  begin();
  (void)waits_for("www.example.com.", Ede::stale_answer);
  net.world().settle();
  net.forget_questions();
  while (now() < 25s + 4000s) {  // how long the first try took does not matter
    EXPECT_EQ(waits_for("www.example.com.", Ede::stale_answer), 0ms);
    net.pass(1s);
  }
  net.world().settle();
  EXPECT_EQ(net.questions(), 0U);
  net.pass(400s);  // beyond what a failure is remembered
  (void)waits_for("www.example.com.", Ede::stale_answer);
  net.world().settle();
  EXPECT_GT(net.questions(), 0U) << "then they are tried again";
}

TEST_F(Outage, WhenItEndsFreshDataComesAndStays) {
  begin();
  (void)waits_for("www.example.com.", Ede::stale_answer);
  net.world().settle();
  all_servers([](auto& server) { server.behaves(); });
  net.pass(400s);
  EXPECT_EQ(net.ask("www.example.com.", Type::A).text(), "www.example.com. 300 IN A 198.51.100.7");
  // A short life after that is no reason for expired data: what had rested has been answered.
  net.pass(301s);
  EXPECT_EQ(net.ask("www.example.com.", Type::A).text(), "www.example.com. 300 IN A 198.51.100.7");
}

TEST_F(Outage, ADenialThatExpiredIsToldAsSuch) {
  begin();
  const auto gone = net.ask("gone.example.com.", Type::A, with_do());
  EXPECT_EQ(gone.rcode(), Rcode::name_error);
  EXPECT_EQ(gone.ede(), Ede::stale_nxdomain);
}

TEST_F(Outage, ANameThatIsThereIsNotDeniedByAnOlderWord) {
  ASSERT_EQ(net.ask("new.example.com.", Type::A).rcode(), Rcode::name_error);
  net.zone("example.com.").has("new.example.com. 300 IN A 198.51.100.9");
  net.pass(4000s);
  ASSERT_EQ(net.ask("new.example.com.", Type::A).rcode(), Rcode::no_error);
  net.pass(400s);
  all_servers([](auto& server) { server.is_silent(); });
  EXPECT_EQ(net.ask("new.example.com.", Type::A).text(), "new.example.com. 30 IN A 198.51.100.9");
}

TEST_F(Outage, WhatNobodyHasJudgedDoesNotComeBackForAnybody) {
  net.options().front.require_validation = true;
  Caches& caches = net.world().caches();
  const auto put = [&](const std::string& record, Security security, Flaw flaw = {}) {
    caches.rrsets.put(rrset_of({record}), Credibility::answer_authoritative, security, net.world().clock().ttl(),
                      nullptr, flaw);
  };
  put("unjudged.example.com. 300 IN A 198.51.100.7", Security::unchecked);
  put("bogus.example.com. 300 IN A 198.51.100.7", Security::bogus, Flaw(Reason::rrsig_invalid, 2));
  put("good.example.com. 300 IN A 198.51.100.7", Security::insecure);
  net.pass(400s);
  all_servers([](auto& server) { server.is_unreachable(); });
  EXPECT_EQ(net.ask("good.example.com.", Type::A).rcode(), Rcode::no_error);
  for (const Asking& how : {Asking(), with_cd()}) {
    EXPECT_EQ(net.ask("unjudged.example.com.", Type::A, how).rcode(), Rcode::server_failure);
    EXPECT_EQ(net.ask("bogus.example.com.", Type::A, how).rcode(), Rcode::server_failure);
  }
}

TEST_F(Outage, WithoutOldDataItIsAFailureThatNamesItsCause) {
  begin();
  const Duration start = now();
  const auto answer = net.ask("mail.example.com.", Type::A, with_do());
  EXPECT_EQ(answer.rcode(), Rcode::server_failure);
  EXPECT_EQ(errors_of(answer), std::vector{Ede::no_reachable_authority});
  EXPECT_LE(now() - start, 5s);
  const Duration again = now();
  const auto repeated = net.ask("mail.example.com.", Type::A, with_do());
  EXPECT_EQ(errors_of(repeated), (std::vector{Ede::no_reachable_authority, Ede::cached_error}));
  EXPECT_EQ(now() - again, 0ms);
}

TEST_F(Outage, WhatExpiredIsServedToTheSecondThatWasAllowed) {
  net.options().front.stale.max_stale = 600;
  ASSERT_EQ(net.ask("www.example.com.", Type::A).rcode(), Rcode::no_error);
  net.pass(895s);
  all_servers([](auto& server) { server.is_unreachable(); });
  EXPECT_EQ(net.ask("www.example.com.", Type::A, with_do()).ede(), Ede::stale_answer);
  net.pass(6s);
  EXPECT_EQ(net.ask("www.example.com.", Type::A).rcode(), Rcode::server_failure) << "although it rests for 30 s";
}

TEST_F(Outage, AtOnceMeansOneTryInHalfAMinute) {
  net.options().front.stale.client_timeout_ms = 0;
  begin();
  EXPECT_EQ(waits_for("www.example.com.", Ede::stale_answer), 0ms);
  EXPECT_EQ(stale(StaleCause::at_once), 1U);
  net.world().settle();
  EXPECT_GT(net.questions(), 0U);
  net.forget_questions();
  const Duration until = now() + 20s;
  while (now() < until) {
    EXPECT_EQ(waits_for("www.example.com.", Ede::stale_answer), 0ms);
    net.pass(1s);
  }
  net.world().settle();
  EXPECT_EQ(net.questions(), 0U);
}

TEST_F(Outage, PrefetchThatFailsIsNotTriedForEveryClient) {
  net.options().front.prefetch = true;
  ASSERT_EQ(net.ask("www.example.com.", Type::A).rcode(), Rcode::no_error);
  net.pass(271s);
  all_servers([](auto& server) { server.is_unreachable(); });
  net.forget_questions();
  (void)net.ask("www.example.com.", Type::A);
  net.world().settle();
  const std::size_t tried = net.questions();
  EXPECT_GT(tried, 0U);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(net.ask("www.example.com.", Type::A).rcode(), Rcode::no_error);
    net.world().settle();
  }
  EXPECT_EQ(net.questions(), tried);
}

TEST(Pausing, LastsForHalfAMinuteAndIsOfOneQuestion) {
  const auto pauses = std::make_unique<Pauses>();
  const QuestionKey www{Name::of("www.example."), Type::A, false}, cd{Name::of("www.example."), Type::A, true};
  const Instant start = Instant{} + 1000s + 900ms;
  EXPECT_TRUE(pauses->begin(www, start));
  EXPECT_FALSE(pauses->begin(www, start + 29s));
  EXPECT_TRUE(pauses->is_on(www, start + 30s));
  EXPECT_FALSE(pauses->is_on(www, start + 31s));
  EXPECT_FALSE(pauses->is_on(cd, start));
  pauses->end(www);
  EXPECT_FALSE(pauses->is_on(www, start));
  EXPECT_TRUE(pauses->begin(www, start + 1s));
}

}  // namespace
}  // namespace vouch
