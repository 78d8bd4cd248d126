// The front's share of a cached answer: from the octets of a query to the octets of its answer.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "resolver/front/front.h"
#include "resolver/iterate/shared_exchanges.h"
#include "resolver/wire/message_writer.h"

namespace vouch {
namespace {

// Nothing here waits: whatever would is a mistake in the set-up.
struct NoExecutor final : Executor {
  void post(std::move_only_function<void()>) override { std::abort(); }
  std::unique_ptr<Timer> after(Duration, std::move_only_function<void()>) override { std::abort(); }
};
struct NoUpstream final : Upstream {
  Task<UpstreamReply> ask(UpstreamQuestion) override { std::abort(); }
};

struct Room final : ReplyRoom {
  MutableBytes buffer() override { return octets; }
  std::unique_ptr<ReplyHandle> keep() override { std::abort(); }
  Buffer octets = Buffer(4096);
};

RRsetPtr rrset(std::string_view text) {
  const TextRecord record = parse_record(text).value();
  const Bytes rdata[] = {record.rdata};
  return RRset::make(record.owner, record.type, record.ttl, rdata);
}

struct Bench {
  Bench() {
    const TtlTime now = clock.ttl();
    const auto put = [&](const RRsetPtr& set) {
      caches.rrsets.put(set, Credibility::answer_authoritative, Security::insecure, now);
    };
    put(rrset("www.example.com. 86400 IN A 192.0.2.1"));
    put(rrset("alias.example.com. 86400 IN CNAME www.example.com."));
    for (int i = 0; i < kNames; ++i) { put(rrset("host" + std::to_string(i) + ".example.net. 86400 IN A 192.0.2.1")); }
    caches.rrsets.put_negative(Name::of("gone.example.com."), Type::A, EntryKind::name_error,
                               rrset("example.com. 3600 IN SOA ns.example.com. host.example.com. 1 2 3 4 3600"),
                               Credibility::answer_authoritative, Security::insecure, now);
  }
  static FrontOptions for_a_home() {
    FrontOptions home;
    home.allow = {*Prefix::parse("127.0.0.0/8"), *Prefix::parse("10.0.0.0/8"), *Prefix::parse("192.168.0.0/16")};
    return home;
  }
  static Buffer query(std::string_view name, bool edns) {
    Buffer packet(512);
    MessageWriter writer(packet, packet.size());
    writer.header(1, {.rd = true});
    writer.question(Name::of(name), Type::A, Class::IN);
    if (edns) {
      writer.begin_edns(1232, false);
      const Octet cookie[] = {1, 2, 3, 4, 5, 6, 7, 8};
      writer.option(OptionCode::cookie, cookie);
      writer.end_edns();
    }
    packet.resize(writer.finish().size());
    return packet;
  }
  std::size_t answer(Bytes packet) {
    ClientQuery query;
    query.packet = packet;
    query.client = client;
    return front.answer(query, room);
  }

  static constexpr int kNames = 10000;
  SystemClock clock{TtlClock::monotonic};
  SystemRandom random;
  NoExecutor executor;
  NoUpstream upstream;
  CacheOptions cache_options;
  Caches caches{cache_options};
  SharedExchanges exchanges;
  ResolverOptions resolver_options;
  ResolverCounters resolver_counters;
  Resolver resolver{{resolver_options, caches, exchanges, upstream, executor, clock, random, resolver_counters}};
  FrontOptions options = for_a_home();
  LocalZones zones = LocalZones::build({}).value();
  FrontShared shared;
  ZoneLedger ledger{{}, {}, random, clock.wall()};
  ExpiryWatch expiry;
  const RecordedTogether together{ledger, expiry};
  WorkerCounters counters;
  Recorder recorder{counters, &together};
  Front front{{options, zones, shared, caches, resolver, executor, clock, recorder, caches.share_of_answers()}};
  SocketAddress client{*IpAddress::parse("192.168.1.7"), 40000};
  Room room;
};

Bench& bench() {
  static Bench instance;
  return instance;
}

void ask(benchmark::State& state, std::string_view name, bool edns) {
  Bench& all = bench();
  const Buffer packet = Bench::query(name, edns);
  if (all.answer(packet) == 0) { std::abort(); }
  for (auto _ : state) { benchmark::DoNotOptimize(all.answer(packet)); }
}

void front_hot_a(benchmark::State& state) { ask(state, "www.example.com.", false); }
void front_hot_a_edns_cookie(benchmark::State& state) { ask(state, "www.example.com.", true); }
void front_alias(benchmark::State& state) { ask(state, "alias.example.com.", false); }
void front_name_error(benchmark::State& state) { ask(state, "gone.example.com.", false); }
void front_local_name(benchmark::State& state) { ask(state, "nas.home.arpa.", false); }
BENCHMARK(front_hot_a);
BENCHMARK(front_hot_a_edns_cookie);
BENCHMARK(front_alias);
BENCHMARK(front_name_error);
BENCHMARK(front_local_name);

// Ten thousand names in turn: the processor's caches do not hold them all.
void ask_many_names(benchmark::State& state, bool with_cookie) {
  Bench& all = bench();
  std::vector<Buffer> packets;
  for (int i = 0; i < Bench::kNames; ++i) {
    packets.push_back(Bench::query("host" + std::to_string(i) + ".example.net.", with_cookie));
  }
  std::size_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(all.answer(packets[at]));
    at = (at + 4001) % packets.size();
  }
}
void front_many_names(benchmark::State& state) { ask_many_names(state, false); }
BENCHMARK(front_many_names);
// A cookie is another for every client: no finished answer can be used.
void front_many_names_edns_cookie(benchmark::State& state) { ask_many_names(state, true); }
BENCHMARK(front_many_names_edns_cookie);

}  // namespace
}  // namespace vouch
