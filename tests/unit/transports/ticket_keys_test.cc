#include "transports/tls/ticket_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

namespace vouch {
namespace {

constexpr std::int64_t kNoon = 1'800'000'000 / TicketKeys::kPeriod * TicketKeys::kPeriod;  // a period's first second
constexpr std::int64_t kPeriod = TicketKeys::kPeriod;

Buffer secret(Octet seed) { return Buffer(TicketKeys::kLeastSecret, seed); }

TEST(TicketKeys, AreTheSameForAllWhoShareTheSecret) {
  const TicketKeys here(secret(1)), there(secret(1));
  const TicketKey made = here.to_make(kNoon);
  const auto found = there.to_open(made.name, kNoon);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->key.name, made.name);
  EXPECT_EQ(found->key.encryption, made.encryption);
  EXPECT_EQ(found->key.authentication, made.authentication);
  EXPECT_TRUE(found->is_fresh);
}

TEST(TicketKeys, OpenNothingOfAnotherSecret) {
  const TicketKeys here(secret(1)), there(secret(2));
  EXPECT_FALSE(there.to_open(here.to_make(kNoon).name, kNoon));
  EXPECT_NE(here.to_make(kNoon).encryption, there.to_make(kNoon).encryption);
  Buffer longer = secret(1);
  longer.push_back(0);
  EXPECT_FALSE(TicketKeys(longer).to_open(here.to_make(kNoon).name, kNoon));
}

TEST(TicketKeys, ChangeWithThePeriodAndOpenTheLastOne) {
  const TicketKeys keys(secret(1));
  const TicketKey made = keys.to_make(kNoon);
  EXPECT_EQ(keys.to_make(kNoon + kPeriod - 1).name, made.name);
  EXPECT_NE(keys.to_make(kNoon + kPeriod).name, made.name);
  EXPECT_NE(keys.to_make(kNoon + kPeriod).encryption, made.encryption);

  EXPECT_TRUE(keys.to_open(made.name, kNoon + kPeriod - 1)->is_fresh);
  ASSERT_TRUE(keys.to_open(made.name, kNoon + kPeriod));
  EXPECT_FALSE(keys.to_open(made.name, kNoon + kPeriod)->is_fresh);
  EXPECT_EQ(keys.to_open(made.name, kNoon + kPeriod)->key.encryption, made.encryption);
  EXPECT_TRUE(keys.to_open(made.name, kNoon + 2 * kPeriod - 1));
  EXPECT_FALSE(keys.to_open(made.name, kNoon + 2 * kPeriod));
  EXPECT_FALSE(keys.to_open(made.name, kNoon - 1));  // not yet
}

TEST(TicketKeys, HaveNothingInCommon) {
  const TicketKeys keys(secret(1));
  std::set<std::string> seen;
  std::size_t made = 0;
  const auto note = [&](auto octets) {
    seen.emplace(octets.begin(), octets.begin() + 16);
    ++made;
  };
  for (std::int64_t period = 0; period < 100; ++period) {
    const TicketKey key = keys.to_make(period * kPeriod);
    note(key.name);
    note(key.encryption);
    note(key.authentication);
  }
  note(keys.derived_for("quic"));
  note(keys.derived_for("reset"));
  EXPECT_EQ(seen.size(), made);
}

TEST(TicketKeys, DeriveOneSecretForEachPurpose) {
  const TicketKeys here(secret(1)), there(secret(1)), stranger(secret(2));
  const auto derived = here.derived_for("quic");
  EXPECT_EQ(derived, there.derived_for("quic"));
  EXPECT_NE(derived, stranger.derived_for("quic"));
  EXPECT_NE(derived, here.derived_for("quic tickets"));
  EXPECT_FALSE(std::equal(derived.begin(), derived.begin() + 32, derived.begin() + 32));
}

TEST(TicketKeys, SurviveAClockThatIsWrong) {
  const TicketKeys keys(secret(1));
  for (const std::int64_t odd : {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min(),
                                 std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_TRUE(keys.to_open(keys.to_make(odd).name, odd)->is_fresh);
  }
  EXPECT_FALSE(keys.to_open(Bytes(), kNoon));
}

// Other servers behind the same address, and our next version, must derive the same.
TEST(TicketKeys, AreAnInterface) {
  const TicketKey key = TicketKeys(secret(1)).to_make(0);
  std::string name;
  for (const Octet octet : key.name) {
    constexpr char kDigits[] = "0123456789abcdef";
    name.push_back(kDigits[octet >> 4U]);
    name.push_back(kDigits[octet & 15U]);
  }
  EXPECT_EQ(name, "54aab88536099f35438dde2888b2868c");
}

}  // namespace
}  // namespace vouch
