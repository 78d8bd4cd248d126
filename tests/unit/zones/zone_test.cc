#include "resolver/zones/zone.h"

#include <gmock/gmock.h>

#include "resolver/zones/serial.h"
#include "tests/unit/zones/scripted_primary.h"

namespace vouch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using zones_testing::list_of;
using zones_testing::Records;
using zones_testing::texts_of;
using zones_testing::zone_of;

const std::string kSoa = "example. 3600 IN SOA ns.example. admin.example. 10 7200 900 604800 300";

TEST(Serial, WrapsAround) {  // RFC 1982 section 3.2
  EXPECT_TRUE(is_later_serial(2, 1));
  EXPECT_FALSE(is_later_serial(1, 2));
  EXPECT_FALSE(is_later_serial(7, 7));
  EXPECT_TRUE(is_later_serial(5, 0xfffffff0U));
  EXPECT_FALSE(is_later_serial(0xfffffff0U, 5));
  EXPECT_FALSE(is_later_serial(0x80000000U, 0)) << "half the circle apart: undefined, so nobody moves";
  EXPECT_FALSE(is_later_serial(0, 0x80000000U));
}

TEST(Zone, IsInCanonicalOrderWithoutRepetitions) {
  const ZonePtr zone = zone_of("example.", {
                                               "z.example. 60 IN A 192.0.2.9",
                                               "b.a.example. 60 IN A 192.0.2.1",
                                               "Z.example. 60 IN A 192.0.2.9",
                                               "a.example. 60 IN TXT \"x\"",
                                               "a.example. 60 IN A 192.0.2.2",
                                               "a.example. 60 IN A 192.0.2.1",
                                               kSoa,
                                           });
  EXPECT_THAT(texts_of(*zone), ElementsAre(kSoa, "a.example. 60 IN A 192.0.2.1", "a.example. 60 IN A 192.0.2.2",
                                           "a.example. 60 IN TXT \"x\"", "b.a.example. 60 IN A 192.0.2.1",
                                           "z.example. 60 IN A 192.0.2.9"));
  EXPECT_EQ(zone->serial(), 10U);
  EXPECT_EQ(zone->soa().expire, 604800U);
}

TEST(Zone, LooksUp) {
  const ZonePtr zone = zone_of("example.", {kSoa, "example. 60 IN NS ns.example.", "www.a.b.example. 60 IN A 192.0.2.1",
                                            "c.example. 60 IN A 192.0.2.2", "c.example. 30 IN A 192.0.2.3",
                                            "c.example. 60 IN AAAA 2001:db8::1"});
  EXPECT_EQ(zone->at(Name::of("C.example.")).size(), 3U);
  EXPECT_EQ(zone->at(Name::of("c.example."), Type::A).size(), 2U);
  EXPECT_TRUE(zone->has(Name::of("example."), Type::NS));
  EXPECT_FALSE(zone->has(Name::of("c.example."), Type::NS));
  EXPECT_TRUE(zone->exists(Name::of("b.example."))) << "an empty non-terminal exists";
  EXPECT_TRUE(zone->exists(Name::of("www.a.b.example.")));
  EXPECT_FALSE(zone->exists(Name::of("x.www.a.b.example.")));
  EXPECT_FALSE(zone->exists(Name::of("d.example.")));
  EXPECT_EQ((*zone)[zone->before(Name::of("bb.example."))].owner.text(), "www.a.b.example.");
  EXPECT_EQ((*zone)[zone->before(Name::of("zz.example."))].owner.text(), "c.example.");
  const RRsetPtr set = zone->rrset(Name::of("c.example."), Type::A);
  ASSERT_NE(set, nullptr);
  EXPECT_EQ(set->count(), 2);
  EXPECT_EQ(set->ttl(), 30U) << "the least (RFC 2181 section 5.2)";
  EXPECT_EQ(zone->rrset(Name::of("c.example."), Type::TXT), nullptr);
}

TEST(Zone, HasOneSoaAndNothingForeign) {
  const auto error = [](Records records) {
    const auto made = Zone::make(Name::of("example."), list_of(records));
    return made ? std::string("made") : made.error();
  };
  EXPECT_EQ(error({kSoa}), "made");
  EXPECT_THAT(error({"a.example. 60 IN A 192.0.2.1"}), HasSubstr("0 SOA"));
  EXPECT_THAT(error({kSoa, "example. 60 IN SOA ns.example. admin.example. 11 7200 900 604800 300"}),
              HasSubstr("2 SOA"));
  EXPECT_THAT(error({kSoa, "a.test. 60 IN A 192.0.2.1"}), HasSubstr("a.test. lies outside"));
}

TEST(Zone, DifferencesApplyExactly) {
  const ZonePtr zone = zone_of("example.", {kSoa, "a.example. 60 IN A 192.0.2.1", "b.example. 60 IN A 192.0.2.2"});
  const std::string soa11 = "example. 3600 IN SOA ns.example. admin.example. 11 7200 900 604800 300";
  const std::string soa12 = "example. 3600 IN SOA ns.example. admin.example. 12 7200 900 604800 300";
  const auto step = [](std::uint32_t from, std::uint32_t to, const Records& deleted, const Records& added) {
    ZoneDifference difference;
    difference.from = from;
    difference.to = to;
    difference.deleted = list_of(deleted);
    difference.added = list_of(added);
    return difference;
  };
  const auto after = [&](std::vector<ZoneDifference> steps) { return zone_after(*zone, steps); };

  std::vector<ZoneDifference> steps;
  steps.push_back(step(10, 11, {kSoa, "a.example. 60 IN A 192.0.2.1"}, {soa11, "c.example. 60 IN A 192.0.2.3"}));
  steps.push_back(step(11, 12, {soa11, "c.example. 60 IN A 192.0.2.3"},
                       {soa12, "A.example. 30 IN A 192.0.2.1", "b.example. 60 IN A 192.0.2.2"}));
  const auto changed = after(std::move(steps));
  ASSERT_TRUE(changed) << changed.error();
  EXPECT_THAT(texts_of(**changed), ElementsAre(soa12, "A.example. 30 IN A 192.0.2.1", "b.example. 60 IN A 192.0.2.2"));

  std::vector<ZoneDifference> absent;
  absent.push_back(step(10, 11, {kSoa, "x.example. 60 IN A 192.0.2.1"}, {soa11}));
  EXPECT_THAT(after(std::move(absent)).error(), HasSubstr("x.example."));
  std::vector<ZoneDifference> twice;
  twice.push_back(step(10, 11, {kSoa, "a.example. 60 IN A 192.0.2.1"}, {soa11}));
  twice.push_back(step(11, 12, {soa11, "a.example. 60 IN A 192.0.2.1"}, {soa12}));
  EXPECT_THAT(after(std::move(twice)).error(), HasSubstr("not there"));
  std::vector<ZoneDifference> gap;
  gap.push_back(step(9, 11, {kSoa}, {soa11}));
  EXPECT_THAT(after(std::move(gap)).error(), HasSubstr("from serial 9"));
}

}  // namespace
}  // namespace vouch
