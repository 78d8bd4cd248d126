// A server of DNS over QUIC and HTTP/3 with nothing behind it: each query comes back as an answer without records. What
// clients and load tools are tried on, and what the transport alone costs.
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include "tests/unit/transports/certificates.h"
#include "transports/quic/quic_listener.h"

namespace vouch {
namespace {

constexpr const char* kHelp = R"(quic_echo - answers every DNS query over QUIC or HTTP/3 with no records; on 127.0.0.1

  --port PORT            any free one
  --certificate FILE     where to write its certificate, for clients to verify
  --half-open N          handshakes at once before clients are asked to prove their address (64)
  --early-data           take 0-RTT
  --connections N        at the same time (2000)
  --rsa                  a certificate of RSA 2048 instead of P-256
  --help

Prints "listening on ADDRESS@PORT", and what it did when it is told to end (SIGTERM, SIGINT).
)";

EventLoop* running = nullptr;

class EchoSink final : public QuerySink {
 public:
  std::size_t answer(const ClientQuery& query, ReplyRoom& room) override {
    const MutableBytes out = room.buffer();
    std::ranges::copy(query.packet, out.begin());
    out[2] |= 0x80;  // QR
    out[3] = 0x80;   // RA, NOERROR
    ++answered;
    return query.packet.size();
  }
  bool admits(const IpAddress&) const override { return true; }
  std::uint64_t answered = 0;
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int run(int argc, char** argv) {
  std::uint16_t port = 0;
  std::string certificate_file;
  QuicSetup setup;
  TestCertificate::Shape shape;
  std::size_t connections = 2000;
  setup.options.max_memory = std::size_t{1} << 30;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    const char* const value = i + 1 < argc ? argv[i + 1] : "";
    if (name == "--early-data") {
      setup.options.early_data = true;
    } else if (name == "--rsa") {
      shape.kind = KeyPem::Kind::rsa2048;
    } else if (name == "--port") {
      port = static_cast<std::uint16_t>(std::strtoul(value, nullptr, 10));
      ++i;
    } else if (name == "--certificate") {
      certificate_file = value;
      ++i;
    } else if (name == "--half-open") {
      setup.options.max_half_open = std::strtoul(value, nullptr, 10);
      ++i;
    } else if (name == "--connections") {
      connections = std::strtoul(value, nullptr, 10);
      ++i;
    } else {
      std::fputs(kHelp, name == "--help" ? stdout : stderr);
      return name == "--help" ? 0 : 2;
    }
  }
  const TestCertificate certificate = TestCertificate::self_signed(shape);
  if (!certificate_file.empty()) { std::ofstream(certificate_file) << certificate.pem(); }
  auto identity = Identity::from_pem(certificate.pem(), certificate.key());
  if (!identity) {
    std::fprintf(stderr, "quic_echo: %s\n", identity.error().c_str());
    return 1;
  }
  IdentityHolder identities;
  identities.replace(*identity);
  SystemRandom random;
  random.fill(setup.secrets.reset);
  random.fill(setup.secrets.token);
  random.fill(setup.secrets.ticket);

  const auto loop = EventLoop::create();
  SessionLimits limits(*loop, {.total = connections, .per_source = connections, .idle = std::chrono::seconds(30)});
  TransportCounters counters;
  EchoSink sink;
  const SocketAddress address(IpAddress::parse("127.0.0.1").value(), port);
  auto listener = QuicListener::open(*loop, address, setup, limits, sink, counters, identities);
  if (!listener) {
    std::fprintf(stderr, "quic_echo: %s\n", listener.error().c_str());
    return 1;
  }
  running = loop.get();
  for (const int signal : {SIGTERM, SIGINT}) {
    std::signal(signal, [](int) { running->stop(); });
  }
  std::printf("listening on %s\n", (*listener)->address().text().c_str());
  std::fflush(stdout);
  const double before = cpu_seconds();
  loop->run();
  const double spent = cpu_seconds() - before;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf(
      "answered %llu, handshakes %llu, resumed %llu, failed %llu; CPU %.2f s, %.2f us an answer; at most %ld KiB\n",
      static_cast<unsigned long long>(sink.answered),
      static_cast<unsigned long long>(counters.quic.handshakes.value() + counters.http3.handshakes.value()),
      static_cast<unsigned long long>(counters.quic.resumed.value() + counters.http3.resumed.value()),
      static_cast<unsigned long long>(counters.quic.handshake_failures.value()), spent,
      sink.answered == 0 ? 0.0 : spent * 1e6 / static_cast<double>(sink.answered), usage.ru_maxrss);
  return 0;
}

}  // namespace
}  // namespace vouch

int main(int argc, char** argv) { return vouch::run(argc, argv); }
