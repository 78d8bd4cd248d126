// Stories about NSEC3: RFC 5155 appendix B with its example zone, opt-out, what hashing may cost, and forgeries.
#include "resolver/dnssec/nsec3.h"

#include <cctype>
#include <string>

#include "tests/dnssec_kit/denial_records.h"
#include "tests/unit/dnssec/proofs.h"

namespace vouch {
namespace {

using dnssec_kit::base32hex;

// RFC 5155 appendix A: every record of the zone has the opt-out flag, salt aabbccdd and 12 iterations.
constexpr const char* kExample =
    "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example. NSEC3 1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr "
    "MX DNSKEY NS SOA NSEC3PARAM RRSIG";
constexpr const char* kNs1 =
    "2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. NSEC3 1 1 12 aabbccdd 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG";
constexpr const char* kA =
    "35mthgpgcu1qg68fab165klnsnk3dpvl.example. NSEC3 1 1 12 aabbccdd b4um86eghhds6nea196smvmlo4ors995 NS DS RRSIG";
constexpr const char* kXw =
    "b4um86eghhds6nea196smvmlo4ors995.example. NSEC3 1 1 12 aabbccdd gjeqe526plbf1g8mklp59enfd789njgi MX RRSIG";
constexpr const char* kYw =
    "ji6neoaepv8b5o6k4ev33abha8ht9fgc.example. NSEC3 1 1 12 aabbccdd k8udemvp1j2f7eg6jebps17vp3n8i58h";
constexpr const char* kW =
    "k8udemvp1j2f7eg6jebps17vp3n8i58h.example. NSEC3 1 1 12 aabbccdd kohar7mbb8dc2ce8a9qvl8hon4k53uhi";
constexpr const char* kNs2 =
    "q04jkcevqvmu85r014c7dkba38o0ji5r.example. NSEC3 1 1 12 aabbccdd r53bq7cc2uvmubfu5ocmm6pers9tk9en A RRSIG";
constexpr const char* kWildcard =
    "r53bq7cc2uvmubfu5ocmm6pers9tk9en.example. NSEC3 1 1 12 aabbccdd t644ebqk9bibcna874givr6joj62mlhv MX RRSIG";

// The same record without the opt-out flag.
std::string opt_in(std::string record) {
  const std::string_view flagged = " NSEC3 1 1 ";
  return record.replace(record.find(flagged), flagged.size(), " NSEC3 1 0 ");
}

// A zone's NSEC3 made to measure: no salt.
Nsec3Hash hash(std::string_view name, std::uint16_t iterations = 0) {
  return *nsec3_hash(Name::of(name).view().octets(), {}, iterations);
}
Nsec3Hash stepped(Nsec3Hash hash, int by) {  // the hash just before or after
  for (std::size_t i = hash.size(); i-- > 0;) {
    hash[i] = u8((hash[i] + std::size_t(256 + by)) & 0xff);
    if (hash[i] != (by > 0 ? 0 : 0xff)) { break; }
  }
  return hash;
}
struct Shape {
  std::string apex = "example.";
  int algorithm = 1;
  int flags = 0;
  std::uint16_t iterations = 0;
  std::string salt = "-";
};
std::string record(const Nsec3Hash& owner, const Nsec3Hash& next, const std::string& types, const Shape& shape = {}) {
  return base32hex(owner) + (shape.apex == "." ? "." : "." + shape.apex) + " NSEC3 " + std::to_string(shape.algorithm) +
         " " + std::to_string(shape.flags) + " " + std::to_string(shape.iterations) + " " + shape.salt + " " +
         base32hex(next) + " " + types;
}
// Of the very name, ending at the very next hash; and of nothing but the hash of a name that does not exist.
std::string matching(std::string_view name, const std::string& types, const Shape& shape = {}) {
  const Nsec3Hash own = hash(name, shape.iterations);
  return record(own, stepped(own, 1), types, shape);
}
std::string covering(std::string_view name, const Shape& shape = {}) {
  const Nsec3Hash own = hash(name, shape.iterations);
  return record(stepped(own, -1), stepped(own, 1), "A RRSIG", shape);
}

TEST(Nsec3OfRfc5155, NameErrorNeedsEncloserNextCloserAndWildcard) {  // appendix B.1
  EXPECT_EQ(Proofs("example.", {kExample, kXw, kA}).name_error("a.c.x.w.example."), Proof::proven_by_opt_out);
  EXPECT_EQ(Proofs("example.", {opt_in(kExample), kXw, kA}).name_error("a.c.x.w.example."), Proof::proven);
  EXPECT_EQ(Proofs("example.", {kXw, kA}).name_error("a.c.x.w.example."), Proof::not_proving);
  EXPECT_EQ(Proofs("example.", {kExample, kA}).name_error("a.c.x.w.example."), Proof::not_proving);
  EXPECT_EQ(Proofs("example.", {kExample, kXw}).name_error("a.c.x.w.example."), Proof::not_proving);
  EXPECT_EQ(Proofs("example.", {}).name_error("a.c.x.w.example."), Proof::missing);
}

TEST(Nsec3OfRfc5155, NoDataIsReadFromTheNamesOwnBitmap) {  // appendix B.2
  Proofs reply("example.", {kNs1});
  EXPECT_EQ(reply.no_data("ns1.example.", Type::MX), Proof::proven);
  EXPECT_EQ(reply.no_data("ns1.example.", Type::A), Proof::not_proving);
  EXPECT_EQ(reply.no_data("nS1.eXample.", Type::MX), Proof::proven);
  EXPECT_EQ(reply.name_error("ns1.example."), Proof::not_proving);
}

TEST(Nsec3OfRfc5155, AnEmptyNonTerminalHasARecordWithoutTypes) {  // appendix B.2.1
  Proofs reply("example.", {kYw});
  EXPECT_EQ(reply.no_data("y.w.example.", Type::A), Proof::proven);
  EXPECT_EQ(reply.no_data("y.w.example.", Type::ANY), Proof::proven);
  EXPECT_EQ(reply.ds_absence("y.w.example."), DsAbsence::no_cut);
  EXPECT_EQ(reply.encloser("y.w.example."), 3);
}

TEST(Nsec3OfRfc5155, ReferralToAnUnsignedZoneInAnOptOutSpan) {  // appendix B.3
  Proofs reply("example.", {kA, kExample});
  EXPECT_EQ(reply.ds_absence("c.example."), DsAbsence::opt_out);
  EXPECT_EQ(reply.no_data("c.example.", Type::DS), Proof::proven_by_opt_out);
  EXPECT_EQ(reply.ds_absence("mc.c.example."), DsAbsence::opt_out);
  EXPECT_EQ(Proofs("example.", {kA}).ds_absence("c.example."), DsAbsence::not_proving);
  EXPECT_EQ(Proofs("example.", {kExample}).ds_absence("c.example."), DsAbsence::not_proving);
}

TEST(Nsec3OfRfc5155, WildcardAnswerNeedsTheNextCloserName) {  // appendix B.4
  EXPECT_EQ(Proofs("example.", {kNs2}).wildcard_answer("a.z.w.example.", 2), Proof::proven_by_opt_out);
  EXPECT_EQ(Proofs("example.", {opt_in(kNs2)}).wildcard_answer("a.z.w.example.", 2), Proof::proven);
  EXPECT_EQ(Proofs("example.", {kWildcard}).wildcard_answer("a.z.w.example.", 2), Proof::not_proving);
}

TEST(Nsec3OfRfc5155, WildcardNoData) {  // appendix B.5
  EXPECT_EQ(Proofs("example.", {kW, kNs2, kWildcard}).no_data("a.z.w.example.", Type::AAAA), Proof::proven_by_opt_out);
  Proofs reply("example.", {kW, opt_in(kNs2), kWildcard});
  EXPECT_EQ(reply.no_data("a.z.w.example.", Type::AAAA), Proof::proven);
  EXPECT_EQ(reply.no_data("a.z.w.example.", Type::MX), Proof::not_proving);
  EXPECT_EQ(Proofs("example.", {opt_in(kNs2), kWildcard}).no_data("a.z.w.example.", Type::AAAA), Proof::not_proving);
  EXPECT_EQ(Proofs("example.", {kW, kWildcard}).no_data("a.z.w.example.", Type::AAAA), Proof::not_proving);
  EXPECT_EQ(Proofs("example.", {kW, opt_in(kNs2)}).no_data("a.z.w.example.", Type::AAAA), Proof::not_proving);
}

TEST(Nsec3OfRfc5155, TheChildsApexDoesNotKnowOfItsDs) {  // appendix B.6
  EXPECT_EQ(Proofs("example.", {kExample}).no_data("example.", Type::DS), Proof::not_proving);
  EXPECT_EQ(Proofs("example.", {kExample}).no_data("example.", Type::TXT), Proof::proven);
}

TEST(Nsec3OfRfc5155, ASignedDelegationIsNoProofOfItsDsAbsence) {
  EXPECT_EQ(Proofs("example.", {kA}).ds_absence("a.example."), DsAbsence::not_proving);
  EXPECT_EQ(Proofs("example.", {kA}).no_data("a.example.", Type::DS), Proof::not_proving);
}

TEST(Nsec3, TheMatchingRecordOfADelegationTellsItsDs) {
  EXPECT_EQ(Proofs("example.", {matching("b.example.", "NS")}).ds_absence("b.example."),
            DsAbsence::unsigned_delegation);
  EXPECT_EQ(Proofs("example.", {matching("b.example.", "A RRSIG")}).ds_absence("b.example."), DsAbsence::no_cut);
  EXPECT_EQ(Proofs("example.", {matching("b.example.", "CNAME RRSIG")}).ds_absence("b.example."), DsAbsence::no_cut);
  EXPECT_EQ(Proofs("example.", {matching("b.example.", "NS SOA RRSIG")}).ds_absence("b.example."),
            DsAbsence::not_proving);
}

TEST(Nsec3, ANameThatDoesNotExistIsNoCut) {
  EXPECT_EQ(Proofs("example.", {matching("example.", "NS SOA RRSIG"), covering("b.example.")}).ds_absence("b.example."),
            DsAbsence::no_name);
}

TEST(Nsec3, OneRecordCoversAllTheOtherHashes) {
  const Nsec3Hash apex = hash("example.");
  Proofs reply("example.", {record(apex, apex, "NS SOA RRSIG DNSKEY NSEC3PARAM")});
  EXPECT_EQ(reply.name_error("www.example."), Proof::proven);
  EXPECT_EQ(reply.name_error("example."), Proof::not_proving);
  EXPECT_EQ(reply.no_data("example.", Type::A), Proof::proven);
  EXPECT_EQ(reply.encloser("a.b.example."), 1);
}

TEST(Nsec3, TheLastSpanGoesOnFromTheFirstHash) {
  Nsec3Hash low{}, high{};
  high.fill(0xff);
  low[19] = 1;
  Proofs around("example.", {matching("example.", "NS SOA RRSIG"), record(high, hash("b.example."), "A RRSIG")});
  EXPECT_EQ(around.ds_absence("b.example."), DsAbsence::not_proving);  // the next hash itself is not covered
  Proofs beyond("example.",
                {matching("example.", "NS SOA RRSIG"), record(high, stepped(hash("b.example."), 1), "A RRSIG")});
  EXPECT_EQ(beyond.ds_absence("b.example."), DsAbsence::no_name);
  Proofs before("example.",
                {matching("example.", "NS SOA RRSIG"), record(stepped(hash("b.example."), -1), low, "A RRSIG")});
  EXPECT_EQ(before.ds_absence("b.example."), DsAbsence::no_name);
}

TEST(Nsec3, TheRootZone) {
  const Shape root{.apex = "."};
  Proofs reply(".", {matching(".", "NS SOA RRSIG DNSKEY", root), covering("b.", root), covering("*.", root)});
  EXPECT_EQ(reply.name_error("a.b."), Proof::proven);
  EXPECT_EQ(reply.no_data(".", Type::DS), Proof::proven);
  EXPECT_EQ(reply.no_data(".", Type::NS), Proof::not_proving);
}

TEST(Nsec3, AnAliasContradictsNoData) {
  Proofs reply("example.", {matching("www.example.", "CNAME RRSIG")});
  EXPECT_EQ(reply.no_data("www.example.", Type::A), Proof::not_proving);
  EXPECT_EQ(reply.no_data("www.example.", Type::RRSIG), Proof::not_proving);
  EXPECT_EQ(reply.no_data("www.example.", Type::NSEC), Proof::proven);
}

TEST(Nsec3, AnOptOutSpanIsNotGroundEnoughForSynthesis) {
  EXPECT_EQ(Proofs("example.", {kExample, kXw, kA}).encloser("a.c.x.w.example."), -1);
  EXPECT_EQ(Proofs("example.", {opt_in(kExample), kXw, kA}).encloser("a.c.x.w.example."), 3);
}

TEST(Nsec3, AnEmptyNonTerminalOfUnsignedDelegationsHasNoRecordOfItsOwn) {  // RFC 5155 erratum 3441
  const Shape opt_out{.flags = 1};
  Proofs reply("example.", {matching("example.", "NS SOA RRSIG"), covering("ent.example.", opt_out)});
  EXPECT_EQ(reply.no_data("ent.example.", Type::A), Proof::proven_by_opt_out);
  EXPECT_EQ(reply.no_data("ent.example.", Type::DS), Proof::proven_by_opt_out);
}

TEST(Nsec3, CompactDenialWorksHereToo) {
  Proofs reply("example.",
               {matching("www.example.", "RRSIG TYPE128"), covering("a.www.example."), covering("*.www.example.")});
  EXPECT_EQ(reply.no_data("www.example.", Type::A), Proof::proven);
  EXPECT_EQ(reply.name_error("www.example."), Proof::proven);
  EXPECT_EQ(reply.ds_absence("www.example."), DsAbsence::no_name);
  EXPECT_EQ(reply.encloser("www.example."), -1);
  EXPECT_EQ(reply.name_error("a.www.example."), Proof::not_proving);  // what does not exist encloses nothing
}

// What hashing may cost: RFC 9276, CVE-2023-50868.
TEST(Nsec3Cost, EachNameIsHashedOnce) {
  Proofs reply("example.", {opt_in(kExample), kXw, kA});
  EXPECT_EQ(reply.name_error("a.c.x.w.example."), Proof::proven);
  // a.c.x.w, c.x.w, x.w and *.x.w, 12 iterations and the first hash each
  EXPECT_EQ(reply.iterations_paid(), 4U * 13);
  EXPECT_EQ(reply.no_data("a.c.x.w.example.", Type::A), Proof::not_proving);
  EXPECT_EQ(reply.encloser("A.c.X.w.example."), 3);
  EXPECT_EQ(reply.iterations_paid(), 4U * 13);
}

TEST(Nsec3Cost, AWildcardAnswerTakesOneHash) {
  Proofs reply("example.", {opt_in(kNs2)});
  EXPECT_EQ(reply.wildcard_answer("a.b.c.d.z.w.example.", 2), Proof::proven);
  EXPECT_EQ(reply.iterations_paid(), 13U);
}

TEST(Nsec3Cost, NoDataAtTheNameTakesOneHash) {
  Proofs reply("example.", {kNs1});
  EXPECT_EQ(reply.no_data("ns1.example.", Type::MX), Proof::proven);
  EXPECT_EQ(reply.iterations_paid(), 13U);
}

TEST(Nsec3Cost, NothingIsHashedForNothing) {
  Proofs reply("example.", {"example. NSEC example. NS SOA RRSIG NSEC"});
  EXPECT_EQ(reply.name_error("a.b.c.example."), Proof::proven);
  EXPECT_EQ(reply.no_data("www.com.", Type::A), Proof::not_proving);
  EXPECT_EQ(reply.iterations_paid(), 0U);
}

TEST(Nsec3Cost, ALongNameMeetsTheEndOfTheBudget) {
  std::string deep = "example.";
  for (int i = 0; i < 110; ++i) { deep = "a." + deep; }
  const Shape dear{.iterations = 50};
  const Nsec3Hash any{};
  Proofs reply("example.", {record(any, any, "A RRSIG", dear)});  // shows no encloser, wherever it is looked for
  EXPECT_EQ(reply.name_error(deep), Proof::work_limit);
  EXPECT_EQ(reply.no_data(deep, Type::A), Proof::work_limit);
  EXPECT_EQ(reply.ds_absence(deep), DsAbsence::work_limit);
  EXPECT_EQ(reply.encloser(deep), -1);
  EXPECT_LE(reply.iterations_paid(), Budget::kHashIterations);
  EXPECT_TRUE(reply.budget().is_validation_spent());
}

TEST(Nsec3Cost, WithoutIterationsEvenTheLongestNameIsAffordable) {  // RFC 9276 section 3.1
  std::string deep = ".";
  for (std::size_t i = 0; i < kMaxLabels; ++i) { deep = i == 0 ? "a." : "a." + deep; }
  const Shape root{.apex = "."};
  Proofs reply(".", {matching(".", "NS SOA RRSIG", root), covering("a.", root), covering("*.", root)});
  EXPECT_EQ(reply.name_error(deep), Proof::proven);
  EXPECT_LE(reply.iterations_paid(), 6U);
}

// A name of 34 labels in a reverse zone, at the limit of iterations: denied right below the apex, or at its very end.
TEST(Nsec3Cost, LongNamesAreProvenFromWhicheverEndIsNearer) {
  std::string deep = "example.";
  for (int i = 0; i < 34; ++i) { deep = "a." + deep; }
  const Shape dear{.iterations = Proofs::kMaxIterations};
  Proofs above("example.", {matching("example.", "NS SOA RRSIG", dear), covering("a.example.", dear),
                            covering("*.example.", dear)});
  EXPECT_EQ(above.name_error(deep), Proof::proven);
  const std::string parent = deep.substr(2);
  Proofs below("example.", {matching(parent, "A RRSIG", dear), covering(deep, dear), covering("*." + parent, dear)});
  EXPECT_EQ(below.name_error(deep), Proof::proven);
}

TEST(Nsec3Cost, TooManyIterationsAreNotComputed) {
  const Shape just{.iterations = Proofs::kMaxIterations};
  const Shape dear{.iterations = Proofs::kMaxIterations + 1};
  const Shape dearest{.iterations = 65535};
  EXPECT_EQ(Proofs("example.", {matching("www.example.", "A RRSIG", just)}).no_data("www.example.", Type::MX),
            Proof::proven);
  for (const Shape& shape : {dear, dearest}) {
    const Nsec3Hash any{};
    Proofs reply("example.", {record(any, any, "A RRSIG", shape)});
    EXPECT_EQ(reply.no_data("www.example.", Type::MX), Proof::too_costly);
    EXPECT_EQ(reply.name_error("www.example."), Proof::too_costly);
    EXPECT_EQ(reply.wildcard_answer("www.example.", 1), Proof::too_costly);
    EXPECT_EQ(reply.ds_absence("www.example."), DsAbsence::too_costly);
    EXPECT_EQ(reply.encloser("www.example."), -1);
    EXPECT_EQ(reply.iterations_paid(), 0U);
  }
}

TEST(Nsec3Cost, NoMixtureOfDepthIterationsAndSaltPassesTheBudget) {
  std::string deep = "example.";
  for (int i = 0; i < 110; ++i) { deep = "a." + deep; }
  const std::size_t names = 111;  // from the name itself up to the apex
  const struct {
    std::uint16_t iterations;
    Proof proof;
    std::size_t paid;
  } kCases[] = {{0, Proof::not_proving, names}, {1, Proof::not_proving, names * 2}, {50, Proof::work_limit, 11 * 51},
                {51, Proof::too_costly, 0},     {150, Proof::too_costly, 0},        {65535, Proof::too_costly, 0}};
  for (const std::size_t salt_octets : {std::size_t{0}, std::size_t{255}}) {
    std::string salt = salt_octets == 0 ? "-" : "";
    for (std::size_t i = 0; i < salt_octets; ++i) { salt += "5a"; }
    for (const auto& [iterations, proof, paid] : kCases) {
      const Nsec3Hash any{};
      Proofs reply("example.", {record(any, any, "A RRSIG", {.iterations = iterations, .salt = salt})});
      EXPECT_EQ(reply.name_error(deep), proof) << iterations;
      EXPECT_EQ(reply.ds_absence(deep) == DsAbsence::work_limit, proof == Proof::work_limit) << iterations;
      EXPECT_EQ(reply.iterations_paid(), paid) << iterations;
    }
  }
}

TEST(Nsec3Cost, OnlyASoundRecordOfTheZoneMakesItTooCostly) {
  const Nsec3Hash any{};
  const Shape elsewhere{.apex = "com.", .iterations = 1000};
  EXPECT_EQ(Proofs("example.", {record(any, any, "A", elsewhere)}).name_error("www.example."), Proof::not_proving);
  const Shape unknown{.algorithm = 2, .iterations = 1000};
  EXPECT_EQ(Proofs("example.", {record(any, any, "A", unknown)}).name_error("www.example."), Proof::not_proving);
  const Shape dear{.iterations = 1000};
  Proofs reply("example.", {record(any, any, "A", dear)});
  EXPECT_EQ(reply.name_error("www.com."), Proof::not_proving);  // nor is it an excuse for what it cannot speak of
  EXPECT_EQ(reply.no_data("example.", Type::DS), Proof::not_proving);
  EXPECT_EQ(reply.ds_absence("example."), DsAbsence::not_proving);
}

TEST(Nsec3Cost, AZoneOnItsWayToCheaperHashesStaysSecure) {
  const Nsec3Hash any{};
  Proofs reply("example.", {record(any, any, "A", {.iterations = 1000}), matching("www.example.", "A RRSIG")});
  EXPECT_EQ(reply.no_data("www.example.", Type::MX), Proof::proven);
  EXPECT_EQ(reply.name_error("a.b.example."), Proof::too_costly);
}

TEST(Nsec3, AZoneOnItsWayFromOneKindToTheOther) {
  const auto* const nsec = "ns1.example. NSEC ns2.example. A RRSIG NSEC";
  EXPECT_EQ(Proofs("example.", {nsec, kYw}).no_data("ns1.example.", Type::MX), Proof::proven);
  EXPECT_EQ(Proofs("example.", {nsec, kYw}).no_data("y.w.example.", Type::MX), Proof::proven);
  EXPECT_EQ(Proofs("example.", {nsec, kYw}).ds_absence("y.w.example."), DsAbsence::no_cut);
}

// What forgers make of genuine records, or of the keys of zones they own.
TEST(ForgedNsec3, TheAncestorsRecordProvesNothingBelowACut) {
  const std::string below = covering("www.b.example.");
  const std::string wildcard = covering("*.b.example.");
  for (const char* types : {"NS", "NS DS RRSIG", "DNAME RRSIG", "NS SOA DNAME RRSIG"}) {
    Proofs reply("example.", {matching("b.example.", types), below, wildcard});
    EXPECT_EQ(reply.name_error("www.b.example."), Proof::not_proving) << types;
    EXPECT_EQ(reply.no_data("www.b.example.", Type::A), Proof::not_proving) << types;
    EXPECT_EQ(reply.ds_absence("www.b.example."), DsAbsence::not_proving) << types;
    EXPECT_EQ(reply.encloser("www.b.example."), -1) << types;
  }
  EXPECT_EQ(Proofs("example.", {matching("b.example.", "A RRSIG"), below, wildcard}).name_error("www.b.example."),
            Proof::proven);
}

TEST(ForgedNsec3, TheParentsRecordOfACutIsNoNoDataButOfItsDs) {
  Proofs reply("example.", {matching("b.example.", "NS")});
  EXPECT_EQ(reply.no_data("b.example.", Type::A), Proof::not_proving);
  EXPECT_EQ(reply.no_data("b.example.", Type::DS), Proof::proven);
}

TEST(ForgedNsec3, AnotherZonesRecordIsLeftOut) {
  // Of the parent, of a child, of a sibling: the hashes fit, the owner does not.
  for (const char* apex : {".", "sub.example.", "com."}) {
    const Shape elsewhere{.apex = apex};
    Proofs reply("example.", {matching("www.example.", "A RRSIG", elsewhere)});
    EXPECT_EQ(reply.no_data("www.example.", Type::MX), Proof::not_proving) << apex;
  }
}

TEST(ForgedNsec3, AZoneNamedLikeAHashDoesNotImpersonateItsParent) {  // CVE-2026-10723
  // The attacker owns <hash>.example and signs an NSEC3 at its own apex. For that zone it is none.
  const std::string text = matching("www.example.", "A RRSIG");
  const std::string apex = text.substr(0, text.find(' '));
  EXPECT_EQ(Proofs(apex, {text}).no_data("www.example.", Type::MX), Proof::not_proving);
  EXPECT_EQ(Proofs(apex, {text}).no_data(apex, Type::MX), Proof::not_proving);
}

TEST(ForgedNsec3, TheFirstRecordsParametersHoldForAll) {
  const std::string apex = matching("example.", "NS SOA RRSIG");
  const Shape salted{.salt = "aabb"};
  const Shape iterated{.iterations = 1};
  const Nsec3Hash low{}, high = stepped(low, -1);  // a span of nearly everything, whatever the hash
  for (const Shape& other : {salted, iterated}) {
    EXPECT_EQ(Proofs("example.", {apex, record(low, high, "A", other)}).name_error("www.example."), Proof::not_proving);
  }
  EXPECT_EQ(Proofs("example.", {apex, record(low, high, "A")}).name_error("www.example."), Proof::proven);
}

TEST(ForgedNsec3, ANameWhoseHashIsTakenExists) {
  // www's own hash, or its wildcard's, meets that of another name: what is there cannot be denied.
  const std::string apex = matching("example.", "NS SOA RRSIG");
  EXPECT_EQ(Proofs("example.", {apex, matching("www.example.", "TXT RRSIG"), covering("*.example.")})
                .name_error("www.example."),
            Proof::not_proving);
  EXPECT_EQ(Proofs("example.", {apex, covering("www.example."), matching("*.example.", "TXT RRSIG")})
                .name_error("www.example."),
            Proof::not_proving);
  // Another record that covers it, from before the name was there, changes nothing.
  EXPECT_EQ(Proofs("example.",
                   {apex, covering("www.example."), matching("www.example.", "TXT RRSIG"), covering("*.example.")})
                .name_error("www.example."),
            Proof::not_proving);
  EXPECT_EQ(Proofs("example.", {covering("www.example."), matching("www.example.", "TXT RRSIG")})
                .wildcard_answer("www.example.", 1),
            Proof::not_proving);
}

TEST(ForgedNsec3, OfTwoSpansTheOneThatPromisesLessIsBelieved) {
  const std::string apex = matching("example.", "NS SOA RRSIG");
  const Shape opt_out{.flags = 1};
  for (const bool flagged_first : {true, false}) {
    Proofs reply("example.", {apex, covering("b.example.", flagged_first ? opt_out : Shape{}),
                              covering("b.example.", flagged_first ? Shape{} : opt_out)});
    EXPECT_EQ(reply.ds_absence("b.example."), DsAbsence::opt_out);
  }
}

TEST(ForgedNsec3, UnknownFlagsAndHashesAreIgnored) {  // RFC 5155 sections 8.1 and 8.2
  for (const Shape& unknown :
       {Shape{.flags = 2}, Shape{.flags = 3}, Shape{.flags = 128}, Shape{.algorithm = 2}, Shape{.algorithm = 0}}) {
    EXPECT_EQ(Proofs("example.", {matching("www.example.", "A RRSIG", unknown)}).no_data("www.example.", Type::MX),
              Proof::not_proving);
  }
}

TEST(ForgedNsec3, TheWildcardMustStandAtTheClosestEncloser) {
  // *.example is without an A, but w.example exists and has a wildcard of its own.
  Proofs reply("example.", {matching("w.example.", ""), covering("z.w.example."), matching("*.example.", "TXT RRSIG")});
  EXPECT_EQ(reply.no_data("z.w.example.", Type::A), Proof::not_proving);
}

TEST(ForgedNsec3, AWildcardAnswerFromTooFarAboveIsRefused) {
  Proofs reply("example.", {covering("a.y.w.example.")});
  EXPECT_EQ(reply.wildcard_answer("a.y.w.example.", 3), Proof::proven);
  EXPECT_EQ(reply.wildcard_answer("a.y.w.example.", 2), Proof::not_proving);  // y.w may exist
  EXPECT_EQ(reply.wildcard_answer("a.y.w.example.", 4), Proof::not_proving);
  EXPECT_EQ(reply.wildcard_answer("a.y.w.example.", 255), Proof::not_proving);
  const Shape child{.apex = "w.example."};  // whatever the hashes are like of names above the zone
  EXPECT_EQ(Proofs("w.example.", {covering("example.", child)}).wildcard_answer("a.y.w.example.", 0),
            Proof::not_proving);
}

TEST(ForgedNsec3, AWildcardsRecordIsNoProofOfADelegationWithoutDs) {
  Proofs reply("example.",
               {matching("example.", "NS SOA RRSIG"), covering("b.example."), matching("*.example.", "NS")});
  EXPECT_EQ(reply.ds_absence("b.example."), DsAbsence::no_name);
  EXPECT_EQ(reply.no_data("b.example.", Type::A), Proof::not_proving);
}

TEST(ForgedNsec3, ADamagedRecordIsLeftOut) {
  const std::string good = matching("www.example.", "A RRSIG");
  const auto sound = parse_record(good);
  const Bytes whole = sound->rdata;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Bytes cut[] = {whole.first(size)};
    const RRsetPtr rrset = RRset::make(sound->owner, Type::NSEC3, 300, cut);
    ASSERT_TRUE(rrset);
    Proofs reply("example.", {});
    reply.add(rrset);
    // Up to the end of the next hash all is needed. Then comes the bitmap, and none at all is one too.
    const bool is_whole = size == whole.size() || size == 5 + 1 + kNsec3HashSize;
    EXPECT_EQ(reply.no_data("www.example.", Type::MX), is_whole ? Proof::proven : Proof::not_proving) << size;
  }
}

TEST(ForgedNsec3, AnOwnerThatIsNoHashIsLeftOut) {
  const std::string good = matching("www.example.", "A RRSIG");
  const std::string rest = good.substr(good.find('.'));
  const std::string label = good.substr(0, good.find('.'));
  EXPECT_EQ(Proofs("example.", {label + rest}).no_data("www.example.", Type::MX), Proof::proven);
  std::string shouted = label;
  for (char& c : shouted) { c = static_cast<char>(std::toupper(c)); }
  EXPECT_EQ(Proofs("example.", {shouted + rest}).no_data("www.example.", Type::MX), Proof::proven);
  for (const std::string& owner : {label.substr(1), label + "0", label + ".x", std::string("*")}) {
    EXPECT_EQ(Proofs("example.", {owner + rest}).no_data("www.example.", Type::MX), Proof::not_proving) << owner;
  }
}

TEST(ForgedNsec3, AnOwnerBeyondTheAlphabetIsLeftOut) {  // base32hex ends at v
  // With the bits of a sixth place spilt over its neighbour, "w" after an odd digit would pass for "0".
  constexpr std::string_view kOdd = "13579bdfhjlnprtv";
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "n" + std::to_string(i) + ".example.";
    std::string text = matching(name, "A RRSIG");
    const std::size_t at = text.find('0', 1);
    if (at >= text.find('.') || kOdd.find(text[at - 1]) == std::string_view::npos) { continue; }
    ASSERT_EQ(Proofs("example.", {text}).no_data(name, Type::MX), Proof::proven);
    text[at] = 'w';
    ASSERT_EQ(Proofs("example.", {text}).no_data(name, Type::MX), Proof::not_proving) << text;
    return;
  }
  FAIL() << "no such hash among a thousand";
}

}  // namespace
}  // namespace vouch
