// tlsload: new connections to a DNS-over-TLS server, and what they cost it. See kHelp.
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/bench/load/arguments.h"
#include "tests/bench/load/loopback.h"
#include "tests/bench/load/process_cpu.h"
#include "tests/bench/load/query_list.h"
#include "tests/bench/load/visit.h"

namespace {

using vouch::load::QueryList;
using vouch::load::Visit;
using vouch::load::Visitor;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kMaxConnections = 20'000;  // some 28,000 ports are there to connect from
constexpr std::uint64_t kMaxSeconds = 600;         // nobody leaves load running by mistake
constexpr std::size_t kMaxComplaints = 3;          // failures told in words; all are counted

constexpr const char* kHelp =
    R"(usage: tlsload --port N --queries FILE [options]

Opens TLS 1.3 connections to a server on loopback one after another. On each it asks one question, and closes. Each failure is
told on standard error, up to three.

  --queries FILE   lines of `name type`, asked from first to last, then from the first again
  --port N         the server's port
  --address A      the server's address, within 127.0.0.0/8 (default 127.0.0.1)
  --connections N  how many (default 1000)
  --resume         by the ticket of the connection before. One more, which is not counted, comes first and gets the first
  --hold N         keep all of them open and idle until standard input ends, or for N seconds at most. `held N` on standard
                   output says that all are open. Those that the server closed meanwhile are counted
  --seconds N      open no more after N seconds, 1 to 600 (default 60)
  --ca FILE        whom the server's certificate must come from (default: it is not looked at)
  --pid N          also measure the CPU time of this process, its threads and children
  --json           print one JSON object instead of text
  --help

Exit status: 0 done (whatever failed), 1 the load could not run, 2 wrong usage.
)";

struct Options {
  std::string queries, address, ca;
  std::uint16_t port = 0;
  std::uint64_t connections = 0;
  std::chrono::seconds longest{}, hold{};
  bool resume = false;
  pid_t server = 0;  // 0: not measured
};

struct Counts {
  std::uint64_t tried = 0, answered = 0, resumed = 0;
  std::uint64_t closed = 0;  // while they were held
  std::chrono::microseconds elapsed{}, server_cpu{};
};

int failed(const std::string& why) {
  std::fprintf(stderr, "tlsload: %s\n", why.c_str());
  return 1;
}

// One connection with one question; kept open in `held` when that is given.
std::expected<bool, std::string> visit(const Visitor& visitor, const sockaddr_in& server, const QueryList& queries,
                                       std::uint64_t number, bool resume, std::vector<Visit>* held) {
  const auto query = queries.query(number % queries.size());
  std::vector<std::uint8_t> numbered(query.begin(), query.end());
  numbered[0] = static_cast<std::uint8_t>(number >> 8 & 0xff);
  numbered[1] = static_cast<std::uint8_t>(number & 0xff);
  auto one = Visit::begin(visitor, server, resume);
  if (!one) { return std::unexpected(one.error()); }
  const bool was_resumed = one->was_resumed();
  if (auto asked = one->ask(numbered); !asked) { return std::unexpected(asked.error()); }
  if (held != nullptr) {
    held->push_back(std::move(*one));
  } else {
    one->say_goodbye();
  }
  return was_resumed;
}

std::expected<Counts, std::string> visit_all(const Visitor& visitor, const sockaddr_in& server,
                                             const QueryList& queries, const Options& options,
                                             std::vector<Visit>& held) {
  Counts counts;
  if (options.resume) {
    if (const auto first = visit(visitor, server, queries, 0, false, nullptr); !first) {
      return std::unexpected("the first connection, for a ticket: " + first.error());
    }
    if (!visitor.has_ticket()) { return std::unexpected("the server gives no tickets"); }
  }
  const auto cpu_before = options.server != 0 ? vouch::load::cpu_time_of(options.server) : std::chrono::microseconds{};
  if (!cpu_before) { return std::unexpected("there is no process " + std::to_string(options.server) + " to measure"); }
  const Clock::time_point start = Clock::now();
  while (counts.tried < options.connections && Clock::now() - start < options.longest) {
    auto* const keep = options.hold.count() != 0 ? &held : nullptr;
    const auto done = visit(visitor, server, queries, counts.tried, options.resume, keep);
    ++counts.tried;
    if (done) {
      ++counts.answered;
      counts.resumed += *done ? 1 : 0;
    } else if (counts.tried - counts.answered <= kMaxComplaints) {
      std::fprintf(stderr, "tlsload: connection %lu: %s\n", counts.tried, done.error().c_str());
    }
  }
  counts.elapsed = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
  if (options.server != 0) {
    const auto cpu_after = vouch::load::cpu_time_of(options.server);
    if (!cpu_after) { return std::unexpected("the server (process " + std::to_string(options.server) + ") has ended"); }
    counts.server_cpu = *cpu_after - *cpu_before;
  }
  return counts;
}

// Until whoever started us closes our standard input, or the time is up.
void hold(std::uint64_t connections, std::chrono::seconds longest) {
  std::printf("held %lu\n", connections);
  std::fflush(stdout);
  const Clock::time_point end = Clock::now() + longest;
  for (auto left = longest; left.count() > 0;
       left = std::chrono::duration_cast<std::chrono::seconds>(end - Clock::now())) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    char ignored[64];
    if (poll(&input, 1, static_cast<int>(left.count() * 1000)) > 0 &&
        read(STDIN_FILENO, ignored, sizeof ignored) <= 0) {
      return;
    }
  }
}

void print(const Counts& counts, bool with_cpu, bool as_json) {
  const std::uint64_t lost = counts.tried - counts.answered;
  const double seconds = static_cast<double>(counts.elapsed.count()) / 1e6;
  if (as_json) {
    std::printf(
        "{\"sent\": %lu, \"answered\": %lu, \"failed\": %lu, \"resumed\": %lu, \"closed\": %lu, \"elapsed_us\": %ld",
        counts.tried, counts.answered, lost, counts.resumed, counts.closed, counts.elapsed.count());
    if (with_cpu) { std::printf(", \"server_cpu_us\": %ld", counts.server_cpu.count()); }
    std::printf("}\n");
    return;
  }
  std::printf("%lu of %lu connections were answered in %.2f s, %lu of them resumed; %lu failed\n", counts.answered,
              counts.tried, seconds, counts.resumed, lost);
  if (counts.closed != 0) { std::printf("the server closed %lu of them while they were held\n", counts.closed); }
  if (with_cpu && counts.answered != 0) {
    std::printf("server CPU %.0f us for each\n",
                static_cast<double>(counts.server_cpu.count()) / static_cast<double>(counts.answered));
  }
}

Options read_options(vouch::load::Arguments& arguments) {
  Options options;
  options.queries = arguments.text("--queries").value_or("");
  options.address = arguments.text("--address").value_or("127.0.0.1");
  options.ca = arguments.text("--ca").value_or("");
  options.port = static_cast<std::uint16_t>(arguments.number("--port", 0, 1, 65535));
  options.connections = arguments.number("--connections", 1000, 1, kMaxConnections);
  options.longest = std::chrono::seconds(arguments.number("--seconds", 60, 1, kMaxSeconds));
  options.hold = std::chrono::seconds(arguments.number("--hold", 0, 1, kMaxSeconds));
  options.resume = arguments.flag("--resume");
  options.server = static_cast<pid_t>(arguments.number("--pid", 0, 1, INT32_MAX));
  return options;
}

int run(const Options& options, bool as_json) {
  const auto server = vouch::load::loopback(options.address, options.port);
  if (!server) { return failed(server.error()); }
  const auto queries = vouch::load::read_queries(options.queries, vouch::load::Edns::none);
  if (!queries) { return failed(queries.error()); }
  const auto visitor = Visitor::make(options.ca);
  if (!visitor) { return failed(visitor.error()); }
  std::vector<Visit> held;
  const auto counts = visit_all(**visitor, *server, *queries, options, held);
  if (!counts) { return failed(counts.error()); }
  Counts told = *counts;
  if (options.hold.count() != 0) {
    hold(held.size(), options.hold);
    told.closed = static_cast<std::uint64_t>(std::ranges::count_if(held, [](const Visit& v) { return !v.is_open(); }));
  }
  print(told, options.server != 0, as_json);
  return 0;
}

// As many descriptors as we may have: each connection takes one.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  vouch::load::Arguments arguments(argc, argv);
  if (arguments.flag("--help")) {
    std::fputs(kHelp, stdout);
    return 0;
  }
  const Options options = read_options(arguments);
  const bool as_json = arguments.flag("--json");
  std::string complaint = arguments.complaint();
  if (complaint.empty() && (options.queries.empty() || options.port == 0)) {
    complaint = "--queries and --port are needed";
  }
  if (!complaint.empty()) {
    std::fprintf(stderr, "tlsload: %s (see tlsload --help)\n", complaint.c_str());
    return 2;
  }
  raise_descriptor_limit();
  return run(options, as_json);
}
