#include "resolver/base/budget.h"

#include <gtest/gtest.h>

namespace vouch {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart{std::chrono::hours(1)};
constexpr std::uint32_t kCheap = 1;  // microseconds

struct BudgetTest : testing::Test {
  Budget budget{kStart};
  // How often, up to a bound that no limit reaches.
  template <typename Take>
  static std::uint32_t count(Take take) {
    std::uint32_t taken = 0;
    while (taken < 1000 && take()) { ++taken; }
    return taken;
  }
};

TEST_F(BudgetTest, EndsWithinFiveSeconds) {
  EXPECT_EQ(budget.deadline(), kStart + Budget::kTime);
  EXPECT_LT(Budget::kTime, 5s);
}

TEST_F(BudgetTest, AFreshOneIsNotSpent) {
  EXPECT_FALSE(budget.is_spent() || budget.was_hemmed_in() || budget.is_validation_spent() || budget.had_shortage());
}

TEST_F(BudgetTest, EachLimitOfTheWholeQueryEndsIt) {
  EXPECT_EQ(count([this] { return budget.take_upstream_query(); }), Budget::kUpstreamQueries);
  EXPECT_EQ(budget.upstream_queries(), Budget::kUpstreamQueries);
  EXPECT_TRUE(budget.is_spent());
  Budget aliases(kStart), steps(kStart), octets(kStart);
  EXPECT_EQ(count([&] { return aliases.take_alias(); }), Budget::kAliases);
  EXPECT_TRUE(aliases.is_spent());
  EXPECT_EQ(count([&] { return steps.take_step(); }), Budget::kSteps);
  EXPECT_TRUE(steps.is_spent());
  EXPECT_TRUE(octets.take_upstream_octets(Budget::kUpstreamOctets));
  EXPECT_FALSE(octets.is_spent());
  EXPECT_FALSE(octets.take_upstream_octets(1));
  EXPECT_TRUE(octets.is_spent());
}

TEST_F(BudgetTest, WithoutMoreServerNamesTheOthersMayStillServe) {
  EXPECT_EQ(count([this] { return budget.take_server_lookup(); }), Budget::kServerLookups);
  EXPECT_TRUE(budget.was_hemmed_in());
  EXPECT_FALSE(budget.is_spent());
}

TEST_F(BudgetTest, DepthIsBoundedAndNotSpent) {
  EXPECT_TRUE(budget.may_go_deeper(Budget::kDepth - 1));
  EXPECT_FALSE(budget.was_hemmed_in());
  EXPECT_FALSE(budget.may_go_deeper(Budget::kDepth));
  EXPECT_TRUE(budget.was_hemmed_in());
  EXPECT_TRUE(budget.may_go_deeper(0));
}

// ------------------------------------------------------------------------------------------------------ validation

TEST_F(BudgetTest, ChecksAreCountedForEachResponseAndInAll) {
  const auto check = [this] { return budget.take_signature_check(kCheap); };
  EXPECT_EQ(count(check), Budget::kSignatureChecksPerResponse);
  budget.begin_response();
  EXPECT_EQ(count(check), Budget::kSignatureChecks - Budget::kSignatureChecksPerResponse);
  budget.begin_response();
  EXPECT_FALSE(check()) << "what was spent in all stays spent";
  EXPECT_EQ(budget.signature_checks(), Budget::kSignatureChecks);
  EXPECT_TRUE(budget.is_validation_spent());
  EXPECT_FALSE(budget.is_spent()) << "addresses may still be looked up";
}

TEST_F(BudgetTest, ChecksInVainEndBeforeThose) {
  for (std::uint32_t failed = 0; failed < Budget::kFailedChecks; ++failed) {
    EXPECT_TRUE(budget.take_signature_check(kCheap));
    budget.note_failed_check();
  }
  EXPECT_EQ(budget.failed_checks(), Budget::kFailedChecks);
  EXPECT_FALSE(budget.take_signature_check(kCheap));
  budget.begin_response();
  EXPECT_FALSE(budget.take_signature_check(kCheap));
}

TEST_F(BudgetTest, DearChecksEndWhenTheirPriceIsSpent) {
  constexpr std::uint32_t kDear = Budget::kSignatureCost / 3;
  EXPECT_EQ(count([this] { return budget.take_signature_check(kDear); }), 3U);
  EXPECT_EQ(budget.signature_checks(), 3U) << "one that is refused costs nothing";
  EXPECT_TRUE(budget.is_validation_spent());
}

TEST_F(BudgetTest, HashIterationsAreTakenWholeOrNotAtAll) {
  EXPECT_TRUE(budget.take_hash_iterations(Budget::kHashIterations - 1));
  EXPECT_FALSE(budget.take_hash_iterations(2));
  EXPECT_EQ(budget.hash_iterations(), Budget::kHashIterations - 1);
  EXPECT_TRUE(budget.take_hash_iterations(1));
  EXPECT_TRUE(budget.is_validation_spent());
}

TEST_F(BudgetTest, WhoAllowsMoreIterationsPaysForTheNamesOfAProof) {
  budget.allow_nsec3_iterations(150);
  EXPECT_EQ(count([this] { return budget.take_hash_iterations(150 + 1); }), 6U);
}

TEST_F(BudgetTest, AllowingFewerIterationsTakesNothingAway) {
  budget.allow_nsec3_iterations(150);
  budget.allow_nsec3_iterations(0);
  EXPECT_TRUE(budget.take_hash_iterations(6 * 151));
  Budget usual(kStart);
  usual.allow_nsec3_iterations(50);
  EXPECT_TRUE(usual.take_hash_iterations(Budget::kHashIterations));
  EXPECT_FALSE(usual.take_hash_iterations(1));
}

TEST_F(BudgetTest, LookUpsForValidationCountWhenTheyLeaveTheCache) {
  EXPECT_EQ(count([this] { return budget.may_fetch_for_validation(); }), 1000U);
  EXPECT_EQ(count([this] {
              const bool may = budget.may_fetch_for_validation();
              budget.note_validation_fetch();
              return may;
            }),
            Budget::kValidationFetches);
  EXPECT_TRUE(budget.is_validation_spent());
  EXPECT_FALSE(budget.is_spent());
}

TEST_F(BudgetTest, AShortageOfSocketsIsNobodysFault) {
  budget.note_shortage();
  EXPECT_TRUE(budget.had_shortage());
  EXPECT_FALSE(budget.is_spent() || budget.was_hemmed_in());
}

}  // namespace
}  // namespace vouch
