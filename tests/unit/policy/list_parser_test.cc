// Lists as they are found on the Internet: every form, every nonsense, and cut into pieces anywhere.
#include "resolver/policy/list_parser.h"

#include <gtest/gtest.h>

namespace vouch {
namespace {

struct Parsed {
  NameTable listed, excepted;
  ListReport report;

  bool blocks(std::string_view name) const {
    const HashedName hashed(Name::of(name));
    return listed.find(hashed) && !excepted.find(hashed);
  }
};

std::unique_ptr<Parsed> parse(std::string_view text, ListFormat format = ListFormat::automatic,
                              std::size_t piece = std::string_view::npos) {
  auto parsed = std::make_unique<Parsed>();
  ListParser parser(format, parsed->listed, parsed->excepted);
  while (!text.empty()) {
    parser.feed(text.substr(0, piece));
    text.remove_prefix(std::min(piece, text.size()));
  }
  parsed->report = parser.end();
  return parsed;
}

std::string first_bad(const ListReport& report) {
  std::string text;
  for (const auto& bad : report.first_bad) { text += std::to_string(bad.line) + ": " + bad.problem + "\n"; }
  return text;
}

constexpr std::string_view kHosts =
    "# Title\r\n"
    "127.0.0.1 localhost\n"
    "::1 ip6-localhost ip6-loopback\r\n"
    "255.255.255.255 broadcasthost\n"
    "\n"
    "0.0.0.0 0.0.0.0\n"
    "0.0.0.0 Ads.Example  # with a remark\r\n"
    "0.0.0.0\ttracker.example two.example\n"
    ":: six.example\n"
    "  127.0.0.1   indented.example  ";

TEST(ListParser, HostsFilesBlockExactlyTheirNames) {
  for (const ListFormat format : {ListFormat::hosts, ListFormat::automatic}) {
    const auto list = parse(kHosts, format);
    for (const char* name : {"ads.example.", "tracker.example.", "two.example.", "six.example.", "indented.example."}) {
      EXPECT_TRUE(list->blocks(name)) << name;
    }
    EXPECT_FALSE(list->blocks("www.ads.example.")) << "a hosts file does not speak of what is below";
    EXPECT_FALSE(list->blocks("localhost."));
    EXPECT_EQ(list->report.names, 5U);
    EXPECT_EQ(first_bad(list->report), "4: maps names to an address that is reachable: local data, not a list\n");
    EXPECT_EQ(list->report.lines, 10U);
  }
}

TEST(ListParser, DomainsBlockWhatIsBelow) {
  const auto list = parse("ads.example\n*.wild.example\n.dot.example\nfinal.example.\n# no\n; no\nzip\n");
  for (const char* name : {"ads.example.", "a.b.ads.example.", "wild.example.", "x.wild.example.", "dot.example.",
                           "final.example.", "any.zip."}) {
    EXPECT_TRUE(list->blocks(name)) << name;
  }
  EXPECT_FALSE(list->blocks("example."));
  EXPECT_EQ(list->report.bad, 1U);
}

TEST(ListParser, FiltersOnNamesCountAndOthersArePassedOver) {
  const auto list = parse(
      "[Adblock Plus 2.0]\n"
      "! Title: x\n"
      "||ads.example^\n"
      "||important.example^$important\n"
      "||open.example\n"
      "@@||good.ads.example^\n"
      "||third.example^$third-party\n"
      "||img*.example^\n"
      "||path.example/banner\n"
      "example.com##.banner\n"
      "/regex/\n"
      "@@|https://x.example|\n");
  EXPECT_TRUE(list->blocks("ads.example."));
  EXPECT_TRUE(list->blocks("a.ads.example."));
  EXPECT_TRUE(list->blocks("important.example."));
  EXPECT_TRUE(list->blocks("open.example."));
  EXPECT_FALSE(list->blocks("good.ads.example."));
  EXPECT_FALSE(list->blocks("x.good.ads.example."));
  EXPECT_FALSE(list->blocks("third.example."));
  EXPECT_FALSE(list->blocks("path.example."));
  EXPECT_EQ(list->report.bad, 0U) << first_bad(list->report);
  EXPECT_EQ(list->report.passed_over, 6U);
}

TEST(ListParser, OtherAlphabetsAreReadAsIdna) {
  const auto list = parse(
      "B\xc3\xbc"
      "cher.example\n0.0.0.0 \xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80.example\n");
  EXPECT_TRUE(list->blocks("xn--bcher-kva.example."));
  EXPECT_TRUE(list->blocks("xn--e1afmkfd.example."));
  EXPECT_EQ(list->report.bad, 0U) << first_bad(list->report);
}

TEST(ListParser, BadLinesAreCountedAndTheFirstAreTold) {
  std::string text = "good.example\n192.0.2.1\nspace in.example\n\xff\xfe.example\n" + std::string(64, 'a') +
                     ".example\n..\n-\x01.example\n" + std::string(5000, 'x') + "\nlast.example\n";
  const auto list = parse(text);
  EXPECT_TRUE(list->blocks("good.example."));
  EXPECT_TRUE(list->blocks("last.example."));
  EXPECT_EQ(list->report.names, 2U);
  EXPECT_EQ(list->report.bad, 7U);
  ASSERT_EQ(list->report.first_bad.size(), ListReport::kMaxTold);
  EXPECT_EQ(list->report.first_bad[0].line, 2U);
  EXPECT_EQ(list->report.first_bad[0].problem, "not a domain name");
}

TEST(ListParser, PiecesOfAnySizeSayTheSame) {
  const std::string text = "\xef\xbb\xbf" + std::string(kHosts) + "\n||ads.example^\n" + std::string(5000, 'y') +
                           "\nb\xc3\xbc"
                           "cher.example";
  const auto whole = parse(text);
  EXPECT_TRUE(whole->blocks("sub.xn--bcher-kva.example."));
  for (std::size_t piece = 1; piece < 40; ++piece) {
    const auto list = parse(text, ListFormat::automatic, piece);
    EXPECT_EQ(list->report.names, whole->report.names) << piece;
    EXPECT_EQ(list->report.lines, whole->report.lines) << piece;
    EXPECT_EQ(first_bad(list->report), first_bad(whole->report)) << piece;
  }
}

TEST(ListParser, TheFormatThatIsNamedIsTheOnlyOneTaken) {
  EXPECT_EQ(parse("0.0.0.0 a.example\n", ListFormat::domains)->report.bad, 1U);
  EXPECT_EQ(parse("a.example\n", ListFormat::hosts)->report.bad, 1U);
  EXPECT_EQ(parse("||a.example^\n", ListFormat::domains)->report.bad, 1U);
}

}  // namespace
}  // namespace vouch
