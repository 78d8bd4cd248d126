#include "resolver/daemon/statistics.h"

#include <gtest/gtest.h>

#include <set>

namespace vouch {
namespace {

TEST(Statistics, EveryCounterHasARowOfItsOwn) {
  const WorkerCounters counters;
  std::set<const Counter*> places;
  std::set<std::string_view> names;
  for (const CounterRow& row : counter_rows()) {
    EXPECT_TRUE(places.insert(&row.of(counters)).second) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
  }
  EXPECT_EQ(places.size() * sizeof(Counter), sizeof(WorkerCounters));
}

TEST(Statistics, AddsTheWorkersUp) {
  WorkerCounters one, other;
  one.front.queries_udp.add(3);
  other.front.queries_udp.add(4);
  other.transport.http3.octets_sent.add(9);
  const std::vector<const WorkerCounters*> both = {&one, &other};
  const std::string line = statistics_line(both);
  EXPECT_TRUE(line.starts_with("queries_udp=7 queries_tcp=0 ")) << line;
  EXPECT_TRUE(line.ends_with(" http3_octets_sent=9")) << line;
}

}  // namespace
}  // namespace vouch
