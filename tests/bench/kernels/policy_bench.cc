// Block lists: what a look-up costs each query, and what reading one costs.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "resolver/policy/list_parser.h"
#include "resolver/policy/name_list.h"
#include "resolver/policy/policy.h"

namespace vouch {
namespace {

// Names as block lists hold them: two to four labels, some twenty octets.
std::string listed(std::size_t number) {
  constexpr const char* kTops[] = {"com", "net", "org", "xyz", "co.uk", "de", "info", "io"};
  std::string name = number % 3 == 0 ? "ads" + std::to_string(number % 97) + "." : std::string();
  name += "tracker-" + std::to_string(number * 2654435761U % 4294967296U) + ".";
  return name + kTops[number % 8];
}

std::shared_ptr<const NameTable> table_of(std::size_t names) {
  static std::shared_ptr<const NameTable> made;
  static std::size_t made_for = 0;
  if (made_for != names) {
    auto table = std::make_shared<NameTable>();
    for (std::size_t i = 0; i < names; ++i) { table->add(*listed_name(listed(i)), NameReach::and_below); }
    table->finish();
    made = std::move(table);
    made_for = names;
  }
  return made;
}

std::vector<Name> questions(std::string_view prefix, std::size_t factor) {
  std::vector<Name> names;
  for (std::size_t i = 0; i < 4096; ++i) { names.push_back(Name::of(std::string(prefix) + listed(i * factor))); }
  return names;
}

// As a query meets it: hashed once, and looked up in one list. Argument: names in the list.
void look_up(benchmark::State& state, const std::vector<Name>& names) {
  const auto table = table_of(static_cast<std::size_t>(state.range(0)));
  std::size_t at = 0, found = 0;
  for (auto _ : state) {
    const HashedName name(names[at++ % names.size()]);
    found += table->find(name).has_value() ? 1 : 0;
  }
  benchmark::DoNotOptimize(found);
  state.counters["octets_per_name"] = static_cast<double>(table->memory()) / static_cast<double>(table->size());
}

void PolicyListMiss(benchmark::State& state) {
  std::vector<Name> names;
  for (std::size_t i = 0; i < 4096; ++i) { names.push_back(Name::of("www.site" + std::to_string(i * 7919) + ".com.")); }
  look_up(state, names);
}
BENCHMARK(PolicyListMiss)->Arg(10'000)->Arg(1'000'000);

void PolicyListHit(benchmark::State& state) {
  look_up(state, questions("www.", static_cast<std::size_t>(state.range(0)) / 4096));
}
BENCHMARK(PolicyListHit)->Arg(10'000)->Arg(1'000'000);

// A query that meets a whole policy: its view, and three lists one after the other.
void PolicyThreeLists(benchmark::State& state) {
  PolicyOptions options;
  options.views = {{.name = "children", .clients = {*Prefix::parse("192.168.1.64/26")}}};
  std::vector<Policy::Source> sources;
  for (const char* name : {"a", "b", "c"}) {
    PolicyListOptions list;
    list.name = name;
    sources.push_back({.rules = std::make_shared<const NameList>(list, 60, table_of(1'000'000),
                                                                 std::make_shared<const NameTable>())});
  }
  const auto policy = Policy::build(options, std::move(sources)).value();
  const IpAddress client = *IpAddress::parse("192.168.1.10");
  const Name name = Name::of("www.example.com.");
  for (auto _ : state) {
    const PolicyView& view = policy->view_of(client);
    benchmark::DoNotOptimize(policy->at_query_name(view, HashedName(name)));
  }
}
BENCHMARK(PolicyThreeLists);

void PolicyListRead(benchmark::State& state) {
  std::string text;
  for (std::size_t i = 0; i < 100'000; ++i) { text += "0.0.0.0 " + listed(i) + "\n"; }
  for (auto _ : state) {
    NameTable names, excepted;
    ListParser parser(ListFormat::automatic, names, excepted);
    parser.feed(text);
    benchmark::DoNotOptimize(parser.end().names);
  }
  state.SetItemsProcessed(state.iterations() * 100'000);
}
BENCHMARK(PolicyListRead)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace vouch
