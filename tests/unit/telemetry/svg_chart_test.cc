#include "telemetry/web/svg_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "telemetry/web/estimate.h"
#include "telemetry/web/pages/time_series.h"
#include "tests/unit/telemetry/markup.h"
#include "tests/web/sample_figures.h"

namespace vouch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Locale kEnglish(Language::english, 0);

TimeChart chart_of(std::vector<std::uint64_t> genuine, std::vector<std::uint64_t> plain,
                   std::vector<std::uint64_t> refused) {
  TimeChart chart{
      .id = "test", .title = Message::home_chart, .description = "all of it", .moments = {}, .series = {}, .lane = {}};
  for (std::size_t i = 0; i < genuine.size(); ++i) {
    chart.moments.push_back(kSampleTime + static_cast<UnixTime>(i) * 3600);
  }
  chart.series = {{Message::series_genuine, Fill::genuine, std::move(genuine)},
                  {Message::series_unsigned, Fill::plain, std::move(plain)}};
  chart.lane = {{Message::series_refused, Fill::refused, std::move(refused)}};
  return chart;
}

std::vector<double> heights(const Document& document) {
  std::vector<double> found;
  for (const Element& element : document.elements) {
    if (element.name != "rect" || !element.attributes.contains("fill")) { continue; }
    const std::string& height = element.attributes.at("height");
    if (height.ends_with('%')) { found.push_back(std::stod(height)); }
  }
  return found;
}

TEST(TimeChart, IsWellFormedAndSaysWhatItIs) {
  const Html html = time_chart(chart_of({10, 20}, {30, 0}, {0, 2}), kEnglish);
  const Document document = read_markup(html.octets());
  ASSERT_EQ(document.error, "");
  ASSERT_NE(document.by_id("title-test"), nullptr);
  ASSERT_NE(document.by_id("description-test"), nullptr);
  EXPECT_THAT(document.text, HasSubstr("all of it"));
  EXPECT_TRUE(document.has("details"));
  EXPECT_TRUE(document.has("table"));
}

TEST(TimeChart, TableTwinCarriesTheSameNumbers) {
  const Html html = time_chart(chart_of({1'234, 20}, {30'000, 7}, {0, 2}), kEnglish);
  EXPECT_THAT(html.octets(), HasSubstr("<td class=\"number\">1,234</td><td class=\"number\">30,000</td>"
                                       "<td class=\"number\">0</td>"));
  EXPECT_THAT(html.octets(), HasSubstr("<td class=\"number\">20</td><td class=\"number\">7</td>"
                                       "<td class=\"number\">2</td>"));
}

TEST(TimeChart, HeightsAreInProportionOnEachScale) {
  const Document document = read_markup(time_chart(chart_of({400, 200}, {0, 0}, {8, 4}), kEnglish).octets());
  const std::vector<double> found = heights(document);
  ASSERT_EQ(found.size(), 4U);
  EXPECT_NEAR(found[0], 2 * found[2], 0.02);  // the bars of one moment stand together: main, lane, main, lane
  EXPECT_NEAR(found[1], 2 * found[3], 0.02);
  EXPECT_NEAR(found[0], 50, 0.1);
}

TEST(TimeChart, WhatIsThereIsSeen) {
  const Document document = read_markup(time_chart(chart_of({1'000'000}, {1}, {1}), kEnglish).octets());
  for (const double height : heights(document)) { EXPECT_GE(height, 1); }
}

TEST(TimeChart, ExtremesStayWithin) {
  const Document document =
      read_markup(time_chart(chart_of({UINT64_MAX / 2, 0}, {UINT64_MAX / 2, 0}, {0, UINT64_MAX}), kEnglish).octets());
  ASSERT_EQ(document.error, "");
  for (const double height : heights(document)) {
    EXPECT_GT(height, 0);
    EXPECT_LE(height, 100);
  }
}

TEST(TimeChart, ShortSeriesCountAsNought) {
  TimeChart chart = chart_of({5, 6, 7}, {1}, {});
  EXPECT_EQ(read_markup(time_chart(chart, kEnglish).octets()).error, "");
}

TEST(TimeChart, EmptyOneSaysSo) {
  const Html html = time_chart(chart_of({}, {}, {}), kEnglish);
  EXPECT_EQ(read_markup(html.octets()).error, "");
  EXPECT_THAT(html.octets(), HasSubstr("No data yet."));
  EXPECT_THAT(html.octets(), Not(HasSubstr("<svg")));
}

TEST(TimeChart, PatternsTellSeriesApart) {
  const Document document = read_markup(time_chart(chart_of({1}, {1}, {1}), kEnglish).octets());
  EXPECT_NE(document.by_id("pattern-test-genuine"), nullptr);
  EXPECT_NE(document.by_id("pattern-test-plain"), nullptr);
  EXPECT_NE(document.by_id("pattern-test-refused"), nullptr);
}

TEST(BarTable, NumbersStandBesideTheBars) {
  const Html html = bar_table(Message::tlds_title, Message::tld_column,
                              {{foreign(hostile_text()), 75, 100}, {"other", 25, 100}}, Fill::genuine, kEnglish);
  const Document document = read_markup(html.octets());
  ASSERT_EQ(document.error, "");
  EXPECT_THAT(html.octets(), HasSubstr("width=\"75.00%\""));
  EXPECT_THAT(html.octets(), HasSubstr("<td class=\"number\">75%</td>"));
}

TEST(Meter, IsClamped) {
  EXPECT_THAT(meter(9, 3, Fill::plain).octets(), HasSubstr("width=\"100.00%\""));
  EXPECT_THAT(meter(9, 0, Fill::plain).octets(), HasSubstr("width=\"0.00%\""));
}

TEST(Sparkline, HasAPointForEachDay) {
  Sparkline line{.id = "s",
                 .title = Message::adoption_trend,
                 .description = "d",
                 .moments = {0, 86'400, 172'800},
                 .parts = {10, 20, 30},
                 .wholes = {100, 100, 100}};
  const Html html = sparkline(line, kEnglish);
  EXPECT_EQ(read_markup(html.octets()).error, "");
  EXPECT_THAT(html.octets(), HasSubstr("d=\"M0.0 48.0L150.0 36.0L300.0 24.0\""));  // on a scale up to 50 %
  EXPECT_THAT(html.octets(), HasSubstr("<td class=\"number\">20%</td>"));
}

TEST(TimeSeries, QuartersBecomeHoursOfTheLastDay) {
  Movement early, late, old;
  early.from = kSampleTime / 3600 * 3600 - 23 * 3600;
  late.from = kSampleTime / 900 * 900;
  old.from = kSampleTime - 90'000;
  early.queries[0] = 1, late.queries[0] = 2, old.queries[0] = 4;
  const TimeSeries hours = hourly({old, early, late}, kSampleTime);
  ASSERT_EQ(hours.movements.size(), 24U);
  EXPECT_EQ(hours.movements.front().queries[0], 1U);
  EXPECT_EQ(hours.movements.back().queries[0], 2U);
}

TEST(Estimate, QuantilesLieWithinTheirBucket) {
  DurationHistogram histogram;
  EXPECT_FALSE(quantile_of(histogram, 0.5).has_value());
  EXPECT_FALSE(mean_of(histogram).has_value());
  for (int i = 0; i < 100; ++i) { histogram.add(std::chrono::microseconds(3'000)); }
  const auto median = quantile_of(histogram, 0.5);
  ASSERT_TRUE(median.has_value());
  EXPECT_EQ(median->value, std::chrono::microseconds(3'000));  // the middle of 1 to 5 ms
  EXPECT_EQ(*mean_of(histogram), std::chrono::microseconds(3'000));
  for (int i = 0; i < 900; ++i) { histogram.add(std::chrono::seconds(9)); }
  EXPECT_TRUE(quantile_of(histogram, 0.99)->is_beyond);
  EXPECT_EQ(quantile_of(histogram, 0.99)->value, std::chrono::microseconds(2'500'000));
  EXPECT_FALSE(quantile_of(histogram, 0.1)->is_beyond);
}

}  // namespace
}  // namespace vouch
