// What validation remembers: keys, failures, proofs, and for how long; and that another server is heard before a zone
// is given up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/simulation/signed_internet.h"

namespace vouch::simulation {
namespace {

using dnssec_kit::dnskey_set;
using dnssec_kit::kNow;
using dnssec_kit::set_of;
using dnssec_kit::signed_set;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kWww = "www.example.org. 300 IN A 198.51.100.1";
const std::string kSecure = "NOERROR AD " + std::string(kWww);
constexpr std::string_view kServers[] = {"192.0.2.11", "192.0.2.12", "192.0.2.13", "192.0.2.14"};

// example.org. has as many servers as the story wants.
struct Memory : testing::Test {
  SignedInternet net;
  void build(std::size_t servers, const ZoneStyle& style = {}) {
    net.add("org.", {"192.0.2.1"});
    net.add("example.org.", {std::begin(kServers), std::begin(kServers) + servers}, style)
        .has(kWww)
        .has("mail.example.org. 300 IN A 198.51.100.3")
        .has("*.wild.example.org. 300 IN A 198.51.100.2");
  }
  void warm() {
    net.ask("example.org.", Type::SOA);
    net.new_questions();
  }
  const ValidationCounters& counters() { return net.world().validation_counters(); }
};

// --------------------------------------------------------------------------------------------- second opinions

class OneBadServer : public Memory, public testing::WithParamInterface<int> {};
TEST_P(OneBadServer, DoesNotSpoilTheAnswer) {  // whichever is asked first
  net.options().seed = static_cast<std::uint64_t>(GetParam());
  build(2);
  net.tamper(kServers[0], each(Type::A, [](const RRset& set) {
               return with_data_of(set, "www.example.org. 300 IN A 203.0.113.66");
             }));
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
  EXPECT_EQ(counters().recovered.value(), counters().second_opinions.value());
  EXPECT_LE(counters().second_opinions.value(), 1U);
  EXPECT_EQ(counters().judged_secure.value(), 1U);  // the verdict that stands, not those on the way to it
  EXPECT_EQ(counters().judged_bogus.value(), 0U);
}
TEST_P(OneBadServer, WithStaleKeysDoesNotSpoilTheZone) {
  net.options().seed = static_cast<std::uint64_t>(GetParam());
  build(2);
  const dnssec_kit::SigningKey old({.flags = 0x0101, .seed = "last year's"});
  net.tamper(kServers[0], each(Type::DNSKEY, [&](const RRset&) {
               return signed_set(*dnskey_set(Name::of("example.org."), {&old}), old, Name::of("example.org."));
             }));
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
}
TEST_P(OneBadServer, WithoutProofsDoesNotSpoilADenial) {
  net.options().seed = static_cast<std::uint64_t>(GetParam());
  build(2);
  net.tamper(kServers[0], drop(Type::NSEC));
  EXPECT_EQ(net.ask("none.example.org.", Type::A), "NXDOMAIN AD");
}
INSTANTIATE_TEST_SUITE_P(Memory, OneBadServer, testing::Range(1, 7));

TEST_F(Memory, AtMostTwoMoreServersAreHeard) {
  build(4);
  warm();
  net.tamper("example.org.", strip_signatures(Type::A));
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL EDE 10"));
  EXPECT_EQ(net.asked_of_type(Type::A), 3U);
  EXPECT_EQ(net.asked_of_type(Type::DS), 1U);  // whether an unsigned zone begins at the name
  EXPECT_EQ(net.new_questions(), 4U);
  EXPECT_EQ(counters().second_opinions.value(), 2U);
  EXPECT_EQ(counters().recovered.value(), 0U);
  EXPECT_EQ(counters().judged_bogus.value(), 1U);
}

TEST_F(Memory, WhereNoOtherServerAnswersThereIsNoSecondOpinion) {
  build(1);
  warm();
  net.tamper("example.org.", strip_signatures(Type::A));
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL EDE 10"));
  EXPECT_EQ(counters().judged_bogus.value(), 1U);
  net.world().trust().clear();
  net.world().caches().rrsets.clear();
  net.tamper("example.org.", drop(Type::DNSKEY));
  EXPECT_THAT(net.ask("mail.example.org.", Type::A), StartsWith("SERVFAIL EDE 9"));
  EXPECT_EQ(counters().judged_bogus.value(), 2U);
  EXPECT_EQ(counters().second_opinions.value(), 0U);
}

TEST_F(Memory, TheFirstCauseStands) {
  build(3);
  warm();
  net.tamper("example.org.", strip_signatures(Type::A));
  std::size_t question = 0;
  const auto in_turn = [&](const Question& asked, Reply& reply) {
    if (++question > 1) {
      each(Type::A, [](const RRset& set) { return with_data_of(set, "www.example.org. 300 IN A 203.0.113.66"); })(
          asked, reply);
    }
    if (question == 1) { strip_signatures(Type::A)(asked, reply); }
  };
  net.tamper("example.org.", in_turn);
  EXPECT_EQ(net.ask("www.example.org.", Type::A), "SERVFAIL EDE 10: rrsig_missing zone=example.org.");
}

// ------------------------------------------------------------------------------------------- failures (F12, RFC 9520)

TEST_F(Memory, F12AFailureIsRememberedLongerEachTime) {
  build(2);
  warm();
  net.tamper("example.org.", strip_signatures(Type::A));
  std::chrono::seconds hold = 5s;
  for (int round = 0; round < 4; ++round) {
    EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL EDE 10"));
    EXPECT_EQ(net.asked_of_type(Type::A), 2U) << "round " << round;  // there are no more servers
    net.new_questions();
    net.pass(hold - 1s);
    EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL EDE 10"));
    EXPECT_EQ(net.new_questions(), 0U) << "round " << round;
    net.pass(2s);
    hold *= 2;
  }
  net.untamper();
  net.pass(301s);
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
}

// The zone at fault is neither the name that was asked for nor, behind an alias, above it.
TEST_F(Memory, F12ARememberedFailureKnowsTheZoneAtFault) {
  build(1);
  net.add("other.org.", {"192.0.2.3"}).has("alias.other.org. 300 IN CNAME www.example.org.");
  net.tamper("example.org.", strip_signatures(Type::A));
  for (const std::string_view name : {"www.example.org.", "alias.other.org."}) {
    for (const bool from_cache : {false, true}) {
      const Answer answer = net.world().resolve(name, Type::A);
      EXPECT_EQ(answer.from_cache, from_cache) << name;
      EXPECT_TRUE(answer.verdict.is_bogus());
      EXPECT_EQ(answer.verdict.reason(), Reason::rrsig_missing);
      EXPECT_EQ(answer.verdict.zone().text(), "example.org.") << name;
    }
    net.world().caches().failures.remove(Name::of("www.example.org."), Type::A);
  }
}

TEST_F(Memory, F12AZoneWithoutKeysIsNotAskedForThemByEveryName) {
  build(2);
  net.tamper("example.org.", drop(Type::DNSKEY));
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL EDE 9"));
  const std::size_t asked = net.asked_of_type(Type::DNSKEY);
  EXPECT_THAT(net.ask("mail.example.org.", Type::A), StartsWith("SERVFAIL EDE 9"));
  EXPECT_EQ(net.asked_of_type(Type::DNSKEY), asked);
}

TEST_F(Memory, F12BogusDataIsNotCached) {
  build(1);
  net.tamper("example.org.", strip_signatures(Type::A));
  net.ask("www.example.org.", Type::A);
  EXPECT_FALSE(net.world().caches().rrsets.find(Name::of("www.example.org."), Type::A, net.world().clock().ttl()));
}

TEST_F(Memory, ARefreshThatFailsKeepsWhatIsGood) {
  build(1);
  net.options().front.prefetch = true;
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
  net.tamper("example.org.", strip_signatures(Type::A));
  net.pass(285s);
  const std::string left = "NOERROR AD www.example.org. 15 IN A 198.51.100.1";
  EXPECT_EQ(net.ask("www.example.org.", Type::A), left);  // sets off the refresh
  net.world().settle();
  EXPECT_EQ(net.ask("www.example.org.", Type::A), left);
}

TEST_F(Memory, StaleDataDoesNotStandInForBogusData) {
  build(1);
  net.options().front.stale.enabled = true;
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
  net.pass(400s);
  net.tamper("example.org.", strip_signatures(Type::A));
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL EDE 10"));
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL EDE 10"));
}

TEST_F(Memory, StaleDataIsNeverBogusNorAuthentic) {
  build(1);
  net.options().front.stale.enabled = true;
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
  net.tamper("example.org.", strip_signatures(Type::A));
  net.ask("mail.example.org.", Type::A, {.cd = true});
  net.ask("mail.example.org.", Type::A);
  net.pass(400s);
  for (const std::string_view server : kServers) { net.server(server).is_silent(); }
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("NOERROR www.example.org. 30 IN A 198.51.100.1 EDE 3"));
  EXPECT_THAT(net.ask("mail.example.org.", Type::A), StartsWith("SERVFAIL"));
}

// -------------------------------------------------------------------------------------------------- keys and TTLs

TEST_F(Memory, ASecondNameOfAZoneCostsOneQuestion) {
  build(1);
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
  net.new_questions();
  EXPECT_EQ(net.ask("mail.example.org.", Type::A).substr(0, 10), "NOERROR AD");
  EXPECT_EQ(net.new_questions(), 1U);
}

TEST_F(Memory, DataLivesNoLongerThanItsSignature) {
  build(1, {.times = {.expiration = kNow + 100}});
  net.zone("example.org.").style({.times = {.expiration = kNow + 100}});
  EXPECT_EQ(net.ask("www.example.org.", Type::A), "NOERROR AD www.example.org. 100 IN A 198.51.100.1");
  net.pass(60s);
  EXPECT_EQ(net.ask("www.example.org.", Type::A), "NOERROR AD www.example.org. 40 IN A 198.51.100.1");
  const ClientAnswer denied = net.ask_for("none.example.org.", Type::A);
  EXPECT_THAT(denied.authority_text(), StartsWith("example.org. 40 IN SOA"));
}

TEST_F(Memory, DataLivesNoLongerThanItsOriginalTtl) {
  build(1);
  net.tamper("example.org.", each(Type::A, [](const RRset& set) { return set.with_ttl(86400); }));
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
}

TEST_F(Memory, KeysAreFetchedAnewWhenTheirTimeIsOver) {
  build(1);
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
  net.pass(3601s);
  net.new_questions();
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
  EXPECT_GE(net.asked_of_type(Type::DNSKEY), 1U);
}

// -------------------------------------------------------------------------------------------- proofs from the cache

TEST_F(Memory, NothingBelowAProvenNameErrorIsAsked) {  // RFC 8020
  build(1);
  EXPECT_EQ(net.ask("none.example.org.", Type::A), "NXDOMAIN AD");
  net.new_questions();
  EXPECT_THAT(net.ask("a.b.none.example.org.", Type::A), StartsWith("NXDOMAIN AD"));
  EXPECT_EQ(net.new_questions(), 0U);
}

TEST_F(Memory, AnUnsignedNameErrorSaysNothingOfWhatIsBelow) {
  build(1);
  net.add("plain.org.", {"192.0.2.3"}, {.is_signed = false}).has("www.plain.org. 300 IN A 198.51.100.5");
  EXPECT_EQ(net.ask("none.plain.org.", Type::A), "NXDOMAIN");
  net.zone("plain.org.").has("a.none.plain.org. 300 IN A 198.51.100.9");
  EXPECT_EQ(net.ask("a.none.plain.org.", Type::A), "NOERROR a.none.plain.org. 300 IN A 198.51.100.9");
}

TEST_F(Memory, OtherNamesInAProvenGapAreNotAskedFor) {  // RFC 8198
  build(1);
  EXPECT_EQ(net.ask("nonb.example.org.", Type::A), "NXDOMAIN AD");
  net.new_questions();
  EXPECT_EQ(net.ask("nona.example.org.", Type::A), "NXDOMAIN AD EDE 29");
  EXPECT_EQ(net.new_questions(), 0U);
  EXPECT_EQ(counters().synthesised[0][0].value() + counters().synthesised[0][1].value(), 1U);
}

TEST_F(Memory, WildcardsAnswerFromTheCacheWithTheirProofs) {
  build(1);
  EXPECT_EQ(net.ask("none.example.org.", Type::A), "NXDOMAIN AD");  // with the SOA, by which proofs are kept
  EXPECT_EQ(net.ask("a.wild.example.org.", Type::A), "NOERROR AD a.wild.example.org. 300 IN A 198.51.100.2");
  net.new_questions();
  for (const std::string_view name : {"a.wild.example.org.", "b.wild.example.org."}) {
    const ClientAnswer answer = net.ask_for(name, Type::A, {.dnssec_ok = true});
    EXPECT_TRUE(answer.message().ad);
    EXPECT_THAT(answer.text(), HasSubstr("300 IN A 198.51.100.2"));
    EXPECT_THAT(answer.text(), HasSubstr("RRSIG A 13 3 300"));
    EXPECT_THAT(answer.authority_text(), HasSubstr("*.wild.example.org. 300 IN NSEC"));
  }
  EXPECT_EQ(net.new_questions(), 0U);
}

TEST_F(Memory, SynthesisCanBeSwitchedOff) {
  build(1);
  net.dnssec().aggressive_nsec = false;
  EXPECT_EQ(net.ask("nonb.example.org.", Type::A), "NXDOMAIN AD");
  net.new_questions();
  EXPECT_EQ(net.ask("nona.example.org.", Type::A), "NXDOMAIN AD");
  EXPECT_EQ(net.new_questions(), 1U);
}

}  // namespace
}  // namespace vouch::simulation
