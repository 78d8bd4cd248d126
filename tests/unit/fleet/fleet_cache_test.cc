#include "resolver/fleet/fleet_cache.h"

#include "resolver/dnssec/anchor_keeper.h"
#include "tests/unit/fleet/fleet_kit.h"

namespace vouch {
namespace {

using namespace std::chrono_literals;
using samples::rrset;
using samples::soa;

// A node of the fleet, with the store that it shares.
class Node {
 public:
  explicit Node(ScriptedStore& given, bool validates = true) : store(given), cache_validates_(validates) { connect(); }
  void connect() {
    cache.emplace(FleetCacheParts{.store = store,
                                  .keys = secret,
                                  .forgotten = forgotten,
                                  .caches = caches,
                                  .anchors = anchors,
                                  .clock = clock,
                                  .counters = counters,
                                  .breaker = breaker,
                                  .standing = standing,
                                  .grounds =
                                      [this](const AnchorSet& set) {
                                        ++grounds_made;
                                        return grounds(u8(1 + set.negatives().size()));
                                      },
                                  .patience = 25ms,
                                  .validates = cache_validates_,
                                  .signature_skew = 300});
  }
  void put(const RRsetPtr& set, Security security) {
    ASSERT_TRUE(caches.rrsets.put(set, Credibility::answer_authoritative, security, clock.ttl()));
  }
  void remember(const char* name, Type type) {
    const CachePlace place{Name::of(name), type};
    cache->remember({Name::of(name), type}, std::span(&place, 1));
  }
  // Nothing: it waits.
  std::optional<bool> recall(const char* name, Type type, Duration most = 25ms) {
    patience = most;
    result.reset();
    task = run({Name::of(name), type});
    task.start();
    return result;
  }
  std::optional<CacheEntry> find(const char* name, Type type) {
    return caches.rrsets.find(Name::of(name), type, clock.ttl());
  }
  std::uint64_t refused(SharedFlaw flaw) const { return counters.refused[static_cast<std::size_t>(flaw)].value(); }

  ScriptedStore& store;
  HandClock clock;
  Caches caches{CacheOptions{.size = 4 << 20}};
  TrustAnchors anchors{std::make_shared<const AnchorSet>(std::vector<AnchorSet::Point>{}, std::vector<Name>{})};
  SharedKeys secret = keys();
  Forgotten forgotten;
  SharedCacheCounters counters;
  Breaker breaker;
  FleetStanding standing;
  std::optional<FleetCache> cache;
  int grounds_made = 0;
  Duration patience{};
  std::optional<bool> result;
  Task<void> task;

 private:
  Task<void> run(Question question) {
    const bool is_known = co_await cache->recall(question, patience);
    result = is_known;
  }
  const bool cache_validates_;
};

class FleetCacheTest : public testing::Test {
 protected:
  ScriptedStore store;
  Node one{store}, other{store};
  const RRsetPtr address = signed_set("www.example. 300 IN A 192.0.2.1");
  const RRsetPtr unsigned_address = rrset("www.plain. 300 IN A 192.0.2.2");
};

TEST_F(FleetCacheTest, WhatOneLearntTheOtherHas) {
  one.put(address, Security::secure);
  one.remember("www.example.", Type::A);
  EXPECT_EQ(store.last_life, 300s);
  other.clock.pass(100s);
  EXPECT_EQ(other.recall("WWW.example.", Type::A), true);
  const auto found = other.find("www.example.", Type::A);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->security, Security::secure);
  EXPECT_EQ(found->ttl, 199U);
  EXPECT_EQ(rrset_text(*found->rrset), rrset_text(*address));
  EXPECT_EQ(other.recall("www.example.", Type::AAAA), false);
  EXPECT_EQ(other.counters.hits.value(), 1U);
  EXPECT_EQ(other.counters.misses.value(), 1U);
}

TEST_F(FleetCacheTest, AnExpiredEntryOfOnesOwnGivesWay) {
  other.put(rrset("www.plain. 60 IN A 192.0.2.77"), Security::insecure);
  one.clock.pass(100s);
  other.clock.pass(100s);
  one.put(unsigned_address, Security::insecure);
  one.remember("www.plain.", Type::A);
  EXPECT_EQ(other.recall("www.plain.", Type::A), true);
  EXPECT_EQ(rrset_text(*other.find("www.plain.", Type::A)->rrset), rrset_text(*unsigned_address));
}

TEST_F(FleetCacheTest, AnOlderWordDrivesOutNothingThatLives) {
  one.put(rrset("alias.plain. 300 IN CNAME www.plain."), Security::insecure);
  one.put(unsigned_address, Security::insecure);
  const CachePlace places[] = {{Name::of("alias.plain."), Type::CNAME}, {Name::of("www.plain."), Type::A}};
  one.cache->remember({Name::of("alias.plain."), Type::A}, places);
  const RRsetPtr newer = rrset("www.plain. 300 IN A 192.0.2.99");
  other.put(newer, Security::insecure);
  EXPECT_EQ(other.recall("alias.plain.", Type::A), true);
  EXPECT_TRUE(other.find("alias.plain.", Type::CNAME).has_value());
  EXPECT_EQ(rrset_text(*other.find("www.plain.", Type::A)->rrset), rrset_text(*newer));
}

TEST_F(FleetCacheTest, WhoWasFasterHereIsHeardHere) {
  one.put(unsigned_address, Security::insecure);
  one.remember("www.plain.", Type::A);
  store.is_slow = true;
  EXPECT_EQ(other.recall("www.plain.", Type::A), std::nullopt);
  const RRsetPtr newer = rrset("www.plain. 300 IN A 192.0.2.99");
  other.put(newer, Security::insecure);
  store.waiters.back().set({.status = RemoteValue::Status::found, .octets = store.values.begin()->second});
  EXPECT_EQ(other.result, true) << "it is known";
  EXPECT_EQ(rrset_text(*other.find("www.plain.", Type::A)->rrset), rrset_text(*newer));
}

// A resolution that began before goes on for a while, and may bring in what was judged without the negative anchor.
TEST_F(FleetCacheTest, NothingIsStoredForAWhileAfterTheGroundsHaveChanged) {
  one.put(unsigned_address, Security::insecure);
  one.remember("www.plain.", Type::A);
  ASSERT_EQ(one.counters.stores.value(), 1U);
  one.anchors.replace_negatives({Name::of("elsewhere.")});
  one.remember("www.plain.", Type::A);
  EXPECT_EQ(one.counters.stores.value(), 1U);
  one.connect();  // another configuration, under the same grounds
  one.remember("www.plain.", Type::A);
  EXPECT_EQ(one.counters.stores.value(), 1U);
  one.clock.pass(AnchorKeeper::kForgetAgain);
  one.remember("www.plain.", Type::A);
  EXPECT_EQ(one.counters.stores.value(), 2U);
}

TEST_F(FleetCacheTest, WhatNoPlaceIsForIsNotAsked) {
  EXPECT_EQ(other.recall("www.plain.", Type::RRSIG), false);
  EXPECT_EQ(other.recall("www.plain.", Type::ANY), false);
  EXPECT_EQ(store.asked, 0);
}

TEST_F(FleetCacheTest, AliasesAndDenialsComeTogether) {
  one.put(rrset("www.plain. 300 IN CNAME gone.plain."), Security::insecure);
  ASSERT_TRUE(one.caches.rrsets.put_negative(Name::of("gone.plain."), Type::A, EntryKind::name_error,
                                             soa("plain.", 300, 60), Credibility::answer_authoritative,
                                             Security::insecure, kUptime));
  const CachePlace places[] = {{Name::of("www.plain."), Type::CNAME}, {Name::of("gone.plain."), Type::A}};
  one.cache->remember({Name::of("www.plain."), Type::A}, places);
  EXPECT_EQ(store.last_life, 60s);  // the least of them
  EXPECT_EQ(other.recall("www.plain.", Type::A), true);
  EXPECT_TRUE(other.find("www.plain.", Type::CNAME).has_value());
  const auto denied = other.find("gone.plain.", Type::AAAA);
  ASSERT_TRUE(denied.has_value());
  EXPECT_EQ(denied->kind, EntryKind::name_error);
  EXPECT_LE(denied->ttl, 60U);
}

TEST_F(FleetCacheTest, NothingThatFailedOrNobodyJudgedIsStored) {
  one.put(address, Security::bogus);
  one.remember("www.example.", Type::A);
  one.put(unsigned_address, Security::unchecked);
  one.remember("www.plain.", Type::A);
  one.remember("nothing.plain.", Type::A);
  one.put(rrset("short.plain. 4 IN A 192.0.2.3"), Security::insecure);
  one.remember("short.plain.", Type::A);
  EXPECT_TRUE(store.values.empty());
  EXPECT_EQ(one.counters.stores.value(), 0U);
}

TEST_F(FleetCacheTest, WhereNobodyJudgesWhatIsUnjudgedIsShared) {
  Node trusting(store, false), as_trusting(store, false);
  trusting.put(unsigned_address, Security::unchecked);
  trusting.remember("www.plain.", Type::A);
  EXPECT_EQ(as_trusting.recall("www.plain.", Type::A), true);
  // Under the same grounds, which never happens: still not believed.
  EXPECT_EQ(other.recall("www.plain.", Type::A), false);
  EXPECT_EQ(other.refused(SharedFlaw::malformed), 1U);
}

TEST_F(FleetCacheTest, ASignatureThatEndsEndsIt) {
  one.put(signed_set("www.example. 300 IN A 192.0.2.1", kWall - 86400, kWall + 100), Security::secure);
  one.remember("www.example.", Type::A);
  other.clock.pass(50s);
  EXPECT_EQ(other.recall("www.example.", Type::A), true);
  EXPECT_EQ(other.find("www.example.", Type::A)->ttl, 50U);
  Node late(store);
  late.clock.pass(100s);
  EXPECT_EQ(late.recall("www.example.", Type::A), false);
  EXPECT_EQ(late.refused(SharedFlaw::ended), 1U);
  Node behind(store);  // whose clock says that it is not valid yet
  behind.clock.wall_ahead = -5;
  EXPECT_EQ(behind.recall("www.example.", Type::A), true);
}

TEST_F(FleetCacheTest, OwnBoundsHold) {
  one.put(unsigned_address, Security::insecure);
  one.remember("www.plain.", Type::A);
  CacheOptions options{.size = 4 << 20};
  options.ttl_max = 30;
  Caches small{options};
  FleetCache bounded({.store = store,
                      .keys = other.secret,
                      .forgotten = other.forgotten,
                      .caches = small,
                      .anchors = other.anchors,
                      .clock = other.clock,
                      .counters = other.counters,
                      .breaker = other.breaker,
                      .standing = other.standing,
                      .grounds = [](const AnchorSet&) { return grounds(); },
                      .patience = 25ms});
  Duration patience = 25ms;
  Task<bool> task = bounded.recall({Name::of("www.plain."), Type::A}, patience);
  task.start();
  EXPECT_EQ(small.rrsets.find(Name::of("www.plain."), Type::A, kUptime)->ttl, 30U);
}

TEST_F(FleetCacheTest, OtherGroundsAreAnotherPlace) {
  one.put(address, Security::secure);
  one.remember("www.example.", Type::A);
  other.anchors.replace_negatives({Name::of("elsewhere.")});
  EXPECT_EQ(other.recall("www.example.", Type::A), false);
  EXPECT_EQ(other.counters.misses.value(), 1U);
  other.anchors.replace_negatives({});
  EXPECT_EQ(other.recall("www.example.", Type::A), true);
  EXPECT_EQ(other.grounds_made, 2);
  other.recall("www.example.", Type::A);
  EXPECT_EQ(other.grounds_made, 2);  // not for every question
}

TEST_F(FleetCacheTest, WhatWasForgottenStaysForgotten) {
  one.put(unsigned_address, Security::insecure);
  one.remember("www.plain.", Type::A);
  other.forgotten.mark(Name::of("plain."), Forgotten::Scope::below, Type::none, kWall);
  EXPECT_EQ(other.recall("www.plain.", Type::A), false);
  EXPECT_EQ(other.refused(SharedFlaw::forgotten), 1U);
  // Learnt anew, later than any clock of the fleet could have said before, it may come again.
  one.clock.pass(10s);
  other.clock.pass(10s);
  one.remember("www.plain.", Type::A);
  EXPECT_EQ(other.recall("www.plain.", Type::A), true);
}

TEST_F(FleetCacheTest, WhatIsForgottenWhileItIsOnItsWayDoesNotComeIn) {
  one.put(unsigned_address, Security::insecure);
  one.remember("www.plain.", Type::A);
  store.is_slow = true;
  EXPECT_EQ(other.recall("www.plain.", Type::A), std::nullopt);
  other.caches.rrsets.remove_name(Name::of("www.plain."));
  store.waiters.front().set({.status = RemoteValue::Status::found, .octets = store.values.begin()->second});
  EXPECT_EQ(other.result, false);
  EXPECT_EQ(other.refused(SharedFlaw::forgotten), 1U);
  EXPECT_FALSE(other.find("www.plain.", Type::A).has_value());
}

TEST_F(FleetCacheTest, TakingANameOutIsForTheWholeFleet) {
  one.put(unsigned_address, Security::insecure);
  one.remember("www.plain.", Type::A);
  ASSERT_EQ(store.values.size(), 1U);
  other.cache->remove(Name::of("www.plain."), Type::AAAA);
  EXPECT_EQ(store.values.size(), 1U);
  other.cache->remove(Name::of("www.plain."), Type::none);
  EXPECT_TRUE(store.values.empty());
}

TEST_F(FleetCacheTest, AForgedEntryIsNoAnswer) {
  one.put(unsigned_address, Security::insecure);
  one.remember("www.plain.", Type::A);
  store.values.begin()->second[20] ^= 1;
  EXPECT_EQ(other.recall("www.plain.", Type::A), false);
  EXPECT_EQ(other.refused(SharedFlaw::forged), 1U);
  EXPECT_FALSE(other.find("www.plain.", Type::A).has_value());
}

TEST_F(FleetCacheTest, AStoreThatIsAwayIsNotAsked) {
  store.ready = false;
  EXPECT_FALSE(other.cache->is_within_reach());
  EXPECT_EQ(other.recall("www.plain.", Type::A), false);
  EXPECT_EQ(store.asked, 0);
  other.put(unsigned_address, Security::insecure);
  other.remember("www.plain.", Type::A);
  EXPECT_TRUE(store.values.empty());
}

TEST_F(FleetCacheTest, NorIsAnyWhilePolicyLooksAtServers) {
  other.caches.keeps_answers_within_delegations = true;
  EXPECT_FALSE(other.cache->is_within_reach());
  EXPECT_EQ(other.recall("www.plain.", Type::A), false);
  EXPECT_EQ(store.asked, 0);
}

TEST_F(FleetCacheTest, WhatDoesNotFitTheQueueIsDroppedAndCounted) {
  store.is_full = true;
  one.put(unsigned_address, Security::insecure);
  one.remember("www.plain.", Type::A);
  EXPECT_EQ(one.counters.dropped.value(), 1U);
}

TEST_F(FleetCacheTest, AResolutionWaitsSoLongAndNoLonger) {
  store.is_slow = true;
  EXPECT_EQ(other.recall("www.plain.", Type::A), std::nullopt);
  other.clock.pass(10ms);
  store.waiters.front().set({.status = RemoteValue::Status::absent});
  EXPECT_EQ(other.result, false);
  EXPECT_EQ(other.patience, 15ms);
  other.patience = 0ms;
  Duration none{};
  Task<bool> task = other.cache->recall({Name::of("www.plain."), Type::A}, none);
  task.start();
  EXPECT_EQ(store.asked, 1);
}

TEST_F(FleetCacheTest, WhoHasNoTimeLeftSaysNothingOfTheStore) {
  store.is_slow = true;
  for (int i = 0; i < 2 * Breaker::kMaxLate; ++i) {
    ASSERT_EQ(other.recall("www.plain.", Type::A, 5ms), std::nullopt);
    other.clock.pass(5ms);
    store.waiters.back().set({.status = RemoteValue::Status::late});
  }
  EXPECT_EQ(other.counters.pauses.value(), 0U);
  EXPECT_TRUE(other.cache->is_within_reach());
}

TEST_F(FleetCacheTest, ASlowStoreIsLeftAloneAndTriedAgain) {
  store.is_slow = true;
  for (int i = 0; i < Breaker::kMaxLate; ++i) {
    ASSERT_TRUE(other.cache->is_within_reach());
    ASSERT_EQ(other.recall("www.plain.", Type::A), std::nullopt);
    other.clock.pass(25ms);
    store.waiters.back().set({.status = RemoteValue::Status::late});
  }
  EXPECT_EQ(other.counters.late.value(), 3U);
  EXPECT_EQ(other.counters.pauses.value(), 1U);
  EXPECT_FALSE(other.cache->is_within_reach());
  EXPECT_EQ(other.recall("www.plain.", Type::A), false);
  EXPECT_EQ(store.asked, 3);
  other.put(unsigned_address, Security::insecure);
  other.remember("www.plain.", Type::A);  // nor is it given more to do
  EXPECT_TRUE(store.values.empty());

  other.clock.pass(Breaker::kFirstPause);
  EXPECT_EQ(other.recall("www.plain.", Type::A), std::nullopt);
  EXPECT_FALSE(other.cache->is_within_reach());  // one tries for all
  other.task = {};                               // and goes away
  EXPECT_TRUE(other.cache->is_within_reach());
  EXPECT_EQ(other.recall("www.plain.", Type::A), std::nullopt);
  store.waiters.back().set({.status = RemoteValue::Status::absent});
  EXPECT_TRUE(other.cache->is_within_reach());
  EXPECT_EQ(other.counters.resumptions.value(), 1U);
}

}  // namespace
}  // namespace vouch
