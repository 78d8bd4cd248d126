// Iterative resolution as it should go when everybody behaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scenarios/internet.h"

namespace vouch::simulation {
namespace {

using testing::HasSubstr;

ConfiguredZone served(std::string_view zone, std::string_view address) {
  ConfiguredZone configured;
  configured.zone = Name::of(zone);
  configured.servers.push_back(*SocketAddress::parse(address, 53));
  return configured;
}

// The root, com. and example.com., each with one server.
struct Resolution : testing::Test {
  Internet net;
  Resolution() {
    net.zone(".").delegates("com.", "192.0.2.1");
    net.zone("com.").delegates("example.com.", "192.0.2.2");
    net.zone("example.com.")
        .has("www.example.com. 300 IN A 198.51.100.7")
        .has("www.example.com. 300 IN AAAA 2001:db8::7")
        .has("a.b.c.example.com. 300 IN TXT \"deep\"")
        .has("alias.example.com. 300 IN CNAME www.example.com.")
        .has("*.wild.example.com. 300 IN A 198.51.100.9");
  }
  std::string resolve(std::string_view name, Type type = Type::A) { return answer_text(net.resolve(name, type)); }
};

TEST_F(Resolution, WalksFromTheRoot) {
  EXPECT_EQ(resolve("www.example.com."), "www.example.com. 300 IN A 198.51.100.7");
}

TEST_F(Resolution, RootHearsOnlyTheTopLevelDomain) {
  resolve("www.example.com.");
  EXPECT_EQ(net.heard_by("."), ". NS, com. A");  // priming (RFC 8109), then a minimised name (RFC 9156)
  EXPECT_EQ(net.heard_by("com."), "example.com. A");
  EXPECT_EQ(net.heard_by("example.com."), "www.example.com. A");
}

TEST_F(Resolution, StrictMinimisationTakesADenialForAllThatIsBelow) {  // RFC 8020
  net.options().resolver.minimisation = Minimisation::strict;
  EXPECT_EQ(net.resolve("a.b.none.example.com.", Type::A).rcode, Rcode::name_error);
  EXPECT_EQ(net.heard_by("example.com."), "none.example.com. A");
}

// The reply to the shortened question is an alias and NXDOMAIN: that it leads nowhere says nothing of what is below it.
TEST_F(Resolution, StrictMinimisationIsNotFooledByADenialOfAnAliassTarget) {
  net.options().resolver.minimisation = Minimisation::strict;
  net.zone("example.com.")
      .has("node.example.com. 300 IN CNAME gone.example.com.")
      .has("www.node.example.com. 300 IN A 198.51.100.8");
  EXPECT_EQ(resolve("www.node.example.com."), "www.node.example.com. 300 IN A 198.51.100.8");
  EXPECT_EQ(net.heard_by("example.com."), "node.example.com. A, www.node.example.com. A");
  EXPECT_EQ(net.resolve("node.example.com.", Type::A).rcode, Rcode::name_error);
}

TEST_F(Resolution, WithoutMinimisationEverybodyHearsTheWholeName) {
  net.options().resolver.minimisation = Minimisation::off;
  resolve("www.example.com.");
  EXPECT_EQ(net.heard_by("."), ". NS, www.example.com. A");
  EXPECT_EQ(net.heard_by("com."), "www.example.com. A");
}

TEST_F(Resolution, SecondQuestionIsAnsweredFromTheCache) {
  resolve("www.example.com.");
  net.forget_questions();
  net.pass(100s);
  EXPECT_EQ(resolve("WWW.Example.COM."), "www.example.com. 200 IN A 198.51.100.7");
  EXPECT_EQ(net.questions(), 0U);
}

TEST_F(Resolution, NeighbourStartsAtTheKnownCut) {
  resolve("www.example.com.");
  net.forget_questions();
  resolve("alias.example.com.");
  EXPECT_EQ(net.heard_by("."), "");
  EXPECT_EQ(net.heard_by("com."), "");
}

TEST_F(Resolution, AliasIsFollowedIntoAnotherZone) {
  net.zone(".").delegates("org.", "192.0.2.3");
  net.zone("org.").has("start.org. 60 IN CNAME alias.example.com.");
  EXPECT_EQ(resolve("start.org."),
            "start.org. 60 IN CNAME alias.example.com.\nalias.example.com. 300 IN CNAME www.example.com.\n"
            "www.example.com. 300 IN A 198.51.100.7");
}

TEST_F(Resolution, DnameLeadsElsewhereAndServesTheWholeSubtreeAfterwards) {
  net.zone(".").delegates("org.", "192.0.2.3");
  net.zone("org.").has("moved.org. 60 IN DNAME example.com.");
  EXPECT_THAT(resolve("www.moved.org."), HasSubstr("www.moved.org. 60 IN CNAME www.example.com."));
  net.forget_questions();
  EXPECT_THAT(resolve("alias.moved.org."), HasSubstr("alias.moved.org. 60 IN CNAME alias.example.com."));
  EXPECT_EQ(net.heard_by("org."), "");  // made from the cached DNAME
}

TEST_F(Resolution, EmptyNonTerminalHasNoData) {
  const Answer answer = net.resolve("b.c.example.com.", Type::A);
  EXPECT_EQ(answer.rcode, Rcode::no_error);
  EXPECT_TRUE(answer.answer.empty());
  EXPECT_EQ(answer.authority.size(), 1U);
}

TEST_F(Resolution, DeepNameIsFound) {
  EXPECT_EQ(resolve("a.b.c.example.com.", Type::TXT), "a.b.c.example.com. 300 IN TXT \"deep\"");
}

TEST_F(Resolution, WildcardAnswers) {
  EXPECT_EQ(resolve("x.wild.example.com."), "x.wild.example.com. 300 IN A 198.51.100.9");
}

TEST_F(Resolution, NameErrorIsRememberedForEveryType) {
  EXPECT_EQ(net.resolve("nope.example.com.", Type::A).rcode, Rcode::name_error);
  net.forget_questions();
  EXPECT_EQ(net.resolve("nope.example.com.", Type::MX).rcode, Rcode::name_error);
  EXPECT_EQ(net.questions(), 0U);
  net.pass(301s);  // RFC 2308: the SOA's minimum
  EXPECT_EQ(net.resolve("nope.example.com.", Type::A).rcode, Rcode::name_error);
  EXPECT_GT(net.questions(), 0U);
}

TEST_F(Resolution, NegativeAnswerWithoutSoaIsNotCached) {
  net.zone("example.com.").without_soa();
  EXPECT_EQ(net.resolve("nope.example.com.", Type::A).rcode, Rcode::name_error);
  net.forget_questions();
  EXPECT_EQ(net.resolve("nope.example.com.", Type::A).rcode, Rcode::name_error);
  EXPECT_GT(net.questions(), 0U);
}

TEST_F(Resolution, ServerNameWithoutGlueIsLookedUp) {
  net.zone("com.").delegates_to("glueless.com.", {{"ns.hoster.org.", ""}});
  net.zone("glueless.com.").at("192.0.2.9").has("www.glueless.com. 60 IN A 198.51.100.10");
  net.zone(".").delegates("org.", "192.0.2.3");
  net.zone("org.").has("ns.hoster.org. 60 IN A 192.0.2.9");
  EXPECT_EQ(resolve("www.glueless.com."), "www.glueless.com. 60 IN A 198.51.100.10");
}

TEST_F(Resolution, Ipv6OnlyServersAreAsked) {
  net.zone("com.").delegates("six.com.", "2001:db8::53");
  net.zone("six.com.").has("www.six.com. 60 IN A 198.51.100.11");
  EXPECT_EQ(resolve("www.six.com."), "www.six.com. 60 IN A 198.51.100.11");
}

TEST_F(Resolution, ServerErringOnShortNamesStillAnswersTheWholeOne) {
  net.server("192.0.2.2").errs_on("c.example.com.", Type::A, Rcode::server_failure);
  EXPECT_EQ(resolve("a.b.c.example.com.", Type::TXT), "a.b.c.example.com. 300 IN TXT \"deep\"");
}

TEST_F(Resolution, DsIsAskedOfTheParent) {
  resolve("www.example.com.");
  net.forget_questions();
  net.resolve("example.com.", Type::DS);
  EXPECT_EQ(net.heard_by("com."), "example.com. DS");
  EXPECT_EQ(net.heard_by("example.com."), "");
}

TEST_F(Resolution, TruncatedReplyIsFetchedOverTcp) {
  net.server("192.0.2.2").truncates_udp();
  EXPECT_EQ(resolve("www.example.com."), "www.example.com. 300 IN A 198.51.100.7");
  EXPECT_EQ(net.world().counters().tcp_after_truncation.value(), 1U);
}

TEST_F(Resolution, StubZoneIsAskedWhereTheOperatorSays) {
  net.zone("corp.example.com.").at("192.0.2.77").has("www.corp.example.com. 60 IN A 198.51.100.77");
  net.options().resolver.stub_zones.push_back(served("corp.example.com.", "192.0.2.77"));
  EXPECT_EQ(resolve("www.corp.example.com."), "www.corp.example.com. 60 IN A 198.51.100.77");
  EXPECT_EQ(net.heard_by("example.com."), "");
  EXPECT_EQ(net.heard_by("."), "");
}

TEST_F(Resolution, ForwardZoneIsAskedForRecursion) {
  net.zone("far.example.com.").at("192.0.2.78").has("www.far.example.com. 60 IN A 198.51.100.78");
  net.options().resolver.forward_zones.push_back(served("far.example.com.", "192.0.2.78"));
  EXPECT_EQ(resolve("www.far.example.com."), "www.far.example.com. 60 IN A 198.51.100.78");
  const auto asked = net.last_question_to("192.0.2.78");
  ASSERT_TRUE(asked);
  EXPECT_TRUE(asked->rd);
  EXPECT_EQ(net.heard_by("192.0.2.78"), "www.far.example.com. A");
}

TEST_F(Resolution, AuthoritiesAreNotAskedForRecursion) {
  resolve("www.example.com.");
  EXPECT_FALSE(net.last_question_to("192.0.2.2")->rd);  // RD=0 upstream: resolvers must not chase each other (TsuKing)
}

TEST_F(Resolution, RootIsPrimedOncePerTtl) {  // a storm of top-level names costs one priming query
  for (int i = 0; i < 50; ++i) { net.resolve("x" + std::to_string(i) + ".", Type::A); }
  const std::string heard = net.heard_by(".");
  EXPECT_EQ(heard.find(". NS"), 0U);
  EXPECT_EQ(heard.find(", . NS"), std::string::npos);
}

}  // namespace
}  // namespace vouch::simulation
