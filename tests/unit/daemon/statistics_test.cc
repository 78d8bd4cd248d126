#include "resolver/daemon/statistics.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace vouch {
namespace {

TEST(Statistics, NoCounterIsLeftOut) {
  WorkerCounters counters;
  const std::vector<const WorkerCounters*> alone = {&counters};
  auto* const all = reinterpret_cast<Counter*>(&counters);
  std::string before = statistics_line(alone);
  for (std::size_t i = 0; i < sizeof counters / sizeof(Counter); ++i) {
    all[i].add();
    const std::string after = statistics_line(alone);
    EXPECT_NE(after, before) << "counter number " << i << " of telemetry/counters.h has no row";
    before = after;
  }
}

TEST(Statistics, EveryNameStandsOnce) {
  const WorkerCounters counters;
  const std::vector<const WorkerCounters*> alone = {&counters};
  std::istringstream line(statistics_line(alone));
  std::set<std::string> names;
  for (std::string field; line >> field;) {
    EXPECT_TRUE(names.insert(field.substr(0, field.find('='))).second) << field;
  }
}

TEST(Statistics, AddsTheWorkersUp) {
  WorkerCounters one, other;
  one.front.queries[0][0].add(3);
  other.front.queries[0][1].add(4);
  other.transport.http3.octets_sent.add(9);
  const std::vector<const WorkerCounters*> both = {&one, &other};
  const std::string line = statistics_line(both);
  EXPECT_TRUE(line.starts_with("queries_udp=7 queries_tcp=0 ")) << line;
  EXPECT_TRUE(line.ends_with(" http3_octets_sent=9")) << line;
}

}  // namespace
}  // namespace vouch
