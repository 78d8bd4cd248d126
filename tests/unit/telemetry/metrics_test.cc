#include "telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <regex>
#include <set>
#include <sstream>
#include <utility>

#include "tests/unit/telemetry/filled_figures.h"

namespace vouch {

namespace {

using testing::HasSubstr;
using testing::Not;
using Families = std::vector<prometheus::MetricFamily>;
using Labels = std::map<std::string, std::string>;

constexpr std::size_t kMostSeries = 2000;
constexpr std::size_t kMostOctets = 1 << 20;

Labels labels_of(const prometheus::ClientMetric& metric) {
  Labels labels;
  for (const auto& label : metric.label) { labels[label.name] = label.value; }
  return labels;
}

const prometheus::MetricFamily& family_of(const Families& families, const std::string& name) {
  const auto found = std::ranges::find(families, name, &prometheus::MetricFamily::name);
  if (found == families.end()) { throw std::out_of_range(name); }
  return *found;
}

double value_of(const prometheus::MetricFamily& family, const prometheus::ClientMetric& metric) {
  return family.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value;
}

double sum_of(const Families& families, const std::string& name, const Labels& wanted = {}) {
  const prometheus::MetricFamily& family = family_of(families, name);
  double sum = 0;
  for (const auto& metric : family.metric) {
    const Labels labels = labels_of(metric);
    if (std::ranges::includes(labels, wanted)) { sum += value_of(family, metric); }
  }
  return sum;
}

// Lines of the text form, as a monitoring system counts them.
std::size_t series_of(const Figures& figures, const StatusFigures& status) {
  std::istringstream text(metrics_text(figures, status));
  std::size_t series = 0;
  for (std::string line; std::getline(text, line);) { series += line.empty() || line.starts_with('#') ? 0 : 1; }
  return series;
}

Figures empty_figures() {
  Figures figures;
  figures.counters = std::make_shared<WorkerCounters>();
  figures.tlds = {{"_other", {}}};
  return figures;
}

}  // namespace

TEST(Metrics, NamesUnitsAndHelpFollowPrometheus) {
  const Families families = metric_families(filled_figures(20, 40), filled_status());
  const std::regex name_form("(vouch|process)_[a-z]+[0-9]*(_[a-z]+)*");
  const std::regex label_form("[a-z]+(_[a-z]+)*");
  std::set<std::string> names;
  for (const auto& family : families) {
    EXPECT_TRUE(names.insert(family.name).second) << family.name << " is there twice";
    EXPECT_TRUE(std::regex_match(family.name, name_form)) << family.name;
    EXPECT_EQ(family.name.ends_with("_total"), family.type == prometheus::MetricType::Counter) << family.name;
    EXPECT_GE(family.help.size(), 10U) << family.name;
    EXPECT_TRUE(family.help.ends_with('.')) << family.name;
    EXPECT_EQ(family.help.find_first_of("\n\\\""), std::string::npos) << family.name;
    EXPECT_FALSE(family.metric.empty()) << family.name;
    for (const auto& metric : family.metric) {
      for (const auto& label : metric.label) { EXPECT_TRUE(std::regex_match(label.name, label_form)) << family.name; }
    }
  }
}

TEST(Metrics, NoSeriesIsThereTwice) {
  for (const auto& family : metric_families(filled_figures(200, 100), filled_status())) {
    std::set<Labels> seen;
    for (const auto& metric : family.metric) {
      EXPECT_TRUE(seen.insert(labels_of(metric)).second) << family.name << " (two keys may share tag and algorithm)";
    }
  }
}

TEST(Metrics, ThereIsNoWordOfAttack) {
  EXPECT_THAT(metrics_text(filled_figures(5, 5), filled_status()), Not(HasSubstr("attack ")));
  EXPECT_THAT(metrics_text(filled_figures(5, 5), filled_status()), HasSubstr("Refused is not attacked."));
}

TEST(Metrics, EverySeriesIsThereFromTheStart) {
  const StatusFigures status = filled_status();
  Figures counting = empty_figures();
  counting.counters = counted(7, 0);
  const Families before = metric_families(empty_figures(), status);
  const Families after = metric_families(counting, status);
  ASSERT_EQ(before.size(), after.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    std::set<Labels> known;
    for (const auto& metric : before[i].metric) { known.insert(labels_of(metric)); }
    for (const auto& metric : after[i].metric) {
      const Labels labels = labels_of(metric);
      const auto of = [&labels](const char* name) { return labels.contains(name) ? labels.at(name) : std::string(); };
      if (of("source") == "local" && of("validation") != "unchecked") { continue; }  // cannot occur
      if (before[i].name == "vouch_validation_failures_total" && !known.contains(labels)) {
        EXPECT_THAT(of("reason"), testing::AnyOf("none", "nsec3_cost", "alg_unsupported", "ds_digest_unsupported",
                                                 "negative_anchor", "no_anchor"));
        continue;  // not failures
      }
      EXPECT_TRUE(known.contains(labels)) << before[i].name;
    }
  }
}

TEST(Metrics, AHomeHasHundredsOfSeriesAndAnIspLessThanTwoThousand) {
  const std::size_t home = series_of(filled_figures(20, 40), filled_status());
  EXPECT_GE(home, 400U);
  EXPECT_LE(home, 800U);
  const std::size_t isp = series_of(filled_figures(200, 100), filled_status());
  EXPECT_LE(isp, kMostSeries);
  RecordProperty("home", static_cast<int>(home));
  RecordProperty("isp", static_cast<int>(isp));
}

TEST(Metrics, TheWorstThatZonesCanDoStaysWithinTheBounds) {
  Figures figures = filled_figures(200, 100);
  for (ListedZone& zone : figures.listed_zones) {
    for (std::size_t i = 1; i < kReasons; ++i) { zone.failures[i] = i; }
    zone.failing_since = kSampleStart;
    zone.zone = std::string(kLongestZoneLabel - zone.zone.size(), 'x') + zone.zone;
  }
  StatusFigures status = filled_status();
  for (int i = 0; i < 5000; ++i) {
    status.negative_anchors.push_back({"zone" + std::to_string(i) + ".example.", "", kSampleStart});
    figures.expiring.push_back({"zone" + std::to_string(i) + ".", kSampleStart, kSampleStart, 1, true, true});
  }
  EXPECT_LE(series_of(figures, status), kMostSeries + 3 * kMostNamedZones);
  EXPECT_LE(metrics_text(figures, status).size(), kMostOctets);
}

TEST(Metrics, HistogramsAreCumulativeAndEndAtTheCount) {
  auto counters = std::make_shared<WorkerCounters>();
  counters->front.by_recursion.add(std::chrono::microseconds(7));
  counters->front.by_recursion.add(std::chrono::milliseconds(30));
  counters->front.by_recursion.add(std::chrono::seconds(9));
  Figures figures = empty_figures();
  figures.counters = counters;
  const Families families = metric_families(figures, filled_status());
  const prometheus::MetricFamily family = family_of(families, "vouch_client_answer_duration_seconds");
  ASSERT_EQ(family.metric.size(), 2U);
  const auto& histogram = family.metric[1].histogram;
  ASSERT_EQ(histogram.bucket.size(), DurationHistogram::kBounds.size());
  EXPECT_TRUE(std::ranges::is_sorted(histogram.bucket, {}, &prometheus::ClientMetric::Bucket::cumulative_count));
  EXPECT_TRUE(std::ranges::is_sorted(histogram.bucket, {}, &prometheus::ClientMetric::Bucket::upper_bound));
  EXPECT_EQ(histogram.bucket.front().cumulative_count, 1U);
  EXPECT_DOUBLE_EQ(histogram.bucket.front().upper_bound, 0.00001);
  EXPECT_EQ(histogram.bucket.back().cumulative_count, 2U);
  EXPECT_EQ(histogram.sample_count, 3U);
  EXPECT_DOUBLE_EQ(histogram.sample_sum, 9.030007);
  EXPECT_THAT(metrics_text(figures, filled_status()),
              HasSubstr("vouch_client_answer_duration_seconds_bucket{source=\"recursion\",le=\"+Inf\"} 3\n"));
}

TEST(Metrics, HostileNamesCannotBreakALine) {
  const std::string hostile = "a\"b\\c\nvouch_clock_trusted 0\n\\034x.example.";
  Figures figures = empty_figures();
  ListedZone zone;
  zone.zone = hostile;
  zone.failing_since = kSampleStart;
  zone.reason = Reason::rrsig_expired;
  figures.listed_zones = {zone};
  const std::string text = metrics_text(figures, filled_status());
  const std::string escaped = "a\\\"b\\\\c\\nvouch_clock_trusted 0\\n\\\\034x.example.";
  EXPECT_THAT(text, HasSubstr("vouch_zone_failing_since_timestamp_seconds{zone=\"" + escaped + "\",reason="));
  EXPECT_THAT(text, Not(HasSubstr("\nvouch_clock_trusted 0\n")));
  EXPECT_EQ(series_of(figures, filled_status()), series_of(empty_figures(), filled_status()) + 2);
}

TEST(Metrics, ListedAndOtherZonesAddUp) {
  Figures figures = filled_figures(7, 3);
  for (std::size_t i = 1; i < kReasons; ++i) { figures.listed_zones[2].failures[i] = 100; }  // told as `other`
  figures.listed_zones[3].zone = std::string(kLongestZoneLabel + 1, 'y');                    // told as `_other`
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < kReasons; ++i) {
    if (i == static_cast<std::size_t>(Reason::test_zone)) { continue; }
    all += figures.other_zone_failures[i];
    for (const ListedZone& zone : figures.listed_zones) { all += zone.failures[i]; }
  }
  const Families families = metric_families(figures, filled_status());
  EXPECT_EQ(sum_of(families, "vouch_zone_validation_failures_total"), static_cast<double>(all));
  EXPECT_EQ(sum_of(families, "vouch_zone_validation_failures_total", {{"zone", figures.listed_zones[2].zone}}),
            100.0 * (kReasons - 2));
}

TEST(Metrics, TldsAddUpWithWhatIsNotToldApart) {
  const Figures figures = filled_figures(0, 2);
  const Families families = metric_families(figures, filled_status());
  std::uint64_t all = 0;
  for (const TldFigures& tld : figures.tlds) { all = std::accumulate(tld.answers.begin(), tld.answers.end(), all); }
  EXPECT_EQ(sum_of(families, "vouch_client_answers_tld_total"), static_cast<double>(all));
  EXPECT_EQ(sum_of(families, "vouch_client_answers_tld_total", {{"tld", "xn--tld-1."}, {"validation", "other"}}), 13);
  EXPECT_EQ(sum_of(families, "vouch_client_answers_tld_total", {{"tld", "_other"}, {"validation", "secure"}}), 90);
}

TEST(Metrics, EveryCounterOfTheWorkersIsTold) {
  Figures figures = filled_figures(0, 0);
  figures.counters = counted(1'000'000, 1);
  const WorkerCounters& counters = *figures.counters;
  const Families families = metric_families(figures, filled_status());
  EXPECT_EQ(sum_of(families, "vouch_client_queries_total", {{"transport", "doq"}, {"ip", "6"}}),
            static_cast<double>(counters.front.queries[4][1].value()));
  EXPECT_EQ(sum_of(families, "vouch_client_answers_total", {{"validation", "nta"}, {"source", "stale"}}),
            static_cast<double>(counters.front.answers[4][2].value()));
  EXPECT_EQ(sum_of(families, "vouch_synthesized_answers_total", {{"proof", "nsec3"}, {"result", "wildcard"}}),
            static_cast<double>(counters.validation.synthesised[1][2].value()));
  EXPECT_EQ(sum_of(families, "vouch_session_handshakes_total", {{"transport", "doh3"}, {"kind", "resumed"}}),
            static_cast<double>(counters.transport.http3.resumed.value()));
  // Distinct counters have distinct values here, so one that nobody tells is missing from the set.
  std::set<double> told;
  for (const auto& family : families) {
    for (const auto& metric : family.metric) {
      told.insert(value_of(family, metric));
      std::uint64_t below = 0;
      for (const auto& bucket : metric.histogram.bucket) {
        told.insert(static_cast<double>(bucket.cumulative_count - below));
        below = bucket.cumulative_count;
      }
      told.insert(static_cast<double>(metric.histogram.sample_count - below));
      told.insert(metric.histogram.sample_sum * 1e9);
    }
  }
  told.insert(static_cast<double>(counters.validation.nanoseconds.value()));    // told in seconds
  told.insert(static_cast<double>(counters.transport.tcp.handshakes.value()));  // TCP has none
  told.insert(static_cast<double>(counters.transport.tcp.resumed.value()));     // nor these
  const auto is_told = [&told](double value) {
    const auto at = told.lower_bound(value - 0.25);
    return at != told.end() && *at < value + 0.25;
  };
  const auto* each = reinterpret_cast<const Counter*>(&counters);
  for (std::size_t i = 0; i < sizeof(WorkerCounters) / sizeof(Counter); ++i) {
    EXPECT_TRUE(is_told(static_cast<double>(each[i].value()))) << "counter " << i << " of WorkerCounters";
  }
}

TEST(Metrics, TestZonesHaveAReasonAndNoZoneSeries) {
  Figures figures = empty_figures();
  ListedZone zone;
  zone.zone = "dnssec-failed.example.";
  zone.reason = Reason::test_zone;
  zone.failing_since = kSampleStart;
  zone.failures[static_cast<std::size_t>(Reason::test_zone)] = 9;
  figures.listed_zones = {zone};
  const std::string text = metrics_text(figures, filled_status());
  EXPECT_THAT(text, HasSubstr("vouch_validation_failures_total{reason=\"test_zone\","));
  EXPECT_THAT(text, Not(HasSubstr("dnssec-failed")));
}

TEST(Metrics, AZoneBelowTheThresholdIsNowhere) {
  Figures figures = filled_figures(2, 2);
  figures.zones.push_back(failing_zone("canary-zone.example.", Reason::rrsig_expired, kSampleStart, false));
  figures.incidents.push_back(ended_incident("canary-incident.example.", Reason::rrsig_expired, kSampleStart, false));
  figures.expiring.push_back({"canary-expiring.example.", kSampleStart, kSampleStart, 100, true, false});
  EXPECT_THAT(metrics_text(figures, filled_status()), Not(HasSubstr("canary")));
}

TEST(Metrics, ANewlyListedZoneBeginsAtZero) {
  Figures figures = empty_figures();
  ListedZone zone;
  zone.zone = "example.";
  zone.reason = Reason::rrsig_expired;
  zone.failing_since = kSampleStart;
  figures.listed_zones = {zone};
  EXPECT_THAT(metrics_text(figures, filled_status()),
              HasSubstr("vouch_zone_validation_failures_total{zone=\"example.\",reason=\"rrsig_expired\"} 0\n"));
}

TEST(Metrics, ClientsAreRoundedAndFewAreNotTold) {
  Figures figures = empty_figures();
  const auto told = [&figures](std::uint64_t prefixes) {
    figures.clients.prefixes = prefixes;
    return sum_of(metric_families(figures, filled_status()), "vouch_client_prefixes");
  };
  EXPECT_EQ(told(0), 0);
  EXPECT_EQ(told(9), 0);
  EXPECT_EQ(told(10), 10);
  EXPECT_EQ(told(99), 99);
  EXPECT_EQ(told(104), 100);
  EXPECT_EQ(told(995), 1000);
  EXPECT_EQ(told(123'456), 120'000);
}

TEST(Metrics, WhatDoesNotExistHasNoSeries) {
  StatusFigures status;
  const Families families = metric_families(empty_figures(), status);
  for (const char* name : {"vouch_certificate_not_after_timestamp_seconds", "vouch_telemetry_flushed_timestamp_seconds",
                           "vouch_telemetry_writable", "vouch_trust_anchor_info", "vouch_negative_trust_anchor_info",
                           "vouch_trust_anchor_checked_timestamp_seconds"}) {
    EXPECT_TRUE(family_of(families, name).metric.empty()) << name;
  }
}

TEST(Metrics, TwoReadingsOfTheSameFiguresAreTheSameText) {
  EXPECT_EQ(metrics_text(filled_figures(20, 40), filled_status()),
            metrics_text(filled_figures(20, 40), filled_status()));
}

}  // namespace vouch
