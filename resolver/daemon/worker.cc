#include "resolver/daemon/worker.h"

#include <pthread.h>

#include <utility>

#include "resolver/base/log.h"

namespace vouch {

Worker::Worker(SharedParts parts, std::unique_ptr<EventLoop> loop)
    : loop_(std::move(loop)),
      validation_{parts.configuration.dnssec, parts.anchors, parts.trust, counters_.validation} {
  const Configuration& configuration = parts.configuration;
  upstream_ = std::make_unique<NetworkUpstream>(*loop_, configuration.outgoing, random_);
  resolver_ = std::make_unique<Resolver>(
      ResolverParts{.options = configuration.resolver,
                    .caches = parts.caches,
                    .exchanges = parts.exchanges,
                    .upstream = *upstream_,
                    .executor = *loop_,
                    .clock = parts.clock,
                    .random = random_,
                    .counters = counters_.resolver,
                    .validation = configuration.dnssec.mode == DnssecMode::off ? nullptr : &validation_});
  front_ = std::make_unique<Front>(FrontParts{.options = configuration.front,
                                              .local_zones = parts.local_zones,
                                              .shared = parts.front,
                                              .caches = parts.caches,
                                              .resolver = *resolver_,
                                              .executor = *loop_,
                                              .clock = parts.clock,
                                              .random = random_,
                                              .counters = counters_.front});
  sessions_ = std::make_unique<SessionLimits>(*loop_, configuration.listeners.sessions);
}

std::expected<std::unique_ptr<Worker>, std::string> Worker::create(SharedParts parts,
                                                                   const std::vector<SocketAddress>& listen) {
  std::unique_ptr<EventLoop> loop = EventLoop::create();
  if (loop == nullptr) {
    return std::unexpected("cannot make an event loop: descriptors have run out (RLIMIT_NOFILE)");
  }
  std::unique_ptr<Worker> worker(new Worker(parts, std::move(loop)));
  const ListenerOptions& options = parts.configuration.listeners;
  for (const SocketAddress& address : listen) {
    auto udp = UdpListener::open(*worker->loop_, address, options.udp, *worker->front_, worker->counters_.transport);
    if (!udp) { return std::unexpected(std::move(udp.error())); }
    worker->udp_.push_back(std::move(*udp));
    auto tcp = TcpListener::open(*worker->loop_, address, options.tcp, *worker->sessions_, *worker->front_,
                                 worker->counters_.transport);
    if (!tcp) { return std::unexpected(std::move(tcp.error())); }
    worker->tcp_.push_back(std::move(*tcp));
  }
  return worker;
}

Worker::~Worker() {
  if (thread_.joinable()) {
    stop();
    thread_.join();
  }
  tear_down();
}

void Worker::start(unsigned number, std::function<void()> ended) {
  thread_ = std::thread([this, ended = std::move(ended)] {
    serve();
    ended();
  });
  ::pthread_setname_np(thread_.native_handle(), ("vouchd/" + std::to_string(number)).c_str());
}

void Worker::serve() noexcept {
  if (keeper_ != nullptr) {
    loop_->post([this] {
      keeping_ = keeper_->run(*resolver_, *loop_);
      keeping_.start();
    });
  }
  loop_->run();
  tear_down();
}

// Clients' side first, so that nothing new begins; each part before what it leans on.
void Worker::tear_down() noexcept {
  udp_.clear();
  tcp_.clear();
  front_.reset();
  sessions_.reset();
  keeping_ = {};
  resolver_.reset();
  upstream_.reset();
}

}  // namespace vouch
