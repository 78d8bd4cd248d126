#include "resolver/cache/server_cache.h"

#include <gtest/gtest.h>

namespace vouch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kCapacity = 1 << 20;

class ServerCacheTest : public testing::Test {
 protected:
  ServerState state() { return cache.find(server, now); }
  void time_out(int times) {
    for (int i = 0; i < times; ++i) { cache.on_timeout(server, now); }
  }
  void fall_silent() {
    time_out(ServerCache::kSilentAfter - 1);
    now += ServerCache::kSilentSpan;
    time_out(1);
  }

  Instant now = Instant{} + std::chrono::hours(24);
  IpAddress server = *IpAddress::parse("192.0.2.1");
  IpAddress other = *IpAddress::parse("2001:db8::1");
  ServerCache cache{kCapacity};
};

TEST_F(ServerCacheTest, AnUnknownServerGetsTheFirstTimeout) {
  EXPECT_FALSE(state().known);
  EXPECT_EQ(state().timeout(), ServerCache::kFirstTimeout);
  EXPECT_EQ(cache.entries(), 0U);  // asking about a server does not make it known
}

// RFC 6298 section 2, with its figures worked out by hand.
TEST_F(ServerCacheTest, RoundTripTimesAreSmoothed) {
  cache.on_reply(server, milliseconds(80), now);
  EXPECT_TRUE(state().known);
  EXPECT_EQ(state().smoothed_rtt, milliseconds(80));
  EXPECT_EQ(state().rtt_variation, milliseconds(40));
  EXPECT_EQ(state().timeout(), milliseconds(240));  // 80 + 4 x 40

  cache.on_reply(server, milliseconds(160), now);
  EXPECT_EQ(state().rtt_variation, milliseconds(50));  // 3/4 x 40 + 1/4 x |80 - 160|
  EXPECT_EQ(state().smoothed_rtt, milliseconds(90));   // 7/8 x 80 + 1/8 x 160
  EXPECT_EQ(state().timeout(), milliseconds(290));
  EXPECT_FALSE(cache.find(other, now).known);
}

TEST_F(ServerCacheTest, TheTimeoutStaysWithinItsBounds) {
  for (int i = 0; i < 50; ++i) { cache.on_reply(server, std::chrono::microseconds(200), now); }
  EXPECT_EQ(state().timeout(), ServerCache::kMinTimeout);
  cache.on_reply(other, std::chrono::hours(2), now);
  EXPECT_EQ(cache.find(other, now).timeout(), ServerCache::kMaxTimeout);
  cache.on_reply(other, milliseconds(-5), now);  // a clock's whim
  EXPECT_GE(cache.find(other, now).smoothed_rtt, Duration::zero());
}

TEST_F(ServerCacheTest, EachTimeoutDoublesTheWaitAndAReplyEndsThat) {
  cache.on_reply(server, milliseconds(40), now);
  ASSERT_EQ(state().timeout(), milliseconds(120));
  time_out(1);
  EXPECT_EQ(state().timeout(), milliseconds(240));
  time_out(1);
  EXPECT_EQ(state().timeout(), milliseconds(480));
  time_out(250);
  time_out(250);
  EXPECT_EQ(state().timeouts, 255U);  // saturated, not wrapped
  EXPECT_EQ(state().timeout(), ServerCache::kMaxTimeout);
  cache.on_reply(server, milliseconds(40), now);
  EXPECT_EQ(state().timeouts, 0U);
  EXPECT_LE(state().timeout(), milliseconds(120));
}

TEST_F(ServerCacheTest, SilenceBeginsAfterSomeTimeoutsAndDoublesToItsCap) {
  time_out(ServerCache::kSilentAfter - 1);
  EXPECT_TRUE(state().known);
  EXPECT_LE(state().silent_until, now);
  now += ServerCache::kSilentSpan;
  time_out(1);
  for (const int expected : {1, 2, 4, 8, 16, 32, 60, 60, 60}) {
    EXPECT_EQ(state().silent_until - now, seconds(expected));
    now = state().silent_until;
    ASSERT_TRUE(cache.claim_probe(server, now));
    time_out(1);  // the probe's
  }
  cache.on_reply(server, milliseconds(40), now);
  EXPECT_LE(state().silent_until, now);
  fall_silent();
  EXPECT_EQ(state().silent_until - now, ServerCache::kMinSilence);  // it starts anew
}

TEST_F(ServerCacheTest, ABurstOfLossesIsOneSilence) {
  time_out(100);
  EXPECT_FALSE(state().silent);  // a hundred at one moment may be one lost burst
  now += ServerCache::kSilentSpan;
  time_out(100);
  EXPECT_EQ(state().silent_until - now, ServerCache::kMinSilence);
}

TEST_F(ServerCacheTest, OneCallerPerSilenceMayProbe) {
  EXPECT_FALSE(cache.claim_probe(server, now));  // nothing is known: it needs no probe
  fall_silent();
  EXPECT_TRUE(state().silent);
  EXPECT_FALSE(cache.claim_probe(server, now));  // the silence has only begun
  now = state().silent_until;
  EXPECT_TRUE(state().silent);  // until it answers
  EXPECT_FALSE(state().probing);
  EXPECT_TRUE(cache.claim_probe(server, now));
  EXPECT_TRUE(state().probing);
  EXPECT_FALSE(cache.claim_probe(server, now));
  EXPECT_FALSE(cache.claim_probe(server, now + milliseconds(500)));
  time_out(1);  // the probe has failed: a new silence, and one new probe after it
  EXPECT_FALSE(state().probing);
  EXPECT_FALSE(cache.claim_probe(server, now));
  now = state().silent_until;
  EXPECT_TRUE(cache.claim_probe(server, now));
  EXPECT_FALSE(cache.claim_probe(server, now));
  cache.on_reply(server, milliseconds(40), now);
  EXPECT_FALSE(state().silent);
}

TEST_F(ServerCacheTest, AProbeThatNobodyReportsOnDoesNotBlockForGood) {
  fall_silent();
  now = state().silent_until;
  ASSERT_TRUE(cache.claim_probe(server, now));
  now += ServerCache::kMaxTimeout - milliseconds(1);
  EXPECT_FALSE(cache.claim_probe(server, now));
  now += milliseconds(1);
  EXPECT_TRUE(cache.claim_probe(server, now));
}

TEST_F(ServerCacheTest, SuspicionsAreForgotten) {
  cache.on_edns_broken(server, now);
  cache.on_case_broken(server, now);
  cache.on_forgery_suspected(server, now);
  EXPECT_TRUE(state().edns_broken && state().case_broken && state().tcp_only);
  EXPECT_FALSE(state().known);  // none of that measures anything
  const Instant then = now;
  now = then + ServerCache::kTcpOnlyMemory;
  EXPECT_TRUE(state().edns_broken && state().case_broken && !state().tcp_only);
  now = then + ServerCache::kEdnsMemory;
  EXPECT_TRUE(!state().edns_broken && state().case_broken);
  now = then + ServerCache::kCaseMemory;
  EXPECT_FALSE(state().case_broken);
}

TEST_F(ServerCacheTest, TheLatestCookieIsKept) {
  ServerCookie cookie{.length = 16, .octets = {1, 2, 3}};
  cache.on_cookie(server, cookie, now);
  cookie.length = 33;  // no such cookie
  cache.on_cookie(server, cookie, now);
  EXPECT_EQ(state().cookie.length, 16U);
  EXPECT_EQ(state().cookie.octets[1], 2U);
  EXPECT_EQ(cache.find(other, now).cookie.length, 0U);
}

TEST_F(ServerCacheTest, LamenessIsOfAServerForAZoneForAWhile) {
  const Name zone = Name::of("Example.lab.");
  cache.on_lame(server, zone, seconds(300), now);
  EXPECT_TRUE(cache.is_lame(server, Name::of("eXample.lab."), now));
  EXPECT_FALSE(cache.is_lame(other, zone, now));
  EXPECT_FALSE(cache.is_lame(server, Name::of("lab."), now));
  EXPECT_FALSE(cache.is_lame(server, Name::of("www.example.lab."), now));
  EXPECT_TRUE(cache.is_lame(server, zone, now + seconds(299)));
  EXPECT_FALSE(cache.is_lame(server, zone, now + seconds(300)));
  cache.on_lame(server, zone, seconds(300), now + seconds(300));
  EXPECT_TRUE(cache.is_lame(server, zone, now + seconds(500)));
  cache.clear();
  EXPECT_FALSE(cache.is_lame(server, zone, now));
}

TEST(ServerCacheBound, ServersAndLamenessAreBoundTogether) {
  constexpr std::size_t kSmall = 256 << 10;
  ServerCache cache(kSmall);
  const Instant now{};
  const Name zone = Name::of("example.");
  for (std::uint32_t i = 0; i < 50'000; ++i) {
    std::array<Octet, 16> octets{0x20, 0x01, 0x0d, 0xb8};
    store32(octets.data() + 12, i);
    const IpAddress address = IpAddress::v6(octets);
    cache.on_reply(address, milliseconds(20), now);
    cache.on_lame(address, zone, seconds(300), now);
    ASSERT_TRUE(cache.find(address, now).known);
    ASSERT_TRUE(cache.is_lame(address, zone, now));
    if (i % 100 == 0) { ASSERT_LE(cache.octets(), kSmall); }
  }
  EXPECT_GE(cache.octets(), kSmall * 9 / 10);
  EXPECT_GT(cache.entries(), 500U);
}

}  // namespace
}  // namespace vouch
