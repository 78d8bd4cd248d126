// The privacy rules of docs/telemetry.md, each held against what is told: canary names and addresses go in at the one
// end, and must not come out at any other. What vouchd as a whole writes and sends is held against them by
// tests/system/telemetry_on_the_lab_test.py and tests/daemon/pages_test.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "telemetry/collector.h"
#include "telemetry/history.h"
#include "telemetry/metrics.h"
#include "telemetry/web/api.h"
#include "telemetry/web/pages.h"

namespace vouch {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr UnixTime kNow = 1'790'000'000;
constexpr std::string_view kCanary = "canary-4711";

IpAddress ip(std::string_view text) { return *IpAddress::parse(text); }

struct Privacy : testing::Test {
  SystemRandom random;
  TelemetryOptions options{.min_prefixes = 7, .ipv4_prefix = 24, .ipv6_prefix = 48};
  ZoneLedger ledger{options, {}, random, kNow};
  ExpiryWatch expiry;
  const RecordedTogether together{ledger, expiry};
  WorkerCounters counters;
  Recorder recorder{counters, &together};
  Collector collector{{{&recorder}, together, options, kNow}};
  UnixTime now = kNow;

  void ask(std::string_view name, std::string_view client, Standing standing = Standing::secure) {
    const Name asked = Name::of(name);
    recorder.asked(0, ip(client));
    recorder.record({.source = AnswerSource::recursion, .standing = standing, .name = asked, .rcode = Rcode::no_error});
  }
  void fail(std::string_view zone, std::string_view name, std::string_view client) {
    const Name at = Name::of(zone), asked = Name::of(name);
    const Verdict verdict = Verdict::bogus(Reason::rrsig_expired, at);
    counters.validation.failures[static_cast<std::size_t>(Reason::rrsig_expired)].add();
    recorder.judged({.verdict = verdict, .name = asked, .type = Type::A, .zone = {}}, now);
    const IpAddress address = ip(client);
    recorder.withheld({.zone = at, .reason = Reason::rrsig_expired, .name = asked, .type = Type::A, .client = address},
                      now);
    ask(name, client, Standing::bogus);
  }
  StatusFigures status() const {
    StatusFigures made;
    made.validation = "enforce";
    made.privacy = {
        .min_prefixes = options.min_prefixes, .ipv4_prefix = options.ipv4_prefix, .ipv6_prefix = options.ipv6_prefix};
    made.history.enabled = true;
    made.history.file = "/var/lib/vouch/history.sqlite3";
    made.history.days = 123;
    return made;
  }
  std::string page(Page which, Viewer viewer, Language language = Language::english) {
    const Figures figures = collector.take(now);
    const StatusFigures own = status();
    return render_page({.page = which, .language = language, .viewer = viewer, .figures = figures, .status = own});
  }
  std::string pages(Viewer viewer) {
    std::string all;
    for (std::size_t i = 0; i < kPagePaths.size(); ++i) {
      const auto which = static_cast<Page>(i);
      if (viewer == Viewer::subscriber && !is_for_subscribers(which)) { continue; }
      for (std::size_t l = 0; l < kLanguageTags.size(); ++l) { all += page(which, viewer, static_cast<Language>(l)); }
    }
    return all;
  }
  std::string metrics() { return metrics_text(collector.take(now), status()); }
  std::string files() {
    const std::filesystem::path folder =
        std::filesystem::path(testing::TempDir()) / ("vouch-privacy-" + std::to_string(random.next64()));
    std::filesystem::create_directory(folder);
    {
      const auto history = History::open({.directory = folder.string()}, now);
      history->write(collector.take(now), status(), now);
    }
    std::string all;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      std::ifstream file(entry.path(), std::ios::binary);
      all.append(std::istreambuf_iterator<char>(file), {});
    }
    std::filesystem::remove_all(folder);
    return all;
  }
};

TEST_F(Privacy, R1NeitherNamesNorClientsAreWrittenOrShown) {
  const std::string name = std::string(kCanary) + ".example.org.";
  for (int i = 0; i < 20; ++i) { fail("example.org.", name, "198.51." + std::to_string(i) + ".77"); }
  ask(name, "2001:db8:4711::1");
  const std::string told = pages(Viewer::resolver_operator) + metrics() + files();
  EXPECT_THAT(told, HasSubstr("example.org."));  // the zone at fault is told
  EXPECT_THAT(told, Not(HasSubstr(std::string(kCanary))));
  EXPECT_THAT(told, Not(HasSubstr("198.51.")));
  EXPECT_THAT(told, Not(HasSubstr("2001:db8")));
}

TEST_F(Privacy, R2ClientsAreToldApartByPrefixUnderASaltOfTheDay) {
  for (int i = 1; i <= 20; ++i) { fail("example.org.", "www.example.org.", "192.0.2." + std::to_string(i)); }
  EXPECT_EQ(collector.take(now).zones.front().prefixes, 1U);
  const SipKey salt = ledger.salt().key();
  now += 86400;
  ledger.advance(random, now);
  EXPECT_NE(ledger.salt().key().k0, salt.k0);
  EXPECT_NE(ledger.salt().key().k1, salt.k1);
}

TEST_F(Privacy, R3OfAZonesClientsNoMoreIsKnownThanTheThreshold) {
  for (int i = 0; i < 50; ++i) { fail("example.org.", "www.example.org.", "10." + std::to_string(i) + ".0.1"); }
  EXPECT_EQ(collector.take(now).zones.front().prefixes, options.min_prefixes);
}

TEST_F(Privacy, R4WhatFewMetIsNamedToTheOperatorAlone) {
  const auto names_it = [](const std::string& text) { return text.find("rare.example.org.") != std::string::npos; };
  for (int i = 0; i < 6; ++i) {
    fail("rare.example.org.", "www.rare.example.org.", "10." + std::to_string(i) + ".0.1");
    EXPECT_TRUE(names_it(page(Page::problems, Viewer::resolver_operator)));
    EXPECT_FALSE(names_it(pages(Viewer::subscriber)));
    EXPECT_FALSE(names_it(metrics()));
    EXPECT_FALSE(names_it(files()));
  }
  fail("rare.example.org.", "www.rare.example.org.", "10.6.0.1");
  EXPECT_TRUE(names_it(pages(Viewer::subscriber)));
  EXPECT_TRUE(names_it(metrics()));
  EXPECT_TRUE(names_it(files()));
}

TEST_F(Privacy, R5MinutesAreForgottenAfterADay) {
  ask("www.example.org.", "10.0.0.1");
  for (std::size_t minute = 0; minute < 2 * Recent::kMinutes; ++minute) {
    now += 60;
    collector.end_minute(now);
  }
  const Figures figures = collector.take(now);
  EXPECT_EQ(figures.day.all_answers(), 0U);
  EXPECT_LE(figures.quarter_hours.size(), 97U);
  for (const Movement& quarter : figures.quarter_hours) { EXPECT_GE(quarter.from, now - 86400 - 60); }
}

TEST_F(Privacy, R6PagesFetchNothingFromElsewhere) {
  const std::string all = pages(Viewer::resolver_operator);
  for (const char* const fetched : {"src=\"http", "src=\"//", "url(", "@import", "preconnect", "dns-prefetch"}) {
    EXPECT_THAT(all, Not(HasSubstr(fetched)));
  }
  for (const Asset& asset : assets()) {
    for (const char* const fetched : {"http://", "https://", "@import", "url(//"}) {
      if (asset.path == "/icon.svg") { continue; }  // names the namespace of SVG
      EXPECT_THAT(std::string(asset.body), Not(HasSubstr(fetched))) << asset.path;
    }
  }
}

TEST_F(Privacy, R8AndR9PeopleAreCountedRoundlyAndAFewNotAtAll) {
  for (int i = 0; i < 9; ++i) { ask("www.example.org.", "10." + std::to_string(i) + ".0.1"); }
  EXPECT_EQ(collector.take(now).clients.prefixes, 0U);
  for (int i = 0; i < 3000; ++i) {
    ask("www.example.org.", "10." + std::to_string(i / 250) + "." + std::to_string(i % 250) + ".1");
  }
  const std::uint64_t told = collector.take(now).clients.prefixes;
  EXPECT_NEAR(static_cast<double>(told), 3000, 400);
  EXPECT_EQ(told % 100, 0U);
}

TEST_F(Privacy, R10ThePageTellsTheSettingsAsTheyAre) {
  for (std::size_t l = 0; l < kLanguageTags.size(); ++l) {
    const std::string text = page(Page::privacy, Viewer::subscriber, static_cast<Language>(l));
    for (const char* const setting : {"7", "24", "48", "123"}) {
      EXPECT_TRUE(text.find(setting) != std::string::npos) << setting << " " << l;
    }
  }
}

// Whatever is asked for, by however many: what Prometheus has to keep is bounded, and named from the start.
TEST_F(Privacy, AMillionNamesMakeNoSeries) {
  const auto series = [&] {
    std::set<std::string> names;
    std::istringstream text(metrics());
    for (std::string line; std::getline(text, line);) {
      if (!line.starts_with('#')) { names.insert(line.substr(0, line.rfind(' '))); }
    }
    return names;
  };
  ask("www.example.org.", "10.0.0.1");
  const std::set<std::string> before = series();
  for (int i = 0; i < 1'000'000; ++i) {
    const Name name = Name::of("n" + std::to_string(i) + ".t" + std::to_string(i % 5000) + ".");
    recorder.record(
        {.source = AnswerSource::recursion, .standing = Standing::secure, .name = name, .rcode = Rcode::name_error});
  }
  for (int i = 0; i < 20'000; ++i) {
    const std::string zone = "z" + std::to_string(i) + ".example.org.";
    fail(zone, "www." + zone, "10.1." + std::to_string(i % 200) + ".1");
  }
  const std::set<std::string> after = series();
  std::vector<std::string> fresh;
  std::ranges::set_difference(after, before, std::back_inserter(fresh));
  EXPECT_THAT(fresh, testing::IsEmpty());
  EXPECT_EQ(after.size(), before.size());
}

}  // namespace
}  // namespace vouch
