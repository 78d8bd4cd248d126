#include "resolver/zones/root_verification.h"

#include <gmock/gmock.h>

#include "resolver/dnssec/trust_anchors.h"
#include "tests/dnssec_kit/whole_zone.h"

namespace vouch {
namespace {

using namespace dnssec_kit;
using ::testing::HasSubstr;

SignedZone root(const ZoneStyle& style = {}) {
  SignedZone zone(".", style);
  zone.has(". 86400 IN NS a.root-servers.net.").has("a.root-servers.net. 86400 IN A 192.0.2.1");
  zone.delegates("org.", {"192.0.2.2"}, {}).delegates("test.", {"192.0.2.3"}, {});
  return zone;
}

std::string told(const Zone& zone, Buffer anchor, UnixTime now = kNow) {
  const AnchorSet anchors({{.zone = Name(), .ds = {std::move(anchor)}, .dnskeys = {}}}, {});
  const auto until = verify_root(zone, {.anchors = anchors, .now = now, .skew = 300});
  return until ? "good until " + std::to_string(*until - kNow) : until.error();
}

ZonePtr changed(const Zone& zone, const std::function<void(RecordList&, const ZoneRecord&)>& copy) {
  RecordList records;
  for (std::size_t i = 0; i < zone.size(); ++i) { copy(records, zone[i]); }
  return *Zone::make(zone.apex(), std::move(records));
}

TEST(RootVerification, AWholeRootIsGoodUntilItsSignaturesEnd) {
  SignedZone zone = root();
  EXPECT_EQ(told(*zone_with_digest(zone), zone.ds()), "good until " + std::to_string(15 * kDay));
}

TEST(RootVerification, AnotherAnchorDoesNotDo) {
  SignedZone zone = root();
  const SignedZone other("example.");
  EXPECT_THAT(told(*zone_with_digest(zone), other.key().ds(Name())), HasSubstr("do not fit the trust anchor"));
}

TEST(RootVerification, ItsTimeMustBeNow) {
  SignedZone zone = root();
  const ZonePtr whole = zone_with_digest(zone);
  EXPECT_THAT(told(*whole, zone.ds(), kNow + 16 * kDay), HasSubstr("rrsig_expired"));
  EXPECT_THAT(told(*whole, zone.ds(), kNow - 16 * kDay), HasSubstr("rrsig_not_yet_valid"));
}

TEST(RootVerification, AChangedOctetAnywhereIsFound) {
  SignedZone zone = root();
  const ZonePtr whole = zone_with_digest(zone);
  for (std::size_t i = 0; i < whole->size(); ++i) {
    std::size_t at = 0;
    const ZonePtr forged = changed(*whole, [&](RecordList& records, const ZoneRecord& record) {
      Buffer rdata(record.rdata.begin(), record.rdata.end());
      if (at++ == i) { rdata.back() ^= 1; }  // the last octet: of a name it is the root's, so look below
      records.add(record.owner, record.type, record.ttl, rdata);
    });
    EXPECT_THAT(told(*forged, zone.ds()), Not(HasSubstr("good"))) << i;
  }
}

TEST(RootVerification, GlueThatNobodySignsIsVouchedForByTheDigest) {
  SignedZone zone = root();
  const ZonePtr whole = zone_with_digest(zone);
  const ZonePtr forged = changed(*whole, [&](RecordList& records, const ZoneRecord& record) {
    const Octet lie[] = {198, 51, 100, 66};
    const bool is_glue = record.owner == Name::of("ns1.org.") && record.type == Type::A;
    records.add(record.owner, record.type, record.ttl, is_glue ? Bytes(lie) : record.rdata);
  });
  EXPECT_THAT(told(*forged, zone.ds()), HasSubstr("differs from what its ZONEMD record was made of"));
  const ZonePtr more = changed(*whole, [&](RecordList& records, const ZoneRecord& record) {
    const Octet lie[] = {198, 51, 100, 66};
    if (record.type == Type::SOA) { records.add(Name::of("ns9.org."), Type::A, 60, lie); }
    records.add(record);
  });
  EXPECT_THAT(told(*more, zone.ds()), HasSubstr("differs"));
}

TEST(RootVerification, WithoutSignaturesOrDigestItIsNotTheRoot) {
  SignedZone zone = root();
  EXPECT_THAT(told(*whole_zone(zone), zone.ds()), HasSubstr("no usable ZONEMD"));
  const ZonePtr whole = zone_with_digest(zone);
  for (const Type type : {Type::DNSKEY, Type::SOA, Type::NS, Type::ZONEMD}) {
    const ZonePtr bare = changed(*whole, [&](RecordList& records, const ZoneRecord& record) {
      const auto view = record.type == Type::RRSIG ? rrsig_view(record.rdata) : std::nullopt;
      if (!view || view->covered != type || !record.owner.is_root()) { records.add(record); }
    });
    EXPECT_THAT(told(*bare, zone.ds()), HasSubstr("rrsig_missing")) << type_text(type);
  }
  SignedZone plain = root({.is_signed = false});
  EXPECT_THAT(told(*zone_with_digest(plain), zone.ds()), HasSubstr("no DNSKEY"));
  SignedZone elsewhere("example.");
  elsewhere.has("example. 60 IN NS ns.example.");
  EXPECT_THAT(told(*zone_with_digest(elsewhere), elsewhere.ds()), HasSubstr("it is the zone example."));
}

}  // namespace
}  // namespace vouch
