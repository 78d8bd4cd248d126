#include "resolver/base/lack_of_memory.h"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

namespace vouch {
namespace {

TEST(LackOfMemory, EndsWhereItIsSurvived) {
  bool went_on = false;
  survive_lack_of_memory([] { throw std::bad_alloc(); });
  survive_lack_of_memory([&] { went_on = true; });
  EXPECT_TRUE(went_on);
}

TEST(LackOfMemoryDeathTest, AnythingElseIsAFaultOfOurs) {
  EXPECT_DEATH(survive_lack_of_memory([] { throw std::logic_error("a fault"); }), "a fault");
}

}  // namespace
}  // namespace vouch
