// udpblast: DNS load over UDP, and what it cost the server. See kHelp.
#include <cstdio>
#include <string>

#include "tests/bench/load/arguments.h"
#include "tests/bench/load/blast.h"
#include "tests/bench/load/query_list.h"

namespace {

using vouch::load::BlastOptions;
using vouch::load::BlastResult;
using vouch::load::Edns;

constexpr std::uint64_t kMaxSeconds = 600;  // nobody leaves load running by mistake
constexpr std::uint64_t kMaxCount = 1'000'000'000;

constexpr const char* kHelp =
    R"(usage: udpblast --port N --queries FILE [options]

Keeps a window of DNS queries outstanding towards a server on loopback and counts what comes back. A reply counts as answered
only with QR=1, the id and the question of a query that still waits.

  --queries FILE   lines of `name type`, asked from first to last, then from the first again
  --port N         the server's port
  --address A      the server's address, within 127.0.0.0/8 (default 127.0.0.1)
  --count N        end when N queries were answered or lost (default: when the time is up)
  --seconds N      end after N seconds at the latest, 1 to 600 (default 3)
  --timeout MS     an answer later than this is lost (default 1000)
  --window N       queries outstanding at once (default 512)
  --sockets N      sockets, each with a port of its own (default 8)
  --edns           queries carry an OPT record (payload size 1232)
  --do             the same with DO=1
  --pid N          also measure the CPU time of this process, its threads and children
  --json           print one JSON object instead of text
  --help

Exit status: 0 done (whatever was lost), 1 the load could not run, 2 wrong usage.
)";

void print_json(const BlastResult& r) {
  std::printf("{\"sent\": %lu, \"answered\": %lu, \"lost\": %lu, \"unfinished\": %lu, \"strangers\": %lu, ", r.sent,
              r.answered, r.lost, r.unfinished, r.strangers);
  std::printf("\"positive\": %lu, \"truncated\": %lu, \"authentic\": %lu, \"octets\": %lu, \"rcodes\": [", r.positive,
              r.truncated, r.authentic, r.octets);
  for (std::size_t i = 0; i < r.rcodes.size(); ++i) { std::printf("%s%lu", i == 0 ? "" : ", ", r.rcodes[i]); }
  std::printf("], \"elapsed_us\": %ld", r.elapsed.count());
  if (r.server_cpu) { std::printf(", \"server_cpu_us\": %ld", r.server_cpu->count()); }
  std::printf("}\n");
}

void print_text(const BlastResult& r) {
  const double seconds = static_cast<double>(r.elapsed.count()) / 1e6;
  const double answered = static_cast<double>(r.answered);
  std::printf("answered %lu of %lu in %.2f s: %.0f q/s\n", r.answered, r.sent, seconds,
              seconds > 0 ? answered / seconds : 0);
  std::printf("lost %lu, unfinished %lu, strangers %lu\n", r.lost, r.unfinished, r.strangers);
  std::printf(
      "noerror %lu, formerr %lu, servfail %lu, nxdomain %lu, notimp %lu, refused %lu; positive %lu, truncated %lu, "
      "authentic %lu\n",
      r.rcodes[0], r.rcodes[1], r.rcodes[2], r.rcodes[3], r.rcodes[4], r.rcodes[5], r.positive, r.truncated,
      r.authentic);
  if (r.answered == 0) { return; }
  std::printf("mean reply %lu octets\n", r.octets / r.answered);
  if (r.server_cpu) {
    const double cpu = static_cast<double>(r.server_cpu->count());
    std::printf("server CPU %.2f us for each answer, busy %.0f %%\n", cpu / answered, cpu / 1e4 / seconds);
  }
}

int wrong_usage(const std::string& complaint) {
  std::fprintf(stderr, "udpblast: %s (see udpblast --help)\n", complaint.c_str());
  return 2;
}

int failed(const std::string& why) {
  std::fprintf(stderr, "udpblast: %s\n", why.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  vouch::load::Arguments arguments(argc, argv);
  if (arguments.flag("--help")) {
    std::fputs(kHelp, stdout);
    return 0;
  }
  BlastOptions options;
  const std::string file = arguments.text("--queries").value_or("");
  options.address = arguments.text("--address").value_or(options.address);
  options.port = static_cast<std::uint16_t>(arguments.number("--port", 0, 1, 65535));
  options.count = arguments.number("--count", 0, 1, kMaxCount);
  options.duration = std::chrono::seconds(arguments.number("--seconds", 3, 1, kMaxSeconds));
  options.timeout = std::chrono::milliseconds(arguments.number("--timeout", 1000, 1, 60'000));
  options.window = arguments.number("--window", options.window, 1, 65536);
  options.sockets = arguments.number("--sockets", options.sockets, 1, 1024);
  if (const auto pid = arguments.number("--pid", 0, 1, INT32_MAX); pid != 0) {
    options.server = static_cast<pid_t>(pid);
  }
  const bool plain = arguments.flag("--edns");
  const Edns edns = arguments.flag("--do") ? Edns::dnssec_ok : plain ? Edns::plain : Edns::none;
  const bool as_json = arguments.flag("--json");
  if (const std::string complaint = arguments.complaint(); !complaint.empty()) { return wrong_usage(complaint); }
  if (file.empty() || options.port == 0) { return wrong_usage("--queries and --port are needed"); }

  const auto queries = vouch::load::read_queries(file, edns);
  if (!queries) { return failed(queries.error()); }
  const auto result = vouch::load::blast(*queries, options);
  if (!result) { return failed(result.error()); }
  if (as_json) {
    print_json(*result);
  } else {
    print_text(*result);
  }
  return 0;
}
