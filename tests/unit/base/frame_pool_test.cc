#include "resolver/base/frame_pool.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FRAMES_ARE_MALLOCS
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FRAMES_ARE_MALLOCS
#endif
#endif

namespace vouch::frame_pool {
namespace {

TEST(FramePool, EveryFrameIsItsOwnersAlone) {
  std::vector<std::pair<unsigned char*, std::size_t>> frames;
  for (const std::size_t size : {1U, 150U, 256U, 257U, 1024U, 4096U, 4097U, 20000U}) {
    for (int i = 0; i < 50; ++i) {
      auto* const frame = static_cast<unsigned char*>(allocate(size));
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(frame) % __STDCPP_DEFAULT_NEW_ALIGNMENT__, 0U);
      std::memset(frame, static_cast<int>(frames.size() % 251), size);
      frames.emplace_back(frame, size);
    }
  }
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const auto [frame, size] = frames[i];
    ASSERT_EQ(frame[0], i % 251);
    ASSERT_EQ(frame[size - 1], i % 251);
    release(frame, size);
  }
}

TEST(FramePool, AFrameThatWasGivenBackIsTheNext) {
#ifdef FRAMES_ARE_MALLOCS
  GTEST_SKIP() << "a sanitizer is to see each frame's end";
#endif
  std::thread([] {  // with a pool of its own
    void* const first = allocate(400);
    void* const second = allocate(400);
    release(first, 400);
    release(second, 400);
    EXPECT_EQ(allocate(512), second);
    EXPECT_EQ(allocate(257), first);
    release(first, 400);
    release(second, 400);
  }).join();
}

TEST(FramePool, GivesMoreBackThanItKeeps) {
  std::vector<void*> frames;
  for (int i = 0; i < 5000; ++i) { frames.push_back(allocate(300)); }  // beyond what a list keeps
  EXPECT_EQ(std::set<void*>(frames.begin(), frames.end()).size(), frames.size());
  for (void* frame : frames) { release(frame, 300); }
  for (void*& frame : frames) { frame = allocate(512); }  // the same class
  EXPECT_EQ(std::set<void*>(frames.begin(), frames.end()).size(), frames.size());
  for (void* frame : frames) { release(frame, 512); }
}

TEST(FramePool, AFrameMayBeFreedOnAnotherThread) {
  std::vector<void*> frames;
  for (int i = 0; i < 100; ++i) { frames.push_back(allocate(700)); }
  std::thread([&frames] {
    for (void* frame : frames) { release(frame, 700); }
    release(allocate(700), 700);
  }).join();
  release(allocate(700), 700);
}

}  // namespace
}  // namespace vouch::frame_pool
