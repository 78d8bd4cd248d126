// Stories about a zone's keys: their tags, the DS records that name them, and which of them may check data.
#include "resolver/dnssec/key_set.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/dnssec_kit/signer.h"

namespace vouch {
namespace {

using namespace dnssec_kit;

Buffer rdata_of(std::string_view line) { return parse_record(line).value().rdata; }

// RFC 4034 section 5.4 and RFC 4509 section 2.3.
const Name kDskey = Name::of("dskey.example.com.");
const Buffer kDskeyRdata = rdata_of(
    "dskey.example.com. DNSKEY 256 3 5 AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYw"
    "YqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==");
const Buffer kDsSha1 = rdata_of("dskey.example.com. DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118");
const Buffer kDsSha256 =
    rdata_of("dskey.example.com. DS 60485 5 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A");

TEST(KeyTags, AreThoseOfTheRfcs) {
  EXPECT_EQ(key_tag(kDskeyRdata), 60485);
  const std::pair<std::string_view, std::uint16_t> kKeys[] = {
      {"257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==", 55648},
      {"256 3 8 AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Qs8PkxUdp6p/DlUmObdk=", 9033},
      {"257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=", 3613},
      {"257 3 15 zPnZ/QwEe7S8C5SPz2OfS5RR40ATk2/rYnE9xHIEijs=", 35217},
      {"257 3 16 3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/OiBVHHSfPodx1FYYUcJKm1MDpJtIA", 9713},
  };
  for (const auto& [key, tag] : kKeys) { EXPECT_EQ(key_tag(rdata_of("k. DNSKEY " + std::string(key))), tag) << key; }
}

TEST(KeyTags, OfOddLengthsAndOfAlgorithm1) {
  EXPECT_EQ(key_tag(Buffer{1, 0, 3, 8, 0xab}), u16(0x0100 + 0x0308 + 0xab00));
  EXPECT_EQ(key_tag(Buffer(70000, 0xff)), tag_of(Buffer(70000, 0xff)));
  // RFC 4034 appendix B.1: of RSA/MD5, the modulus's last three octets but one.
  EXPECT_EQ(key_tag(Buffer{1, 0, 3, 1, 1, 3, 0x11, 0x22, 0x33}), 0x1122);
  EXPECT_EQ(key_tag(Buffer{1, 0, 3, 1, 1}), 0);
  EXPECT_EQ(key_tag(Buffer{1, 0, 3}), 0);
}

TEST(DnskeyViews, ShowTheFields) {
  const auto view = dnskey_view(Buffer{0x01, 0x81, 3, 13, 9, 9});
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->has_zone_bit());
  EXPECT_TRUE(view->is_revoked());
  EXPECT_TRUE(view->is_sep());
  EXPECT_EQ(view->protocol, 3);
  EXPECT_EQ(view->algorithm, 13);
  EXPECT_EQ(view->key.size(), 2U);
  EXPECT_FALSE(dnskey_view(Buffer{0, 0, 0, 0})->has_zone_bit());
  EXPECT_FALSE(dnskey_view(Buffer{1, 0, 3}));
  EXPECT_FALSE(ds_view(Buffer{1, 0, 3}));
}

TEST(DsRecords, MatchTheKeyTheyWereMadeOf) {
  EXPECT_TRUE(matches(*ds_view(kDsSha1), kDskey, kDskeyRdata));
  EXPECT_TRUE(matches(*ds_view(kDsSha256), kDskey, kDskeyRdata));
  EXPECT_TRUE(matches(*ds_view(kDsSha256), Name::of("DSKEY.Example.COM."), kDskeyRdata));
}

TEST(DsRecords, MatchNothingElse) {
  const DsView ds = *ds_view(kDsSha256);
  EXPECT_FALSE(matches(ds, Name::of("dskeys.example.com."), kDskeyRdata));
  Buffer other = kDskeyRdata;
  other.back() ^= 1;
  EXPECT_FALSE(matches(ds, kDskey, other));
  DsView cut = ds;
  cut.digest = cut.digest.first(20);  // a digest cut short is no digest
  EXPECT_FALSE(matches(cut, kDskey, kDskeyRdata));
  DsView mislabelled = ds;
  mislabelled.digest_type = 1;
  EXPECT_FALSE(matches(mislabelled, kDskey, kDskeyRdata));
  mislabelled.digest_type = 3;  // GOST: not known here
  EXPECT_FALSE(matches(mislabelled, kDskey, kDskeyRdata));
}

TEST(DsRecords, OfEveryDigestMatch) {
  const SigningKey key({.algorithm = 15, .flags = 0x0101});
  for (const std::uint8_t type : {std::uint8_t{1}, std::uint8_t{2}, std::uint8_t{4}}) {
    EXPECT_TRUE(matches(*ds_view(key.ds(kDskey, type)), Name::of("dsKEY.example.com."), key.dnskey())) << int{type};
  }
}

const Name kZone = Name::of("Example.");

TEST(KeySets, HoldTheKeysThatMayCheckData) {
  const SigningKey ksk({.flags = 0x0101, .seed = "ksk"}), zsk({.algorithm = 8});
  const SigningKey no_zone_bit = ksk.with_flags(0x0001), revoked = ksk.with_flags(0x0181);
  const SigningKey other_protocol({.protocol = 2, .seed = "protocol"});
  const RRsetPtr dnskeys = dnskey_set(kZone, {&no_zone_bit, &ksk, &revoked, &other_protocol, &zsk});
  const KeySetPtr set = KeySet::make(*dnskeys, Sha1Policy::validate);
  EXPECT_EQ(set->zone(), kZone.view());
  ASSERT_EQ(set->keys().size(), 2U);
  EXPECT_EQ(set->keys()[0]->tag(), ksk.tag());
  EXPECT_EQ(set->keys()[0]->index(), 1);
  EXPECT_EQ(set->keys()[1]->tag(), zsk.tag());
  EXPECT_EQ(set->keys()[1]->algorithm(), 8);
  EXPECT_EQ(set->keys()[1]->index(), 4);
  EXPECT_GT(set->memory(), sizeof(KeySet));
}

TEST(KeySets, LeaveOutAlgorithmsThatAreNotChecked) {
  const SigningKey old({.algorithm = 5}), new_one({.algorithm = 13});
  Buffer unknown = new_one.dnskey();
  unknown[3] = 23;
  const RRsetPtr dnskeys = set_of(kZone, Type::DNSKEY, 60, {old.dnskey(), unknown, new_one.dnskey()});
  EXPECT_EQ(KeySet::make(*dnskeys, Sha1Policy::validate)->keys().size(), 2U);
  const KeySetPtr strict = KeySet::make(*dnskeys, Sha1Policy::insecure);
  ASSERT_EQ(strict->keys().size(), 1U);
  EXPECT_EQ(strict->keys()[0]->algorithm(), 13);
  EXPECT_EQ(strict->sha1(), Sha1Policy::insecure);
}

TEST(KeySets, MayBeLimitedToChosenKeys) {
  const SigningKey a({.seed = "a"}), b({.seed = "b"}), c({.seed = "c"});
  const SigningKey revoked = c.with_flags(0x0180);
  const RRsetPtr dnskeys = dnskey_set(kZone, {&a, &b, &revoked});
  const std::size_t chosen[] = {1, 2};
  const KeySetPtr set = KeySet::make(*dnskeys, chosen, Sha1Policy::validate);
  ASSERT_EQ(set->keys().size(), 1U);
  EXPECT_EQ(set->keys()[0]->tag(), b.tag());
  EXPECT_TRUE(KeySet::make(*dnskeys, std::span<const std::size_t>{}, Sha1Policy::validate)->empty());
}

TEST(KeySets, HaveALimit) {
  std::vector<Buffer> many;
  for (unsigned i = 0; i < KeySet::kMaxKeys + 9; ++i) { many.push_back(colliding_dnskey(8, 4711, i)); }
  const KeySetPtr set = KeySet::make(*set_of(kZone, Type::DNSKEY, 60, many), Sha1Policy::validate);
  ASSERT_EQ(set->keys().size(), KeySet::kMaxKeys);
  for (const auto& key : set->keys()) { EXPECT_EQ(key->tag(), 4711); }
}

TEST(KeySets, ParseAKeyOnceForAllThreads) {
  const SigningKey key({.algorithm = 14});
  const KeySetPtr set = KeySet::make(*dnskey_set(kZone, {&key}), Sha1Policy::validate);
  std::vector<const PublicKey*> seen(4, nullptr);
  {
    std::vector<std::jthread> threads;
    for (const PublicKey*& one : seen) {
      threads.emplace_back([&] { one = set->keys()[0]->public_key(); });
    }
  }
  for (const PublicKey* one : seen) {
    EXPECT_NE(one, nullptr);
    EXPECT_EQ(one, seen[0]);
  }
}

TEST(KeySets, AMalformedKeyChecksNothing) {
  const Buffer off_the_curve = [] {
    Buffer rdata = SigningKey({}).dnskey();
    rdata.back() ^= 1;
    return rdata;
  }();
  const KeySetPtr set =
      KeySet::make(*set_of(kZone, Type::DNSKEY, 60, {off_the_curve, {1, 0, 3, 8}}), Sha1Policy::validate);
  ASSERT_EQ(set->keys().size(), 2U);
  EXPECT_EQ(set->keys()[0]->public_key(), nullptr);
  EXPECT_EQ(set->keys()[1]->public_key(), nullptr);
}

}  // namespace
}  // namespace vouch
