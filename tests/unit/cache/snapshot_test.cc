#include "resolver/cache/snapshot.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>

#include "resolver/cache/snapshot_codec.h"
#include "tests/unit/cache/cache_samples.h"
#include "tests/unit/cache/living.h"

namespace vouch {
namespace {

using samples::address_of;
using samples::numbered;
using samples::rrset;
using samples::soa;

constexpr UnixTime kWall = 1'800'000'000;  // 2027-01-15
constexpr TtlTime kUptime = 5000;

class HandClock final : public Clock {
 public:
  Instant monotonic() const override { return Instant{} + std::chrono::seconds(uptime); }
  UnixTime wall() const override { return wall_time; }
  TtlTime ttl() const override { return uptime; }
  void pass(std::int64_t seconds) {
    wall_time += seconds;
    uptime += seconds;
  }
  UnixTime wall_time = kWall;
  TtlTime uptime = kUptime;
};

class Memory final : public SnapshotSink, public SnapshotSource {
 public:
  bool take(Bytes octets) override {
    all.insert(all.end(), octets.begin(), octets.end());
    return ++blocks <= most_blocks;
  }
  bool rest() override { return ++rests <= most_rests; }
  std::size_t read(MutableBytes to) override {
    const std::size_t count = std::min(to.size(), all.size() - at);
    std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(at), count, to.begin());
    at += count;
    return count;
  }
  Buffer all;
  std::size_t at = 0;
  std::size_t blocks = 0, most_blocks = SIZE_MAX, rests = 0, most_rests = SIZE_MAX;
};

// A record with an RRSIG over it that nobody can verify: here only its times matter.
RRsetPtr signed_set(std::string_view line, UnixTime inception, UnixTime expiration) {
  const auto record = parse_record(line);
  const std::string text =
      "www.example. 300 IN RRSIG " + type_text(record->type) + " 13 2 300 " + std::to_string(expiration) + " " +
      std::to_string(inception) +
      " 4711 example. AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";
  const auto signature = parse_record(text);
  const Bytes rdata[] = {record->rdata};
  const Bytes signatures[] = {signature->rdata};
  return RRset::make(record->owner, record->type, record->ttl, rdata, signatures);
}
RRsetPtr signed_set(std::string_view line) { return signed_set(line, kWall - 86400, kWall + 86400); }

class Snapshot : public testing::Test {
 protected:
  Snapshot() {
    grounds.sources.fill(1);
    grounds.verdicts.fill(2);
  }

  std::optional<SnapshotWritten> write(std::uint64_t max_octets = 1 << 20, std::uint32_t max_stale = 0) {
    file = Memory();
    const SnapshotWriting writing{
        .header = {.taken = {.wall = clock.wall_time, .uptime = clock.uptime}, .grounds = grounds},
        .now = clock.uptime,
        .instant = clock.monotonic(),
        .max_octets = max_octets,
        .max_stale = max_stale};
    return write_snapshot(before, writing, file);
  }

  // Into `after`, `elapsed` seconds later.
  SnapshotFault read(std::int64_t elapsed = 0, std::uint32_t max_stale = 0) {
    file.at = 0;
    SnapshotReader reader(file, after, clock);
    const auto header = reader.open();
    if (!header) { return header.error(); }
    reader.begin({.grounds = today, .max_stale = max_stale, .signature_skew = 300, .as_of = after.generations()},
                 elapsed, clock.uptime);
    SnapshotReader::Step step = SnapshotReader::Step::more;
    while (step == SnapshotReader::Step::more) { step = reader.next(); }
    restored = reader.restored();
    EXPECT_EQ(step == SnapshotReader::Step::done, reader.fault() == SnapshotFault::none);
    return reader.fault();
  }
  SnapshotFault restart(std::int64_t elapsed = 0, std::uint32_t max_stale = 0) {
    today = grounds;
    EXPECT_TRUE(write(1 << 20, max_stale));
    clock.pass(elapsed);
    return read(elapsed, max_stale);
  }

  bool put(const RRsetPtr& set, Security security = Security::unchecked, Flaw flaw = {}, ProofsPtr proofs = nullptr) {
    return before.rrsets.put(set, Credibility::answer_authoritative, security, clock.uptime, std::move(proofs), flaw);
  }
  std::optional<CacheEntry> find(std::string_view name, Type type) {
    return after.rrsets.find(Name::of(name), type, clock.uptime);
  }

  CacheOptions options{.size = 4 << 20};
  Caches before{options}, after{options};
  HandClock clock;
  SnapshotGrounds grounds, today;
  Memory file;
  SnapshotRestored restored;
};

TEST_F(Snapshot, WhatWasKnownIsKnownAgain) {
  const RRsetPtr data = rrset({"WWW.example. 300 IN A 192.0.2.1", "WWW.example. 300 IN A 192.0.2.2"});
  ASSERT_TRUE(put(data));
  ASSERT_TRUE(put(rrset("alias.example. 300 IN CNAME www.example."), Security::insecure, Flaw(Reason::no_anchor, 1)));

  ASSERT_EQ(restart(), SnapshotFault::none);

  EXPECT_EQ(restored.rrsets, 2U);
  EXPECT_EQ(restored.refused + restored.ended + restored.unjudged, 0U);
  const auto entry = find("www.example.", Type::A);
  ASSERT_TRUE(entry);
  EXPECT_TRUE(entry->rrset->same_data(*data));
  EXPECT_TRUE(entry->rrset->owner().is_same_with_case(data->owner()));
  EXPECT_EQ(entry->rrset->ttl(), 300U);
  EXPECT_EQ(entry->lifetime, 300U);
  EXPECT_EQ(entry->credibility, Credibility::answer_authoritative);
  const auto alias = find("alias.example.", Type::CNAME);
  ASSERT_TRUE(alias);
  EXPECT_EQ(alias->security, Security::insecure);
  EXPECT_EQ(alias->flaw.reason, Reason::no_anchor);
  EXPECT_EQ(alias->flaw.zone_labels, 1);
}

TEST_F(Snapshot, DenialsComeBackWithTheirProofs) {
  const RRsetPtr nsec = signed_set("example. 300 IN NSEC www.example. A NS SOA RRSIG NSEC");
  const auto deny = [&](std::string_view name, Type type, EntryKind kind, ProofsPtr proofs) {
    return before.rrsets.put_negative(Name::of(name), type, kind, soa("example.", 600, 300),
                                      Credibility::answer_authoritative, Security::insecure, clock.uptime,
                                      std::move(proofs));
  };
  ASSERT_TRUE(deny("gone.example.", Type::none, EntryKind::name_error, ProofList::make({nsec})));
  ASSERT_TRUE(deny("www.example.", Type::AAAA, EntryKind::no_data, nullptr));

  ASSERT_EQ(restart(100), SnapshotFault::none);

  const auto gone = find("gone.example.", Type::MX);
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->kind, EntryKind::name_error);
  EXPECT_EQ(gone->ttl, 200U);
  ASSERT_TRUE(gone->proofs);
  ASSERT_EQ(gone->proofs->rrsets().size(), 1U);
  EXPECT_TRUE(gone->proofs->rrsets().front()->same_data(*nsec));
  EXPECT_EQ(gone->proofs->rrsets().front()->signature_count(), 1);
  const auto no_data = find("www.example.", Type::AAAA);
  ASSERT_TRUE(no_data);
  EXPECT_EQ(no_data->kind, EntryKind::no_data);
}

TEST_F(Snapshot, CutsServersAndProvenGapsComeBack) {
  const DelegationPtr cut =
      Delegation::make(Name::of("example."),
                       {{Name::of("ns1.example."), {*IpAddress::parse("192.0.2.1"), *IpAddress::parse("2001:db8::1")}},
                        {Name::of("ns.elsewhere.test."), {}}},
                       3600);
  before.delegations.put(cut, clock.uptime);
  const IpAddress server = *IpAddress::parse("192.0.2.1");
  before.servers.on_reply(server, std::chrono::milliseconds(20), clock.monotonic());
  before.servers.on_edns_broken(server, clock.monotonic());
  const RRsetPtr nsec = signed_set("a.example. 300 IN NSEC k.example. A RRSIG NSEC");
  const RRsetPtr with_soa = signed_set("example. 300 IN SOA ns. h. 1 2 3 4 300");
  before.denials.put(Name::of("example."), nsec, 300, clock.uptime);
  before.denials.put_soa(Name::of("example."), with_soa, 300, clock.uptime);
  ASSERT_EQ(before.denials.entries(), 1U);

  ASSERT_EQ(restart(60), SnapshotFault::none);

  const DelegationPtr again = after.delegations.find(Name::of("example."), clock.uptime);
  ASSERT_TRUE(again);
  ASSERT_EQ(again->servers().size(), 2U);
  EXPECT_EQ(again->servers()[0].addresses, cut->servers()[0].addresses);
  EXPECT_FALSE(after.delegations.find(Name::of("example."), clock.uptime + 3541)) << "an hour from when it was learnt";
  const ServerState state = after.servers.find(server, clock.monotonic());
  EXPECT_EQ(state.smoothed_rtt, std::chrono::milliseconds(20));
  EXPECT_TRUE(state.edns_broken);
  EXPECT_FALSE(after.servers.find(server, clock.monotonic() + std::chrono::seconds(241)).edns_broken)
      << "five minutes from when it was found out";
  struct NoHasher final : DenialCache::Hasher {
    std::optional<std::array<Octet, 20>> hash(NameView, Bytes, std::uint16_t) override { return std::nullopt; }
  } hasher;
  const auto gap = after.denials.gather(Name::of("c.example."), Type::A, clock.uptime, hasher);
  ASSERT_TRUE(gap);
  EXPECT_LE(gap->ttl, 240U);
}

TEST_F(Snapshot, NothingComesBackYoungerThanItIs) {
  ASSERT_TRUE(put(rrset("www.example. 300 IN A 192.0.2.1")));
  ASSERT_TRUE(put(rrset("short.example. 60 IN A 192.0.2.1")));
  clock.pass(40);

  ASSERT_EQ(restart(100), SnapshotFault::none);

  EXPECT_EQ(find("www.example.", Type::A)->ttl, 160U);
  EXPECT_FALSE(find("short.example.", Type::A));
  EXPECT_EQ(restored.ended, 1U);
  EXPECT_EQ(after.rrsets.stats().entries, 1U);
}

TEST_F(Snapshot, WhatHasEndedComesBackWhereStaleDataIsServedAndCountsItsAge) {
  ASSERT_TRUE(put(rrset("www.example. 60 IN A 192.0.2.1"), Security::insecure));
  ASSERT_TRUE(put(rrset("old.example. 60 IN A 192.0.2.1"), Security::insecure));
  clock.pass(90);  // it ended half a minute before the snapshot

  ASSERT_EQ(restart(1000, 3600), SnapshotFault::none);

  EXPECT_FALSE(find("www.example.", Type::A));
  const auto stale = after.rrsets.find_stale(Name::of("www.example."), Type::A, clock.uptime, 3600);
  ASSERT_TRUE(stale);
  EXPECT_EQ(stale->stale_for, 1030U);
  EXPECT_FALSE(after.rrsets.find_stale(Name::of("www.example."), Type::A, clock.uptime + 2571, 3600));

  ASSERT_EQ(read(3600, 3600), SnapshotFault::none);
  EXPECT_EQ(restored.ended, 2U) << "beyond what may be served";
}

TEST_F(Snapshot, OnOtherGroundsNothingIsTakenForJudged) {
  ASSERT_TRUE(put(signed_set("www.example. 300 IN A 192.0.2.1"), Security::secure));
  ASSERT_TRUE(put(rrset("plain.example. 300 IN A 192.0.2.1"), Security::insecure, Flaw(Reason::negative_anchor, 1)));
  before.denials.put(Name::of("example."), signed_set("a.example. 300 IN NSEC k.example. A RRSIG NSEC"), 300,
                     clock.uptime);
  ASSERT_TRUE(write());
  today = grounds;
  today.verdicts.fill(3);

  ASSERT_EQ(read(), SnapshotFault::none);

  EXPECT_EQ(find("www.example.", Type::A)->security, Security::unchecked);
  EXPECT_EQ(find("www.example.", Type::A)->rrset->signature_count(), 1) << "by which it can be judged";
  EXPECT_EQ(find("plain.example.", Type::A)->security, Security::unchecked);
  EXPECT_EQ(find("plain.example.", Type::A)->flaw.reason, Reason::none);
  EXPECT_EQ(restored.unjudged, 2U);
  EXPECT_EQ(after.denials.entries(), 0U);
}

TEST_F(Snapshot, OnTheSameGroundsVerdictsStand) {
  ASSERT_TRUE(put(signed_set("www.example. 300 IN A 192.0.2.1"), Security::secure));
  ASSERT_EQ(restart(10), SnapshotFault::none);
  EXPECT_EQ(find("www.example.", Type::A)->security, Security::secure);
  EXPECT_EQ(restored.unjudged, 0U);
}

TEST_F(Snapshot, NothingOutlivesItsSignature) {
  ASSERT_TRUE(put(signed_set("www.example. 3000 IN A 192.0.2.1", kWall - 86400, kWall + 120), Security::secure));
  ASSERT_TRUE(put(signed_set("ended.example. 3000 IN A 192.0.2.1", kWall - 86400, kWall + 100), Security::secure));
  ASSERT_TRUE(put(signed_set("future.example. 3000 IN A 192.0.2.1", kWall + 86400, kWall + 864000), Security::secure));
  // As stale data neither.
  ASSERT_EQ(restart(100, 86400), SnapshotFault::none);

  EXPECT_EQ(find("www.example.", Type::A)->ttl, 20U);
  EXPECT_EQ(after.rrsets.stats().entries, 1U);
  EXPECT_EQ(restored.ended, 2U);
}

TEST_F(Snapshot, NothingBogusIsWritten) {
  ASSERT_TRUE(put(rrset("bogus.example. 300 IN A 192.0.2.1"), Security::bogus, Flaw(Reason::rrsig_invalid, 1)));
  ASSERT_TRUE(put(rrset("odd.example. 300 IN A 192.0.2.1"), Security::indeterminate, Flaw(Reason::work_limit, 1)));
  const auto written = write();
  ASSERT_TRUE(written);
  EXPECT_EQ(written->sum(), 0U);
}

TEST_F(Snapshot, WhatIsThereAlreadyIsFresher) {
  ASSERT_TRUE(put(rrset("www.example. 3000 IN A 192.0.2.1"), Security::insecure));
  ASSERT_TRUE(put(rrset("gone.example. 3000 IN A 192.0.2.1"), Security::insecure));
  ASSERT_TRUE(put(rrset("alias.example. 3000 IN A 192.0.2.1"), Security::insecure));
  ASSERT_TRUE(before.rrsets.put_negative(Name::of("new.example."), Type::none, EntryKind::name_error,
                                         soa("example.", 600, 300), Credibility::answer_authoritative,
                                         Security::insecure, clock.uptime));
  const auto fresh = [&](std::string_view line) {
    return after.rrsets.put(rrset(line), Credibility::answer_not_authoritative, Security::unchecked, clock.uptime);
  };
  ASSERT_TRUE(fresh("www.example. 5 IN A 192.0.2.99"));
  ASSERT_TRUE(after.rrsets.put_negative(Name::of("gone.example."), Type::none, EntryKind::name_error,
                                        soa("example.", 600, 300), Credibility::answer_authoritative,
                                        Security::unchecked, clock.uptime));
  ASSERT_TRUE(fresh("alias.example. 5 IN CNAME www.example."));
  ASSERT_TRUE(fresh("new.example. 5 IN AAAA 2001:db8::1"));

  ASSERT_EQ(restart(), SnapshotFault::none);

  EXPECT_EQ(restored.refused, 4U);
  EXPECT_EQ(rrset_text(*find("www.example.", Type::A)->rrset), "www.example. 5 IN A 192.0.2.99\n");
  EXPECT_EQ(find("gone.example.", Type::A)->kind, EntryKind::name_error);
  EXPECT_FALSE(find("alias.example.", Type::A));
  EXPECT_FALSE(find("new.example.", Type::A)) << "a name that is there now was not there yesterday";
}

TEST_F(Snapshot, FullCachesTakeNothingFromIt) {
  for (std::uint32_t i = 0; i < 2000; ++i) { put(address_of(numbered("n", i), i)); }
  ASSERT_TRUE(write());
  Caches small{CacheOptions{.size = 1 << 20}};
  for (std::uint32_t i = 0; i < 100000; ++i) {
    small.rrsets.put(address_of(numbered("fresh", i), i), Credibility::answer_authoritative, Security::unchecked,
                     clock.uptime);
  }
  const std::uint64_t evicted = small.rrsets.stats().evictions;
  file.at = 0;
  SnapshotReader reader(file, small, clock);
  ASSERT_TRUE(reader.open());
  reader.begin({.grounds = grounds}, 0, clock.uptime);
  while (reader.next() == SnapshotReader::Step::more) {}
  EXPECT_EQ(small.rrsets.stats().evictions, evicted);
}

TEST_F(Snapshot, WhatIsAskedForAgainIsKeptWhenTheSizeIsBounded) {
  for (std::uint32_t i = 0; i < 2000; ++i) { ASSERT_TRUE(put(address_of(numbered("n", i), i))); }
  for (std::uint32_t i = 1500; i < 1510; ++i) {
    ASSERT_TRUE(before.rrsets.find(numbered("n", i), Type::A, clock.uptime));
  }
  const auto written = write(4096);
  ASSERT_TRUE(written);
  EXPECT_TRUE(written->is_cut);
  EXPECT_LE(file.all.size(), 4096U);
  EXPECT_EQ(written->octets, file.all.size());
  EXPECT_GT(written->rrsets, 10U);
  today = grounds;
  ASSERT_EQ(read(), SnapshotFault::none) << "cut, and yet whole";
  for (std::uint32_t i = 1500; i < 1510; ++i) {
    EXPECT_TRUE(after.rrsets.find(numbered("n", i), Type::A, clock.uptime));
  }
}

TEST_F(Snapshot, ASinkThatWantsNoMoreEndsTheWriting) {
  for (std::uint32_t i = 0; i < 2000; ++i) { put(address_of(numbered("n", i), i)); }
  file.most_blocks = 1;
  const SnapshotWriting writing{.now = clock.uptime, .max_octets = 1 << 20};
  EXPECT_FALSE(write_snapshot(before, writing, file));
  EXPECT_LE(file.blocks, 2U);
}

// What is bogus is not written: a long walk that yields nothing.
TEST_F(Snapshot, AWalkThatYieldsNothingRestsAndCanBeEnded) {
  constexpr std::uint32_t kNames = 5000;
  for (std::uint32_t i = 0; i < kNames; ++i) { ASSERT_TRUE(put(address_of(numbered("n", i), i), Security::bogus)); }
  const SnapshotWriting writing{.now = clock.uptime, .instant = clock.monotonic(), .max_octets = 1 << 20};
  const auto written = write_snapshot(before, writing, file);
  ASSERT_TRUE(written);
  EXPECT_EQ(written->sum(), 0U);
  EXPECT_GE(file.rests, 2 * kNames / kSnapshotStep) << "once in each step of both passes";

  file = Memory();
  file.most_rests = 10;
  EXPECT_FALSE(write_snapshot(before, writing, file));
  EXPECT_EQ(file.rests, 11U);
}

TEST_F(Snapshot, WhatIsForgottenMeanwhileDoesNotComeBack) {
  for (std::uint32_t i = 0; i < 3000; ++i) { ASSERT_TRUE(put(address_of(numbered("n", i), i))); }
  const auto cut = [this](Caches& caches) {
    caches.delegations.put(Delegation::make(Name::of("example."), {{Name::of("ns.example."), {}}}, 3600), clock.uptime);
  };
  cut(before);
  ASSERT_TRUE(write());
  const std::function<void()> forgets[] = {[&] { after.rrsets.clear(); },
                                           [&] { after.rrsets.remove(Name::of("other.example."), Type::A); },
                                           [&] { after.rrsets.remove_name(Name::of("other.example.")); },
                                           [&] { after.rrsets.remove_below(Name::of("example.")); },
                                           [&] { after.delegations.remove(Name::of("example.")); },
                                           [&] { after.delegations.remove_below(Name::of("example.")); },
                                           [&] { after.delegations.clear(); },
                                           [&] { after.denials.remove_below(Name::of("example.")); },
                                           [&] { after.denials.clear(); },
                                           [&] { after.servers.remove(*IpAddress::parse("192.0.2.1"), Name()); },
                                           [&] { after.servers.clear(); }};
  for (const auto& forget : forgets) {
    after.rrsets.clear();
    after.delegations.clear();
    file.at = 0;
    SnapshotReader reader(file, after, clock);
    ASSERT_TRUE(reader.open());
    reader.begin({.grounds = grounds, .as_of = after.generations()}, 0, clock.uptime);
    ASSERT_EQ(reader.next(), SnapshotReader::Step::more);
    ASSERT_EQ(reader.next(), SnapshotReader::Step::more);
    forget();
    const std::uint64_t left = after.rrsets.stats().entries;
    EXPECT_EQ(reader.next(), SnapshotReader::Step::outdated);
    EXPECT_EQ(reader.next(), SnapshotReader::Step::outdated) << "for good";
    EXPECT_EQ(reader.fault(), SnapshotFault::none);
    EXPECT_EQ(after.rrsets.stats().entries, left);
  }
}

// A flush may fall between the reader's look and its putting an entry in: it is the shard's lock that tells.
TEST_F(Snapshot, NothingIsRestoredAsOfBeforeAForgetting) {
  const auto then = after.generations();
  after.rrsets.remove_name(Name::of("www.example."));
  after.delegations.remove(Name::of("example."));
  after.denials.remove_below(Name::of("example."));
  after.servers.clear();
  const RRsetPtr data = rrset("www.example. 300 IN A 192.0.2.1");
  KeptEntry entry{.name = {}, .type = Type::A, .entry = {}, .expires = clock.uptime + 300};
  entry.entry.lifetime = 300;
  entry.entry.rrset = data;
  const KeptDelegation cut{.delegation = Delegation::make(Name::of("example."), {{Name::of("ns.example."), {}}}, 3600),
                           .expires = clock.uptime + 300};
  const KeptProof proof{.rrset = signed_set("a.example. 300 IN NSEC k.example. A RRSIG NSEC"),
                        .expires = clock.uptime + 300};
  const KeptServer server{.address = *IpAddress::parse("192.0.2.1"), .smoothed_rtt = std::chrono::milliseconds(1)};
  const auto restore = [&](const Caches::Generations& as_of) {
    return std::array{after.rrsets.restore(entry, clock.uptime, as_of.rrsets),
                      after.delegations.restore(cut, clock.uptime, as_of.delegations),
                      after.denials.restore(Name::of("example."), proof, clock.uptime, as_of.denials),
                      after.servers.restore(server, clock.monotonic(), as_of.servers)};
  };
  EXPECT_EQ(restore(then), (std::array{false, false, false, false}));
  EXPECT_EQ(restore(after.generations()), (std::array{true, true, true, true}));
}

// ------------------------------------------------------------------------------------------- answers within
// delegations

class WithinDelegations : public Snapshot {
 protected:
  WithinDelegations() { before.keeps_answers_within_delegations = after.keeps_answers_within_delegations = true; }
  void cut_at(std::string_view zone, std::uint32_t ttl) {
    before.delegations.put(Delegation::make(Name::of(zone), {{Name::of("ns.elsewhere.test."), {}}}, ttl), clock.uptime);
  }
};

TEST_F(WithinDelegations, RestoredAnswersEndWithTheDelegationsThatLedToThem) {
  cut_at("example.", 600);
  cut_at("test.", 3000);
  ASSERT_TRUE(before.delegations.find(Name::of("test."), clock.uptime)) << "so that one cut is visited, and one is not";
  ASSERT_TRUE(put(rrset("www.example. 3000 IN A 192.0.2.1")));
  ASSERT_TRUE(put(rrset("seen.example. 3000 IN A 192.0.2.1")));
  ASSERT_TRUE(before.rrsets.find(Name::of("seen.example."), Type::A, clock.uptime));
  ASSERT_TRUE(put(rrset("www.test. 300 IN A 192.0.2.1")));
  ASSERT_TRUE(before.rrsets.put_negative(Name::of("gone.example."), Type::none, EntryKind::name_error,
                                         soa("example.", 3000, 3000), Credibility::answer_authoritative,
                                         Security::unchecked, clock.uptime));

  ASSERT_EQ(restart(100), SnapshotFault::none);

  for (const std::string_view name : {"www.example.", "seen.example.", "gone.example."}) {
    const auto entry = find(name, Type::A);
    ASSERT_TRUE(entry) << name;
    EXPECT_EQ(entry->ttl, after.delegations.seconds_left(Name::of(name), clock.uptime)) << name;
    EXPECT_EQ(entry->ttl, 500U) << name;
  }
  EXPECT_EQ(find("www.test.", Type::A)->ttl, 200U) << "not longer either";
}

TEST_F(WithinDelegations, AnswersOfUnknownDelegationsStayOut) {
  cut_at("test.", 3000);
  ASSERT_TRUE(put(rrset("www.example. 3000 IN A 192.0.2.1")));
  ASSERT_EQ(restart(), SnapshotFault::none);
  EXPECT_FALSE(find("www.example.", Type::A));
  EXPECT_EQ(restored.refused, 1U);
}

TEST_F(WithinDelegations, AnswersThatWereNotKeptSoStayOut) {
  before.keeps_answers_within_delegations = false;
  cut_at("example.", 3000);
  ASSERT_TRUE(put(rrset("www.example. 3000 IN A 192.0.2.1")));
  ASSERT_EQ(restart(), SnapshotFault::none);
  EXPECT_FALSE(find("www.example.", Type::A)) << "its own cut may have ended before";
  EXPECT_TRUE(after.delegations.find(Name::of("example."), clock.uptime));
}

// ------------------------------------------------------------------------------------------------------ damaged
// streams

class DamagedSnapshot : public Snapshot {
 protected:
  void SetUp() override {
    for (std::uint32_t i = 0; i < 30; ++i) {
      ASSERT_TRUE(put(signed_set("n" + std::to_string(i) + ".example. 300 IN A 192.0.2." + std::to_string(i)),
                      Security::secure));
    }
    before.delegations.put(Delegation::make(Name::of("example."), {{Name::of("ns.example."), {}}}, 3600), clock.uptime);
    before.servers.on_reply(*IpAddress::parse("192.0.2.1"), std::chrono::milliseconds(1), clock.monotonic());
    ASSERT_TRUE(write());
    whole = file.all;
    today = grounds;
  }
  // Everything that a damaged stream brings in was in the whole one, octet for octet.
  void expect_nothing_wrong() {
    for (const auto& [name, type, entry] : samples::living(after.rrsets, clock.uptime)) {
      const auto original = before.rrsets.find(name, type, clock.uptime);
      EXPECT_TRUE(original && original->rrset->same_data(*entry.rrset) && original->ttl == entry.ttl &&
                  original->security == entry.security)
          << name.view().text();
    }
  }
  Buffer whole;
};

TEST_F(DamagedSnapshot, CutAtAnyOctetItIsNotBelievedToBeWhole) {
  for (std::size_t length = 0; length < whole.size(); ++length) {
    file.all = Buffer(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    after.rrsets.clear();
    ASSERT_NE(read(), SnapshotFault::none) << length;
    expect_nothing_wrong();
  }
}

TEST_F(DamagedSnapshot, NoBitCanFlipUnnoticed) {
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    file.all = whole;
    file.all[bit / 8] ^= u8(std::size_t{1} << bit % 8);
    after.rrsets.clear();
    ASSERT_NE(read(), SnapshotFault::none) << bit;
    expect_nothing_wrong();
  }
}

TEST_F(DamagedSnapshot, ABlockOfAnotherSnapshotDoesNotFit) {
  ASSERT_TRUE(before.rrsets.put(rrset("other.example. 300 IN A 192.0.2.200"), Credibility::answer_authoritative,
                                Security::unchecked, clock.uptime));
  clock.pass(1);
  ASSERT_TRUE(write());
  const Buffer other = file.all;
  file.all = whole;
  std::copy(other.begin(), other.begin() + kSnapshotHeaderOctets, file.all.begin());
  EXPECT_EQ(read(), SnapshotFault::damaged);
  EXPECT_EQ(after.rrsets.stats().entries, 0U);
}

TEST_F(DamagedSnapshot, WhatIsNoneIsToldApart) {
  file.all.assign(200, 'x');
  EXPECT_EQ(read(), SnapshotFault::not_a_snapshot);
  file.all = whole;
  file.all[11] = 99;
  EXPECT_EQ(read(), SnapshotFault::other_version);
}

// --------------------------------------------------------------------------------------------------------------- time

SnapshotMoment moment(UnixTime wall, std::int64_t uptime, Octet start, bool is_clock_set) {
  SnapshotMoment made{.wall = wall, .uptime = uptime, .is_clock_set = is_clock_set};
  made.start.fill(start);
  return made;
}

TEST(SnapshotTime, WithinOneStartOfTheMachineItsUptimeTells) {
  const SnapshotMoment taken = moment(kWall, 100, 7, false);
  EXPECT_EQ(elapsed_between(taken, moment(kWall + 50, 150, 7, false)), 51);
  // The wall clock was set while the machine ran: the longer time counts.
  EXPECT_EQ(elapsed_between(taken, moment(kWall + 10, 150, 7, false)), 51);
  EXPECT_EQ(elapsed_between(taken, moment(kWall + 90000, 150, 7, false)), 90001);
}

TEST(SnapshotTime, AClockThatWentBackIsNotTrusted) {
  EXPECT_EQ(elapsed_between(moment(kWall, 100, 7, true), moment(kWall - 1, 150, 7, true)).error(),
            TimeDoubt::clock_went_back);
  EXPECT_EQ(elapsed_between(moment(kWall, 100, 7, true), moment(0, 5, 8, false)).error(), TimeDoubt::clock_went_back);
  EXPECT_EQ(elapsed_between(moment(-5, 100, 7, true), moment(kWall, 150, 7, true)).error(), TimeDoubt::clock_went_back);
}

TEST(SnapshotTime, AcrossAStartOfTheMachineItsClockHasToBeSet) {
  EXPECT_EQ(elapsed_between(moment(kWall, 100, 7, true), moment(kWall + 50, 10, 8, true)), 51);
  EXPECT_EQ(elapsed_between(moment(kWall, 100, 7, true), moment(kWall + 50, 10, 8, false)).error(),
            TimeDoubt::clock_not_set);
  EXPECT_EQ(elapsed_between(moment(kWall, 100, 7, false), moment(kWall + 50, 10, 8, true)).error(),
            TimeDoubt::never_known);
  // Nobody knows which start it was.
  EXPECT_EQ(elapsed_between(moment(kWall, 100, 0, false), moment(kWall + 50, 150, 0, false)).error(),
            TimeDoubt::never_known);
}

}  // namespace
}  // namespace vouch
