#include "vouchctl/text.h"

#include <gtest/gtest.h>

#include <string>

namespace vouch {
namespace {

TEST(CtlText, NoOctetOfAStrangerReachesTheTerminalRaw) {
  EXPECT_EQ(printable("www.example."), "www.example.");
  EXPECT_EQ(printable("a\x1b[31mb"), "a\\027[31mb");
  EXPECT_EQ(printable("a\nb\r\tc"), "a\\010b\\013\\009c");
  EXPECT_EQ(printable("\xe2\x80\xae"), "\\226\\128\\174");  // U+202E turns the writing around
  EXPECT_EQ(printable(std::string_view("\0\x7f\xff", 3)), "\\000\\127\\255");
  EXPECT_EQ(printable("a\\.b \"c\""), "a\\.b \"c\"");
  for (int c = 0; c < 256; ++c) {
    for (const char out : printable(std::string(1, static_cast<char>(c)))) {
      EXPECT_TRUE(out >= ' ' && out <= '~') << c;
    }
  }
}

TEST(CtlText, MembersThatAreMissingOrOfAnotherKindDoNoHarm) {
  const Json object = Json::parse(R"({"text": "a\u001b", "empty": "", "n": 7, "real": 1.5, "minus": -3, "list": [1],
                                      "no": false, "null": null, "huge": 1e300, "object": {"a": "\u001b"}})");
  EXPECT_EQ(text_in(object, "text"), "a\\027");
  EXPECT_EQ(text_in(object, "empty"), "-");
  EXPECT_EQ(text_in(object, "missing"), "-");
  EXPECT_EQ(text_in(object, "null"), "-");
  EXPECT_EQ(text_in(object, "n"), "7");
  EXPECT_EQ(text_in(object, "object"), R"({"a":"\u001b"})");
  EXPECT_EQ(text_in(Json(7), "n"), "-");
  EXPECT_EQ(number_in(object, "n"), 7U);
  EXPECT_EQ(number_in(object, "real"), 1U);
  EXPECT_EQ(number_in(object, "minus"), 0U);
  EXPECT_EQ(number_in(object, "huge"), 0U);
  EXPECT_EQ(number_in(object, "text"), 0U);
  EXPECT_TRUE(list_in(object, "n").empty());
  EXPECT_EQ(list_in(object, "list").size(), 1U);
  EXPECT_FALSE(flag_in(object, "no"));
  EXPECT_FALSE(flag_in(object, "n"));
}

TEST(CtlText, FiguresReadWell) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1000), "1,000");
  EXPECT_EQ(count_text(18'446'744'073'709'551'615U), "18,446,744,073,709,551,615");
  EXPECT_EQ(octets_text(1023), "1023 octets");
  EXPECT_EQ(octets_text(1024), "1.0 KiB");
  EXPECT_EQ(octets_text(98'304'000), "93.8 MiB");
  EXPECT_EQ(octets_text(18'446'744'073'709'551'615U), "16384.0 PiB");
  EXPECT_EQ(span_text(59), "59 s");
  EXPECT_EQ(span_text(60), "1 min");
  EXPECT_EQ(span_text(3 * 86'400 + 4 * 3600 + 59), "3 d 4 h");
  EXPECT_EQ(time_text(0), "never");
  EXPECT_EQ(time_text(1'788'220'800), "2026-09-01 00:00:00 UTC");
  EXPECT_EQ(share_text(1, 3), "33.3 %");
  EXPECT_EQ(share_text(0, 0), "-");
}

TEST(CtlText, ATableIsAsWideAsItsWidestCells) {
  EXPECT_EQ(table_text({{"ZONE", "N"}, {"a.", "1,000"}, {"example.", "7"}}, {1}),
            "ZONE          N\na.        1,000\nexample.      7\n");
  EXPECT_EQ(table_text({{"A", "B"}, {"1", ""}}), "A  B\n1\n");
  EXPECT_EQ(table_text({}), "");
}

}  // namespace
}  // namespace vouch
