#include <gtest/gtest.h>

#include "conf/problems.h"

namespace vouch {
namespace {

const std::vector<std::string_view> kKeys = {"ttl_min", "ttl_max", "size", "prefetch", "serve_stale"};

TEST(Nearest, ForgivesSlipsOfTheHand) {
  EXPECT_EQ(nearest("tll_min", kKeys), "ttl_min");
  EXPECT_EQ(nearest("TTL-MAX", kKeys), "ttl_max");
  EXPECT_EQ(nearest("sizes", kKeys), "size");
  EXPECT_EQ(nearest("prefecth", kKeys), "prefetch");
  EXPECT_EQ(nearest("serve_expired", kKeys), "");  // another word, not a slip
}

TEST(Nearest, DoesNotGuessWildly) {
  EXPECT_EQ(nearest("x", kKeys), "");
  EXPECT_EQ(nearest("", kKeys), "");
  EXPECT_EQ(nearest(std::string(1'000'000, 'a'), kKeys), "");
  EXPECT_EQ(nearest("anything", {}), "");
}

TEST(Quoted, IsShortAndPrintable) {
  EXPECT_EQ(quoted_value("a\nb"), "`a\\010b`");
  EXPECT_EQ(quoted_value(std::string(61, 'x')), "`" + std::string(60, 'x') + "...`");
}

}  // namespace
}  // namespace vouch
