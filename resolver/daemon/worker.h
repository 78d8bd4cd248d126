// One thread that serves: an event loop with its own sockets, upstream, resolver and front. Workers share the caches
// and the tables of what is in flight, and nothing else.
//
// Lifetime: create() prepares everything on the caller's thread, sockets included; start() begins to serve. What serves
// is torn down on the worker's own thread; the loop stays until the Worker is destroyed, because other workers may
// still post to it. Destroy no worker before all have ended.
#pragma once

#include <atomic>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "conf/configuration.h"
#include "resolver/base/random.h"
#include "resolver/base/task_scope.h"
#include "resolver/daemon/server_identity.h"
#include "resolver/dnssec/anchor_keeper.h"
#include "resolver/front/front.h"
#include "resolver/iterate/resolver.h"
#include "resolver/iterate/shared_exchanges.h"
#include "transports/event_loop.h"
#include "transports/network_upstream.h"
#include "transports/quic/quic_listener.h"
#include "transports/stream_listener.h"
#include "transports/udp_listener.h"

namespace vouch {

// What all workers lean on; outlives them.
struct SharedParts {
  const Configuration& configuration;
  const LocalZones& local_zones;
  const Clock& clock;
  Caches& caches;
  SharedExchanges& exchanges;
  FrontShared& front;
  TrustAnchors& anchors;
  TrustCache& trust;
  const ServerIdentity& identity;
  const RecordedTogether& recorded;
};

// Where clients are served: what of the configuration's addresses this machine has.
struct ListenAddresses {
  std::vector<SocketAddress> dns;  // UDP and TCP
  std::vector<SocketAddress> tls, https, cleartext_https, quic;
};

class Worker {
 public:
  // The worker of this number among so many. On failure a sentence for the operator: descriptors have run out, or an
  // address was taken in this very moment.
  static std::expected<std::unique_ptr<Worker>, std::string> create(SharedParts parts, const ListenAddresses& listen,
                                                                    unsigned number, unsigned count);
  ~Worker();  // stops and joins
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // This worker keeps the process's trust anchors; before start(). `keeper` outlives the worker.
  void keep_anchors(AnchorKeeper& keeper) { keeper_ = &keeper; }

  // From the next query on this policy holds here; null: none. Any thread.
  void use_policy(std::shared_ptr<const Policy> policy);

  // One name resolved and judged for the "Check a site" page, on this worker. `done` is called on its thread; never,
  // when the worker ends first. Any thread.
  struct SiteAnswers {
    Answer ipv4, ipv6;  // to A and to AAAA
  };
  void look_up(const Name& name, std::move_only_function<void(SiteAnswers)> done);

  // Signals must be blocked by the caller, so that they reach the thread that waits for them. `ended` is called on the
  // worker's thread as its last act.
  void start(std::function<void()> ended);
  void stop() { loop_->stop(); }  // from any thread; what is under way is given up
  const WorkerCounters& counters() const noexcept { return counters_; }
  const Recorder& recorder() const noexcept { return recorder_; }

 private:
  using Opened = std::expected<void, std::string>;  // on failure a sentence for the operator
  Worker(SharedParts parts, std::unique_ptr<EventLoop> loop, unsigned number, unsigned count);
  Opened open_dns(const ListenerOptions& options, const std::vector<SocketAddress>& addresses);
  Opened open_streams(const ListenerOptions& options, const std::vector<SocketAddress>& addresses,
                      SessionLimits& limits, SessionCounters& counters, const StreamService& service);
  Opened open_encrypted(const ListenerOptions& options, const ListenAddresses& listen, const ServerIdentity& identity,
                        unsigned count);
  Task<void> run_look_up(Name name, std::move_only_function<void(SiteAnswers)> done);
  void serve() noexcept;
  void tear_down() noexcept;

  std::unique_ptr<EventLoop> loop_;  // first in, last out
  SystemRandom random_;
  WorkerCounters counters_;
  Recorder recorder_;
  const Validation validation_;
  std::unique_ptr<NetworkUpstream> upstream_;
  std::unique_ptr<Resolver> resolver_;
  AnchorKeeper* keeper_ = nullptr;  // null: another worker's business, or nobody's
  Task<void> keeping_;
  const Clock& clock_;
  TaskScope look_ups_;
  std::unique_ptr<Front> front_;
  const unsigned number_;
  std::unique_ptr<SessionLimits> tcp_sessions_;
  std::unique_ptr<SessionLimits> tls_sessions_;
  std::unique_ptr<SessionLimits> quic_sessions_;
  std::vector<std::unique_ptr<UdpListener>> udp_;
  std::vector<std::unique_ptr<StreamListener>> streams_;
  std::vector<std::unique_ptr<QuicListener>> quic_;
  std::thread thread_;
};

}  // namespace vouch
