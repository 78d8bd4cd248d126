// What policy makes of clients' questions: every action, from the cache and from the network, and the precedence of
// its sources.
#include <map>

#include "tests/unit/front/front_testing.h"

namespace vouch {
namespace {

using namespace front_testing;

// A source whose rules a test writes down.
class Rules final : public RuleSource {
 public:
  explicit Rules(std::string name, Ede ede = Ede::blocked) : name_(std::move(name)), ede_(ede) {}
  std::string_view name() const noexcept override { return name_; }
  PolicyPoints points() const noexcept override { return points_; }

  Rules& on_client(std::string_view prefix, PolicyAction action) {
    points_.add(PolicyPoint::client);
    clients_.emplace_back(*Prefix::parse(prefix), ruling(action));
    return *this;
  }
  Rules& on_name(std::string_view name, PolicyAction action, const std::vector<RRsetPtr>& data = {}) {
    points_.add(PolicyPoint::query_name);
    names_.push_back({Name::of(name), ruling(action), data});
    return *this;
  }
  Rules& on_answer(std::string_view prefix, PolicyAction action) {
    points_.add(PolicyPoint::answer_address);
    answers_.emplace_back(*Prefix::parse(prefix), ruling(action));
    return *this;
  }
  Rules& on_server_name(std::string_view name, PolicyAction action) {
    points_.add(PolicyPoint::server_name);
    servers_.push_back({Name::of(name), ruling(action), {}});
    return *this;
  }
  Rules& on_server_address(std::string_view prefix, PolicyAction action) {
    points_.add(PolicyPoint::server_address);
    server_addresses_.emplace_back(*Prefix::parse(prefix), ruling(action));
    return *this;
  }

  std::optional<Ruling> at_client(const IpAddress& client) const noexcept override { return in(clients_, client); }
  std::optional<Ruling> at_query_name(const HashedName& name) const noexcept override { return in(names_, name); }
  std::optional<Ruling> at_answer_address(const IpAddress& address) const noexcept override {
    return in(answers_, address);
  }
  std::optional<Ruling> at_server_name(const HashedName& name) const noexcept override { return in(servers_, name); }
  std::optional<Ruling> at_server_address(const IpAddress& address) const noexcept override {
    return in(server_addresses_, address);
  }

 private:
  using Prefixes = std::vector<std::pair<Prefix, Ruling>>;
  struct NameRule {
    Name name;
    Ruling ruling;
    std::vector<RRsetPtr> data;
  };
  Ruling ruling(PolicyAction action) const { return {.action = action, .ede = ede_}; }
  static std::optional<Ruling> in(const Prefixes& prefixes, const IpAddress& address) {
    for (const auto& [prefix, ruling] : prefixes) {
      if (prefix.contains(address)) { return ruling; }
    }
    return std::nullopt;
  }
  static std::optional<Ruling> in(const std::vector<NameRule>& names, const HashedName& name) {
    for (const NameRule& rule : names) {
      if (!(rule.name == name.name())) { continue; }
      Ruling found = rule.ruling;
      found.rule = rule.name;
      found.data = rule.data;
      return found;
    }
    return std::nullopt;
  }

  std::string name_;
  Ede ede_;
  PolicyPoints points_;
  Prefixes clients_, answers_, server_addresses_;
  std::vector<NameRule> names_, servers_;
};

class FrontPolicy : public FrontTest {
 protected:
  FrontPolicy() { options.front.allow = {*Prefix::parse("192.0.2.0/24")}; }
  Rules& source(std::string name, bool everyone = true) {
    auto rules = std::make_shared<Rules>(std::move(name));
    sources_.push_back({rules, everyone});
    return *rules;
  }
  void use() { options.policy = built(); }
  std::shared_ptr<const Policy> built() { return Policy::build(policy, sources_).value(); }
  static Asking from(std::string_view client) {
    Asking how;
    how.client = SocketAddress(*IpAddress::parse(client), 40000);
    how.edns_size = 1232;
    return how;
  }
  // Twice: what is kept finished must say the same.
  std::string twice(std::string_view name, const Asking& how = from("192.0.2.7"), Type type = Type::A) {
    std::string first = ask(name, type, how).summary();
    for (int i = 0; i < 3; ++i) { EXPECT_EQ(ask(name, type, how).summary(), first) << "the " << i + 2 << "th time"; }
    return first;
  }

  PolicyOptions policy;

 private:
  std::vector<Policy::Source> sources_;
};

TEST_F(FrontPolicy, EachActionOnANameHasItsAnswer) {
  source("rules")
      .on_name("gone.example.", PolicyAction::name_error)
      .on_name("empty.example.", PolicyAction::no_data)
      .on_name("refused.example.", PolicyAction::refuse)
      .on_name("silent.example.", PolicyAction::drop)
      .on_name("cut.example.", PolicyAction::truncate)
      .on_name("passed.example.", PolicyAction::pass_on)
      .on_name("local.example.", PolicyAction::local_data, {rrset_of({"any.owner. 20 IN A 10.0.0.1"})});
  use();
  cache("gone.example. 300 IN A 198.51.100.1");
  cache("cut.example. 300 IN A 198.51.100.2");
  cache("passed.example. 300 IN A 198.51.100.3");

  EXPECT_EQ(twice("gone.example."), "NXDOMAIN");
  EXPECT_EQ(twice("empty.example."), "NOERROR");
  EXPECT_EQ(twice("refused.example."), "REFUSED");
  EXPECT_EQ(twice("silent.example."), "silence");
  EXPECT_EQ(twice("passed.example."), "NOERROR passed.example. 300 IN A 198.51.100.3");
  EXPECT_EQ(twice("local.example."), "NOERROR local.example. 20 IN A 10.0.0.1");
  EXPECT_EQ(twice("local.example.", from("192.0.2.7"), Type::TXT), "NOERROR");

  const ClientAnswer cut = ask("cut.example.", Type::A, from("192.0.2.7"));
  EXPECT_TRUE(cut.message().tc);
  EXPECT_EQ(cut.text(), "");
  Asking over_tcp = from("192.0.2.7");
  over_tcp.protocol = ClientProtocol::tcp;
  EXPECT_EQ(ask("cut.example.", Type::A, over_tcp).text(), "cut.example. 300 IN A 198.51.100.2");
}

TEST_F(FrontPolicy, ANegativeAnswerSaysWhyAndForHowLong) {
  source("ads").on_name("gone.example.", PolicyAction::name_error);
  use();
  const ClientAnswer answer = ask("gone.EXAMPLE.", Type::A, from("192.0.2.7"));
  EXPECT_EQ(answer.ede(), Ede::blocked);
  EXPECT_EQ(answer.ede_text(), "list=ads rule=gone.example.");
  EXPECT_EQ(answer.authority_text(), "gone.EXAMPLE. 60 IN SOA gone.EXAMPLE. nobody.invalid. 1 3600 1200 604800 60");
  EXPECT_FALSE(answer.message().ad);
}

TEST_F(FrontPolicy, WhatTakesTheNamesPlaceAsAnAliasIsLookedUp) {
  source("rules")
      .on_name("bad.example.", PolicyAction::local_data, {rrset_of({"x. 20 IN CNAME garden.example."})})
      .on_name("worse.example.", PolicyAction::local_data, {rrset_of({"x. 20 IN CNAME *.garden.example."})});
  use();
  cache("garden.example. 300 IN A 198.51.100.9");
  cache("worse.example.garden.example. 300 IN A 198.51.100.10");
  EXPECT_EQ(twice("bad.example."),
            "NOERROR bad.example. 20 IN CNAME garden.example. garden.example. 300 IN A 198.51.100.9");
  EXPECT_EQ(twice("worse.example."),
            "NOERROR worse.example. 20 IN CNAME worse.example.garden.example. "
            "worse.example.garden.example. 300 IN A 198.51.100.10");
  EXPECT_EQ(twice("bad.example.", from("192.0.2.7"), Type::CNAME), "NOERROR bad.example. 20 IN CNAME garden.example.");
}

TEST_F(FrontPolicy, ABlockedNameIsBlockedUnderEveryAlias) {
  source("rules").on_name("tracker.example.", PolicyAction::name_error);
  use();
  cache("innocent.example. 300 IN CNAME tracker.example.");
  cache("tracker.example. 300 IN A 198.51.100.1");
  EXPECT_EQ(twice("innocent.example."), "NXDOMAIN");
  EXPECT_EQ(twice("innocent.example.", from("192.0.2.7"), Type::CNAME), "NXDOMAIN");
}

TEST_F(FrontPolicy, AnAddressInTheAnswerDecides) {
  source("rules").on_answer("203.0.113.0/24", PolicyAction::name_error);
  use();
  cache("bad.example. 300 IN A 203.0.113.5");
  cache("good.example. 300 IN A 198.51.100.5");
  EXPECT_EQ(twice("bad.example."), "NXDOMAIN");
  EXPECT_EQ(twice("good.example."), "NOERROR good.example. 300 IN A 198.51.100.5");
}

TEST_F(FrontPolicy, AServerOnTheWayDecides) {
  source("rules")
      .on_server_name("ns.bad.example.", PolicyAction::name_error)
      .on_server_address("203.0.113.0/24", PolicyAction::refuse);
  use();
  const auto delegate = [&](std::string_view zone, std::string_view server, std::string_view address) {
    world().caches().delegations.put(
        Delegation::make(Name::of(zone), {{Name::of(server), {*IpAddress::parse(address)}}}, 3600), now());
  };
  delegate("one.example.", "ns.bad.example.", "198.51.100.53");
  delegate("two.example.", "ns.good.example.", "203.0.113.53");
  delegate("three.example.", "ns.good.example.", "198.51.100.54");
  cache("www.one.example. 300 IN A 198.51.100.1");
  cache("www.two.example. 300 IN A 198.51.100.2");
  cache("www.three.example. 300 IN A 198.51.100.3");
  EXPECT_EQ(twice("www.one.example."), "NXDOMAIN");
  EXPECT_EQ(twice("www.two.example."), "REFUSED");
  EXPECT_EQ(twice("www.three.example."), "NOERROR www.three.example. 300 IN A 198.51.100.3");
}

TEST_F(FrontPolicy, AClientsAddressDecidesForThatClientAlone) {
  source("rules")
      .on_client("192.0.2.66/32", PolicyAction::refuse)
      .on_client("192.0.2.67/32", PolicyAction::pass_on)
      .on_name("gone.example.", PolicyAction::name_error);
  use();
  cache("www.example. 300 IN A 198.51.100.1");
  cache("gone.example. 300 IN A 198.51.100.2");
  EXPECT_EQ(twice("www.example."), "NOERROR www.example. 300 IN A 198.51.100.1");
  EXPECT_EQ(twice("www.example.", from("192.0.2.66")), "REFUSED");
  EXPECT_EQ(twice("gone.example."), "NXDOMAIN");
  EXPECT_EQ(twice("gone.example.", from("192.0.2.67")), "NOERROR gone.example. 300 IN A 198.51.100.2");
}

TEST_F(FrontPolicy, AnEarlierSourceWinsEvenAtALaterPoint) {
  source("first").on_answer("203.0.113.0/24", PolicyAction::refuse);
  source("second").on_name("bad.example.", PolicyAction::name_error);
  source("third").on_name("bad.example.", PolicyAction::no_data);
  use();
  cache("bad.example. 300 IN A 203.0.113.5");
  EXPECT_EQ(twice("bad.example."), "REFUSED");
  EXPECT_EQ(twice("bad.example.", from("192.0.2.7"), Type::TXT), "NXDOMAIN")
      << "nothing is known, so nothing overrules";
}

TEST_F(FrontPolicy, WhatIsLetPassByAnEarlierSourceIsNotBlockedByALater) {
  source("allow").on_name("good.example.", PolicyAction::pass_on);
  source("block").on_name("good.example.", PolicyAction::name_error).on_answer("0.0.0.0/0", PolicyAction::name_error);
  use();
  cache("good.example. 300 IN A 198.51.100.1");
  EXPECT_EQ(twice("good.example."), "NOERROR good.example. 300 IN A 198.51.100.1");
}

TEST_F(FrontPolicy, ViewsHaveTheirOwnSourcesAndTheLongestPrefixWins) {
  source("ads").on_name("ads.example.", PolicyAction::name_error);
  source("adults", false).on_name("adults.example.", PolicyAction::name_error);
  policy.views = {{.name = "children", .clients = {*Prefix::parse("192.0.2.64/26")}, .lists = {{"ads", "adults"}}},
                  {.name = "parent", .clients = {*Prefix::parse("192.0.2.65/32")}, .lists = {{}}}};
  use();
  cache("ads.example. 300 IN A 198.51.100.1");
  cache("adults.example. 300 IN A 198.51.100.2");
  const std::string real = "NOERROR adults.example. 300 IN A 198.51.100.2";
  for (int turn = 0; turn < 3; ++turn) {  // in turns: what is kept finished is of one view
    EXPECT_EQ(twice("adults.example."), real);
    EXPECT_EQ(twice("adults.example.", from("192.0.2.70")), "NXDOMAIN");
    EXPECT_EQ(twice("adults.example.", from("192.0.2.65")), real);
    EXPECT_EQ(twice("ads.example.", from("192.0.2.65")), "NOERROR ads.example. 300 IN A 198.51.100.1");
    EXPECT_EQ(twice("ads.example."), "NXDOMAIN");
    EXPECT_EQ(twice("ads.example.", from("192.0.2.70")), "NXDOMAIN");
  }
}

TEST_F(FrontPolicy, AViewsOwnRecordsAreForItsClients) {
  policy.views = {{.name = "guests", .clients = {*Prefix::parse("192.0.2.64/26")}}};
  policy.views[0].local_data.records = {"portal.example. 60 IN A 10.0.0.1"};
  options.local.records = {"portal.example. 60 IN A 10.0.0.2", "printer.example. 60 IN A 10.0.0.3"};
  use();
  EXPECT_EQ(twice("portal.example."), "NOERROR portal.example. 60 IN A 10.0.0.2");
  EXPECT_EQ(twice("portal.example.", from("192.0.2.70")), "NOERROR portal.example. 60 IN A 10.0.0.1");
  EXPECT_EQ(twice("printer.example.", from("192.0.2.70")), "NOERROR printer.example. 60 IN A 10.0.0.3");
}

TEST_F(FrontPolicy, NothingKeptOutlivesAChange) {
  cache("www.example. 300 IN A 198.51.100.1");
  EXPECT_EQ(twice("www.example."), "NOERROR www.example. 300 IN A 198.51.100.1");
  source("rules").on_name("www.example.", PolicyAction::name_error);
  world().clients().use_policy(built());
  EXPECT_EQ(twice("www.example."), "NXDOMAIN");
  world().clients().use_policy(nullptr);
  EXPECT_EQ(twice("www.example."), "NOERROR www.example. 300 IN A 198.51.100.1");
}

TEST_F(FrontPolicy, NoAnswerKnownIsNoWayAroundARule) {
  source("first").on_answer("203.0.113.0/24", PolicyAction::refuse);
  source("second").on_name("bad.example.", PolicyAction::name_error);
  use();
  EXPECT_EQ(twice("bad.example."), "NXDOMAIN") << "its servers cannot be reached, and that is no answer either";
}

TEST_F(FrontPolicy, StaleAnswersAreSeenToAsWell) {
  options.front.stale.enabled = true;
  source("rules").on_answer("203.0.113.0/24", PolicyAction::name_error);
  use();
  cache("bad.example. 300 IN A 203.0.113.5");
  cache("good.example. 300 IN A 198.51.100.5");
  world().pass(std::chrono::seconds(400));
  EXPECT_EQ(ask("bad.example.", Type::A, from("192.0.2.7")).summary(), "NXDOMAIN");
  EXPECT_EQ(ask("good.example.", Type::A, from("192.0.2.7")).summary(), "NOERROR good.example. 30 IN A 198.51.100.5");
}

}  // namespace
}  // namespace vouch
