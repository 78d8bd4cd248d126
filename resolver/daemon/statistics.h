// The workers' counters added up, as one line of the log.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "telemetry/counters.h"

namespace vouch {

// "queries_udp=12 queries_tcp=0 ...": each counter's sum; of those that count by kind, the sum of all kinds. May be
// called while the workers count.
std::string statistics_line(std::span<const WorkerCounters* const> workers);

}  // namespace vouch
