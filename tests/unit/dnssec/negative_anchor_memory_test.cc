#include "resolver/dnssec/negative_anchor_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resolver/dnssec/checked_text.h"

namespace vouch {
namespace {

using testing::HasSubstr;

std::vector<TemporaryNegativeAnchor> anchors() {
  return {{Name::of("example.org."), "moving to another registrar", 1767225600, 1767232800, false},
          {Name::of("odd\\032na\\.me.example."), "", 1767225600, 1767225600 + kLongestNegativeAnchor, true}};
}

std::string problem_of(const std::string& body) {
  const auto parsed = parse_negative_anchors(*with_checksum("vouch-negative-anchors 1\n" + body));
  return parsed ? "none" : parsed.error();
}

TEST(NegativeAnchorMemory, ReadsBackWhatItWrote) {
  const auto text = negative_anchor_text(anchors());
  ASSERT_TRUE(text);
  const auto back = parse_negative_anchors(*text);
  ASSERT_TRUE(back) << back.error();
  EXPECT_EQ(*back, anchors());
  EXPECT_EQ(*negative_anchor_text(*back), *text);
}

TEST(NegativeAnchorMemory, OfNothingIsAFileToo) {
  const auto back = parse_negative_anchors(*negative_anchor_text({}));
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->empty());
}

// Wherever it is cut, and whichever octet is damaged: not believed in part.
TEST(NegativeAnchorMemory, IsBelievedWholeOrNotAtAll) {
  const std::string text = *negative_anchor_text(anchors());
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(parse_negative_anchors(text.substr(0, length))) << length;
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string damaged = text;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    EXPECT_FALSE(parse_negative_anchors(damaged)) << at;
  }
  EXPECT_FALSE(parse_negative_anchors(text + "x"));
}

TEST(NegativeAnchorMemory, RefusesWhatNobodyWouldWrite) {
  EXPECT_EQ(problem_of("anchor example.org. 100 200 until-it-holds -\n"), "none");
  for (const char* line : {"anchor . 100 200 stays -\n",                  // the root
                           "anchor example.org. 100 100 stays -\n",       // ends as it begins
                           "anchor example.org. 200 100 stays -\n",       // or before
                           "anchor example.org. 100 604901 stays -\n",    // a second more than a week
                           "anchor example.org. -1 200 stays -\n",        //
                           "anchor example.org. 100 200 maybe -\n",       //
                           "anchor example.org. 100 200 stays 0a\n",      // a line feed
                           "anchor example.org. 100 200 stays c285\n",    // another
                           "anchor example.org. 100 200 stays 1b5b6d\n",  // an escape sequence
                           "anchor example.org. 100 200 stays ff\n",      // no UTF-8
                           "anchor example.org. 100 200 stays\n", "anchor example.org. 100 200 stays - -\n", "\n"}) {
    EXPECT_THAT(problem_of(line), HasSubstr("line 2: not a negative anchor")) << line;
  }
  EXPECT_THAT(problem_of("anchor example.org. 100 200 stays -\nanchor EXAMPLE.org. 100 200 stays -\n"),
              HasSubstr("second time"));
}

TEST(NegativeAnchorMemory, HasALimit) {
  std::string body;
  for (std::size_t i = 0; i <= kMaxNegativeAnchors; ++i) {
    body += "anchor z" + std::to_string(i) + ".example. 100 200 stays -\n";
  }
  EXPECT_THAT(problem_of(body), HasSubstr("too many"));
  EXPECT_THAT(parse_negative_anchors(std::string(kMaxNegativeAnchorOctets + 1, 'x')).error(), HasSubstr("longer than"));
}

TEST(NegativeAnchorMemory, TellsAFitReason) {
  EXPECT_TRUE(is_fit_reason(""));
  EXPECT_TRUE(is_fit_reason("la zona no se renov\u00F3, \u6F22"));
  EXPECT_TRUE(is_fit_reason(std::string(kMaxNegativeAnchorReason, 'x')));
  EXPECT_FALSE(is_fit_reason(std::string(kMaxNegativeAnchorReason + 1, 'x')));
  EXPECT_FALSE(is_fit_reason("a\tb"));
  EXPECT_FALSE(is_fit_reason("a\x7f"));
  EXPECT_FALSE(is_fit_reason("\u202Eright to left"));
  EXPECT_FALSE(is_fit_reason("cut \xc3"));
  EXPECT_FALSE(is_fit_reason("\xc0\xaf"));          // a slash in two octets
  EXPECT_FALSE(is_fit_reason("\xed\xa0\x80"));      // half a pair
  EXPECT_FALSE(is_fit_reason("\xf4\x90\x80\x80"));  // above the last
  EXPECT_FALSE(is_fit_reason("no\u00ADbody sees it"));
  EXPECT_FALSE(is_fit_reason("\uFEFFnor this"));
}

}  // namespace
}  // namespace vouch
