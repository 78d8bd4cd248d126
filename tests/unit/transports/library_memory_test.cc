#include "transports/http/library_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

namespace vouch {
namespace {

constexpr std::size_t kMost = 64 * 1024;

TEST(LibraryMemory, CountsWhatIsInUse) {
  LibraryMemory memory(kMost);
  nghttp2_mem library = memory.functions();
  void* const first = library.malloc(100, library.mem_user_data);
  void* const second = library.calloc(10, 10, library.mem_user_data);
  ASSERT_NE(first, nullptr);
  ASSERT_NE(second, nullptr);
  EXPECT_GE(memory.octets(), 200U);
  library.free(first, library.mem_user_data);
  library.free(second, library.mem_user_data);
  library.free(nullptr, library.mem_user_data);
  EXPECT_EQ(memory.octets(), 0U);
  EXPECT_FALSE(memory.has_refused());
}

TEST(LibraryMemory, KeepsContentsWhenABlockGrows) {
  LibraryMemory memory(kMost);
  nghttp2_mem library = memory.functions();
  void* const neighbour = library.malloc(50, library.mem_user_data);
  auto* const text = static_cast<char*>(library.realloc(nullptr, 6, library.mem_user_data));
  std::memcpy(text, "hello", 6);
  auto* const longer = static_cast<char*>(library.realloc(text, 20'000, library.mem_user_data));
  ASSERT_NE(longer, nullptr);
  EXPECT_STREQ(longer, "hello");
  library.free(neighbour, library.mem_user_data);
  library.free(longer, library.mem_user_data);
  EXPECT_EQ(memory.octets(), 0U);
}

TEST(LibraryMemory, RefusesBeyondItsLimitAndRemembersThat) {
  LibraryMemory memory(kMost);
  nghttp2_mem library = memory.functions();
  EXPECT_EQ(library.calloc(std::numeric_limits<std::size_t>::max(), 2, library.mem_user_data), nullptr);
  EXPECT_TRUE(memory.has_refused());
  void* const most = library.malloc(kMost / 2, library.mem_user_data);
  ASSERT_NE(most, nullptr);
  const std::size_t before = memory.octets();
  EXPECT_EQ(library.malloc(kMost / 2, library.mem_user_data), nullptr);
  EXPECT_EQ(library.realloc(most, kMost * 2, library.mem_user_data), nullptr);  // and the block is what it was
  EXPECT_EQ(memory.octets(), before);
  library.free(most, library.mem_user_data);
  EXPECT_EQ(memory.octets(), 0U);
}

// As after a refusal, when the library is not asked to take a session apart. A sanitizer would see a leak.
TEST(LibraryMemory, FreesWhatTheLibraryLeftBehind) {
  LibraryMemory memory(kMost);
  nghttp2_mem library = memory.functions();
  for (int i = 0; i < 100; ++i) { ASSERT_NE(library.malloc(100, library.mem_user_data), nullptr); }
  memory.release();
  EXPECT_EQ(memory.octets(), 0U);
  ASSERT_NE(library.malloc(100, library.mem_user_data), nullptr);  // and that goes with it
}

}  // namespace
}  // namespace vouch
