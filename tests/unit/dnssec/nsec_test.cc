// Stories about NSEC: RFC 4035 appendix B with its example zone, what each proof turns on, and what forgers make of it.
#include "resolver/dnssec/nsec.h"

#include "tests/unit/dnssec/proofs.h"

namespace vouch {
namespace {

// RFC 4035 appendix A.
constexpr const char* kApex = "example. NSEC a.example. NS SOA MX RRSIG NSEC DNSKEY";
constexpr const char* kA = "a.example. NSEC ai.example. NS DS RRSIG NSEC";
constexpr const char* kAi = "ai.example. NSEC b.example. A HINFO AAAA RRSIG NSEC";
constexpr const char* kB = "b.example. NSEC ns1.example. NS RRSIG NSEC";
constexpr const char* kNs1 = "ns1.example. NSEC ns2.example. A RRSIG NSEC";
constexpr const char* kNs2 = "ns2.example. NSEC *.w.example. A RRSIG NSEC";
constexpr const char* kWildcard = "*.w.example. NSEC x.w.example. MX RRSIG NSEC";
constexpr const char* kXw = "x.w.example. NSEC x.y.w.example. MX RRSIG NSEC";
constexpr const char* kXyw = "x.y.w.example. NSEC xx.example. MX RRSIG NSEC";
constexpr const char* kXx = "xx.example. NSEC example. A HINFO AAAA RRSIG NSEC";

TEST(NsecOfRfc4035, NameErrorNeedsTheGapAndTheMissingWildcard) {  // appendix B.2
  EXPECT_EQ(Proofs("example.", {kB, kApex}).name_error("ml.example."), Proof::proven);
  EXPECT_EQ(Proofs("example.", {kB}).name_error("ml.example."), Proof::not_proving);
  EXPECT_EQ(Proofs("example.", {kApex}).name_error("ml.example."), Proof::not_proving);
  EXPECT_EQ(Proofs("example.", {}).name_error("ml.example."), Proof::missing);
}

TEST(NsecOfRfc4035, NoDataIsReadFromTheNamesOwnBitmap) {  // appendix B.3
  Proofs reply("example.", {kNs1});
  EXPECT_EQ(reply.no_data("ns1.example.", Type::MX), Proof::proven);
  EXPECT_EQ(reply.no_data("ns1.example.", Type::A), Proof::not_proving);
  EXPECT_EQ(reply.no_data("ns2.example.", Type::MX), Proof::not_proving);
}

TEST(NsecOfRfc4035, ReferralToAnUnsignedZone) {  // appendix B.5
  EXPECT_EQ(Proofs("example.", {kB}).ds_absence("b.example."), DsAbsence::unsigned_delegation);
}

TEST(NsecOfRfc4035, ReferralToASignedZoneIsNoProofOfItsDsAbsence) {  // appendix B.4, with the wrong record
  EXPECT_EQ(Proofs("example.", {kA}).ds_absence("a.example."), DsAbsence::not_proving);
  EXPECT_EQ(Proofs("example.", {kA}).no_data("a.example.", Type::DS), Proof::not_proving);
}

TEST(NsecOfRfc4035, AHostIsNoZoneCut) {
  EXPECT_EQ(Proofs("example.", {kAi}).ds_absence("ai.example."), DsAbsence::no_cut);
  EXPECT_EQ(Proofs("example.", {kAi}).no_data("ai.example.", Type::DS), Proof::proven);
}

TEST(NsecOfRfc4035, WildcardAnswerNeedsTheProofThatNothingCloserExists) {  // appendix B.6
  EXPECT_EQ(Proofs("example.", {kXyw}).wildcard_answer("a.z.w.example.", 2), Proof::proven);
  EXPECT_EQ(Proofs("example.", {kWildcard}).wildcard_answer("a.z.w.example.", 2), Proof::not_proving);
}

TEST(NsecOfRfc4035, WildcardNoData) {  // appendix B.7
  EXPECT_EQ(Proofs("example.", {kXyw, kWildcard}).no_data("a.z.w.example.", Type::AAAA), Proof::proven);
  EXPECT_EQ(Proofs("example.", {kXyw, kWildcard}).no_data("a.z.w.example.", Type::MX), Proof::not_proving);
  EXPECT_EQ(Proofs("example.", {kXyw}).no_data("a.z.w.example.", Type::AAAA), Proof::not_proving);
  EXPECT_EQ(Proofs("example.", {kWildcard}).no_data("a.z.w.example.", Type::AAAA), Proof::not_proving);
}

TEST(NsecOfRfc4035, TheChildsApexDoesNotKnowOfItsDs) {  // appendix B.8
  EXPECT_EQ(Proofs("example.", {kApex}).no_data("example.", Type::DS), Proof::not_proving);
  EXPECT_EQ(Proofs("example.", {kApex}).no_data("example.", Type::TXT), Proof::proven);
}

TEST(Nsec, AnEmptyNonTerminalExistsAndHasNothing) {
  Proofs reply("example.", {kXw, kApex, kNs2});  // x.w and x.y.w: so there is y.w
  EXPECT_EQ(reply.no_data("y.w.example.", Type::A), Proof::proven);
  EXPECT_EQ(reply.no_data("y.w.example.", Type::ANY), Proof::proven);
  EXPECT_EQ(reply.name_error("y.w.example."), Proof::not_proving);
  EXPECT_EQ(reply.wildcard_answer("y.w.example.", 2), Proof::not_proving);
  EXPECT_EQ(reply.ds_absence("y.w.example."), DsAbsence::no_cut);
  EXPECT_EQ(reply.encloser("y.w.example."), 3);
  EXPECT_EQ(reply.encloser("a.y.w.example."), 3);
}

TEST(Nsec, AWildcardThatIsAnEmptyNonTerminalAnswersWithNothing) {
  const auto* const gap = "example. NSEC a.*.example. SOA NS RRSIG NSEC DNSKEY";
  const auto* const last = "a.*.example. NSEC example. A RRSIG NSEC";
  Proofs reply("example.", {gap, last});
  EXPECT_EQ(reply.name_error("b.example."), Proof::not_proving);
  EXPECT_EQ(reply.no_data("b.example.", Type::A), Proof::proven);
}

TEST(Nsec, TheLastRecordLeadsBackToTheApex) {
  Proofs reply("example.", {kXx, kApex});
  EXPECT_EQ(reply.name_error("zz.example."), Proof::proven);
  EXPECT_EQ(reply.name_error("a.xx.example."), Proof::proven);
  EXPECT_EQ(reply.name_error("xx.example."), Proof::not_proving);
  EXPECT_EQ(reply.name_error("example."), Proof::not_proving);
}

TEST(Nsec, NamesBelowAHostAreDeniedByItsOwnRecord) {
  EXPECT_EQ(Proofs("example.", {kNs1}).name_error("a.ns1.example."), Proof::proven);
}

TEST(Nsec, AZoneOfOneNameHasOneRecordThatLeadsToItself) {
  Proofs reply("example.", {"example. NSEC example. SOA NS RRSIG NSEC DNSKEY"});
  EXPECT_EQ(reply.name_error("www.example."), Proof::proven);
  EXPECT_EQ(reply.ds_absence("www.example."), DsAbsence::no_name);
  EXPECT_EQ(reply.no_data("example.", Type::A), Proof::proven);
  EXPECT_EQ(reply.name_error("example."), Proof::not_proving);
}

TEST(Nsec, TheRootZone) {
  Proofs reply(".", {". NSEC aaa. NS SOA RRSIG NSEC DNSKEY ZONEMD", "lat. NSEC latino. NS DS RRSIG NSEC",
                     "ax. NSEC az. NS RRSIG NSEC"});
  EXPECT_EQ(reply.name_error("latex."), Proof::proven);
  EXPECT_EQ(reply.name_error("www.latex."), Proof::proven);
  EXPECT_EQ(reply.no_data(".", Type::DS), Proof::proven);  // there is no other side
  EXPECT_EQ(reply.ds_absence("ax."), DsAbsence::unsigned_delegation);
  EXPECT_EQ(reply.ds_absence("."), DsAbsence::not_proving);
}

TEST(Nsec, CaseDoesNotMatter) {
  EXPECT_EQ(
      Proofs("eXample.", {"B.exAmple. NSEC NS1.Example. NS RRSIG NSEC", "EXAMPLE. NSEC A.example. SOA RRSIG NSEC"})
          .name_error("mL.EXAMPLE."),
      Proof::proven);
  EXPECT_EQ(Proofs("example.", {"nS1.Example. NSEC ns2.example. A RRSIG NSEC"}).no_data("Ns1.example.", Type::MX),
            Proof::proven);
}

TEST(Nsec, AnAliasContradictsNoDataOfEveryTypeThatItLeadsElsewhere) {
  Proofs reply("example.", {"www.example. NSEC example. CNAME RRSIG NSEC"});
  EXPECT_EQ(reply.no_data("www.example.", Type::A), Proof::not_proving);
  EXPECT_EQ(reply.no_data("www.example.", Type::CNAME), Proof::not_proving);
  EXPECT_EQ(reply.no_data("www.example.", Type::KEY), Proof::proven);
  EXPECT_EQ(reply.ds_absence("www.example."), DsAbsence::no_cut);
}

TEST(Nsec, AnyIsDeniedOnlyWhereNothingButTheProofStands) {
  EXPECT_EQ(Proofs("example.", {"www.example. NSEC example. RRSIG NSEC"}).no_data("www.example.", Type::ANY),
            Proof::proven);
  EXPECT_EQ(Proofs("example.", {kNs1}).no_data("ns1.example.", Type::ANY), Proof::not_proving);
}

TEST(Nsec, TypesOfHighWindowsCount) {
  Proofs reply("example.", {"www.example. NSEC example. A RRSIG NSEC CAA TYPE65534"});
  EXPECT_EQ(reply.no_data("www.example.", Type::CAA), Proof::not_proving);
  EXPECT_EQ(reply.no_data("www.example.", static_cast<Type>(65534)), Proof::not_proving);
  EXPECT_EQ(reply.no_data("www.example.", static_cast<Type>(65535)), Proof::proven);
  EXPECT_EQ(reply.no_data("www.example.", Type::URI), Proof::proven);
}

TEST(Nsec, ClosestEncloserIsSharedWithOneNeighbourOfTheGap) {
  EXPECT_EQ(Proofs("example.", {kXyw}).encloser("a.z.w.example."), 2);
  EXPECT_EQ(Proofs("example.", {kB}).encloser("c.ml.example."), 1);
  EXPECT_EQ(Proofs("example.", {kNs1}).encloser("ns1.example."), 2);  // the name itself
  EXPECT_EQ(Proofs("example.", {kNs1}).encloser("ns2.example."), -1);
  EXPECT_EQ(Proofs("example.", {kB}).encloser("www.b.example."), -1);  // beyond a cut
}

// RFC 9824: one record, made on demand, at the very name that was asked for.
TEST(CompactDenial, ANameThatDoesNotExistHasNoData) {
  Proofs reply("example.", {"www.example. NSEC \\000.www.example. RRSIG NSEC TYPE128"});
  EXPECT_EQ(reply.no_data("www.example.", Type::A), Proof::proven);
  EXPECT_EQ(reply.no_data("www.example.", Type::DS), Proof::proven);
  EXPECT_EQ(reply.no_data("www.example.", Type::ANY), Proof::proven);
  EXPECT_EQ(reply.no_data("www.example.", Type::RRSIG), Proof::proven);
  EXPECT_EQ(reply.name_error("www.example."), Proof::proven);
  EXPECT_EQ(reply.ds_absence("www.example."), DsAbsence::no_name);
  EXPECT_EQ(reply.encloser("www.example."), -1);
}

TEST(CompactDenial, ANameThatExistsLacksTheType) {
  Proofs reply("example.", {"www.example. NSEC \\000.www.example. A RRSIG NSEC"});
  EXPECT_EQ(reply.no_data("www.example.", Type::AAAA), Proof::proven);
  EXPECT_EQ(reply.no_data("www.example.", Type::A), Proof::not_proving);
  EXPECT_EQ(reply.name_error("www.example."), Proof::not_proving);
  EXPECT_EQ(reply.ds_absence("www.example."), DsAbsence::no_cut);
}

TEST(CompactDenial, AnUnsignedDelegation) {
  Proofs reply("example.", {"sub.example. NSEC \\000.sub.example. NS RRSIG NSEC"});
  EXPECT_EQ(reply.ds_absence("sub.example."), DsAbsence::unsigned_delegation);
  EXPECT_EQ(reply.no_data("sub.example.", Type::A), Proof::not_proving);
}

TEST(CompactDenial, SaysNothingOfNeighbours) {
  Proofs reply("example.", {"www.example. NSEC \\000.www.example. RRSIG NSEC TYPE128"});
  EXPECT_EQ(reply.name_error("a.www.example."), Proof::not_proving);
  EXPECT_EQ(reply.name_error("wwx.example."), Proof::not_proving);
  // Even where its span is made to look wide: an owner that does not exist is no neighbour to reckon enclosers from.
  EXPECT_EQ(Proofs("example.", {"a.b.example. NSEC example. RRSIG NSEC TYPE128"}).encloser("z.b.example."), -1);
  EXPECT_EQ(Proofs("example.", {"a.b.example. NSEC example. RRSIG NSEC TYPE128"}).name_error("z.b.example."),
            Proof::not_proving);
}

TEST(CompactDenial, ANonexistentNameWithDataIsAContradiction) {
  Proofs reply("example.", {"www.example. NSEC \\000.www.example. A RRSIG NSEC TYPE128"});
  EXPECT_EQ(reply.name_error("www.example."), Proof::not_proving);
  EXPECT_EQ(reply.no_data("www.example.", Type::A), Proof::not_proving);
}

// What forgers make of genuine records, or of the keys of zones they own.
TEST(ForgedNsec, TheGrandparentsRecordProvesNothingBelowACut) {
  // com's record of the delegation, for a name (and a wildcard) within example.com.
  Proofs reply("com.", {"example.com. NSEC f.com. NS DS RRSIG NSEC"});
  EXPECT_EQ(reply.name_error("www.example.com."), Proof::not_proving);
  EXPECT_EQ(reply.no_data("example.com.", Type::A), Proof::not_proving);
  EXPECT_EQ(reply.no_data("example.com.", Type::NSEC), Proof::not_proving);
  EXPECT_EQ(reply.wildcard_answer("www.example.com.", 2), Proof::not_proving);
  EXPECT_EQ(reply.ds_absence("sub.example.com."), DsAbsence::not_proving);
  EXPECT_EQ(reply.encloser("www.example.com."), -1);
}

TEST(ForgedNsec, NothingIsProvenBelowADname) {
  Proofs reply("example.", {"d.example. NSEC e.example. DNAME RRSIG NSEC", kApex});
  EXPECT_EQ(reply.name_error("www.d.example."), Proof::not_proving);
  EXPECT_EQ(reply.ds_absence("www.d.example."), DsAbsence::not_proving);
  EXPECT_EQ(reply.no_data("d.example.", Type::A), Proof::proven);  // at the DNAME itself the zone goes on
  EXPECT_EQ(reply.name_error("dd.example."), Proof::proven);       // and after it
}

TEST(ForgedNsec, TheChildsApexPassesForNoDelegation) {
  // Signed with a key that serves parent and child, as small hosts have it: SOA tells the side.
  Proofs reply("example.", {"sub.example. NSEC www.sub.example. NS SOA RRSIG NSEC DNSKEY"});
  EXPECT_EQ(reply.ds_absence("sub.example."), DsAbsence::not_proving);
  EXPECT_EQ(reply.no_data("sub.example.", Type::DS), Proof::not_proving);
}

TEST(ForgedNsec, TheNextNameMustLieInTheZone) {  // CVE-2026-13321
  EXPECT_EQ(Proofs("example.", {"b.example. NSEC zzz. A RRSIG NSEC", kApex}).name_error("ml.example."),
            Proof::not_proving);
  EXPECT_EQ(Proofs("sub.example.", {"sub.example. NSEC z.example. SOA NS RRSIG NSEC"}).name_error("a.sub.example."),
            Proof::not_proving);
}

TEST(ForgedNsec, ARecordOfAnotherZoneIsLeftOut) {
  EXPECT_EQ(Proofs("example.", {"com. NSEC example. NS SOA RRSIG NSEC"}).name_error("ml.example."), Proof::not_proving);
  EXPECT_EQ(Proofs("sub.example.", {kApex, kB}).name_error("ml.sub.example."), Proof::not_proving);
}

TEST(ForgedNsec, ARecordThatLeadsToItselfOrBackwardsCoversNothing) {
  EXPECT_EQ(Proofs("example.", {"b.example. NSEC b.example. A RRSIG NSEC", kApex}).name_error("ml.example."),
            Proof::not_proving);
  EXPECT_EQ(Proofs("example.", {"x.example. NSEC b.example. A RRSIG NSEC", kApex}).name_error("y.example."),
            Proof::not_proving);
  EXPECT_EQ(Proofs("example.", {"x.example. NSEC b.example. A RRSIG NSEC"}).no_data("x.example.", Type::MX),
            Proof::not_proving);
}

TEST(ForgedNsec, ASiblingsRecordSaysNothingOfTheDs) {
  EXPECT_EQ(Proofs("example.", {kB}).ds_absence("a.example."), DsAbsence::not_proving);
  EXPECT_EQ(Proofs("example.", {kNs1}).ds_absence("a.example."), DsAbsence::not_proving);
}

TEST(ForgedNsec, AWildcardsRecordIsNoProofOfADelegationWithoutDs) {
  // The name is covered and the wildcard has no DS: so there is no such delegation, and the zone goes on.
  Proofs reply("example.", {"*.example. NSEC a.example. NS RRSIG NSEC", "a.example. NSEC example. A RRSIG NSEC"});
  EXPECT_EQ(reply.ds_absence("sub.example."), DsAbsence::no_name);
  EXPECT_EQ(reply.no_data("sub.example.", Type::A), Proof::not_proving);
  EXPECT_EQ(Proofs("example.", {"*.example. NSEC a.example. NS RRSIG NSEC"}).ds_absence("sub.example."),
            DsAbsence::not_proving);
}

TEST(ForgedNsec, TheWildcardMustStandAtTheClosestEncloser) {
  // *.example has no A either, but it is *.w.example that answers for names below w.example.
  Proofs reply("example.", {kXyw, "*.example. NSEC a.example. TXT RRSIG NSEC"});
  EXPECT_EQ(reply.no_data("a.z.w.example.", Type::A), Proof::not_proving);
  EXPECT_EQ(reply.name_error("a.z.w.example."), Proof::not_proving);
  EXPECT_EQ(reply.wildcard_answer("a.z.w.example.", 1), Proof::not_proving);
}

TEST(ForgedNsec, AWildcardAnswerFromTooFarAboveIsRefused) {
  // x.y.w exists, so the closest encloser of a.y.w is y.w: *.w must not answer for it.
  EXPECT_EQ(Proofs("example.", {kXw}).wildcard_answer("a.y.w.example.", 2), Proof::not_proving);
  EXPECT_EQ(Proofs("example.", {kXw}).wildcard_answer("a.y.w.example.", 3), Proof::proven);
  EXPECT_EQ(Proofs("example.", {kXw}).wildcard_answer("a.y.w.example.", 4), Proof::not_proving);
  EXPECT_EQ(Proofs("example.", {kXw}).wildcard_answer("a.y.w.example.", 0), Proof::not_proving);
  EXPECT_EQ(Proofs("example.", {kXw}).wildcard_answer("a.y.w.example.", 255), Proof::not_proving);
}

TEST(ForgedNsec, ARecordAtTheNameContradictsThatItDoesNotExist) {
  Proofs reply("example.", {"a.example. NSEC c.example. A RRSIG NSEC", "b.example. NSEC c.example. A RRSIG NSEC",
                            "example. NSEC a.example. SOA NS RRSIG NSEC"});
  EXPECT_EQ(reply.name_error("b.example."), Proof::not_proving);
  EXPECT_EQ(reply.wildcard_answer("b.example.", 1), Proof::not_proving);
  EXPECT_EQ(reply.ds_absence("b.example."), DsAbsence::no_cut);
}

TEST(ForgedNsec, TwoRecordsInOneSetAreNone) {
  const auto first = parse_record("ns1.example. NSEC ns2.example. A RRSIG NSEC");
  const auto second = parse_record("ns1.example. NSEC zz.example. A RRSIG NSEC");
  const Bytes rdata[] = {first->rdata, second->rdata};
  Proofs reply("example.", {});
  reply.add(RRset::make(first->owner, Type::NSEC, 300, rdata));
  EXPECT_EQ(reply.no_data("ns1.example.", Type::MX), Proof::not_proving);
}

TEST(ForgedNsec, ADamagedRecordIsLeftOut) {
  const Buffer damaged[] = {
      {},                                 // nothing
      {3, 'a'},                           // a name cut short
      {0, 0, 0},                          // a window without octets
      {0, 0, 33},                         // a window of too many
      {0, 0, 4, 0x40},                    // one that ends early
      {0, 1, 1, 0x40, 0, 1, 0x40},        // windows in the wrong order
      {0, 0, 1, 0x40, 0, 1, 0x40},        // the same window twice
      {0, 0, 6, 0x40, 0, 0, 0, 0, 3, 9},  // something left over
  };
  for (const Buffer& rdata : damaged) {
    Proofs reply(".", {});
    const Bytes one[] = {rdata};
    const RRsetPtr rrset = RRset::make(Name::of("a."), Type::NSEC, 300, one);
    if (!rrset) { continue; }
    reply.add(rrset);
    EXPECT_EQ(reply.no_data("a.", Type::MX), Proof::not_proving);
    EXPECT_EQ(reply.name_error("b."), Proof::not_proving);
  }
}

TEST(ForgedNsec, QuestionsOutsideTheZoneAreNotProven) {
  Proofs reply("example.", {kXx, kApex});
  EXPECT_EQ(reply.name_error("zz."), Proof::not_proving);  // after the last name, but not in the zone
  EXPECT_EQ(reply.encloser("zz."), -1);
  EXPECT_EQ(reply.name_error("zz.com."), Proof::not_proving);
  EXPECT_EQ(reply.no_data("com.", Type::A), Proof::not_proving);
  EXPECT_EQ(reply.ds_absence("com."), DsAbsence::not_proving);
  EXPECT_EQ(reply.ds_absence("example."), DsAbsence::not_proving);
  EXPECT_EQ(reply.encloser("com."), -1);
}

TEST(ForgedNsec, MoreProofsThanAReplyCanBringAreLeftOut) {
  Proofs reply("example.", {});
  for (std::uint32_t i = 0; i < Denial::kMaxProofs; ++i) { reply.add(std::string(kApex)); }
  reply.add(std::string(kNs1));
  EXPECT_EQ(reply.no_data("example.", Type::A), Proof::proven);
  EXPECT_EQ(reply.no_data("ns1.example.", Type::MX), Proof::not_proving);
}

TEST(Nsec, WhatIsNoProofIsNotCountedAsOne) {
  Proofs reply("example.", {"www.example. A 192.0.2.1"});
  EXPECT_EQ(reply.name_error("ml.example."), Proof::missing);
  EXPECT_EQ(reply.ds_absence("ml.example."), DsAbsence::missing);
}

TEST(TypeBitmap, FindsABitWhereverItsWindowStands) {
  const Buffer bitmap = {0, 6, 0x40, 1, 0, 0, 0, 3, 1, 1, 0x40};  // A MX RRSIG NSEC; CAA
  EXPECT_TRUE(has_type(bitmap, Type::A));
  EXPECT_TRUE(has_type(bitmap, Type::MX));
  EXPECT_TRUE(has_type(bitmap, Type::RRSIG));
  EXPECT_TRUE(has_type(bitmap, Type::NSEC));
  EXPECT_TRUE(has_type(bitmap, Type::CAA));
  EXPECT_FALSE(has_type(bitmap, Type::NS));
  EXPECT_FALSE(has_type(bitmap, Type::URI));
  EXPECT_FALSE(has_type(bitmap, Type::TLSA));  // beyond the window's octets
  EXPECT_FALSE(has_type(bitmap, Type::none));
  EXPECT_FALSE(has_type({}, Type::A));
  EXPECT_FALSE(has_type(Bytes(bitmap).first(4), Type::A));  // cut short
}

}  // namespace
}  // namespace vouch
