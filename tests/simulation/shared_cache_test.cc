// Where a resolution asks the cache that a fleet shares, and what it hands to it: the seam alone, with a store that
// knows what the test says. What a store is believed, and how, is resolver/fleet's (tests/unit/fleet).
#include "resolver/fleet/shared_cache.h"

#include <gmock/gmock.h>

#include <functional>

#include "tests/dnssec_kit/signed_zone.h"
#include "tests/simulation/signed_internet.h"

namespace vouch::simulation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class KnownAll final : public SharedCache {
 public:
  bool is_within_reach() const noexcept override { return within_reach; }
  Duration patience() const noexcept override { return 25ms; }
  Task<bool> recall(Question question, Duration& patience) override {
    asked.push_back(question.name.text() + " " + type_text(question.type));
    patience_left = patience;
    co_return known&& known(question);
  }
  void remember(const Question& question, std::span<const CachePlace> places) override {
    std::string line = question.name.text() + " " + type_text(question.type) + ":";
    for (const CachePlace& place : places) { line += " " + place.name.text() + " " + type_text(place.type); }
    remembered.push_back(line);
  }

  bool within_reach = true;
  std::function<bool(const Question&)> known;
  std::vector<std::string> asked, remembered;
  Duration patience_left{};
};

class SharedCacheTest : public ::testing::Test {
 protected:
  SharedCacheTest() {
    net.add("org.", {"192.0.2.1"});
    net.add("example.org.", {"192.0.2.2"})
        .has("www.example.org. 300 IN A 198.51.100.1")
        .has("alias.example.org. 300 IN CNAME www.plain.");
    net.add("plain.", {"192.0.2.4"}, {.is_signed = false}).has("www.plain. 300 IN A 198.51.100.2");
    net.options().shared_cache = &shared;
  }
  KnownAll shared;
  SignedInternet net;
};

// Not for delegations, keys, or addresses of servers: for what a client wants to know.
TEST_F(SharedCacheTest, IsAskedOnceForAClientsQuestionAndToldItsAnswer) {
  EXPECT_EQ(net.ask("www.example.org.", Type::A), "NOERROR AD www.example.org. 300 IN A 198.51.100.1");
  EXPECT_THAT(shared.asked, ElementsAre("www.example.org. A"));
  EXPECT_THAT(shared.remembered, ElementsAre("www.example.org. A: www.example.org. A"));
  net.ask("www.example.org.", Type::A);
  EXPECT_THAT(shared.asked, ElementsAre("www.example.org. A")) << "it is known here";
}

TEST_F(SharedCacheTest, IsAskedForWhatAnAliasLeadsTo) {
  EXPECT_THAT(net.ask("alias.example.org.", Type::A), StartsWith("NOERROR "));
  EXPECT_THAT(shared.asked, ElementsAre("alias.example.org. A", "www.plain. A"));
  EXPECT_THAT(shared.remembered,
              ElementsAre("alias.example.org. A: alias.example.org. CNAME", "www.plain. A: www.plain. A"));
}

TEST_F(SharedCacheTest, ADenialIsHandedOnToo) {
  EXPECT_THAT(net.ask("no.example.org.", Type::A), StartsWith("NXDOMAIN AD"));
  ASSERT_EQ(shared.remembered.size(), 1U);
  EXPECT_THAT(shared.remembered.front(), StartsWith("no.example.org. A: no.example.org. "));
}

TEST_F(SharedCacheTest, WhatItKnowsNoServerIsAskedFor) {
  shared.known = [this](const Question& question) {
    const RRsetPtr set = net.zone("plain.").set(question.name, question.type);
    return net.world().caches().rrsets.put(set, Credibility::answer_authoritative, Security::insecure,
                                           net.world().clock().ttl());
  };
  net.new_questions();
  EXPECT_EQ(net.ask("www.plain.", Type::A), "NOERROR www.plain. 300 IN A 198.51.100.2");
  EXPECT_EQ(net.new_questions(), 0U);
  EXPECT_THAT(shared.remembered, IsEmpty()) << "the fleet has it";
}

// Its time would be a lie: it lay here, unjudged, since the client that wanted no judgement.
TEST_F(SharedCacheTest, WhatLayHereIsNotHandedOnAsNew) {
  Asking unjudged = SignedInternet::usual();
  unjudged.cd = true;
  net.ask("www.example.org.", Type::A, unjudged);
  shared.asked.clear();
  shared.remembered.clear();
  net.pass(10s);
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("NOERROR AD www.example.org. "));
  EXPECT_THAT(shared.asked, IsEmpty());
  EXPECT_THAT(shared.remembered, IsEmpty());
}

TEST_F(SharedCacheTest, WhileItIsAwayItIsNeitherAskedNorTold) {
  shared.within_reach = false;
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("NOERROR AD "));
  EXPECT_THAT(shared.asked, IsEmpty());
  EXPECT_THAT(shared.remembered, IsEmpty());
}

TEST_F(SharedCacheTest, WhatFailsValidationIsNotHandedOn) {
  net.tamper("192.0.2.2", strip_signatures(Type::A));
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL"));
  EXPECT_THAT(shared.remembered, IsEmpty());
}

}  // namespace
}  // namespace vouch::simulation
