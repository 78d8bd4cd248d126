#include "resolver/base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace vouch {
namespace {

// Hands out the numbers that a test wrote down.
class ScriptedRandom final : public Random {
 public:
  explicit ScriptedRandom(std::vector<std::uint32_t> numbers) : numbers_(std::move(numbers)) {}
  void fill(MutableBytes out) override {
    ASSERT_EQ(out.size(), 4U);
    EXPECT_LT(next_, numbers_.size());
    store32(out.data(), next_ < numbers_.size() ? numbers_[next_] : 0xffffffffU);
    ++next_;
  }
  std::size_t drawn() const { return next_; }

 private:
  std::vector<std::uint32_t> numbers_;
  std::size_t next_ = 0;
};

TEST(Random, BelowStaysBelow) {
  SystemRandom random;
  for (const std::uint32_t bound : {1U, 2U, 3U, 7U, 1000U, 0x80000001U, 0xffffffffU}) {
    for (int i = 0; i < 2000; ++i) { ASSERT_LT(random.below(bound), bound); }
  }
}

TEST(Random, BelowReachesEveryValue) {
  SystemRandom random;
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 4000; ++i) { seen.insert(random.below(8)); }  // one value missed: 8 * (7/8)^4000, never
  EXPECT_EQ(seen.size(), 8U);
}

TEST(Random, BelowSpreadsTheWholeRange) {
  ScriptedRandom random({0x80000001U, 0xffffffffU});
  EXPECT_EQ(random.below(10), 5U);
  EXPECT_EQ(random.below(10), 9U);
}

TEST(Random, BelowDrawsAgainWhatWouldFavourSomeValues) {
  // 2^32 leaves 1 when divided by 3: exactly one of the 32-bit numbers, 0, is one too many.
  ScriptedRandom random({0, 1});
  EXPECT_EQ(random.below(3), 0U);
  EXPECT_EQ(random.drawn(), 2U);
}

TEST(Random, BelowTakesAPowerOfTwoAsItIs) {
  ScriptedRandom random({0, 0xffffffffU});
  EXPECT_EQ(random.below(4), 0U);
  EXPECT_EQ(random.below(4), 3U);
}

TEST(SystemRandom, FillsAnyLengthAndNeverRepeats) {
  SystemRandom random;
  std::vector<Octet> first(5000), second(5000);  // more than a block
  random.fill(first);
  random.fill(second);
  EXPECT_NE(first, second);
  EXPECT_FALSE(std::ranges::all_of(first, [](Octet octet) { return octet == 0; }));
}

TEST(SystemRandom, TwoGeneratorsDiffer) {
  SystemRandom one, two;
  EXPECT_NE(one.next64(), two.next64());
}

}  // namespace
}  // namespace vouch
