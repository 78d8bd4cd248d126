#include "resolver/fleet/forgotten.h"

#include "tests/unit/fleet/fleet_kit.h"

namespace vouch {
namespace {

using Scope = Forgotten::Scope;
constexpr UnixTime kAtOnce = kWall + kMaxClockSkew;  // by the fastest clock of the fleet

Name name(const char* text) { return Name::of(text); }

TEST(ForgottenTest, ANameAndNoOther) {
  Forgotten forgotten;
  EXPECT_FALSE(forgotten.covers(name("www.example."), Type::A, 0));
  forgotten.mark(name("www.example."), Scope::name, Type::none, kWall);
  EXPECT_TRUE(forgotten.covers(name("WWW.example."), Type::A, kWall - 10));
  EXPECT_TRUE(forgotten.covers(name("www.example."), Type::none, kAtOnce));
  EXPECT_FALSE(forgotten.covers(name("www.example."), Type::A, kAtOnce + 1));
  EXPECT_FALSE(forgotten.covers(name("a.www.example."), Type::A, kWall - 10));
  EXPECT_FALSE(forgotten.covers(name("example."), Type::A, kWall - 10));
}

TEST(ForgottenTest, AZoneATypeAndAll) {
  Forgotten forgotten;
  forgotten.mark(name("example."), Scope::below, Type::none, kWall);
  EXPECT_TRUE(forgotten.covers(name("example."), Type::SOA, kWall));
  EXPECT_TRUE(forgotten.covers(name("a.b.example."), Type::A, kWall));
  EXPECT_FALSE(forgotten.covers(name("an-example."), Type::A, kWall));
  forgotten.mark(NameView(), Scope::below, Type::MX, kWall);
  EXPECT_TRUE(forgotten.covers(name("elsewhere."), Type::MX, kWall));
  EXPECT_FALSE(forgotten.covers(name("elsewhere."), Type::A, kWall));
  EXPECT_TRUE(forgotten.covers(name("elsewhere."), Type::none, kWall));  // that there is nothing is of every type
  forgotten.mark(NameView(), Scope::below, Type::none, kWall + 1);
  EXPECT_TRUE(forgotten.covers(name("elsewhere."), Type::A, kAtOnce + 1));
  EXPECT_FALSE(forgotten.covers(name("elsewhere."), Type::A, kAtOnce + 2));
}

TEST(ForgottenTest, TooManyForgetMoreAndNeverLess) {
  Forgotten forgotten;
  for (std::uint32_t i = 0; i <= Forgotten::kMaxMarks; ++i) {
    forgotten.mark(samples::numbered("n", i), Scope::name, Type::none, kWall + i);
  }
  for (std::uint32_t i = 0; i <= Forgotten::kMaxMarks; ++i) {
    EXPECT_TRUE(forgotten.covers(samples::numbered("n", i), Type::A, kWall + i)) << i;
  }
  EXPECT_TRUE(forgotten.covers(name("nobody-named-it."), Type::A, kAtOnce));  // with the oldest
  EXPECT_FALSE(forgotten.covers(name("nobody-named-it."), Type::A, kAtOnce + 1));
}

TEST(ForgottenTest, OneNameAgainAndAgainIsOneMark) {
  Forgotten forgotten;
  for (std::uint32_t i = 0; i < 10 * Forgotten::kMaxMarks; ++i) {
    forgotten.mark(name("www.example."), Scope::name, Type::A, kWall + i);
  }
  EXPECT_FALSE(forgotten.covers(name("other.example."), Type::A, kWall));
}

}  // namespace
}  // namespace vouch
