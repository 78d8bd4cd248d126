#include "resolver/dnssec/trust_anchors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resolver/dnssec/key_set.h"
#include "resolver/wire/rrset.h"

namespace vouch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

AnchorSet::Point point_at(std::string_view zone) { return {.zone = Name::of(zone), .ds = {{1}}, .dnskeys = {}}; }

std::string closest_of(const AnchorSet& anchors, std::string_view name) {
  const AnchorSet::Point* const point = anchors.closest(Name::of(name));
  return point == nullptr ? "none" : point->zone.text();
}
std::string negative_of(const AnchorSet& anchors, std::string_view name) {
  const Name* const off = anchors.negative(Name::of(name));
  return off == nullptr ? "none" : off->text();
}

TrustAnchor anchor_of(std::string_view text) {
  const auto record = parse_record(text);
  return {record->owner, record->type, record->rdata};
}

TEST(AnchorSet, TheAnchorWithMostLabelsAboveTheNameIsTheClosest) {
  const AnchorSet anchors({point_at("example."), point_at("."), point_at("a.b.example."), point_at("b.example.")}, {});
  EXPECT_EQ(closest_of(anchors, "www.A.B.Example."), "a.b.example.");
  EXPECT_EQ(closest_of(anchors, "a.b.example."), "a.b.example.");
  EXPECT_EQ(closest_of(anchors, "c.b.example."), "b.example.");
  EXPECT_EQ(closest_of(anchors, "xb.example."), "example.");
  EXPECT_EQ(closest_of(anchors, "org."), ".");
  EXPECT_EQ(closest_of(anchors, "."), ".");
}

TEST(AnchorSet, WithoutTheRootMostNamesHaveNoAnchor) {
  const AnchorSet anchors({point_at("corp.example.")}, {});
  EXPECT_EQ(closest_of(anchors, "www.corp.example."), "corp.example.");
  EXPECT_EQ(closest_of(anchors, "example."), "none");
  EXPECT_EQ(closest_of(anchors, "."), "none");
  EXPECT_EQ(closest_of(AnchorSet({}, {}), "www.example."), "none");
}

TEST(NegativeAnchors, SwitchOffWhatLiesAtAndBelowThem) {
  const AnchorSet anchors({point_at(".")}, {Name::of("broken.example."), Name::of("test.")});
  EXPECT_EQ(negative_of(anchors, "broken.example."), "broken.example.");
  EXPECT_EQ(negative_of(anchors, "a.b.Broken.example."), "broken.example.");
  EXPECT_EQ(negative_of(anchors, "x.test."), "test.");
  EXPECT_EQ(negative_of(anchors, "example."), "none");
  EXPECT_EQ(negative_of(anchors, "."), "none");
}

TEST(NegativeAnchors, ATrustAnchorBelowOneSwitchesOnAgain) {
  const AnchorSet anchors({point_at("."), point_at("good.example.")},
                          {Name::of("example."), Name::of("bad.good.example.")});
  EXPECT_EQ(negative_of(anchors, "www.example."), "example.");
  EXPECT_EQ(negative_of(anchors, "www.good.example."), "none");
  EXPECT_EQ(negative_of(anchors, "www.bad.good.example."), "bad.good.example.");
}

TEST(NegativeAnchors, WinOverATrustAnchorOfTheSameName) {
  const AnchorSet anchors({point_at("example.")}, {Name::of("example.")});
  EXPECT_EQ(negative_of(anchors, "example."), "example.");
  EXPECT_EQ(negative_of(anchors, "www.example."), "example.");
}

TEST(ConfiguredAnchors, TheBuiltinRootKeysStandWhereNoOthersAreGiven) {
  const AnchorSetPtr anchors = anchors_from({});
  ASSERT_THAT(anchors->points(), SizeIs(1));
  const AnchorSet::Point& root = anchors->points().front();
  EXPECT_TRUE(root.zone.view().is_root());
  std::vector<std::uint16_t> tags;
  for (const Buffer& rdata : root.ds) { tags.push_back(ds_view(rdata)->tag); }
  EXPECT_THAT(tags, ElementsAre(20326, 38696));
  EXPECT_THAT(root.dnskeys, IsEmpty());
}

TEST(ConfiguredAnchors, TheOperatorsRootAnchorReplacesTheBuiltinOne) {
  DnssecOptions options;
  options.trust_anchors = {
      anchor_of(". DS 1234 13 2 0000000000000000000000000000000000000000000000000000000000000001"),
      anchor_of("Example. DS 5 13 2 0000000000000000000000000000000000000000000000000000000000000002"),
      anchor_of("example. DNSKEY 257 3 13 "
                "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==")};
  const AnchorSetPtr anchors = anchors_from(options);
  ASSERT_THAT(anchors->points(), SizeIs(2));
  EXPECT_EQ(anchors->points()[0].zone, Name::of("example."));
  EXPECT_THAT(anchors->points()[0].ds, SizeIs(1));
  EXPECT_THAT(anchors->points()[0].dnskeys, SizeIs(1));
  EXPECT_EQ(ds_view(anchors->points()[1].ds.at(0))->tag, 1234);
}

TEST(ConfiguredAnchors, AnAnchorOfAnotherZoneLeavesTheBuiltinRootInPlace) {
  DnssecOptions options;
  options.trust_anchors = {
      anchor_of("example. DS 5 13 2 0000000000000000000000000000000000000000000000000000000000000002")};
  EXPECT_THAT(anchors_from(options)->points(), SizeIs(2));
  options.builtin_root_anchor = false;
  EXPECT_THAT(anchors_from(options)->points(), SizeIs(1));
}

TEST(ConfiguredAnchors, NegativeOnesStandUntilTheirTime) {
  DnssecOptions options;
  options.negative_trust_anchors = {Name::of("always.example."),
                                    NegativeAnchor(Name::of("a-week.example."), "their signer is ill", 1000)};
  EXPECT_THAT(negative_at(options, 999), SizeIs(2));
  EXPECT_THAT(negative_at(options, 1000), ElementsAre(Name::of("always.example.")));
  EXPECT_EQ(anchors_from(options, 1000)->negative(Name::of("a-week.example.")), nullptr);
}

TEST(TrustAnchors, OneHalfIsReplacedAndTheOtherStays) {
  TrustAnchors anchors(
      std::make_shared<const AnchorSet>(std::vector{point_at("example.")}, std::vector{Name::of("off.example.")}));
  const AnchorSetPtr before = anchors.current();
  anchors.replace_points({point_at("org.")});
  EXPECT_EQ(closest_of(*anchors.current(), "example."), "none");
  EXPECT_EQ(negative_of(*anchors.current(), "off.example."), "off.example.");
  anchors.replace_negatives({});
  EXPECT_EQ(closest_of(*anchors.current(), "org."), "org.");
  EXPECT_EQ(negative_of(*anchors.current(), "off.example."), "none");
  EXPECT_EQ(closest_of(*before, "example."), "example.") << "whoever still holds the old set sees the old set";
}

TEST(TrustAnchors, TemporaryNegativesStandBesideTheConfiguredOnes) {
  TrustAnchors anchors(
      std::make_shared<const AnchorSet>(std::vector{point_at(".")}, std::vector{Name::of("off.example.")}));
  anchors.replace_temporary_negatives({Name::of("org."), Name::of("OFF.example.")});
  EXPECT_THAT(anchors.current()->negatives(), SizeIs(2));
  anchors.replace_negatives({});
  EXPECT_EQ(negative_of(*anchors.current(), "off.example."), "OFF.example.") << "it stands there for now as well";
  anchors.replace_temporary_negatives({});
  EXPECT_THAT(anchors.current()->negatives(), SizeIs(0));
  EXPECT_EQ(closest_of(*anchors.current(), "org."), ".");
}

}  // namespace
}  // namespace vouch
