// The caches' hot paths, and what a cached name costs in memory. The counters octets_per_name and rss_over_capacity are
// read from the process's own resident size; those two stand first, before others have left free memory for them to
// reuse.
//   vouch_kernels --benchmark_filter=cache
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <array>
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

#include "resolver/cache/caches.h"

namespace vouch {
namespace {

constexpr TtlTime kNow = 1'000'000;
constexpr std::uint32_t kTtl = 3600;
constexpr std::uint32_t kManyNames = 1'000'000;

std::size_t resident_octets() {
  malloc_trim(0);  // what others have freed
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  unsigned long whole = 0, resident = 0;
  const int got = file == nullptr ? 0 : std::fscanf(file, "%lu %lu", &whole, &resident);
  if (file != nullptr) { std::fclose(file); }
  return got == 2 ? resident * 4096 : 0;
}

// n<number>.big.lab., built label by label: parsing text would be most of what is measured.
Name numbered(std::uint32_t number) {
  static const Name base = Name::of("big.lab.");
  Name name = base;
  std::array<char, 12> label{};
  const int length = std::snprintf(label.data(), label.size(), "n%u", number);
  name.prepend_label(bytes_of({label.data(), static_cast<std::size_t>(length)}));
  return name;
}

// An RRSIG by ECDSA P-256: 64 octets of signature, signer big.lab.
Buffer rrsig() {
  Buffer rdata(18, 0);
  store16(rdata.data(), static_cast<std::uint16_t>(Type::A));
  rdata[2] = 13;
  rdata[3] = 3;
  const Name signer = Name::of("big.lab.");
  rdata.insert(rdata.end(), signer.view().octets().begin(), signer.view().octets().end());
  rdata.insert(rdata.end(), 64, 0xa5);
  return rdata;
}

RRsetPtr signed_address(std::uint32_t number) {
  static const Buffer signature = rrsig();
  std::array<Octet, 4> address{};
  store32(address.data(), number);
  const Bytes rdata[] = {address};
  const Bytes signatures[] = {signature};
  return RRset::make(numbered(number), Type::A, kTtl, rdata, signatures);
}

// Records of 1 to 40 addresses, for an allocator's worst: sizes that do not fit one another's holes.
RRsetPtr sized_address(std::uint32_t number) {
  std::vector<Buffer> octets;
  std::vector<Bytes> rdata;
  const std::uint32_t count = 1 + number * 2654435761U % 40;
  octets.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    octets.emplace_back(16, u8(i));
    rdata.emplace_back(octets.back());
  }
  return RRset::make(numbered(number), Type::AAAA, kTtl, rdata);
}

bool put(RRsetCache& cache, const RRsetPtr& rrset) {
  return cache.put(rrset, Credibility::answer_authoritative, Security::secure, kNow);
}

std::unique_ptr<RRsetCache> filled(std::size_t capacity, std::uint32_t names) {
  auto cache = std::make_unique<RRsetCache>(capacity, CacheOptions{});
  for (std::uint32_t i = 0; i < names; ++i) { put(*cache, signed_address(i)); }
  return cache;
}

// A million signed names in a cache that just holds them.
void cache_octets_per_name(benchmark::State& state) {
  constexpr std::size_t kCapacity = std::size_t{256} << 20;
  for (auto _ : state) {
    const std::size_t before = resident_octets();
    const auto cache = filled(kCapacity, kManyNames);
    const std::size_t after = resident_octets();
    const CacheStats stats = cache->stats();
    state.counters["octets_per_name"] = static_cast<double>(after - before) / static_cast<double>(stats.entries);
    state.counters["counted_per_name"] = static_cast<double>(stats.octets) / static_cast<double>(stats.entries);
    state.counters["names"] = static_cast<double>(stats.entries);
  }
}
BENCHMARK(cache_octets_per_name)->Iterations(1)->Unit(benchmark::kMillisecond);

// Ten times the capacity, in records of mixed sizes, from as many threads.
void cache_rss_over_capacity(benchmark::State& state) {
  constexpr std::size_t kCapacity = std::size_t{64} << 20;
  const auto threads = static_cast<std::uint32_t>(state.range(0));
  for (auto _ : state) {
    const std::size_t before = resident_octets();
    RRsetCache cache(kCapacity, CacheOptions{});
    {
      std::vector<std::jthread> writers;
      for (std::uint32_t thread = 0; thread < threads; ++thread) {
        writers.emplace_back([&cache, thread, threads] {
          std::size_t inserted = 0;
          for (std::uint32_t i = thread; inserted < 10 * kCapacity / threads; i += threads) {
            const RRsetPtr rrset = i / threads % 2 == 0 ? sized_address(i) : signed_address(i);
            put(cache, rrset);
            inserted += rrset->memory();
          }
        });
      }
    }
    const std::size_t after = resident_octets();
    state.counters["rss_over_capacity"] = static_cast<double>(after - before) / static_cast<double>(kCapacity);
    state.counters["counted_over_capacity"] =
        static_cast<double>(cache.stats().octets) / static_cast<double>(kCapacity);
  }
}
BENCHMARK(cache_rss_over_capacity)->Arg(1)->Arg(4)->Iterations(1)->Unit(benchmark::kMillisecond);

// Names asked for in an order that no hardware prefetcher guesses. 1000: all in the processor's caches; 300,000:
// memory.
void cache_hit(benchmark::State& state) {
  static std::unique_ptr<RRsetCache> cache;
  static std::vector<Name> names;
  const auto count = static_cast<std::uint32_t>(state.range(0));
  if (state.thread_index() == 0) {
    cache = filled(std::size_t{100} << 20, count);
    names.clear();
    for (std::uint32_t i = 0; i < count; ++i) {
      names.push_back(numbered(static_cast<std::uint32_t>(i * 2654435761ULL % count)));
    }
  }
  std::size_t at = static_cast<std::size_t>(state.thread_index()) * 7919;
  std::size_t missed = 0;
  for (auto _ : state) {
    const auto entry = cache->find(names[at % names.size()], Type::A, kNow);
    missed += entry ? 0 : 1;
    ++at;
  }
  if (missed != 0) { state.SkipWithError("a name that was put is not there"); }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(cache_hit)->Arg(1000)->Arg(300'000)->Threads(1)->Threads(2)->UseRealTime();

void cache_miss(benchmark::State& state) {
  static std::unique_ptr<RRsetCache> cache = filled(std::size_t{100} << 20, 100'000);
  std::vector<Name> names;
  for (std::uint32_t i = 0; i < 1000; ++i) { names.push_back(numbered(10'000'000 + i)); }
  std::size_t at = 0;
  for (auto _ : state) { benchmark::DoNotOptimize(cache->find(names[at++ % names.size()], Type::A, kNow)); }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(cache_miss);

// Every insertion drives something out. The RRsets are made beforehand: only the cache is measured.
void cache_insert_evicting(benchmark::State& state) {
  const auto cache = filled(std::size_t{8} << 20, 100'000);
  std::vector<RRsetPtr> rrsets;
  for (std::uint32_t i = 0; i < 200'000; ++i) { rrsets.push_back(signed_address(1'000'000 + i)); }
  std::size_t at = 0;
  for (auto _ : state) { put(*cache, rrsets[at++ % rrsets.size()]); }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(cache_insert_evicting);

// Four cuts above a name of six labels, the closest two labels up.
void cache_closest_above(benchmark::State& state) {
  DelegationCache cache(std::size_t{12} << 20);
  for (const char* zone : {"lab.", "big.lab.", "deep.big.lab."}) {
    std::vector<Delegation::Server> servers;
    for (const char* server : {"ns1.big.lab.", "ns2.big.lab.", "ns3.big.lab.", "ns4.big.lab."}) {
      servers.push_back({Name::of(server), {*IpAddress::parse("192.0.2.1"), *IpAddress::parse("2001:db8::1")}});
    }
    cache.put(Delegation::make(Name::of(zone), std::move(servers), kTtl), kNow);
  }
  const Name name = Name::of("a.b.c.deep.big.lab.");
  for (auto _ : state) { benchmark::DoNotOptimize(cache.closest_above(name, kNow)); }
}
BENCHMARK(cache_closest_above);

void cache_server_state(benchmark::State& state) {
  ServerCache cache(std::size_t{6} << 20);
  std::vector<IpAddress> servers;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    std::array<Octet, 4> octets{};
    store32(octets.data(), 0xc0000200U + i);
    servers.push_back(IpAddress::v4(octets));
    cache.on_reply(servers.back(), std::chrono::milliseconds(20), Instant{});
  }
  std::size_t at = 0;
  for (auto _ : state) { benchmark::DoNotOptimize(cache.find(servers[at++ % servers.size()], Instant{})); }
}
BENCHMARK(cache_server_state);

}  // namespace
}  // namespace vouch
