#include "resolver/front/fair_share.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace vouch {
namespace {

// What gets through of `rounds` queries that come in the proportions of `weights`, by source.
std::map<std::size_t, double> let_through(const std::vector<unsigned>& weights, unsigned rounds) {
  FairShare shares;
  std::map<std::size_t, unsigned> asked, passed;
  for (unsigned round = 0; round < rounds; ++round) {
    for (std::size_t source = 0; source < weights.size(); ++source) {
      for (unsigned i = 0; i < weights[source]; ++i) {
        const bool goes = !shares.stands_back((source + 1) * 0x9e3779b97f4a7c15U);
        if (round < rounds / 2) { continue; }  // until there is something to count by
        ++asked[source];
        passed[source] += goes ? 1 : 0;
      }
    }
  }
  std::map<std::size_t, double> part;
  for (const auto& [source, count] : asked) { part[source] = double(passed[source]) / count; }
  return part;
}

TEST(FairShare, TheLoudStandsBackAndNobodyElse) {
  const auto part = let_through({990, 5, 5}, 40);
  EXPECT_EQ(part.at(1), 1.0);
  EXPECT_EQ(part.at(2), 1.0);
  EXPECT_NEAR(part.at(0), FairShare::kShare / 0.99, 0.02);
}

TEST(FairShare, NobodyIsAloneToBlame) {
  for (const auto& [source, part] : let_through({100, 100, 100, 100, 100}, 40)) { EXPECT_EQ(part, 1.0) << source; }
}

TEST(FairShare, TwoLoudOnesStandBackAlike) {
  const auto part = let_through({480, 480, 40}, 40);
  EXPECT_EQ(part.at(2), 1.0);
  EXPECT_NEAR(part.at(0), FairShare::kShare / 0.48, 0.05);
  EXPECT_NEAR(part.at(1), part.at(0), 0.05);
}

TEST(FairShare, WhoIsAloneIsNotHeldBack) { EXPECT_EQ(let_through({1000}, 40).at(0), 1.0); }

TEST(FairShare, ItIsOverSoonAfterItIsOver) {
  FairShare shares;
  for (unsigned i = 0; i < 2 * FairShare::kWindow; ++i) {
    shares.stands_back(1U << 20U | 1U);
    if (i % 10 == 0) { shares.stands_back(2U << 20U | 2U); }
  }
  unsigned held_back = 0;
  for (unsigned i = 0; i < 3 * FairShare::kWindow; ++i) {
    // Now it asks as little as everybody.
    const bool back = shares.stands_back((i % 8 + 1) << 20U | (i % 8 + 1));
    if (i > 2 * FairShare::kWindow) { held_back += back ? 1 : 0; }
  }
  EXPECT_EQ(held_back, 0U);
}

}  // namespace
}  // namespace vouch
