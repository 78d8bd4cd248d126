#include "resolver/base/utf8.h"

#include <gtest/gtest.h>

namespace vouch {
namespace {

TEST(Utf8, ReadsPointsInTheirShortestForm) {
  const auto expect = [](std::string_view text, char32_t point, std::size_t octets) {
    EXPECT_EQ(first_point(text).point, point) << text;
    EXPECT_EQ(first_point(text).octets, octets) << text;
  };
  expect("a\xff", 'a', 1);
  expect("\u00F3x", 0xF3, 2);
  expect("\u6F22", 0x6F22, 3);
  expect("\U0001F512", 0x1F512, 4);
  expect("\xf4\x8f\xbf\xbf", 0x10FFFF, 4);
}

TEST(Utf8, RefusesWhatIsNone) {
  for (const std::string_view text : {"\x80", "\xc3", "\xc3(", "\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf",
                                      "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xff"}) {
    EXPECT_EQ(first_point(text).octets, 0U) << text;
  }
}

TEST(Utf8, TellsWhatAReaderSees) {
  for (const char32_t point : {U' ', U'a', U'\u00A0', U'\u00F3', U'\u6F22', U'\U0001F512'}) {
    EXPECT_TRUE(is_visible(point)) << static_cast<unsigned>(point);
  }
  for (const char32_t point : {U'\n', U'\t', char32_t{0x7F}, char32_t{0x85}, U'\u00AD', U'\u200D', U'\u202E', U'\u2066',
                               U'\uFEFF', U'\uFFFE', U'\U000E0041', char32_t{0x10FFFF}}) {
    EXPECT_FALSE(is_visible(point)) << static_cast<unsigned>(point);
  }
}

}  // namespace
}  // namespace vouch
