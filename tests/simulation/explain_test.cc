// Why an answer is what it is: each kind of fault, with the zone, the reason and the record that the explanation names,
// in the text and in the JSON. docs/explain.md documents both.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "resolver/explain/render.h"
#include "tests/dnssec_kit/whole_zone.h"
#include "tests/simulation/signed_internet.h"

namespace vouch::simulation {
namespace {

using dnssec_kit::dnskey_set;
using dnssec_kit::kDay;
using dnssec_kit::kNow;
using dnssec_kit::rrsig;
using dnssec_kit::signed_set;
using dnssec_kit::SigningKey;
using dnssec_kit::SignOptions;
using dnssec_kit::with_signatures;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Json = nlohmann::ordered_json;

const Name kZone = Name::of("example.org.");

// An explanation and both its forms.
struct Told {
  ExplanationPtr explanation;
  std::string text;
  Json json;

  const Json& fault() const { return json["fault"]; }
  // The chain as "zone: security", in its order.
  std::string chain() const {
    std::string line;
    for (const Json& zone : json["chain"]) {
      line += (line.empty() ? "" : ", ") + zone["zone"].get<std::string>() + ": " +
              zone["verdict"]["security"].get<std::string>();
    }
    return line;
  }
  std::vector<std::string> marked() const {  // lines of the text
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with(">>> ")) { lines.push_back(line.substr(4)); }
    }
    return lines;
  }
};

struct Explaining : testing::Test {
  SignedInternet net;
  const LocalRoot* local_root = nullptr;

  void build(const ZoneStyle& style = {}) {
    net.add("org.", {"192.0.2.1"});
    net.add("example.org.", {"192.0.2.2"}, style)
        .has("www.example.org. 300 IN A 198.51.100.1")
        .has("*.wild.example.org. 300 IN A 198.51.100.2");
  }
  SignedZone& zone() { return net.zone("example.org."); }
  std::string key_tag() { return std::to_string(zone().key().tag()); }
  void sign_data(const SignOptions& how) {
    net.tamper("example.org.",
               each(Type::A, [this, how](const RRset& set) { return signed_set(set, zone().key(), kZone, how); }));
  }

  ExplainParts parts() {
    World& world = net.world();
    return {.resolver = {.resolver = world.options().resolver,
                         .dnssec = world.options().dnssec,
                         .anchors = world.anchors().current(),
                         .root_validated = world.trust().root_validated(),
                         .upstream = {std::shared_ptr<void>(), &world.upstream()},
                         .local_root = local_root,
                         .executor = world.executor(),
                         .clock = world.clock(),
                         .random = world.random()},
            .negatives = world.options().dnssec.negative_trust_anchors,
            .caches = &world.caches(),
            .trust = &world.trust()};
  }
  Told explain(std::string_view name, Type type = Type::A) {
    const Question question{Name::of(name), type};
    auto task = vouch::explain(parts(), question);
    task.start();
    EXPECT_TRUE(net.world().executor().run_until([&task] { return task.done(); }));
    Told told{.explanation = task.take(), .text = {}, .json = {}};
    told.text = explanation_text(*told.explanation);
    told.json = explanation_json(*told.explanation);
    for (const char c : told.text) { EXPECT_TRUE(c == '\n' || (c >= ' ' && c <= '~')) << int{c}; }
    return told;
  }
  // How many of the explanation's questions went to the root's server.
  static std::ptrdiff_t asked_of_root(const Told& told) {
    return std::ranges::count_if(told.json["exchanges"],
                                 [](const Json& exchange) { return exchange["zone"].get<std::string>() == "."; });
  }
  // A fault: the same zone and reason in the sentence, the text, the JSON, and in what a client is told.
  Told expect_fault(std::string_view name, std::string_view zone, std::string_view reason, std::string_view sentence) {
    const std::string client = net.ask(name, Type::A);
    EXPECT_THAT(client, HasSubstr(std::string(reason) + " zone=" + std::string(zone)));
    Told told = explain(name);
    EXPECT_EQ(told.fault()["zone"], zone);
    EXPECT_EQ(told.fault()["reason"], reason);
    EXPECT_THAT(told.json["sentence"].get<std::string>(), HasSubstr(sentence));
    EXPECT_THAT(told.text, HasSubstr("FAULT: " + told.json["sentence"].get<std::string>()));
    EXPECT_THAT(told.text, HasSubstr("Reason: " + std::string(reason) + ". Zone: " + std::string(zone)));
    EXPECT_FALSE(told.marked().empty()) << told.text;
    if (::getenv("SHOW") != nullptr) { std::cout << told.text << "\n" << told.json.dump(1) << "\n"; }
    return told;
  }
};

// Where the process answers from the root zone at home (RFC 8806), so does whoever explains.
TEST_F(Explaining, TheRootZoneAtHomeSpeaksInPlaceOfItsServers) {
  build();
  dnssec_kit::zone_with_digest(net.zone("."));
  const Told before = explain("www.example.org.");
  EXPECT_EQ(before.json["status"], "secure");
  EXPECT_GT(asked_of_root(before), 0);
  LocalRoot at_home;
  at_home.replace(std::make_shared<const RootCopy>(dnssec_kit::whole_zone(net.zone(".")), kNow + kDay), kNow + kDay);
  local_root = &at_home;
  const Told told = explain("www.example.org.");
  EXPECT_EQ(told.json["status"], "secure");
  EXPECT_EQ(asked_of_root(told), 0);
  EXPECT_EQ(told.chain(), before.chain());
}

TEST_F(Explaining, WhatIsGenuineIsToldWithItsWholeChain) {
  build();
  const Told told = explain("www.example.org.");
  if (::getenv("SHOW") != nullptr) { std::cout << told.text << "\n" << told.json.dump(1) << "\n"; }
  EXPECT_EQ(told.json["status"], "secure");
  EXPECT_EQ(told.json["sentence"], "www.example.org. A is proven genuine.");
  EXPECT_TRUE(told.fault().is_null());
  EXPECT_EQ(told.chain(), ".: secure, org.: secure, example.org.: secure");
  EXPECT_TRUE(told.json["chain"][0]["is_anchor"]);
  const Json& zone = told.json["chain"][2];
  EXPECT_EQ(zone["parent"], "org.");
  EXPECT_EQ(zone["ds"][0]["key_tag"], this->zone().key().tag());
  EXPECT_EQ(zone["ds"][0]["result"], "matches");
  EXPECT_EQ(zone["dnskey"][0]["is_vouched_for"], true);
  EXPECT_EQ(zone["dnskey_signatures"][0]["signatures"][0]["result"], "holds");
  EXPECT_EQ(told.json["answer"][0]["records"][0], "www.example.org. 300 IN A 198.51.100.1");
  EXPECT_EQ(told.json["answer"][0]["signatures"][0]["signatures"][0]["key_tag"], this->zone().key().tag());
  EXPECT_TRUE(told.marked().empty());
}

TEST_F(Explaining, AKeyThatTheParentDoesNotKnow) {
  build();
  const SigningKey other({.seed = "another"});
  net.zone("org.").delegates("example.org.", {"192.0.2.2"}, {other.ds(kZone)});
  const std::string tag = std::to_string(other.tag());
  const Told told = expect_fault("www.example.org.", "example.org.", "ds_dnskey_mismatch",
                                 "No key of example.org. matches the DS with key tag " + tag);
  EXPECT_EQ(told.fault()["fixer"], "registrar");
  EXPECT_EQ(told.fault()["record"]["type"], "DS");
  EXPECT_EQ(told.fault()["record"]["ds"][0]["key_tag"], other.tag());
  EXPECT_EQ(told.fault()["record"]["ds"][0]["result"], "no_such_key");
  EXPECT_THAT(told.text, HasSubstr("DS at org.: key tag " + tag +
                                   ", algorithm 13 (ECDSAP256SHA256), digest type 2 "
                                   "(SHA-256): matches no key"));
  EXPECT_THAT(told.text, HasSubstr("DNSKEY " + key_tag()));
}

TEST_F(Explaining, ASignatureThatRanOut) {
  build();
  sign_data({.expiration = kNow - 3 * kDay});
  const Told told = expect_fault("www.example.org.", "example.org.", "rrsig_expired",
                                 "The signature on www.example.org. A by key " + key_tag() +
                                     " of example.org. expired 3 days ago (2026-01-12 08:00:00 UTC).");
  EXPECT_EQ(told.fault()["record"]["owner"], "www.example.org.");
  EXPECT_EQ(told.fault()["record"]["type"], "A");
  EXPECT_EQ(told.fault()["record"]["signatures"][0]["key_tag"], zone().key().tag());
  EXPECT_EQ(told.fault()["record"]["signatures"][0]["expiration"], kNow - 3 * kDay);
  EXPECT_EQ(told.fault()["record"]["signatures"][0]["result"], "rrsig_expired");
  EXPECT_EQ(told.fault()["fixer"], "zone_operator");
  EXPECT_THAT(told.text, HasSubstr("Who can mend it: The owner of the domain."));
  EXPECT_EQ(told.chain(), ".: secure, org.: secure, example.org.: secure");  // the zone's keys are fine
  EXPECT_TRUE(told.json["answer"][0]["is_at_fault"]);
}

TEST_F(Explaining, ASignatureOfTomorrow) {
  build();
  sign_data({.inception = kNow + 2 * kDay});
  expect_fault("www.example.org.", "example.org.", "rrsig_not_yet_valid",
               "is not valid yet: it begins in 2 days (2026-01-17 08:00:00 UTC).");
}

TEST_F(Explaining, NoSignatureAtAll) {
  build();
  net.tamper("example.org.", strip_signatures(Type::A));
  const Told told =
      expect_fault("www.example.org.", "example.org.", "rrsig_missing",
                   "www.example.org. A came without a signature that counts, and example.org. is a signed "
                   "zone.");
  EXPECT_EQ(told.fault()["record"]["owner"], "www.example.org.");
  EXPECT_EQ(told.fault()["record"]["type"], "A");
}

TEST_F(Explaining, ASignatureThatDoesNotFit) {
  build();
  sign_data({.is_broken = true});
  expect_fault("www.example.org.", "example.org.", "rrsig_invalid", "does not fit the data");
}

TEST_F(Explaining, AKeyThatNobodyPublishes) {
  build();
  const SigningKey other({.seed = "unpublished"});
  net.tamper("example.org.", each(Type::A, [&](const RRset& set) { return signed_set(set, other, kZone); }));
  expect_fault("www.example.org.", "example.org.", "rrsig_unknown_key",
               "made with key " + std::to_string(other.tag()) + ", which example.org. does not publish");
}

TEST_F(Explaining, ADenialWithoutProof) {
  build();
  net.tamper("example.org.", drop(Type::NSEC));
  const Told told = expect_fault("none.example.org.", "example.org.", "nsec_missing",
                                 "example.org. says that none.example.org. does not exist, and sends no NSEC");
  EXPECT_TRUE(told.json["answer"][0]["is_denial"]);
  EXPECT_EQ(told.json["answer"][0]["proofs"][0]["outcome"], "missing");
}

TEST_F(Explaining, ADenialWhoseProofProvesSomethingElse) {
  build();
  net.tamper("example.org.", [this](const Question& question, Reply& reply) {
    if (question.type == Type::A) { reply.authority = {zone().soa(), zone().proof_at(kZone)}; }
  });
  const Told told = expect_fault("xxx.example.org.", "example.org.", "nsec_not_proving", "do not prove it");
  EXPECT_EQ(told.json["answer"][0]["proofs"][0]["outcome"], "not_proving");
  EXPECT_THAT(told.json["answer"][0]["proofs"][0]["records"][0]["records"][0].get<std::string>(),
              StartsWith("example.org. "));
}

TEST_F(Explaining, AWildcardWithoutItsProof) {
  build();
  net.tamper("example.org.", drop(Type::NSEC));
  expect_fault("any.wild.example.org.", "example.org.", "wildcard_unproven",
               "was made from a wildcard of example.org.");
}

TEST_F(Explaining, ParentThatProvesNothing) {
  build();
  net.tamper("org.", all_of({drop(Type::DS), [this](const Question&, Reply& reply) {
                               reply.authority.push_back(net.zone("org.").proof_at(Name::of("org.")));
                             }}));
  const Told told = expect_fault("www.example.org.", "org.", "no_ds_proof_invalid",
                                 "org. gives no DS for example.org., and does not prove that there is none.");
  EXPECT_EQ(told.fault()["fixer"], "parent_operator");
}

TEST_F(Explaining, KeysThatNoServerGives) {
  build();
  net.server("192.0.2.2").errs_on("example.org.", Type::DNSKEY, Rcode::server_failure);
  const Told told = expect_fault("www.example.org.", "example.org.", "dnskey_unreachable",
                                 "No server of example.org. gives its DNSKEY set.");
  EXPECT_THAT(told.text, HasSubstr("192.0.2.2@53"));
  EXPECT_THAT(told.text, HasSubstr("SERVFAIL ! an error in place of an answer"));
}

TEST_F(Explaining, AlgorithmsThatNobodyHereKnowsMakeItUnsigned) {
  build();
  Buffer ds = zone().ds();
  ds[2] = 99;
  net.zone("org.").delegates("example.org.", {"192.0.2.2"}, {ds});
  const Told told = explain("www.example.org.");
  EXPECT_EQ(told.json["status"], "insecure");
  EXPECT_TRUE(told.fault().is_null());
  EXPECT_EQ(told.json["verdict"]["reason"], "alg_unsupported");
  EXPECT_EQ(told.json["sentence"],
            "Every DS of example.org. names an algorithm that is unknown here: the zone counts as unsigned.");
  EXPECT_EQ(told.json["chain"][2]["ds"][0]["result"], "unsupported_algorithm");
}

TEST_F(Explaining, AnUnsignedZoneIsNoFault) {
  build({.is_signed = false});
  const Told told = explain("www.example.org.");
  EXPECT_EQ(told.json["status"], "insecure");
  EXPECT_EQ(told.json["sentence"], "www.example.org. A is unsigned: org. proves that it holds no DS for example.org.");
  EXPECT_EQ(told.json["chain"][2]["no_ds_proof"]["outcome"], "unsigned_delegation");
  EXPECT_TRUE(told.marked().empty());
}

TEST_F(Explaining, OptOutIsToldAsSuch) {
  net.add("org.", {"192.0.2.1"}, {.nsec3 = true, .opt_out = true, .iterations = 1});
  net.add("example.org.", {"192.0.2.2"}, {.is_signed = false}).has("www.example.org. 300 IN A 198.51.100.1");
  const Told told = explain("www.example.org.");
  EXPECT_EQ(told.json["status"], "insecure");
  EXPECT_EQ(told.json["chain"][2]["no_ds_proof"]["outcome"], "opt_out");
  EXPECT_EQ(told.json["chain"][2]["no_ds_proof"]["records"][0]["nsec3"]["opt_out"], true);
  EXPECT_EQ(told.json["chain"][2]["no_ds_proof"]["records"][0]["nsec3"]["iterations"], 1);
  EXPECT_THAT(told.text, HasSubstr("[iterations 1, opt-out]"));
  EXPECT_THAT(told.text, HasSubstr("covered by an opt-out span"));
}

TEST_F(Explaining, ANegativeAnchorAndWhatItHides) {
  build();
  net.dnssec().negative_trust_anchors = {{kZone, "moving to another registrar", kNow + kDay}};
  sign_data({.expiration = kNow - 3 * kDay});
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("NOERROR"));
  const Told told = explain("www.example.org.");
  EXPECT_EQ(told.json["status"], "insecure");
  EXPECT_EQ(told.json["negative_trust_anchor"]["zone"], "example.org.");
  EXPECT_EQ(told.json["negative_trust_anchor"]["reason"], "moving to another registrar");
  EXPECT_EQ(told.json["negative_trust_anchor"]["until"], kNow + kDay);
  EXPECT_EQ(told.json["sentence"],
            "Validation is switched off at and below example.org. by a negative trust anchor here.");
  const Json& hidden = told.json["without_negative_trust_anchor"];
  EXPECT_EQ(hidden["fault"]["reason"], "rrsig_expired");
  EXPECT_EQ(hidden["fault"]["zone"], "example.org.");
  EXPECT_THAT(told.text, HasSubstr("Without the negative trust anchor it would be:"));
  EXPECT_THAT(told.text, HasSubstr("expired 3 days ago"));
}

TEST_F(Explaining, ServersThatSayNothing) {
  build();
  net.server("192.0.2.2").is_silent();
  const Told told = explain("www.example.org.");
  EXPECT_EQ(told.json["status"], "unreachable");
  EXPECT_EQ(told.fault()["zone"], "example.org.");
  EXPECT_EQ(told.fault()["reason"], "no_reachable_authority");
  EXPECT_EQ(told.json["sentence"], "No server of example.org. gives an answer.");
  EXPECT_EQ(told.json["exchanges"].back()["problem"], "timeout");
  ASSERT_FALSE(told.marked().empty());
  EXPECT_THAT(told.marked().back(), HasSubstr("no reply"));
}

TEST_F(Explaining, ServersThatDoNotServeTheZone) {
  build();
  net.server("192.0.2.2").answers_all_with(Rcode::refused);
  const Told told = explain("www.example.org.");
  EXPECT_EQ(told.json["status"], "unreachable");
  EXPECT_EQ(told.fault()["zone"], "example.org.");
  EXPECT_EQ(told.json["exchanges"].back()["rcode"], "REFUSED");
  EXPECT_EQ(told.json["exchanges"].back()["problem"], "lame");
}

TEST_F(Explaining, AnAliasIntoAnotherZoneThatFails) {
  build();
  net.add("net.", {"192.0.2.5"});
  net.add("example.net.", {"192.0.2.6"}).has("www.example.net. 300 IN A 198.51.100.9");
  zone().has("alias.example.org. 300 IN CNAME www.example.net.");
  net.tamper("example.net.", strip_signatures(Type::A));
  const Told told =
      expect_fault("alias.example.org.", "example.net.", "rrsig_missing", "www.example.net. A came without");
  EXPECT_EQ(told.chain(), ".: secure, org.: secure, example.org.: secure, net.: secure, example.net.: secure");
  ASSERT_EQ(told.json["answer"].size(), 2U);
  EXPECT_EQ(told.json["answer"][0]["verdict"]["security"], "secure");
  EXPECT_EQ(told.json["answer"][0]["type"], "CNAME");
  EXPECT_TRUE(told.json["answer"][1]["is_at_fault"]);
  EXPECT_EQ(told.fault()["record"]["owner"], "www.example.net.");
}

TEST_F(Explaining, TheClockOfThisMachine) {
  build();
  net.options().start = 0;
  expect_fault("www.example.org.", ".", "clock_untrusted", "do not fit this machine's clock");
}

TEST_F(Explaining, AnAnchorThatDoesNotFit) {
  build();
  net.dnssec().trust_anchors = {{Name(), Type::DS, SigningKey({.seed = "old root"}).ds(Name())}};
  const Told told =
      expect_fault("www.example.org.", ".", "anchor_mismatch", "The trust anchor of . that is configured");
  EXPECT_EQ(told.fault()["fixer"], "resolver_operator");
}

// What was mended is told as it is now, and that the cache still holds the failure.
TEST_F(Explaining, WhatWasMendedMeanwhile) {
  build();
  net.tamper("example.org.", strip_signatures(Type::A));
  net.ask("www.example.org.", Type::A);
  net.untamper();
  const Told told = explain("www.example.org.");
  EXPECT_EQ(told.json["status"], "secure");
  EXPECT_EQ(told.json["cache"]["failure"]["reason"], "rrsig_missing");
  EXPECT_THAT(told.text, HasSubstr("the question: failed, told for 5 s more"));
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL"));  // nothing was learnt by explaining
}

TEST_F(Explaining, LeavesNothingBehind) {
  build();
  explain("www.example.org.");
  EXPECT_EQ(net.world().caches().rrsets.stats().entries, 0U);
  EXPECT_EQ(net.world().trust().entries(), 0U);
  EXPECT_EQ(net.world().validation_counters().judged_secure.value(), 0U);
}

// A name may hold anything; a terminal must not.
TEST_F(Explaining, HostileNamesAreEscaped) {
  build();
  const std::string_view hostile = "\\027[31m\\010\\013.example.org.";
  zone().has("\\027[31m\\010\\013.example.org. 300 IN TXT \"\\027]0;owned\\007\"");
  net.tamper("example.org.", strip_signatures(Type::TXT));
  const Told told = explain(hostile, Type::TXT);
  EXPECT_THAT(told.text, HasSubstr("\\027[31m\\010\\013.example.org. TXT came without"));
  EXPECT_THAT(told.text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(told.json.dump(), Not(HasSubstr("\x1b")));
}

// KeyTrap's servers get no more of a reader's time than of the validator's.
TEST_F(Explaining, AHostileZoneIsToldWithinBounds) {
  build();
  std::vector<Buffer> keys = {zone().key().dnskey()};
  for (unsigned i = 0; i < 40; ++i) { keys.push_back(dnssec_kit::colliding_dnskey(13, zone().key().tag(), i)); }
  const RRsetPtr set = signed_set(*dnssec_kit::set_of(kZone, Type::DNSKEY, 3600, keys), zone().key(), kZone);
  net.tamper("example.org.",
             all_of({each(Type::DNSKEY, [set](const RRset&) { return set; }), each(Type::A, [this](const RRset& data) {
                       std::vector<Buffer> bad(8, rrsig(data, zone().key(), kZone, {.is_broken = true}));
                       for (std::size_t i = 0; i < bad.size(); ++i) { bad[i].back() ^= u8(i + 1); }
                       return with_signatures(data, bad);
                     })}));
  const Told told = explain("www.example.org.");
  EXPECT_EQ(told.json["status"], "bogus");
  EXPECT_LT(told.text.size(), 32U * 1024);
  EXPECT_LT(told.json.dump().size(), 64U * 1024);
}

}  // namespace
}  // namespace vouch::simulation
