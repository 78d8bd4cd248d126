#include "resolver/front/prefix_places.h"

#include <gtest/gtest.h>

namespace vouch {
namespace {

TEST(PrefixPlaces, WhileThereIsRoomAnybodyMayTakeIt) {
  PrefixPlaces places;
  for (std::size_t taken = 0; taken < 500; ++taken) {
    EXPECT_TRUE(places.may_take(1, taken, 1000));
    places.take(1);
  }
  EXPECT_FALSE(places.may_take(1, 500, 1000));
  EXPECT_TRUE(places.may_take(2, 500, 1000));
}

TEST(PrefixPlaces, NobodyGetsBeyondAQuarterOfWhatIsCrowded) {
  PrefixPlaces places;
  for (int i = 0; i < 249; ++i) { places.take(2); }
  EXPECT_TRUE(places.may_take(2, 700, 1000));
  places.take(2);
  EXPECT_FALSE(places.may_take(2, 700, 1000));
  places.give_back(2);
  EXPECT_TRUE(places.may_take(2, 700, 1000));
}

TEST(PrefixPlaces, AFewAreAlwaysLeftForOne) {
  PrefixPlaces places;
  for (std::size_t i = 0; i < PrefixPlaces::kAlways; ++i) {
    EXPECT_TRUE(places.may_take(3, 10, 16));
    places.take(3);
  }
  EXPECT_FALSE(places.may_take(3, 10, 16));
}

}  // namespace
}  // namespace vouch
