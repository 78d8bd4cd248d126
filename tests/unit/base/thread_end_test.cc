#include "resolver/base/thread_end.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace vouch {
namespace {

std::atomic<int> ended{0};
const ThreadEnd kEnd([](void* object) { ended += *static_cast<int*>(object); });

TEST(ThreadEnds, EachThreadPutsAwayItsOwn) {
  int one = 1, ten = 10, never = 100;
  ended = 0;
  std::thread([&] {
    EXPECT_TRUE(kEnd.arm(&never));
    EXPECT_TRUE(kEnd.arm(&one));  // in its place
    std::thread([&] { EXPECT_TRUE(kEnd.arm(&ten)); }).join();
    EXPECT_EQ(ended, 10);
  }).join();
  EXPECT_EQ(ended, 11);
  std::thread([] {}).join();
  EXPECT_EQ(ended, 11);
}

std::atomic<int> rounds{0};
void begin_anew(void* object);
const ThreadEnd kAgain(begin_anew);
void begin_anew(void* object) {
  if (++rounds < 3) { kAgain.arm(object); }
}

TEST(ThreadEnds, WhatIsPutAwayMayBeginAnew) {
  rounds = 0;
  std::thread([] {
    int object = 0;
    kAgain.arm(&object);
  }).join();
  EXPECT_EQ(rounds, 3);
}

}  // namespace
}  // namespace vouch
