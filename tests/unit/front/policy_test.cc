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
  std::optional<Ruling> at_answer_addresses(std::span<const IpAddress> addresses) const noexcept override {
    return first_in(answers_, addresses);
  }
  std::optional<Ruling> at_server_names(std::span<const NameView> names) const noexcept override {
    for (const NameView name : names) {
      const HashedName hashed(name);
      if (auto found = in(servers_, hashed)) { return found; }
    }
    return std::nullopt;
  }
  std::optional<Ruling> at_server_addresses(std::span<const IpAddress> addresses) const noexcept override {
    return first_in(server_addresses_, addresses);
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
  static std::optional<Ruling> first_in(const Prefixes& prefixes, std::span<const IpAddress> addresses) {
    for (const IpAddress& address : addresses) {
      if (auto found = in(prefixes, address)) { return found; }
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
  const std::vector<std::string> none;
  policy.views = {{.name = "children", .clients = {*Prefix::parse("192.0.2.64/26")}, .lists = {{"ads", "adults"}}},
                  {.name = "parent", .clients = {*Prefix::parse("192.0.2.65/32")}, .lists = none}};
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

TEST(PolicyOfViews, AViewChoosesAmongListsAlone) {
  const auto zone = std::make_shared<Rules>("feed");
  PolicyOptions policy;
  policy.views.push_back({.name = "children", .clients = {*Prefix::parse("10.0.0.0/8")}});
  policy.views[0].lists = {"feed"};
  const auto without = Policy::build(policy, {{.rules = zone, .is_list = false}});
  ASSERT_FALSE(without.has_value());
  EXPECT_EQ(without.error(), "view children: there is no list feed");
  EXPECT_TRUE(Policy::build(policy, {{.rules = zone}}).has_value());
}

TEST_F(FrontPolicy, WhatIsNoListHoldsInEveryView) {
  auto zone = std::make_shared<Rules>("zone");
  zone->on_name("bad.example.", PolicyAction::name_error);
  const std::vector<std::string> none;
  policy.views = {{.name = "tv", .clients = {*Prefix::parse("192.0.2.64/26")}, .lists = none}};
  options.policy = Policy::build(policy, {{.rules = zone, .is_list = false}}).value();
  EXPECT_EQ(twice("bad.example."), "NXDOMAIN");
  EXPECT_EQ(twice("bad.example.", from("192.0.2.70")), "NXDOMAIN");
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

// A rule that was met at an expired answer, and is carried out when the resolution ends, is met there again.
TEST_F(FrontPolicy, ExpiredAnswersAreNoWayAroundARule) {
  for (const std::uint32_t timeout : {0U, 1800U}) {
    SCOPED_TRACE(timeout);
    options.front.stale = {.enabled = true, .max_stale = 86400, .answer_ttl = 30, .client_timeout_ms = timeout};
    Internet net;
    net.zone(".").delegates("example.", "192.0.2.2");
    net.zone("example.").has("bad.example. 300 IN A 203.0.113.5").has("led.example. 300 IN CNAME evil.example.");
    net.zone("example.").has("evil.example. 300 IN A 198.51.100.66").has("garden.example. 300 IN A 198.51.100.9");
    net.options().front = options.front;
    // Known, and expired, before the rules come.
    ASSERT_EQ(net.ask("bad.example.", Type::A, from("192.0.2.7")).rcode(), Rcode::no_error);
    ASSERT_EQ(net.ask("led.example.", Type::A, from("192.0.2.7")).rcode(), Rcode::no_error);
    net.pass(std::chrono::seconds(400));
    auto rules = std::make_shared<Rules>("rules");
    rules->on_answer("203.0.113.0/24", PolicyAction::drop)
        .on_name("evil.example.", PolicyAction::local_data, {rrset_of({"x. 20 IN CNAME garden.example."})});
    net.world().clients().use_policy(Policy::build(policy, {{rules, true}}).value());
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(net.ask("bad.example.", Type::A, from("192.0.2.7")).summary(), "silence");
      const std::string led = net.ask("led.example.", Type::A, from("192.0.2.7")).summary();
      EXPECT_EQ(led.find("198.51.100.66"), std::string::npos) << led;
    }
  }
}

// The alias is cached, what it leads to is not: the rule on its target was met on half the way.
TEST_F(FrontPolicy, AHalfKnownAnswerIsNoWayAroundARule) {
  source("rules").on_name("evil.example.", PolicyAction::drop);
  use();
  cache("led.example. 300 IN CNAME evil.example.");
  EXPECT_EQ(twice("led.example."), "silence");
}

// ------------------------------------------------------------------------------------------------ names in options

TEST_F(FrontPolicy, WhatIsAllowedWinsOverWhatIsBlockedAndOverEveryList) {
  policy.block = {Name::of("bad.example.")};
  policy.allow = {Name::of("good.bad.example."), Name::of("listed.example.")};
  source("list").on_name("listed.example.", PolicyAction::refuse);
  use();
  cache("good.bad.example. 300 IN A 198.51.100.1");
  cache("listed.example. 300 IN A 198.51.100.2");
  EXPECT_EQ(twice("www.bad.example."), "NXDOMAIN");
  EXPECT_EQ(twice("good.bad.example."), "NOERROR good.bad.example. 300 IN A 198.51.100.1");
  EXPECT_EQ(twice("listed.example."), "NOERROR listed.example. 300 IN A 198.51.100.2");
}

TEST_F(FrontPolicy, AViewsOwnNamesHoldForItAloneAndBesideEveryones) {
  policy.block = {Name::of("bad.example.")};
  const std::vector<std::string> none;
  policy.views = {{.name = "children",
                   .clients = {*Prefix::parse("192.0.2.64/26")},
                   .lists = none,
                   .block = {Name::of("games.example.")}}};
  use();
  cache("games.example. 300 IN A 198.51.100.1");
  EXPECT_EQ(twice("games.example."), "NOERROR games.example. 300 IN A 198.51.100.1");
  EXPECT_EQ(twice("games.example.", from("192.0.2.70")), "NXDOMAIN");
  EXPECT_EQ(twice("bad.example.", from("192.0.2.70")), "NXDOMAIN");
}

TEST_F(FrontPolicy, WhatRulesDidIsCountedBySource) {
  policy.block = {Name::of("bad.example.")};
  use();
  for (int i = 0; i < 3; ++i) { ask("bad.example.", Type::A, from("192.0.2.7")); }
  const PolicyCounters& counters = world().recorder().policy();
  EXPECT_EQ(counters.actions[static_cast<std::size_t>(PolicyAction::name_error)].value(), 3U);
  EXPECT_EQ(counters.sources[0].value(), 3U);
}

// ------------------------------------------------------------------------------------------------ rebinding protection

class Rebinding : public FrontPolicy {
 protected:
  Rebinding() { policy.rebinding.enabled = true; }
};

TEST_F(Rebinding, AddressesOfTheHomeLeavePublicAnswers) {
  use();
  cache(rrset_of({"mixed.example. 300 IN A 198.51.100.1", "mixed.example. 300 IN A 192.168.1.1"}), Security::secure);
  cache("inside.example. 300 IN A 192.168.1.1");
  cache("alias.example. 300 IN CNAME inside.example.");
  cache("public.example. 300 IN A 198.51.100.1");
  EXPECT_EQ(twice("mixed.example."), "NOERROR mixed.example. 300 IN A 198.51.100.1");
  EXPECT_EQ(twice("inside.example."), "NOERROR");
  EXPECT_EQ(twice("alias.example."), "NOERROR alias.example. 300 IN CNAME inside.example.");
  EXPECT_EQ(twice("public.example."), "NOERROR public.example. 300 IN A 198.51.100.1");
  Asking how = from("192.0.2.7");
  how.dnssec_ok = true;
  const ClientAnswer answer = ask("mixed.example.", Type::A, how);
  EXPECT_EQ(answer.ede(), Ede::blocked);
  EXPECT_FALSE(answer.message().ad) << "what is left has no proof";
}

TEST_F(Rebinding, NamesThatMayHaveThemDo) {
  policy.rebinding.allowed = {Name::of("nas.example.")};
  options.local.records = {"printer.example. 60 IN A 192.168.1.9"};
  use();
  cache("nas.example. 300 IN A 192.168.1.1");
  cache("www.nas.example. 300 IN A 192.168.1.2");
  cache("evil.example. 300 IN CNAME nas.example.");
  EXPECT_EQ(twice("nas.example."), "NOERROR nas.example. 300 IN A 192.168.1.1");
  EXPECT_EQ(twice("www.nas.example."), "NOERROR www.nas.example. 300 IN A 192.168.1.2");
  EXPECT_EQ(twice("printer.example."), "NOERROR printer.example. 60 IN A 192.168.1.9");
  EXPECT_EQ(twice("evil.example."), "NOERROR evil.example. 300 IN CNAME nas.example.")
      << "the name asked decides, or any page could lead there by an alias";
}

TEST_F(Rebinding, AViewMayBeSpared) {
  policy.views = {{.name = "mail", .clients = {*Prefix::parse("192.0.2.25/32")}, .rebinding_protection = false}};
  use();
  cache("2.0.0.127.list.example. 300 IN A 127.0.0.2");
  EXPECT_EQ(twice("2.0.0.127.list.example.", from("192.0.2.25")), "NOERROR 2.0.0.127.list.example. 300 IN A 127.0.0.2");
  EXPECT_EQ(twice("2.0.0.127.list.example."), "NOERROR");
}

// --------------------------------------------------------------------------------------------------------------- DNS64

class FrontDns64 : public FrontPolicy {
 protected:
  FrontDns64() { policy.dns64.enabled = true; }
  std::string aaaa(std::string_view name, const Asking& how = from("192.0.2.7")) {
    return twice(name, how, Type::AAAA);
  }
};

TEST_F(FrontDns64, NamesWithoutIpv6GetIt) {
  use();
  cache("v4.example. 300 IN A 198.51.100.1", Security::secure);
  cache_negative("v4.example.", Type::AAAA, EntryKind::no_data, Security::secure);
  cache("both.example. 300 IN A 198.51.100.2");
  cache("both.example. 300 IN AAAA 2001:db8::2");
  cache("mapped.example. 300 IN AAAA ::ffff:198.51.100.3");
  cache("mapped.example. 300 IN A 198.51.100.3");
  cache("alias.example. 300 IN CNAME v4.example.");
  cache_negative("gone.example.", Type::AAAA, EntryKind::name_error);
  cache_negative("none.example.", Type::AAAA, EntryKind::no_data);
  cache_negative("none.example.", Type::A, EntryKind::no_data);
  EXPECT_EQ(aaaa("v4.example."), "NOERROR v4.example. 60 IN AAAA 64:ff9b::c633:6401") << "for the SOA's time at most";
  EXPECT_EQ(aaaa("both.example."), "NOERROR both.example. 300 IN AAAA 2001:db8::2");
  EXPECT_EQ(aaaa("mapped.example."), "NOERROR mapped.example. 300 IN AAAA 64:ff9b::c633:6403");
  EXPECT_EQ(aaaa("alias.example."),
            "NOERROR alias.example. 300 IN CNAME v4.example. v4.example. 60 IN AAAA 64:ff9b::c633:6401");
  EXPECT_EQ(aaaa("gone.example."), "NXDOMAIN");
  EXPECT_EQ(aaaa("none.example."), "NOERROR");
  EXPECT_EQ(twice("v4.example."), "NOERROR v4.example. 300 IN A 198.51.100.1");
}

TEST_F(FrontDns64, WhoeverValidatesGetsWhatIsTrue) {
  use();
  cache("v4.example. 300 IN A 198.51.100.1", Security::secure);
  cache_negative("v4.example.", Type::AAAA, EntryKind::no_data, Security::secure);
  Asking how = from("192.0.2.7");
  how.dnssec_ok = true;
  const ClientAnswer synthesised = ask("v4.example.", Type::AAAA, how);
  EXPECT_EQ(synthesised.summary(), "NOERROR v4.example. 60 IN AAAA 64:ff9b::c633:6401");
  EXPECT_FALSE(synthesised.message().ad) << "nobody has signed it";
  how.cd = true;
  EXPECT_EQ(aaaa("v4.example.", how), "NOERROR") << "RFC 6147 section 5.5, item 3";
}

TEST_F(FrontDns64, OnlyForClientsThatNeedIt) {
  policy.dns64.enabled = false;
  policy.views = {{.name = "ipv6", .clients = {*Prefix::parse("192.0.2.64/26")}, .dns64 = true}};
  use();
  cache("v4.example. 300 IN A 198.51.100.1");
  cache_negative("v4.example.", Type::AAAA, EntryKind::no_data);
  cache_negative("ipv4only.arpa.", Type::AAAA, EntryKind::no_data);
  EXPECT_EQ(aaaa("v4.example."), "NOERROR");
  EXPECT_EQ(aaaa("v4.example.", from("192.0.2.70")), "NOERROR v4.example. 60 IN AAAA 64:ff9b::c633:6401");
  EXPECT_EQ(aaaa("ipv4only.arpa."), "NOERROR");
  EXPECT_EQ(aaaa("ipv4only.arpa.", from("192.0.2.70")),
            "NOERROR ipv4only.arpa. 3600 IN AAAA 64:ff9b::c000:aa ipv4only.arpa. 3600 IN AAAA 64:ff9b::c000:ab");
}

TEST_F(FrontDns64, TheWayBackLeadsToTheIpv4Address) {
  use();
  cache("1.100.51.198.in-addr.arpa. 300 IN PTR v4.example.");
  options.local.special_use_zones = false;
  const std::string name = "1.0.4.6.3.3.6.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa.";
  EXPECT_EQ(twice(name, from("192.0.2.7"), Type::PTR),
            "NOERROR " + name +
                " 3600 IN CNAME 1.100.51.198.in-addr.arpa. 1.100.51.198.in-addr.arpa. 300 IN PTR "
                "v4.example.");
}

TEST_F(FrontDns64, RebindingProtectionSeesTheIpv4Addresses) {
  policy.rebinding.enabled = true;
  policy.dns64.prefix = *Prefix::parse("2001:db8:64::/96");
  use();
  cache("inside.example. 300 IN A 192.168.1.1");
  cache_negative("inside.example.", Type::AAAA, EntryKind::no_data);
  EXPECT_EQ(aaaa("inside.example."), "NOERROR");
}

}  // namespace
}  // namespace vouch
