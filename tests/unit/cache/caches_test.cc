// All caches together: one figure of memory, and many threads.
#include "resolver/cache/caches.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/unit/cache/cache_samples.h"
#include "tests/unit/cache/living.h"

namespace vouch {
namespace {

constexpr TtlTime kNow = 1'700'000'000;

IpAddress address(std::uint32_t number) {
  std::array<Octet, 4> octets{};
  store32(octets.data(), 0x0a000000U + number);
  return IpAddress::v4(octets);
}

TEST(Caches, TogetherTheyKeepToTheOperatorsFigure) {
  CacheOptions options;
  options.size = 1 << 20;
  Caches caches(options);
  const Instant now{};
  for (std::uint32_t i = 0; i < 50'000; ++i) {
    const Name name = samples::numbered("n", i);
    caches.rrsets.put(samples::address_of(name, i), Credibility::answer_authoritative, Security::unchecked, kNow);
    caches.delegations.put(Delegation::make(name, {{name, {address(i)}}}, 3600), kNow);
    caches.servers.on_timeout(address(i), now);
    caches.servers.on_lame(address(i), name, std::chrono::seconds(60), now);
    caches.failures.put(name, Type::A, Ede::other, "why", kNow);
  }
  const std::size_t together =
      caches.rrsets.stats().octets + caches.delegations.octets() + caches.servers.octets() + caches.failures.octets();
  const std::size_t for_others = caches.denials.octets() + caches.share_of_trust() + caches.share_of_answers();
  EXPECT_LE(together + for_others, options.size);
  EXPECT_GE(together, (options.size - options.size / 16 * 3) * 9 / 10)
      << "three sixteenths are for proofs, keys, and finished answers";
}

// Meant for the thread sanitizer as much as for its expectations: whatever is found is whole and belongs to its name.
TEST(Caches, ManyThreadsMayDoEverythingAtOnce) {
  constexpr std::uint32_t kThreads = 4;
  constexpr std::uint32_t kRounds = 6000;
  constexpr std::uint32_t kNames = 300;
  CacheOptions options;
  options.size = 256 << 10;  // small, so that they drive out one another's
  Caches caches(options);
  std::atomic<std::uint64_t> found = 0;
  std::atomic<std::uint64_t> wrong = 0;
  const auto work = [&](std::uint32_t thread) {
    for (std::uint32_t i = 0; i < kRounds; ++i) {
      const std::uint32_t number = (i * 7 + thread * 13) % kNames;
      const Name name = samples::numbered("n", number);
      const Instant instant{std::chrono::milliseconds(i)};
      const TtlTime now = kNow + i / 100;
      if (const auto entry = caches.rrsets.find(name, Type::A, now)) {
        ++found;
        const bool whole = entry->kind != EntryKind::rrset ||
                           (entry->rrset->owner() == name && load32(entry->rrset->first_rdata().data()) == number);
        wrong += whole ? 0 : 1;
      } else if (i % 5 == 0) {
        caches.rrsets.put_negative(name, Type::A, EntryKind::name_error, samples::soa("example.", 60, 5),
                                   Credibility::answer_authoritative, Security::unchecked, now);
      } else {
        caches.rrsets.put(samples::address_of(name, number, 30), Credibility::answer_authoritative, Security::unchecked,
                          now);
      }
      caches.delegations.put(Delegation::make(name, {{name, {address(number)}}}, 3600), now);
      if (const auto cut = caches.delegations.closest_above(name, now)) { wrong += cut->zone() == name ? 0 : 1; }
      caches.servers.on_timeout(address(number), instant);
      caches.servers.claim_probe(address(number), instant);
      caches.servers.on_reply(address(number + 1), std::chrono::milliseconds(9), instant);
      caches.failures.put(name, Type::A, Ede::other, "why", now);
      if (const auto failure = caches.failures.find(name, Type::A, now)) { wrong += failure->text == "why" ? 0 : 1; }
      switch (i % 1500) {
        case 100:
          caches.rrsets.remove(name, Type::A);
          break;
        case 200:
          caches.rrsets.remove_name(name);
          break;
        case 300:
          caches.rrsets.remove_below(name);
          break;
        case 400:
          for (const RRsetCache::Seen& seen : samples::living(caches.rrsets, now)) {
            wrong += seen.entry.ttl == 0 ? 1 : 0;
          }
          break;
        case 500:
          caches.delegations.remove_below(name);
          break;
        case 600:
          caches.failures.remove(name, Type::A);
          break;
        case 700:
          caches.failures.clear();
          break;
        case 800:
          caches.servers.clear();
          break;
        case 900:
          caches.delegations.clear();
          break;
        case 1000:
          caches.rrsets.clear();
          break;
        case 1100:
          wrong += caches.rrsets.stats().octets <= options.size ? 0 : 1;
          break;
        default:
          break;
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t thread = 0; thread < kThreads; ++thread) { threads.emplace_back(work, thread); }
  }
  EXPECT_EQ(wrong, 0U);
  EXPECT_GT(found, 0U);
}

}  // namespace
}  // namespace vouch
