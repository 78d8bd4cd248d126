#include "resolver/cache/denial_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "resolver/cache/denial_shard.h"
#include "resolver/dnssec/algorithms.h"
#include "tests/fuzz/signed_model.h"
#include "tests/unit/cache/cache_samples.h"

namespace vouch {
namespace {

constexpr TtlTime kNow = 1'700'000'000;
constexpr std::size_t kRoomy = 8 << 20;

// Hashes as told, and keeps count.
class Hashing final : public DenialCache::Hasher {
 public:
  std::optional<DenialHash> hash(NameView name, Bytes salt, std::uint16_t iterations) override {
    if (allowed == 0) { return std::nullopt; }
    --allowed;
    names.push_back(name.text());
    return model::hash_of(name, {.salt = Buffer(salt.begin(), salt.end()), .iterations = iterations});
  }
  std::size_t allowed = 100;
  std::vector<std::string> names;
};

RRsetPtr nsec(std::string_view zone, std::string_view owner, std::string_view next,
              const model::Types& types = {Type::A}) {
  model::Types all = types;
  all.insert({Type::RRSIG, Type::NSEC});
  return model::nsec_set(Name::of(zone), Name::of(owner), Name::of(next), all);
}

RRsetPtr soa(std::string_view zone) { return model::SignedZone(Name::of(zone)).soa(); }

// A store and what it is asked, told by owners.
class Denials {
 public:
  explicit Denials(std::size_t capacity = kRoomy) : cache(capacity) {}

  void learn(std::string_view zone, const std::vector<RRsetPtr>& proofs, std::uint32_t ttl = 3600) {
    for (const RRsetPtr& proof : proofs) { cache.put(Name::of(zone), proof, ttl, now); }
    cache.put_soa(Name::of(zone), soa(zone), ttl, now);
  }
  std::optional<DenialCache::Gathered> gather(std::string_view name, Type type = Type::A) {
    return cache.gather(Name::of(name), type, now, hasher);
  }
  // "b.example. example." - the owners of what was gathered, in its order; "" for nothing.
  std::string owners(std::string_view name, Type type = Type::A) {
    const auto gathered = gather(name, type);
    std::string text;
    if (!gathered) { return text; }
    for (const RRsetPtr& proof : gathered->proofs) { text += (text.empty() ? "" : " ") + proof->owner().text(); }
    return text;
  }

  DenialCache cache;
  Hashing hasher;
  TtlTime now = kNow;
};

const std::vector<RRsetPtr>& example() {
  static const std::vector<RRsetPtr> chain = {
      nsec("example.", "example.", "b.example.", {Type::SOA, Type::NS}),
      nsec("example.", "b.example.", "*.w.example."),
      nsec("example.", "*.w.example.", "x.y.w.example."),
      nsec("example.", "x.y.w.example.", "example."),
  };
  return chain;
}

TEST(DenialCache, EmptyItKnowsNothing) {
  Denials denials;
  EXPECT_FALSE(denials.gather("a.example."));
  EXPECT_EQ(denials.cache.entries(), 0U);
}

TEST(DenialCache, NameInAGapIsFoundWithTheGapOfItsWildcard) {
  Denials denials;
  denials.learn("example.", example());

  EXPECT_EQ(denials.owners("c.example."), "b.example. example.");
  EXPECT_EQ(denials.owners("C.EXAMPLE."), "b.example. example.");
  EXPECT_EQ(denials.owners("zz.example."), "x.y.w.example. example.");  // the last gap, whose next is the apex
  const auto gathered = denials.gather("c.example.");
  EXPECT_EQ(gathered->zone, Name::of("example."));
  EXPECT_EQ(gathered->soa->owner(), Name::of("example."));
}

TEST(DenialCache, NameThatExistsIsFoundAlone) {
  Denials denials;
  denials.learn("example.", example());

  EXPECT_EQ(denials.owners("b.example.", Type::MX), "b.example.");
  EXPECT_EQ(denials.owners("y.w.example.", Type::MX), "*.w.example.");  // an empty non-terminal
  EXPECT_EQ(denials.owners("w.example.", Type::MX), "b.example.");      // another; the wildcard below it is no matter
  EXPECT_EQ(denials.owners("q.w.example.", Type::MX), "*.w.example.");  // gap and wildcard at once
}

TEST(DenialCache, WildcardIsSoughtAtTheEncloserThatTheGapsBeginTells) {
  Denials denials;
  denials.learn("example.", example());
  EXPECT_EQ(denials.owners("z.y.w.example."), "x.y.w.example. *.w.example.");
}

// What sorts before the asterisk: the gap ends at the wildcard, and only its end tells the closest encloser.
TEST(DenialCache, WildcardAtTheEndOfTheGapIsFound) {
  Denials denials;
  denials.learn("example.", example());
  EXPECT_EQ(denials.owners("!.w.example."), "b.example. *.w.example.");
}

TEST(DenialCache, WithoutTheWildcardsGapTheNamesAloneIsGiven) {
  Denials denials;
  denials.learn("example.", {example()[1]});
  EXPECT_EQ(denials.owners("c.example."), "b.example.");
}

TEST(DenialCache, NoSoaNoGathering) {
  Denials denials;
  denials.cache.put(Name::of("example."), example()[1], 3600, kNow);
  EXPECT_FALSE(denials.gather("c.example."));
  denials.cache.put_soa(Name::of("example."), soa("example."), 3600, kNow);
  EXPECT_TRUE(denials.gather("c.example."));
}

TEST(DenialCache, SoaMustBeTheZones) {
  Denials denials;
  denials.cache.put(Name::of("example."), example()[1], 3600, kNow);
  denials.cache.put_soa(Name::of("example."), soa("other."), 3600, kNow);
  denials.cache.put_soa(Name::of("example."), example()[0], 3600, kNow);
  EXPECT_FALSE(denials.gather("c.example."));
}

TEST(DenialCache, ZoneWhoseSoaHasExpiredIsSilent) {
  Denials denials;
  denials.learn(".", {nsec(".", ".", "a.", {Type::SOA, Type::NS})});
  denials.cache.put(Name::of("example."), example()[1], 3600, kNow);
  denials.cache.put_soa(Name::of("example."), soa("example."), 10, kNow);
  denials.now = kNow + 10;
  EXPECT_FALSE(denials.gather("c.example."));
  denials.cache.put(Name::of("."), nsec(".", "e.", "f.", {Type::NS}), 3600, denials.now);
  EXPECT_EQ(denials.owners("c.example."), "e. .");  // the zone above may know
}

TEST(DenialCache, SoaOfAZoneWithoutProofsIsNotKept) {
  Denials denials;
  const std::uint64_t before = denials.cache.octets();
  denials.cache.put_soa(Name::of("example."), soa("example."), 3600, kNow);
  EXPECT_EQ(denials.cache.octets(), before);
}

TEST(DenialCache, ClosestZoneSpeaks) {
  Denials denials;
  denials.learn("example.", {nsec("example.", "a.example.", "z.example.")});
  denials.learn("sub.example.", {nsec("sub.example.", "a.sub.example.", "z.sub.example.")});

  EXPECT_EQ(denials.owners("b.sub.example."), "a.sub.example.");
  EXPECT_EQ(denials.owners("b.example."), "a.example.");
  EXPECT_EQ(denials.owners("zz.sub.example."), "");  // not in its gap, and the parent does not know
}

TEST(DenialCache, DsIsTheParentsToDeny) {
  Denials denials;
  denials.learn("example.", {nsec("example.", "sub.example.", "z.example.", {Type::NS})});
  denials.learn("sub.example.", {nsec("sub.example.", "sub.example.", "z.sub.example.", {Type::SOA, Type::NS})});

  EXPECT_EQ(denials.gather("sub.example.", Type::DS)->zone, Name::of("example."));
  EXPECT_EQ(denials.gather("sub.example.", Type::MX)->zone, Name::of("sub.example."));
  EXPECT_FALSE(denials.gather(".", Type::DS));
}

TEST(DenialCache, TtlIsTheLeastThatIsLeft) {
  Denials denials;
  denials.cache.put(Name::of("example."), example()[0], 500, kNow);
  denials.cache.put(Name::of("example."), example()[1], 300, kNow);
  denials.cache.put_soa(Name::of("example."), soa("example."), 200, kNow);

  EXPECT_EQ(denials.gather("c.example.")->ttl, 200U);
  denials.now = kNow + 150;
  denials.cache.put_soa(Name::of("example."), soa("example."), 200, denials.now);
  EXPECT_EQ(denials.gather("c.example.")->ttl, 150U);
}

TEST(DenialCache, ExpiredProofsGoWhenTheyAreMet) {
  Denials denials;
  denials.learn("example.", example(), 100);
  denials.now = kNow + 100;
  denials.cache.put(Name::of("example."), example()[0], 100, denials.now);
  denials.cache.put_soa(Name::of("example."), soa("example."), 100, denials.now);

  // Behind the dead one stands the apex's NSEC, which ends at b and says nothing of c.
  EXPECT_EQ(denials.owners("c.example."), "");
  EXPECT_EQ(denials.cache.entries(), 3U);
  denials.now += 100;
  EXPECT_FALSE(denials.gather("c.example."));
}

TEST(DenialCache, LastExpiredProofTakesItsZoneAlong) {
  Denials denials;
  const std::uint64_t before = denials.cache.octets();
  denials.cache.put(Name::of("example."), example()[1], 10, kNow);
  denials.cache.put_soa(Name::of("example."), soa("example."), 100, kNow);
  denials.now = kNow + 10;
  EXPECT_FALSE(denials.gather("c.example."));
  EXPECT_EQ(denials.cache.entries(), 0U);
  EXPECT_EQ(denials.cache.octets(), before);
}

TEST(DenialCache, ClockSetBackLengthensNothing) {
  Denials denials;
  denials.learn("example.", example(), 100);
  denials.now = kNow - 1'000'000;
  EXPECT_EQ(denials.gather("c.example.")->ttl, 100U);
  denials.now += 100;
  EXPECT_FALSE(denials.gather("c.example."));
}

TEST(DenialCache, NewProofOfAnOwnerReplacesTheOld) {
  Denials denials;
  denials.learn("example.", {nsec("example.", "b.example.", "z.example.")});
  EXPECT_EQ(denials.owners("m.example."), "b.example.");
  denials.learn("example.", {nsec("example.", "B.example.", "k.example.")});  // m is there now
  EXPECT_EQ(denials.owners("m.example."), "");
  EXPECT_EQ(denials.cache.entries(), 1U);
}

TEST(DenialCache, OnlyProofKeepsItsSoaWhenItIsReplaced) {
  Denials denials;
  denials.learn("example.", {nsec("example.", "b.example.", "z.example.")});
  denials.cache.put(Name::of("example."), nsec("example.", "b.example.", "y.example."), 60, kNow);
  EXPECT_EQ(denials.owners("m.example."), "b.example.");
}

// NSEC3: the zone of one host, www.
class DenialCacheByHash : public testing::Test {
 protected:
  DenialCacheByHash() {
    zone.add(Name::of("www.example."), Type::A);
    denials.learn("example.", zone.nsec3_chain(form));
  }
  std::string hashed(std::string_view name) {
    return model::hashed_owner(model::hash_of(Name::of(name), form), Name::of("example.")).text();
  }
  model::SignedZone zone{Name::of("example.")};
  model::Nsec3Form form{.salt = {0xab, 0xcd}, .iterations = 1};
  Denials denials;
};

TEST_F(DenialCacheByHash, NameThatExistsTakesOneHash) {
  EXPECT_EQ(denials.owners("www.example.", Type::MX), hashed("www.example."));
  EXPECT_EQ(denials.hasher.names, std::vector<std::string>{"www.example."});
}

TEST_F(DenialCacheByHash, NameErrorTakesEncloserNextCloserAndWildcard) {
  const auto gathered = denials.gather("no.example.");
  ASSERT_TRUE(gathered);
  EXPECT_EQ(gathered->proofs.front()->owner().text(), hashed("example."));
  EXPECT_EQ(denials.hasher.names, (std::vector<std::string>{"no.example.", "example.", "*.example."}));
}

TEST_F(DenialCacheByHash, DeepNameCostsNoMoreThanItsNextCloserName) {
  EXPECT_TRUE(denials.gather("a.b.c.d.e.f.g.h.no.example."));
  EXPECT_EQ(denials.hasher.names,
            (std::vector<std::string>{"a.b.c.d.e.f.g.h.no.example.", "example.", "no.example.", "*.example."}));
}

TEST_F(DenialCacheByHash, HasherThatRefusesEndsTheSearch) {
  for (const std::size_t allowed : {0U, 1U, 2U}) {
    Denials anew;
    anew.learn("example.", zone.nsec3_chain(form));
    anew.hasher.allowed = allowed;
    const auto gathered = anew.gather("no.example.");
    EXPECT_EQ(gathered.has_value(), allowed == 2) << allowed;  // without the wildcard: its data may be at hand
    EXPECT_EQ(anew.hasher.names.size(), allowed);
  }
}

// CVE-2023-50868: labels beyond number, and none of them known.
TEST_F(DenialCacheByHash, HashesForOneNameAreBounded) {
  model::SignedZone deep(Name::of("deep."));
  std::string name = "deep.";
  for (int i = 0; i < 40; ++i) { name = "x." + name; }
  deep.add(Name::of(name), Type::A);
  std::vector<RRsetPtr> chain = deep.nsec3_chain(form);
  chain.resize(1);
  denials.learn("deep.", chain);
  (void)denials.gather("a." + name);
  EXPECT_LE(denials.hasher.names.size(), DenialCache::kMaxHashes);
}

TEST_F(DenialCacheByHash, OtherParametersDriveOutTheFormerChain) {
  const model::Nsec3Form next{.salt = {}, .iterations = 0};
  const std::vector<RRsetPtr> chain = zone.nsec3_chain(next);
  denials.cache.put(Name::of("example."), chain[0], 3600, kNow);
  EXPECT_EQ(denials.cache.entries(), 1U);
  denials.learn("example.", chain);
  EXPECT_EQ(denials.cache.entries(), chain.size());
  EXPECT_TRUE(denials.gather("no.example."));
}

TEST_F(DenialCacheByHash, ZoneWithoutNsec3IsNeverHashed) {
  denials.learn("plain.", {nsec("plain.", "a.plain.", "b.plain.")});
  (void)denials.gather("x.plain.");
  (void)denials.gather("x.other.");
  EXPECT_TRUE(denials.hasher.names.empty());
}

// What forgers and other people's zones offer, and what is of no use: refused, each alone.
struct Refused {
  const char* what;
  const char* zone;
  RRsetPtr proof;
};

model::Nsec3Form plain_form() { return {}; }
Nsec3Hash hash_number(Octet first, Octet last) {
  Nsec3Hash hash{};
  hash.front() = first;
  hash.back() = last;
  return hash;
}
RRsetPtr nsec3(std::string_view zone, const Nsec3Hash& hash, const Nsec3Hash& next, bool opt_out = false) {
  model::Nsec3Form form = plain_form();
  form.opt_out = opt_out;
  return model::nsec3_set(Name::of(zone), hash, next, {Type::A, Type::RRSIG}, form);
}
Buffer sound_nsec3() {
  const RRsetPtr sound = nsec3("example.", hash_number(1, 0), hash_number(2, 0));
  return Buffer(sound->first_rdata().begin(), sound->first_rdata().end());
}
RRsetPtr nsec3_with(std::size_t at, Octet value) {
  Buffer rdata = sound_nsec3();
  rdata[at] = value;
  const Name zone = Name::of("example.");
  return model::signed_set(zone, model::hashed_owner(hash_number(1, 0), zone), Type::NSEC3, 3600, rdata);
}

std::vector<Refused> refused() {
  const model::Types types = {Type::A, Type::RRSIG, Type::NSEC};
  const Name zone = Name::of("example.");
  const Name b = Name::of("b.example.");
  const auto of = [](const char* text) { return Name::of(text); };
  return {
      {"labels fewer than the owner's: a wildcard's expansion (F1)", "example.",
       model::nsec_set(zone, b, of("d.example."), types, 64, 1)},
      {"labels more than the owner's", "example.", model::nsec_set(zone, b, of("d.example."), types, 64, 3)},
      {"next name outside the zone (F2)", "example.", nsec("example.", "b.example.", "d.other.")},
      {"next name above the apex", "sub.example.", nsec("sub.example.", "b.sub.example.", "example.")},
      {"owner outside the zone", "example.", nsec("example.", "b.aaa.", "d.example.")},
      {"another zone's signer (cross-zone)", "example.", nsec("sub.example.", "b.sub.example.", "d.sub.example.")},
      {"the parent's NSEC as the child's", "sub.example.", nsec("example.", "sub.example.", "x.sub.example.")},
      {"backwards, and not to the apex", "example.", nsec("example.", "d.example.", "b.example.")},
      {"to itself", "example.", nsec("example.", "b.example.", "b.example.")},
      {"no signature", "example.", samples::rrset("b.example. 60 IN NSEC d.example. A RRSIG NSEC")},
      {"no proof at all", "example.", model::SignedZone(zone).data(b, Type::A)},
      {"NSEC3 of a child under the parent (F4)", "example.",
       nsec3("sub.example.", hash_number(1, 0), hash_number(2, 0))},
      {"NSEC3 of the parent under the child", "sub.example.", nsec3("example.", hash_number(1, 0), hash_number(2, 0))},
      {"NSEC3 that stands deeper than below the apex (F4)", "example.",
       model::signed_set(zone, model::hashed_owner(hash_number(1, 0), of("sub.example.")), Type::NSEC3, 60,
                         sound_nsec3())},
      {"NSEC3 whose owner is no hash (F4)", "example.", model::signed_set(zone, b, Type::NSEC3, 60, sound_nsec3())},
      {"NSEC3 of an unknown hash", "example.", nsec3_with(0, 2)},
      {"NSEC3 with unknown flags", "example.", nsec3_with(1, 2)},
      {"NSEC3 with a salt beyond its end", "example.", nsec3_with(4, 200)},
      {"NSEC3 with a short next hash", "example.", nsec3_with(5, 19)},
      {"opt-out", "example.", nsec3("example.", hash_number(1, 0), hash_number(2, 0), true)},
      {"black lie (RFC 9824)", "example.", nsec("example.", "b.example.", "\\000.b.example.")},
      {"black lie without the name", "example.", nsec("example.", "b.example.", "\\000.b.example.", {Type::NXNAME})},
      {"white lie (RFC 4470)", "example.", nsec("example.", "ba~.example.", "bb-.example.", {})},
      {"white lie by hash (RFC 7129)", "example.", nsec3("example.", hash_number(1, 5), hash_number(1, 7))},
      {"white lie across the last hash", "example.",
       [] {
         Nsec3Hash last;
         last.fill(0xff);
         return nsec3("example.", last, hash_number(0, 1));
       }()},
  };
}

TEST(DenialCache, WhatIsNotTheZonesOrNotWorthItsPlaceIsRefused) {
  for (const Refused& one : refused()) {
    Denials denials;
    const std::uint64_t before = denials.cache.octets();
    denials.cache.put(Name::of(one.zone), one.proof, 3600, kNow);
    EXPECT_EQ(denials.cache.entries(), 0U) << one.what;
    EXPECT_EQ(denials.cache.octets(), before) << one.what;
  }
}

TEST(Nsec3Range, CoversWhatLiesBetweenAlsoAcrossTheLastHash) {
  const auto covers = [](Octet owner, Octet next, Octet hash) {
    const Nsec3Range range{
        .owner = hash_number(owner, 0), .next = hash_number(next, 0), .flags = 0, .iterations = 0, .salt = {}};
    return range.covers(hash_number(hash, 0));
  };
  EXPECT_TRUE(covers(10, 20, 15));
  for (const Octet outside : std::vector<Octet>{5, 10, 20, 25}) {
    EXPECT_FALSE(covers(10, 20, outside)) << int{outside};
  }
  for (const Octet inside : std::vector<Octet>{5, 25}) { EXPECT_TRUE(covers(20, 10, inside)) << int{inside}; }
  for (const Octet outside : std::vector<Octet>{10, 15, 20}) { EXPECT_FALSE(covers(20, 10, outside)) << int{outside}; }
  EXPECT_TRUE(covers(10, 10, 11));  // the only one of its zone
  EXPECT_FALSE(covers(10, 10, 10));
}

TEST(DenialCache, WhatLooksOddAndIsSoundIsKept) {
  const Name alone = Name::of("alone.");
  const RRsetPtr hashed = nsec3_with(0, 1);  // what the table above spoils, unspoilt
  Denials sound_one;
  sound_one.cache.put(Name::of("example."), hashed, 3600, kNow);
  EXPECT_EQ(sound_one.cache.entries(), 1U);
  const RRsetPtr sound[] = {
      nsec("alone.", "alone.", "alone.", {Type::SOA, Type::NS}),                                 // a zone of one name
      nsec("alone.", "*.alone.", "alone."),                                                      // a wildcard's own
      model::nsec3_set(alone, hash_number(7, 7), hash_number(7, 7), {Type::SOA}, plain_form()),  // the full circle
  };
  for (const RRsetPtr& proof : sound) {
    Denials denials;
    denials.cache.put(alone, proof, 3600, kNow);
    EXPECT_EQ(denials.cache.entries(), 1U) << proof->owner().text();
  }
}

TEST(DenialCache, NothingIsPutForNoTime) {
  Denials denials;
  denials.learn("example.", example(), 0);
  EXPECT_EQ(denials.cache.entries(), 0U);
}

TEST(DenialCache, TooLargeASetIsRefused) {
  Denials denials;
  const model::Types types = {Type::A, Type::RRSIG, Type::NSEC};
  const auto sized = [&](std::size_t signature) {
    return model::nsec_set(Name::of("example."), Name::of("b.example."), Name::of("d.example."), types, signature);
  };
  denials.cache.put(Name::of("example."), sized(DenialCache::kMaxSetOctets), 60, kNow);
  EXPECT_EQ(denials.cache.entries(), 0U);
  denials.cache.put(Name::of("example."), sized(2048), 60, kNow);
  EXPECT_EQ(denials.cache.entries(), 1U);
}

// "<prefix><number>.<zone>" up to the next number.
RRsetPtr numbered_nsec(NameView zone, std::uint32_t number, std::size_t signature = 64) {
  const auto name = [zone](std::uint32_t of) {
    std::string label = std::to_string(of);
    Name made(zone);
    made.prepend_label(bytes_of(std::string(8 - label.size(), '0') + label));
    return made;
  };
  return model::nsec_set(zone, name(number), name(number + 1), {Type::A, Type::RRSIG, Type::NSEC}, signature);
}

TEST(DenialCache, OctetsNeverPassTheCapacity) {
  constexpr std::size_t kCapacity = 200 << 10;
  Denials denials(kCapacity);
  const std::uint64_t empty = denials.cache.octets();
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    const Name zone = samples::numbered("zone", i * 7919 % 331);
    denials.cache.put(zone,
                      i % 5 == 0 ? model::nsec3_set(zone, hash_number(u8(i % 200), u8(i % 7)), hash_number(255, 0),
                                                    {Type::A}, plain_form())
                                 : numbered_nsec(zone, i % 97),
                      1 + i % 50, kNow + i / 100);
    denials.cache.put_soa(zone, model::SignedZone(zone).soa(), 60, kNow + i / 100);
    if (i % 3 == 0) {
      Name asked = zone;
      asked.prepend_label(bytes_of("0000005x"));
      (void)denials.cache.gather(asked, Type::A, kNow + i / 100, denials.hasher);
      denials.hasher.allowed = 100;
    }
    ASSERT_LE(denials.cache.octets(), kCapacity) << i;
  }
  EXPECT_GT(denials.cache.octets(), kCapacity * 9 / 10);
  denials.cache.clear();
  EXPECT_EQ(denials.cache.entries(), 0U);
  EXPECT_EQ(denials.cache.octets(), empty);  // nothing was miscounted on the way
}

TEST(DenialCache, OctetsOfWhatLeavesAreGivenBack) {
  const RRsetPtr stays = nsec("example.", "m.example.", "z.example.");
  Denials alone;
  alone.cache.put(Name::of("example."), stays, 3600, kNow);
  const std::uint64_t octets = alone.cache.octets();

  Denials expired;
  expired.cache.put(Name::of("example."), stays, 3600, kNow);
  expired.cache.put(Name::of("example."), example()[1], 10, kNow);
  EXPECT_GT(expired.cache.octets(), octets);
  expired.cache.put_soa(Name::of("example."), soa("example."), 20, kNow);
  expired.now = kNow + 10;
  EXPECT_FALSE(expired.gather("c.example."));  // meets the proof
  expired.now = kNow + 20;
  EXPECT_FALSE(expired.gather("c.example."));  // meets the SOA
  EXPECT_EQ(expired.cache.octets(), octets);

  Denials replaced;
  replaced.cache.put(Name::of("example."), nsec("example.", "m.example.", "a-much-longer-name.z.example."), 3600, kNow);
  replaced.cache.put(Name::of("example."), stays, 3600, kNow);
  EXPECT_EQ(replaced.cache.octets(), octets);

  Denials removed;
  removed.cache.put(Name::of("example."), stays, 3600, kNow);
  removed.cache.put(Name::of("example."), example()[1], 3600, kNow);
  removed.cache.remove_below(Name::of("b.example."));
  EXPECT_EQ(removed.cache.octets(), octets);
}

TEST(DenialCache, OneZoneTakesNoMoreThanItsShare) {
  constexpr std::size_t kCapacity = 400 << 10;
  Denials denials(kCapacity);
  const std::uint64_t before = denials.cache.octets();
  const Name greedy = Name::of("greedy.");
  for (std::uint32_t i = 0; i < 5000; ++i) { denials.cache.put(greedy, numbered_nsec(greedy, i), 3600, kNow); }
  EXPECT_LE(denials.cache.octets() - before, kCapacity / DenialShard::kZoneShare);
  EXPECT_GT(denials.cache.octets() - before, kCapacity / DenialShard::kZoneShare / 2);
}

TEST(DenialCache, GreedyZonesDoNotDriveOutOneInUse) {
  Denials denials(400 << 10);
  denials.learn("example.", example());
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    const Name greedy = samples::numbered("greedy", i % 50);
    denials.cache.put(greedy, numbered_nsec(greedy, i), 3600, kNow);
    if (i % 100 == 0) { ASSERT_EQ(denials.owners("c.example."), "b.example. example.") << i; }
  }
}

TEST(DenialCache, WithinAZoneTheGapsInUseStay) {
  Denials denials(400 << 10);
  const Name zone = Name::of("big.");
  denials.cache.put(zone, numbered_nsec(zone, 0), 3600, kNow);
  denials.cache.put_soa(zone, model::SignedZone(zone).soa(), 3600, kNow);
  for (std::uint32_t i = 1; i < 5000; ++i) {
    denials.cache.put(zone, numbered_nsec(zone, i), 3600, kNow);
    if (i % 20 == 0) { ASSERT_EQ(denials.owners("00000000a.big."), "00000000.big.") << i; }
  }
  EXPECT_LT(denials.cache.entries(), 1000U);
}

TEST(DenialCache, RemovingANameForgetsEveryWordAboutIt) {
  const auto filled = [](Denials& denials) {
    denials.learn("example.",
                  {nsec("example.", "a.example.", "sub.example."), nsec("example.", "sub.example.", "m.sub.example."),
                   nsec("example.", "m.sub.example.", "z.example."), nsec("example.", "z.example.", "example.")});
    denials.learn("deep.sub.example.", {nsec("deep.sub.example.", "a.deep.sub.example.", "z.deep.sub.example.")});
    model::SignedZone hashed(Name::of("hashed."));
    denials.learn("hashed.", hashed.nsec3_chain({}));
  };
  Denials denials;
  filled(denials);
  denials.cache.remove_below(Name::of("sub.example."));
  EXPECT_EQ(denials.owners("b.example."), "a.example.");
  EXPECT_EQ(denials.owners("zz.example."), "z.example.");
  EXPECT_EQ(denials.owners("sub.example."), "");
  EXPECT_EQ(denials.owners("n.sub.example."), "");
  EXPECT_EQ(denials.owners("b.deep.sub.example."), "");
  EXPECT_NE(denials.owners("no.hashed."), "");

  denials.cache.remove_below(Name::of("a.a.example."));  // in the gap behind a
  EXPECT_EQ(denials.owners("b.example."), "");
  filled(denials);
  denials.cache.remove_below(Name::of("0.example."));  // before all that is known
  EXPECT_EQ(denials.owners("b.example."), "a.example.");
  denials.cache.remove_below(Name::of("x.hashed."));  // by hash nobody can tell which gap it is
  EXPECT_EQ(denials.owners("no.hashed."), "");
  denials.cache.remove_below(Name::of("bb.example."));  // in the gap behind a
  EXPECT_EQ(denials.owners("b.example."), "");
  denials.cache.remove_below(Name::of("."));
  EXPECT_EQ(denials.cache.entries(), 0U);
}

// As long as nothing is driven out, everything put is found; and a zone of the root's size fits into its share.
TEST(DenialCache, EveryGapOfALargeZoneIsFound) {
  constexpr std::uint32_t kGaps = 1450;       // as many as the root has
  constexpr std::size_t kRsaSignature = 256;  // and as large
  Denials denials;
  const Name zone = Name::of("big.");
  for (std::uint32_t i = 0; i < kGaps; ++i) {
    denials.cache.put(zone, numbered_nsec(zone, i * 787 % kGaps, kRsaSignature), 3600, kNow);
  }
  denials.cache.put_soa(zone, model::SignedZone(zone).soa(), 3600, kNow);
  ASSERT_EQ(denials.cache.entries(), kGaps);
  for (std::uint32_t i = 0; i < kGaps; ++i) {
    const std::string number = std::to_string(i);
    const std::string owner = std::string(8 - number.size(), '0') + number;
    ASSERT_EQ(denials.owners(owner + "x.big."), owner + ".big.");
  }
}

// Meant for the thread sanitizer as much as for its expectations.
TEST(DenialCache, ManyThreadsMayDoEverythingAtOnce) {
  constexpr std::uint32_t kThreads = 4;
  constexpr std::uint32_t kRounds = 3000;
  DenialCache cache(256 << 10);
  std::atomic<std::uint64_t> found = 0;
  std::atomic<std::uint64_t> wrong = 0;
  const auto work = [&](std::uint32_t thread) {
    Hashing hasher;
    for (std::uint32_t i = 0; i < kRounds; ++i) {
      const Name zone = samples::numbered("zone", (i * 7 + thread * 13) % 40);
      const TtlTime now = kNow + i / 50;
      model::Nsec3Form form;
      form.iterations = i % 500 == 0 ? 1 : 0;
      if (i % 4 == 0) {
        cache.put(zone, model::nsec3_set(zone, hash_number(u8(i % 256), 1), hash_number(255, 2), {Type::A}, form), 30,
                  now);
      }
      cache.put(zone, numbered_nsec(zone, i % 60), 30, now);
      cache.put_soa(zone, model::SignedZone(zone).soa(), 30, now);
      Name asked = zone;
      asked.prepend_label(bytes_of(i % 2 == 0 ? "00000007x" : "nowhere"));
      hasher.allowed = 20;
      if (const auto gathered = cache.gather(asked, Type::A, now, hasher)) {
        ++found;
        const bool whole = gathered->soa && gathered->zone == zone &&
                           gathered->proofs.size() <= DenialCache::kMaxProofs && gathered->ttl >= 1 &&
                           gathered->ttl <= 30;
        wrong += whole ? 0 : 1;
      }
      if (i % 300 == thread) { cache.remove_below(zone); }
      if (i % 1500 == thread) { cache.clear(); }
      wrong += cache.octets() > 256 << 10 ? 1 : 0;
    }
  };
  std::vector<std::thread> threads;
  for (std::uint32_t thread = 0; thread < kThreads; ++thread) { threads.emplace_back(work, thread); }
  for (std::thread& thread : threads) { thread.join(); }
  EXPECT_GT(found, 0U);
  EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace vouch
