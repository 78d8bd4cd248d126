#include "telemetry/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <numeric>

#include "telemetry/history_counts.h"
#include "tests/unit/telemetry/filled_figures.h"
#include "tests/unit/telemetry/history_kit.h"

namespace vouch {

namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr UnixTime kTenSharp = kSampleStart + 10 * kHour;
constexpr const char* kUdp =
    "SELECT hour, value FROM counters_hourly WHERE name = 'vouch_client_queries_total'"
    " AND labels ->> 'transport' = 'udp' AND labels ->> 'ip' = '4' ORDER BY hour";

// All counters of the workers at `count`.
Figures figures_at(std::uint64_t count, UnixTime started = kTenSharp) {
  Figures figures;
  figures.started = started;
  figures.counters = counted(count, 0);
  return figures;
}

std::unique_ptr<History> opened(const TemporaryFolder& folder, UnixTime now = kTenSharp, std::uint32_t days = 400) {
  return History::open({folder.path(), days}, now);
}

std::string row(UnixTime hour, std::uint64_t value) { return std::to_string(hour) + "|" + std::to_string(value); }

StatusFigures status() { return filled_status(); }

}  // namespace

TEST(History, CountsLieByTheHour) {
  const TemporaryFolder folder;
  const auto history = opened(folder);
  history->write(figures_at(5), status(), kTenSharp + 1200);
  history->write(figures_at(12), status(), kTenSharp + 2400);  // in the middle of the hour: added to its row
  history->write(figures_at(20), status(), kTenSharp + 3600);  // closes it
  history->write(figures_at(21), status(), kTenSharp + 7201);  // a moment late
  history->write(figures_at(21), status(), kTenSharp + 10800);
  EXPECT_EQ(rows_of(folder, kUdp, 2), row(kTenSharp, 20) + " " + row(kTenSharp + kHour, 1));
  EXPECT_THAT(history->state().problem, IsEmpty());
  EXPECT_EQ(history->state().written, kTenSharp + 10800);
}

TEST(History, TheHourIsTheOneInWhichMostOfTheTimeLay) {
  EXPECT_EQ(hour_counted(kTenSharp, kTenSharp + 600), kTenSharp);
  EXPECT_EQ(hour_counted(kTenSharp, kTenSharp + 3600), kTenSharp);
  EXPECT_EQ(hour_counted(kTenSharp + 2400, kTenSharp + 6000), kTenSharp + kHour);
  EXPECT_EQ(hour_counted(kTenSharp - 50 * kHour, kTenSharp + 60), kTenSharp - kHour);
  EXPECT_EQ(hour_counted(kTenSharp + 9999, kTenSharp + 60), kTenSharp);  // the clock was set back
}

TEST(History, TwoRunsInOneHourAddUp) {
  const TemporaryFolder folder;
  opened(folder)->write(figures_at(5), status(), kTenSharp + 600);
  opened(folder)->write(figures_at(3, kTenSharp + 700), status(), kTenSharp + 1300);  // counters begin at 0 again
  EXPECT_EQ(rows_of(folder, kUdp, 2), row(kTenSharp, 8));
  EXPECT_EQ(rows_of(folder, "SELECT started, written, stopped FROM runs", 3),
            std::to_string(kTenSharp) + "|" + std::to_string(kTenSharp + 600) + "|1 " +
                std::to_string(kTenSharp + 700) + "|" + std::to_string(kTenSharp + 1300) + "|1");
}

TEST(History, AClockThatIsSetBackLosesNothing) {
  const TemporaryFolder folder;
  const auto history = opened(folder);
  history->write(figures_at(5), status(), kTenSharp + kHour);
  history->write(figures_at(9), status(), kTenSharp - 5 * kHour + 60);
  history->write(figures_at(10), status(), 60);  // 1970
  EXPECT_EQ(rows_of(folder, kUdp, 2), row(0, 1) + " " + row(kTenSharp - 5 * kHour, 4) + " " + row(kTenSharp, 5));
}

TEST(History, HoursAreReadBack) {
  const TemporaryFolder folder;
  const auto history = opened(folder);
  Figures figures = figures_at(0);
  auto counters = std::make_shared<WorkerCounters>();
  counters->front.answers[0][0].add(70);  // secure from the cache
  counters->front.answers[0][1].add(7);
  counters->front.answers[1][1].add(20);
  counters->front.answers[5][4].add(1000);  // local: left out
  counters->front.queries[0][1].add(90);
  counters->front.queries[3][0].add(8);
  figures.counters = counters;
  figures.withheld[1] = {9, 4};
  figures.withheld[2] = {9, 1};
  figures.shadow = {6, 2};
  history->write(figures, status(), kTenSharp + kHour);
  StatusFigures later = status();
  later.cpu_seconds += 1;
  history->write(figures, later, kTenSharp + 2 * kHour);  // an hour in which nobody asked
  const auto hours = history->hours(kTenSharp, kTenSharp + 2 * kHour);
  ASSERT_THAT(hours, SizeIs(2));
  EXPECT_EQ(hours[0].hour, kTenSharp);
  EXPECT_EQ(hours[0].answers, (std::array<std::uint64_t, kStandings>{77, 20, 0, 0, 0, 0}));
  EXPECT_EQ(hours[0].lookups_withheld, 5U);
  EXPECT_EQ(hours[0].lookups_shadow, 2U);
  EXPECT_EQ(hours[0].queries_encrypted, 8U);
  EXPECT_EQ(hours[0].queries_clear, 90U);
  EXPECT_EQ(hours[1].answers[0], 0U);
  EXPECT_THAT(history->hours(kTenSharp + 1, kTenSharp + 2 * kHour), SizeIs(1)) << "whole hours alone";
  EXPECT_THAT(history->hours(kTenSharp, kTenSharp + 2 * kHour - 1), SizeIs(1));
  EXPECT_EQ(rows_of(folder, "SELECT answers, secure, lookups_withheld, queries_encrypted FROM daily", 4), "97|77|5|8");
}

TEST(History, BucketsHaveTheBoundsThatMetricsWrites) {
  const TemporaryFolder folder;
  opened(folder)->write(figures_at(5), status(), kTenSharp + 600);
  EXPECT_EQ(rows_of(folder,
                    "SELECT labels ->> 'le' FROM counters_hourly WHERE name = 'vouch_upstream_rtt_seconds_bucket'"
                    " ORDER BY value LIMIT 5"),
            "1e-05 5e-05 0.0001 0.0005 0.001");
}

TEST(History, NoMoreHoursThanPromised) {
  const TemporaryFolder folder;
  const auto history = opened(folder);
  for (UnixTime i = 1; i <= static_cast<UnixTime>(History::kMaxHours) + 5; ++i) {
    SqlDatabase database;  // as it lies after so many writes
    if (i == 1) { history->write(figures_at(1), status(), kTenSharp + kHour); }
    database.open(folder.file());
    SqlStatement(database, "INSERT OR REPLACE INTO counts SELECT ?, id, 3 FROM series WHERE name LIKE '%queries_total'")
        .run(kTenSharp + i * kHour);
    ASSERT_FALSE(database.has_failed());
    if (i == 3) { i = static_cast<UnixTime>(History::kMaxHours) - 2; }
  }
  SqlDatabase database;
  database.open(folder.file());
  database.run(
      "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999)"
      "INSERT OR REPLACE INTO counts SELECT 3600 * i, id, 3 FROM series, n WHERE name = 'vouch_client_queries_total'");
  ASSERT_FALSE(database.has_failed());
  EXPECT_THAT(history->hours(0, kTenSharp * 2), SizeIs(History::kMaxHours));
}

TEST(History, TheLedgerOutlivesARestart) {
  const TemporaryFolder folder;
  Figures figures = figures_at(1);
  figures.zones = {failing_zone("failing.example.", Reason::rrsig_expired, kTenSharp, true),
                   failing_zone("mended.example.", Reason::dnskey_absent, kTenSharp, true),
                   failing_zone("old.example.", Reason::dnskey_absent, kTenSharp - 90 * kHour, true)};
  figures.zones[0].causes.push_back(figures.zones[0].causes[0]);
  figures.zones[0].causes[1].reason = Reason::nsec_missing;
  figures.zones[0].causes[1].key_tag.reset();
  figures.zones[1].state = ZoneState::recovered;
  figures.zones[1].ended = kTenSharp + 60;
  figures.zones[2].state = ZoneState::quiet;
  figures.zones[2].ended = kTenSharp - 60 * kHour;
  figures.incidents = {ended_incident("mended.example.", Reason::dnskey_absent, kTenSharp, true),
                       ended_incident("older.example.", Reason::rrsig_missing, kTenSharp - 99, true)};
  opened(folder)->write(figures, status(), kTenSharp + 600);

  const RememberedLedger ledger = opened(folder, kTenSharp + 900)->remembered();
  ASSERT_THAT(ledger.zones, SizeIs(2));
  const ZoneFigures& failing = ledger.zones[0].zone == "failing.example." ? ledger.zones[0] : ledger.zones[1];
  EXPECT_EQ(failing.zone, "failing.example.");
  EXPECT_EQ(failing.state, ZoneState::failing);
  EXPECT_EQ(failing.began, kTenSharp);
  EXPECT_EQ(failing.last_good, kTenSharp - 60);
  EXPECT_EQ(failing.failures, 9U);
  EXPECT_EQ(failing.withheld.answers, 40U);
  EXPECT_EQ(failing.withheld.lookups, 12U);
  EXPECT_EQ(failing.shadow.lookups, 2U);
  EXPECT_EQ(failing.prefixes, 10U);
  EXPECT_TRUE(failing.is_public);
  ASSERT_THAT(failing.causes, SizeIs(2));
  EXPECT_EQ(failing.causes[0].reason, Reason::rrsig_expired);
  EXPECT_EQ(failing.causes[0].key_tag, 12345);
  EXPECT_EQ(failing.causes[0].algorithm, 13);
  EXPECT_EQ(failing.causes[0].time, kTenSharp - 30);
  EXPECT_EQ(failing.causes[0].server, "192.0.2.53");
  EXPECT_EQ(failing.causes[1].reason, Reason::nsec_missing);
  EXPECT_EQ(failing.causes[1].key_tag, std::nullopt);
  ASSERT_THAT(ledger.incidents, SizeIs(1)) << "that of mended.example. comes with its zone";
  EXPECT_EQ(ledger.incidents[0].zone, "older.example.");
  EXPECT_EQ(ledger.incidents[0].ended, kTenSharp - 99 + 1800);
  EXPECT_EQ(ledger.incidents[0].withheld.lookups, 30U);
  // The reason is that of the first cause, whichever failed last.
  EXPECT_EQ(rows_of(folder, "SELECT zone, reason FROM incidents WHERE ended IS NULL", 2),
            "failing.example.|rrsig_expired");
}

TEST(History, WhatIsWrongOnThisSideIsRememberedToo) {
  const TemporaryFolder folder;
  Figures figures = figures_at(1);
  figures.zones = {failing_zone("_self", Reason::clock_untrusted, kTenSharp, true)};
  opened(folder)->write(figures, status(), kTenSharp + 600);
  const RememberedLedger ledger = opened(folder, kTenSharp + 900)->remembered();
  ASSERT_THAT(ledger.zones, SizeIs(1));
  EXPECT_EQ(ledger.zones[0].zone, "_self");
}

TEST(History, AnIncidentThatEndsIsTheSameIncident) {
  const TemporaryFolder folder;
  const auto history = opened(folder);
  Figures figures = figures_at(1);
  figures.zones = {failing_zone("failing.example.", Reason::rrsig_expired, kTenSharp, true)};
  history->write(figures, status(), kTenSharp + 600);
  figures.zones.clear();
  figures.incidents = {ended_incident("failing.example.", Reason::rrsig_expired, kTenSharp, true)};
  history->write(figures, status(), kTenSharp + 4000);
  EXPECT_EQ(rows_of(folder, "SELECT zone, ended, state FROM incidents", 3),
            "failing.example.|" + std::to_string(kTenSharp + 1800) + "|recovered");
  EXPECT_EQ(rows_of(folder, "SELECT count(*) FROM zones"), "0");
}

TEST(History, HostileNamesAreDataAndNothingElse) {
  const TemporaryFolder folder;
  const std::string hostile = R"(x');DROP\032TABLE\032zones;--"{}\010\\.example.)";
  Figures figures = figures_at(1);
  figures.zones = {failing_zone(hostile, Reason::rrsig_expired, kTenSharp, true)};
  figures.incidents = {ended_incident(hostile, Reason::rrsig_expired, kTenSharp - 9000, true)};
  ListedZone listed;
  listed.zone = hostile;
  listed.failures[static_cast<std::size_t>(Reason::rrsig_expired)] = 6;
  figures.listed_zones = {listed};
  const auto history = opened(folder);
  history->write(figures, status(), kTenSharp + 600);
  EXPECT_EQ(rows_of(folder, "SELECT zone, resolutions FROM zones_daily WHERE zone <> '_other'", 2), hostile + "|6");
  const RememberedLedger ledger = history->remembered();
  ASSERT_THAT(ledger.zones, SizeIs(1));
  EXPECT_EQ(ledger.zones[0].zone, hostile);
  ASSERT_THAT(ledger.incidents, SizeIs(1));
  EXPECT_EQ(ledger.incidents[0].zone, hostile);
}

// As ZoneLedger::add_rest() and Collector tell it: what leaves a list goes on in `_other` with all that it counted.
TEST(History, WhatLeavesAListIsNotCountedTwice) {
  constexpr auto kExpired = static_cast<std::size_t>(Reason::rrsig_expired);
  const TemporaryFolder folder;
  const auto history = opened(folder);
  ListedZone listed;
  listed.zone = "listed.example.";
  listed.failures[kExpired] = 100;
  Figures figures = figures_at(0);
  figures.listed_zones = {listed};
  figures.other_zone_failures[kExpired] = 7;
  figures.tlds = {{"org.", {50, 0, 0, 0, 0, 0}}, {"_other", {20, 0, 0, 0, 0, 0}}};
  history->write(figures, status(), kTenSharp + kHour);
  figures.listed_zones.clear();
  figures.other_zone_failures[kExpired] = 110;  // 100 came over, and 3 more were met
  figures.tlds = {{"net.", {5, 0, 0, 0, 0, 0}}, {"_other", {74, 0, 0, 0, 0, 0}}};
  history->write(figures, status(), kTenSharp + 2 * kHour);
  EXPECT_EQ(rows_of(folder, "SELECT sum(resolutions) FROM zones_daily WHERE reason = 'rrsig_expired'"), "110");
  EXPECT_EQ(rows_of(folder, "SELECT sum(value) FROM counters_hourly WHERE name = 'vouch_client_answers_tld_total'"),
            "79");
  listed.failures[kExpired] = 1;  // listed anew
  figures.listed_zones = {listed};
  history->write(figures, status(), kTenSharp + 3 * kHour);
  listed.failures[kExpired] = 0;  // and again, within one hour
  figures.listed_zones = {listed};
  figures.other_zone_failures[kExpired] = 111;
  history->write(figures, status(), kTenSharp + 4 * kHour);
  EXPECT_EQ(rows_of(folder, "SELECT sum(resolutions) FROM zones_daily WHERE reason = 'rrsig_expired'"), "111");
}

// More reasons than a zone has series for: those that share one are no new failures.
TEST(History, ReasonsThatBeginToShareASeriesAreNotCountedTwice) {
  const TemporaryFolder folder;
  const auto history = opened(folder);
  ListedZone listed;
  listed.zone = "listed.example.";
  const auto fail = [&listed](Reason reason) { listed.failures[static_cast<std::size_t>(reason)] += 10; };
  for (const Reason reason :
       {Reason::rrsig_expired, Reason::rrsig_invalid, Reason::rrsig_missing, Reason::nsec_missing}) {
    fail(reason);
  }
  Figures figures = figures_at(0);
  figures.listed_zones = {listed};
  history->write(figures, status(), kTenSharp + kHour);
  fail(Reason::dnskey_absent);
  figures.listed_zones = {listed};
  history->write(figures, status(), kTenSharp + 2 * kHour);
  EXPECT_EQ(rows_of(folder, "SELECT sum(resolutions) FROM zones_daily WHERE zone = 'listed.example.'"), "50");
}

// A page for everybody asks for the hours of a month: what they cost is paid once for each write, not for each reader.
TEST(History, HoursAreReadOnceForAllWhoAskWithinTheHour) {
  const TemporaryFolder folder;
  const auto history = opened(folder);
  history->write(figures_at(5), status(), kTenSharp + kHour);
  const auto month = [&](UnixTime now) { return history->hours(now - 30 * 24 * kHour, now); };
  ASSERT_THAT(month(kTenSharp + kHour + 1), SizeIs(1));
  {
    SqlDatabase database;
    database.open(folder.file());
    database.run("DELETE FROM counts");
  }
  EXPECT_THAT(month(kTenSharp + kHour + 2), SizeIs(1));
  EXPECT_THAT(month(kTenSharp + 2 * kHour - 1), SizeIs(1));
  EXPECT_THAT(history->hours(kTenSharp + kHour, kTenSharp + 2 * kHour), IsEmpty()) << "other hours";
  EXPECT_THAT(month(kTenSharp + 2 * kHour), IsEmpty());
  history->write(figures_at(8), status(), kTenSharp + 2 * kHour);
  EXPECT_THAT(month(kTenSharp + 2 * kHour), SizeIs(1)) << "a write is seen at once";
}

TEST(History, OfAZoneBelowTheThresholdNothingIsEverWritten) {
  const TemporaryFolder folder;
  const auto history = opened(folder);
  for (int i = 1; i <= 20; ++i) {
    Figures figures = filled_figures(5, 5);
    figures.counters = counted(static_cast<std::uint64_t>(i) * 100, 0);
    ZoneFigures secret = failing_zone("canary-zone.example.", Reason::rrsig_expired, kTenSharp, false);
    secret.causes[0].server = "203.0.113.77";
    figures.zones.push_back(secret);
    secret.state = ZoneState::recovered;
    secret.ended = kTenSharp + 5;
    secret.zone = "canary-ended.example.";
    figures.zones.push_back(secret);
    figures.incidents.push_back(ended_incident("canary-incident.example.", Reason::rrsig_invalid, kTenSharp, false));
    figures.expiring.push_back({"canary-expiring.example.", kTenSharp, kTenSharp, 9, true, false});
    history->write(figures, status(), kTenSharp + i * 1800);
    if (i == 1) { EXPECT_THAT(folder.octets(), HasSubstr("failing.example.")) << "the test sees what is written"; }
    EXPECT_THAT(folder.octets(), Not(HasSubstr("canary"))) << "the write-ahead log included";
    EXPECT_THAT(folder.octets(), Not(HasSubstr("203.0.113.77")));
  }
}

TEST(History, WhatIsPastItsDaysIsGoneFromTheFile) {
  const TemporaryFolder folder;
  const auto history = opened(folder, kTenSharp, 30);
  Figures figures = figures_at(5);
  ListedZone listed;
  listed.zone = "bygone.example.";
  listed.failures[static_cast<std::size_t>(Reason::rrsig_expired)] = 6;
  figures.listed_zones = {listed};
  figures.incidents = {ended_incident("bygone.example.", Reason::rrsig_expired, kTenSharp, true)};
  history->write(figures, status(), kTenSharp + 600);
  const UnixTime later = kTenSharp + 31 * 24 * kHour;
  Figures then = figures_at(9);
  StatusFigures doubtful = status();
  doubtful.clock_trusted = false;
  history->write(then, doubtful, later);  // the clock may be wrong: nothing is too old
  EXPECT_EQ(rows_of(folder, "SELECT zone FROM incidents"), "bygone.example.");
  history->write(then, status(), later + 60);
  EXPECT_EQ(rows_of(folder, kUdp, 2), row(hour_counted(0, later), 4));
  EXPECT_EQ(rows_of(folder, "SELECT count(*) FROM incidents"), "0");
  EXPECT_EQ(rows_of(folder, "SELECT count(*) FROM series WHERE labels LIKE '%bygone%'"), "0");
  EXPECT_THAT(folder.octets(), Not(HasSubstr("bygone")));
}

TEST(History, ForgettingIsDoneInSteps) {
  const TemporaryFolder folder;
  {
    const auto history = opened(folder);
    for (int i = 1; i <= 3; ++i) {
      history->write(figures_at(static_cast<std::uint64_t>(i)), status(), kTenSharp + i * 40 * 24 * kHour);
    }
  }
  const auto history = opened(folder, kTenSharp, 1);
  for (int i = 1; i <= 3; ++i) {
    history->write(figures_at(1), status(), kTenSharp + 200 * 24 * kHour);
    EXPECT_EQ(rows_of(folder, "SELECT count(DISTINCT hour) FROM counts"), std::to_string(4 - i));
  }
}

TEST(History, TheFileIsForItsOwnerAlone) {
  const TemporaryFolder folder;
  const mode_t before = ::umask(0);
  const auto history = opened(folder);
  history->write(figures_at(1), status(), kTenSharp + 60);
  ::umask(before);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    EXPECT_EQ(entry.status().permissions(), std::filesystem::perms(0600)) << entry.path();
  }
}

TEST(History, WithoutAFolderThereIsNone) {
  const auto history = History::open({"", 400}, kTenSharp);
  history->write(figures_at(1), status(), kTenSharp);
  EXPECT_FALSE(history->state().enabled);
  EXPECT_THAT(history->hours(0, kTenSharp), IsEmpty());
  EXPECT_THAT(history->remembered().zones, IsEmpty());
}

TEST(History, RowsThatMakeNoSenseAreNotTakenUp) {
  const TemporaryFolder folder;
  Figures figures = figures_at(1);
  for (const char* name : {"a.example.", "b.example.", "c.example.", "d.example.", "good.example."}) {
    figures.zones.push_back(failing_zone(name, Reason::rrsig_expired, kTenSharp, true));
  }
  figures.incidents = {ended_incident("e.example.", Reason::rrsig_missing, kTenSharp, true)};
  opened(folder)->write(figures, status(), kTenSharp + 600);
  {
    SqlDatabase database;
    database.open(folder.file());
    database.run(
        "UPDATE zones SET state = 'burning' WHERE zone = 'a.example.';"
        "UPDATE zones SET failing_since = -5 WHERE zone = 'b.example.';"
        "UPDATE zones SET zone = 'c <b>' WHERE zone = 'c.example.';"
        "UPDATE zone_causes SET reason = 'bad luck' WHERE zone = 'd.example.';"
        "UPDATE incidents SET failures = -1 WHERE zone = 'e.example.'");
    ASSERT_FALSE(database.has_failed());
  }
  const RememberedLedger ledger = opened(folder, kTenSharp + 700)->remembered();
  ASSERT_THAT(ledger.zones, SizeIs(1));
  EXPECT_EQ(ledger.zones[0].zone, "good.example.");
  EXPECT_THAT(ledger.incidents, IsEmpty());
}

}  // namespace vouch
