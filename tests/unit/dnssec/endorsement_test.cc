// Stories about the step from a parent's DS, or an anchor, to a zone's keys.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "resolver/dnssec/signature.h"
#include "tests/dnssec_kit/signer.h"
#include "tests/unit/dnssec/told.h"

namespace vouch {
namespace {

using namespace dnssec_kit;

const Name kZone = Name::of("example.");

class Endorsements : public testing::Test {
 protected:
  KeysResult judge(const RRset& dnskeys, const std::vector<Buffer>& ds, const std::vector<Buffer>& anchors = {}) {
    const std::vector<Bytes> ds_views(ds.begin(), ds.end()), anchor_views(anchors.begin(), anchors.end());
    return authenticate_keys(dnskeys, {.ds = ds_views, .dnskeys = anchor_views}, sha1, {.now = kNow}, budget);
  }
  std::string why(const RRset& dnskeys, const std::vector<Buffer>& ds, const std::vector<Buffer>& anchors = {}) {
    return told(judge(dnskeys, ds, anchors).verdict);
  }
  std::optional<Reason> unusable(const std::vector<Buffer>& ds, const std::vector<Buffer>& anchors = {}) {
    const std::vector<Bytes> ds_views(ds.begin(), ds.end()), anchor_views(anchors.begin(), anchors.end());
    return why_unusable({.ds = ds_views, .dnskeys = anchor_views}, sha1);
  }
  // A DS with something else in its place.
  static Buffer changed(Buffer ds, std::size_t at, Octet to) {
    ds[at] = to;
    return ds;
  }

  const SigningKey ksk{{.flags = 0x0101, .seed = "ksk"}};
  const SigningKey zsk{{}};
  const SigningKey stranger{{.flags = 0x0101, .seed = "stranger"}};
  const RRsetPtr both = dnskey_set(kZone, {&zsk, &ksk});
  const RRsetPtr keys = signed_set(*both, ksk, kZone);
  Sha1Policy sha1 = Sha1Policy::validate;
  Budget budget{Instant{}};
};

TEST_F(Endorsements, ADsMakesAllTheZonesKeysTrusted) {
  const KeysResult result = judge(*keys, {ksk.ds(kZone)});
  EXPECT_EQ(told(result.verdict), "secure");
  ASSERT_TRUE(result.keys);
  EXPECT_EQ(result.keys->keys().size(), 2U);
  EXPECT_EQ(result.keys->zone(), kZone.view());
  EXPECT_EQ(result.ttl, 3600U);
  EXPECT_EQ(budget.signature_checks(), 1U);
}

TEST_F(Endorsements, AnyDigestServes) {
  for (const std::uint8_t type : {std::uint8_t{1}, std::uint8_t{2}, std::uint8_t{4}}) {
    EXPECT_EQ(why(*keys, {ksk.ds(kZone, type)}), "secure") << int{type};
  }
}

TEST_F(Endorsements, AnAnchorMayBeAKey) {
  EXPECT_EQ(why(*keys, {}, {ksk.dnskey()}), "secure");
  EXPECT_EQ(why(*keys, {}, {stranger.dnskey()}), "ds_dnskey_mismatch");
  EXPECT_EQ(why(*keys, {ksk.ds(kZone)}, {stranger.dnskey()}), "secure");
  EXPECT_EQ(why(*keys, {stranger.ds(kZone)}, {ksk.dnskey()}), "secure");
}

TEST_F(Endorsements, AKeyWithoutTheSepFlagMayBeEndorsed) {  // RFC 4034 section 2.1.1: the flag is a hint
  const RRsetPtr by_zsk = signed_set(*both, zsk, kZone);
  EXPECT_EQ(why(*by_zsk, {zsk.ds(kZone)}), "secure");
}

TEST_F(Endorsements, OneMatchingDsAmongOthersSuffices) {  // in the midst of a roll
  EXPECT_EQ(why(*keys, {stranger.ds(kZone), ksk.ds(kZone)}), "secure");
  EXPECT_EQ(why(*keys, {changed(ksk.ds(kZone), 2, 23), ksk.ds(kZone)}), "secure");
}

TEST_F(Endorsements, NoKeyMatches) {
  const KeysResult result = judge(*keys, {stranger.ds(kZone)});
  EXPECT_EQ(result.verdict.text(),
            "ds_dnskey_mismatch zone=example. key=" + std::to_string(stranger.tag()) + " alg=13");
  EXPECT_FALSE(result.keys);
  EXPECT_EQ(why(*keys, {ksk.ds(Name::of("example.com."))}), "ds_dnskey_mismatch");
  Buffer cut = ksk.ds(kZone);
  cut.pop_back();
  EXPECT_EQ(why(*keys, {cut}), "ds_dnskey_mismatch");
  EXPECT_EQ(budget.signature_checks(), 0U);
}

TEST_F(Endorsements, NothingThatVouchesIsNoProofOfAnything) {
  EXPECT_EQ(why(*keys, {}), "ds_dnskey_mismatch");
  EXPECT_EQ(unusable({}), std::nullopt);
  EXPECT_EQ(unusable({{1, 2, 3}}, {{1}}), std::nullopt);  // malformed
  EXPECT_EQ(why(*keys, {{1, 2, 3}}, {{1}}), "ds_dnskey_mismatch");
}

TEST_F(Endorsements, TheWeakDigestIsIgnoredBesideAStrongerOne) {  // RFC 4509 section 3
  const Buffer forged = changed(ksk.ds(kZone, 2), 10, 0);
  EXPECT_EQ(why(*keys, {ksk.ds(kZone, 1), forged}), "ds_dnskey_mismatch");
  EXPECT_EQ(why(*keys, {ksk.ds(kZone, 1), changed(ksk.ds(kZone, 4), 10, 0)}), "ds_dnskey_mismatch");
  EXPECT_EQ(why(*keys, {changed(ksk.ds(kZone, 1), 10, 0), ksk.ds(kZone, 2)}), "secure");
  // An unknown digest, or one with an unknown algorithm, is no stronger one.
  EXPECT_EQ(why(*keys, {ksk.ds(kZone, 1), changed(ksk.ds(kZone, 2), 3, 200)}), "secure");
  EXPECT_EQ(why(*keys, {ksk.ds(kZone, 1), changed(ksk.ds(kZone, 2), 2, 23)}), "secure");
}

TEST_F(Endorsements, WhatCannotBeUsedMakesTheZoneInsecure) {
  EXPECT_EQ(unusable({ksk.ds(kZone)}), std::nullopt);
  EXPECT_EQ(unusable({changed(ksk.ds(kZone), 2, 23)}), Reason::alg_unsupported);
  EXPECT_EQ(unusable({changed(ksk.ds(kZone), 3, 3)}), Reason::ds_digest_unsupported);
  EXPECT_EQ(unusable({changed(ksk.ds(kZone), 3, 3), changed(ksk.ds(kZone), 2, 23)}), Reason::ds_digest_unsupported);
  EXPECT_EQ(unusable({changed(ksk.ds(kZone), 3, 3), ksk.ds(kZone)}), std::nullopt);
  EXPECT_EQ(unusable({}, {ksk.dnskey()}), std::nullopt);
  EXPECT_EQ(unusable({}, {changed(ksk.dnskey(), 3, 23)}), Reason::alg_unsupported);
  const SigningKey old({.algorithm = 7, .flags = 0x0101});
  EXPECT_EQ(unusable({old.ds(kZone)}), std::nullopt);
  sha1 = Sha1Policy::insecure;
  EXPECT_EQ(unusable({old.ds(kZone)}), Reason::alg_unsupported);
  EXPECT_EQ(unusable({ksk.ds(kZone, 1)}), std::nullopt);  // the policy is about signatures
}

TEST_F(Endorsements, TheMatchingKeyMayNotSign) {
  const std::pair<SigningKey, std::string> kUnfit[] = {
      {ksk.with_flags(0x0001), "dnskey_no_zone_bit"},
      {ksk.with_flags(0x0181), "dnskey_revoked"},
      {SigningKey({.flags = 0x0101, .protocol = 2, .seed = "ksk"}), "dnskey_bad_protocol"},
  };
  for (const auto& [key, reason] : kUnfit) {
    const RRsetPtr set = signed_set(*dnskey_set(kZone, {&key, &zsk}), key, kZone);
    const KeysResult result = judge(*set, {key.ds(kZone)});
    EXPECT_EQ(told(result.verdict), reason);
    EXPECT_EQ(result.verdict.key_tag(), key.tag());
    // Not when another key does.
    const RRsetPtr with_another = signed_set(*dnskey_set(kZone, {&key, &zsk, &ksk}), ksk, kZone);
    EXPECT_EQ(why(*with_another, {key.ds(kZone), ksk.ds(kZone)}), "secure") << reason;
  }
}

TEST_F(Endorsements, ARevokedAnchorIsToldAsSuch) {  // RFC 5011 section 2.1
  const SigningKey revoked = ksk.with_flags(0x0181);
  const RRsetPtr set = signed_set(*dnskey_set(kZone, {&revoked, &zsk}), revoked, kZone);
  EXPECT_EQ(why(*set, {}, {ksk.dnskey()}), "dnskey_revoked");
}

TEST_F(Endorsements, TheMatchingKeyMustHaveSigned) {
  const KeysResult result = judge(*signed_set(*both, zsk, kZone), {ksk.ds(kZone)});
  EXPECT_EQ(told(result.verdict), "sep_not_signing");
  EXPECT_EQ(result.verdict.key_tag(), ksk.tag());
  EXPECT_EQ(result.verdict.zone(), kZone.view());
  EXPECT_EQ(why(*both, {ksk.ds(kZone)}), "rrsig_missing");
  EXPECT_EQ(why(*with_signatures(*both, {rrsig(*both, ksk, kZone, {.algorithm = 23})}), {ksk.ds(kZone)}),
            "sep_not_signing");
}

TEST_F(Endorsements, ItsSignatureMustHold) {
  const std::pair<SignOptions, std::string> kFlaws[] = {
      {{.is_broken = true}, "rrsig_invalid"},
      {{.inception = kNow - 9, .expiration = kNow - 5}, "rrsig_expired"},
      {{.inception = kNow + 5, .expiration = kNow + 9}, "rrsig_not_yet_valid"},
      {{.inception = kNow + 5, .expiration = kNow - 5}, "rrsig_window_inverted"},
      {{.covered = Type::A}, "rrsig_malformed"},
  };
  for (const auto& [options, reason] : kFlaws) {
    // Beside a sound one by a key that is not endorsed; but that one came further than a damaged one.
    const Buffer by_zsk = rrsig(*both, zsk, kZone), flawed = rrsig(*both, ksk, kZone, options);
    EXPECT_EQ(why(*with_signatures(*both, {flawed}), {ksk.ds(kZone)}), reason);
    EXPECT_EQ(why(*with_signatures(*both, {by_zsk, flawed}), {ksk.ds(kZone)}),
              reason == "rrsig_malformed" ? "sep_not_signing" : reason);
  }
}

TEST_F(Endorsements, AnotherKeySlippedIntoTheSetBreaksIt) {
  const RRsetPtr more = dnskey_set(kZone, {&zsk, &ksk, &stranger});
  const std::vector<Buffer> signatures = {rrsig(*both, ksk, kZone), rrsig(*more, stranger, kZone)};
  EXPECT_EQ(why(*with_signatures(*more, signatures), {ksk.ds(kZone)}), "rrsig_invalid");
}

TEST_F(Endorsements, OnlyEndorsedKeysAreTriedWhenTagsCollide) {
  const SigningKey rsa({.algorithm = 8, .flags = 0x0101, .seed = "ksk"});
  std::vector<Buffer> dnskeys;
  for (unsigned i = 0; i < 20; ++i) { dnskeys.push_back(colliding_dnskey(8, rsa.tag(), i)); }
  dnskeys.push_back(rsa.dnskey());
  const RRsetPtr unsigned_set = set_of(kZone, Type::DNSKEY, 3600, dnskeys);
  // The digest is computed for no more than a few of them, and the honest key stands last: refused.
  EXPECT_EQ(why(*signed_set(*unsigned_set, rsa, kZone), {rsa.ds(kZone)}), "work_limit");
  EXPECT_EQ(budget.signature_checks(), 0U);
  // Behind one fewer than end the search, it is found, and it alone is tried.
  dnskeys.erase(dnskeys.begin(), dnskeys.end() - kMaxDigestFailures);
  const RRsetPtr few = set_of(kZone, Type::DNSKEY, 3600, dnskeys);
  EXPECT_EQ(why(*signed_set(*few, rsa, kZone), {rsa.ds(kZone)}), "secure");
  EXPECT_EQ(budget.signature_checks(), 1U);
}

TEST_F(Endorsements, DigestsInVainAreLimitedOverAllDs) {
  std::vector<Buffer> ds;
  for (Octet i = 0; i < 8; ++i) { ds.push_back(changed(ksk.ds(kZone), 20, i)); }
  EXPECT_EQ(why(*keys, ds), "work_limit");
}

TEST_F(Endorsements, OnlySoManyDsAreLookedAt) {
  std::vector<Buffer> ds;
  for (std::size_t i = 0; i + 1 < kMaxDs; ++i) {
    Buffer other = stranger.ds(kZone);
    store16(other.data(), u16(i));  // a tag that no key has
    ds.push_back(other);
  }
  ds.push_back(ksk.ds(kZone));
  EXPECT_EQ(why(*keys, ds), "secure");
  ds.insert(ds.begin(), stranger.ds(kZone));
  EXPECT_EQ(why(*keys, ds), "ds_dnskey_mismatch");
}

TEST_F(Endorsements, TheBudgetEndsTheWork) {
  for (std::uint32_t i = 0; i < Budget::kSignatureChecksPerResponse; ++i) {
    ASSERT_EQ(why(*keys, {ksk.ds(kZone)}), "secure");
  }
  EXPECT_EQ(why(*keys, {ksk.ds(kZone)}), "work_limit");
}

TEST_F(Endorsements, TheKeysLiveNoLongerThanTheirSignature) {
  EXPECT_EQ(judge(*signed_set(*both, ksk, kZone, {.expiration = kNow + 77}), {ksk.ds(kZone)}).ttl, 77U);
}

}  // namespace
}  // namespace vouch
