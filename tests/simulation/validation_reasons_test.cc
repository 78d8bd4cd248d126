// Why an answer was refused, told to the client word by word (RFC 8914): one story for each reason.
#include <gtest/gtest.h>

#include "tests/simulation/signed_internet.h"

namespace vouch::simulation {
namespace {

using dnssec_kit::dnskey_set;
using dnssec_kit::kDay;
using dnssec_kit::kNow;
using dnssec_kit::rrsig;
using dnssec_kit::set_of;
using dnssec_kit::signed_set;
using dnssec_kit::SigningKey;
using dnssec_kit::SignOptions;
using dnssec_kit::with_signatures;

const Name kZone = Name::of("example.org.");

struct Reasons : testing::Test {
  SignedInternet net;
  void build(const ZoneStyle& style = {}) {
    net.add("org.", {"192.0.2.1"});
    net.add("example.org.", {"192.0.2.2"}, style)
        .has("www.example.org. 300 IN A 198.51.100.1")
        .has("*.wild.example.org. 300 IN A 198.51.100.2");
  }
  SignedZone& zone() { return net.zone("example.org."); }
  std::string by_key() { return " key=" + std::to_string(zone().key().tag()) + " alg=13"; }
  void expect(std::string_view said, std::string_view name = "www.example.org.") {
    EXPECT_EQ(net.ask(name, Type::A), said);
  }
  // The zone has this key and no other, and its parent vouches for it.
  void use_key(const SigningKey& key) {
    net.zone("org.").delegates("example.org.", {"192.0.2.2"}, {key.ds(kZone)});
    net.tamper("example.org.", each(Type::ANY, [key](const RRset& set) {
                 return signed_set(set.type() == Type::DNSKEY ? *dnskey_set(kZone, {&key}) : set, key, kZone);
               }));
  }
  void sign_data(const SignOptions& how) {
    net.tamper("example.org.",
               each(Type::A, [this, how](const RRset& set) { return signed_set(set, zone().key(), kZone, how); }));
  }
};

TEST_F(Reasons, DsDnskeyMismatch) {
  build();
  net.zone("org.").delegates("example.org.", {"192.0.2.2"}, {SigningKey({.seed = "another"}).ds(kZone)});
  const std::string tag = std::to_string(SigningKey({.seed = "another"}).tag());
  expect("SERVFAIL EDE 9: ds_dnskey_mismatch zone=example.org. key=" + tag + " alg=13");
}
TEST_F(Reasons, DnskeyAbsent) {
  build();
  net.tamper("example.org.", drop(Type::DNSKEY));
  expect("SERVFAIL EDE 9: dnskey_absent zone=example.org.");
}
TEST_F(Reasons, SepNotSigning) {  // only a key that nobody vouches for has signed the keys
  build();
  const SigningKey other({.flags = 0x0100, .seed = "zsk"});
  net.tamper("example.org.", each(Type::DNSKEY, [&](const RRset&) {
               return signed_set(*dnskey_set(kZone, {&zone().key(), &other}), other, kZone);
             }));
  expect("SERVFAIL EDE 6: sep_not_signing zone=example.org." + by_key());
}
TEST_F(Reasons, DnskeyUnreachable) {
  build();
  net.server("192.0.2.2").errs_on("example.org.", Type::DNSKEY, Rcode::server_failure);
  expect("SERVFAIL EDE 22: dnskey_unreachable zone=example.org.");
}
TEST_F(Reasons, DsUnreachable) {
  build();
  const auto silent_about_ds = [](const Question& question, Reply& reply) {
    if (question.type != Type::DS) { drop(Type::DS)(question, reply); }
    if (question.type != Type::DS) { drop(Type::NSEC)(question, reply); }
  };
  net.tamper("org.", silent_about_ds);
  net.server("192.0.2.1").errs_on("example.org.", Type::DS, Rcode::server_failure);
  expect("SERVFAIL EDE 22: ds_unreachable zone=org.");
}
TEST_F(Reasons, DnskeyNoZoneBit) {
  build();
  const SigningKey key({.flags = 0x0001, .seed = "host key"});
  use_key(key);
  expect("SERVFAIL EDE 11: dnskey_no_zone_bit zone=example.org. key=" + std::to_string(key.tag()) + " alg=13");
}
TEST_F(Reasons, DnskeyRevoked) {
  build();
  const SigningKey key({.flags = 0x0181, .seed = "revoked"});
  use_key(key);
  expect("SERVFAIL EDE 6: dnskey_revoked zone=example.org. key=" + std::to_string(key.tag()) + " alg=13");
}
TEST_F(Reasons, DnskeyBadProtocol) {
  build();
  const SigningKey key({.flags = 0x0101, .protocol = 2, .seed = "protocol 2"});
  use_key(key);
  expect("SERVFAIL EDE 6: dnskey_bad_protocol zone=example.org. key=" + std::to_string(key.tag()) + " alg=13");
}
TEST_F(Reasons, DsSelfSigned) {
  build();
  net.tamper("org.", each(Type::DS, [this](const RRset& set) { return signed_set(set, zone().key(), kZone); }));
  expect("SERVFAIL EDE 6: ds_self_signed zone=org.");
}
TEST_F(Reasons, NoDsProofInvalid) {
  build();
  net.tamper("org.", all_of({drop(Type::DS), [this](const Question&, Reply& reply) {
                               reply.authority.push_back(net.zone("org.").proof_at(Name::of("org.")));
                             }}));
  expect("SERVFAIL EDE 12: no_ds_proof_invalid zone=org.");
}
TEST_F(Reasons, RrsigMissing) {
  build();
  net.tamper("example.org.", strip_signatures(Type::A));
  expect("SERVFAIL EDE 10: rrsig_missing zone=example.org.");
}
TEST_F(Reasons, RrsigExpired) {
  build();
  sign_data({.expiration = kNow - 2 * kDay});
  expect("SERVFAIL EDE 7: rrsig_expired zone=example.org." + by_key() + " since=2026-01-13");
}
TEST_F(Reasons, RrsigNotYetValid) {
  build();
  sign_data({.inception = kNow + 2 * kDay});
  expect("SERVFAIL EDE 8: rrsig_not_yet_valid zone=example.org." + by_key() + " from=2026-01-17");
}
TEST_F(Reasons, RrsigWindowInverted) {
  build();
  sign_data({.inception = kNow + kDay, .expiration = kNow - kDay});
  expect("SERVFAIL EDE 25: rrsig_window_inverted zone=example.org." + by_key());
}
TEST_F(Reasons, RrsigInvalid) {
  build();
  sign_data({.is_broken = true});
  expect("SERVFAIL EDE 6: rrsig_invalid zone=example.org." + by_key());
}
TEST_F(Reasons, RrsigUnknownKey) {
  build();
  const SigningKey other({.seed = "unpublished"});
  net.tamper("example.org.", each(Type::A, [&](const RRset& set) { return signed_set(set, other, kZone); }));
  expect("SERVFAIL EDE 6: rrsig_unknown_key zone=example.org. key=" + std::to_string(other.tag()) + " alg=13");
}
TEST_F(Reasons, RrsigWrongSigner) {
  build();
  net.tamper("example.org.", each(Type::A, [this](const RRset& set) {
               return signed_set(set, zone().key(), Name::of("elsewhere.org."));
             }));
  expect("SERVFAIL EDE 6: rrsig_wrong_signer zone=example.org.");
}
TEST_F(Reasons, RrsigMalformed) {
  build();
  sign_data({.labels = u8(5)});
  expect("SERVFAIL EDE 6: rrsig_malformed zone=example.org." + by_key());
}
TEST_F(Reasons, NsecMissing) {
  build();
  net.tamper("example.org.", drop(Type::NSEC));
  expect("SERVFAIL EDE 12: nsec_missing zone=example.org.", "none.example.org.");
}
TEST_F(Reasons, NsecNotProving) {
  build();
  net.tamper("example.org.", [this](const Question& question, Reply& reply) {
    if (question.type == Type::A) { reply.authority = {zone().soa(), zone().proof_at(kZone)}; }
  });
  expect("SERVFAIL EDE 6: nsec_not_proving zone=example.org.", "xxx.example.org.");
}
TEST_F(Reasons, WildcardUnproven) {
  build();
  net.tamper("example.org.", drop(Type::NSEC));
  expect("SERVFAIL EDE 12: wildcard_unproven zone=example.org.", "any.wild.example.org.");
}
TEST_F(Reasons, WorkLimit) {  // each link has a signature that fails before one that holds: KeyTrap, link by link
  build();
  for (int i = 0; i < 9; ++i) {
    zone().has("l" + std::to_string(i) + ".example.org. 60 IN CNAME l" + std::to_string(i + 1) + ".example.org.");
  }
  net.tamper("example.org.", each(Type::CNAME, [this](const RRset& set) {
               return with_signatures(
                   set, {rrsig(set, zone().key(), kZone, {.is_broken = true}), rrsig(set, zone().key(), kZone)});
             }));
  expect("SERVFAIL EDE 0: work_limit zone=example.org." + by_key(), "l0.example.org.");
}
TEST_F(Reasons, WorkLimitByKeysOfOneTag) {  // no honest zone has three of them
  build();
  std::vector<Buffer> keys = {zone().key().dnskey()};
  for (unsigned i = 0; i < 3; ++i) { keys.push_back(dnssec_kit::colliding_dnskey(13, zone().key().tag(), i)); }
  const RRsetPtr set = signed_set(*set_of(kZone, Type::DNSKEY, 3600, keys), zone().key(), kZone);
  net.tamper("example.org.",
             all_of({each(Type::DNSKEY, [set](const RRset&) { return set; }), each(Type::A, [this](const RRset& data) {
                       return signed_set(data, zone().key(), kZone, {.is_broken = true});
                     })}));
  expect("SERVFAIL EDE 0: work_limit zone=example.org." + by_key());
}
TEST_F(Reasons, WhatFailedIsToldWhenOneSetHasTooManySignatures) {
  build();
  net.tamper("example.org.", each(Type::A, [this](const RRset& data) {
               std::vector<Buffer> bad(8, rrsig(data, zone().key(), kZone, {.is_broken = true}));
               for (std::size_t i = 0; i < bad.size(); ++i) { bad[i].back() ^= u8(i + 1); }
               return with_signatures(data, bad);
             }));
  expect("SERVFAIL EDE 6: rrsig_invalid zone=example.org." + by_key());
}
TEST_F(Reasons, ClockUntrusted) {
  build();
  net.options().start = 0;  // 1970: a machine that has lost its clock
  expect("SERVFAIL EDE 14: clock_untrusted zone=.");
}
TEST_F(Reasons, AnchorMismatch) {
  build();
  net.dnssec().trust_anchors = {{Name(), Type::DS, SigningKey({.seed = "old root"}).ds(Name())}};
  expect("SERVFAIL EDE 9: anchor_mismatch zone=.");
}
TEST_F(Reasons, PathStripsDnssec) {
  build();
  for (const std::string_view address :
       {Internet::kRootAddress, std::string_view("192.0.2.1"), std::string_view("192.0.2.2")}) {
    net.tamper(address, strip_signatures(Type::ANY));
  }
  expect("SERVFAIL EDE 10: path_strips_dnssec zone=.");
}

// Told again from memory: the same words, and that they are remembered.
TEST_F(Reasons, AreToldAgainWithoutAskingAnybody) {
  build();
  net.tamper("example.org.", strip_signatures(Type::A));
  expect("SERVFAIL EDE 10: rrsig_missing zone=example.org.");
  net.new_questions();
  const ClientAnswer again = net.ask_for("www.example.org.", Type::A);
  EXPECT_EQ(SignedInternet::told(again), "SERVFAIL EDE 10: rrsig_missing zone=example.org.");
  EXPECT_EQ(net.new_questions(), 0U);
  std::vector<std::uint16_t> codes;
  for (const auto& [code, data] : again.message().edns->options) {
    if (code == OptionCode::extended_error) { codes.push_back(load16(data.data())); }
  }
  EXPECT_EQ(codes, (std::vector<std::uint16_t>{10, 13}));  // Cached Error
}

// That the keys could not be had is no mere outage: validation failed for it.
TEST_F(Reasons, UnreachableKeysAreBogusToo) {
  build();
  net.server("192.0.2.2").errs_on("example.org.", Type::DNSKEY, Rcode::server_failure);
  const ClientAnswer answer = net.ask_for("www.example.org.", Type::A);
  std::vector<std::uint16_t> codes;
  for (const auto& [code, data] : answer.message().edns->options) {
    if (code == OptionCode::extended_error) { codes.push_back(load16(data.data())); }
  }
  EXPECT_EQ(codes, (std::vector<std::uint16_t>{22, 6}));
}

}  // namespace
}  // namespace vouch::simulation
