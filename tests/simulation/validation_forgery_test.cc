// Forgeries, by the rows of the threat model (F1 to F10): whoever changes what servers say, and has the keys of other
// zones but not of this one, gets nothing into an answer and nothing into the cache.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/simulation/signed_internet.h"

namespace vouch::simulation {
namespace {

using dnssec_kit::dnskey_set;
using dnssec_kit::set_of;
using dnssec_kit::signed_set;
using dnssec_kit::type_bitmap;
using dnssec_kit::with_signatures;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kVictim = "example.org.";
constexpr std::string_view kTrue = "NOERROR AD www.example.org. 300 IN A 198.51.100.1";
constexpr std::string_view kFalse = "www.example.org. 300 IN A 203.0.113.66";

// The zones of every story; `style` is the victim's.
struct Forgery : testing::Test {
  SignedInternet net;
  explicit Forgery(const ZoneStyle& style = {}, const ZoneStyle& parent = {}) {
    net.add("org.", {"192.0.2.1"}, parent);
    fill(net.add(kVictim, {"192.0.2.2"}, style));
    net.add("plain.org.", {"192.0.2.5"}, {.is_signed = false}).has("www.plain.org. 300 IN A 198.51.100.5");
    net.add("attacker.org.", {"192.0.2.9"}).has("www.attacker.org. 300 IN A 203.0.113.9");
  }
  static void fill(SignedZone& zone) {
    zone.has("www.example.org. 300 IN A 198.51.100.1")
        .has("mail.example.org. 300 IN A 198.51.100.3")
        .has("alias.example.org. 300 IN CNAME www.example.org.")
        .has("*.wild.example.org. 300 IN A 198.51.100.2")
        .has("host.wild.example.org. 300 IN A 198.51.100.4")
        .has("*.aliases.example.org. 300 IN CNAME mail.example.org.")
        .has("real.aliases.example.org. 300 IN A 198.51.100.6");
  }
  SignedZone& victim() { return net.zone(kVictim); }
  SignedZone& attacker() { return net.zone("attacker.org."); }

  // Every server of the zone lies that way: no answer but SERVFAIL or the truth, and later all is as if nothing had
  // been.
  void expect_in_vain(std::string_view where, const Tamper& how, std::string_view name, Type type,
                      std::string_view truth) {
    net.tamper(where, how);
    const std::string answer = net.ask(name, type);
    EXPECT_THAT(answer, AnyOf(StartsWith("SERVFAIL"), std::string(truth)));
    EXPECT_THAT(answer, Not(HasSubstr("203.0.113.66")));
    expect_unpolluted();
    EXPECT_EQ(net.ask(name, type), truth);
  }
  void expect_unpolluted() {
    net.untamper();
    net.pass(301s);  // past the last hold of a failure
    EXPECT_EQ(net.ask("www.example.org.", Type::A), kTrue);
    EXPECT_EQ(net.ask("mail.example.org.", Type::A), "NOERROR AD mail.example.org. 300 IN A 198.51.100.3");
    EXPECT_EQ(net.ask("host.wild.example.org.", Type::A), "NOERROR AD host.wild.example.org. 300 IN A 198.51.100.4");
    EXPECT_EQ(net.ask("www.plain.org.", Type::A), "NOERROR www.plain.org. 300 IN A 198.51.100.5");
  }
  // The attacker's zone's own keys sign this, whatever it says.
  RRsetPtr by_attacker(const RRset& set, const dnssec_kit::SignOptions& options = {}) {
    return signed_set(set, attacker().key(), attacker().origin(), options);
  }
  static RRsetPtr nsec(NameView owner, NameView next, const std::set<Type>& types) {
    Buffer rdata(next.octets().begin(), next.octets().end());
    const Buffer bitmap = type_bitmap(types);
    rdata.insert(rdata.end(), bitmap.begin(), bitmap.end());
    return set_of(owner, Type::NSEC, 300, {rdata});
  }
};

struct HashedForgery : Forgery {
  HashedForgery() : Forgery({.nsec3 = true}, {.nsec3 = true, .opt_out = true}) {}
};

TEST_F(Forgery, NothingIsWrongWhenNobodyForges) {
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kTrue);
  EXPECT_EQ(net.ask("alias.example.org.", Type::A),
            "NOERROR AD alias.example.org. 300 IN CNAME www.example.org. www.example.org. 300 IN A 198.51.100.1");
  EXPECT_EQ(net.ask("any.wild.example.org.", Type::A), "NOERROR AD any.wild.example.org. 300 IN A 198.51.100.2");
  EXPECT_EQ(net.ask("none.example.org.", Type::A), "NXDOMAIN AD");
  EXPECT_EQ(net.ask("www.example.org.", Type::TXT), "NOERROR AD");
  EXPECT_EQ(net.ask("www.plain.org.", Type::A), "NOERROR www.plain.org. 300 IN A 198.51.100.5");
  EXPECT_EQ(net.ask("plain.org.", Type::DS), "NOERROR AD");
  EXPECT_EQ(net.ask("none.plain.org.", Type::A), "NXDOMAIN");
}

TEST_F(HashedForgery, NothingIsWrongWhenNobodyForges) {
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kTrue);
  EXPECT_EQ(net.ask("any.wild.example.org.", Type::A), "NOERROR AD any.wild.example.org. 300 IN A 198.51.100.2");
  EXPECT_EQ(net.ask("none.example.org.", Type::A), "NXDOMAIN AD");
  EXPECT_EQ(net.ask("www.example.org.", Type::TXT), "NOERROR AD");
  EXPECT_EQ(net.ask("www.plain.org.", Type::A), "NOERROR www.plain.org. 300 IN A 198.51.100.5");
}

// ------------------------------------------------------------------------------------ the data and its signatures

TEST_F(Forgery, ForgedData) {
  expect_in_vain(kVictim, each(Type::A, [](const RRset& set) { return with_data_of(set, kFalse); }), "www.example.org.",
                 Type::A, kTrue);
}

TEST_F(Forgery, ForgedDataWithoutSignatures) {
  expect_in_vain(kVictim, each(Type::A, [](const RRset&) { return set_of({kFalse}); }), "www.example.org.", Type::A,
                 kTrue);
}

TEST_F(Forgery, DataSignedByAnotherZone) {
  expect_in_vain(kVictim, each(Type::A, [this](const RRset&) { return by_attacker(*set_of({kFalse})); }),
                 "www.example.org.", Type::A, kTrue);
}

TEST_F(Forgery, DataSignedByAnotherKeyOfThatName) {
  const dnssec_kit::SigningKey other({.flags = 0x0101, .seed = "somebody else's"});
  expect_in_vain(kVictim,
                 each(Type::A, [&](const RRset&) { return signed_set(*set_of({kFalse}), other, Name::of(kVictim)); }),
                 "www.example.org.", Type::A, kTrue);
}

TEST_F(Forgery, KeysThatNobodyVouchesFor) {
  const dnssec_kit::SigningKey other({.flags = 0x0101, .seed = "somebody else's"});
  const Name zone = Name::of(kVictim);
  const auto forge = [&](const RRset& set) {
    const bool is_keys = set.type() == Type::DNSKEY;
    return signed_set(is_keys ? *dnskey_set(zone, {&other}) : *set_of({kFalse}), other, zone);
  };
  expect_in_vain(kVictim, all_of({each(Type::A, forge), each(Type::DNSKEY, forge)}), "www.example.org.", Type::A,
                 kTrue);
}

TEST_F(Forgery, KeysSmuggledIntoTheGenuineSet) {  // the set's signature no longer holds
  const dnssec_kit::SigningKey other({.flags = 0x0100, .seed = "somebody else's"});
  const Name zone = Name::of(kVictim);
  const auto keys = each(Type::DNSKEY, [&](const RRset& set) {
    std::vector<Buffer> signatures;
    for (const Bytes signature : set.signatures()) { signatures.emplace_back(signature.begin(), signature.end()); }
    return with_signatures(*dnskey_set(zone, {&victim().key(), &other}), signatures);
  });
  const auto data = each(Type::A, [&](const RRset&) { return signed_set(*set_of({kFalse}), other, zone); });
  expect_in_vain(kVictim, all_of({keys, data}), "www.example.org.", Type::A, kTrue);
}

TEST_F(Forgery, F1SignatureWithFewerLabelsThanItsSigner) {  // CVE-2026-44690: "*.org." by a zone below org.
  const auto forge = each(Type::A, [this](const RRset&) {
    return by_attacker(*set_of({"www.attacker.org. 300 IN A 203.0.113.66"}), {.labels = u8(1)});
  });
  const auto proof = [this](const Question&, Reply& reply) {
    reply.authority.push_back(attacker().proof_at(attacker().origin()));
  };
  expect_in_vain("attacker.org.", all_of({forge, proof}), "www.attacker.org.", Type::A,
                 "NOERROR AD www.attacker.org. 300 IN A 203.0.113.9");
  EXPECT_EQ(net.ask("nothing.org.", Type::A), "NXDOMAIN AD");
}

TEST_F(Forgery, F1SignatureWithMoreLabelsThanItsOwner) {
  const auto forge = each(Type::A, [this](const RRset&) {
    return by_attacker(*set_of({"www.attacker.org. 300 IN A 203.0.113.66"}), {.labels = u8(4)});
  });
  expect_in_vain("attacker.org.", forge, "www.attacker.org.", Type::A,
                 "NOERROR AD www.attacker.org. 300 IN A 203.0.113.9");
}

TEST_F(Forgery, SignatureOverAnotherType) {
  const auto forge = each(Type::A, [this](const RRset&) {
    const RRsetPtr text = victim().sign(*set_of({"www.example.org. 300 IN TXT \"a\""}));
    return with_data_of(*text, kFalse);
  });
  expect_in_vain(kVictim, forge, "www.example.org.", Type::A, kTrue);
}

// -------------------------------------------------------------------------------------------- NSEC that says too much

// The attacker's zone denies a name of its own with an NSEC that reaches over others.
struct Overreach : Forgery {
  void expect_harmless(const RRsetPtr& proof) {
    net.tamper("attacker.org.", only_for("x.attacker.org.", Type::ANY, [&](const Question&, Reply& reply) {
                 reply.rcode = Rcode::name_error;
                 reply.answer.clear();
                 reply.authority = {attacker().soa(), proof, attacker().proof_at(attacker().origin())};
               }));
    net.ask("x.attacker.org.", Type::A);
    EXPECT_EQ(net.ask("nothing.org.", Type::A), "NXDOMAIN AD");
    EXPECT_EQ(net.ask("example.org.", Type::SOA).substr(0, 10), "NOERROR AD");
    expect_unpolluted();
  }
};

TEST_F(Overreach, F2NextNameOutsideTheZone) {  // CVE-2026-13321
  expect_harmless(by_attacker(*nsec(Name::of("attacker.org."), Name::of("zzz.org."), {Type::SOA, Type::NS})));
}

TEST_F(Overreach, F2OwnerOutsideTheZone) {
  const RRsetPtr set = nsec(Name::of("a.example.org."), Name::of("z.example.org."), {Type::A});
  expect_harmless(signed_set(*set, attacker().key(), Name::of("attacker.org.")));
}

TEST_F(Overreach, F2OwnerOfTheParentByTheChildsKey) {
  const RRsetPtr set = nsec(Name::of("attacker.org."), Name::of("z.org."), {Type::NS});
  expect_harmless(signed_set(*set, attacker().key(), Name::of("org.")));
}

TEST_F(Overreach, F2NextNameBeforeItsOwner) {
  expect_harmless(by_attacker(*nsec(Name::of("y.attacker.org."), Name::of("a.attacker.org."), {Type::A})));
}

TEST_F(Overreach, F3NsecThatPointsToItself) {
  expect_harmless(by_attacker(*nsec(Name::of("y.attacker.org."), Name::of("y.attacker.org."), {Type::A})));
}

// A server of parent and child answers for both in one reply: what the child's keys have signed must not count as the
// parent's proof.
TEST_F(Forgery, F2ProofOfAChildBesideADenialByItsParent) {
  SignedZone& child = net.add("child.attacker.org.", {"192.0.2.9"});
  child.has("*.child.attacker.org. 300 IN CNAME none.attacker.org.");
  attacker().has("real.attacker.org. 300 IN A 203.0.113.10");
  const Name apex = Name::of("child.attacker.org.");
  const RRsetPtr wide =
      signed_set(*nsec(apex, Name::of("zzz.attacker.org."), {Type::SOA, Type::NS}), child.key(), apex);
  net.tamper("192.0.2.9", only_for("x.child.attacker.org.", Type::A, [&](const Question& question, Reply& reply) {
               reply = child.answer(question);
               Reply denial = attacker().answer({Name::of("none.attacker.org."), Type::A});
               reply.rcode = denial.rcode;
               reply.authority.insert(reply.authority.end(), denial.authority.begin(), denial.authority.end());
               reply.authority.push_back(wide);
             }));
  net.ask("x.child.attacker.org.", Type::A);
  EXPECT_EQ(net.ask("real.attacker.org.", Type::A), "NOERROR AD real.attacker.org. 300 IN A 203.0.113.10");
}

TEST_F(Forgery, F3ParentsNsecDeniesNothingBelowTheCut) {
  expect_in_vain(
      kVictim,
      [this](const Question&, Reply& reply) {
        reply.rcode = Rcode::name_error;
        reply.answer.clear();
        reply.authority = {net.zone("org.").soa(), net.zone("org.").proof_at(Name::of(kVictim))};
      },
      "www.example.org.", Type::A, kTrue);
}

TEST_F(Forgery, F3ParentsNsecDeniesNoDataAtTheChildsApex) {
  expect_in_vain(kVictim,
                 only_for(kVictim, Type::A,
                          [this](const Question&, Reply& reply) {
                            reply.answer.clear();
                            reply.authority = {net.zone("org.").soa(), net.zone("org.").proof_at(Name::of(kVictim))};
                          }),
                 kVictim, Type::A, "NOERROR AD");
}

TEST_F(Forgery, F3ChildsApexNsecDeniesNoDs) {  // or the zone would be unsigned
  const auto no_ds = only_for(kVictim, Type::DS, [this](const Question&, Reply& reply) {
    reply.answer.clear();
    reply.authority = {victim().soa(), victim().proof_at(Name::of(kVictim))};
  });
  net.tamper("org.", all_of({no_ds, drop(Type::DS)}));
  expect_in_vain(kVictim, each(Type::A, [](const RRset&) { return set_of({kFalse}); }), "www.example.org.", Type::A,
                 kTrue);
}

TEST_F(Forgery, F3DsOfASibling) {
  const auto sibling = each(Type::DS, [this](const RRset& set) {
    const RRsetPtr other = net.zone("org.").set(attacker().origin(), Type::DS);
    return other->with_owner(set.owner());
  });
  net.tamper("org.", sibling);
  const auto forge = each(
      Type::A, [this](const RRset&) { return signed_set(*set_of({kFalse}), attacker().key(), Name::of(kVictim)); });
  const auto keys = each(Type::DNSKEY, [this](const RRset&) {
    return signed_set(*dnskey_set(Name::of(kVictim), {&attacker().key()}), attacker().key(), Name::of(kVictim));
  });
  expect_in_vain(kVictim, all_of({forge, keys}), "www.example.org.", Type::A, kTrue);
}

TEST_F(Forgery, F3UnsignedNsecRidesAlongWithSignedOnes) {
  const RRsetPtr wide = nsec(Name::of("a.example.org."), Name::of("z.example.org."), {Type::A, Type::NSEC});
  net.tamper(kVictim, [&](const Question&, Reply& reply) { reply.authority.push_back(wide); });
  EXPECT_EQ(net.ask("none.example.org.", Type::A), "NXDOMAIN AD");
  const ClientAnswer again = net.ask_for("none.example.org.", Type::A, {.dnssec_ok = true});
  EXPECT_TRUE(again.message().ad);
  EXPECT_THAT(again.authority_text(), Not(HasSubstr("z.example.org.")));  // AD speaks of the authority section too
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kTrue);
  expect_unpolluted();
}

// A secure alias from a wildcard, its target unsigned, both in one reply: what the cache keeps beside the alias is only
// what was proven.
TEST_F(Forgery, F3UnsignedNsecRidesAlongWithASecureAliasToAnUnsignedZone) {
  net.add("inner.example.org.", {"192.0.2.2"}, {.is_signed = false})
      .has("www.inner.example.org. 300 IN A 198.51.100.8");
  victim().has("*.aliased.example.org. 300 IN CNAME www.inner.example.org.");
  const RRsetPtr wide = nsec(Name::of("a.example.org."), Name::of("z.example.org."), {Type::A, Type::NSEC});
  net.tamper(kVictim, [&](const Question& question, Reply& reply) {
    if (question.type != Type::A) { return; }
    const Reply target = net.zone("inner.example.org.").answer({Name::of("www.inner.example.org."), Type::A});
    if (reply.answer.size() == 1 && reply.answer[0]->type() == Type::CNAME) {
      reply.answer.push_back(target.answer[0]);
    }
    reply.authority.push_back(wide);
  });
  EXPECT_THAT(net.ask("x.aliased.example.org.", Type::A), HasSubstr("198.51.100.8"));
  const ClientAnswer alias = net.ask_for("x.aliased.example.org.", Type::CNAME, {.dnssec_ok = true});
  EXPECT_TRUE(alias.message().ad);
  EXPECT_THAT(alias.authority_text(), HasSubstr("IN NSEC"));
  EXPECT_THAT(alias.authority_text(), Not(HasSubstr("NSEC z.example.org.")));
}

TEST_F(Forgery, GenuineProofsOfOtherNames) {
  for (const std::string_view other : {"mail.example.org.", "alias.example.org.", "example.org."}) {
    expect_in_vain(
        kVictim,
        [this, other](const Question&, Reply& reply) {
          reply.rcode = Rcode::name_error;
          reply.answer.clear();
          reply.authority = {victim().soa(), victim().proof_at(Name::of(other))};
        },
        "www.example.org.", Type::A, kTrue);
  }
}

// ----------------------------------------------------------------------------------------------------- NSEC3

TEST_F(HashedForgery, F4Nsec3OfAnotherZone) {
  expect_in_vain(
      kVictim,
      [this](const Question& question, Reply& reply) {
        if (question.type == Type::DNSKEY) { return; }
        const SignedZone& parent = net.zone("org.");
        reply.rcode = Rcode::name_error;
        reply.answer.clear();
        reply.authority = {parent.soa()};
        for (const RRsetPtr& proof : parent.proofs()) { reply.authority.push_back(proof); }
      },
      "www.example.org.", Type::A, kTrue);
}

TEST_F(HashedForgery, F4Nsec3WhoseOwnerIsAZoneOfTheAttackers) {  // CVE-2026-10723: a zone named like a hash
  const std::string label = Name(net.zone("org.").proof_at(Name::of("org."))->owner()).text();
  SignedZone& impostor = net.add(label, {"192.0.2.9"});
  Buffer rdata = {1, 1, 0, 0, 0, 20};
  rdata.resize(26, Octet{0xff});  // to the last hash of all, by opt-out
  const RRsetPtr wide =
      signed_set(*set_of(impostor.origin(), Type::NSEC3, 300, {rdata}), impostor.key(), impostor.origin());
  net.tamper("org.", only_for(kVictim, Type::DS, [&](const Question&, Reply& reply) {
               reply.answer.clear();
               reply.authority = {net.zone("org.").soa(), wide};
             }));
  net.tamper(kVictim, each(Type::A, [](const RRset&) { return set_of({kFalse}); }));
  EXPECT_THAT(net.ask("www.example.org.", Type::A), AnyOf(StartsWith("SERVFAIL"), std::string(kTrue)));
  expect_unpolluted();
}

TEST_F(HashedForgery, F4MixedParameters) {
  SignedZone other(kVictim, {.nsec3 = true, .iterations = 1, .salt = {1}});
  expect_in_vain(
      kVictim,
      [&](const Question& question, Reply& reply) {
        if (question.type == Type::DNSKEY) { return; }
        reply.rcode = Rcode::name_error;
        reply.answer.clear();
        // Each is genuine by the key, one from each of two chains: neither chain proves it.
        reply.authority = {victim().soa(), victim().proof_at(Name::of(kVictim)),
                           other.proof_over(Name::of("www.example.org.")),
                           other.proof_over(Name::of("*.example.org."))};
      },
      "www.example.org.", Type::A, kTrue);
}

TEST_F(HashedForgery, F5OptOutAnswersAreNeverAuthentic) {
  EXPECT_EQ(net.ask("nothing.org.", Type::A), "NXDOMAIN");
  EXPECT_EQ(net.ask("plain.org.", Type::DS), "NOERROR");
  EXPECT_EQ(net.ask("nothing.org.", Type::DS), "NXDOMAIN");
  EXPECT_EQ(net.ask("org.", Type::TXT), "NOERROR AD");  // no opt-out about it
  EXPECT_EQ(net.ask("again.nothing.org.", Type::A), "NXDOMAIN");
}

TEST_F(HashedForgery, F5OptOutSpanThatNobodySigned) {
  const auto no_ds = all_of({drop(Type::DS), [this](const Question&, Reply& reply) {
                               Buffer rdata = {1, 1, 0, 0, 0, 20};
                               rdata.resize(26, Octet{0xff});
                               Buffer bitmap = type_bitmap({Type::NS});
                               rdata.insert(rdata.end(), bitmap.begin(), bitmap.end());
                               const RRsetPtr apex = net.zone("org.").proof_at(Name::of("org."));
                               reply.authority.push_back(set_of(apex->owner(), Type::NSEC3, 300, {rdata}));
                             }});
  net.tamper("org.", no_ds);
  expect_in_vain(kVictim, each(Type::A, [](const RRset&) { return set_of({kFalse}); }), "www.example.org.", Type::A,
                 kTrue);
}

// -------------------------------------------------------------------------------------------------- wildcards

TEST_F(Forgery, F6WildcardInTheSteadOfARealName) {
  // The signature holds; that no closer name exists nobody can prove.
  const auto replay = each(Type::A, [this](const RRset& set) {
    const RRsetPtr wild = victim().answer({Name::of("any.wild.example.org."), Type::A}).answer.front();
    return wild->with_owner(set.owner());
  });
  const std::string_view truth = "NOERROR AD host.wild.example.org. 300 IN A 198.51.100.4";
  expect_in_vain(kVictim, replay, "host.wild.example.org.", Type::A, truth);
  // With the proof for another name.
  const auto proof = [this](const Question&, Reply& reply) {
    reply.authority = victim().answer({Name::of("any.wild.example.org."), Type::A}).authority;
  };
  expect_in_vain(kVictim, all_of({replay, proof}), "host.wild.example.org.", Type::A, truth);
}

TEST_F(HashedForgery, F6WildcardInTheSteadOfARealName) {
  const auto replay = [this](const Question& question, Reply& reply) {
    if (question.type != Type::A) { return; }
    reply = victim().answer({Name::of("any.wild.example.org."), Type::A});
    reply.answer.front() = reply.answer.front()->with_owner(question.name);
  };
  expect_in_vain(kVictim, replay, "host.wild.example.org.", Type::A,
                 "NOERROR AD host.wild.example.org. 300 IN A 198.51.100.4");
}

TEST_F(Forgery, F6WildcardAliasWithoutItsProof) {
  const std::string_view truth = "NOERROR AD real.aliases.example.org. 300 IN A 198.51.100.6";
  const auto replay = [this](const Question& question, Reply& reply) {
    if (question.type != Type::A) { return; }
    const Reply genuine = victim().answer({Name::of("any.aliases.example.org."), Type::A});
    reply.answer = genuine.answer;
    reply.answer.front() = genuine.answer.front()->with_owner(question.name);
    reply.authority.clear();
  };
  expect_in_vain(kVictim, replay, "real.aliases.example.org.", Type::A, truth);
}

TEST_F(Forgery, F6CachedWildcardDoesNotAnswerForRealNames) {
  EXPECT_EQ(net.ask("any.wild.example.org.", Type::A), "NOERROR AD any.wild.example.org. 300 IN A 198.51.100.2");
  EXPECT_EQ(net.ask("host.wild.example.org.", Type::A), "NOERROR AD host.wild.example.org. 300 IN A 198.51.100.4");
  EXPECT_EQ(net.ask("sub.host.wild.example.org.", Type::A), "NXDOMAIN AD");
}

// ---------------------------------------------------------------------------------- making a signed zone look unsigned

struct Stripping : Forgery {
  // The victim's servers lie without signatures; the parent's lie about the DS.
  void expect_still_signed(const Tamper& parents_lie) {
    net.tamper("org.", parents_lie);
    expect_in_vain(kVictim, all_of({each(Type::A, [](const RRset&) { return set_of({kFalse}); }), drop(Type::DNSKEY)}),
                   "www.example.org.", Type::A, kTrue);
  }
};

TEST_F(Stripping, F7AllSignatures) { expect_still_signed(strip_signatures(Type::ANY)); }
TEST_F(Stripping, F7TheDsAndItsProofs) { expect_still_signed(all_of({drop(Type::DS), drop(Type::NSEC)})); }
TEST_F(Stripping, F7TheSignatureOfTheDs) { expect_still_signed(strip_signatures(Type::DS)); }
TEST_F(Stripping, F7DsDeniedWithAnUnsignedNsec) {
  expect_still_signed(all_of({drop(Type::DS), [](const Question&, Reply& reply) {
                                reply.authority.push_back(
                                    nsec(Name::of(kVictim), Name::of("z.org."), {Type::NS, Type::RRSIG, Type::NSEC}));
                              }}));
}
TEST_F(Stripping, F7DsDeniedWithAnotherDelegationsNsec) {
  expect_still_signed(all_of({drop(Type::DS), [this](const Question&, Reply& reply) {
                                reply.authority.push_back(net.zone("org.").proof_at(Name::of("plain.org.")));
                              }}));
}
TEST_F(Stripping, F7DsDeniedWithAnotherDelegationsNsecRenamed) {
  expect_still_signed(all_of({drop(Type::DS), [this](const Question&, Reply& reply) {
                                reply.authority.push_back(
                                    net.zone("org.").proof_at(Name::of("plain.org."))->with_owner(Name::of(kVictim)));
                              }}));
}
TEST_F(Stripping, F7DsAnsweredByAnAlias) {
  expect_still_signed(only_for(kVictim, Type::DS, [](const Question&, Reply& reply) {
    reply.answer = {set_of({"example.org. 300 IN CNAME www.plain.org."})};
    reply.authority.clear();
  }));
}
TEST_F(Stripping, F7DsNameDenied) {
  expect_still_signed(only_for(kVictim, Type::DS, [this](const Question&, Reply& reply) {
    reply = net.zone("org.").answer({Name::of("nothing.org."), Type::DS});
  }));
}
// The NSEC names as its signer a zone that is truly unsigned, and has nothing to do with the victim.
TEST_F(Stripping, F7DsDeniedInTheNameOfAnUnsignedZone) {
  const RRsetPtr foreign = nsec(Name::of("a.plain.org."), Name::of("b.plain.org."), {Type::A});
  const RRsetPtr proof = signed_set(*foreign, attacker().key(), Name::of("plain.org."));
  const auto denial = [proof](const Question&, Reply& reply) {
    reply.answer.clear();
    reply.authority = {proof};
  };
  // Also where the referral already brought the DS: what is asked for counts.
  const auto referral = [](const Question& question, Reply& reply) {
    if (question.type != Type::DS && question.name.view().is_at_or_below(Name::of(kVictim))) {
      drop(Type::DS)(question, reply);
    }
  };
  expect_still_signed(all_of({only_for(kVictim, Type::DS, denial), referral}));
}
TEST_F(Stripping, F7NameDeniedInTheNameOfAnUnsignedZone) {
  SignedZone& inner = net.add("inner.example.org.", {"192.0.2.6"}, {.is_signed = false});
  const RRsetPtr foreign = nsec(Name::of("a.inner.example.org."), Name::of("b.inner.example.org."), {Type::A});
  const RRsetPtr proof = signed_set(*foreign, attacker().key(), inner.origin());
  expect_in_vain(kVictim,
                 only_for("www.example.org.", Type::A,
                          [&](const Question&, Reply& reply) {
                            reply.rcode = Rcode::name_error;
                            reply.answer.clear();
                            reply.authority = {without_signatures(*victim().soa()), proof};
                          }),
                 "www.example.org.", Type::A, kTrue);
  expect_in_vain(
      kVictim,
      only_for("www.example.org.", Type::TXT,
               [&](const Question&, Reply& reply) { reply.authority = {without_signatures(*victim().soa()), proof}; }),
      "www.example.org.", Type::TXT, "NOERROR AD");
}
TEST_F(Stripping, F7SignerThatIsNoZone) {
  const Name inner = Name::of("www.example.org.");
  const auto forge =
      each(Type::A, [&](const RRset&) { return signed_set(*set_of({kFalse}), attacker().key(), inner); });
  expect_in_vain(kVictim, forge, "www.example.org.", Type::A, kTrue);
}
TEST_F(Stripping, F7SignerBelowAnUnsignedZone) {
  const auto forge = each(
      Type::A, [&](const RRset&) { return signed_set(*set_of({kFalse}), attacker().key(), Name::of("x.plain.org.")); });
  expect_in_vain(kVictim, forge, "www.example.org.", Type::A, kTrue);
}

// A wildcard of the parent's, and its NSEC, say nothing of a delegation.
TEST_F(Forgery, F7WildcardsNsecIsNoProofOfAnUnsignedDelegation) {
  SignedZone& parent = net.zone("org.");
  parent.has("*.org. 300 IN NS ns.attacker.org.");
  const auto wild =
      all_of({drop(Type::DS), drop(Type::NSEC), [&](const Question&, Reply& reply) {
                reply.authority.push_back(parent.proof_at(Name::of("*.org."))->with_owner(Name::of(kVictim)));
              }});
  net.tamper("org.", wild);
  net.tamper(kVictim, each(Type::A, [](const RRset&) { return set_of({kFalse}); }));
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL"));
}

// ----------------------------------------------------------------------------------------------------- malformed

TEST_F(Forgery, F9AnyOctetOfAnyRecordMayBeWrong) {
  SeededRandom random(9);
  for (int round = 0; round < 400; ++round) {
    const auto damage = [&random](const RRset& set) -> RRsetPtr {
      std::vector<Buffer> rdata, signatures;
      for (const Bytes each : set.rdata()) { rdata.emplace_back(each.begin(), each.end()); }
      for (const Bytes each : set.signatures()) { signatures.emplace_back(each.begin(), each.end()); }
      auto& list = !signatures.empty() && random.below(2) == 0 ? signatures : rdata;
      Buffer& octets = list[random.below(static_cast<std::uint32_t>(list.size()))];
      const bool is_plain = set.type() == Type::A || set.type() == Type::SOA || set.type() == Type::NS;
      if (&list == &rdata && is_plain) {
        octets.back() ^= 1;
      } else if (random.below(4) == 0) {
        octets.resize(random.below(static_cast<std::uint32_t>(octets.size())));
      } else {
        octets[random.below(static_cast<std::uint32_t>(octets.size()))] ^= u8(1U << random.below(8));
      }
      std::erase_if(rdata, [](const Buffer& each) { return each.empty(); });
      return rdata.empty() ? nullptr : with_signatures(*set_of(set.owner(), set.type(), set.ttl(), rdata), signatures);
    };
    constexpr Type kTypes[] = {Type::A, Type::DNSKEY, Type::DS, Type::NSEC, Type::SOA, Type::ANY};
    const Type type = kTypes[random.below(std::size(kTypes))];
    net.tamper("org.", each(type, damage));
    net.tamper(kVictim, each(type, damage));
    const std::string name = (round % 2 == 0 ? "www" : "none") + std::string(".example.org.");
    const std::string answer = net.ask(name, Type::A);
    const std::string truth = round % 2 == 0 ? std::string(kTrue) : "NXDOMAIN AD";
    EXPECT_THAT(answer, AnyOf(StartsWith("SERVFAIL"), truth)) << "round " << round;
    net.world().caches().rrsets.clear();
    net.world().caches().denials.clear();
    net.pass(301s);  // failures too are forgotten
    net.world().trust().clear();
  }
  expect_unpolluted();
}

}  // namespace
}  // namespace vouch::simulation
