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

// As evenly spread as hashes are (SplitMix64), and the same in every run: those of tag_of() differ with the key of the
// process, and with them which sets get crowded.
VerifiedMemo::Tag tag_number(std::uint64_t number) {
  const auto mixed = [](std::uint64_t x) {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
    x = (x ^ x >> 27) * 0x94d049bb133111ebU;
    return x ^ x >> 31;
  };
  constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15U;
  return {mixed((2 * number + 1) * kStep), mixed((2 * number + 2) * kStep)};
}

TEST(VerifiedMemo, KeepsWhatComesAgainThroughAFloodOfWhatComesOnce) {
  VerifiedMemo memo;
  constexpr std::uint64_t kRounds = 50, kRegulars = 200, kFlood = 4 * VerifiedMemo::kSets;
  std::uint64_t number = kRegulars;
  std::size_t forgotten = 0;
  for (std::uint64_t round = 0; round < kRounds; ++round) {
    for (const bool again : {false, true}) {
      for (std::uint64_t regular = 0; regular < kRegulars; ++regular) {
        const auto tag = tag_number(regular);
        if (memo.knows(tag)) { continue; }
        forgotten += round > 0 && !again ? 1 : 0;
        memo.remember(tag);
      }
    }
    for (std::uint64_t once = 0; once < kFlood; ++once) { memo.remember(tag_number(number++)); }
  }
  EXPECT_LT(forgotten, kRounds * kRegulars / 20);  // where the latest four of a set were kept: more than half
  memo.clear();
  EXPECT_FALSE(memo.knows(tag_number(0)));
}

}  // namespace
}  // namespace vouch
