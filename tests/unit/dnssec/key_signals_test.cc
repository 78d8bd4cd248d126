#include "resolver/dnssec/key_signals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resolver/dnssec/key_set.h"
#include "tests/dnssec_kit/signer.h"

namespace vouch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

Buffer ds_with_tag(std::uint16_t tag) { return {u8(tag >> 8U), u8(tag & 0xffU), 8, 2, 1, 2, 3}; }

std::vector<std::string> names_for(std::string_view zone, const std::vector<std::uint16_t>& tags) {
  AnchorSet::Point point{.zone = Name::of(zone), .ds = {}, .dnskeys = {}};
  for (const std::uint16_t tag : tags) { point.ds.push_back(ds_with_tag(tag)); }
  std::vector<std::string> out;
  for (const Name& name : key_tag_names(point)) { out.push_back(name.text()); }
  return out;
}

TEST(KeyTagQuery, NamesTheTagsInHexadecimalAscending) {
  EXPECT_THAT(names_for(".", {19036}), ElementsAre("_ta-4a5c."));
  EXPECT_THAT(names_for(".", {38696, 20326}), ElementsAre("_ta-4f66-9728."));
  EXPECT_THAT(names_for("example.", {5}), ElementsAre("_ta-0005.example."));
  EXPECT_THAT(names_for(".", {7, 7}), ElementsAre("_ta-0007."));
}

TEST(KeyTagQuery, KeysCountAsTheirDsDo) {
  const dnssec_kit::SigningKey key({.flags = 0x0101});
  const AnchorSet::Point point{
      .zone = Name::of("example."), .ds = {key.ds(Name::of("example."))}, .dnskeys = {key.dnskey()}};
  EXPECT_THAT(key_tags(point), ElementsAre(key.tag()));
}

TEST(KeyTagQuery, NothingTrustedIsNothingToTell) { EXPECT_THAT(names_for(".", {}), IsEmpty()); }

TEST(KeyTagQuery, MoreTagsThanALabelHoldsMakeFurtherNames) {
  std::vector<std::uint16_t> tags;
  for (std::uint16_t tag = 1; tag <= 13; ++tag) { tags.push_back(tag); }
  const auto names = names_for("example.", tags);
  ASSERT_THAT(names, SizeIs(2));
  EXPECT_EQ(names[0], "_ta-0001-0002-0003-0004-0005-0006-0007-0008-0009-000a-000b-000c.example.");
  EXPECT_EQ(names[1], "_ta-000d.example.");
}

TEST(KeyTagQuery, AZoneWhoseNameFillsTheRoomIsNotAsked) {
  std::string zone;
  for (int i = 0; i < 125; ++i) { zone += "a."; }
  EXPECT_THAT(names_for(zone, {1}), IsEmpty());
}

class Sentinel : public testing::Test {
 protected:
  bool is_withheld(std::string_view name, Type type = Type::A) {
    const Name owned = Name::of(name);
    return is_withheld_by_sentinel(
        {.name = owned, .type = type, .checking_disabled = checking_disabled_, .security = security_}, anchors_);
  }

  AnchorSet anchors_{{{.zone = Name(), .ds = {ds_with_tag(20326), ds_with_tag(5)}, .dnskeys = {}},
                      {.zone = Name::of("example."), .ds = {ds_with_tag(777)}, .dnskeys = {}}},
                     {}};
  bool checking_disabled_ = false;
  Security security_ = Security::secure;
};

TEST_F(Sentinel, IsTaIsAnsweredWhenTheKeyIsTrusted) {
  EXPECT_FALSE(is_withheld("root-key-sentinel-is-ta-20326.test.example."));
  EXPECT_FALSE(is_withheld("root-key-sentinel-is-ta-00005.test.example."));
  EXPECT_TRUE(is_withheld("root-key-sentinel-is-ta-38696.test.example."));
}

TEST_F(Sentinel, NotTaIsAnsweredWhenItIsNot) {
  EXPECT_TRUE(is_withheld("root-key-sentinel-not-ta-20326.test.example.", Type::AAAA));
  EXPECT_FALSE(is_withheld("root-key-sentinel-not-ta-38696.test.example.", Type::AAAA));
}

TEST_F(Sentinel, OnlyTheRootsKeysCount) {
  EXPECT_TRUE(is_withheld("root-key-sentinel-is-ta-00777.example."));
  EXPECT_FALSE(is_withheld("root-key-sentinel-not-ta-00777.example."));
}

TEST_F(Sentinel, CaseDoesNotMatter) { EXPECT_TRUE(is_withheld("Root-Key-SENTINEL-not-TA-20326.example.")); }

TEST_F(Sentinel, OtherQuestionsPass) {
  EXPECT_FALSE(is_withheld("root-key-sentinel-not-ta-20326.example.", Type::TXT));
  EXPECT_FALSE(is_withheld("www.root-key-sentinel-not-ta-20326.example."));
  EXPECT_FALSE(is_withheld("."));
  checking_disabled_ = true;
  EXPECT_FALSE(is_withheld("root-key-sentinel-not-ta-20326.example."));
  checking_disabled_ = false;
  for (const Security security : {Security::unchecked, Security::indeterminate, Security::insecure, Security::bogus}) {
    security_ = security;
    EXPECT_FALSE(is_withheld("root-key-sentinel-not-ta-20326.example."));
  }
}

TEST_F(Sentinel, ATagHasFiveDigitsAndNothingElse) {
  for (const char* name : {
           "root-key-sentinel-is-ta-1.example.",       // no zeros in front
           "root-key-sentinel-is-ta-1234.example.",    //
           "root-key-sentinel-is-ta-123456.example.",  // as long as a not-ta label
           "root-key-sentinel-is-ta-1234a.example.",   //
           "root-key-sentinel-is-ta--1234.example.",   //
           "root-key-sentinel-is-ta-99999.example.",   // no tag is that large
           "root-key-sentinel-at-ta-12345.example.",   //
       }) {
    EXPECT_FALSE(is_withheld(name)) << name;
  }
}

TEST_F(Sentinel, WithoutARootAnchorNoKeyOfTheRootIsTrusted) {
  anchors_ = AnchorSet({}, {});
  EXPECT_TRUE(is_withheld("root-key-sentinel-is-ta-20326.example."));
  EXPECT_FALSE(is_withheld("root-key-sentinel-not-ta-20326.example."));
}

}  // namespace
}  // namespace vouch
