// A closed loop of UDP queries: so many are kept outstanding, and an answer makes room for the next.
#pragma once

#include <sys/types.h>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "tests/bench/load/query_list.h"

namespace vouch::load {

struct BlastOptions {
  std::string address = "127.0.0.1";  // loopback only
  std::uint16_t port = 53;
  std::uint64_t count = 0;                   // queries to send; 0: as many as the time allows
  std::chrono::milliseconds duration{3000};  // sending ends after this, whatever the count
  std::chrono::milliseconds timeout{1000};   // an answer later than this counts as lost
  std::size_t window = 512;                  // outstanding queries, over all sockets together
  std::size_t sockets = 8;
  std::optional<pid_t> server;  // whose CPU time to measure
};

struct BlastResult {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;    // replies with QR=1, the id and the question of a query that waited
  std::uint64_t lost = 0;        // no such reply within the timeout
  std::uint64_t unfinished = 0;  // still waiting when the time was up: neither answered nor lost
  std::uint64_t strangers = 0;   // replies that are none of the above: late, twice, or to nobody
  std::uint64_t positive = 0;    // NOERROR, not truncated, something in the answer section
  std::uint64_t truncated = 0;   // TC=1
  std::uint64_t authentic = 0;   // AD=1
  std::uint64_t octets = 0;      // of all answered replies
  std::array<std::uint64_t, 16> rcodes{};
  std::chrono::microseconds elapsed{0};
  std::optional<std::chrono::microseconds> server_cpu;
};

// Runs until `count` queries are answered or lost, or until the time is up. Blocks; single-threaded. The error is a
// sentence for a person: nobody listens, the server went away, there are no descriptors left.
std::expected<BlastResult, std::string> blast(const QueryList& queries, const BlastOptions& options);

}  // namespace vouch::load
