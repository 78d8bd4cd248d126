#include "resolver/dnssec/test_zones.h"

#include <gtest/gtest.h>

namespace vouch {
namespace {

Verdict bogus_at(std::string_view zone) { return Verdict::bogus(Reason::rrsig_expired, Name::of(zone)); }

TEST(TestZones, AreCountedApartAndToldAsFound) {
  const Verdict verdict = bogus_at("dnssec-failed.org.");
  EXPECT_EQ(counted_reason(verdict), Reason::test_zone);
  EXPECT_EQ(verdict.reason(), Reason::rrsig_expired);
  EXPECT_EQ(verdict.text(), "rrsig_expired zone=dnssec-failed.org.");
  EXPECT_EQ(counted_reason(bogus_at("allow-query-none.Extended-DNS-Errors.com.")), Reason::test_zone);
}

TEST(TestZones, AreNoExcuseForTheirNeighbours) {
  EXPECT_EQ(counted_reason(bogus_at("org.")), Reason::rrsig_expired);
  EXPECT_EQ(counted_reason(bogus_at("not-dnssec-failed.org.")), Reason::rrsig_expired);
  EXPECT_EQ(counted_reason(bogus_at("dnssec.works.")), Reason::rrsig_expired);
}

TEST(TestZones, CountOnlyWhenTheyFail) {
  EXPECT_EQ(counted_reason(Verdict::insecure(Reason::alg_unsupported, Name::of("rhybar.cz."))),
            Reason::alg_unsupported);
  EXPECT_EQ(counted_reason(Verdict::secure()), Reason::none);
}

}  // namespace
}  // namespace vouch
