#include "conf/zone_text.h"

#include <gtest/gtest.h>

namespace vouch {
namespace {

TEST(ZoneText, IsCutIntoRecordsWithTheirLines) {
  const auto lines = split_zone_text(
      "$TTL 3600\n"
      "$ORIGIN .\n"
      "; a comment ( with \" odd things\n"
      "a.example. A 192.0.2.1 ; behind\n"
      "\t  AAAA 2001:db8::1\r\n"
      "\n"
      "b.example. TXT \"semi;colon ( \\\" \" \\;\n"
      "c.example. SOA ns. mail. ( 1 ; serial\n"
      "  2 3\n"
      "  4 5 )\n"
      "d.example. A 192.0.2.4");
  ASSERT_TRUE(lines) << lines.error().problem;
  ASSERT_EQ(lines->size(), 5U);
  EXPECT_EQ((*lines)[0].text, "a.example. A 192.0.2.1");
  EXPECT_EQ((*lines)[0].line, 4);
  EXPECT_EQ((*lines)[1].text, "a.example. AAAA 2001:db8::1");
  EXPECT_EQ((*lines)[2].text, "b.example. TXT \"semi;colon ( \\\" \" \\;");
  EXPECT_EQ((*lines)[3].line, 8);
  EXPECT_TRUE((*lines)[3].text.starts_with("c.example. SOA ns. mail.")) << (*lines)[3].text;
  EXPECT_TRUE((*lines)[3].text.ends_with("4 5")) << (*lines)[3].text;
  EXPECT_EQ((*lines)[4].line, 11);
}

struct Broken {
  const char* text;
  int line;
  const char* problem;
};

TEST(ZoneText, SaysWhatIsNeverClosed) {
  for (const Broken& broken : {Broken{"a. A 1.2.3.4\nb. SOA (\n\n", 2, "a parenthesis that is never closed"},
                               Broken{"a. SOA )\n", 1, "a closing parenthesis without an opening one"},
                               Broken{"a. TXT \"x\n", 1, "a quotation mark that is not closed in its line"},
                               Broken{"a. TXT \"x", 1, "a quotation mark that is never closed"},
                               Broken{" A 192.0.2.1\n", 1, "the first record has no owner name"},
                               Broken{"\n$INCLUDE /etc/shadow\n", 2,
                                      "this directive is not known here; write names in full, with their final dot"},
                               Broken{"$ORIGIN example.\n", 1,
                                      "this directive is not known here; write names in full, with their final dot"}}) {
    const auto lines = split_zone_text(broken.text);
    ASSERT_FALSE(lines) << broken.text;
    EXPECT_EQ(lines.error().line, broken.line) << broken.text;
    EXPECT_EQ(lines.error().problem, broken.problem) << broken.text;
  }
}

TEST(ZoneText, ASingleRecordIsExactlyOne) {
  EXPECT_EQ(single_record("a. A 192.0.2.1"), "a. A 192.0.2.1");
  EXPECT_FALSE(single_record(""));
  EXPECT_FALSE(single_record("a. A 192.0.2.1\nb. A 192.0.2.1"));
  EXPECT_FALSE(single_record("a. A ("));
}

}  // namespace
}  // namespace vouch
