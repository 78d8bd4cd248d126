#include "transports/http/frame_meter.h"

#include <gtest/gtest.h>

#include <string>

namespace vouch {
namespace {

using namespace std::chrono_literals;

std::string frame(std::size_t length, std::uint8_t type, std::uint8_t flags = 0) {
  std::string octets(9 + length, '\0');
  octets[0] = static_cast<char>(length >> 16);
  octets[1] = static_cast<char>(length >> 8 & 0xff);
  octets[2] = static_cast<char>(length & 0xff);
  octets[3] = static_cast<char>(type);
  octets[4] = static_cast<char>(flags);
  return octets;
}
enum : std::uint8_t { kData, kHeaders, kPriority, kReset, kSettings, kPush, kPing, kGoAway, kWindow, kContinuation };
constexpr std::uint8_t kEndStream = 1, kEndHeaders = 4, kPadded = 8;

class FrameMeterTest : public ::testing::Test {
 protected:
  bool passes(const std::string& octets) { return meter.pass(bytes_of(octets), now) == octets.size(); }
  // How many of the same kind pass at once.
  int count(const std::string& one, int enough = 5000) {
    int passed = 0;
    while (passed < enough && passes(one)) { ++passed; }
    return passed;
  }
  Instant now{};
  FrameMeter meter{now};
};

TEST_F(FrameMeterTest, EachKindOfFloodEndsAtTheSameCount) {
  for (const std::string& one :
       {frame(0, kSettings), frame(8, kPing), frame(5, kPriority), frame(4, kWindow), frame(0, kData),
        frame(0, kData, kEndStream), frame(255, kData), frame(256, kData, kPadded), frame(16384, 0x42), frame(0, kPush),
        frame(8, kGoAway), frame(1, kHeaders, kEndHeaders)}) {
    meter = FrameMeter(now);
    EXPECT_EQ(count(one), FrameMeter::kFrames) << "type " << int{static_cast<std::uint8_t>(one[3])};
    EXPECT_TRUE(meter.is_exhausted());
    EXPECT_EQ(meter.pass(bytes_of(frame(0, kSettings)), now + 1h), 0U) << "there is no way back";
  }
}

TEST_F(FrameMeterTest, DataThatCarriesSomethingIsFree) { EXPECT_EQ(count(frame(256, kData)), 5000); }

TEST_F(FrameMeterTest, ResetsHaveAnAllowanceOfTheirOwnForBothSides) {
  EXPECT_EQ(count(frame(4, kReset)), FrameMeter::kResets);
  meter = FrameMeter(now);
  for (int i = 0; i < FrameMeter::kResets; ++i) { meter.note_reset_sent(now); }
  EXPECT_FALSE(meter.is_exhausted());
  EXPECT_FALSE(passes(frame(4, kReset)));
}

TEST_F(FrameMeterTest, WhatIsSpentComesBackWithTime) {
  for (int second = 0; second < 1000; ++second) {
    for (int i = 0; i < FrameMeter::kFramesPerSecond; ++i) { ASSERT_TRUE(passes(frame(8, kPing))); }
    for (int i = 0; i < FrameMeter::kResetsPerSecond; ++i) { ASSERT_TRUE(passes(frame(4, kReset))); }
    now += 1s;
  }
  now += 1h;
  EXPECT_EQ(count(frame(8, kPing)), FrameMeter::kFrames) << "but no more than there was";
}

TEST_F(FrameMeterTest, AnswersPayForTheFramesThatGoWithThem) {
  for (int query = 0; query < 100'000; ++query) {
    ASSERT_TRUE(passes(frame(60, kHeaders, kEndHeaders) + frame(40, kData) + frame(0, kData, kEndStream) +
                       frame(4, kWindow) + frame(20, 0x10)))
        << query;
    meter.note_answer();
  }
  for (int query = 0; query < 100; ++query) { EXPECT_TRUE(passes(frame(30, kHeaders, kEndHeaders | kEndStream))); }
}

TEST_F(FrameMeterTest, ABlockOfHeadersEndsAfterSevenContinuations) {
  ASSERT_TRUE(passes(frame(10, kHeaders)));
  EXPECT_EQ(count(frame(10, kContinuation)), FrameMeter::kMaxContinuations);
  meter = FrameMeter(now);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(passes(frame(10, kHeaders)));
    for (int j = 1; j < FrameMeter::kMaxContinuations; ++j) { ASSERT_TRUE(passes(frame(10, kContinuation))); }
    ASSERT_TRUE(passes(frame(10, kContinuation, kEndHeaders))) << "each block counts for itself";
  }
}

TEST_F(FrameMeterTest, ABlockOfHeadersIsBoundedInOctets) {
  ASSERT_TRUE(passes(frame(16384, kHeaders)));
  EXPECT_EQ(count(frame(16384, kContinuation)), 3);
}

TEST_F(FrameMeterTest, HowTheOctetsComeDoesNotMatter) {
  const std::string octets = frame(300, kData) + frame(8, kPing) + frame(0, kSettings) + frame(70, kHeaders) +
                             frame(5, kContinuation, kEndHeaders) + frame(4, kReset);
  for (std::size_t piece = 1; piece <= octets.size(); ++piece) {
    meter = FrameMeter(now);
    for (std::size_t at = 0; at < octets.size(); at += piece) { ASSERT_TRUE(passes(octets.substr(at, piece))); }
    EXPECT_FALSE(meter.is_mid_frame()) << piece;
    EXPECT_EQ(count(frame(8, kPing)), FrameMeter::kFrames - 4) << piece;
  }
}

TEST_F(FrameMeterTest, WhatComesBeforeTheFrameThatIsTooMuchMayPass) {
  const std::string ping = frame(8, kPing);
  std::string octets;
  for (int i = 0; i < FrameMeter::kFrames + 7; ++i) { octets += ping; }
  EXPECT_EQ(meter.pass(bytes_of(octets), now), ping.size() * FrameMeter::kFrames);
}

TEST_F(FrameMeterTest, KnowsWhenTheClientOwesTheRest) {
  EXPECT_FALSE(meter.is_mid_frame());
  const std::string whole = frame(3, kHeaders) + frame(2, kContinuation, kEndHeaders);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    ASSERT_TRUE(passes(whole.substr(i, 1)));
    EXPECT_EQ(meter.is_mid_frame(), i + 1 != whole.size()) << i;
  }
}

}  // namespace
}  // namespace vouch
