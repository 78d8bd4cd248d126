#include "telemetry/zone_ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace vouch {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr UnixTime kNow = 1'790'000'000;

struct Ledger : testing::Test {
  SystemRandom random;
  TelemetryOptions options{.min_prefixes = 3, .listed_zones = 4};
  std::unique_ptr<ZoneLedger> ledger;
  UnixTime now = kNow;

  void SetUp() override { make(); }
  void make(std::vector<Name> exempt = {}) {
    ledger = std::make_unique<ZoneLedger>(options, std::move(exempt), random, now);
  }
  static std::string www(std::string_view zone) { return "www." + (zone == "." ? "" : std::string(zone)); }
  static std::uint64_t lookup(std::string_view name) { return ZoneLedger::hash_of(Name::of(name), Type::A); }
  void fail(std::string_view zone, Reason reason = Reason::rrsig_expired, std::string_view name = "") {
    Verdict verdict = Verdict::bogus(reason, Name::of(zone));
    verdict.with_key(4711, 13).with_time(kNow - 86400).with_server(*IpAddress::parse("192.0.2.1"));
    ledger->failed(verdict, lookup(name.empty() ? www(zone) : std::string(name)), now);
  }
  void withhold(std::string_view zone, std::string_view client, bool shadow = false) {
    const Name at = Name::of(zone), name = Name::of(www(zone));
    ledger->withheld({.zone = at,
                      .reason = Reason::rrsig_expired,
                      .name = name,
                      .type = Type::A,
                      .client = *IpAddress::parse(client),
                      .shadow = shadow},
                     now);
  }
  Figures figures() const {
    Figures told;
    ledger->tell(told);
    return told;
  }
  std::uint64_t seconds(Reason reason = Reason::rrsig_expired) const {
    return figures().incident_seconds[static_cast<std::size_t>(reason)][static_cast<std::size_t>(evidence_of(reason))];
  }
  std::optional<ZoneFigures> zone(std::string_view name) const {
    for (const ZoneFigures& each : figures().zones) {
      if (each.zone == name) { return each; }
    }
    return std::nullopt;
  }
};

TEST_F(Ledger, SecondsThatWereCountedStayCounted) {
  fail("example.org.");
  now += ZoneLedger::kQuietAfter;
  const std::uint64_t before = seconds();
  ledger->advance(random, now);
  EXPECT_EQ(zone("example.org.")->state, ZoneState::quiet);
  EXPECT_EQ(zone("example.org.")->ended, kNow);
  EXPECT_EQ(seconds(), before);  // a counter: it would seem to have begun anew
}

// Whoever has looked at the zone as a whole knows more than one answer tells.
TEST_F(Ledger, AZoneThatIsSaidToBeMendedHasRecovered) {
  fail("example.org.");
  fail("other.org.");
  now += 60;
  ledger->recovered(Name::of("EXAMPLE.org."), now);
  EXPECT_EQ(zone("example.org.")->state, ZoneState::recovered);
  EXPECT_EQ(zone("example.org.")->ended, now);
  EXPECT_EQ(zone("other.org.")->state, ZoneState::failing);
  EXPECT_TRUE(ledger->has_failing());
  ledger->recovered(Name::of("example.org."), now + 60);  // it has already
  ledger->recovered(Name::of("unknown.org."), now);
  EXPECT_EQ(zone("example.org.")->ended, now);
  ledger->recovered(Name::of("other.org."), now);
  EXPECT_FALSE(ledger->has_failing());
}

TEST_F(Ledger, IsEmptyAtFirst) {
  EXPECT_FALSE(ledger->has_failing());
  EXPECT_THAT(figures().zones, IsEmpty());
}

TEST_F(Ledger, KeepsWhatTheVerdictSays) {
  fail("Example.ORG.");
  EXPECT_TRUE(ledger->has_failing());
  const auto told = zone("example.org.");
  ASSERT_TRUE(told);
  const ZoneCause& cause = told->causes.front();
  EXPECT_EQ(cause.key_tag, 4711);
  EXPECT_EQ(cause.algorithm, 13);
  EXPECT_EQ(cause.time, kNow - 86400);
  EXPECT_EQ(cause.server, "192.0.2.1");
  EXPECT_EQ(cause.evidence, Evidence::undetermined);
}

TEST_F(Ledger, TheLatestCauseStandsFirstAndFourAreKept) {
  for (const Reason reason : {Reason::rrsig_expired, Reason::rrsig_invalid, Reason::nsec_missing, Reason::rrsig_missing,
                              Reason::rrsig_malformed, Reason::rrsig_invalid}) {
    fail("example.org.", reason);
    ++now;
  }
  const auto told = zone("example.org.");
  ASSERT_THAT(told->causes, SizeIs(ZoneLedger::kCausesPerZone));
  EXPECT_EQ(told->causes[0].reason, Reason::rrsig_invalid);
  EXPECT_EQ(told->causes[0].failures, 2U);
  EXPECT_EQ(told->causes[1].reason, Reason::rrsig_malformed);
  EXPECT_EQ(told->failures, 6U);
}

TEST_F(Ledger, WhatIsWrongHereIsNoZonesFault) {
  fail("example.org.", Reason::clock_untrusted);
  fail(".", Reason::path_strips_dnssec);
  EXPECT_TRUE(zone(kSelfText));
  EXPECT_TRUE(zone(kPathText));
  EXPECT_EQ(zone(kPathText)->causes.front().evidence, Evidence::path_likely);
  ledger->held(Name::of("net.").view(), lookup("a.net."), now);  // whatever holds shows that it is over
  EXPECT_FALSE(ledger->has_failing());
}

TEST_F(Ledger, ClientsAreCountedByPrefixAndNoFurtherThanTheThreshold) {
  fail("example.org.");
  for (const char* client :
       {"10.0.0.1", "10.0.0.1", "2001:db8:0:100::1", "2001:db8:0:1ff::9", "10.0.0.2", "10.0.0.3"}) {
    withhold("example.org.", client);
  }
  const auto told = zone("example.org.");
  EXPECT_EQ(told->prefixes, 3U);  // the two of IPv6 are one /56; of the rest nothing is known
  EXPECT_TRUE(told->is_public);
  EXPECT_EQ(told->withheld.answers, 6U);
  EXPECT_EQ(told->withheld.lookups, 4U);
}

TEST_F(Ledger, AnotherDaysClientsAreNotAddedToTodays) {
  fail("example.org.");
  withhold("example.org.", "10.0.0.1");
  for (int day = 0; day < 5; ++day) {  // the same client, day after day, under another hash each time
    now += 86400;
    ledger->advance(random, now);
    fail("example.org.");
    withhold("example.org.", "10.0.0.1");
  }
  EXPECT_EQ(zone("example.org.")->prefixes, 1U);
}

TEST_F(Ledger, ExemptZonesMayBeNamedByWhoeverMetThem) {
  make({Name::of("corp.example.")});
  for (const char* name : {".", "org.", "2.0.192.in-addr.arpa.", "corp.example."}) { fail(name); }
  fail("example.org.");
  for (const ZoneFigures& each : figures().zones) {
    EXPECT_EQ(each.is_public, each.zone != "example.org.") << each.zone;
  }
}

TEST_F(Ledger, GoingUnsignedMendsAZone) {
  fail("example.org.", Reason::dnskey_absent);
  ledger->held(std::nullopt, lookup("other.example.org."), now);
  EXPECT_TRUE(ledger->has_failing());
  ledger->held(std::nullopt, lookup("www.example.org."), now);
  EXPECT_EQ(zone("example.org.")->state, ZoneState::recovered);
  EXPECT_FALSE(ledger->has_failing());
}

TEST_F(Ledger, OtherDataThatHoldsMendsAZoneOnlyWhenNothingFailedForAnHour) {
  fail("example.org.");
  now += ZoneLedger::kMendedAfter - 1;
  ledger->held(Name::of("example.org.").view(), lookup("mail.example.org."), now);
  EXPECT_EQ(zone("example.org.")->state, ZoneState::failing);
  now += 1;
  ledger->held(Name::of("example.org.").view(), lookup("mail.example.org."), now);
  EXPECT_EQ(zone("example.org.")->state, ZoneState::recovered);
}

TEST_F(Ledger, WhatIsWithheldAfterTheEndBelongsToTheIncidentThatEnded) {
  fail("example.org.");
  ledger->held(Name::of("example.org.").view(), lookup("www.example.org."), now);
  withhold("example.org.", "10.0.0.1");
  EXPECT_EQ(zone("example.org.")->state, ZoneState::recovered);
  EXPECT_EQ(zone("example.org.")->withheld.answers, 1U);
}

TEST_F(Ledger, MoreFailedQuestionsThanAreRememberedDoNotConfuseIt) {
  for (std::size_t i = 0; i < 3 * ZoneLedger::kLookupsPerZone; ++i) {
    fail("example.org.", Reason::rrsig_expired, "n" + std::to_string(i) + ".example.org.");
  }
  ledger->held(Name::of("example.org.").view(), lookup("n0.example.org."), now);  // forgotten
  EXPECT_TRUE(ledger->has_failing());
  ledger->held(Name::of("example.org.").view(), lookup("n23.example.org."), now);
  EXPECT_FALSE(ledger->has_failing());
}

TEST_F(Ledger, AQuestionThatFailsAtAnotherZoneNowBelongsToThat) {
  fail("example.org.", Reason::rrsig_expired, "www.example.org.");
  fail("org.", Reason::ds_unreachable, "www.example.org.");
  ledger->held(Name::of("example.org.").view(), lookup("www.example.org."), now);
  EXPECT_EQ(zone("org.")->state, ZoneState::recovered);
  EXPECT_EQ(zone("example.org.")->state, ZoneState::failing);
}

// -------------------------------------------------------------------------------------------------------------- bounds

TEST_F(Ledger, OneClientCannotDriveOutWhatManyMet) {
  fail("bank.example.");
  withhold("bank.example.", "10.0.0.1");
  withhold("bank.example.", "10.0.0.2");
  for (int i = 0; i < 1000; ++i) {
    const std::string zone = "z" + std::to_string(i) + ".attacker.example.";
    fail(zone);
    fail(zone);
    withhold(zone, "10.6.6.6");
    ++now;
  }
  EXPECT_TRUE(zone("bank.example."));
  const Figures told = figures();
  EXPECT_LE(told.zones.size(), options.listed_zones * ZoneLedger::kSlotsPerListed);
  EXPECT_LE(told.incidents.size(), ZoneLedger::kMaxIncidents + told.zones.size());
  EXPECT_EQ(told.zone_evictions, 1001U - told.zones.size());
}

// Nor what the list of incidents tells of it.
TEST_F(Ledger, OneClientCannotDriveOutTheIncidentsOfMany) {
  fail("bank.example.");
  for (const char* client : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) { withhold("bank.example.", client); }
  ledger->held(std::nullopt, lookup("www.bank.example."), now);
  now += ZoneLedger::kRelapse;
  fail("bank.example.");  // a new incident: the first goes into the list
  for (int i = 0; i < 1000; ++i) {
    const std::string zone = "z" + std::to_string(i) + ".attacker.example.";
    fail(zone);
    withhold(zone, "10.6.6.6");
    ++now;
  }
  const Figures told = figures();
  EXPECT_EQ(std::ranges::count(told.incidents, "bank.example.", &IncidentFigures::zone), 1);
  EXPECT_EQ(std::ranges::count(told.incidents, "z900.attacker.example.", &IncidentFigures::zone), 1);
}

// Nor can answers out of the cache of failures, which cost nothing, make up incidents or keep the table busy.
TEST_F(Ledger, RememberedFailuresDriveNothingOut) {
  constexpr int kZones = 100;
  for (int i = 0; i < kZones; ++i) { fail("z" + std::to_string(i) + ".example."); }
  const Figures before = figures();
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < kZones; ++i) { withhold("z" + std::to_string(i) + ".example.", "10.6.6.6"); }
  }
  const Figures after = figures();
  EXPECT_EQ(after.zone_evictions, before.zone_evictions);
  EXPECT_EQ(after.incidents_begun, before.incidents_begun);
  EXPECT_EQ(after.withheld[static_cast<std::size_t>(Evidence::undetermined)].answers, 3U * kZones);
}

TEST_F(Ledger, SumsOutliveTheZones) {
  for (int i = 0; i < 100; ++i) {
    const std::string zone = "z" + std::to_string(i) + ".example.";
    fail(zone);
    withhold(zone, "10.0.0.1");
    now += 10;
  }
  const Figures told = figures();
  EXPECT_EQ(told.withheld[static_cast<std::size_t>(Evidence::undetermined)].answers, 100U);
  const auto reason = static_cast<std::size_t>(Reason::rrsig_expired);
  EXPECT_EQ(told.incidents_begun[reason][static_cast<std::size_t>(Evidence::undetermined)], 100U);
}

TEST_F(Ledger, TheListForMetricsIsBoundedAndItsSeriesBeginAtNought) {
  for (int i = 0; i < 10; ++i) {
    const std::string zone = "z" + std::to_string(i) + ".";  // exempt: five failures suffice
    for (int n = 0; n < 5; ++n) { fail(zone); }
  }
  Figures told = figures();
  ASSERT_THAT(told.listed_zones, SizeIs(options.listed_zones));
  const auto reason = static_cast<std::size_t>(Reason::rrsig_expired);
  for (const ListedZone& listed : told.listed_zones) { EXPECT_EQ(listed.failures[reason], 0U); }
  fail(told.listed_zones.front().zone);
  EXPECT_EQ(figures().listed_zones.front().failures[reason], 1U);
  // After a day, those that no longer fail make way.
  for (const ListedZone& listed : told.listed_zones) {
    ledger->held(Name::of(listed.zone).view(), lookup("www." + listed.zone), now);
  }
  now += ZoneLedger::kListedFor;
  for (int n = 0; n < 5; ++n) { fail("new."); }
  told = figures();
  EXPECT_THAT(told.listed_zones, SizeIs(options.listed_zones));
  EXPECT_TRUE(std::ranges::any_of(told.listed_zones, [](const ListedZone& each) { return each.zone == "new."; }));
}

// ------------------------------------------------------------------------------------------------------------- restart

TEST_F(Ledger, TakesUpWhatAFormerProcessKnew) {
  fail("example.org.");
  for (const char* client : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) { withhold("example.org.", client); }
  fail("ended.example.");
  ledger->held(Name::of("ended.example.").view(), lookup("www.ended.example."), now);
  fail(".", Reason::clock_untrusted);
  const Figures before = figures();

  make();
  ledger->restore({before.zones, before.incidents});
  EXPECT_TRUE(ledger->has_failing());
  const auto told = zone("example.org.");
  ASSERT_TRUE(told);
  EXPECT_EQ(told->began, kNow);
  EXPECT_EQ(told->withheld.answers, 3U);
  EXPECT_TRUE(told->is_public);
  EXPECT_TRUE(zone(kSelfText));
  EXPECT_EQ(zone("ended.example.")->state, ZoneState::recovered);
  now += 7200;
  ledger->held(Name::of("example.org.").view(), lookup("www.example.org."), now);
  EXPECT_EQ(zone("example.org.")->state, ZoneState::recovered);
}

// What a former process counted is in its own counters, and in the history.
TEST_F(Ledger, SecondsOfAFormerProcessAreNotCountedAgain) {
  fail("example.org.");
  now += 7200;
  fail("example.org.");
  const Figures before = figures();
  EXPECT_EQ(seconds(), 7200U);
  now += 60;
  make();
  ledger->restore({before.zones, before.incidents});
  EXPECT_EQ(seconds(), 0U);
  now += 30;
  fail("example.org.");
  EXPECT_EQ(seconds(), 30U);
  ledger->held(Name::of("example.org.").view(), lookup("www.example.org."), now);
  fail("example.org.");  // a relapse
  EXPECT_EQ(seconds(), 30U);
}

TEST_F(Ledger, DoesNotBelieveNonsenseFromBefore) {
  ZoneFigures nameless, causeless;
  nameless.zone = std::string(300, 'x');
  nameless.causes.resize(1);
  causeless.zone = "example.org.";
  ledger->restore({{nameless, causeless}, {}});
  EXPECT_THAT(figures().zones, IsEmpty());
}

// The file is read when the workers serve already.
TEST_F(Ledger, WhatFailedBeforeTheFileWasReadGoesOnWithItsIncident) {
  fail("example.org.");
  withhold("example.org.", "10.0.0.1");
  fail("ended.example.");
  ledger->held(Name::of("ended.example.").view(), lookup("www.ended.example."), now);
  const Figures before = figures();
  now += 3600;
  make();
  fail("example.org.");
  withhold("example.org.", "10.0.0.1");
  for (std::size_t i = 0; i <= options.listed_zones * ZoneLedger::kSlotsPerListed; ++i) {
    fail("z" + std::to_string(i) + ".example.");
  }
  const std::size_t archived = figures().incidents.size();
  ledger->restore({before.zones, {}});
  EXPECT_EQ(zone("example.org.")->began, kNow);
  EXPECT_EQ(zone("example.org.")->failures, 2U);
  EXPECT_EQ(zone("example.org.")->withheld.answers, 2U);
  EXPECT_GE(figures().incidents.size(), archived);
}

TEST_F(Ledger, SecondsOfIncidentsCountFromTheStart) {
  fail("example.org.");
  fail("ended.example.");
  now += 3600;
  ledger->held(Name::of("ended.example.").view(), lookup("www.ended.example."), now);
  fail("example.org.");
  const Figures before = figures();
  const auto seconds = [this] {
    return figures().incident_seconds[static_cast<std::size_t>(Reason::rrsig_expired)]
                                     [static_cast<std::size_t>(Evidence::undetermined)];
  };
  EXPECT_EQ(seconds(), 7200U);
  make();
  ledger->restore({before.zones, before.incidents});
  EXPECT_EQ(seconds(), 0U);
  now += 100;
  fail("example.org.");
  EXPECT_EQ(seconds(), 100U);
  fail("ended.example.");  // so soon that it is the same incident; what was before the start counts for nothing
  now += 10;
  fail("ended.example.");
  EXPECT_GE(seconds(), 110U);
  EXPECT_LE(seconds(), 210U);
  ledger->held(std::nullopt, lookup("www.ended.example."), now);
  EXPECT_LE(seconds(), 220U);
}

TEST_F(Ledger, TheFirstReasonOutlivesARestart) {
  fail("example.org.", Reason::rrsig_expired);
  ++now;
  fail("example.org.", Reason::rrsig_invalid);
  ++now;
  fail("example.org.", Reason::rrsig_expired);
  const Figures before = figures();
  make();
  ledger->restore({before.zones, before.incidents});
  ledger->held(std::nullopt, lookup("www.example.org."), now);
  now += ZoneLedger::kQuietAfter;
  ledger->advance(random, now);
  ASSERT_THAT(figures().incidents, SizeIs(1));
  EXPECT_EQ(figures().incidents.front().reason, Reason::rrsig_expired);
}

// ------------------------------------------------------------------------------------------------------------- clocks

// Without a battery a machine begins in 1970 and cannot date any signature until it has learnt the time.
TEST_F(Ledger, AClockThatIsSetRightMakesNoIncidentOfDecades) {
  now = 1000;
  make();
  fail(".", Reason::clock_untrusted);
  now = kNow;
  ledger->held(Name::of("net.").view(), lookup("a.net."), now);
  const Figures told = figures();
  ASSERT_THAT(told.incidents, SizeIs(1));
  EXPECT_LE(*told.incidents.front().ended - told.incidents.front().began, 60);
  EXPECT_LE(told.incident_seconds[static_cast<std::size_t>(Reason::clock_untrusted)]
                                 [static_cast<std::size_t>(Evidence::undetermined)],
            60U);
}

TEST_F(Ledger, AClockThatIsSetBackKeepsNothingFailingForYears) {
  constexpr UnixTime kYears = UnixTime{10} * 365 * 86400;
  fail("before.example.");
  now += kYears;
  fail("example.org.");
  now = kNow + 60;
  ledger->advance(random, now);
  EXPECT_LE(zone("before.example.")->began - kNow, 60);
  EXPECT_LE(zone("example.org.")->last_failure, now);
  now += ZoneLedger::kQuietAfter;
  ledger->advance(random, now);
  EXPECT_FALSE(ledger->has_failing());
  for (const auto& row : figures().incident_seconds) {
    for (const std::uint64_t seconds : row) { EXPECT_LE(seconds, 200U); }
  }
}

// ------------------------------------------------------------------------------------------------------------- threads

TEST_F(Ledger, ManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 2000; ++i) {
        const std::string name = "z" + std::to_string((i + t) % 40) + ".example.";
        const Name zone = Name::of(name);
        const Verdict verdict = Verdict::bogus(Reason::rrsig_invalid, zone);
        ledger->failed(verdict, lookup("www." + name), kNow + i);
        ledger->withheld({.zone = zone, .reason = Reason::rrsig_invalid, .name = zone, .type = Type::A, .client = {}},
                         kNow + i);
        if (i % 3 == 0) { ledger->held(zone.view(), lookup("www." + name), kNow + i); }
        if (i % 50 == 0) { figures(); }
      }
    });
  }
  for (std::thread& thread : threads) { thread.join(); }
  EXPECT_EQ(figures().withheld[static_cast<std::size_t>(Evidence::undetermined)].answers, 8000U);
}

}  // namespace
}  // namespace vouch
