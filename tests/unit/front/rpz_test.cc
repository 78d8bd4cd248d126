// Response policy zones through the whole resolver, on virtual time: every trigger, first asked and then cached, and
// the precedence of zones, stages and triggers (draft-vixie-dnsop-dns-rpz-00 section 5).
#include "resolver/policy/rpz/source.h"
#include "tests/unit/front/front_testing.h"
#include "tests/unit/policy/rpz_kit.h"

namespace vouch {
namespace {

using namespace front_testing;

class RpzTest : public testing::Test {
 protected:
  RpzTest() {
    net.zone(".").delegates("net.", "198.51.100.10");
    net.zone("net.").delegates("good.net.", "198.51.100.11").delegates("bad.net.", "198.51.100.66");
    net.zone("good.net.")
        .has("www.good.net. 300 IN A 192.0.2.1")
        .has("two.good.net. 300 IN A 192.0.2.1")
        .has("two.good.net. 300 IN A 203.0.113.9")
        .has("alias.good.net. 300 IN CNAME www.bad.net.")
        .has("garden.good.net. 300 IN A 192.0.2.80")
        .has("www.bad.net.garden.good.net. 300 IN A 192.0.2.81");
    net.zone("bad.net.").has("www.bad.net. 300 IN A 203.0.113.66").has("www.bad.net. 300 IN AAAA 2001:db8:bad::1");
  }
  // In the order of the calls. Only before the first question, or by change().
  void zone(const std::string& rules, RpzZoneOptions options = {}) {
    options.zone = Name::of("rpz.test.");
    sources.push_back({std::make_shared<RpzSource>(rpz_zone(rules), options, hits, clock), true});
    net.options().policy = Policy::build({}, sources).value();
  }
  void change(const std::string& rules) {
    sources.clear();
    RpzZoneOptions options;
    options.zone = Name::of("rpz.test.");
    sources.push_back({std::make_shared<RpzSource>(rpz_zone(rules), options, hits, clock), true});
    net.world().clients().use_policy(Policy::build({}, sources).value());
  }
  // First from the network, then from the cache: policy says the same.
  std::string ask(std::string_view name, Type type = Type::A, const Asking& how = {}) {
    const std::string first = net.ask(name, type, how).summary();
    for (int i = 0; i < 3; ++i) { EXPECT_EQ(net.ask(name, type, how).summary(), first) << i; }
    return first;
  }

  Internet net;
  VirtualClock clock;
  std::shared_ptr<RpzHits> hits = std::make_shared<RpzHits>();
  std::vector<Policy::Source> sources;
};

const std::string kGood = "NOERROR www.good.net. 300 IN A 192.0.2.1";
const std::string kBad = "NOERROR www.bad.net. 300 IN A 203.0.113.66";

// ------------------------------------------------------------------------------------------------------- every trigger

TEST_F(RpzTest, ANameThatIsBlockedIsAskedOfNobody) {
  zone("www.bad.net CNAME .\n");
  EXPECT_EQ(ask("www.bad.net."), "NXDOMAIN");
  EXPECT_EQ(ask("www.bad.net.", Type::AAAA), "NXDOMAIN");
  EXPECT_EQ(net.heard_by("."), "");
  EXPECT_EQ(ask("www.good.net."), kGood);
}

TEST_F(RpzTest, ClientsHaveRulesOfTheirOwn) {
  zone("32.66.2.0.192.rpz-client-ip CNAME .\n24.0.2.0.192.rpz-client-ip CNAME rpz-passthru.\nwww.good.net CNAME *.\n");
  Asking infected;
  infected.client = SocketAddress(*IpAddress::parse("192.0.2.66"), 4000);
  Asking neighbour;
  neighbour.client = SocketAddress(*IpAddress::parse("192.0.2.67"), 4000);
  Asking stranger;
  stranger.client = SocketAddress(*IpAddress::parse("198.51.100.200"), 4000);
  EXPECT_EQ(ask("www.good.net.", Type::A, neighbour), kGood);  // client before QNAME
  EXPECT_EQ(ask("www.good.net.", Type::A, infected), "NXDOMAIN");
  EXPECT_EQ(ask("www.good.net.", Type::A, stranger), "NOERROR");
  EXPECT_EQ(ask("www.good.net.", Type::A, neighbour), kGood);
}

TEST_F(RpzTest, AnAddressInTheAnswer) {
  zone("24.0.113.0.203.rpz-ip CNAME .\n48.zz.bad.db8.2001.rpz-ip CNAME *.\n");
  EXPECT_EQ(ask("www.bad.net."), "NXDOMAIN");
  EXPECT_EQ(ask("www.bad.net.", Type::AAAA), "NOERROR");
  EXPECT_EQ(ask("alias.good.net."), "NXDOMAIN");  // at the end of an alias
  EXPECT_EQ(ask("www.good.net."), kGood);
}

TEST_F(RpzTest, OfSeveralAddressesTheLongestPrefix) {
  zone("8.0.0.0.192.rpz-ip CNAME .\n32.9.113.0.203.rpz-ip 60 A 192.0.2.99\n");
  EXPECT_EQ(ask("two.good.net."), "NOERROR two.good.net. 60 IN A 192.0.2.99");
  EXPECT_EQ(ask("www.good.net."), "NXDOMAIN");
}

TEST_F(RpzTest, TheNameOfAServerOnTheWay) {
  zone("ns1.bad.net.rpz-nsdname CNAME .\n");
  EXPECT_EQ(ask("www.bad.net."), "NXDOMAIN");
  EXPECT_EQ(ask("nothing.bad.net."), "NXDOMAIN");
  EXPECT_EQ(ask("alias.good.net."), "NXDOMAIN");
  EXPECT_EQ(ask("www.good.net."), kGood);
}

TEST_F(RpzTest, TheNameOfAServerByWildcard) {
  zone("*.bad.net.rpz-nsdname CNAME *.\n");
  EXPECT_EQ(ask("www.bad.net."), "NOERROR");
  EXPECT_EQ(ask("www.good.net."), kGood);
}

TEST_F(RpzTest, TheAddressOfAServerOnTheWay) {
  zone("32.66.100.51.198.rpz-nsip CNAME .\n");
  EXPECT_EQ(ask("www.bad.net."), "NXDOMAIN");
  EXPECT_EQ(ask("www.good.net."), kGood);
}

TEST_F(RpzTest, TheAddressOfAServerThatCameWithoutGlue) {
  net.zone("net.").delegates_to("far.net.", {{"ns.good.net.", ""}});
  net.zone("good.net.").has("ns.good.net. 30 IN A 198.51.100.67");
  net.zone("far.net.").at("198.51.100.67").has("www.far.net. 300 IN A 192.0.2.7");
  zone("32.67.100.51.198.rpz-nsip CNAME .\n");
  EXPECT_EQ(ask("www.far.net."), "NXDOMAIN");
  net.world().pass(std::chrono::seconds(60));  // the server's address has expired, the answer has not
  EXPECT_EQ(ask("www.far.net."), "NXDOMAIN");
}

TEST_F(RpzTest, TheServersOfAZoneFurtherUp) {
  net.zone("bad.net.").delegates("deep.bad.net.", "198.51.100.12");
  net.zone("deep.bad.net.").has("www.deep.bad.net. 300 IN A 192.0.2.5");
  zone("ns1.bad.net.rpz-nsdname CNAME .\n");
  EXPECT_EQ(ask("www.deep.bad.net."), "NXDOMAIN");
}

// A delegation that lives shorter than the answers below it must not hide who gave them.
TEST_F(RpzTest, RulesAboutServersHoldForAsLongAsTheAnswerIsCached) {
  net.zone("net.").delegates_to("brief.net.", {{"ns.evil.net.", "198.51.100.68"}}, 60);
  net.zone("brief.net.").at("198.51.100.68").has("www.brief.net. 3000 IN A 192.0.2.8");
  zone("ns.evil.net.rpz-nsdname CNAME .\n");
  net.world().caches().keeps_answers_within_delegations = true;
  EXPECT_EQ(ask("www.brief.net."), "NXDOMAIN");
  net.world().pass(std::chrono::seconds(61));
  EXPECT_EQ(ask("www.brief.net."), "NXDOMAIN");
}

// -------------------------------------------------------------------------------------------------------- every action

TEST_F(RpzTest, EachActionHasItsAnswer) {
  zone(
      "nodata.net CNAME *.\n"
      "drop.net CNAME rpz-drop.\n"
      "www.good.net CNAME rpz-tcp-only.\n"
      "data.net 60 A 10.0.0.1\n"
      "data.net 60 A 10.0.0.2\n"
      "data.net 99999 TXT \"why\"\n"
      "alias.net 30 CNAME garden.good.net.\n"
      "www.bad.net 30 CNAME *.garden.good.net.\n");
  EXPECT_EQ(ask("nodata.net."), "NOERROR");
  EXPECT_EQ(ask("drop.net."), "silence");
  EXPECT_EQ(ask("data.net.", Type::TXT), "NOERROR data.net. 3600 IN TXT \"why\"");  // max_ttl
  EXPECT_EQ(ask("data.net.", Type::AAAA), "NOERROR");
  EXPECT_EQ(ask("data.net."), "NOERROR data.net. 60 IN A 10.0.0.1 data.net. 60 IN A 10.0.0.2");
  EXPECT_EQ(ask("alias.net."), "NOERROR alias.net. 30 IN CNAME garden.good.net. garden.good.net. 300 IN A 192.0.2.80");
  EXPECT_EQ(ask("alias.net.", Type::CNAME), "NOERROR alias.net. 30 IN CNAME garden.good.net.");
  EXPECT_EQ(ask("www.bad.net."),
            "NOERROR www.bad.net. 30 IN CNAME www.bad.net.garden.good.net. "
            "www.bad.net.garden.good.net. 300 IN A 192.0.2.81");

  EXPECT_TRUE(net.ask("www.good.net.", Type::A).message().tc);
  EXPECT_EQ(net.ask("www.good.net.", Type::A).text(), "");
  EXPECT_EQ(ask("www.good.net.", Type::A, over(ClientProtocol::tcp)), kGood);
}

TEST_F(RpzTest, AChangedAnswerTellsByWhomAndWhy) {
  RpzZoneOptions options;
  options.error = Ede::filtered;
  zone("www.bad.net CNAME .\ndata.net A 10.0.0.1\nalias.net CNAME garden.good.net.\n", options);
  const std::string soa = "rpz.test. 60 IN SOA ns.rpz.test. hostmaster.rpz.test. 7 3600 600 86400 60";
  const ClientAnswer denied = net.ask("www.bad.net.", Type::A, with_do());
  EXPECT_EQ(denied.ede(), Ede::filtered);
  EXPECT_EQ(denied.ede_text(), "list=rpz:rpz.test rule=www.bad.net.");
  EXPECT_EQ(denied.additional_text(), soa);
  EXPECT_FALSE(denied.message().ad);
  const ClientAnswer data = net.ask("data.net.", Type::A, with_do());
  EXPECT_EQ(data.ede(), Ede::forged_answer);
  EXPECT_EQ(data.additional_text(), soa);
  const ClientAnswer alias = net.ask("alias.net.", Type::A, with_do());
  EXPECT_EQ(alias.ede(), Ede::forged_answer);
  EXPECT_EQ(alias.additional_text(), soa);
  EXPECT_EQ(net.ask("www.good.net.", Type::A, with_do()).additional_text(), "");
}

// ---------------------------------------------------------------------------------------------------------- precedence

TEST_F(RpzTest, WhatARulePutThereIsNotLookedAtAgain) {
  zone("www.bad.net CNAME garden.good.net.\ngarden.good.net CNAME .\n24.0.2.0.192.rpz-ip CNAME .\n");
  EXPECT_EQ(ask("www.bad.net."),
            "NOERROR www.bad.net. 300 IN CNAME garden.good.net. garden.good.net. 300 IN A 192.0.2.80");
  EXPECT_EQ(ask("garden.good.net."), "NXDOMAIN");
}

TEST_F(RpzTest, TriggersOfOneZoneInTheirOrder) {
  struct Case {
    const char* rules;
    const char* name;
    std::string expected;
  };
  const Case cases[] = {
      {"www.bad.net CNAME *.\n24.0.113.0.203.rpz-ip CNAME .\n", "www.bad.net.", "NOERROR"},
      {"24.0.113.0.203.rpz-ip CNAME *.\nns1.bad.net.rpz-nsdname CNAME .\n", "www.bad.net.", "NOERROR"},
      {"ns1.bad.net.rpz-nsdname CNAME *.\n32.66.100.51.198.rpz-nsip CNAME .\n", "www.bad.net.", "NOERROR"},
      {"24.0.113.0.203.rpz-ip CNAME rpz-passthru.\n32.66.100.51.198.rpz-nsip CNAME .\n", "www.bad.net.", kBad},
      // The stage of the alias first: its own zone's server comes before the name that it leads to.
      {"ns1.good.net.rpz-nsdname CNAME *.\nwww.bad.net CNAME .\n", "alias.good.net.", "NOERROR"},
      {"alias.good.net CNAME rpz-passthru.\nwww.bad.net CNAME .\n24.0.113.0.203.rpz-ip CNAME .\n", "alias.good.net.",
       "NOERROR alias.good.net. 300 IN CNAME www.bad.net. www.bad.net. 300 IN A 203.0.113.66"},
  };
  zone("nothing.net CNAME .\n");
  for (const Case& one : cases) {
    change(one.rules);
    EXPECT_EQ(ask(one.name), one.expected) << one.rules;
  }
}

TEST_F(RpzTest, AnEarlierZoneWinsAtWhateverPoint) {
  zone("24.0.113.0.203.rpz-ip CNAME rpz-passthru.\n");
  zone("www.bad.net CNAME .\nwww.good.net CNAME .\n");
  EXPECT_EQ(ask("www.bad.net."), kBad);
  EXPECT_EQ(ask("www.good.net."), "NXDOMAIN");
  EXPECT_NE(net.heard_by("good.net."), "");  // it had to be asked for: an earlier rule might have matched
}

TEST_F(RpzTest, AnEarlierZoneWinsByItsServerRules) {
  zone("ns1.bad.net.rpz-nsdname CNAME rpz-passthru.\n");
  zone("www.bad.net CNAME .\n32.66.100.51.198.rpz-nsip CNAME .\n");
  EXPECT_EQ(ask("www.bad.net."), kBad);
}

// What an earlier stage has met stands, whatever an earlier zone says of a later one.
TEST_F(RpzTest, TheStageComesBeforeTheZone) {
  zone("www.bad.net CNAME rpz-passthru.\n24.0.0.0.10.rpz-ip CNAME .\n");
  zone("alias.good.net CNAME *.\n");
  EXPECT_EQ(ask("alias.good.net."), "NOERROR");
}

TEST_F(RpzTest, ARuleBehindOthersAppliesWhenTheNameCannotBeResolved) {
  net.zone("net.").delegates_to("dead.net.", {{"ns.dead.net.", "198.51.100.99"}});
  zone("24.0.113.0.203.rpz-ip CNAME rpz-passthru.\n");
  zone("www.dead.net CNAME .\n");
  EXPECT_EQ(ask("www.dead.net."), "NXDOMAIN");
  EXPECT_EQ(ask("other.dead.net."), "SERVFAIL");
}

TEST_F(RpzTest, ADisabledZoneStandsInNobodysWay) {
  RpzZoneOptions disabled;
  disabled.action = RpzOverride::disabled;
  zone("www.bad.net CNAME rpz-passthru.\nwww.good.net CNAME .\n", disabled);
  zone("www.bad.net CNAME .\n");
  EXPECT_EQ(net.ask("www.bad.net.", Type::A).summary(), "NXDOMAIN");
  EXPECT_EQ(net.ask("www.good.net.", Type::A).summary(), kGood);
}

// -------------------------------------------------------------------------------------------------------------- DNSSEC

class RpzFromCache : public FrontTest {
 protected:
  void zone(const std::string& rules) {
    RpzZoneOptions named;
    named.zone = Name::of("rpz.test.");
    const auto source = std::make_shared<RpzSource>(rpz_zone(rules), named, std::make_shared<RpzHits>(), clock);
    options.policy = Policy::build({}, {{source, true}}).value();
  }
  VirtualClock clock;
};

TEST_F(RpzFromCache, WhatARuleMadeIsNeverAuthentic) {
  zone("data.net A 10.0.0.1\nalias.net CNAME garden.net.\nnx.net CNAME .\npass.net CNAME rpz-passthru.\n");
  cache("garden.net. 300 IN A 192.0.2.80", Security::secure);
  cache("pass.net. 300 IN A 192.0.2.81", Security::secure);
  EXPECT_TRUE(ask("garden.net.", Type::A, with_do()).message().ad);
  EXPECT_TRUE(ask("pass.net.", Type::A, with_do()).message().ad);  // nothing was changed
  for (const char* name : {"data.net.", "alias.net.", "nx.net."}) {
    for (int i = 0; i < 3; ++i) { EXPECT_FALSE(ask(name, Type::A, with_do()).message().ad) << name; }
  }
}

TEST_F(RpzFromCache, RulesHoldForThoseWhoValidateThemselves) {
  zone("nx.net CNAME .\n");
  cache("nx.net. 300 IN A 192.0.2.80", Security::secure);
  EXPECT_EQ(ask("nx.net.", Type::A, with_do()).summary(), "NXDOMAIN");
  EXPECT_EQ(ask("nx.net.", Type::A, with_cd()).summary(), "NXDOMAIN");
}

TEST_F(RpzFromCache, NoRuleLetsBogusDataOut) {
  options.front.require_validation = true;
  zone(
      "pass.net CNAME rpz-passthru.\n"
      "alias.net CNAME bogus.net.\n"
      "24.0.2.0.192.rpz-ip CNAME rpz-passthru.\n");
  cache("pass.net. 300 IN A 192.0.2.81", Security::bogus);
  cache("bogus.net. 300 IN A 192.0.2.82", Security::bogus);
  EXPECT_EQ(ask("pass.net.", Type::A, with_do()).summary(), "SERVFAIL");
  EXPECT_EQ(ask("bogus.net.", Type::A, with_do()).summary(), "SERVFAIL");
  EXPECT_EQ(ask("alias.net.", Type::A, with_do()).summary(), "SERVFAIL");
}

}  // namespace
}  // namespace vouch
