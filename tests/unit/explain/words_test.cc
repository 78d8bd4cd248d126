#include "resolver/explain/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resolver/explain/render.h"

namespace vouch {
namespace {

using testing::HasSubstr;
using testing::Not;

// Every reason has its sentences, and a reader learns the zone from the first.
TEST(Words, EveryReasonIsTold) {
  for (std::size_t i = 1; i < kReasons; ++i) {
    const auto reason = static_cast<Reason>(i);
    Explanation explanation;
    explanation.question = {Name::of("www.example."), Type::A};
    explanation.verdict = Verdict::bogus(reason, Name::of("Example."));
    const std::string told = headline(explanation);
    EXPECT_GT(told.size(), 20U) << reason_id(reason);
    EXPECT_TRUE(told.ends_with('.')) << told;
    EXPECT_FALSE(plain_words(reason).empty()) << reason_id(reason);
    const bool is_of_a_zone = reason != Reason::clock_untrusted && reason != Reason::path_strips_dnssec;
    if (is_of_a_zone) { EXPECT_THAT(told, HasSubstr("example.")) << reason_id(reason); }
    for (const std::string& text : {told, plain_words(reason), explanation_text(explanation)}) {
      for (const char c : text) { EXPECT_TRUE(c == '\n' || (c >= ' ' && c <= '~')) << text; }
    }
  }
}

TEST(Words, ANameKeepsItsBeginning) {
  Explanation explanation;
  explanation.verdict = Verdict::bogus(Reason::nsec_missing, Name::of("example."));
  EXPECT_THAT(headline(explanation), testing::StartsWith("example. says that"));
  explanation.verdict = Verdict::bogus(Reason::dnskey_unreachable, Name::of("example."));
  EXPECT_EQ(headline(explanation), "No server of example. gives its DNSKEY set.");
}

TEST(Words, NumbersHaveNames) {
  EXPECT_EQ(algorithm_text(13), "13 (ECDSAP256SHA256)");
  EXPECT_EQ(algorithm_text(99), "99 (unknown here)");
  EXPECT_EQ(digest_text(2), "2 (SHA-256)");
  EXPECT_EQ(digest_text(3), "3 (unknown here)");
}

TEST(Words, TimesAreToldFromNow) {
  constexpr UnixTime kNow = 1785542400;  // 2026-08-01
  EXPECT_EQ(time_text(kNow), "2026-08-01 00:00:00 UTC");
  EXPECT_EQ(when_text(kNow - 3 * 86400, kNow), "3 days ago");
  EXPECT_EQ(when_text(kNow + 2 * 86400, kNow), "in 2 days");
  EXPECT_EQ(when_text(kNow - 300, kNow), "5 minutes ago");
}

TEST(Words, ATerminalIsSpared) {
  EXPECT_EQ(for_terminal("a\x1b[31m\x07\xc3\xb3"), "a?[31m???");
  const Name hostile = Name::of("\\027[2J\\155.example.");
  EXPECT_THAT(name_text(hostile), Not(HasSubstr("\x1b")));
  EXPECT_EQ(name_text(Name::of("WWW.Example.")), "www.example.");
}

}  // namespace
}  // namespace vouch
