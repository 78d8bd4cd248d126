#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "telemetry/web/pages.h"

namespace vouch {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

const Asset& asset(std::string_view path) {
  for (const Asset& one : assets()) {
    if (one.path == path) { return one; }
  }
  throw std::runtime_error("no such asset");
}

TEST(Assets, AreTheFilesThemselves) {
  std::set<std::string_view> tags;
  for (const Asset& one : assets()) {
    std::ifstream file(std::string(VOUCH_SOURCE_DIR) + "/telemetry/web/assets" + std::string(one.path),
                       std::ios::binary);
    std::ostringstream content;
    content << file.rdbuf();
    EXPECT_EQ(one.body, content.str()) << one.path;
    EXPECT_THAT(std::string(one.etag), MatchesRegex("\"[0-9a-f]+\""));
    EXPECT_TRUE(tags.insert(one.etag).second);
  }
  EXPECT_EQ(asset("/style.css").content_type, "text/css; charset=utf-8");
  EXPECT_EQ(asset("/app.js").content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(asset("/icon.svg").content_type, "image/svg+xml");
}

TEST(Assets, AreSmallAndFetchNothing) {
  constexpr std::size_t kMaxScript = 4096, kMaxAll = 60'000;
  std::size_t all = 0;
  for (const Asset& one : assets()) { all += one.body.size(); }
  EXPECT_LT(all, kMaxAll);
  const std::string script(asset("/app.js").body), sheet(asset("/style.css").body);
  EXPECT_LT(script.size(), kMaxScript);
  for (const char* forbidden : {"innerHTML", "eval(", "document.write", "http:", "https:", "localStorage", "cookie"}) {
    EXPECT_THAT(script, Not(HasSubstr(forbidden)));
  }
  for (const char* forbidden : {"@import", "url(", "http:", "https:"}) {
    EXPECT_THAT(sheet, Not(HasSubstr(forbidden)));
  }
}

using Colours = std::map<std::string, std::string>;

Colours colours_in(const std::string& sheet) {
  Colours colours;
  const std::regex declaration("--([a-z-]+): #([0-9a-f]{6});");
  for (std::sregex_iterator at(sheet.begin(), sheet.end(), declaration), end; at != end; ++at) {
    colours[(*at)[1]] = (*at)[2];
  }
  return colours;
}

// WCAG 2.2, relative luminance and contrast.
double luminance(const std::string& colour) {
  double sum = 0;
  constexpr std::array<double, 3> kWeights{0.2126, 0.7152, 0.0722};
  for (std::size_t i = 0; i < kWeights.size(); ++i) {
    const double channel = std::stoi(colour.substr(2 * i, 2), nullptr, 16) / 255.0;
    sum += kWeights[i] * (channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4));
  }
  return sum;
}

double contrast(const std::string& one, const std::string& other) {
  const double a = luminance(one), b = luminance(other);
  return (std::max(a, b) + 0.05) / (std::min(a, b) + 0.05);
}

void expect_legible(const Colours& colours) {
  for (const char* ground : {"paper", "card", "genuine-wash", "caution-wash", "refused-wash", "neutral-wash"}) {
    for (const char* text : {"ink", "soft", "link"}) {
      EXPECT_GE(contrast(colours.at(text), colours.at(ground)), 4.5) << text << " on " << ground;
    }
  }
  for (const char* figure : {"genuine", "refused", "caution"}) {
    EXPECT_GE(contrast(colours.at(figure), colours.at("paper")), 4.5) << figure;
  }
  EXPECT_GE(contrast(colours.at("plain"), colours.at("paper")), 3.0);  // lines and shapes
  EXPECT_GE(contrast(colours.at("plain"), colours.at("plain-wash")), 3.0);
}

TEST(StyleSheet, IsLegibleByDayAndByNight) {
  const std::string sheet(asset("/style.css").body);
  const std::size_t night = sheet.find("prefers-color-scheme: dark");
  ASSERT_NE(night, std::string::npos);
  expect_legible(colours_in(sheet.substr(0, night)));
  expect_legible(colours_in(sheet.substr(night, sheet.find("box-sizing") - night)));
}

TEST(StyleSheet, MindsWhatReadersAskFor) {
  const std::string sheet(asset("/style.css").body);
  for (const char* needed : {"prefers-color-scheme: dark", "prefers-reduced-motion", "prefers-contrast",
                             "forced-colors", "@media print", ":focus-visible"}) {
    EXPECT_THAT(sheet, HasSubstr(needed));
  }
}

}  // namespace
}  // namespace vouch
