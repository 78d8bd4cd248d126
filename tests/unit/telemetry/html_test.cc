#include "telemetry/web/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/telemetry/markup.h"
#include "tests/web/sample_figures.h"

namespace vouch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string escaped(std::string_view text) {
  std::string to;
  append_escaped(to, text);
  return to;
}

constexpr std::string_view kReplaced = "\uFFFD";

TEST(Escaper, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(escaped("www.example.org."), "www.example.org.");
  EXPECT_EQ(escaped("\u00BFPor qu\u00E9? \u2013 31\u00A0%"), "\u00BFPor qu\u00E9? \u2013 31\u00A0%");
  EXPECT_EQ(escaped("\U0001F511"), "\U0001F511");
}

TEST(Escaper, EndsNeitherTextNorAttribute) {
  EXPECT_EQ(escaped("<a href=\"x\">&'`"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;&#96;");
}

TEST(Escaper, ShowsControlsInsteadOfSendingThem) {
  EXPECT_EQ(escaped(std::string_view("a\0b", 3)), "a\uFFFDb");
  EXPECT_EQ(escaped("a\x1b[31m"), "a\uFFFD[31m");
  EXPECT_EQ(escaped("a\x7f"), "a\uFFFD");
  EXPECT_EQ(escaped("a\u0085b"), "a\uFFFDb");
  EXPECT_EQ(escaped("a\r\n\tb"), "a   b");
}

TEST(Escaper, LetsNothingTurnTheLineOrHide) {
  for (const char* hidden :
       {"\u202A", "\u202B", "\u202D", "\u202E", "\u2066", "\u2067", "\u2069", "\u200E",     "\u200F", "\u061C",
        "\u200B", "\u200D", "\u2028", "\u2060", "\uFEFF", "\uFE0F", "\u00AD", "\U000E0041", "\uFFFE", "\U0001FFFF"}) {
    EXPECT_EQ(escaped(hidden), kReplaced);
  }
}

TEST(Escaper, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(escaped("\xff"), "\uFFFD");
  EXPECT_EQ(escaped("\xc0\xaf"), "\uFFFD\uFFFD");            // "/" in two octets
  EXPECT_EQ(escaped("\xe0\x80\xbc"), "\uFFFD\uFFFD\uFFFD");  // "<" in three
  EXPECT_EQ(escaped("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(escaped("\xf4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(escaped("\xe2\x82"), "\uFFFD\uFFFD");  // cut short
  EXPECT_EQ(escaped("\xe2<b"), "\uFFFD&lt;b");     // a lead octet does not swallow what follows
}

TEST(Html, MarkupComesFromLiteralsAlone) {
  const std::string name = "<b>";
  Html html;
  html << "<p title=\""_html << name << "\">"_html << name << "<i>"
       << "</p>"_html;
  EXPECT_EQ(html.octets(), "<p title=\"&lt;b&gt;\">&lt;b&gt;&lt;i&gt;</p>");
  static_assert(!std::is_constructible_v<Markup, std::string_view>);
  static_assert(!std::is_constructible_v<Markup, std::string>);
  static_assert(!std::is_constructible_v<Markup, const char*>);
}

TEST(Html, PiecesAreNotEscapedTwice) {
  const Html inner = foreign("a&b");
  Html outer;
  outer << inner << inner;
  EXPECT_EQ(outer.octets(), "<bdi class=\"name\">a&amp;b</bdi><bdi class=\"name\">a&amp;b</bdi>");
}

TEST(Html, HostileTextStaysText) {
  Html html;
  html << "<p title=\""_html << hostile_text() << "\">"_html << foreign(hostile_text()) << code(hostile_text())
       << "</p>"_html;
  const Document document = read_markup(html.octets());
  EXPECT_EQ(document.error, "");
  EXPECT_EQ(document.elements.size(), 3U);
  EXPECT_THAT(html.octets(), Not(HasSubstr("\u202E")));
}

TEST(UrlComponent, LeavesUnreservedOctetsAlone) {
  EXPECT_EQ(url_component("www.a-b_c~d.example"), "www.a-b_c~d.example");
  EXPECT_EQ(url_component("a b/?&#\"'<\xff"), "a%20b%2F%3F%26%23%22%27%3C%FF");
}

}  // namespace
}  // namespace vouch
