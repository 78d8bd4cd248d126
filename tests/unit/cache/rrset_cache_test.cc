#include "resolver/cache/rrset_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/unit/cache/cache_samples.h"
#include "tests/unit/cache/living.h"

namespace vouch {
namespace {

using samples::rrset;
using samples::soa;

constexpr std::size_t kCapacity = 1 << 20;
constexpr TtlTime kStart = 1'700'000'000;

class RRsetCacheTest : public testing::Test {
 protected:
  bool put(std::string_view line, Security security = Security::unchecked,
           Credibility credibility = Credibility::answer_authoritative) {
    return cache.put(rrset(line), credibility, security, now);
  }
  bool deny(std::string_view name, Type type, EntryKind kind, Security security = Security::unchecked) {
    return cache.put_negative(Name::of(name), type, kind, soa("example.", 600, 300), Credibility::answer_authoritative,
                              security, now);
  }
  std::optional<CacheEntry> find(std::string_view name, Type type) { return cache.find(Name::of(name), type, now); }
  std::optional<CacheEntry> find_stale(std::string_view name, Type type, std::uint32_t most) {
    return cache.find_stale(Name::of(name), type, now, most);
  }

  CacheOptions options;
  TtlTime now = kStart;
  RRsetCache cache{kCapacity, options};
};

TEST_F(RRsetCacheTest, WhatIsPutIsFoundByNameAndType) {
  const RRsetPtr data = rrset({"www.example. 300 IN A 192.0.2.1", "www.example. 300 IN A 192.0.2.2"});
  ASSERT_TRUE(cache.put(data, Credibility::answer_not_authoritative, Security::secure, now));

  const auto entry = find("www.example.", Type::A);

  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->kind, EntryKind::rrset);
  EXPECT_EQ(entry->credibility, Credibility::answer_not_authoritative);
  EXPECT_EQ(entry->security, Security::secure);
  EXPECT_EQ(entry->ttl, 300U);
  EXPECT_EQ(entry->stale_for, 0U);
  EXPECT_EQ(entry->rrset, data);
  EXPECT_FALSE(entry->proofs);
  EXPECT_FALSE(find("www.example.", Type::AAAA));
  EXPECT_FALSE(find("example.", Type::A));
}

TEST_F(RRsetCacheTest, KeysIgnoreCaseAndDataKeepsIts) {
  ASSERT_TRUE(put("WwW.eXample. 300 IN A 192.0.2.1"));

  const auto entry = find("wWw.ExAmPlE.", Type::A);

  ASSERT_TRUE(entry);
  EXPECT_TRUE(entry->rrset->owner().is_same_with_case(Name::of("WwW.eXample.")));
}

TEST_F(RRsetCacheTest, AnotherCaseReplacesAndDoesNotStandBeside) {
  ASSERT_TRUE(put("www.example. 300 IN A 192.0.2.1"));
  ASSERT_TRUE(put("WWW.example. 300 IN A 192.0.2.2"));

  EXPECT_EQ(cache.stats().entries, 1U);
  EXPECT_TRUE(find("www.example.", Type::A)->rrset->owner().is_same_with_case(Name::of("WWW.example.")));
}

TEST_F(RRsetCacheTest, TtlCountsDownAndTheEntryGoesAtZero) {
  ASSERT_TRUE(put("www.example. 300 IN A 192.0.2.1"));
  now += 299;
  EXPECT_EQ(find("www.example.", Type::A)->ttl, 1U);
  now += 1;
  EXPECT_FALSE(find("www.example.", Type::A));
}

TEST_F(RRsetCacheTest, AClockSetBackNeverLengthensALife) {
  ASSERT_TRUE(put("www.example. 300 IN A 192.0.2.1"));
  now -= 10 * 365 * 86400;
  EXPECT_EQ(find("www.example.", Type::A)->ttl, 300U);
  now += 200;  // and it goes on counting from there
  EXPECT_EQ(find("www.example.", Type::A)->ttl, 100U);
  now += 100;
  EXPECT_FALSE(find("www.example.", Type::A));
}

TEST_F(RRsetCacheTest, TtlZeroIsStoredNowhere) {
  EXPECT_FALSE(put("www.example. 0 IN A 192.0.2.1"));
  EXPECT_FALSE(find("www.example.", Type::A));
  EXPECT_EQ(cache.stats().entries, 0U);
}

TEST_F(RRsetCacheTest, TheOperatorBoundsTtlsBothWays) {
  options.ttl_min = 30;
  options.ttl_max = 7200;
  RRsetCache bounded(kCapacity, options);
  for (const char* line :
       {"low.example. 5 IN A 192.0.2.1", "mid.example. 60 IN A 192.0.2.1", "high.example. 604800 IN A 192.0.2.1"}) {
    ASSERT_TRUE(bounded.put(rrset(line), Credibility::answer_authoritative, Security::unchecked, now));
  }
  EXPECT_EQ(bounded.find(Name::of("low.example."), Type::A, now)->ttl, 30U);
  EXPECT_EQ(bounded.find(Name::of("mid.example."), Type::A, now)->ttl, 60U);
  EXPECT_EQ(bounded.find(Name::of("high.example."), Type::A, now)->ttl, 7200U);
}

TEST_F(RRsetCacheTest, TheLeastTtlKeepsNothingBeyondItsCeiling) {
  options.ttl_min = options.negative_ttl_min = 100;
  RRsetCache bounded(kCapacity, options);
  const RRsetPtr low = rrset("low.example. 5 IN A 192.0.2.1");
  const Name no = Name::of("no.example.");
  struct Case {
    Security security;
    std::uint32_t ceiling, expected, expected_negative;
  };
  for (const Case& one : {Case{Security::insecure, kNoCeiling, 100, 100}, Case{Security::insecure, 60, 60, 60},
                          Case{Security::unchecked, 3, 3, 3}, Case{Security::secure, kNoCeiling, 5, 40},
                          Case{Security::secure, 60, 5, 40}, Case{Security::secure, 3, 3, 3}}) {
    bounded.clear();
    ASSERT_TRUE(
        bounded.put(low, Credibility::answer_authoritative, one.security, now, nullptr, Reason::none, one.ceiling));
    ASSERT_TRUE(bounded.put_negative(no, Type::A, EntryKind::no_data, soa("example.", 40, 5),
                                     Credibility::answer_authoritative, one.security, now, nullptr, 0, Reason::none,
                                     one.ceiling));
    EXPECT_EQ(bounded.find(low->owner(), Type::A, now)->ttl, one.expected);
    EXPECT_EQ(bounded.find(no, Type::A, now)->ttl, one.expected_negative);
  }
  EXPECT_FALSE(bounded.put(low, Credibility::answer_authoritative, Security::unchecked, now, nullptr, Reason::none, 0));
}

TEST_F(RRsetCacheTest, MetaTypesNameNoData) {
  const Octet octet = 1;
  const Bytes rdata[] = {Bytes(&octet, 1)};
  for (const Type type : {Type::ANY, Type::OPT, Type::AXFR, Type::none}) {
    const RRsetPtr odd = RRset::make(Name::of("www.example."), type, 300, rdata);
    EXPECT_FALSE(odd && cache.put(odd, Credibility::answer_authoritative, Security::unchecked, now));
  }
  EXPECT_FALSE(cache.put(nullptr, Credibility::answer_authoritative, Security::unchecked, now));
}

TEST_F(RRsetCacheTest, ASetLargerThanAnEntryMayBeIsRefused) {
  std::vector<Buffer> octets;
  std::vector<Bytes> rdata;
  for (std::size_t i = 0; i < 100; ++i) {
    octets.emplace_back(200, u8(i));
    octets.back()[0] = 199;  // a TXT of one string
  }
  for (const Buffer& one : octets) { rdata.emplace_back(one); }
  const RRsetPtr large = RRset::make(Name::of("big.example."), Type::TXT, 300, rdata);
  ASSERT_TRUE(large);
  EXPECT_FALSE(cache.put(large, Credibility::answer_authoritative, Security::unchecked, now));
  const RRsetPtr fitting = RRset::make(Name::of("big.example."), Type::TXT, 300, std::span(rdata).first(60));
  EXPECT_TRUE(cache.put(fitting, Credibility::answer_authoritative, Security::unchecked, now));
}

// RFC 2308 section 5.
TEST_F(RRsetCacheTest, NegativeTtlIsTheSmallerOfSoaTtlAndMinimum) {
  const auto ttl_of = [this](std::uint32_t ttl, std::uint32_t minimum) {
    cache.clear();
    cache.put_negative(Name::of("no.example."), Type::A, EntryKind::no_data, soa("example.", ttl, minimum),
                       Credibility::answer_authoritative, Security::unchecked, now);
    const auto entry = find("no.example.", Type::A);
    return entry ? entry->ttl : 0;
  };
  EXPECT_EQ(ttl_of(600, 300), 300U);
  EXPECT_EQ(ttl_of(200, 300), 200U);
  EXPECT_EQ(ttl_of(86400, 86400), 3600U);  // the operator's bound
  EXPECT_EQ(ttl_of(600, 0), 0U);           // not stored
}

TEST_F(RRsetCacheTest, WithoutSoaNothingIsKeptUnlessTheCallerSaysForHowLong) {
  const Name name = Name::of("no.example.");
  constexpr auto kAuthoritative = Credibility::answer_authoritative;
  EXPECT_FALSE(
      cache.put_negative(name, Type::A, EntryKind::no_data, nullptr, kAuthoritative, Security::unchecked, now));
  EXPECT_FALSE(find("no.example.", Type::A));
  EXPECT_TRUE(cache.put_negative(name, Type::A, EntryKind::no_data, nullptr, kAuthoritative, Security::unchecked, now,
                                 nullptr, 5));
  const auto entry = find("no.example.", Type::A);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->ttl, 5U);
  EXPECT_FALSE(entry->rrset);
}

TEST_F(RRsetCacheTest, OnlyAnSoaMakesANegativeAnswer) {
  EXPECT_FALSE(cache.put_negative(Name::of("no.example."), Type::A, EntryKind::no_data,
                                  rrset("example. 300 IN NS ns.example."), Credibility::answer_authoritative,
                                  Security::unchecked, now));
  EXPECT_FALSE(cache.put_negative(Name::of("no.example."), Type::A, EntryKind::rrset, soa("example.", 600, 300),
                                  Credibility::answer_authoritative, Security::unchecked, now));
}

TEST_F(RRsetCacheTest, ANameErrorIsTrueOfEveryType) {
  ASSERT_TRUE(deny("gone.example.", Type::A, EntryKind::name_error));
  for (const Type type : {Type::A, Type::AAAA, Type::TXT, Type::DS}) {
    const auto entry = find("GONE.example.", type);
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->kind, EntryKind::name_error);
    EXPECT_EQ(entry->ttl, 300U);
    EXPECT_EQ(entry->rrset->type(), Type::SOA);
  }
  EXPECT_FALSE(find("not.gone.example.", Type::A));
}

TEST_F(RRsetCacheTest, NoDataIsTrueOfItsTypeAlone) {
  ASSERT_TRUE(deny("www.example.", Type::AAAA, EntryKind::no_data));
  EXPECT_EQ(find("www.example.", Type::AAAA)->kind, EntryKind::no_data);
  EXPECT_FALSE(find("www.example.", Type::A));
}

TEST_F(RRsetCacheTest, DataDrivesOutTheDenialOfItsNameAndType) {
  ASSERT_TRUE(deny("www.example.", Type::A, EntryKind::name_error));
  ASSERT_TRUE(put("www.example. 300 IN A 192.0.2.1"));
  EXPECT_EQ(find("www.example.", Type::A)->kind, EntryKind::rrset);
  EXPECT_FALSE(find("www.example.", Type::TXT));  // the name error is gone for all types: the name is there

  ASSERT_TRUE(deny("www.example.", Type::AAAA, EntryKind::no_data));
  ASSERT_TRUE(put("www.example. 300 IN AAAA 2001:db8::1"));
  EXPECT_EQ(find("www.example.", Type::AAAA)->kind, EntryKind::rrset);
}

TEST_F(RRsetCacheTest, NoDataSaysThatTheNameIsThere) {
  ASSERT_TRUE(deny("www.example.", Type::A, EntryKind::name_error));
  ASSERT_TRUE(deny("www.example.", Type::AAAA, EntryKind::no_data));
  EXPECT_FALSE(find("www.example.", Type::A));
}

TEST_F(RRsetCacheTest, ATypesOwnEntryComesBeforeTheNameError) {
  ASSERT_TRUE(put("www.example. 300 IN A 192.0.2.1"));
  ASSERT_TRUE(deny("www.example.", Type::AAAA, EntryKind::name_error));
  EXPECT_EQ(find("www.example.", Type::A)->kind, EntryKind::rrset);
  EXPECT_EQ(find("www.example.", Type::AAAA)->kind, EntryKind::name_error);
}

TEST_F(RRsetCacheTest, AnAliasIsFoundOnlyByItsType) {
  ASSERT_TRUE(put("www.example. 300 IN CNAME real.example."));
  EXPECT_FALSE(find("www.example.", Type::A));
  EXPECT_TRUE(find("www.example.", Type::CNAME));
}

// RFC 2181 section 5.4.1.
TEST_F(RRsetCacheTest, LessCredibleDataDoesNotReplaceMoreCredible) {
  ASSERT_TRUE(put("www.example. 300 IN A 192.0.2.1"));
  EXPECT_FALSE(put("www.example. 300 IN A 203.0.113.9", Security::unchecked, Credibility::answer_not_authoritative));
  EXPECT_EQ(text_of(find("www.example.", Type::A)->rrset->first_rdata()),
            text_of(rrset("a. 1 IN A 192.0.2.1")->first_rdata()));
}

TEST_F(RRsetCacheTest, TheSameDataFromALessCredibleSourceRefreshes) {
  ASSERT_TRUE(put("www.example. 300 IN A 192.0.2.1"));
  now += 200;
  EXPECT_TRUE(put("www.example. 300 IN A 192.0.2.1", Security::unchecked, Credibility::answer_not_authoritative));
  EXPECT_EQ(find("www.example.", Type::A)->ttl, 300U);
}

TEST_F(RRsetCacheTest, NothingLessDrivesOutSecureData) {
  ASSERT_TRUE(put("www.example. 300 IN A 192.0.2.1", Security::secure));
  for (const Security security : {Security::unchecked, Security::indeterminate, Security::bogus, Security::insecure}) {
    EXPECT_FALSE(put("www.example. 300 IN A 203.0.113.9", security));
    EXPECT_FALSE(put("www.example. 300 IN A 192.0.2.1", security));  // the same data, but less secure
    EXPECT_FALSE(deny("www.example.", Type::A, EntryKind::no_data, security));
  }
  EXPECT_EQ(find("www.example.", Type::A)->security, Security::secure);
  EXPECT_TRUE(put("www.example. 300 IN A 192.0.2.7", Security::secure));
}

TEST_F(RRsetCacheTest, NothingLessDrivesOutASecureNameError) {
  ASSERT_TRUE(deny("gone.example.", Type::A, EntryKind::name_error, Security::secure));
  EXPECT_FALSE(put("gone.example. 300 IN A 203.0.113.9"));
  EXPECT_FALSE(deny("gone.example.", Type::A, EntryKind::no_data));
  EXPECT_FALSE(deny("gone.example.", Type::A, EntryKind::name_error));
  EXPECT_EQ(find("gone.example.", Type::A)->kind, EntryKind::name_error);
  EXPECT_TRUE(put("gone.example. 300 IN A 192.0.2.1", Security::secure));
}

TEST_F(RRsetCacheTest, ExpiredDataDefendsNothing) {
  ASSERT_TRUE(put("www.example. 300 IN A 192.0.2.1", Security::secure));
  now += 300;
  EXPECT_TRUE(put("www.example. 300 IN A 192.0.2.2", Security::insecure, Credibility::answer_not_authoritative));
}

// RFC 8767.
TEST_F(RRsetCacheTest, StaleDataIsThereForThoseWhoAskForIt) {
  ASSERT_TRUE(put("www.example. 300 IN A 192.0.2.1"));
  now += 100;
  EXPECT_EQ(find_stale("www.example.", Type::A, 3600)->ttl, 200U);
  EXPECT_EQ(find_stale("www.example.", Type::A, 3600)->stale_for, 0U);
  now += 1000;
  EXPECT_FALSE(find("www.example.", Type::A));
  const auto entry = find_stale("www.example.", Type::A, 800);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->ttl, 0U);
  EXPECT_EQ(entry->stale_for, 800U);
  EXPECT_FALSE(find_stale("www.example.", Type::A, 799));
  EXPECT_FALSE(find_stale("www.example.", Type::A, 0));
}

TEST_F(RRsetCacheTest, AFreshNameErrorComesBeforeStaleData) {
  ASSERT_TRUE(put("www.example. 100 IN A 192.0.2.1"));
  now += 150;
  ASSERT_TRUE(deny("www.example.", Type::AAAA, EntryKind::name_error));
  EXPECT_EQ(find_stale("www.example.", Type::A, 3600)->kind, EntryKind::name_error);
  now += 400;  // both stale: the later word, for a deleted name must not come back
  EXPECT_EQ(find_stale("www.example.", Type::A, 3600)->kind, EntryKind::name_error);
}

TEST_F(RRsetCacheTest, ProofsTravelWithTheirEntry) {
  const RRsetPtr nsec = rrset("a.example. 300 IN NSEC z.example. A RRSIG NSEC");
  const ProofsPtr proofs = ProofList::make({nsec});
  ASSERT_TRUE(cache.put(rrset("w.example. 300 IN A 192.0.2.1"), Credibility::answer_authoritative, Security::secure,
                        now, proofs));
  ASSERT_TRUE(cache.put_negative(Name::of("n.example."), Type::A, EntryKind::name_error, soa("example.", 600, 300),
                                 Credibility::answer_authoritative, Security::secure, now, proofs));
  EXPECT_EQ(find("w.example.", Type::A)->proofs, proofs);
  EXPECT_EQ(find("n.example.", Type::A)->proofs->rrsets().front(), nsec);
  cache.clear();
  EXPECT_EQ(proofs->rrsets().front(), nsec);  // counted: what a caller holds outlives the entry
}

TEST_F(RRsetCacheTest, AListOfProofsIsNeitherEmptyNorLong) {
  const RRsetPtr nsec = rrset("a.example. 300 IN NSEC z.example. A RRSIG NSEC");
  EXPECT_FALSE(ProofList::make({}));
  EXPECT_FALSE(ProofList::make({nullptr}));
  EXPECT_TRUE(ProofList::make(std::vector<RRsetPtr>(ProofList::kMaxProofs, nsec)));
  EXPECT_FALSE(ProofList::make(std::vector<RRsetPtr>(ProofList::kMaxProofs + 1, nsec)));
}

TEST_F(RRsetCacheTest, RemovalTakesWhatItNames) {
  const auto fill = [this] {
    for (const char* line :
         {"example. 300 IN A 192.0.2.1", "www.example. 300 IN A 192.0.2.1", "www.example. 300 IN AAAA 2001:db8::1",
          "a.www.example. 300 IN A 192.0.2.1", "wwwexample. 300 IN A 192.0.2.1"}) {
      ASSERT_TRUE(put(line));
    }
    ASSERT_TRUE(deny("gone.example.", Type::A, EntryKind::name_error));
  };
  fill();
  cache.remove(Name::of("WWW.example."), Type::A);
  EXPECT_FALSE(find("www.example.", Type::A));
  EXPECT_TRUE(find("www.example.", Type::AAAA));
  cache.remove(Name::of("gone.example."), Type::TXT);  // what an asker for TXT would have been told
  EXPECT_FALSE(find("gone.example.", Type::A));

  fill();
  cache.remove_name(Name::of("www.EXAMPLE."));
  EXPECT_FALSE(find("www.example.", Type::A));
  EXPECT_FALSE(find("www.example.", Type::AAAA));
  EXPECT_TRUE(find("a.www.example.", Type::A));

  fill();
  cache.remove_below(Name::of("example."));
  EXPECT_EQ(cache.stats().entries, 1U);
  EXPECT_TRUE(find("wwwexample.", Type::A));

  fill();
  cache.clear();
  EXPECT_EQ(cache.stats().entries, 0U);
  fill();
  EXPECT_EQ(cache.stats().entries, 6U);
}

TEST_F(RRsetCacheTest, AWalkMeetsEachOfTheLivingOnce) {
  for (std::uint32_t i = 0; i < 2000; ++i) {  // more than one step of one lock
    ASSERT_TRUE(cache.put(samples::address_of(samples::numbered("n", i), i, i < 1000 ? 10 : 1000),
                          Credibility::answer_authoritative, Security::unchecked, now));
  }
  now += 10;
  std::set<std::string> seen;
  for (const RRsetCache::Seen& one : samples::living(cache, now)) {
    EXPECT_EQ(one.type, Type::A);
    EXPECT_EQ(one.entry.ttl, 990U);
    EXPECT_TRUE(cache.find(one.name, one.type, now));
    EXPECT_TRUE(seen.insert(one.name.view().text()).second) << one.name.view().text();
  }
  EXPECT_EQ(seen.size(), 1000U);
}

TEST_F(RRsetCacheTest, HitsAndMissesAreCounted) {
  ASSERT_TRUE(put("www.example. 300 IN A 192.0.2.1"));
  find("www.example.", Type::A);
  find("www.example.", Type::AAAA);
  find("other.example.", Type::A);
  const CacheStats stats = cache.stats();
  EXPECT_EQ(stats.hits, 1U);
  EXPECT_EQ(stats.misses, 2U);
  EXPECT_EQ(stats.insertions, 1U);
  EXPECT_EQ(stats.evictions, 0U);
  EXPECT_EQ(stats.capacity, kCapacity);
}

// The bound, at sizes from a test's to a daemon's, with ten times as much put in and sizes that vary.
TEST(RRsetCacheBound, OctetsNeverPassTheCapacity) {
  for (const std::size_t capacity :
       {std::size_t{64} << 10, std::size_t{256} << 10, std::size_t{1} << 20, std::size_t{8} << 20}) {
    RRsetCache cache(capacity, CacheOptions{});
    std::vector<Buffer> octets(30, Buffer(16));
    std::vector<Bytes> rdata;
    for (std::size_t i = 0; i < octets.size(); ++i) {
      octets[i][0] = u8(i);
      rdata.emplace_back(octets[i]);
    }
    std::size_t inserted = 0;
    for (std::uint32_t i = 0; inserted < 10 * capacity; ++i) {
      const Name name = samples::numbered("n", i);
      const auto set = RRset::make(name, Type::AAAA, 300, std::span(rdata).first(1 + i * 7 % rdata.size()));
      ASSERT_TRUE(cache.put(set, Credibility::answer_authoritative, Security::unchecked, kStart));
      inserted += set->memory();
      if (i % 64 == 0) { ASSERT_LE(cache.stats().octets, capacity); }
      ASSERT_TRUE(cache.find(name, Type::AAAA, kStart));  // what was just put is there
    }
    const CacheStats stats = cache.stats();
    EXPECT_LE(stats.octets, capacity);
    EXPECT_GE(stats.octets, capacity * 9 / 10);  // and the memory that is there is used
    EXPECT_GT(stats.evictions, 0U);
    EXPECT_EQ(stats.insertions, stats.entries + stats.evictions);
  }
}

// CacheFlush: a flood of names that nobody asks for twice, beside a hundred that many ask for.
TEST(RRsetCacheScan, PopularNamesSurviveAFloodOfOthers) {
  RRsetCache cache(1 << 20, CacheOptions{});
  constexpr std::uint32_t kPopular = 100;
  constexpr std::uint32_t kFloodPerRequest = 20;
  std::uint64_t hits = 0, requests = 0;
  for (std::uint32_t i = 0; i < 200'000; ++i) {
    cache.put(samples::address_of(samples::numbered("flood", i), i), Credibility::answer_authoritative,
              Security::unchecked, kStart);
    if (i % kFloodPerRequest != 0) { continue; }
    const Name name = samples::numbered("popular", i / kFloodPerRequest % kPopular);
    ++requests;
    if (cache.find(name, Type::A, kStart)) {
      ++hits;
    } else {
      cache.put(samples::address_of(name, 1), Credibility::answer_authoritative, Security::unchecked, kStart);
    }
  }
  EXPECT_GT(cache.stats().evictions, 100'000U);
  EXPECT_GE(hits * 100, (requests - kPopular) * 99);  // the first request of each is a miss, of course
}

// Every type of one name shares a shard, so types must not share a bucket.
TEST(RRsetCacheTypes, ANameWithThousandsOfTypesIsFound) {
  RRsetCache cache(8 << 20, CacheOptions{});
  const Octet octet = 1;
  const Bytes rdata[] = {Bytes(&octet, 1)};
  const Name name = Name::of("types.example.");
  for (std::uint32_t i = 0; i < 2000; ++i) {
    const auto set = RRset::make(name, static_cast<Type>(1000 + i), 300, rdata);
    ASSERT_TRUE(cache.put(set, Credibility::answer_authoritative, Security::unchecked, kStart));
  }
  std::size_t found = 0;
  for (std::uint32_t i = 0; i < 2000; ++i) { found += cache.find(name, static_cast<Type>(1000 + i), kStart) ? 1 : 0; }
  EXPECT_EQ(found, cache.stats().entries);
  EXPECT_GE(found, 1500U);  // a quarter of a MiB, with what they share it with
}

}  // namespace
}  // namespace vouch
