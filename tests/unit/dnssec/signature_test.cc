// Stories about signatures: which count, in what order they are tried, what is told when none holds, and what a forger
// can make us do.
#include "resolver/dnssec/signature.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/dnssec_kit/signer.h"
#include "tests/unit/dnssec/told.h"

namespace vouch {
namespace {

using namespace dnssec_kit;

const Name kZone = Name::of("example.");

class Signatures : public testing::Test {
 protected:
  SignatureResult verify(const RRset& rrset) {
    return vouch::verify(rrset, *keys, {.now = now, .skew = skew, .is_ignored = is_time_ignored}, budget);
  }
  std::string why(const RRset& rrset) { return told(verify(rrset).verdict); }
  // The address under its usual name, with these signatures.
  RRsetPtr www_with(const std::vector<Buffer>& signatures) { return with_signatures(*www, signatures); }
  Buffer sign(const SignOptions& options = {}) { return rrsig(*www, zsk, kZone, options); }

  const SigningKey zsk{{.algorithm = 13}};
  const SigningKey stranger{{.algorithm = 13, .seed = "stranger"}};
  const RRsetPtr www = set_of({"www.example. 300 IN A 192.0.2.1", "www.example. 300 IN A 192.0.2.2"});
  KeySetPtr keys = KeySet::make(*dnskey_set(kZone, {&zsk}), Sha1Policy::validate);
  UnixTime now = kNow;
  std::uint32_t skew = 0;
  bool is_time_ignored = false;
  Budget budget{Instant{}};
};

TEST_F(Signatures, MakeDataSecure) {
  const SignatureResult result = verify(*www_with({sign()}));
  EXPECT_EQ(told(result.verdict), "secure");
  EXPECT_EQ(result.labels, 2);
  EXPECT_EQ(result.ttl, 300U);
  EXPECT_FALSE(result.is_wildcard_expansion);
  EXPECT_EQ(budget.signature_checks(), 1U);
}

TEST_F(Signatures, TellTheTimesOfTheOneThatHolds) {
  const Buffer good = sign({.inception = kNow - 50, .expiration = kNow + 5000});
  const Buffer forged = sign({.inception = kNow - 9, .expiration = kNow + 9, .is_broken = true});
  const SignatureResult result = verify(*www_with({forged, good}));
  EXPECT_EQ(told(result.verdict), "secure");
  EXPECT_EQ(result.algorithm, 13);
  EXPECT_EQ(result.inception, kNow - 50);
  EXPECT_EQ(result.expiration, kNow + 5000);
}

TEST_F(Signatures, OfEveryAlgorithmHold) {
  constexpr std::uint8_t kAll[] = {5, 7, 8, 10, 13, 14, 15, 16};
  for (const std::uint8_t algorithm : kAll) {
    const SigningKey key({.algorithm = algorithm});
    keys = KeySet::make(*dnskey_set(kZone, {&key}), Sha1Policy::validate);
    EXPECT_EQ(why(*signed_set(*www, key, kZone)), "secure") << int{algorithm};
    EXPECT_EQ(why(*signed_set(*www, key, kZone, {.is_broken = true})), "rrsig_invalid") << int{algorithm};
  }
}

TEST_F(Signatures, DoNotMindTheCaseOfNames) {
  const RRsetPtr lower = set_of({"mail.example. 300 IN MX 10 host.example."});
  const Buffer signature = rrsig(*lower, zsk, kZone);
  const RRsetPtr mixed = set_of({"mAIL.Example. 300 IN MX 10 Host.EXAMPLE."});
  EXPECT_EQ(why(*with_signatures(*mixed, {signature})), "secure");
  EXPECT_EQ(why(*with_signatures(*lower, {rrsig(*mixed, zsk, Name::of("EXAMPLE."))})), "secure");
}

TEST_F(Signatures, HoldForTheirDataAlone) {
  const Buffer signature = sign();
  EXPECT_EQ(why(*with_signatures(*set_of({"www.example. 300 IN A 192.0.2.1"}), {signature})), "rrsig_invalid");
  EXPECT_EQ(why(*with_signatures(*set_of({"ww2.example. 300 IN A 192.0.2.1", "ww2.example. 300 IN A 192.0.2.2"}),
                                 {signature})),
            "rrsig_invalid");
}

TEST_F(Signatures, DoNotCoverTheTtlThatIsLeft) {
  const Buffer signature = sign();
  EXPECT_EQ(why(*with_signatures(*www->with_ttl(17), {signature})), "secure");
}

// --- What is told ---

TEST_F(Signatures, MayBeMissing) {
  const SignatureResult result = verify(*www);
  EXPECT_EQ(result.verdict.text(), "rrsig_missing zone=example.");
  EXPECT_EQ(budget.signature_checks(), 0U);
}

TEST_F(Signatures, ByAKeyThatIsNotPublished) {
  const SignatureResult result = verify(*www_with({rrsig(*www, stranger, kZone)}));
  EXPECT_EQ(told(result.verdict), "rrsig_unknown_key");
  EXPECT_EQ(result.verdict.key_tag(), stranger.tag());
  EXPECT_EQ(result.verdict.algorithm(), 13);
  EXPECT_EQ(result.verdict.zone(), kZone.view());
  EXPECT_EQ(budget.signature_checks(), 0U);
}

TEST_F(Signatures, ThatAreForged) {
  const SignatureResult result = verify(*www_with({sign({.is_broken = true})}));
  EXPECT_EQ(result.verdict.text(), "rrsig_invalid zone=example. key=" + std::to_string(zsk.tag()) + " alg=13");
  EXPECT_EQ(why(*www_with({rrsig(*www, stranger, kZone, {.key_tag = zsk.tag()})})), "rrsig_invalid");
}

TEST_F(Signatures, OfAnotherSigner) {
  EXPECT_EQ(why(*www_with({rrsig(*www, zsk, Name())})), "rrsig_wrong_signer");
  EXPECT_EQ(why(*www_with({rrsig(*www, zsk, Name::of("www.example."))})), "rrsig_wrong_signer");
  EXPECT_EQ(why(*www_with({rrsig(*www, zsk, Name::of("example.com."))})), "rrsig_wrong_signer");
  EXPECT_EQ(budget.signature_checks(), 0U);
}

TEST_F(Signatures, OverANameOutsideTheZone) {
  for (const std::string_view line : {"www.example.com. 300 IN A 192.0.2.1", "xexample. 300 IN A 192.0.2.1",
                                      "com. 300 IN A 192.0.2.1", ". 300 IN NS a.example."}) {
    EXPECT_EQ(why(*signed_set(*set_of({line}), zsk, kZone)), "rrsig_wrong_signer") << line;
  }
}

TEST_F(Signatures, ThatAreDamaged) {
  Buffer cut_in_the_header = sign();
  cut_in_the_header.resize(17);
  Buffer cut_in_the_name = sign();
  cut_in_the_name.resize(20);
  Buffer no_signature = sign();
  no_signature.resize(18 + kZone.view().length());
  Buffer too_long = sign();
  too_long.push_back(0);
  for (const Buffer& damaged : {cut_in_the_header, cut_in_the_name, no_signature, too_long}) {
    EXPECT_EQ(why(*www_with({damaged})), "rrsig_malformed");
  }
  EXPECT_EQ(why(*www_with({sign({.covered = Type::AAAA})})), "rrsig_malformed");
  EXPECT_EQ(budget.signature_checks(), 0U);
}

TEST_F(Signatures, WithMoreLabelsThanTheName) {
  EXPECT_EQ(why(*www_with({sign({.labels = 3})})), "rrsig_malformed");
  EXPECT_EQ(why(*www_with({sign({.labels = 255})})), "rrsig_malformed");
  const RRsetPtr wildcard = set_of({"*.example. 300 IN A 192.0.2.1"});
  EXPECT_EQ(why(*signed_set(*wildcard, zsk, kZone, {.labels = 2})), "rrsig_malformed");  // the "*" does not count
}

TEST_F(Signatures, WithFewerLabelsThanTheSigner) {  // CVE-2026-44690: a wildcard above the zone
  EXPECT_EQ(why(*www_with({sign({.labels = 0})})), "rrsig_malformed");
  EXPECT_EQ(budget.signature_checks(), 0U);
}

TEST_F(Signatures, OfUnknownAlgorithmsAreAsGoodAsNone) {
  EXPECT_EQ(why(*www_with({sign({.algorithm = 23})})), "rrsig_missing");
  EXPECT_EQ(why(*www_with({sign({.algorithm = 23}), sign()})), "secure");
}

TEST_F(Signatures, OfAnAlgorithmThatThePolicyLeavesOut) {
  const SigningKey old({.algorithm = 5});
  keys = KeySet::make(*dnskey_set(kZone, {&old, &zsk}), Sha1Policy::insecure);
  EXPECT_EQ(why(*signed_set(*www, old, kZone)), "rrsig_missing");
  EXPECT_EQ(why(*www_with({rrsig(*www, old, kZone), sign()})), "secure");
}

TEST_F(Signatures, OneSupportedOneSuffices) {  // RFC 6840 section 5.11
  const SigningKey other({.algorithm = 8});
  keys = KeySet::make(*dnskey_set(kZone, {&zsk, &other}), Sha1Policy::validate);
  EXPECT_EQ(why(*www_with({sign()})), "secure");
  EXPECT_EQ(why(*www_with({rrsig(*www, other, kZone)})), "secure");
}

// The order of signature.h: each reason beside all that come less far.
TEST_F(Signatures, TheOneThatCameFurthestIsTold) {
  const std::vector<std::pair<std::string, Buffer>> furthest_last = {
      {"rrsig_missing", sign({.algorithm = 23})},
      {"rrsig_malformed", sign({.labels = 9})},
      {"rrsig_wrong_signer", rrsig(*www, zsk, Name())},
      {"rrsig_unknown_key", rrsig(*www, stranger, kZone)},
      {"rrsig_window_inverted", sign({.inception = kNow + kDay, .expiration = kNow - kDay})},
      {"rrsig_not_yet_valid", sign({.inception = kNow + kDay, .expiration = kNow + 2 * kDay})},
      {"rrsig_expired", sign({.inception = kNow - 2 * kDay, .expiration = kNow - kDay})},
      {"rrsig_invalid", sign({.is_broken = true})},
  };
  std::vector<Buffer> signatures;
  for (const auto& [reason, signature] : furthest_last) {
    signatures.push_back(signature);
    EXPECT_EQ(why(*www_with(signatures)), reason);
    EXPECT_EQ(why(*www_with({signatures.rbegin(), signatures.rend()})), reason);
  }
  signatures.push_back(sign());
  EXPECT_EQ(why(*www_with(signatures)), "secure");
}

// --- Time ---

TEST_F(Signatures, HoldFromInceptionToExpiration) {
  const RRsetPtr set = www_with({sign({.inception = kNow, .expiration = kNow + 100})});
  now = kNow - 1;
  EXPECT_EQ(why(*set), "rrsig_not_yet_valid");
  now = kNow;
  EXPECT_EQ(why(*set), "secure");
  now = kNow + 100;
  EXPECT_EQ(why(*set), "secure");
  now = kNow + 101;
  EXPECT_EQ(why(*set), "rrsig_expired");
}

TEST_F(Signatures, AreStretchedByTheSkewAtBothEnds) {
  const RRsetPtr set = www_with({sign({.inception = kNow, .expiration = kNow + 100})});
  skew = 300;
  now = kNow - 300;
  EXPECT_EQ(why(*set), "secure");
  now = kNow - 301;
  EXPECT_EQ(why(*set), "rrsig_not_yet_valid");
  now = kNow + 400;
  EXPECT_EQ(why(*set), "secure");
  now = kNow + 401;
  EXPECT_EQ(why(*set), "rrsig_expired");
}

TEST_F(Signatures, TellSinceWhenAndFromWhen) {
  EXPECT_EQ(verify(*www_with({sign({.inception = kNow - 9, .expiration = kNow - 5})})).verdict.time(), kNow - 5);
  EXPECT_EQ(verify(*www_with({sign({.inception = kNow + 5, .expiration = kNow + 9})})).verdict.time(), kNow + 5);
  EXPECT_EQ(verify(*www_with({sign({.is_broken = true})})).verdict.time(), std::nullopt);
}

TEST_F(Signatures, OfSeveralThatRanOutTheLastOneIsTold) {
  const Buffer first = sign({.inception = kNow - 9, .expiration = kNow - 7}),
               last = sign({.inception = kNow - 9, .expiration = kNow - 5});
  EXPECT_EQ(verify(*www_with({first, last})).verdict.time(), kNow - 5);
  EXPECT_EQ(verify(*www_with({last, first})).verdict.time(), kNow - 5);
  const Buffer soon = sign({.inception = kNow + 5, .expiration = kNow + 9}),
               later = sign({.inception = kNow + 7, .expiration = kNow + 9});
  EXPECT_EQ(verify(*www_with({soon, later})).verdict.time(), kNow + 5);
  EXPECT_EQ(verify(*www_with({later, soon})).verdict.time(), kNow + 5);
}

TEST_F(Signatures, OutliveTheYear2106) {  // RFC 4034 section 3.1.5: 32 bits that wrap around
  constexpr UnixTime kWrap = UnixTime{1} << 32;
  const RRsetPtr set = www_with({sign({.inception = kWrap - 100, .expiration = kWrap + 100})});
  for (const auto& [at, reason] :
       {std::pair{kWrap - 101, "rrsig_not_yet_valid"}, std::pair{kWrap - 100, "secure"}, std::pair{kWrap, "secure"},
        std::pair{kWrap + 100, "secure"}, std::pair{kWrap + 101, "rrsig_expired"}}) {
    now = at;
    EXPECT_EQ(why(*set), reason) << at - kWrap;
  }
  EXPECT_EQ(verify(*set).verdict.time(), kWrap + 100);
}

TEST_F(Signatures, WithAWindowTheWrongWayRound) {
  EXPECT_EQ(why(*www_with({sign({.inception = kNow + 9, .expiration = kNow - 9})})), "rrsig_window_inverted");
  EXPECT_EQ(why(*www_with({sign({.inception = kNow, .expiration = kNow})})), "secure");  // one second long
}

TEST_F(Signatures, AreCheckedOutsideTheirTimeForTheSecondLook) {
  is_time_ignored = true;
  EXPECT_EQ(why(*www_with({sign({.inception = kNow - 9, .expiration = kNow - 5})})), "secure");
  EXPECT_EQ(why(*www_with({sign({.inception = kNow + 5, .expiration = kNow + 9})})), "secure");
  EXPECT_EQ(why(*www_with({sign({.inception = kNow + 9, .expiration = kNow - 9})})), "secure");
  EXPECT_EQ(why(*www_with({sign({.inception = kNow - 9, .expiration = kNow - 5, .is_broken = true})})),
            "rrsig_invalid");
}

TEST_F(Signatures, ThatRanOutCostNothing) {
  const std::vector<Buffer> old(9, sign({.inception = kNow - 9, .expiration = kNow - 5}));
  EXPECT_EQ(why(*www_with(old)), "rrsig_expired");
  EXPECT_EQ(budget.signature_checks(), 0U);
}

// --- How long ---

TEST_F(Signatures, LimitTheTimeToLive) {  // RFC 4035 section 5.3.3
  EXPECT_EQ(verify(*www_with({sign({.original_ttl = 60})})).ttl, 60U);
  EXPECT_EQ(verify(*www_with({sign({.original_ttl = 9999})})).ttl, 300U);
  EXPECT_EQ(verify(*with_signatures(*www->with_ttl(20), {sign()})).ttl, 20U);
  EXPECT_EQ(verify(*www_with({sign({.expiration = kNow + 42})})).ttl, 42U);
}

TEST_F(Signatures, LeaveASecondAtTheirEnd) {
  skew = 300;
  EXPECT_EQ(verify(*www_with({sign({.expiration = kNow})})).ttl, 1U);
  EXPECT_EQ(verify(*www_with({sign({.expiration = kNow - 299})})).ttl, 1U);
  EXPECT_EQ(verify(*with_signatures(*www->with_ttl(0), {sign()})).ttl, 0U);
}

// --- Wildcards ---

TEST_F(Signatures, OfAnExpandedWildcardSaySo) {
  const RRsetPtr deep = set_of({"a.b.c.example. 300 IN A 192.0.2.1"});
  for (const std::uint8_t labels : {u8(3), u8(2), u8(1)}) {
    const SignatureResult result = verify(*signed_set(*deep, zsk, kZone, {.labels = labels}));
    EXPECT_EQ(told(result.verdict), "secure");
    EXPECT_EQ(result.labels, labels);
    EXPECT_TRUE(result.is_wildcard_expansion);
  }
}

TEST_F(Signatures, OfAWildcardServeItsExpansionsAndItself) {
  const RRsetPtr wildcard = set_of({"*.example. 300 IN A 192.0.2.1"});
  const Buffer signature = rrsig(*wildcard, zsk, kZone);
  const SignatureResult itself = verify(*with_signatures(*wildcard, {signature}));
  EXPECT_EQ(told(itself.verdict), "secure");
  EXPECT_FALSE(itself.is_wildcard_expansion);
  for (const std::string_view expanded : {"www.example.", "a.b.example.", "*.b.example."}) {
    const RRsetPtr set = wildcard->with_owner(Name::of(expanded));
    const SignatureResult result = verify(*with_signatures(*set, {signature}));
    EXPECT_EQ(told(result.verdict), "secure") << expanded;
    EXPECT_TRUE(result.is_wildcard_expansion) << expanded;
    EXPECT_EQ(result.labels, 1) << expanded;
  }
}

TEST_F(Signatures, OfANameDoNotServeAnother) {
  const RRsetPtr elsewhere = www->with_owner(Name::of("a.www.example."));
  EXPECT_EQ(why(*with_signatures(*elsewhere, {sign()})), "rrsig_invalid");  // *.www.example. was never signed
}

// --- Work ---

TEST_F(Signatures, CheaperOnesAreTriedFirst) {
  const SigningKey dear({.algorithm = 14}), cheap({.algorithm = 8});
  keys = KeySet::make(*dnskey_set(kZone, {&dear, &cheap}), Sha1Policy::validate);
  // Were the dear one tried first, it would fail, and a second check be counted.
  EXPECT_EQ(why(*www_with({rrsig(*www, dear, kZone, {.is_broken = true}), rrsig(*www, cheap, kZone)})), "secure");
  EXPECT_EQ(budget.signature_checks(), 1U);
}

TEST_F(Signatures, OnlyTwoMayFail) {
  const Buffer broken = sign({.is_broken = true});
  const Buffer another = sign({.expiration = kNow + 99, .is_broken = true});
  EXPECT_EQ(why(*www_with({broken, sign()})), "secure");
  EXPECT_EQ(why(*www_with({broken, another, sign()})), "rrsig_invalid");
  EXPECT_EQ(budget.signature_checks(), 4U);
}

TEST_F(Signatures, SignaturesAndKeysByTheHundredCostTwoChecks) {  // KeyTrap, CVE-2023-50387
  std::vector<Buffer> dnskeys;
  for (unsigned i = 0; i < 60; ++i) { dnskeys.push_back(colliding_dnskey(8, 4711, i)); }
  keys = KeySet::make(*set_of(kZone, Type::DNSKEY, 300, dnskeys), Sha1Policy::validate);
  ASSERT_EQ(keys->keys().size(), 60U);
  const SigningKey attacker({.algorithm = 8});
  std::vector<Buffer> signatures;
  for (UnixTime i = 0; i < UnixTime{RRset::kMaxSignatures}; ++i) {
    signatures.push_back(rrsig(*www, attacker, kZone, {.expiration = kNow + kDay + i, .key_tag = 4711}));
  }
  EXPECT_EQ(why(*www_with(signatures)), "work_limit");
  EXPECT_EQ(budget.signature_checks(), 2U);
}

TEST_F(Signatures, TwoKeysWithOneTagAreBothTried) {
  const SigningKey honest({.algorithm = 8});
  const RRsetPtr signed_www = signed_set(*www, honest, kZone);
  const Buffer collider = colliding_dnskey(8, honest.tag(), 1), second = colliding_dnskey(8, honest.tag(), 2);
  keys = KeySet::make(*set_of(kZone, Type::DNSKEY, 300, {collider, honest.dnskey()}), Sha1Policy::validate);
  EXPECT_EQ(why(*signed_www), "secure");
  EXPECT_EQ(budget.signature_checks(), 2U);
  keys = KeySet::make(*set_of(kZone, Type::DNSKEY, 300, {collider, second, honest.dnskey()}), Sha1Policy::validate);
  EXPECT_EQ(why(*signed_www), "work_limit");  // a third is not: no honest zone has one
}

TEST_F(Signatures, AnImpossibleLengthCostsNoCheck) {
  const SigningKey short_key({.algorithm = 8, .rsa_bits = 1024});
  const RRsetPtr set = www_with({rrsig(*www, short_key, kZone, {.key_tag = 4711})});
  keys = KeySet::make(*set_of(kZone, Type::DNSKEY, 300, {colliding_dnskey(8, 4711, 1)}), Sha1Policy::validate);
  EXPECT_EQ(why(*set), "rrsig_malformed");
  EXPECT_EQ(budget.signature_checks(), 0U);
}

TEST_F(Signatures, AMalformedKeyIsAsGoodAsNotPublished) {
  Buffer off_the_curve = zsk.dnskey();
  off_the_curve.back() ^= 1;
  keys = KeySet::make(*set_of(kZone, Type::DNSKEY, 300, {off_the_curve}), Sha1Policy::validate);
  EXPECT_EQ(why(*www_with({sign({.key_tag = tag_of(off_the_curve)})})), "rrsig_unknown_key");
  EXPECT_EQ(budget.signature_checks(), 0U);
}

TEST_F(Signatures, TheBudgetEndsTheWork) {
  const RRsetPtr good = www_with({sign()});
  for (std::uint32_t i = 0; i < Budget::kSignatureChecksPerResponse; ++i) { ASSERT_EQ(why(*good), "secure"); }
  const SignatureResult result = verify(*good);
  EXPECT_EQ(told(result.verdict), "work_limit");
  EXPECT_TRUE(budget.is_validation_spent());
  budget.begin_response();
  EXPECT_EQ(why(*good), "secure");
}

TEST_F(Signatures, FailuresAreCountedOverTheWholeQuery) {
  const RRsetPtr bad = www_with({sign({.is_broken = true})});
  for (std::uint32_t i = 0; i < Budget::kFailedChecks; ++i) { ASSERT_EQ(why(*bad), "rrsig_invalid"); }
  EXPECT_EQ(why(*www_with({sign()})), "work_limit");
}

TEST_F(Signatures, DearAlgorithmsSpendTheBudgetSooner) {
  const SigningKey dear({.algorithm = 14});
  keys = KeySet::make(*dnskey_set(kZone, {&dear}), Sha1Policy::validate);
  const RRsetPtr good = signed_set(*www, dear, kZone);
  const std::uint32_t afforded = Budget::kSignatureCost / verification_cost(14);
  ASSERT_LT(afforded, Budget::kSignatureChecks);
  for (std::uint32_t i = 0; i < afforded; ++i) {
    budget.begin_response();
    ASSERT_EQ(why(*good), "secure") << i;
  }
  budget.begin_response();
  EXPECT_EQ(why(*good), "work_limit");
}

}  // namespace
}  // namespace vouch
