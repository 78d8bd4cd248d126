#include "resolver/iterate/server_choice.h"

#include <gtest/gtest.h>

#include "tests/scenarios/simulation.h"

namespace vouch {
namespace {

struct ServerChoiceTest : testing::Test {
  ResolverOptions options;
  ServerCache servers{std::size_t{1} << 20};
  simulation::SeededRandom random;
  Instant now{std::chrono::hours(1)};
  IpAddress loopback = *IpAddress::parse("127.0.0.1");
  Name zone = Name::of("example.com.");
};

TEST_F(ServerChoiceTest, LoopbackIsNotAskedOnAParentsWord) {
  ServerChoice choice(options, zone);
  choice.add_learnt(loopback);
  EXPECT_FALSE(choice.next(servers, now, random));
}

TEST_F(ServerChoiceTest, RootServerThatTheOperatorNamedMayBeOnLoopback) {
  options.root_hints.push_back({Name::of("a.root.test."), {loopback}});
  ServerChoice root(options, Name());
  root.add_learnt(loopback);
  ASSERT_TRUE(root.next(servers, now, random));
  ServerChoice elsewhere(options, zone);  // a hint opens no door for other zones
  elsewhere.add_learnt(loopback);
  EXPECT_FALSE(elsewhere.next(servers, now, random));
}

TEST_F(ServerChoiceTest, NobodyIsAskedMoreOftenThanTheLimit) {
  ServerChoice choice(options, zone);
  choice.add_learnt(*IpAddress::parse("192.0.2.1"));
  choice.add_learnt(*IpAddress::parse("192.0.2.1"));
  for (int tries = 0; tries < ServerChoice::kMaxTriesPerAddress; ++tries) {
    const auto pick = choice.next(servers, now, random);
    ASSERT_TRUE(pick);
    EXPECT_EQ(pick->earlier_tries, tries);
  }
  EXPECT_FALSE(choice.next(servers, now, random));
}

TEST_F(ServerChoiceTest, LameServerIsAskedLastAndOnce) {
  const IpAddress lame = *IpAddress::parse("192.0.2.1");
  servers.on_lame(lame, zone, std::chrono::seconds(60), now);
  ServerChoice choice(options, zone);
  choice.add_learnt(lame);
  choice.add_learnt(*IpAddress::parse("192.0.2.2"));
  for (int tries = 0; tries < ServerChoice::kMaxTriesPerAddress; ++tries) {
    EXPECT_NE(choice.next(servers, now, random)->server.ip(), lame);
  }
  EXPECT_EQ(choice.next(servers, now, random)->server.ip(), lame);
  EXPECT_FALSE(choice.next(servers, now, random));
}

}  // namespace
}  // namespace vouch
