#include "resolver/dnssec/verified_memo.h"

#include <gtest/gtest.h>

#include "resolver/base/bytes.h"

namespace vouch {
namespace {

Bytes of(std::string_view text) { return bytes_of(text); }

TEST(VerifiedMemo, KnowsWhatItWasToldAndNothingElse) {
  VerifiedMemo memo;
  const auto tag = VerifiedMemo::tag_of(7, of("data"), of("signature"));
  EXPECT_FALSE(memo.knows(tag));
  memo.remember(tag);
  EXPECT_TRUE(memo.knows(tag));
  EXPECT_TRUE(memo.knows(VerifiedMemo::tag_of(7, of("data"), of("signature"))));
}

TEST(VerifiedMemo, TellsKeyDataAndSignatureApart) {
  VerifiedMemo memo;
  memo.remember(VerifiedMemo::tag_of(7, of("data"), of("signature")));
  EXPECT_FALSE(memo.knows(VerifiedMemo::tag_of(8, of("data"), of("signature")))) << "another key with the same tag";
  EXPECT_FALSE(memo.knows(VerifiedMemo::tag_of(7, of("Data"), of("signature"))));
  EXPECT_FALSE(memo.knows(VerifiedMemo::tag_of(7, of("data"), of("signaturf"))));
  EXPECT_FALSE(memo.knows(VerifiedMemo::tag_of(7, of("datas"), of("ignature")))) << "where one ends counts";
  EXPECT_FALSE(memo.knows(VerifiedMemo::tag_of(7, of("signature"), of("data"))));
}

TEST(VerifiedMemo, KeepsWhatComesAgainThroughAFloodOfWhatComesOnce) {
  VerifiedMemo memo;
  constexpr std::uint64_t kRegulars = 200;
  std::size_t forgotten = 0;
  for (std::uint64_t round = 0; round < 50; ++round) {
    for (std::uint64_t regular = 0; regular < kRegulars; ++regular) {
      const auto tag = VerifiedMemo::tag_of(regular, of("zone"), of("signature"));
      if (!memo.knows(tag)) {
        forgotten += round > 1 ? 1 : 0;
        memo.remember(tag);
      }
      memo.remember(VerifiedMemo::tag_of(kRegulars + round * kRegulars + regular, of("once"), of("signature")));
    }
  }
  // Sets differ with the key of the process: in 300 runs 1 % was forgotten in the median, 9 % at most; without the two
  // kinds of places it would be a fifth and more.
  EXPECT_LT(forgotten, 50 * kRegulars / 4);
  memo.clear();
  EXPECT_FALSE(memo.knows(VerifiedMemo::tag_of(0, of("zone"), of("signature"))));
}

}  // namespace
}  // namespace vouch
