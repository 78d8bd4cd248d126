#include "resolver/iterate/classify.h"

#include <gtest/gtest.h>

#include "tests/unit/iterate/reply_text.h"

namespace vouch {
namespace {

constexpr std::string_view kSoa = "example.com. 300 IN SOA ns.example.com. host.example.com. 1 3600 900 604800 60";

TEST(Classify, AnswerIsTheSetAskedFor) {
  const Response response =
      ReplyText{.name = "www.example.com.",
                .answer = {"www.example.com. 300 IN A 192.0.2.1", "www.example.com. 200 IN A 192.0.2.2"}}
          .from("example.com.");
  EXPECT_EQ(response.outcome, Outcome::answer);
  ASSERT_EQ(response.answers.size(), 1U);
  EXPECT_EQ(response.answers[0]->count(), 2);
  EXPECT_EQ(response.answers[0]->ttl(), 200U);  // the smallest of the set, RFC 2181 section 5.2
  EXPECT_EQ(response.scrubbed, 0U);
}

TEST(Classify, AnswerWithoutAuthorityBitCounts) {
  const Response response =
      ReplyText{.name = "www.example.com.", .authoritative = false, .answer = {"www.example.com. 300 IN A 192.0.2.1"}}
          .from("example.com.");
  EXPECT_EQ(response.outcome, Outcome::answer);
  EXPECT_FALSE(response.authoritative);
}

TEST(Classify, SignaturesStayWithWhatTheyCover) {
  const Response response =
      ReplyText{
          .name = "www.example.com.",
          .answer = {"www.example.com. 300 IN A 192.0.2.1",
                     "www.example.com. 300 IN RRSIG A 13 3 300 20300101000000 20200101000000 1 example.com. aGVsbG8=",
                     "www.example.com. 300 IN RRSIG MX 13 3 300 20300101000000 20200101000000 1 example.com. aGVsbG8="}}
          .from("example.com.");
  ASSERT_EQ(response.answers.size(), 1U);
  EXPECT_EQ(response.answers[0]->signature_count(), 1);
  EXPECT_EQ(response.scrubbed, 1U);
}

TEST(Classify, AliasInsideTheZoneIsFollowedInTheSameReply) {
  const Response response = ReplyText{.name = "www.example.com.",
                                      .answer = {"host.example.com. 300 IN A 192.0.2.1",  // order does not matter
                                                 "www.example.com. 300 IN CNAME host.example.com."}}
                                .from("example.com.");
  EXPECT_EQ(response.outcome, Outcome::answer);
  EXPECT_EQ(text_of(response.answers),
            "www.example.com. 0 IN CNAME host.example.com.\nhost.example.com. 0 IN A 192.0.2.1");
}

TEST(Classify, AliasOutOfTheZoneIsAskedAnewWhateverTheServerSays) {
  const Response response =
      ReplyText{.name = "www.example.com.",
                .answer = {"www.example.com. 300 IN CNAME www.bank.org.", "www.bank.org. 300 IN A 203.0.113.66"}}
          .from("example.com.");
  EXPECT_EQ(response.outcome, Outcome::alias);
  EXPECT_EQ(response.target.text(), "www.bank.org.");
  EXPECT_EQ(text_of(response.answers), "www.example.com. 0 IN CNAME www.bank.org.");
  EXPECT_EQ(response.scrubbed, 1U);
}

TEST(Classify, NameErrorBehindAnAliasElsewhereSaysNothing) {
  const Response response = ReplyText{.name = "www.example.com.",
                                      .rcode = Rcode::name_error,
                                      .answer = {"www.example.com. 300 IN CNAME www.bank.org."},
                                      .authority = {"org. 300 IN SOA a. b. 1 1 1 1 60"}}
                                .from("example.com.");
  EXPECT_EQ(response.outcome, Outcome::alias);
  EXPECT_FALSE(response.soa);
}

TEST(Classify, AliasLoopEnds) {
  const Response response =
      ReplyText{.name = "a.example.com.",
                .answer = {"a.example.com. 300 IN CNAME b.example.com.", "b.example.com. 300 IN CNAME a.example.com."}}
          .from("example.com.");
  EXPECT_EQ(response.outcome, Outcome::alias);
  EXPECT_LE(response.answers.size(), kMaxAliasesInReply + 1);
}

TEST(Classify, DnameMakesItsOwnAlias) {
  const Response response =
      ReplyText{.name = "a.b.example.com.",
                .answer = {"b.example.com. 300 IN DNAME c.example.com.",
                           "a.b.example.com. 300 IN CNAME evil.example.com.",  // the server's is not used
                           "a.c.example.com. 300 IN A 192.0.2.7"}}
          .from("example.com.");
  EXPECT_EQ(response.outcome, Outcome::answer);
  EXPECT_EQ(text_of(response.answers),
            "b.example.com. 0 IN DNAME c.example.com.\na.b.example.com. 0 IN CNAME a.c.example.com.\n"
            "a.c.example.com. 0 IN A 192.0.2.7");
}

TEST(Classify, DnameAboveTheZoneIsNoneOfTheServersBusiness) {  // CVE-2025-40778
  const Response response =
      ReplyText{.name = "www.example.com.", .answer = {"com. 300 IN DNAME evil.net."}}.from("example.com.");
  EXPECT_NE(response.outcome, Outcome::answer);
  EXPECT_TRUE(response.answers.empty());
}

TEST(Classify, DnameWhoseTargetDoesNotFitIsYxdomain) {
  const std::string label(60, 'x');
  const std::string longest = label + "." + label + "." + label + ".example.com.";
  const std::string target = "b.example.com. 300 IN DNAME " + label + "." + label + ".example.com.";
  const std::string asked = label + "." + label + "." + label + ".b.example.com.";
  const Response response =
      ReplyText{.name = asked, .rcode = Rcode::yx_domain, .answer = {target}}.from("example.com.");
  EXPECT_EQ(response.rcode, Rcode::yx_domain);
  EXPECT_EQ(response.answers.size(), 1U);
}

TEST(Classify, NoDataIsToldByItsSoa) {
  const Response response =
      ReplyText{.name = "www.example.com.", .authoritative = false, .authority = {kSoa}}.from("example.com.");
  EXPECT_EQ(response.outcome, Outcome::no_data);
  ASSERT_TRUE(response.soa);
  EXPECT_EQ(response.soa->owner(), Name::of("example.com."));
}

TEST(Classify, SoaFromElsewhereDeniesNothing) {
  const Response response =
      ReplyText{.name = "www.example.com.",
                .authoritative = false,
                .authority = {"net. 300 IN SOA a. b. 1 1 1 1 60", "com. 300 IN SOA a. b. 1 1 1 1 60"}}
          .from("example.com.");
  EXPECT_EQ(response.outcome, Outcome::lame);
  EXPECT_FALSE(response.soa);
}

TEST(Classify, NameErrorCarriesSoaAndProofs) {
  const Response response =
      ReplyText{
          .name = "nope.example.com.",
          .rcode = Rcode::name_error,
          .authority = {kSoa, "example.com. 60 IN NSEC www.example.com. NS SOA RRSIG NSEC",
                        "example.com. 60 IN RRSIG NSEC 13 2 60 20300101000000 20200101000000 1 example.com. aGVsbG8="}}
          .from("example.com.");
  EXPECT_EQ(response.outcome, Outcome::name_error);
  ASSERT_EQ(response.proofs.size(), 1U);
  EXPECT_EQ(response.proofs[0]->signature_count(), 1);
}

TEST(Classify, ReferralTakesGlueForItsOwnServersOnly) {
  const Response response =
      ReplyText{.name = "www.example.com.",
                .authoritative = false,
                .authority = {"example.com. 300 IN NS ns.example.com.", "example.com. 300 IN NS ns.else.net."},
                .additional = {"ns.example.com. 300 IN A 192.0.2.53", "ns.example.com. 300 IN AAAA 2001:db8::53",
                               "ns.else.net. 300 IN A 203.0.113.1",    // out of com.'s reach
                               "www.bank.com. 300 IN A 203.0.113.2"}}  // nobody's server
          .from("com.");
  EXPECT_EQ(response.outcome, Outcome::referral);
  ASSERT_TRUE(response.referral);
  ASSERT_EQ(response.referral->servers().size(), 2U);
  EXPECT_EQ(response.referral->zone().text(), "example.com.");
  EXPECT_EQ(response.referral->servers()[0].addresses.size(), 2U);
  EXPECT_TRUE(response.referral->servers()[1].addresses.empty());
  EXPECT_EQ(response.scrubbed, 2U);
}

TEST(Classify, UnusableGlueIsNoGlue) {  // CVE-2026-50251
  const Response response =
      ReplyText{.name = "www.example.com.",
                .authoritative = false,
                .authority = {"example.com. 300 IN NS ns.example.com."},
                .additional = {"ns.example.com. 300 IN A 0.0.0.0", "ns.example.com. 300 IN A 224.0.0.1",
                               "ns.example.com. 300 IN A 255.255.255.255",
                               "ns.example.com. 300 IN AAAA ::", "ns.example.com. 300 IN AAAA ::ffff:192.0.2.1"}}
          .from("com.");
  ASSERT_TRUE(response.referral);
  EXPECT_TRUE(response.referral->servers()[0].addresses.empty());
}

struct Useless {
  const char* what;
  std::string_view authority;
};
class ReferralToNowhere : public testing::TestWithParam<Useless> {};
TEST_P(ReferralToNowhere, IsLame) {
  const Response response =
      ReplyText{.name = "www.example.com.", .authoritative = false, .authority = {GetParam().authority}}.from(
          "example.com.");
  EXPECT_EQ(response.outcome, Outcome::lame) << GetParam().what;
  EXPECT_FALSE(response.referral);
}
INSTANTIATE_TEST_SUITE_P(Classify, ReferralToNowhere,
                         testing::Values(Useless{"upward", "com. 300 IN NS a.gtld-servers.net."},
                                         Useless{"to the root", ". 300 IN NS a.root-servers.net."},
                                         Useless{"to itself", "example.com. 300 IN NS ns.example.com."},
                                         Useless{"sideways", "example.org. 300 IN NS ns.example.org."},
                                         Useless{"beside the name", "mail.example.com. 300 IN NS ns.example.org."}),
                         [](const auto& story) {
                           std::string name = story.param.what;
                           std::ranges::replace(name, ' ', '_');
                           return name;
                         });

// CVE-2025-11411, CVE-2026-42960, CVE-2025-59023: whatever rides along with an answer is left behind.
struct Promiscuous {
  const char* what;
  ReplyText reply;
};
class RidesAlong : public testing::TestWithParam<Promiscuous> {};
TEST_P(RidesAlong, IsScrubbed) {
  ReplyText reply = GetParam().reply;
  reply.authority.push_back("example.com. 300 IN NS ns.evil.net.");
  reply.authority.push_back("com. 300 IN NS ns.evil.net.");
  reply.authority.push_back("example.com. 300 IN MX 1 mx.evil.net.");
  reply.additional = {"ns.example.com. 300 IN A 203.0.113.9", "ns.evil.net. 300 IN A 203.0.113.9",
                      "www.bank.org. 300 IN A 203.0.113.9"};
  const Response response = reply.from("example.com.");
  EXPECT_FALSE(response.referral);
  std::vector<RRsetPtr> kept = response.answers;
  kept.insert(kept.end(), response.proofs.begin(), response.proofs.end());
  if (response.soa) { kept.push_back(response.soa); }
  const std::string text = text_of(kept);
  EXPECT_EQ(text.find("evil"), std::string::npos) << text;
  EXPECT_EQ(text.find("203.0.113.9"), std::string::npos) << text;
  EXPECT_GE(response.scrubbed, 6U);
}
INSTANTIATE_TEST_SUITE_P(
    Classify, RidesAlong,
    testing::Values(
        Promiscuous{"answer", {.name = "www.example.com.", .answer = {"www.example.com. 300 IN A 192.0.2.1"}}},
        Promiscuous{"no_data", {.name = "www.example.com.", .authority = {kSoa}}},
        Promiscuous{"name_error", {.name = "www.example.com.", .rcode = Rcode::name_error, .authority = {kSoa}}},
        Promiscuous{"alias", {.name = "www.example.com.", .answer = {"www.example.com. 300 IN CNAME www.other.org."}}}),
    [](const auto& story) { return std::string(story.param.what); });

TEST(Classify, AnswersForOtherNamesAreLeftBehind) {
  const Response response =
      ReplyText{.name = "www.example.com.",
                .answer = {"mail.example.com. 300 IN A 203.0.113.9", "www.bank.org. 300 IN A 203.0.113.9"}}
          .from("example.com.");
  EXPECT_TRUE(response.answers.empty());
  EXPECT_EQ(response.scrubbed, 2U);
}

TEST(Classify, ForwarderMaySpeakOnlyBelowItsApex) {  // MaginotDNS, CVE-2021-25220
  const Response response = ReplyText{.name = "www.f.lab.",
                                      .authoritative = false,
                                      .answer = {"www.f.lab. 300 IN CNAME www.lab.", "www.lab. 300 IN A 203.0.113.9"},
                                      .authority = {"lab. 300 IN NS ns.evil.net.", ". 300 IN NS ns.evil.net."},
                                      .additional = {"ns.evil.net. 300 IN A 203.0.113.9"}}
                                .from("f.lab.", true);
  EXPECT_EQ(response.outcome, Outcome::alias);
  EXPECT_EQ(text_of(response.answers), "www.f.lab. 0 IN CNAME www.lab.");
  EXPECT_FALSE(response.referral);
}

TEST(Classify, ForwarderRefersNobody) {
  const Response response =
      ReplyText{.name = "www.f.lab.", .authoritative = false, .authority = {"x.f.lab. 300 IN NS ns.x.f.lab."}}.from(
          "f.lab.", true);
  EXPECT_EQ(response.outcome, Outcome::no_data);
  EXPECT_FALSE(response.referral);
}

struct ErrorRcode {
  Rcode rcode;
  Outcome outcome;
};
class Errors : public testing::TestWithParam<ErrorRcode> {};
TEST_P(Errors, CarryNoData) {
  const Response response =
      ReplyText{
          .name = "www.example.com.", .rcode = GetParam().rcode, .answer = {"www.example.com. 300 IN A 192.0.2.1"}}
          .from("example.com.");
  EXPECT_EQ(response.outcome, GetParam().outcome);
  EXPECT_TRUE(response.answers.empty());
}
INSTANTIATE_TEST_SUITE_P(Classify, Errors,
                         testing::Values(ErrorRcode{Rcode::server_failure, Outcome::server_error},
                                         ErrorRcode{Rcode::format_error, Outcome::server_error},
                                         ErrorRcode{Rcode::not_implemented, Outcome::server_error},
                                         ErrorRcode{Rcode::refused, Outcome::lame},
                                         ErrorRcode{Rcode::not_auth, Outcome::lame}),
                         [](const auto& story) { return std::string(rcode_text(story.param.rcode)); });

TEST(Classify, AnyTakesEveryTypeOfTheName) {
  const Response response =
      ReplyText{.name = "example.com.",
                .type = Type::ANY,
                .answer = {"example.com. 300 IN A 192.0.2.1", "example.com. 300 IN MX 1 mail.example.com.",
                           "mail.example.com. 300 IN A 192.0.2.9"}}
          .from("example.com.");
  EXPECT_EQ(response.outcome, Outcome::answer);
  EXPECT_EQ(response.answers.size(), 2U);
}

TEST(Classify, RootServersComeWithTheRootsOwnNsSet) {
  const Response response = ReplyText{.name = ".",
                                      .type = Type::NS,
                                      .answer = {". 3600 IN NS a.root-servers.net."},
                                      .additional = {"a.root-servers.net. 3600 IN A 192.0.2.4"}}
                                .from(".");
  ASSERT_TRUE(response.root_servers);
  EXPECT_EQ(response.root_servers->servers()[0].addresses.size(), 1U);
}

TEST(Classify, DsAtAZoneCutIsDeniedByAParentThatRefersInstead) {
  const Response response = ReplyText{.name = "example.com.",
                                      .type = Type::DS,
                                      .authoritative = false,
                                      .authority = {"example.com. 300 IN NS ns.example.com."}}
                                .from("com.");
  EXPECT_EQ(response.outcome, Outcome::no_data);
}

TEST(SynthesiseCname, ReplacesTheSuffix) {
  const auto target = Name::of("target.net.");
  const Bytes rdata = target.view().octets();
  const RRsetPtr dname = RRset::make(Name::of("d.example.com."), Type::DNAME, 77, {&rdata, 1});
  const RRsetPtr cname = synthesise_cname(*dname, Name::of("x.y.d.example.com."), 42);
  ASSERT_TRUE(cname);
  EXPECT_EQ(cname->ttl(), 42U);
  EXPECT_EQ(rdata_name(Type::CNAME, cname->first_rdata()), Name::of("x.y.target.net."));
}

}  // namespace
}  // namespace vouch
