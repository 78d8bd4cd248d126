// The state machine of RFC 5011 section 4, told as the life of a zone's keys.
#include "resolver/dnssec/rfc5011.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/dnssec_kit/signer.h"

namespace vouch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using enum KeyState;

constexpr UnixTime kDay = 86400;
constexpr UnixTime kHour = 3600;
constexpr UnixTime kBegin = 1767225600;
constexpr std::uint32_t kTtl = 172800;  // the root's

// A key signing key that signs nothing: the machine does not look at signatures.
Buffer ksk(Octet number) { return {0x01, 0x01, 3, 13, number, 1, 2, 3}; }
Buffer zsk(Octet number) { return {0x01, 0x00, 3, 13, number, 1, 2, 3}; }

// A trust point and the looks that somebody takes at it.
class Story {
 public:
  explicit Story(std::vector<Buffer> configured)
      : point_({.zone = Name(), .ds = {}, .dnskeys = std::move(configured)}) {}
  explicit Story(AnchorSet::Point configured) : point_(std::move(configured)) {}

  std::vector<AnchorEvent> sees(UnixTime at, std::vector<Buffer> keys, std::vector<Buffer> revoked = {}) {
    return point_.observe({.at = at,
                           .original_ttl = ttl,
                           .expires = at + 14 * kDay,
                           .is_validated = true,
                           .keys = std::move(keys),
                           .revoked = std::move(revoked)});
  }
  // A set that no trusted key signed.
  std::vector<AnchorEvent> sees_unvalidated(UnixTime at, std::vector<Buffer> keys, std::vector<Buffer> revoked = {}) {
    return point_.observe({.at = at,
                           .original_ttl = ttl,
                           .expires = at + 14 * kDay,
                           .is_validated = false,
                           .keys = std::move(keys),
                           .revoked = std::move(revoked)});
  }
  // As a resolver that runs all the time does: looks whenever it is time, up to and at `until`.
  void watches(UnixTime from, UnixTime until, const std::vector<Buffer>& keys) {
    for (UnixTime at = from; at <= until; at = point_.memory().next_probe) { sees(at, keys); }
  }

  KeyState state_of(const Buffer& rdata) const {
    for (const TrackedKey& key : point_.memory().keys) {
      if (key.rdata == rdata) { return key.state; }
    }
    return start;
  }
  std::vector<Buffer> trusted() const { return point_.trusted().dnskeys; }
  TrustPoint& point() { return point_; }

  std::uint32_t ttl = kTtl;

 private:
  TrustPoint point_;
};

TEST(Rfc5011, ANewKeyIsTrustedAfterThirtyDaysAndNotASecondBefore) {
  Story story({ksk(1)});
  EXPECT_THAT(story.sees(kBegin, {ksk(1), ksk(2)}),
              ElementsAre(AnchorEvent{Name(), key_tag(ksk(2)), start, add_pending}));
  story.sees(kBegin + 10 * kDay, {ksk(1), ksk(2)});
  story.sees(kBegin + 20 * kDay, {ksk(1), ksk(2)});
  EXPECT_THAT(story.sees(kBegin + 30 * kDay - 1, {ksk(1), ksk(2)}), IsEmpty());
  EXPECT_THAT(story.trusted(), ElementsAre(ksk(1)));
  EXPECT_THAT(story.sees(kBegin + 30 * kDay, {ksk(1), ksk(2)}),
              ElementsAre(AnchorEvent{Name(), key_tag(ksk(2)), add_pending, valid}));
  EXPECT_THAT(story.trusted(), ElementsAre(ksk(1), ksk(2)));
}

TEST(Rfc5011, WhoeverLooksWhenItIsTimeMeetsTheEndOfTheHoldDown) {
  Story story({ksk(1)});
  story.watches(kBegin, kBegin + 30 * kDay - 1, {ksk(1), ksk(2)});
  EXPECT_THAT(story.trusted(), ElementsAre(ksk(1)));
  EXPECT_EQ(story.point().memory().next_probe, kBegin + 30 * kDay);
  story.sees(kBegin + 30 * kDay, {ksk(1), ksk(2)});
  EXPECT_THAT(story.trusted(), ElementsAre(ksk(1), ksk(2)));
}

TEST(Rfc5011, ATtlLongerThanThirtyDaysIsWaitedFor) {
  Story story({ksk(1)});
  story.ttl = 40 * 86400;
  story.sees(kBegin, {ksk(1), ksk(2)});
  for (const UnixTime day : {10, 20, 30, 39}) { story.sees(kBegin + day * kDay, {ksk(1), ksk(2)}); }
  EXPECT_EQ(story.state_of(ksk(2)), add_pending);
  story.sees(kBegin + 40 * kDay, {ksk(1), ksk(2)});
  EXPECT_EQ(story.state_of(ksk(2)), valid);
}

TEST(Rfc5011, AKeyThatVanishesDuringTheHoldDownBeginsAnew) {
  Story story({ksk(1)});
  story.sees(kBegin, {ksk(1), ksk(2)});
  story.sees(kBegin + 15 * kDay, {ksk(1), ksk(2)});
  EXPECT_THAT(story.sees(kBegin + 29 * kDay, {ksk(1)}),
              ElementsAre(AnchorEvent{Name(), key_tag(ksk(2)), add_pending, start}));
  EXPECT_THAT(story.point().memory().keys, SizeIs(1)) << "it is forgotten";
  story.watches(kBegin + 30 * kDay, kBegin + 60 * kDay - 1, {ksk(1), ksk(2)});
  EXPECT_EQ(story.state_of(ksk(2)), add_pending);
  story.sees(kBegin + 60 * kDay, {ksk(1), ksk(2)});
  EXPECT_EQ(story.state_of(ksk(2)), valid);
}

TEST(Rfc5011, TwoLooksWithAMonthBetweenThemAreTooFew) {
  Story story({ksk(1)});
  story.sees(kBegin, {ksk(1), ksk(2)});
  story.sees(kBegin + 45 * kDay, {ksk(1), ksk(2)});  // the machine was switched off meanwhile
  EXPECT_EQ(story.state_of(ksk(2)), add_pending);
  EXPECT_EQ(story.point().memory().next_probe, kBegin + 45 * kDay + kHour);
  story.sees(kBegin + 45 * kDay + kHour, {ksk(1), ksk(2)});
  EXPECT_EQ(story.state_of(ksk(2)), valid);
}

TEST(Rfc5011, SetsThatNoTrustedKeySignedTeachNothing) {
  Story story({ksk(1)});
  EXPECT_THAT(story.sees_unvalidated(kBegin, {ksk(8), ksk(9)}), IsEmpty());
  EXPECT_THAT(story.trusted(), ElementsAre(ksk(1)));
  EXPECT_THAT(story.point().memory().keys, SizeIs(1));
  EXPECT_EQ(story.point().memory().last_seen, 0);
}

TEST(Rfc5011, ZoneSigningKeysAreNoAnchors) {
  Story story({ksk(1)});
  story.watches(kBegin, kBegin + 60 * kDay, {ksk(1), zsk(2)});
  EXPECT_EQ(story.state_of(zsk(2)), start);
}

TEST(Rfc5011, ARevokedKeyGoesAtOnce) {
  Story story({ksk(1), ksk(2)});
  EXPECT_THAT(story.sees(kBegin, {ksk(2)}, {ksk(1)}),
              ElementsAre(AnchorEvent{Name(), key_tag(ksk(1)), valid, revoked}));
  EXPECT_THAT(story.trusted(), ElementsAre(ksk(2)));
}

TEST(Rfc5011, ARevokedKeyStaysDistrustedWhateverTheZoneSaysLater) {
  Story story({ksk(1), ksk(2)});
  story.sees(kBegin, {ksk(2)}, {ksk(1)});
  story.watches(kBegin + kDay, kBegin + 100 * kDay, {ksk(1), ksk(2)});
  EXPECT_THAT(story.trusted(), ElementsAre(ksk(2)));
}

TEST(Rfc5011, AMonthAfterItsRevocationAKeyIsRemoved) {
  Story story({ksk(1), ksk(2)});
  story.sees(kBegin, {ksk(2)}, {ksk(1)});
  story.sees(kBegin + 30 * kDay - 1, {ksk(2)}, {ksk(1)});
  EXPECT_EQ(story.state_of(ksk(1)), revoked);
  EXPECT_THAT(story.sees(kBegin + 30 * kDay, {ksk(2)}),
              ElementsAre(AnchorEvent{Name(), key_tag(ksk(1)), revoked, removed}));
}

TEST(Rfc5011, APendingKeyThatIsRevokedIsForgotten) {
  Story story({ksk(1)});
  story.sees(kBegin, {ksk(1), ksk(2)});
  EXPECT_THAT(story.sees(kBegin + kDay, {ksk(1)}, {ksk(2)}),
              ElementsAre(AnchorEvent{Name(), key_tag(ksk(2)), add_pending, start}));
  EXPECT_THAT(story.point().memory().keys, SizeIs(1));
}

TEST(Rfc5011, ARevocationOfAStrangersKeyIsNothing) {
  Story story({ksk(1)});
  EXPECT_THAT(story.sees(kBegin, {ksk(1)}, {ksk(7)}), IsEmpty());
}

TEST(Rfc5011, ARevokedKeyNeedsNoWitness) {
  Story story({ksk(1), ksk(2)});
  EXPECT_THAT(story.sees_unvalidated(kBegin, {ksk(9)}, {ksk(1)}),
              ElementsAre(AnchorEvent{Name(), key_tag(ksk(1)), valid, revoked}));
  EXPECT_EQ(story.state_of(ksk(2)), valid) << "that it was not in that set is no news";
  EXPECT_EQ(story.state_of(ksk(9)), start);
}

TEST(Rfc5011, WhenTheLastKeyIsRevokedTheZoneHasNoAnchorAnyMore) {
  Story story({ksk(1)});
  story.sees_unvalidated(kBegin, {}, {ksk(1)});
  EXPECT_TRUE(story.point().trusted().empty());
}

TEST(Rfc5011, AKeyThatMerelyVanishesStaysTrusted) {
  Story story({ksk(1), ksk(2)});
  EXPECT_THAT(story.sees(kBegin, {ksk(2)}), ElementsAre(AnchorEvent{Name(), key_tag(ksk(1)), valid, missing}));
  EXPECT_THAT(story.trusted(), ElementsAre(ksk(1), ksk(2)));
  EXPECT_THAT(story.sees(kBegin + kDay, {ksk(1), ksk(2)}),
              ElementsAre(AnchorEvent{Name(), key_tag(ksk(1)), missing, valid}));
  story.sees(kBegin + 2 * kDay, {ksk(2)});
  EXPECT_THAT(story.sees(kBegin + 3 * kDay, {ksk(2)}, {ksk(1)}),
              ElementsAre(AnchorEvent{Name(), key_tag(ksk(1)), missing, revoked}));
}

TEST(Rfc5011, AFloodOfKeysIsBoundedAndNoneOfItTrustedEarly) {
  Story story({ksk(1)});
  std::vector<Buffer> flood{ksk(1)};
  for (Octet number = 100; number < 160; ++number) { flood.push_back(ksk(number)); }
  story.sees(kBegin, flood);
  EXPECT_THAT(story.point().memory().keys, SizeIs(TrustPoint::kMaxTrackedKeys));
  story.watches(kBegin + kDay, kBegin + 30 * kDay - 1, flood);
  EXPECT_THAT(story.trusted(), ElementsAre(ksk(1)));
  EXPECT_THAT(story.point().memory().keys, SizeIs(TrustPoint::kMaxTrackedKeys));
}

TEST(Rfc5011, ManyRollsByTheBookNeverFillTheList) {
  Story story({ksk(1)});
  UnixTime now = kBegin;
  for (Octet number = 2; number < 40; ++number) {
    const Buffer old = ksk(u8(number - 1U)), fresh = ksk(number);
    story.watches(now, now + 31 * kDay, {old, fresh});
    ASSERT_EQ(story.state_of(fresh), valid) << int{number};
    story.sees(now + 32 * kDay, {fresh}, {old});
    now += 33 * kDay;
  }
  EXPECT_EQ(story.state_of(ksk(1)), removed) << "the operator's own key is never forgotten, or it would be back";
  EXPECT_THAT(story.trusted(), ElementsAre(ksk(39)));
}

TEST(Rfc5011, ManyRollsWithoutRevocationDoNotFillTheListEither) {
  Story story({ksk(1)});
  UnixTime now = kBegin;
  for (Octet number = 2; number < 40; ++number) {
    story.watches(now, now + 31 * kDay, {ksk(u8(number - 1U)), ksk(number)});
    ASSERT_EQ(story.state_of(ksk(number)), valid) << int{number};
    now += 33 * kDay;
  }
  EXPECT_THAT(story.point().memory().keys, SizeIs(TrustPoint::kMaxTrackedKeys));
}

// RFC 5011 section 2.3.
TEST(Rfc5011, TheIntervalIsHalfTheTtlOrHalfWhatTheSignatureHasLeft) {
  struct Case {
    std::uint32_t original_ttl;
    UnixTime signature_left, interval;
  };
  for (const Case& c : {Case{172800, 14 * kDay, kDay}, Case{172800, kDay, kDay / 2}, Case{60, 14 * kDay, kHour},
                        Case{90 * 86400, 90 * kDay, 15 * kDay}, Case{172800, -5, kHour}}) {
    TrustPoint point({.zone = Name(), .ds = {}, .dnskeys = {ksk(1)}});
    EXPECT_EQ(point.seconds_to_probe(kBegin), 0);
    point.observe({.at = kBegin,
                   .original_ttl = c.original_ttl,
                   .expires = kBegin + c.signature_left,
                   .is_validated = true,
                   .keys = {ksk(1)},
                   .revoked = {}});
    EXPECT_EQ(point.seconds_to_probe(kBegin), c.interval);
    EXPECT_EQ(point.seconds_to_probe(kBegin + c.interval - 1), 1);
    EXPECT_EQ(point.seconds_to_probe(kBegin + c.interval), 0);
  }
}

TEST(Rfc5011, AfterAFailureTheRetryComesAfterATenthOfThatTime) {
  Story story({ksk(1)});
  story.point().note_failure(kBegin);
  EXPECT_EQ(story.point().seconds_to_probe(kBegin), kHour) << "nothing is known of the zone yet";
  story.sees(kBegin + kHour, {ksk(1)});
  story.point().note_failure(kBegin + kDay);
  EXPECT_EQ(story.point().seconds_to_probe(kBegin + kDay), kTtl / 10);
  story.ttl = 100 * 86400;
  story.point().observe({.at = kBegin + 2 * kDay,
                         .original_ttl = story.ttl,
                         .expires = kBegin + 100 * kDay,
                         .is_validated = true,
                         .keys = {ksk(1)},
                         .revoked = {}});
  story.point().note_failure(kBegin + 3 * kDay);
  EXPECT_EQ(story.point().seconds_to_probe(kBegin + 3 * kDay), kDay);
}

TEST(Rfc5011, AClockThatStandsInThePastMovesNothing) {
  Story story({ksk(1)});
  story.sees(kBegin, {ksk(1), ksk(2)});
  const TrustPointMemory before = story.point().memory();
  EXPECT_THAT(story.sees(kBegin - 1, {ksk(1)}, {}), IsEmpty());
  EXPECT_THAT(story.sees(0, {}, {ksk(1)}), IsEmpty());
  EXPECT_EQ(story.point().memory(), before);
  EXPECT_EQ(story.point().seconds_to_probe(0), kHour) << "somebody may set it right";
}

// Anchors given as DS.

class DsAnchors : public testing::Test {
 protected:
  const dnssec_kit::SigningKey first_{{.flags = 0x0101, .seed = "first"}};
  const dnssec_kit::SigningKey second_{{.flags = 0x0101, .seed = "second"}};
  const dnssec_kit::SigningKey third_{{.flags = 0x0101, .seed = "third"}};
  const AnchorSet::Point both_{.zone = Name(), .ds = {first_.ds(Name()), second_.ds(Name())}, .dnskeys = {}};
};

TEST_F(DsAnchors, TheKeyThatADsNamesIsValidAtFirstSight) {
  Story story(both_);
  EXPECT_THAT(story.sees(kBegin, {first_.dnskey(), third_.dnskey()}),
              ElementsAre(AnchorEvent{Name(), first_.tag(), start, valid},
                          AnchorEvent{Name(), third_.tag(), start, add_pending}));
  EXPECT_THAT(story.trusted(), ElementsAre(first_.dnskey()));
  EXPECT_THAT(story.point().trusted().ds, ElementsAre(second_.ds(Name()))) << "its key has not been seen yet";
  story.sees(kBegin + kDay, {first_.dnskey(), second_.dnskey()});
  EXPECT_THAT(story.trusted(), ElementsAre(first_.dnskey(), second_.dnskey()));
  EXPECT_THAT(story.point().trusted().ds, IsEmpty());
}

TEST_F(DsAnchors, ARevokedKeysDsCountsNoMore) {
  Story story(both_);
  EXPECT_THAT(
      story.sees(kBegin, {second_.dnskey()}, {first_.dnskey()}),
      ElementsAre(AnchorEvent{Name(), second_.tag(), start, valid}, AnchorEvent{Name(), first_.tag(), start, revoked}));
  EXPECT_THAT(story.trusted(), ElementsAre(second_.dnskey()));
  EXPECT_THAT(story.point().trusted().ds, IsEmpty());
}

TEST_F(DsAnchors, AFloodOfPendingKeysDoesNotCrowdOutTheOperatorsKey) {
  Story story(both_);
  std::vector<Buffer> flood{first_.dnskey()};
  for (Octet number = 100; number < 160; ++number) { flood.push_back(ksk(number)); }
  story.sees(kBegin, flood);
  flood.push_back(second_.dnskey());
  story.sees(kBegin + kDay, flood);
  EXPECT_EQ(story.state_of(second_.dnskey()), valid);
}

// Going on where an earlier run ended.

TEST(Restoring, GoesOnWhereTheEarlierRunEnded) {
  Story story({ksk(1)});
  story.sees(kBegin, {ksk(1), ksk(2)});
  TrustPoint later({.zone = Name(), .ds = {}, .dnskeys = {ksk(1)}});
  ASSERT_TRUE(later.restore(story.point().memory()));
  EXPECT_EQ(later.memory(), story.point().memory());
}

TEST(Restoring, AWithdrawnAnchorTakesEverythingWithIt) {
  Story story({ksk(1), ksk(2)});
  story.watches(kBegin, kBegin + 31 * kDay, {ksk(1), ksk(2), ksk(3)});
  TrustPoint later({.zone = Name(), .ds = {}, .dnskeys = {ksk(2)}});
  const TrustPointMemory before = later.memory();
  EXPECT_FALSE(later.restore(story.point().memory()));
  EXPECT_EQ(later.memory(), before);
}

TEST(Restoring, AnotherZonesMemoryIsRefused) {
  TrustPoint point({.zone = Name::of("example."), .ds = {}, .dnskeys = {ksk(1)}});
  EXPECT_FALSE(point.restore(Story({ksk(1)}).point().memory()));
}

TEST(Restoring, NewAnchorsOfTheOperatorJoin) {
  Story story({ksk(1)});
  story.sees(kBegin, {ksk(1), ksk(2)});
  TrustPoint later({.zone = Name(), .ds = {}, .dnskeys = {ksk(1), ksk(2), ksk(3)}});
  ASSERT_TRUE(later.restore(story.point().memory()));
  EXPECT_THAT(later.trusted().dnskeys, ElementsAre(ksk(1), ksk(2), ksk(3))) << "his word ends the hold-down of 2";
}

TEST(Restoring, ARevokedKeyStaysRevokedThoughTheConfigurationStillNamesIt) {
  Story story({ksk(1), ksk(2)});
  story.sees(kBegin, {ksk(2)}, {ksk(1)});
  TrustPoint later({.zone = Name(), .ds = {}, .dnskeys = {ksk(1), ksk(2)}});
  ASSERT_TRUE(later.restore(story.point().memory()));
  EXPECT_THAT(later.trusted().dnskeys, ElementsAre(ksk(2)));
}

TEST(Restoring, ADsWhosePendingKeyTheOperatorNamesIsTrustedAtOnce) {
  const dnssec_kit::SigningKey fresh({.flags = 0x0101, .seed = "fresh"});
  Story story({ksk(1)});
  story.sees(kBegin, {ksk(1), fresh.dnskey()});
  Story later(AnchorSet::Point{.zone = Name(), .ds = {fresh.ds(Name())}, .dnskeys = {ksk(1)}});
  ASSERT_TRUE(later.point().restore(story.point().memory()));
  EXPECT_THAT(later.point().trusted().ds, ElementsAre(fresh.ds(Name())));
  later.sees(kBegin + kDay, {ksk(1), fresh.dnskey()});
  EXPECT_EQ(later.state_of(fresh.dnskey()), valid);
}

TEST(RevokeBit, IsClearedAndNothingElse) {
  EXPECT_EQ(without_revoke_bit(Buffer{0x01, 0x81, 3, 13, 9}), (Buffer{0x01, 0x01, 3, 13, 9}));
  EXPECT_EQ(without_revoke_bit(Buffer{0x01, 0x01, 3, 13, 9}), (Buffer{0x01, 0x01, 3, 13, 9}));
  EXPECT_EQ(without_revoke_bit(Buffer{0x01}), (Buffer{0x01}));
}

}  // namespace
}  // namespace vouch
