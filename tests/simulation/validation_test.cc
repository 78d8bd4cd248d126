// What is secure, what is insecure and what is bogus (RFC 4035 section 5): the chain of trust through zones of every
// kind, and why it breaks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/simulation/signed_internet.h"

namespace vouch::simulation {
namespace {

using dnssec_kit::dnskey_set;
using dnssec_kit::kDay;
using dnssec_kit::kNow;
using dnssec_kit::set_of;
using dnssec_kit::signed_set;
using dnssec_kit::SigningKey;
using dnssec_kit::with_signatures;
using testing::StartsWith;

constexpr std::string_view kZone = "example.org.";
constexpr std::string_view kWww = "www.example.org. 300 IN A 198.51.100.1";
const std::string kSecure = "NOERROR AD " + std::string(kWww);
const std::string kInsecure = "NOERROR " + std::string(kWww);

struct Validation : testing::Test {
  SignedInternet net;
  // org. at 192.0.2.1, example.org. at 192.0.2.2.
  void build(const ZoneStyle& style = {}, const ZoneStyle& parent = {}) {
    net.add("org.", {"192.0.2.1"}, parent);
    net.add(kZone, {"192.0.2.2"}, style).has(kWww);
  }
  void set_ds(const std::vector<Buffer>& ds) { net.zone("org.").delegates(kZone, {"192.0.2.2"}, ds); }
  SignedZone& zone() { return net.zone(kZone); }
};

// ------------------------------------------------------------------------------------- unsigned delegations

struct Delegation {
  std::string_view what;
  ZoneStyle parent;
  std::string_view ds;  // the answer to a question for the child's DS
};
void PrintTo(const Delegation& delegation, std::ostream* out) { *out << delegation.what; }

class UnsignedChild : public testing::TestWithParam<Delegation> {};
TEST_P(UnsignedChild, IsInsecureNotBogus) {
  SignedInternet net;
  net.add("org.", {"192.0.2.1"}, GetParam().parent);
  net.add(kZone, {"192.0.2.2"}, {.is_signed = false}).has(kWww);
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kInsecure);
  EXPECT_EQ(net.ask("none.example.org.", Type::A), "NXDOMAIN");
  EXPECT_EQ(net.ask(kZone, Type::DS), GetParam().ds);
}
TEST_P(UnsignedChild, OnTheSameServersAsItsParent) {  // no referral ever says that there is a cut
  SignedInternet net;
  net.add("org.", {"192.0.2.1"}, GetParam().parent);
  net.add(kZone, {"192.0.2.1"}, {.is_signed = false}).has(kWww);
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kInsecure);
  EXPECT_EQ(net.ask("none.example.org.", Type::A), "NXDOMAIN");
  EXPECT_EQ(net.ask(kZone, Type::DS), GetParam().ds);
}
INSTANTIATE_TEST_SUITE_P(Validation, UnsignedChild,
                         testing::Values(Delegation{"by NSEC", {}, "NOERROR AD"},
                                         Delegation{"by NSEC3", {.nsec3 = true, .iterations = 3}, "NOERROR AD"},
                                         Delegation{"by opt-out", {.nsec3 = true, .opt_out = true}, "NOERROR"}));

TEST_F(Validation, SignedChildOnTheSameServers) {
  net.add("org.", {"192.0.2.1"});
  net.add(kZone, {"192.0.2.1"}).has(kWww);
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
  EXPECT_EQ(net.ask("none.example.org.", Type::A), "NXDOMAIN AD");
}

TEST_F(Validation, SignedGrandchildOnTheSameServers) {
  net.add("org.", {"192.0.2.1"});
  net.add("mid.org.", {"192.0.2.1"});
  net.add("deep.mid.org.", {"192.0.2.1"}).has("www.deep.mid.org. 300 IN A 198.51.100.7");
  EXPECT_EQ(net.ask("www.deep.mid.org.", Type::A), "NOERROR AD www.deep.mid.org. 300 IN A 198.51.100.7");
}

TEST_F(Validation, SignedGrandchildBelowAnUnsignedChildOnTheSameServers) {
  net.add("org.", {"192.0.2.1"});
  net.add("mid.org.", {"192.0.2.1"}, {.is_signed = false});
  net.add("deep.mid.org.", {"192.0.2.1"}).has("www.deep.mid.org. 300 IN A 198.51.100.7");
  EXPECT_EQ(net.ask("www.deep.mid.org.", Type::A), "NOERROR www.deep.mid.org. 300 IN A 198.51.100.7");
}

// Below an unsigned zone whose delegation has been forgotten, while its child's has not.
TEST_F(Validation, GrandchildBelowAnUnsignedChildThatIsNoLongerKnown) {
  for (const bool is_signed : {false, true}) {
    SignedInternet fresh;
    fresh.add("org.", {"192.0.2.1"});
    fresh.add("mid.org.", {"192.0.2.2"}, {.is_signed = false});
    fresh.add("deep.mid.org.", {"192.0.2.3"}, {.is_signed = is_signed}).has("www.deep.mid.org. 300 IN A 198.51.100.7");
    fresh.zone("org.").lacks("mid.org.", Type::NS).has("mid.org. 60 IN NS ns1.mid.org.");
    EXPECT_EQ(fresh.ask("www.deep.mid.org.", Type::A), "NOERROR www.deep.mid.org. 300 IN A 198.51.100.7");
    fresh.pass(400s);
    fresh.world().trust().clear();
    EXPECT_EQ(fresh.ask("www.deep.mid.org.", Type::A), "NOERROR www.deep.mid.org. 300 IN A 198.51.100.7");
  }
}

TEST_F(Validation, SignedGrandchildWithoutDsOnTheSameServers) {
  net.add("org.", {"192.0.2.1"});
  net.add("mid.org.", {"192.0.2.1"});
  net.add("deep.mid.org.", {"192.0.2.1"}).has("www.deep.mid.org. 300 IN A 198.51.100.7");
  net.zone("mid.org.").delegates("deep.mid.org.", {"192.0.2.1"}, {});
  EXPECT_EQ(net.ask("www.deep.mid.org.", Type::A), "NOERROR www.deep.mid.org. 300 IN A 198.51.100.7");
}

TEST_F(Validation, UnsignedChildDeepBelowWithEmptyNamesBetween) {
  net.add("org.", {"192.0.2.1"});
  net.add("a.b.c.org.", {"192.0.2.2"}, {.is_signed = false}).has("www.a.b.c.org. 300 IN A 198.51.100.7");
  EXPECT_EQ(net.ask("www.a.b.c.org.", Type::A), "NOERROR www.a.b.c.org. 300 IN A 198.51.100.7");
}

// ------------------------------------------------------------------------------------------------- anchors

TEST_F(Validation, IslandOfSecurity) {
  build({}, {.is_signed = false});
  net.dnssec().trust_anchors.push_back({Name::of(kZone), Type::DS, zone().ds()});
  net.add("plain.org.", {"192.0.2.3"}, {.is_signed = false}).has("www.plain.org. 300 IN A 198.51.100.5");
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
  EXPECT_EQ(net.ask("none.example.org.", Type::A), "NXDOMAIN AD");
  EXPECT_EQ(net.ask("www.plain.org.", Type::A), "NOERROR www.plain.org. 300 IN A 198.51.100.5");
}

// The chain for the island begins at its anchor: in the name of the unsigned zone above nobody can sign, or deny, its
// data away.
TEST_F(Validation, IslandsDataInTheNameOfTheUnsignedZoneAbove) {
  build({}, {.is_signed = false});
  net.dnssec().trust_anchors.push_back({Name::of(kZone), Type::DS, zone().ds()});
  const Name parent = Name::of("org.");
  net.tamper(kZone, each(Type::A, [&](const RRset&) {
               return signed_set(*set_of({"www.example.org. 300 IN A 203.0.113.66"}), zone().key(), parent);
             }));
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL"));
  net.tamper(kZone, [&](const Question& question, Reply& reply) {
    if (question.type != Type::A) { return; }
    reply = Reply();
    reply.rcode = Rcode::name_error;
    reply.authority = {signed_set(*zone().soa(), zone().key(), parent)};
  });
  EXPECT_THAT(net.ask("mail.example.org.", Type::A), StartsWith("SERVFAIL"));
}

TEST_F(Validation, AnchorThatIsAKey) {
  build({}, {.is_signed = false});
  net.dnssec().trust_anchors.push_back({Name::of(kZone), Type::DNSKEY, zone().key().dnskey()});
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
}

TEST_F(Validation, TheClosestAnchorCounts) {  // and that it fits nothing is no reason to go by the one above
  build();
  net.dnssec().trust_anchors.push_back({Name::of(kZone), Type::DS, net.zone("org.").ds()});
  EXPECT_EQ(net.ask("www.example.org.", Type::A), "SERVFAIL EDE 9: anchor_mismatch zone=example.org.");
  EXPECT_EQ(net.ask("org.", Type::SOA).substr(0, 10), "NOERROR AD");
}

TEST_F(Validation, OneOfSeveralAnchorsOfAZoneSuffices) {
  build();
  const SigningKey other({.flags = 0x0101, .seed = "yet to come"});
  net.dnssec().trust_anchors.push_back({Name(), Type::DS, other.ds(Name())});
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
}

TEST_F(Validation, WhereNoAnchorIsNothingIsJudged) {
  build();
  net.dnssec().trust_anchors = {{Name::of(kZone), Type::DS, zone().ds()}};
  net.dnssec().builtin_root_anchor = false;
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
  EXPECT_EQ(net.ask("org.", Type::MX), "NOERROR");
}

TEST_F(Validation, NegativeAnchorSwitchesValidationOffBelow) {  // RFC 7646
  build();
  net.dnssec().negative_trust_anchors = {NegativeAnchor(Name::of(kZone), "broken since Monday")};
  net.tamper(kZone, strip_signatures(Type::ANY));
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kInsecure + " EDE 33: negative_anchor zone=example.org.");
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kInsecure + " EDE 33: negative_anchor zone=example.org.");
  EXPECT_EQ(net.ask("org.", Type::SOA).substr(0, 10), "NOERROR AD");
}

TEST_F(Validation, NegativeAnchorAboveAnAnchorDoesNotReachIt) {
  build();
  net.dnssec().negative_trust_anchors = {NegativeAnchor(Name::of("org."))};
  net.dnssec().trust_anchors.push_back({Name::of(kZone), Type::DS, zone().ds()});
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
}

// ----------------------------------------------------------------------------- what cannot be checked is insecure

// DS RDATA with its algorithm or digest type changed.
Buffer altered(Buffer ds, std::size_t octet, std::uint8_t value) {
  ds[octet] = value;
  return ds;
}
constexpr std::size_t kAlgorithm = 2, kDigest = 3;

TEST_F(Validation, F8UnknownAlgorithmAlone) {
  build();
  set_ds({altered(zone().ds(), kAlgorithm, 200)});
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kInsecure + " EDE 1: alg_unsupported zone=example.org.");
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kInsecure + " EDE 1: alg_unsupported zone=example.org.");
}

TEST_F(Validation, F8UnknownDigestAlone) {
  build();
  set_ds({altered(zone().ds(), kDigest, 200)});
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kInsecure + " EDE 2: ds_digest_unsupported zone=example.org.");
}

TEST_F(Validation, F8AnyDsThatIsSupportedMustHold) {
  build();
  set_ds({altered(zone().ds(), kAlgorithm, 200), altered(zone().ds(), kDigest, 200), zone().ds()});
  net.tamper(kZone, strip_signatures(Type::ANY));
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL EDE 10: rrsig_missing"));
}

TEST_F(Validation, F8TheStrongestDigestWins) {  // RFC 4509 section 3
  build();
  const SigningKey other({.flags = 0x0101, .seed = "weakly vouched for"});
  set_ds({zone().ds(2), other.ds(Name::of(kZone), 1)});
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
  net.tamper(kZone, each(Type::ANY, [&](const RRset& set) {
               const bool is_keys = set.type() == Type::DNSKEY;
               return signed_set(is_keys ? *dnskey_set(Name::of(kZone), {&other}) : set, other, Name::of(kZone));
             }));
  net.world().caches().rrsets.clear();
  net.world().trust().clear();
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL EDE 9: ds_dnskey_mismatch"));
}

TEST_F(Validation, EveryAlgorithmIsChecked) {
  net.add("org.", {"192.0.2.1"});
  for (const unsigned algorithm : {5U, 7U, 8U, 10U, 13U, 14U, 15U, 16U}) {
    const std::string name = "alg" + std::to_string(algorithm) + ".org.";
    const std::string record = "www." + name + " 300 IN A 198.51.100.1";
    net.add(name, {"192.0.2.2"}, {.algorithm = u8(algorithm)}).has(record);
    EXPECT_EQ(net.ask("www." + name, Type::A), "NOERROR AD " + record);
    net.tamper("192.0.2.2", each(Type::SOA, [](const RRset& set) {
                 Buffer rdata(set.first_rdata().begin(), set.first_rdata().end());
                 rdata.back() ^= 1;
                 return set_of(set.owner(), Type::SOA, set.ttl(), {rdata});
               }));
    EXPECT_THAT(net.ask("x." + name, Type::A), StartsWith("SERVFAIL"));
    net.untamper();
  }
}

TEST_F(Validation, Sha1SignaturesAsTheOperatorLikes) {  // RFC 9905
  build({.algorithm = 7, .nsec3 = true});
  net.dnssec().sha1 = Sha1Policy::insecure;
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kInsecure + " EDE 1: alg_unsupported zone=example.org.");
}

TEST_F(Validation, TooManyNsec3Iterations) {  // RFC 9276 section 3.2
  build({.nsec3 = true, .iterations = 51});
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);  // needs no proof
  EXPECT_EQ(net.ask("none.example.org.", Type::A), "NXDOMAIN EDE 27: nsec3_cost zone=example.org.");
}

TEST_F(Validation, FiftyIterationsAreNotTooMany) {
  build({.nsec3 = true, .iterations = 50});
  EXPECT_EQ(net.ask("none.example.org.", Type::A), "NXDOMAIN AD");
}

// Four names are hashed to deny one of two labels: more than the limit that stands when nobody raises it.
TEST_F(Validation, WhoAllowsMoreIterationsIsGivenTheHashesForThem) {
  static_assert(4 * (150 + 1) > Budget::kHashIterations);
  build({.nsec3 = true, .iterations = 150});
  net.dnssec().nsec3_max_iterations = 150;
  EXPECT_EQ(net.ask("a.none.example.org.", Type::A), "NXDOMAIN AD");
}

TEST_F(Validation, IterationsCountOnlyWhereTheZoneHasSignedThem) {
  build({.nsec3 = true});
  SignedZone dear(kZone, {.nsec3 = true, .iterations = 51});
  net.tamper(kZone, [&](const Question& question, Reply& reply) {
    if (question.type != Type::A) { return; }
    reply = dear.answer({Name::of("none.example.org."), Type::A});
    strip_signatures(Type::NSEC3)(question, reply);
  });
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL EDE 10"));
}

// ------------------------------------------------------------------------------------------ aliases between zones

struct Aliases : Validation {
  Aliases() {
    build();
    net.add("plain.org.", {"192.0.2.3"}, {.is_signed = false}).has("www.plain.org. 300 IN A 198.51.100.5");
    net.add("other.org.", {"192.0.2.4"}, {.nsec3 = true}).has("www.other.org. 300 IN A 198.51.100.6");
  }
};

TEST_F(Aliases, FromSecureToSecure) {
  zone().has("a.example.org. 300 IN CNAME www.other.org.");
  EXPECT_EQ(net.ask("a.example.org.", Type::A),
            "NOERROR AD a.example.org. 300 IN CNAME www.other.org. www.other.org. 300 IN A 198.51.100.6");
  EXPECT_EQ(net.ask("a.example.org.", Type::TXT), "NOERROR AD a.example.org. 300 IN CNAME www.other.org.");
}

TEST_F(Aliases, FromSecureToInsecure) {
  zone().has("a.example.org. 300 IN CNAME www.plain.org.");
  for (int i = 0; i < 2; ++i) {  // resolved, then from the cache
    EXPECT_EQ(net.ask("a.example.org.", Type::A),
              "NOERROR a.example.org. 300 IN CNAME www.plain.org. www.plain.org. 300 IN A 198.51.100.5");
  }
  EXPECT_EQ(net.ask("a.example.org.", Type::CNAME), "NOERROR AD a.example.org. 300 IN CNAME www.plain.org.");
}

TEST_F(Aliases, FromInsecureToSecure) {
  net.zone("plain.org.").has("a.plain.org. 300 IN CNAME www.example.org.");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(net.ask("a.plain.org.", Type::A),
              "NOERROR a.plain.org. 300 IN CNAME www.example.org. www.example.org. 300 IN A 198.51.100.1");
  }
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
}

TEST_F(Aliases, FromSecureToBogus) {
  zone().has("a.example.org. 300 IN CNAME www.other.org.");
  net.tamper("other.org.", strip_signatures(Type::A));
  EXPECT_EQ(net.ask("a.example.org.", Type::A), "SERVFAIL EDE 10: rrsig_missing zone=other.org.");
  EXPECT_EQ(net.ask("a.example.org.", Type::CNAME), "NOERROR AD a.example.org. 300 IN CNAME www.other.org.");
}

TEST_F(Aliases, FromInsecureToBogus) {
  net.zone("plain.org.").has("a.plain.org. 300 IN CNAME www.example.org.");
  net.tamper(kZone, strip_signatures(Type::A));
  EXPECT_EQ(net.ask("a.plain.org.", Type::A), "SERVFAIL EDE 10: rrsig_missing zone=example.org.");
}

TEST_F(Aliases, ToAnUnsignedNameErrorIsNotAuthentic) {
  zone().has("a.example.org. 300 IN CNAME none.plain.org.");
  EXPECT_EQ(net.ask("a.example.org.", Type::A), "NXDOMAIN a.example.org. 300 IN CNAME none.plain.org.");
}

TEST_F(Aliases, ThroughADname) {
  zone().has("tree.example.org. 300 IN DNAME other.org.");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(net.ask("www.tree.example.org.", Type::A),
              "NOERROR AD tree.example.org. 300 IN DNAME other.org. www.tree.example.org. 300 IN CNAME www.other.org. "
              "www.other.org. 300 IN A 198.51.100.6");
  }
  EXPECT_EQ(
      net.ask("none.tree.example.org.", Type::A),
      "NXDOMAIN AD tree.example.org. 300 IN DNAME other.org. none.tree.example.org. 300 IN CNAME none.other.org.");
}

TEST_F(Aliases, ThroughADnameToUnsigned) {
  zone().has("tree.example.org. 300 IN DNAME plain.org.");
  EXPECT_EQ(net.ask("www.tree.example.org.", Type::A),
            "NOERROR tree.example.org. 300 IN DNAME plain.org. www.tree.example.org. 300 IN CNAME www.plain.org. "
            "www.plain.org. 300 IN A 198.51.100.5");
}

TEST_F(Aliases, DnameWhoseCnameSaysOtherwise) {
  zone().has("tree.example.org. 300 IN DNAME other.org.");
  net.tamper(kZone, each(Type::CNAME,
                         [](const RRset&) { return set_of({"www.tree.example.org. 300 IN CNAME www.plain.org."}); }));
  EXPECT_EQ(net.ask("www.tree.example.org.", Type::A), "SERVFAIL EDE 6: alias_unproven zone=example.org.");
}

TEST_F(Aliases, DnameWithoutItsSignature) {
  zone().has("tree.example.org. 300 IN DNAME other.org.");
  net.tamper(kZone, strip_signatures(Type::DNAME));
  EXPECT_EQ(net.ask("www.tree.example.org.", Type::A), "SERVFAIL EDE 10: rrsig_missing zone=example.org.");
}

TEST_F(Aliases, ChainWithinOneReplyAcrossZonesOfOneServer) {
  net.add("inner.example.org.", {"192.0.2.2"}, {.is_signed = false})
      .has("www.inner.example.org. 300 IN A 198.51.100.8");
  zone().has("a.example.org. 300 IN CNAME www.inner.example.org.");
  EXPECT_EQ(net.ask("a.example.org.", Type::A),
            "NOERROR a.example.org. 300 IN CNAME www.inner.example.org. www.inner.example.org. 300 IN A 198.51.100.8");
}

// -------------------------------------------------------------------------------------------------------- time

TEST_F(Validation, F10SignaturesHoldForTheirTimeAndALittleLonger) {
  build({.times = {.inception = kNow + 250, .expiration = kNow + kDay}});
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);  // within the skew of 300 s
  net.pass(std::chrono::seconds(kDay + 200));
  EXPECT_EQ(net.ask("www.example.org.", Type::A).substr(0, 10), "NOERROR AD");
  net.pass(std::chrono::seconds(300));
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL EDE 7: rrsig_expired"));
}

TEST_F(Validation, F10TimeWrapsInTheYear2106) {  // serial arithmetic (RFC 4034 section 3.1.5)
  constexpr UnixTime kWrap = UnixTime{1} << 32;
  const ZoneStyle style{.times = {.inception = kWrap - kDay, .expiration = kWrap + kDay}};
  net.zone(".").style(style);
  build(style, style);
  for (const UnixTime start : {kWrap - 100, kWrap + 100}) {
    SignedInternet other;
    other.options().start = start;
    other.zone(".").style(style);
    other.add("org.", {"192.0.2.1"}, style);
    other.add(kZone, {"192.0.2.2"}, style).has(kWww);
    EXPECT_EQ(other.ask("www.example.org.", Type::A), kSecure);
  }
}

TEST_F(Validation, F10OneSignatureThatHoldsIsEnough) {
  build();
  net.tamper(kZone, each(Type::A, [this](const RRset& set) {
               const auto by = [&](const dnssec_kit::SignOptions& how) {
                 return dnssec_kit::rrsig(set, zone().key(), zone().origin(), how);
               };
               return with_signatures(set, {by({.expiration = kNow - 3600}), by({.is_broken = true}), by({})});
             }));
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
}

}  // namespace
}  // namespace vouch::simulation
