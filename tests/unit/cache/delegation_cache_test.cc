#include "resolver/cache/delegation_cache.h"

#include <gtest/gtest.h>

#include <string>

#include "resolver/cache/packed_delegation.h"
#include "tests/unit/cache/cache_samples.h"

namespace vouch {
namespace {

constexpr std::size_t kCapacity = 1 << 20;
constexpr TtlTime kStart = 1'700'000'000;

IpAddress address(std::string_view text) { return *IpAddress::parse(text); }

std::vector<Delegation::Server> servers(std::initializer_list<std::string_view> names) {
  std::vector<Delegation::Server> list;
  for (const std::string_view name : names) { list.push_back({Name::of(name), {}}); }
  return list;
}

class DelegationCacheTest : public testing::Test {
 protected:
  void refer(std::string_view zone, std::initializer_list<std::string_view> names, std::uint32_t ttl) {
    cache.put(Delegation::make(Name::of(zone), servers(names), ttl), now);
  }
  bool has(std::string_view zone) { return static_cast<bool>(cache.find(Name::of(zone), now)); }
  std::string closest(std::string_view name) {
    const DelegationPtr found = cache.closest_above(Name::of(name), now);
    return found ? found->zone().text() : "none";
  }

  TtlTime now = kStart;
  DelegationCache cache{kCapacity};
};

TEST_F(DelegationCacheTest, ACutComesBackWithItsServersAndGlue) {
  std::vector<Delegation::Server> given = {
      {Name::of("ns2.Example."), {address("192.0.2.2"), address("2001:db8::2")}},
      {Name::of("ns.elsewhere."), {}},
      {Name::of("ns1.example."), {address("2001:db8::1")}},
  };
  cache.put(Delegation::make(Name::of("Example."), given, 3600), now);

  const DelegationPtr found = cache.find(Name::of("eXAMPLE."), now);

  ASSERT_TRUE(found);
  EXPECT_TRUE(found->zone().view().is_same_with_case(Name::of("Example.")));
  EXPECT_EQ(found->ttl(), 3600U);
  ASSERT_EQ(found->servers().size(), given.size());
  for (std::size_t i = 0; i < given.size(); ++i) {  // in the order that was given: the caller has shuffled them
    EXPECT_TRUE(found->servers()[i].name.view().is_same_with_case(given[i].name));
    EXPECT_EQ(found->servers()[i].addresses, given[i].addresses);
  }
}

// NXNSAttack, and CVE-2026-3592.
TEST_F(DelegationCacheTest, ServersAndTheirAddressesAreCutToTheLimit) {
  std::vector<Delegation::Server> many;
  for (std::uint32_t i = 0; i < 100; ++i) {
    many.push_back({samples::numbered("ns", i), std::vector<IpAddress>(50, address("192.0.2.1"))});
  }
  const DelegationPtr cut = Delegation::make(Name::of("example."), many, 3600);
  ASSERT_EQ(cut->servers().size(), Delegation::kMaxServers);
  for (const auto& server : cut->servers()) { EXPECT_EQ(server.addresses.size(), Delegation::kMaxAddressesPerServer); }
  EXPECT_EQ(cut->servers().front().name.text(), "ns0.example.");
  EXPECT_FALSE(Delegation::make(Name::of("example."), {}, 3600));
  cache.put(cut, now);
  EXPECT_EQ(cache.find(Name::of("example."), now)->servers().size(), Delegation::kMaxServers);
}

TEST_F(DelegationCacheTest, EvenTtlZeroServesTheRushBehindIt) {
  refer("example.", {"ns.example."}, 0);
  now += DelegationCache::kMinTtl - 1;
  EXPECT_TRUE(has("example."));
  now += 1;
  EXPECT_FALSE(has("example."));
}

TEST_F(DelegationCacheTest, NoCutIsTrustedForMoreThanADay) {
  refer("example.", {"ns.example."}, 30 * 86400);
  now += DelegationCache::kMaxTtl - 1;
  EXPECT_TRUE(has("example."));
  now += 1;
  EXPECT_FALSE(has("example."));
}

// Ghost domains: the same referral over and over must not keep a zone alive.
TEST_F(DelegationCacheTest, TheSameServersNeverPutOffTheEnd) {
  refer("example.", {"ns1.example.", "ns2.example."}, 1000);
  for (int i = 0; i < 9; ++i) {
    now += 100;
    refer("example.", {"NS2.example.", "ns1.example."}, 1000);  // in another order and case: the same
    ASSERT_TRUE(has("example."));
  }
  now += 100;
  EXPECT_FALSE(has("example."));
  refer("example.", {"ns1.example.", "ns2.example."}, 1000);  // the parent still says so
  now += 999;
  EXPECT_TRUE(has("example."));
}

TEST_F(DelegationCacheTest, TheSameServersWithAShorterTtlBringTheEndForward) {
  refer("example.", {"ns1.example."}, 1000);
  refer("example.", {"ns1.example."}, 100);
  now += 100;
  EXPECT_FALSE(has("example."));
}

TEST_F(DelegationCacheTest, OtherServersAreANewDelegation) {
  refer("example.", {"ns1.example."}, 1000);
  now += 900;
  refer("example.", {"ns1.example.", "ns2.example."}, 1000);
  now += 900;
  ASSERT_TRUE(has("example."));
  EXPECT_EQ(cache.find(Name::of("example."), now)->servers().size(), 2U);
  refer("example.", {"ns1.example.", "ns1.example."},
        1000);  // a list that repeats itself is not the longer one's equal
  now += 900;
  EXPECT_TRUE(has("example."));
}

TEST_F(DelegationCacheTest, AReplacementBringsItsGlue) {
  refer("example.", {"ns1.example."}, 1000);
  cache.put(Delegation::make(Name::of("example."), {{Name::of("ns1.example."), {address("192.0.2.1")}}}, 1000), now);
  EXPECT_EQ(cache.find(Name::of("example."), now)->servers().front().addresses.size(), 1U);
  EXPECT_EQ(cache.entries(), 1U);
}

TEST_F(DelegationCacheTest, AClockSetBackNeverLengthensALife) {
  refer("example.", {"ns.example."}, 1000);
  now -= 1'000'000;
  EXPECT_TRUE(has("example."));
  now += 1000;
  EXPECT_FALSE(has("example."));
}

TEST_F(DelegationCacheTest, TheClosestLiveCutIsFoundAtOrAboveAName) {
  refer("lab.", {"ns.lab."}, 5000);
  refer("example.lab.", {"ns.lab."}, 100);
  refer("a.b.c.d.example.lab.", {"ns.lab."}, 5000);
  EXPECT_EQ(closest("a.b.c.d.example.lab."), "a.b.c.d.example.lab.");
  EXPECT_EQ(closest("x.A.B.c.d.example.lab."), "a.b.c.d.example.lab.");
  EXPECT_EQ(closest("b.c.d.example.lab."), "example.lab.");
  EXPECT_EQ(closest("other.lab."), "lab.");
  EXPECT_EQ(closest("labyrinth."), "none");
  EXPECT_EQ(closest("."), "none");
  now += 100;
  EXPECT_EQ(closest("b.c.d.example.lab."), "lab.");
}

TEST_F(DelegationCacheTest, TheRootIsNeverTheClosest) {
  refer(".", {"a.root-servers.net."}, 1000);
  EXPECT_TRUE(has("."));
  EXPECT_EQ(closest("example."), "none");
  EXPECT_EQ(closest("."), "none");
}

TEST_F(DelegationCacheTest, TheLongestNamesWork) {
  Name deep;
  const Octet letter = 'a';
  while (deep.prepend_label(Bytes(&letter, 1))) {}
  ASSERT_EQ(deep.view().labels(), kMaxLabels);
  cache.put(Delegation::make(deep, {{deep, {}}}, 1000), now);
  EXPECT_EQ(cache.closest_above(deep, now)->servers().front().name, deep);
  EXPECT_EQ(closest(deep.view().parent().text()), "none");
}

TEST_F(DelegationCacheTest, RemovalTakesWhatItNames) {
  const auto fill = [this] {
    for (const char* zone : {"lab.", "example.lab.", "sub.example.lab.", "other.lab."}) {
      refer(zone, {"ns.lab."}, 1000);
    }
  };
  fill();
  cache.remove(Name::of("example.LAB."));
  EXPECT_EQ(closest("www.example.lab."), "lab.");
  EXPECT_EQ(closest("www.sub.example.lab."), "sub.example.lab.");
  fill();
  cache.remove_below(Name::of("Example.lab."));
  EXPECT_EQ(closest("www.sub.example.lab."), "lab.");
  EXPECT_TRUE(has("other.lab."));
  cache.clear();
  EXPECT_EQ(cache.entries(), 0U);
  fill();
  EXPECT_EQ(closest("www.sub.example.lab."), "sub.example.lab.");
}

TEST(DelegationCacheBound, OctetsNeverPassTheCapacity) {
  constexpr std::size_t kSmall = 256 << 10;
  DelegationCache cache(kSmall);
  std::size_t inserted = 0;
  for (std::uint32_t i = 0; inserted < 10 * kSmall; ++i) {
    std::vector<Delegation::Server> list;
    for (std::uint32_t server = 0; server <= i % 13; ++server) {
      list.push_back({samples::numbered("ns", server), {address("192.0.2.1"), address("2001:db8::1")}});
    }
    const DelegationPtr cut = Delegation::make(samples::numbered("zone", i), std::move(list), 3600);
    inserted += PackedDelegation::pack(*cut)->memory();
    cache.put(cut, kStart);
    ASSERT_TRUE(cache.find(cut->zone(), kStart));
    if (i % 16 == 0) { ASSERT_LE(cache.octets(), kSmall); }
  }
  EXPECT_GE(cache.octets(), kSmall * 9 / 10);
}

TEST(PackedDelegation, TakesATenthOfTheWorkingForm) {
  std::vector<Delegation::Server> list;
  for (std::uint32_t server = 0; server < 4; ++server) {
    list.push_back({samples::numbered("ns", server), {address("192.0.2.1"), address("2001:db8::1")}});
  }
  const DelegationPtr cut = Delegation::make(Name::of("example."), std::move(list), 3600);
  EXPECT_LT(PackedDelegation::pack(*cut)->memory(), 256U);
  EXPECT_GT(cut->memory(), 1500U);
}

}  // namespace
}  // namespace vouch
