// The workers' counters added up, as one line of the log.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "telemetry/counters.h"

namespace vouch {

struct CounterRow {
  std::string_view name;  // the field's own
  const Counter& (*of)(const WorkerCounters& counters);
};
std::span<const CounterRow> counter_rows();

// "queries_udp=12 queries_tcp=0 ...": each counter's sum. May be called while the workers count.
std::string statistics_line(std::span<const WorkerCounters* const> workers);

}  // namespace vouch
