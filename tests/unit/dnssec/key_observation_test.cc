#include "resolver/dnssec/key_observation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/dnssec_kit/signer.h"

namespace vouch {
namespace {

using dnssec_kit::dnskey_set;
using dnssec_kit::kDay;
using dnssec_kit::kNow;
using dnssec_kit::rrsig;
using dnssec_kit::SigningKey;
using dnssec_kit::SignOptions;
using dnssec_kit::with_signatures;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint16_t kKsk = 0x0101, kRevokedKsk = 0x0181;
constexpr std::uint32_t kTtl = 172800;

SignOptions ending(UnixTime expiration, std::uint32_t original_ttl = kTtl, bool is_broken = false) {
  SignOptions options;
  options.expiration = expiration;
  options.original_ttl = original_ttl;
  options.is_broken = is_broken;
  return options;
}

class Looking : public testing::Test {
 protected:
  KeyLook look(const RRset& set, UnixTime now = kNow, bool is_ignored = false) {
    Budget budget{Instant()};
    return look_at_keys(set, point_, Sha1Policy::validate, {.now = now, .skew = 300, .is_ignored = is_ignored}, budget);
  }

  const Name zone_ = Name::of("Example.");
  const SigningKey first_{{.flags = kKsk, .seed = "first"}};
  const SigningKey second_{{.flags = kKsk, .seed = "second"}};
  const SigningKey stranger_{{.flags = kKsk, .seed = "stranger"}};
  const SigningKey zone_key_{{.flags = 0x0100, .seed = "zsk"}};
  const SigningKey revoked_first_ = first_.with_flags(kRevokedKsk);
  TrustPoint point_{{.zone = zone_, .ds = {first_.ds(zone_)}, .dnskeys = {}}};
};

TEST_F(Looking, ASetThatATrustedKeySignedTellsItsKeysAndTimes) {
  const auto set = dnskey_set(zone_, {&first_, &second_, &zone_key_}, 100);
  const KeyLook seen = look(*with_signatures(*set, {rrsig(*set, first_, zone_, ending(kNow + 9 * kDay))}));
  EXPECT_TRUE(seen.verdict.is_secure());
  EXPECT_TRUE(seen.seen.is_validated);
  EXPECT_EQ(seen.seen.at, kNow);
  EXPECT_EQ(seen.seen.original_ttl, kTtl);
  EXPECT_EQ(seen.seen.expires, kNow + 9 * kDay);
  EXPECT_THAT(seen.seen.keys, ElementsAre(first_.dnskey(), second_.dnskey(), zone_key_.dnskey()));
  EXPECT_THAT(seen.seen.revoked, IsEmpty());
}

TEST_F(Looking, JunkBesideTheSignatureSetsNoTimes) {
  const auto set = dnskey_set(zone_, {&first_});
  const Buffer junk = rrsig(*set, first_, zone_, ending(kNow + 300 * kDay, 1, true));
  const Buffer right = rrsig(*set, first_, zone_, ending(kNow + 9 * kDay));
  const KeyLook seen = look(*with_signatures(*set, {junk, right}));
  EXPECT_TRUE(seen.seen.is_validated);
  EXPECT_EQ(seen.seen.original_ttl, kTtl);
  EXPECT_EQ(seen.seen.expires, kNow + 9 * kDay);
}

TEST_F(Looking, ASetThatOnlyStrangersSignedIsNotValidated) {
  const auto set = dnskey_set(zone_, {&first_, &stranger_});
  const KeyLook seen = look(*with_signatures(*set, {rrsig(*set, stranger_, zone_)}));
  EXPECT_TRUE(seen.verdict.is_bogus());
  EXPECT_FALSE(seen.seen.is_validated);
}

TEST_F(Looking, ASignatureWhoseTimeIsOverDoesNotCountEvenWhenTimesAreIgnoredElsewhere) {
  const auto set = dnskey_set(zone_, {&first_});
  const auto signed_set = with_signatures(*set, {rrsig(*set, first_, zone_, ending(kNow - kDay))});
  EXPECT_FALSE(look(*signed_set).seen.is_validated);
  EXPECT_FALSE(look(*signed_set, kNow, true).seen.is_validated);
  EXPECT_TRUE(look(*signed_set, kNow - 2 * kDay).seen.is_validated);
}

TEST_F(Looking, ARevokedKeyThatSignedTheSetItselfIsRevoked) {
  const auto set = dnskey_set(zone_, {&revoked_first_});
  const KeyLook seen = look(*with_signatures(*set, {rrsig(*set, revoked_first_, zone_)}));
  EXPECT_FALSE(seen.seen.is_validated) << "it can vouch for nothing else any more";
  EXPECT_THAT(seen.seen.revoked, ElementsAre(first_.dnskey())) << "the key as it was known";
  EXPECT_THAT(seen.seen.keys, IsEmpty());
}

TEST_F(Looking, NobodyElseCanRevokeAKey) {
  point_ = TrustPoint({.zone = zone_, .ds = {}, .dnskeys = {first_.dnskey(), second_.dnskey()}});
  const auto set = dnskey_set(zone_, {&revoked_first_, &second_});
  const KeyLook unsigned_by_itself = look(*with_signatures(*set, {rrsig(*set, second_, zone_)}));
  EXPECT_TRUE(unsigned_by_itself.seen.is_validated);
  EXPECT_THAT(unsigned_by_itself.seen.revoked, IsEmpty());
  const Buffer broken = rrsig(*set, revoked_first_, zone_, ending(kNow + kDay, kTtl, true));
  EXPECT_THAT(look(*with_signatures(*set, {rrsig(*set, second_, zone_), broken})).seen.revoked, IsEmpty());
  // The tag of the key without the bit: signed before the bit was set, or by somebody who only has the old signature.
  const Buffer old_tag = rrsig(*set, first_, zone_);
  EXPECT_THAT(look(*with_signatures(*set, {rrsig(*set, second_, zone_), old_tag})).seen.revoked, IsEmpty());
  const Buffer right = rrsig(*set, revoked_first_, zone_);
  EXPECT_THAT(look(*with_signatures(*set, {rrsig(*set, second_, zone_), right})).seen.revoked,
              ElementsAre(first_.dnskey()));
}

TEST_F(Looking, ARevocationOfAKeyThatNobodyTrustsIsNotWorthACheck) {
  const SigningKey revoked_stranger = stranger_.with_flags(kRevokedKsk);
  const auto set = dnskey_set(zone_, {&first_, &revoked_stranger});
  EXPECT_THAT(
      look(*with_signatures(*set, {rrsig(*set, first_, zone_), rrsig(*set, revoked_stranger, zone_)})).seen.revoked,
      IsEmpty());
}

TEST_F(Looking, AnotherZonesSignatureIsNone) {
  const auto set = dnskey_set(zone_, {&revoked_first_});
  EXPECT_THAT(look(*with_signatures(*set, {rrsig(*set, revoked_first_, Name())})).seen.revoked, IsEmpty());
}

TEST_F(Looking, KeysOfUnknownAlgorithmsAreNotFollowed) {
  Buffer odd = stranger_.dnskey();
  odd[3] = 250;
  const auto set = dnssec_kit::set_of(zone_, Type::DNSKEY, 3600, {first_.dnskey(), odd});
  const KeyLook seen = look(*with_signatures(*set, {rrsig(*set, first_, zone_)}));
  EXPECT_TRUE(seen.seen.is_validated);
  EXPECT_THAT(seen.seen.keys, ElementsAre(first_.dnskey()));
}

TEST_F(Looking, WithoutAnAnchorNothingIsValidated) {
  point_.observe({.at = kNow - kDay,
                  .original_ttl = kTtl,
                  .expires = kNow,
                  .is_validated = false,
                  .keys = {},
                  .revoked = {first_.dnskey()}});
  ASSERT_TRUE(point_.trusted().empty());
  const auto set = dnskey_set(zone_, {&first_});
  EXPECT_FALSE(look(*with_signatures(*set, {rrsig(*set, first_, zone_)})).seen.is_validated);
}

}  // namespace
}  // namespace vouch
