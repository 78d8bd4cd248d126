#include "resolver/daemon/worker.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "resolver/base/log.h"
#include "transports/http/cleartext_service.h"
#include "transports/tls/tls_service.h"

namespace vouch {

namespace {

constexpr std::size_t kMaxLookUps = 64;  // more than those who ask let through (site_lookups.h)

}  // namespace

Worker::Worker(SharedParts parts, std::unique_ptr<EventLoop> loop, unsigned number, unsigned count)
    : loop_(std::move(loop)),
      recorder_(counters_, &parts.recorded),
      validation_{parts.configuration.dnssec, parts.anchors, parts.trust, counters_.validation, &recorder_},
      clock_(parts.clock),
      look_ups_(kMaxLookUps),
      number_(number) {
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
                                              .recorder = recorder_,
                                              .answer_octets = parts.caches.share_of_answers() / count});
  const ListenerOptions& listeners = configuration.listeners;
  tcp_sessions_ = std::make_unique<SessionLimits>(*loop_, listeners.sessions);
  tls_sessions_ = std::make_unique<SessionLimits>(*loop_, listeners.tls_sessions);
  quic_sessions_ = std::make_unique<SessionLimits>(*loop_, listeners.quic_sessions);
}

std::expected<std::unique_ptr<Worker>, std::string> Worker::create(SharedParts parts, const ListenAddresses& listen,
                                                                   unsigned number, unsigned count) {
  std::unique_ptr<EventLoop> loop = EventLoop::create();
  if (loop == nullptr) {
    return std::unexpected("cannot make an event loop: descriptors have run out (RLIMIT_NOFILE)");
  }
  std::unique_ptr<Worker> worker(new Worker(parts, std::move(loop), number, count));
  // Now, while what names the authorities may be read.
  const auto& forwards = parts.configuration.resolver.forward_zones;
  if (std::ranges::any_of(forwards, &ConfiguredZone::tls)) {
    if (const auto why = worker->upstream_->prepare_tls()) { return std::unexpected("forward.zones: " + *why); }
  }
  const ListenerOptions& options = parts.configuration.listeners;
  if (auto opened = worker->open_dns(options, listen.dns); !opened) { return std::unexpected(opened.error()); }
  auto opened = worker->open_encrypted(options, listen, parts.identity, count);
  if (!opened) { return std::unexpected(opened.error()); }
  return worker;
}

Worker::Opened Worker::open_dns(const ListenerOptions& options, const std::vector<SocketAddress>& addresses) {
  for (const SocketAddress& address : addresses) {
    auto udp = UdpListener::open(*loop_, address, options.udp, *front_, counters_.transport, options.proxies);
    if (!udp) { return std::unexpected(std::move(udp.error())); }
    udp_.push_back(std::move(*udp));
  }
  return open_streams(options, addresses, *tcp_sessions_, counters_.transport.tcp, dns_over_tcp());
}

Worker::Opened Worker::open_streams(const ListenerOptions& options, const std::vector<SocketAddress>& addresses,
                                    SessionLimits& limits, SessionCounters& counters, const StreamService& service) {
  const StreamListener::Parts parts{.loop = *loop_,
                                    .options = options.stream,
                                    .proxies = options.proxies,
                                    .limits = limits,
                                    .sink = *front_,
                                    .counters = counters};
  for (const SocketAddress& address : addresses) {
    auto opened = StreamListener::open(parts, address, service);
    if (!opened) { return std::unexpected(std::move(opened.error())); }
    streams_.push_back(std::move(*opened));
  }
  return {};
}

Worker::Opened Worker::open_encrypted(const ListenerOptions& options, const ListenAddresses& listen,
                                      const ServerIdentity& identity, unsigned count) {
  const auto tls_for = [&](TlsServerContext::Service service) {
    return std::make_shared<TlsServer>(identity.identities(), identity.ticket_keys(), service);
  };
  TransportCounters& counters = counters_.transport;
  const auto tls = dns_over_tls(tls_for(TlsServerContext::Service::dot));
  if (auto opened = open_streams(options, listen.tls, *tls_sessions_, counters.tls, tls); !opened) { return opened; }
  const auto https = dns_over_https(tls_for(TlsServerContext::Service::https), options.http);
  if (auto opened = open_streams(options, listen.https, *tls_sessions_, counters.https, https); !opened) {
    return opened;
  }
  const auto cleartext = dns_over_cleartext_http(options.http);
  if (auto opened = open_streams(options, listen.cleartext_https, *tls_sessions_, counters.https, cleartext); !opened) {
    return opened;
  }
  const QuicSetup setup{.options = options.quic_limits,
                        .http = options.http,
                        .secrets = identity.quic_secrets(),
                        .memory = std::make_shared<std::size_t>(0),
                        .worker = number_,
                        .workers = count};
  for (const SocketAddress& address : listen.quic) {
    auto quic = QuicListener::open(*loop_, address, setup, *quic_sessions_, *front_, counters, identity.identities());
    if (!quic) { return std::unexpected(std::move(quic.error())); }
    quic_.push_back(std::move(*quic));
  }
  return {};
}

Worker::~Worker() {
  if (thread_.joinable()) {
    stop();
    thread_.join();
  }
  tear_down();
}

void Worker::start(std::function<void()> ended) {
  thread_ = std::thread([this, ended = std::move(ended)] {
    serve();
    ended();
  });
  ::pthread_setname_np(thread_.native_handle(), ("vouchd/" + std::to_string(number_)).c_str());
}

void Worker::use_policy(std::shared_ptr<const Policy> policy) {
  loop_->post([this, policy = std::move(policy)]() mutable {
    if (front_ != nullptr) { front_->use_policy(std::move(policy)); }
  });
}

void Worker::look_up(const Name& name, std::move_only_function<void(SiteAnswers)> done) {
  loop_->post([this, name, done = std::move(done)]() mutable {
    if (resolver_ != nullptr) { look_ups_.spawn(run_look_up(name, std::move(done))); }
  });
}

Task<void> Worker::run_look_up(Name name, std::move_only_function<void(SiteAnswers)> done) {
  SiteAnswers answers;
  const Question ipv4{name, Type::A}, ipv6{name, Type::AAAA};
  try {
    Budget first(clock_.monotonic());
    Answer answer = co_await resolver_->resolve(ipv4, first);
    answers.ipv4 = std::move(answer);
    Budget second(clock_.monotonic());
    answer = co_await resolver_->resolve(ipv6, second);
    answers.ipv6 = std::move(answer);
  } catch (...) {  // out of memory: what there is so far is told
    counters_.front.internal_errors.add();
  }
  done(std::move(answers));
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
  streams_.clear();
  quic_.clear();
  front_.reset();
  tcp_sessions_.reset();
  tls_sessions_.reset();
  quic_sessions_.reset();
  keeping_ = {};
  look_ups_.cancel_all();
  resolver_.reset();
  upstream_.reset();
}

}  // namespace vouch
