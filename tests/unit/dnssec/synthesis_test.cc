#include "resolver/dnssec/synthesis.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "resolver/dnssec/algorithms.h"
#include "tests/fuzz/signed_model.h"

namespace vouch {
namespace {

constexpr std::uint16_t kMaxIterations = 50;

// Every gap of a zone, as if all had been gathered, and the sets of its wildcards.
class Synthesis : public WildcardSets {
 public:
  explicit Synthesis(std::string_view apex) : zone(Name::of(apex)), soa(zone.soa()) {}

  Synthesis& knows(std::initializer_list<std::string_view> owners) {
    for (const RRsetPtr& proof : zone.nsec_chain()) {
      for (const std::string_view owner : owners) {
        if (proof->owner() == Name::of(owner)) { proofs.push_back(proof); }
      }
    }
    return *this;
  }
  Synthesis& knows_by_hash(std::initializer_list<std::string_view> owners, const model::Nsec3Form& form = {}) {
    for (const RRsetPtr& proof : zone.nsec3_chain(form)) {
      for (const std::string_view owner : owners) {
        if (proof->owner() == model::hashed_owner(model::hash_of(Name::of(owner), form), zone.apex())) {
          proofs.push_back(proof);
        }
      }
    }
    return *this;
  }
  Synthesis& knows_all_by_hash(const model::Nsec3Form& form = {}) {
    for (const RRsetPtr& proof : zone.nsec3_chain(form)) { proofs.push_back(proof); }
    return *this;
  }
  void keeps(const RRsetPtr& set, std::uint32_t seconds) { kept[{set->owner().text(), set->type()}] = {set, seconds}; }

  std::optional<AnswerPart> secure_set(NameView wildcard, Type type) override {
    const auto found = kept.find({wildcard.text(), type});
    if (found == kept.end()) { return std::nullopt; }
    return found->second;
  }

  std::optional<Answer> ask(std::string_view name, Type type) {
    return synthesise({Name::of(name), type}, {zone.apex(), soa, proofs, ttl}, kMaxIterations, *this, *budget);
  }
  // "NXDOMAIN", "NODATA", "192.0.2.1" (the address), "asked": nothing could be made.
  std::string says(std::string_view name, Type type = Type::A) {
    const auto answer = ask(name, type);
    if (!answer) { return "asked"; }
    if (answer->rcode == Rcode::name_error) { return "NXDOMAIN"; }
    if (answer->answer.empty()) { return "NODATA"; }
    return answer->answer.front().rrset->owner().text() + " " + type_text(answer->answer.front().rrset->type());
  }

  model::SignedZone zone;
  RRsetPtr soa;
  std::vector<RRsetPtr> proofs;
  std::uint32_t ttl = 600;
  std::map<std::pair<std::string, Type>, AnswerPart> kept;
  std::shared_ptr<Budget> budget = std::make_shared<Budget>(Instant{});
};

// example. with hosts a and m, b a signed and c an unsigned delegation, d a DNAME, and a wildcard below w.
Synthesis example() {
  Synthesis made("example.");
  made.zone.add(Name::of("a.example."), Type::A);
  made.zone.add(Name::of("b.example."), Type::NS);
  made.zone.add(Name::of("b.example."), Type::DS);
  made.zone.add(Name::of("c.example."), Type::NS);
  made.zone.add(Name::of("d.example."), Type::DNAME);
  made.zone.add(Name::of("m.example."), Type::A);
  made.zone.add(Name::of("r.example."), Type::CNAME);
  made.zone.add(Name::of("*.w.example."), Type::A);
  made.zone.add(Name::of("x.w.example."), Type::A);
  made.keeps(made.zone.data(Name::of("*.w.example."), Type::A), 100);
  return made;
}

TEST(Synthesis, NameErrorWithSoaAndProofs) {
  Synthesis made = example().knows({"m.example.", "example."});

  const auto answer = made.ask("n.example.", Type::A);

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->rcode, Rcode::name_error);
  EXPECT_TRUE(answer->answer.empty());
  ASSERT_EQ(answer->authority.size(), 3U);
  EXPECT_EQ(answer->authority[0].rrset, made.soa);
  EXPECT_EQ(answer->authority[1].rrset, made.proofs[0]);
  EXPECT_EQ(answer->authority[2].rrset, made.proofs[1]);
  for (const AnswerPart& part : answer->authority) { EXPECT_EQ(part.ttl, 600U); }
  EXPECT_TRUE(answer->verdict.is_secure());
  EXPECT_TRUE(answer->from_cache);
  EXPECT_EQ(answer->ede, Ede::synthesized);
}

TEST(Synthesis, NameErrorNeedsTheMissingWildcardToo) {
  EXPECT_EQ(example().knows({"m.example."}).says("n.example."), "asked");
  EXPECT_EQ(example().knows({"example."}).says("n.example."), "asked");
  EXPECT_EQ(example().says("n.example."), "asked");
}

TEST(Synthesis, NoDataFromTheNamesOwnTypes) {
  EXPECT_EQ(example().knows({"m.example."}).says("m.example.", Type::AAAA), "NODATA");
  EXPECT_EQ(example().knows({"m.example."}).says("M.EXAMPLE.", Type::AAAA), "NODATA");
  EXPECT_EQ(example().knows({"m.example."}).says("m.example.", Type::A), "asked");
  EXPECT_EQ(example().knows({"r.example."}).says("r.example.", Type::A), "asked");  // an alias leads on
}

TEST(Synthesis, NoDataAtAnEmptyNonTerminal) { EXPECT_EQ(example().knows({"r.example."}).says("w.example."), "NODATA"); }

TEST(Synthesis, NoDataOfAWildcard) {
  Synthesis made = example().knows({"*.w.example."});
  EXPECT_EQ(made.says("n.w.example.", Type::AAAA), "NODATA");
}

// RFC 8198 section 5.3.
TEST(Synthesis, WildcardsDataUnderTheNameAskedFor) {
  Synthesis made = example().knows({"x.w.example.", "*.w.example."});

  const auto answer = made.ask("Y.w.example.", Type::A);

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->rcode, Rcode::no_error);
  ASSERT_EQ(answer->answer.size(), 1U);
  const RRset& set = *answer->answer[0].rrset;
  EXPECT_TRUE(set.owner().is_same_with_case(Name::of("Y.w.example.")));
  EXPECT_EQ(set.signature_count(), 1U);
  EXPECT_EQ(rrsig_view(*set.signatures().begin())->labels, 2U);  // a validating client sees the wildcard
  EXPECT_EQ(answer->answer[0].ttl, 100U);                        // the set's: the gap's is longer
  ASSERT_EQ(answer->authority.size(), 1U);  // that nothing is closer; no SOA, no NSEC of the wildcard
  EXPECT_EQ(answer->authority[0].rrset->owner(), Name::of("x.w.example."));
  EXPECT_EQ(answer->authority[0].ttl, 100U);
  EXPECT_TRUE(answer->verdict.is_secure());
}

// The gap that the name lies in may be the one that begins at the wildcard.
TEST(Synthesis, WildcardsOwnNsecIsKeptWhenItIsTheProof) {
  for (const bool is_more_known : {false, true}) {
    Synthesis made = example().knows({"*.w.example."});
    if (is_more_known) { made.knows({"m.example."}); }
    const auto answer = made.ask("m.w.example.", Type::A);
    ASSERT_TRUE(answer);
    ASSERT_FALSE(answer->authority.empty());
    EXPECT_EQ(answer->authority[0].rrset->owner(), Name::of("*.w.example."));
  }
}

TEST(Synthesis, WildcardAnswersOnlyWhereNothingIsCloser) {
  EXPECT_EQ(example().knows({"x.w.example."}).says("y.w.example."), "y.w.example. A");
  EXPECT_EQ(example().knows({"x.w.example."}).says("q.y.w.example."), "q.y.w.example. A");
  EXPECT_EQ(example().knows({"x.w.example."}).says("x.w.example."), "asked");       // it is there itself
  EXPECT_EQ(example().knows({"x.w.example."}).says("q.x.w.example."), "NXDOMAIN");  // x stands in between
  EXPECT_EQ(example().knows({"*.w.example."}).says("y.w.example."), "asked");       // another gap
}

TEST(Synthesis, WildcardSetThatIsNotTheZonesIsRefused) {
  const Name owner = Name::of("*.w.example.");
  const Buffer address = {192, 0, 2, 66};
  const auto with = [&](NameView signer, std::optional<std::uint8_t> labels) {
    Synthesis made = example().knows({"x.w.example."});
    made.keeps(model::signed_set(signer, owner, Type::A, 60, address, 64, labels), 60);
    return made.says("y.w.example.");
  };
  EXPECT_EQ(with(Name::of("example."), std::nullopt), "y.w.example. A");
  EXPECT_EQ(with(Name::of("example."), 1), "asked");  // *.example. dressed as *.w.example. (F1)
  EXPECT_EQ(with(Name::of("w.example."), std::nullopt), "asked");
  Synthesis unsigned_set = example().knows({"x.w.example."});
  const Bytes rdata[] = {address};
  unsigned_set.keeps(RRset::make(owner, Type::A, 60, rdata), 60);
  EXPECT_EQ(unsigned_set.says("y.w.example."), "asked");
}

TEST(Synthesis, MachineryIsNeverTakenFromAWildcard) {
  for (const Type type : {Type::NS, Type::SOA, Type::DNAME, Type::DS, Type::DNSKEY, Type::NSEC, Type::NSEC3}) {
    Synthesis made = example();
    made.zone.add(Name::of("*.w.example."), type);
    made.knows({"x.w.example."});
    made.keeps(model::signed_set(made.zone.apex(), Name::of("*.w.example."), type, 60, Buffer{0}), 60);
    EXPECT_EQ(made.says("y.w.example.", type), "asked") << type_text(type);
  }
}

// RFC 6840 section 4.1; the forgers' grandparent and ancestor proofs (F3).
TEST(Synthesis, NothingAtOrBelowADelegationButItsDs) {
  for (const char* const owner : {"b.example.", "c.example."}) {
    const std::string below = std::string("n.") + owner;
    EXPECT_EQ(example().knows({owner, "example."}).says(below), "asked");
    EXPECT_EQ(example().knows({owner, "example."}).says(below, Type::DS), "asked");
    EXPECT_EQ(example().knows({owner, "example."}).says(owner), "asked");
    EXPECT_EQ(example().knows({owner, "example."}).says(owner, Type::NS), "asked");
    EXPECT_EQ(example().knows_all_by_hash().says(below), "asked");
    EXPECT_EQ(example().knows_all_by_hash().says(owner), "asked");
  }
  EXPECT_EQ(example().knows({"c.example."}).says("c.example.", Type::DS), "NODATA");
  EXPECT_EQ(example().knows({"b.example."}).says("b.example.", Type::DS), "asked");  // it has one
}

// Of two chains that disagree, as when a cut is new and one chain is from before, the cautious one is believed.
TEST(Synthesis, WordOfACutOutweighsProofsThatDoNotKnowIt) {
  Synthesis made("example.");
  made.zone.add(Name::of("m.example."), Type::A);
  made.knows_all_by_hash();
  EXPECT_EQ(made.says("n.c.example."), "NXDOMAIN");
  made.zone.add(Name::of("c.example."), Type::NS);
  made.knows({"c.example."});
  EXPECT_EQ(made.says("n.c.example."), "asked");
  EXPECT_EQ(made.says("c.example."), "asked");
}

TEST(Synthesis, NothingBelowADname) {
  EXPECT_EQ(example().knows({"d.example.", "example."}).says("n.d.example."), "asked");
  EXPECT_EQ(example().knows_all_by_hash().says("n.d.example."), "asked");
  EXPECT_EQ(example().knows({"d.example.", "example."}).says("e.example."), "NXDOMAIN");  // beside it
}

TEST(Synthesis, DsOfTheZoneItselfIsItsParentsToDeny) {
  EXPECT_EQ(example().knows({"example."}).says("example.", Type::DS), "asked");
  EXPECT_EQ(example().knows({"example."}).says("example.", Type::AAAA), "NODATA");
  EXPECT_EQ(example().knows({"m.example."}).says("m.example.", Type::DS), "NODATA");
  EXPECT_EQ(example().knows({"m.example.", "example."}).says("n.example.", Type::DS), "NXDOMAIN");
}

TEST(Synthesis, MetaTypesAndSignaturesAreAlwaysAsked) {
  for (const Type type : {Type::ANY, Type::RRSIG, Type::AXFR, Type::NXNAME, Type::OPT, Type::none}) {
    EXPECT_EQ(example().knows({"m.example.", "example."}).says("n.example.", type), "asked") << type_text(type);
    EXPECT_EQ(example().knows({"m.example.", "example."}).says("m.example.", type), "asked") << type_text(type);
  }
}

TEST(Synthesis, NameErrorByHash) {
  Synthesis made = example().knows_all_by_hash();
  EXPECT_EQ(made.says("n.example."), "NXDOMAIN");
  EXPECT_EQ(made.says("m.example.", Type::AAAA), "NODATA");
  EXPECT_EQ(made.says("w.example."), "NODATA");
  EXPECT_EQ(made.says("y.w.example."), "y.w.example. A");
  EXPECT_EQ(made.says("y.w.example.", Type::AAAA), "NODATA");
  EXPECT_EQ(made.says("c.example.", Type::DS), "NODATA");
}

TEST(Synthesis, OptOutSpansProveNothing) {
  Synthesis made = example().knows_all_by_hash({.salt = {}, .iterations = 0, .opt_out = true});
  EXPECT_EQ(made.says("n.example."), "asked");
  EXPECT_EQ(made.says("y.w.example."), "asked");
  EXPECT_EQ(made.says("c.example.", Type::DS), "asked");     // unsigned: true perhaps, and not secure
  EXPECT_EQ(made.says("m.example.", Type::AAAA), "NODATA");  // its own record has no doubt
}

// NSEC3 of two chains, as while the salt is changed (F4): neither half is a proof.
TEST(Synthesis, MixtureOfParametersProvesNothing) {
  const model::Nsec3Form salted{.salt = {1}, .iterations = 0};
  Synthesis made = example().knows_by_hash({"example."});
  for (const RRsetPtr& proof : made.zone.nsec3_chain(salted)) { made.proofs.push_back(proof); }
  EXPECT_EQ(made.says("n.example."), "asked");
  Synthesis one = example().knows_all_by_hash(salted);
  EXPECT_EQ(one.says("n.example."), "NXDOMAIN");
}

TEST(Synthesis, ProofsOfAnotherZoneProveNothing) {
  Synthesis made = example();
  model::SignedZone child(Name::of("b.example."));
  child.add(Name::of("z.b.example."), Type::A);
  for (const RRsetPtr& proof : child.nsec3_chain({})) { made.proofs.push_back(proof); }
  EXPECT_EQ(made.says("n.b.example."), "asked");
  EXPECT_EQ(made.says("n.example."), "asked");
  Synthesis outside = example();
  outside.proofs.push_back(model::nsec_set(Name::of("example."), Name::of("m.example."), Name::of("z.other."),
                                           {Type::A, Type::RRSIG, Type::NSEC}));
  outside.knows({"example."});
  EXPECT_EQ(outside.says("n.example."), "asked");  // CVE-2026-13321 (F2)
}

TEST(Synthesis, NameOutsideTheZoneIsAsked) {
  EXPECT_EQ(example().knows({"m.example.", "example."}).says("n.other."), "asked");
}

TEST(Synthesis, WithoutAZonesSoaNothingIsMade) {
  Synthesis made = example().knows({"m.example.", "example."});
  made.soa = nullptr;
  EXPECT_EQ(made.says("n.example."), "asked");
  made.soa = model::SignedZone(Name::of("other.")).soa();
  EXPECT_EQ(made.says("n.example."), "asked");
}

// RFC 9077.
TEST(Synthesis, TtlIsBoundedByTheSoasMinimum) {
  Synthesis made = example().knows({"m.example.", "example."});
  made.soa = made.zone.soa(60);
  for (const AnswerPart& part : made.ask("n.example.", Type::A)->authority) { EXPECT_EQ(part.ttl, 60U); }
  made.soa = made.zone.soa(0);
  EXPECT_EQ(made.says("n.example."), "asked");
  made.soa = made.zone.soa();
  made.ttl = 0;
  EXPECT_EQ(made.says("n.example."), "asked");
}

// CVE-2023-50868.
TEST(Synthesis, HashingLeavesValidationItsPart) {
  Synthesis made = example().knows_all_by_hash({.salt = {}, .iterations = 50});
  for (int i = 0; i < 100; ++i) { (void)made.ask("n" + std::to_string(i) + ".example.", Type::A); }
  EXPECT_GT(made.budget->hash_iterations(), 0U);
  EXPECT_LE(made.budget->hash_iterations(), kSynthesisIterations);
  EXPECT_FALSE(made.budget->is_validation_spent());
}

TEST(Synthesis, DeepNameByHashIsAskedRatherThanHashed) {
  std::string name = "n.example.";
  for (int i = 0; i < 100; ++i) { name = "a." + name; }
  Synthesis made = example().knows_all_by_hash({.salt = {}, .iterations = 10});
  EXPECT_EQ(made.says(name), "asked");
  EXPECT_EQ(made.budget->hash_iterations(), 0U);
}

TEST(HashForSynthesis, IsPaidFromTheBudgetAndEndsBeforeIt) {
  Budget budget{Instant{}};
  EXPECT_FALSE(hash_for_synthesis(Name::of("a.example."), {}, 51, kMaxIterations, budget));
  EXPECT_EQ(budget.hash_iterations(), 0U);
  std::uint32_t hashes = 0;
  while (hash_for_synthesis(Name::of("a.example."), {}, 9, kMaxIterations, budget)) { ++hashes; }
  EXPECT_EQ(hashes, kSynthesisIterations / 10);
  EXPECT_FALSE(budget.is_validation_spent());
}

// RFC 5155 appendix A; the case of the name does not matter.
TEST(HashForSynthesis, IsTheOneOfTheRfc) {
  Budget budget{Instant{}};
  const Octet salt[] = {0xaa, 0xbb, 0xcc, 0xdd};
  const auto hash = hash_for_synthesis(Name::of("Example."), salt, 12, kMaxIterations, budget);
  ASSERT_TRUE(hash);
  EXPECT_EQ(model::hashed_owner(*hash, Name::of("example.")), Name::of("0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example."));
}

}  // namespace
}  // namespace vouch
