// What is told of validation: which zone broke, since when, why, who was kept from it, and when it was well again.
// Whole resolutions on virtual time; the figures are those that the pages, /metrics and the history are made of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/simulation/signed_internet.h"

namespace vouch::simulation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

constexpr std::string_view kWww = "www.example.org. 300 IN A 198.51.100.1";

struct Told : testing::Test {
  SignedInternet net;
  void build() {
    net.add("org.", {"192.0.2.1"});
    net.add("example.org.", {"192.0.2.11"})
        .has(kWww)
        .has("mail.example.org. 300 IN A 198.51.100.3")
        .has("*.wild.example.org. 300 IN A 198.51.100.2");
    net.add("other.org.", {"192.0.2.12"})
        .has("www.other.org. 300 IN A 198.51.100.9")
        .has("alias.other.org. 300 IN CNAME www.example.org.");
    net.add("plain.org.", {"192.0.2.13"}, {.is_signed = false}).has("www.plain.org. 300 IN A 198.51.100.8");
  }
  static Asking from(std::string_view address) {
    Asking how = SignedInternet::usual();
    how.client = SocketAddress(*IpAddress::parse(address), 4000);
    return how;
  }
  Figures figures() { return net.world().figures(); }
  std::uint64_t answers(Standing standing, AnswerSource source) {
    return figures()
        .counters->front.answers[static_cast<std::size_t>(standing)][static_cast<std::size_t>(source)]
        .value();
  }
  static WithheldFigures withheld(const Figures& figures) {
    return figures.withheld[static_cast<std::size_t>(Evidence::undetermined)];
  }
};

TEST_F(Told, EveryAnswerByStandingAndSource) {
  build();
  net.ask("www.example.org.", Type::A);
  net.ask("www.example.org.", Type::A);
  net.ask("www.plain.org.", Type::A);
  net.ask("www.plain.org.", Type::A);
  net.ask("host.localhost.", Type::A);
  EXPECT_EQ(answers(Standing::secure, AnswerSource::recursion), 1U);
  EXPECT_EQ(answers(Standing::secure, AnswerSource::cache), 1U);
  EXPECT_EQ(answers(Standing::insecure, AnswerSource::recursion), 1U);
  EXPECT_EQ(answers(Standing::insecure, AnswerSource::cache), 1U);
  EXPECT_EQ(answers(Standing::unchecked, AnswerSource::local), 1U);
  const Figures all = figures();
  EXPECT_EQ(all.counters->front.special_names[static_cast<std::size_t>(SpecialName::localhost)].value(), 1U);
  EXPECT_EQ(all.day.all_answers(), 4U);
  EXPECT_EQ(all.day.all_queries(), 5U);
  EXPECT_THAT(all.zones, IsEmpty());
  EXPECT_THAT(all.incidents, IsEmpty());
}

TEST_F(Told, TheZoneAtFaultAndWhy) {
  build();
  net.tamper("example.org.", strip_signatures(Type::A));
  EXPECT_THAT(net.ask("www.example.org.", Type::A, from("10.0.0.1")), StartsWith("SERVFAIL EDE 10"));
  EXPECT_THAT(net.ask("www.example.org.", Type::A, from("10.0.0.2")), StartsWith("SERVFAIL EDE 10"));
  const Figures all = figures();
  ASSERT_THAT(all.zones, SizeIs(1));
  const ZoneFigures& zone = all.zones.front();
  EXPECT_EQ(zone.zone, "example.org.");
  EXPECT_EQ(zone.state, ZoneState::failing);
  EXPECT_EQ(zone.began, net.world().clock().wall());
  ASSERT_THAT(zone.causes, SizeIs(1));
  EXPECT_EQ(zone.causes.front().reason, Reason::rrsig_missing);
  EXPECT_EQ(zone.causes.front().server, "192.0.2.11");
  EXPECT_EQ(zone.failures, 1U);  // the second answer came from the memory of the first
  EXPECT_EQ(zone.withheld.answers, 2U);
  EXPECT_EQ(zone.withheld.lookups, 2U);
  EXPECT_EQ(zone.prefixes, 2U);
  EXPECT_FALSE(zone.is_public);
  EXPECT_EQ(withheld(all).answers, 2U);
  EXPECT_EQ(answers(Standing::bogus, AnswerSource::recursion), 1U);
  EXPECT_EQ(answers(Standing::bogus, AnswerSource::cache), 1U);
  EXPECT_EQ(all.counters->validation.failures[static_cast<std::size_t>(Reason::rrsig_missing)].value(), 1U);
}

TEST_F(Told, ALookupThatIsRepeatedIsOne) {
  build();
  net.tamper("example.org.", strip_signatures(Type::A));
  for (int i = 0; i < 5; ++i) { net.ask("www.example.org.", Type::A, from("10.0.0.1")); }
  EXPECT_EQ(withheld(figures()).answers, 5U);
  EXPECT_EQ(withheld(figures()).lookups, 1U);
  net.pass(61s);  // another minute: it is tried again
  net.ask("www.example.org.", Type::A, from("10.0.0.1"));
  EXPECT_EQ(withheld(figures()).lookups, 2U);
}

TEST_F(Told, WithCdNothingIsWithheld) {
  build();
  net.tamper("example.org.", strip_signatures(Type::A));
  Asking how = from("10.0.0.1");
  how.cd = true;
  EXPECT_THAT(net.ask("www.example.org.", Type::A, how), StartsWith("NOERROR"));
  const Figures all = figures();
  EXPECT_EQ(withheld(all).answers, 0U);
  EXPECT_THAT(all.zones, IsEmpty());
}

TEST_F(Told, BehindAnAliasTheTargetsZoneIsAtFault) {
  build();
  net.tamper("example.org.", strip_signatures(Type::A));
  EXPECT_THAT(net.ask("alias.other.org.", Type::A), StartsWith("SERVFAIL EDE 10"));
  net.ask("alias.other.org.", Type::A);
  const Figures all = figures();
  ASSERT_THAT(all.zones, SizeIs(1));
  EXPECT_EQ(all.zones.front().zone, "example.org.");
  EXPECT_EQ(all.zones.front().withheld.answers, 2U);
}

TEST_F(Told, AZoneIsWellAgainWhenWhatFailedHolds) {
  build();
  net.tamper("example.org.", strip_signatures(Type::A));
  net.ask("www.example.org.", Type::A);
  net.pass(6s);
  // Something else of it holds meanwhile: that mends nothing.
  EXPECT_THAT(net.ask("example.org.", Type::SOA), StartsWith("NOERROR AD"));
  EXPECT_EQ(figures().zones.front().state, ZoneState::failing);
  EXPECT_TRUE(figures().zones.front().last_good);
  net.untamper();
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("NOERROR AD"));
  const Figures all = figures();
  EXPECT_EQ(all.zones.front().state, ZoneState::recovered);
  EXPECT_EQ(all.zones.front().ended, net.world().clock().wall());
  ASSERT_THAT(all.incidents, SizeIs(1));
  EXPECT_EQ(all.incidents.front().reason, Reason::rrsig_missing);
  EXPECT_EQ(all.incident_seconds[static_cast<std::size_t>(Reason::rrsig_missing)]
                                [static_cast<std::size_t>(Evidence::undetermined)],
            6U);
}

TEST_F(Told, ABrokenChainIsMendedByWhateverHolds) {
  build();
  net.tamper("example.org.", drop(Type::DNSKEY));
  net.ask("www.example.org.", Type::A);
  ASSERT_THAT(figures().zones, SizeIs(1));
  EXPECT_EQ(figures().zones.front().causes.front().reason, Reason::dnskey_absent);
  net.untamper();
  net.pass(400s);
  EXPECT_THAT(net.ask("mail.example.org.", Type::A), StartsWith("NOERROR AD"));
  EXPECT_EQ(figures().zones.front().state, ZoneState::recovered);
}

TEST_F(Told, ARelapseGoesOnWithTheSameIncident) {
  build();
  for (int i = 0; i < 2; ++i) {
    net.tamper("example.org.", strip_signatures(Type::A));
    net.ask("www.example.org.", Type::A);
    net.pass(20s);
    net.untamper();
    net.ask("www.example.org.", Type::A);
    net.pass(301s);  // its TTL is over
  }
  EXPECT_THAT(figures().incidents, SizeIs(1));
  net.pass(601s);
  net.tamper("example.org.", strip_signatures(Type::A));
  net.ask("www.example.org.", Type::A);
  const Figures all = figures();
  EXPECT_THAT(all.incidents, SizeIs(1));  // the first, ended; the second goes on and stands with the zone
  EXPECT_EQ(all.zones.front().state, ZoneState::failing);
  std::uint64_t begun = 0;
  for (const std::uint64_t count : all.incidents_begun[static_cast<std::size_t>(Reason::rrsig_missing)]) {
    begun += count;
  }
  EXPECT_EQ(begun, 2U);
}

TEST_F(Told, WhereNobodyAsksAnyMoreItIsQuiet) {
  build();
  net.tamper("example.org.", strip_signatures(Type::A));
  net.ask("www.example.org.", Type::A);
  const UnixTime then = net.world().clock().wall();
  net.pass(std::chrono::hours(25));
  SeededRandom random;
  net.world().ledger().advance(random, net.world().clock().wall());
  const Figures all = figures();
  EXPECT_EQ(all.zones.front().state, ZoneState::quiet);
  EXPECT_EQ(all.zones.front().ended, then);
}

// ------------------------------------------------------------------------------------------------------------ observe

TEST_F(Told, WhereNothingIsEnforcedItIsTheShadowThatCounts) {
  build();
  net.dnssec().mode = DnssecMode::observe;
  net.tamper("example.org.", strip_signatures(Type::A));
  // By resolution, and then out of the cache: the zone is known to both.
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(net.ask("www.example.org.", Type::A, from("10.0.0.1")),
              "NOERROR " + std::string(kWww) + " EDE 10: rrsig_missing zone=example.org.");
  }
  net.ask("alias.other.org.", Type::A, from("10.0.0.2"));
  net.ask("alias.other.org.", Type::A, from("10.0.0.2"));
  const Figures all = figures();
  EXPECT_EQ(withheld(all).answers, 0U);
  EXPECT_EQ(all.shadow.answers, 5U);
  EXPECT_EQ(all.shadow.lookups, 2U);
  ASSERT_THAT(all.zones, SizeIs(1));
  EXPECT_EQ(all.zones.front().zone, "example.org.");
  EXPECT_EQ(all.zones.front().shadow.answers, 5U);
  EXPECT_EQ(all.zones.front().withheld.answers, 0U);
  EXPECT_EQ(all.zones.front().prefixes, 2U);
}

// ---------------------------------------------------------------------------------------------------- whom it may name

TEST_F(Told, AListedZoneCountsFromWhenItWasListedAndTheSumsHold) {
  build();
  net.options().cache.failure_ttl_min = 1;
  net.options().cache.failure_ttl_max = 1;
  net.tamper("example.org.", strip_signatures(Type::A));
  const auto reason = static_cast<std::size_t>(Reason::rrsig_missing);
  for (int i = 0; i < 12; ++i) {
    net.ask("www.example.org.", Type::A, from("10.0.0." + std::to_string(i)));
    net.pass(2s);
    const Figures all = figures();
    std::uint64_t sum = all.other_zone_failures[reason];
    for (const ListedZone& listed : all.listed_zones) { sum += listed.failures[reason]; }
    EXPECT_EQ(sum, all.counters->validation.failures[reason].value());
    EXPECT_EQ(all.listed_zones.empty(), i < 4) << i;  // five failures, five prefixes
  }
  const Figures all = figures();
  ASSERT_THAT(all.listed_zones, SizeIs(1));
  EXPECT_EQ(all.listed_zones.front().zone, "example.org.");
  EXPECT_TRUE(all.listed_zones.front().failing_since);
  EXPECT_TRUE(all.zones.front().is_public);
  EXPECT_EQ(all.zones.front().prefixes, 5U);  // and no more is known
}

TEST_F(Told, OneClientAloneNamesNoZone) {
  build();
  net.options().cache.failure_ttl_min = 1;
  net.options().cache.failure_ttl_max = 1;
  net.tamper("example.org.", strip_signatures(Type::A));
  for (int i = 0; i < 20; ++i) {
    net.ask("www.example.org.", Type::A, from("10.0.0.1"));
    net.pass(2s);
  }
  EXPECT_THAT(figures().listed_zones, IsEmpty());
  EXPECT_FALSE(figures().zones.front().is_public);
}

TEST_F(Told, ATopLevelDomainMayBeNamedWhoeverMetIt) {
  build();
  net.tamper("org.", strip_signatures(Type::ANY));
  net.ask("www.example.org.", Type::A);
  ASSERT_THAT(figures().zones, SizeIs(1));
  EXPECT_EQ(figures().zones.front().zone, "org.");
  EXPECT_TRUE(figures().zones.front().is_public);
}

TEST_F(Told, TestZonesAreNobodysFault) {
  net.add("org.", {"192.0.2.1"});
  net.add("dnssec-failed.org.", {"192.0.2.11"}).has("www.dnssec-failed.org. 300 IN A 198.51.100.1");
  net.tamper("dnssec-failed.org.", strip_signatures(Type::A));
  EXPECT_THAT(net.ask("www.dnssec-failed.org.", Type::A), StartsWith("SERVFAIL EDE 10"));
  const Figures all = figures();
  EXPECT_THAT(all.zones, IsEmpty());
  EXPECT_EQ(withheld(all).answers, 0U);
  EXPECT_EQ(all.counters->validation.failures[static_cast<std::size_t>(Reason::test_zone)].value(), 1U);
  EXPECT_EQ(all.counters->validation.failures[static_cast<std::size_t>(Reason::rrsig_missing)].value(), 0U);
}

// ---------------------------------------------------------------------------------------------------------- the rest

TEST_F(Told, AnswersByTopLevelDomain) {
  build();
  net.ask("www.example.org.", Type::A);
  net.ask("www.example.org.", Type::A);
  net.ask("www.plain.org.", Type::A);
  net.ask("no.such.tld.nowhere.", Type::A);
  const Figures all = figures();
  ASSERT_THAT(all.tlds, SizeIs(2));
  EXPECT_EQ(all.tlds[0].tld, "org.");
  EXPECT_EQ(all.tlds[0].answers[static_cast<std::size_t>(Standing::secure)], 2U);
  EXPECT_EQ(all.tlds[0].answers[static_cast<std::size_t>(Standing::insecure)], 1U);
  EXPECT_EQ(all.tlds[1].tld, "_other");  // what does not exist has no series of its own
  std::uint64_t sum = 0;
  for (const TldFigures& tld : all.tlds) {
    for (const std::uint64_t count : tld.answers) { sum += count; }
  }
  EXPECT_EQ(sum, all.day.all_answers());
}

TEST_F(Told, HowZonesSign) {
  build();
  net.ask("www.example.org.", Type::A);
  net.ask("none.example.org.", Type::A);
  net.ask("www.other.org.", Type::A);
  const Figures all = figures();
  std::uint64_t zones = 0;
  for (const std::uint64_t count : all.adoption.signed_zones) { zones += count; }
  EXPECT_EQ(zones, 2U);
  EXPECT_EQ(all.adoption.denial_zones[0][0], 1U);  // NSEC
}

TEST_F(Told, HowManyClientsAndHowTheyCome) {
  build();
  for (int i = 0; i < 30; ++i) {
    Asking how = from("10.0.1." + std::to_string(i));
    if (i >= 10) { how.protocol = ClientProtocol::tls; }
    net.ask("www.example.org.", Type::A, how);
  }
  const Figures all = figures();
  EXPECT_NEAR(static_cast<double>(all.clients.prefixes), 30, 3);
  EXPECT_NEAR(static_cast<double>(all.clients.only_encrypted), 20, 3);
  EXPECT_EQ(all.day.encrypted_queries(), 20U);
}

TEST_F(Told, WhatOthersAreShown) {
  build();
  net.ask("www.example.org.", Type::A);
  const ResolverCounters& counters = net.world().counters();
  EXPECT_EQ(counters.asked[0].value(), counters.minimised[0].value());  // the root hears of org. and of nothing below
  EXPECT_GE(counters.asked[0].value(), 1U);
  EXPECT_EQ(counters.asked[1].value(), counters.minimised[1].value());
  EXPECT_GE(counters.asked[2].value(), 1U);
}

TEST_F(Told, WhatValidationCosts) {
  build();
  net.ask("www.example.org.", Type::A);
  const ValidationCounters& counters = net.world().validation_counters();
  std::uint64_t verified = 0;
  for (const Counter& algorithm : counters.verified) { verified += algorithm.value(); }
  EXPECT_GE(verified, 3U);
  net.tamper("other.org.",
             each(Type::A, [](const RRset& set) { return with_data_of(set, "www.other.org. 300 IN A 203.0.113.66"); }));
  net.ask("www.other.org.", Type::A);
  std::uint64_t failed = 0;
  for (const Counter& algorithm : counters.failed) { failed += algorithm.value(); }
  EXPECT_GE(failed, 1U);
}

TEST_F(Told, SignaturesThatRunOut) {
  build();
  for (std::uint32_t i = 0; i < ExpiryWatch::kPopular; ++i) {
    net.ask("www.example.org.", Type::A);
    net.world().caches().rrsets.clear();
  }
  const Figures all = figures();
  const auto is_it = [](const ExpiringZone& zone) { return zone.zone == "example.org."; };
  const auto found = std::ranges::find_if(all.expiring, is_it);
  ASSERT_NE(found, all.expiring.end());
  EXPECT_GT(found->expires, net.world().clock().wall());
  EXPECT_FALSE(found->is_public);
}

}  // namespace
}  // namespace vouch::simulation
