// What counting adds to an answer out of the cache: asked() and record(), with the ledger's sketches and TLDs. Beside
// front_many_names of front_bench.cc it says what part of a hot answer that is; docs/benchmarks.md has the figures.
#include <benchmark/benchmark.h>

#include <vector>

#include "resolver/base/random.h"
#include "telemetry/recorder.h"

namespace vouch {
namespace {

struct Scene {
  Scene() {
    for (int i = 0; i < 1000; ++i) {
      names.push_back(Name::of("www.host" + std::to_string(i) + ".example" + (i % 3 == 0 ? ".org." : ".com.")));
      const Octet octets[] = {10, 0, u8(static_cast<std::size_t>(i / 250)), u8(static_cast<std::size_t>(i % 250))};
      clients.push_back(IpAddress::v4(octets));
    }
  }
  SystemRandom random;
  ZoneLedger ledger{{}, {}, random, 1'790'000'000};
  ExpiryWatch expiry;
  const RecordedTogether together{ledger, expiry};
  WorkerCounters counters;
  Recorder recorder{counters, &together};
  std::vector<Name> names;
  std::vector<IpAddress> clients;
};

Scene& scene() {
  static Scene made;
  return made;
}

void BM_RecordAnAnswer(benchmark::State& state) {
  Scene& all = scene();
  std::size_t i = 0;
  for (auto _ : state) {
    i = (i + 1) % all.names.size();
    all.recorder.asked(0, all.clients[i]);
    all.recorder.record({.source = AnswerSource::cache, .standing = Standing::secure, .name = all.names[i]});
  }
}
BENCHMARK(BM_RecordAnAnswer)->Name("telemetry_answer");

// Rare: each has cost a resolution, or a look into the memory of failures.
void BM_RecordAWithheldAnswer(benchmark::State& state) {
  Scene& all = scene();
  const Name zone = Name::of("broken.example.");
  std::size_t i = 0;
  for (auto _ : state) {
    i = (i + 1) % all.names.size();
    all.recorder.withheld({.zone = zone,
                           .reason = Reason::rrsig_expired,
                           .name = all.names[i],
                           .type = Type::A,
                           .client = all.clients[i]},
                          1'790'000'000);
  }
}
BENCHMARK(BM_RecordAWithheldAnswer)->Name("telemetry_withheld");

}  // namespace
}  // namespace vouch
