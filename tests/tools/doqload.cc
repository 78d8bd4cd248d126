// Load for DNS over QUIC: many connections, each with so many queries outstanding, or a new connection for each query,
// in full, resumed or with early data. Says what came back, what did not, and how long it took.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "tests/unit/transports/quic_client.h"

namespace vouch {
namespace {

constexpr const char* kHelp = R"(doqload - load for a DNS-over-QUIC server (RFC 9250)

  --server ADDRESS       127.0.0.1; anything but loopback needs --anywhere
  --port PORT            853
  --connections N        at the same time (10)
  --outstanding N        queries on each connection at the same time (10)
  --seconds S            how long (5); or
  --count N              how many queries
  --per-connection N     queries on a connection before it is closed and another opened (0: no end)
  --resume               new connections bring the ticket and the token of an earlier one
  --early-data           the same, and their first queries in 0-RTT
  --ca FILE              PEM of the authority that the server's certificate is verified with
  --name NAME            the server's name in its certificate (localhost)
  --insecure             any certificate will do
  --names FILE           names to ask for, one in a line, in turn (www.example.com)
  --type NUMBER          the type to ask for (1)
  --hold S               when all is answered, keep the connections open and idle until standard input ends, or S seconds;
                         `held N` says that they are
  --timeout S            after which a query is lost (5)
  --anywhere             the server may be another machine
  --help

Ends with 0 when every query was answered.
)";

using Clock = std::chrono::steady_clock;

struct Options {
  std::string server = "127.0.0.1";
  std::string name = "localhost";
  std::string ca_file, names_file;
  std::uint64_t port = 853, connections = 10, outstanding = 10, seconds = 5, count = 0, per_connection = 0, type = 1,
                timeout = 5, hold = 0;
  bool resume = false, early_data = false, insecure = false, anywhere = false, help = false;
};

// Nothing: what is wrong has been printed.
std::optional<Options> read_options(int argc, char** argv) {
  Options options;
  const std::map<std::string_view, std::string*> texts = {{"--server", &options.server},
                                                          {"--name", &options.name},
                                                          {"--ca", &options.ca_file},
                                                          {"--names", &options.names_file}};
  const std::map<std::string_view, std::uint64_t*> numbers = {{"--port", &options.port},
                                                              {"--connections", &options.connections},
                                                              {"--outstanding", &options.outstanding},
                                                              {"--seconds", &options.seconds},
                                                              {"--count", &options.count},
                                                              {"--per-connection", &options.per_connection},
                                                              {"--type", &options.type},
                                                              {"--timeout", &options.timeout},
                                                              {"--hold", &options.hold}};
  const std::map<std::string_view, bool*> switches = {{"--resume", &options.resume},
                                                      {"--early-data", &options.early_data},
                                                      {"--insecure", &options.insecure},
                                                      {"--anywhere", &options.anywhere},
                                                      {"--help", &options.help}};
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (const auto known = switches.find(name); known != switches.end()) {
      *known->second = true;
      continue;
    }
    const char* const value = i + 1 < argc ? argv[++i] : nullptr;
    if (const auto known = texts.find(name); known != texts.end() && value != nullptr) {
      *known->second = value;
      continue;
    }
    const auto known = numbers.find(name);
    const std::string_view digits = value != nullptr ? value : "";
    if (known == numbers.end() ||
        std::from_chars(digits.data(), digits.data() + digits.size(), *known->second).ec != std::errc()) {
      std::fprintf(stderr, "doqload: %s? See --help.\n", argv[i]);
      return std::nullopt;
    }
  }
  return options;
}

std::string file_content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string query_for(std::string_view name, std::uint16_t type) {
  std::string message(12, '\0');
  message[2] = 1;  // RD
  message[5] = 1;  // one question
  std::istringstream labels{std::string(name)};
  for (std::string label; std::getline(labels, label, '.');) {
    if (label.empty() || label.size() > 63) { continue; }
    message += static_cast<char>(label.size());
    message += label;
  }
  message += '\0';
  message += static_cast<char>(type >> 8);
  message += static_cast<char>(type & 0xff);
  message += std::string("\0\1", 2);
  return message;
}

struct Result {
  std::uint64_t asked = 0, answered = 0, lost = 0, handshakes = 0, resumed = 0, early = 0, retried = 0, failed = 0,
                other_rcodes = 0;        // answers that say something other than NOERROR
  std::vector<std::uint32_t> latencies;  // microseconds

  void print(double seconds) {
    std::ranges::sort(latencies);
    const auto percentile = [&](double part) {
      if (latencies.empty()) { return 0.0; }
      const auto at = static_cast<std::size_t>(part * static_cast<double>(latencies.size() - 1));
      return static_cast<double>(latencies[at]) / 1000.0;
    };
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const double cpu = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                       static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    std::printf("asked %llu, answered %llu, lost %llu in %.2f s: %.0f answers/s\n",
                static_cast<unsigned long long>(asked), static_cast<unsigned long long>(answered),
                static_cast<unsigned long long>(lost), seconds, static_cast<double>(answered) / seconds);
    std::printf(
        "connections: %llu handshakes in full, %llu resumed, %llu with early data, %llu after Retry, %llu failed\n",
        static_cast<unsigned long long>(handshakes), static_cast<unsigned long long>(resumed),
        static_cast<unsigned long long>(early), static_cast<unsigned long long>(retried),
        static_cast<unsigned long long>(failed));
    std::printf("answers with another RCODE than NOERROR: %llu\n", static_cast<unsigned long long>(other_rcodes));
    std::printf("latency ms: min %.2f, p50 %.2f, p90 %.2f, p99 %.2f, p99.9 %.2f, max %.2f\n", percentile(0),
                percentile(0.5), percentile(0.9), percentile(0.99), percentile(0.999), percentile(1));
    std::printf("this client's own CPU: %.2f s\n", cpu);
  }
};

class Load {
 public:
  Load(const Options& options, const SocketAddress& server, std::string authorities, std::vector<std::string> queries)
      : options_(options),
        server_(server),
        authorities_(std::move(authorities)),
        queries_(std::move(queries)),
        poll_(epoll_create1(EPOLL_CLOEXEC)),
        lines_(options.connections) {
    result_.latencies.reserve(1 << 20);
  }

  Result& run() {
    began_ = Clock::now();
    for (Line& line : lines_) { connect(line); }
    while (!is_done()) { turn(); }
    if (options_.hold != 0) { hold(); }
    for (Line& line : lines_) {
      result_.lost += line.asked_at.size();
      if (line.client != nullptr) { line.client->close(0); }
    }
    return result_;
  }
  double seconds() const { return std::chrono::duration<double>(Clock::now() - began_).count(); }

 private:
  struct Line {
    std::unique_ptr<QuicClient> client;
    std::map<std::int64_t, Clock::time_point> asked_at;
    std::uint64_t asked = 0;
    bool is_counted = false;
  };

  // Time is up or everything has been asked: what is under way may still come.
  bool is_asking() const {
    return options_.count != 0 ? result_.asked < options_.count : seconds() < static_cast<double>(options_.seconds);
  }
  bool is_done() const {
    if (is_asking()) { return false; }
    return std::ranges::all_of(lines_, [](const Line& line) { return line.asked_at.empty(); });
  }

  // For whoever wants to know what an idle connection takes of the server.
  void hold() {
    const std::uint64_t open = connections_open();
    std::printf("held %llu\n", static_cast<unsigned long long>(open));
    std::fflush(stdout);
    const auto until = Clock::now() + std::chrono::seconds(options_.hold);
    while (Clock::now() < until && !has_input_ended()) { turn(); }
    std::printf("closed while held: %llu\n", static_cast<unsigned long long>(open - connections_open()));
  }
  std::uint64_t connections_open() const {
    return static_cast<std::uint64_t>(std::ranges::count_if(lines_, [](const Line& line) {
      return line.client != nullptr && line.client->is_established() && !line.client->is_over();
    }));
  }
  static bool has_input_ended() {
    pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    std::array<char, 64> ignored;
    return poll(&input, 1, 0) > 0 && read(STDIN_FILENO, ignored.data(), ignored.size()) <= 0;
  }

  void connect(Line& line) {
    QuicClientOptions how{.server = server_, .server_name = options_.name, .trusted_certificates = authorities_};
    if (options_.resume || options_.early_data) { how.visit = visit_; }
    how.early_data = options_.early_data && !visit_.ticket.empty();
    line = Line{};
    line.client = QuicClient::connect(how);
    if (line.client == nullptr) {
      ++result_.failed;
      return;
    }
    line.client->forgets_streams = true;
    line.client->on_end = [this, &line](std::int64_t id, QuicClient::Stream& stream) { ended(line, id, stream); };
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &line}};
    epoll_ctl(poll_, EPOLL_CTL_ADD, line.client->fd(), &event);
    if (how.early_data) { ask(line); }
    serve(line);
  }

  void ended(Line& line, std::int64_t id, const QuicClient::Stream& stream) {
    const auto asked = line.asked_at.find(id);
    if (asked == line.asked_at.end()) { return; }
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - asked->second);
    line.asked_at.erase(asked);
    constexpr std::size_t kLeast = 2 + 12;
    if (stream.reset || stream.received.size() < kLeast) {
      ++result_.lost;
      return;
    }
    ++result_.answered;
    constexpr std::size_t kRcodeAt = 2 + 3;  // behind the length, in the header's fourth octet (RFC 1035 section 4.1.1)
    if ((static_cast<unsigned char>(stream.received[kRcodeAt]) & 0x0fU) != 0) { ++result_.other_rcodes; }
    result_.latencies.push_back(static_cast<std::uint32_t>(took.count()));
  }

  void ask(Line& line) {
    while (line.asked_at.size() < options_.outstanding && is_asking() &&
           (options_.per_connection == 0 || line.asked < options_.per_connection)) {
      const std::int64_t id = line.client->ask(queries_[result_.asked % queries_.size()]);
      if (id < 0) { return; }
      line.asked_at.emplace(id, Clock::now());
      ++line.asked;
      ++result_.asked;
    }
  }

  void serve(Line& line) {
    QuicClient& client = *line.client;
    client.pump();
    if (client.is_over()) {
      replace(line);
      return;
    }
    if (!client.is_established()) { return; }
    if (!line.is_counted) { count(line); }
    const std::uint64_t before = line.asked;
    ask(line);
    if (line.asked != before) { client.pump(); }
    const bool is_spent = options_.per_connection != 0 && line.asked >= options_.per_connection;
    const bool needs_ticket = (options_.resume || options_.early_data) && visit_.ticket.empty();
    if (is_spent && line.asked_at.empty() && (!needs_ticket || !client.visit().ticket.empty())) {
      if (!client.visit().ticket.empty()) { visit_ = client.visit(); }
      client.close(0);
      if (is_asking()) { connect(line); }
    }
  }

  void count(Line& line) {
    const QuicClient& client = *line.client;
    line.is_counted = true;
    ++(client.is_resumed() ? result_.resumed : result_.handshakes);
    if (client.was_early_data_taken()) { ++result_.early; }
    if (client.was_retried()) { ++result_.retried; }
    // What was sent as early data and not taken must be asked again.
    if (line.asked != 0 && !client.was_early_data_taken()) {
      result_.asked -= line.asked_at.size();
      line.asked = 0;
      line.asked_at.clear();
    }
  }

  // Its connection has ended unasked: refused, reset, or timed out.
  void replace(Line& line) {
    ++result_.failed;
    result_.lost += line.asked_at.size();
    line.asked_at.clear();
    constexpr std::uint64_t kPatience = 1000;
    if (result_.failed > kPatience + result_.answered) {
      std::fprintf(stderr, "doqload: giving up, the connections fail (code 0x%llx)\n",
                   static_cast<unsigned long long>(line.client->code()));
      std::exit(1);
    }
    if (is_asking()) { connect(line); }
  }

  void turn() {
    const auto due = next_due();
    std::array<epoll_event, 64> events;
    const int got = epoll_wait(poll_, events.data(), static_cast<int>(events.size()), due);
    for (int i = 0; i < got; ++i) { serve(*static_cast<Line*>(events[static_cast<std::size_t>(i)].data.ptr)); }
    const auto now = static_cast<ngtcp2_tstamp>(Clock::now().time_since_epoch().count());
    for (Line& line : lines_) {
      if (line.client == nullptr) { continue; }
      if (line.client->due() <= now) { serve(line); }
      give_up_old(line);
    }
  }

  void give_up_old(Line& line) {
    const auto limit = Clock::now() - std::chrono::seconds(options_.timeout);
    result_.lost += std::erase_if(line.asked_at, [&](const auto& asked) { return asked.second < limit; });
  }

  int next_due() const {
    constexpr std::uint64_t kMost = 100'000'000;  // nanoseconds: time may be up
    const auto now = static_cast<ngtcp2_tstamp>(Clock::now().time_since_epoch().count());
    std::uint64_t least = kMost;
    for (const Line& line : lines_) {
      if (line.client == nullptr) { continue; }
      const ngtcp2_tstamp due = line.client->due();
      least = std::min(least, due > now ? due - now : 0);
    }
    return static_cast<int>((least + 999'999) / 1'000'000);
  }

  const Options& options_;
  const SocketAddress server_;
  const std::string authorities_;
  const std::vector<std::string> queries_;
  const int poll_;
  std::vector<Line> lines_;
  QuicVisit visit_;
  Result result_;
  Clock::time_point began_;
};

int run(int argc, char** argv) {
  const auto options = read_options(argc, argv);
  if (!options) { return 2; }
  if (options->help) {
    std::fputs(kHelp, stdout);
    return 0;
  }
  const auto ip = IpAddress::parse(options->server);
  if (!ip || options->port == 0 || options->port > 65535 || options->connections == 0 || options->outstanding == 0) {
    std::fputs("doqload: the server is an address, the port below 65536, and nothing is done by nobody\n", stderr);
    return 2;
  }
  if (!ip->is_loopback() && !options->anywhere) {
    std::fputs("doqload: load is for your own machine; --anywhere if you mean it\n", stderr);
    return 2;
  }
  const std::string authorities = options->ca_file.empty() ? std::string() : file_content(options->ca_file);
  if (authorities.empty() && !options->insecure) {
    std::fputs("doqload: needs --ca FILE with a certificate in it, or --insecure\n", stderr);
    return 2;
  }
  std::vector<std::string> queries;
  std::istringstream names(options->names_file.empty() ? "www.example.com" : file_content(options->names_file));
  for (std::string name; std::getline(names, name);) {
    if (!name.empty()) { queries.push_back(query_for(name, static_cast<std::uint16_t>(options->type))); }
  }
  if (queries.empty()) {
    std::fputs("doqload: there are no names to ask for\n", stderr);
    return 2;
  }
  Load load(*options, SocketAddress(*ip, static_cast<std::uint16_t>(options->port)), authorities, std::move(queries));
  Result& result = load.run();
  result.print(load.seconds());
  return result.lost == 0 && result.answered != 0 ? 0 : 1;
}

}  // namespace
}  // namespace vouch

int main(int argc, char** argv) { return vouch::run(argc, argv); }
