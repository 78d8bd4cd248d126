// What a snapshot of the caches costs: processor time for a name, and for how long it keeps a lock from a worker.
//   vouch_kernels --benchmark_filter=snapshot
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

#include "resolver/cache/snapshot.h"

namespace vouch {
namespace {

constexpr TtlTime kNow = 1'000'000;
constexpr UnixTime kWall = 1'800'000'000;
constexpr std::uint32_t kNames = 400'000;

class StandingClock final : public Clock {
 public:
  Instant monotonic() const override { return Instant{} + std::chrono::hours(1); }
  UnixTime wall() const override { return kWall; }
  TtlTime ttl() const override { return kNow; }
};

Name numbered(std::uint32_t number) {
  static const Name base = Name::of("big.lab.");
  Name name = base;
  std::array<char, 12> label{};
  const int length = std::snprintf(label.data(), label.size(), "n%u", number);
  name.prepend_label(bytes_of({label.data(), static_cast<std::size_t>(length)}));
  return name;
}

RRsetPtr signed_address(std::uint32_t number) {
  static const Buffer signature = [] {
    Buffer rdata(18, 0);
    store16(rdata.data(), static_cast<std::uint16_t>(Type::A));
    rdata[2] = 13;
    rdata[3] = 3;
    store32(rdata.data() + 8, static_cast<std::uint32_t>(kWall) + 86400);
    store32(rdata.data() + 12, static_cast<std::uint32_t>(kWall) - 86400);
    const Name signer = Name::of("big.lab.");
    rdata.insert(rdata.end(), signer.view().octets().begin(), signer.view().octets().end());
    rdata.insert(rdata.end(), 64, 0xa5);
    return rdata;
  }();
  std::array<Octet, 4> address{};
  store32(address.data(), number);
  const Bytes rdata[] = {address};
  const Bytes signatures[] = {signature};
  return RRset::make(numbered(number), Type::A, 3600, rdata, signatures);
}

// Full of names, one in four of which has been asked for again. Made once: it takes seconds.
Caches& filled() {
  static const std::unique_ptr<Caches> caches = [] {
    auto made = std::make_unique<Caches>(CacheOptions{.size = 160 << 20});
    for (std::uint32_t i = 0; i < kNames; ++i) {
      made->rrsets.put(signed_address(i), Credibility::answer_authoritative, Security::secure, kNow);
    }
    for (std::uint32_t i = 0; i < kNames; i += 4) { (void)made->rrsets.find(numbered(i), Type::A, kNow); }
    return made;
  }();
  return *caches;
}

class Memory final : public SnapshotSink, public SnapshotSource {
 public:
  bool take(Bytes octets) override {
    all.insert(all.end(), octets.begin(), octets.end());
    return true;
  }
  bool rest() override { return true; }
  std::size_t read(MutableBytes to) override {
    const std::size_t count = std::min(to.size(), all.size() - at);
    std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(at), count, to.begin());
    at += count;
    return count;
  }
  Buffer all;
  std::size_t at = 0;
};

SnapshotWriting writing() {
  return {.header = {.taken = {.wall = kWall}},
          .now = kNow,
          .instant = StandingClock().monotonic(),
          .max_octets = std::uint64_t{1} << 32};
}

void write_all(benchmark::State& state) {
  Caches& caches = filled();
  Memory memory;
  std::uint64_t entries = 0, octets = 0;
  for (auto _ : state) {
    memory.all.clear();
    const auto written = write_snapshot(caches, writing(), memory);
    entries += written->sum();
    octets += written->octets;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(entries));
  state.SetBytesProcessed(static_cast<std::int64_t>(octets));
  state.counters["octets_per_name"] = static_cast<double>(octets) / static_cast<double>(entries);
  state.counters["share_of_cache"] =
      static_cast<double>(memory.all.size()) / static_cast<double>(caches.rrsets.stats().octets);
}
BENCHMARK(write_all)->Name("snapshot_write")->Unit(benchmark::kMillisecond);

void read_all(benchmark::State& state) {
  Memory memory;
  (void)write_snapshot(filled(), writing(), memory);
  const StandingClock clock;
  std::uint64_t entries = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto into = std::make_unique<Caches>(CacheOptions{.size = 160 << 20});
    memory.at = 0;
    state.ResumeTiming();
    SnapshotReader reader(memory, *into, clock);
    (void)reader.open();
    reader.begin({}, 0, kNow);
    while (reader.next() == SnapshotReader::Step::more) {}
    entries += reader.restored().rrsets;
    state.PauseTiming();
    into.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(entries));
}
BENCHMARK(read_all)->Name("snapshot_read")->Unit(benchmark::kMillisecond);

// How long a lock is held: each of the writer's looks is timed, the whole walk again and again. Of each look the least
// counts, for the rest is what others take of the processor; the caches of the processor are cold for each.
void lock(benchmark::State& state) {
  Caches& caches = filled();
  std::vector<double> held;
  std::vector<KeptEntry> kept;
  for (auto _ : state) {
    std::size_t number = 0;
    for (std::size_t shard = 0; shard < caches.rrsets.shards(); ++shard) {
      std::uint32_t position = 0;
      bool more = true;
      while (more) {
        kept.clear();
        const auto start = std::chrono::steady_clock::now();
        more = caches.rrsets.look_at(shard, position, kSnapshotStep, false, kNow, kNow, kept);
        const double took = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
        if (number == held.size()) { held.push_back(took); }
        held[number] = std::min(held[number], took);
        ++number;
      }
    }
  }
  std::ranges::sort(held);
  state.counters["median_us"] = held[held.size() / 2];
  state.counters["p999_us"] = held[held.size() - 1 - held.size() / 1000];
  state.counters["longest_us"] = held.back();
}
BENCHMARK(lock)->Name("snapshot_lock")->Unit(benchmark::kMillisecond);

// A worker's look-ups while a snapshot is written again and again beside it.
void find_beside(benchmark::State& state) {
  Caches& caches = filled();
  std::atomic<bool> ends = state.range(0) == 0;
  std::thread writer([&] {
    Memory memory;
    while (!ends) {
      memory.all.clear();
      (void)write_snapshot(caches, writing(), memory);
    }
  });
  std::vector<Name> names;
  for (std::uint32_t i = 0; i < 1000; ++i) { names.push_back(numbered(i * 7919 % kNames)); }
  std::vector<double> took;
  took.reserve(1 << 24);
  std::size_t at = 0;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(caches.rrsets.find(names[at], Type::A, kNow));
    if (took.size() < took.capacity()) {
      took.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    }
    at = at + 1 == names.size() ? 0 : at + 1;
  }
  ends = true;
  writer.join();
  std::ranges::sort(took);
  state.counters["p9999_us"] = took[took.size() - 1 - took.size() / 10000];
}
BENCHMARK(find_beside)->Name("snapshot_find_beside")->Arg(0)->Arg(1)->MinTime(2.0);

}  // namespace
}  // namespace vouch
