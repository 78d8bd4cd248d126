// The player must be able to fail: each test plays one small story that holds and the same story with one thing wrong.
#include "tests/scenarios/player.h"

#include <gmock/gmock.h>
#include <stdexcept>

#include "resolver/wire/rrset.h"

namespace vouch::simulation {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Verdict = Playback::Verdict;

constexpr std::string_view kStory = R"(
; a comment
do-ip6: no
query-minimization: off
	stub-addr: 192.0.2.1	# the root
CONFIG_END
SCENARIO_BEGIN a name in the root zone
RANGE_BEGIN 0 100
	ADDRESS 192.0.2.1
ENTRY_BEGIN
MATCH opcode qtype qname
ADJUST copy_id
REPLY QR AA NOERROR
SECTION QUESTION
www. IN A
SECTION ANSWER
www. 300 IN A 198.51.100.7
www. 300 IN A 198.51.100.8
ENTRY_END
RANGE_END
STEP 1 QUERY
ENTRY_BEGIN
REPLY RD
SECTION QUESTION
www. IN A
ENTRY_END
STEP 10 CHECK_ANSWER
ENTRY_BEGIN
MATCH all ttl
REPLY QR RD RA NOERROR
SECTION QUESTION
www. IN A
SECTION ANSWER
www. IN 300 A 198.51.100.8
www. 300 IN A 198.51.100.7
ENTRY_END
SCENARIO_END
)";

// The story with its last `what` made `into`.
std::string changed(std::string_view what, std::string_view into) {
  std::string story(kStory);
  const auto at = story.rfind(what);
  EXPECT_NE(at, std::string::npos) << what;
  return story.replace(at, what.size(), into);
}

std::string problems_of(const std::string& story) {
  const Playback playback = play(story);
  EXPECT_EQ(playback.verdict, Verdict::failed);
  std::string all;
  for (const std::string& problem : playback.problems) { all += problem; }
  return all;
}

TEST(Player, PassesAStoryThatHolds) {
  const Playback playback = play(kStory);
  EXPECT_EQ(playback.verdict, Verdict::passed);
  EXPECT_THAT(playback.problems, IsEmpty());
  EXPECT_THAT(playback.transcript, Contains(HasSubstr("192.0.2.1 is asked www. A: entry of line 10")));
}

TEST(Player, SeesEveryPartThatDiffers) {
  EXPECT_THAT(problems_of(changed("www. 300 IN A 198.51.100.7", "www. 300 IN A 198.51.100.6")),
              HasSubstr("answer differs"));
  EXPECT_THAT(problems_of(changed("www. 300 IN A 198.51.100.7\n", "")), HasSubstr("answer differs"));
  EXPECT_THAT(problems_of(changed("www. IN 300 A", "www. IN 299 A")), HasSubstr("answer differs"));
  EXPECT_THAT(problems_of(changed("QR RD RA NOERROR", "QR RD RA NXDOMAIN")), HasSubstr("rcode differs"));
  EXPECT_THAT(problems_of(changed("QR RD RA NOERROR", "QR AA RD RA NOERROR")), HasSubstr("flags differs"));
  EXPECT_THAT(problems_of(changed("www. IN A\nSECTION ANSWER", "www. IN AAAA\nSECTION ANSWER")),
              HasSubstr("qtype differs"));
  EXPECT_THAT(problems_of(changed("www. IN A\nSECTION ANSWER", "ww. IN A\nSECTION ANSWER")),
              HasSubstr("qname differs"));
  EXPECT_THAT(problems_of(changed("SECTION ANSWER", "SECTION AUTHORITY\nwww. IN A 192.0.2.3\nSECTION ANSWER")),
              HasSubstr("authority differs"));
  EXPECT_THAT(problems_of(changed("SECTION ANSWER", "SECTION ADDITIONAL\nwww. IN A 192.0.2.3\nSECTION ANSWER")),
              HasSubstr("additional differs"));
  EXPECT_THAT(problems_of(changed("MATCH all ttl", "MATCH question DO\nREPLY DO")), HasSubstr("DO differs"));
}

TEST(Player, ComparesTtlsOnlyWhenTheStoryNamesThem) {
  std::string story = changed("www. IN 300 A", "www. IN 299 A");
  story.replace(story.find("MATCH all ttl"), 13, "MATCH all");
  EXPECT_EQ(play(story).verdict, Verdict::passed);
}

TEST(Player, ReportsAQuestionThatNoEntryAnswers) {
  std::string story(kStory);
  story.replace(story.find("RANGE_BEGIN 0 100"), 17, "RANGE_BEGIN 2 100");  // the servers come too late
  EXPECT_THAT(problems_of(story), HasSubstr("step 1: 192.0.2.1 is asked www. A"));
  story = kStory;
  story.replace(story.find("ADDRESS 192.0.2.1"), 17, "ADDRESS 192.0.2.9");
  EXPECT_THAT(problems_of(story), HasSubstr("no entry answers it"));
}

TEST(Player, TakesSilenceForGrantedWhereTheStoryMeansIt) {
  std::string story = changed("MATCH all ttl\nREPLY QR RD RA NOERROR", "MATCH rcode\nREPLY QR RD RA SERVFAIL");
  story.replace(story.find("ADJUST copy_id"), 14, "ADJUST do_not_answer");
  EXPECT_EQ(play(story).verdict, Verdict::passed) << testing::PrintToString(play(story).problems);
}

TEST(Player, LetsTimePass) {
  const std::string later = std::string(kStory.substr(0, kStory.rfind("SCENARIO_END"))) +
                            "STEP 20 TIME_PASSES ELAPSE 100\n"
                            "STEP 30 QUERY\nENTRY_BEGIN\nREPLY RD\nSECTION QUESTION\nwww. IN A\nENTRY_END\n"
                            "STEP 40 CHECK_ANSWER\nENTRY_BEGIN\nMATCH answer ttl\nSECTION QUESTION\nwww. IN A\n"
                            "SECTION ANSWER\nwww. 200 IN A 198.51.100.7\nwww. 200 IN A 198.51.100.8\nENTRY_END\n"
                            "SCENARIO_END\n";
  const Playback playback = play(later);
  EXPECT_EQ(playback.verdict, Verdict::passed) << testing::PrintToString(playback.problems);
}

TEST(Player, TakesAOneShotReplyOnce) {
  std::string story(kStory);
  const auto range = story.find("RANGE_BEGIN");
  const auto entry = story.find("ENTRY_BEGIN");
  story.replace(range, entry - range, "STEP 5 REPLY\n");
  story.erase(story.find("RANGE_END\n"), 10);
  EXPECT_EQ(play(story).verdict, Verdict::passed) << testing::PrintToString(play(story).problems);
}

TEST(Player, RawOctetsGoOutAsTheyAre) {
  // The question comes back with SERVFAIL and nothing else.
  std::string story = changed("MATCH all ttl\nREPLY QR RD RA NOERROR", "MATCH rcode\nREPLY QR RD RA SERVFAIL");
  story.replace(story.find("ADJUST copy_id"), 14,
                "ADJUST copy_id raw_id\nRAW\n0000 8002 0001 0000 0000 0000 03777777 00 0001 0001\n;");
  story.erase(story.find("REPLY QR AA"), story.find("ENTRY_END") - story.find("REPLY QR AA"));
  story.insert(story.find("ADJUST"), "REPLY QR\nSECTION QUESTION\nwww. IN A\n");
  const Playback playback = play(story);
  EXPECT_EQ(playback.verdict, Verdict::passed) << testing::PrintToString(playback.problems);
}

TEST(Player, SaysWhatItCannotPlay) {
  std::string story(kStory);
  story.insert(story.find("CONFIG_END"), "features: dns64_prefix=64:ff9b::/96\n");
  EXPECT_EQ(play(story).verdict, Verdict::not_playable);
}

DnssecOptions dnssec_of(const std::string& lines) {
  std::string story(kStory);
  story.insert(story.find("CONFIG_END"), lines);
  const auto scenario = parse_scenario(story);
  if (!scenario) { throw std::runtime_error(scenario.error()); }
  const auto setup = set_up(*scenario);
  if (!setup) { throw std::runtime_error(setup.error()); }
  return setup->world.dnssec;
}

TEST(ScenarioConfig, ValidatesOnlyWhereThereIsAnAnchor) {
  EXPECT_EQ(dnssec_of("").mode, DnssecMode::off);
  const DnssecOptions options = dnssec_of("trust-anchor: \". IN DS 1 8 2 " + std::string(64, 'a') + "\"\n");
  EXPECT_EQ(options.mode, DnssecMode::enforce);
  EXPECT_FALSE(options.builtin_root_anchor);
  EXPECT_EQ(options.signature_skew, 0U);
}

TEST(ScenarioConfig, TakesAnchorsInEveryFormThatStoriesUse) {
  const std::string digest(64, 'A');
  const auto anchor_of = [&](const std::string& text) {
    const auto anchors = dnssec_of("trust-anchor: " + text + "\n").trust_anchors;
    return anchors.size() == 1 ? record_text(anchors[0].owner, anchors[0].type, 0, anchors[0].rdata) : "";
  };
  const std::string plain = anchor_of("\"example.com. 3600 IN DS 438 10 2 " + digest + "\"");
  EXPECT_THAT(plain, HasSubstr("example.com. 0 IN DS 438 10 2"));
  EXPECT_EQ(anchor_of("\"example.com.\t\tIN DS 438 10 2 " + digest.substr(8) + " " + digest.substr(56) + " \""), plain);
  EXPECT_EQ(anchor_of("\"example.com. DS 438 RSASHA512 2 " + digest + "\""), plain);
  EXPECT_EQ(anchor_of("example.com. 172800 IN DS 438 10 2 ( " + digest + " )"), plain);
  EXPECT_EQ(anchor_of("\"example.com. IN DS 438 10 2 " + digest + "\" # why it differs"), plain);
  EXPECT_THAT(anchor_of("\"example. DNSKEY 257 3 7 AwEAAcUlFV1vhmqx6NSOUOq2R/dsR7Xm ( AbsUdblMFin8CVF3n4s= )\""),
              HasSubstr("example. 0 IN DNSKEY 257 3 7 AwEAAcUlFV1vhmqx6NSOUOq2R/dsR7XmAbsUdblMFin8CVF3n4s="));
}

TEST(ScenarioConfig, KnowsTheSwitchesOfValidation) {
  const DnssecOptions options = dnssec_of(
      "domain-insecure: sub.example.com\nfeatures: aggressive_nsec=yes\n"
      "features: val_nsec3_keysize_iterations=1024 100 2048 200 4096 500\n");
  EXPECT_THAT(options.negative_trust_anchors, ElementsAre(Name::of("sub.example.com.")));
  EXPECT_TRUE(options.aggressive_nsec);
  EXPECT_EQ(options.nsec3_max_iterations, 100);
  EXPECT_THROW(dnssec_of("trust-anchor: \"example. A 192.0.2.1\"\n"), std::runtime_error);
}

TEST(ScenarioParser, SaysWhereItStoppedToUnderstand) {
  const auto error_of = [](const std::string& story) {
    const auto scenario = parse_scenario(story);
    return scenario ? "" : scenario.error();
  };
  EXPECT_EQ(error_of(std::string(kStory)), "");
  EXPECT_THAT(error_of(changed("MATCH all ttl", "MATCH al")), HasSubstr("line 29: unknown after MATCH: al"));
  EXPECT_THAT(error_of(changed("QR RD RA NOERROR", "QR RD NOEROR")), HasSubstr("unknown after REPLY: NOEROR"));
  EXPECT_THAT(error_of(changed("198.51.100.7", "198.51.100.777")), HasSubstr("line 35"));
  EXPECT_THAT(error_of(changed("STEP 10 CHECK_ANSWER", "STEP 10 CHECK")), HasSubstr("unknown step: CHECK"));
  EXPECT_THAT(error_of(changed("SCENARIO_END", "")), HasSubstr("ends too soon"));
  EXPECT_THAT(error_of(changed("SECTION ANSWER", "SECTION ANSWERS")), HasSubstr("unknown section"));
}

TEST(ScenarioParser, JoinsRecordsOverSeveralLines) {
  const auto scenario =
      parse_scenario(changed("www. 300 IN A 198.51.100.7", "www. 300 IN SOA a. b. ( 1 ; serial\n 2 3\n4 5 )"));
  ASSERT_TRUE(scenario) << scenario.error();
  EXPECT_EQ(scenario->steps.back().entry.message.answer.back().text(), "www. 300 IN SOA a. b. 1 2 3 4 5");
}

class Configuration : public testing::Test {
 protected:
  static ScenarioSetup of(const std::string& lines) {
    const auto scenario = parse_scenario(lines + "\nCONFIG_END\nSCENARIO_BEGIN x\nSCENARIO_END\n");
    if (!scenario) { throw std::runtime_error(scenario.error()); }
    const auto setup = set_up(*scenario);
    if (!setup) { throw std::runtime_error(setup.error()); }
    return *setup;
  }
};

TEST_F(Configuration, SwitchesOffWhatStoriesDoNotKnow) {
  const WorldOptions world = of("").world;
  EXPECT_FALSE(world.resolver.case_randomisation);
  EXPECT_FALSE(world.resolver.cookies);
  EXPECT_FALSE(world.resolver.priming);
  EXPECT_FALSE(world.local.special_use_zones);
  EXPECT_FALSE(world.resolver.ask_loopback);
}

TEST_F(Configuration, MapsEachLine) {
  const ScenarioSetup setup =
      of("stub-addr: 192.0.2.1 # K.ROOT\nstub-addr: 2001:db8::1\nval-override-date: "
         "\"20070916134226\"\nquery-minimization: off\n"
         "do-ip6: no\ndo-ip4: no\nharden-glue: \"no\"\ndo-not-query-localhost: off\n"
         "features: min_ttl = 300, max_ttl=600\nfeatures: minimal_responses=no\nfeatures: serve_expired=yes\n"
         "features: serve_expired_client_timeout=0\nfeatures: serve_expired_reply_ttl=123\nfeatures: prefetch=yes\n"
         "feature-list: stub_zone=example.com. 1.2.3.6 prime\nfeature-list: forward_zone=\"f. 1.2.3.7,1.2.3.8 first "
         "no-cache\"\n"
         "forward-addr: 1.2.3.9\nfeatures: target_fetch_policy=0 0 0 0 0");
  const ResolverOptions& resolver = setup.world.resolver;
  ASSERT_EQ(resolver.root_hints.size(), 1U);
  EXPECT_EQ(resolver.root_hints[0].addresses.size(), 2U);
  EXPECT_EQ(setup.world.start, 1189950146);
  EXPECT_EQ(resolver.minimisation, Minimisation::off);
  EXPECT_FALSE(resolver.ipv6);
  EXPECT_FALSE(resolver.ipv4);
  EXPECT_FALSE(resolver.harden_glue);
  EXPECT_TRUE(resolver.ask_loopback);
  EXPECT_EQ(setup.world.cache.ttl_min, 300U);
  EXPECT_EQ(setup.world.cache.ttl_max, 600U);
  EXPECT_FALSE(setup.world.front.minimal_answers);
  EXPECT_TRUE(setup.world.front.stale.enabled);
  EXPECT_EQ(setup.world.front.stale.client_timeout_ms, 0U);
  EXPECT_EQ(setup.world.front.stale.answer_ttl, 123U);
  EXPECT_TRUE(setup.world.front.prefetch);
  ASSERT_EQ(resolver.stub_zones.size(), 1U);
  EXPECT_EQ(resolver.stub_zones[0].zone.text(), "example.com.");
  ASSERT_EQ(resolver.forward_zones.size(), 2U);
  EXPECT_EQ(resolver.forward_zones[0].servers.size(), 2U);
  EXPECT_TRUE(resolver.forward_zones[0].first);
  EXPECT_FALSE(resolver.forward_zones[0].cache);
  EXPECT_TRUE(resolver.forward_zones[1].zone.view().is_root());
  EXPECT_EQ(of("val-override-timestamp: \"1500000000\"").world.start, 1500000000);
}

TEST_F(Configuration, PassesNothingOverSilently) {
  EXPECT_THROW(of("no-such-option: yes"), std::runtime_error);
  EXPECT_THROW(of("features: no_such_feature=yes"), std::runtime_error);
  EXPECT_THROW(of("do-ip6: maybe"), std::runtime_error);
}

}  // namespace
}  // namespace vouch::simulation
