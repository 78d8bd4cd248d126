// A whole resolver on virtual time: caches, resolver and front wired together as one worker of the daemon has them,
// with a script in the place of the network. Clients' questions go through Front as packets.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "resolver/dnssec/dnssec_options.h"
#include "resolver/front/front_options.h"
#include "resolver/front/query_sink.h"
#include "resolver/iterate/resolver.h"
#include "resolver/iterate/shared_exchanges.h"
#include "resolver/policy/policy.h"
#include "telemetry/collector.h"
#include "tests/scenarios/message.h"
#include "tests/scenarios/simulation.h"

namespace vouch::simulation {

struct WorldOptions {
  ResolverOptions resolver;
  FrontOptions front;  // an empty `allow` means everybody here
  CacheOptions cache;
  LocalDataOptions local;
  std::shared_ptr<const Policy> policy;  // null: none
  DnssecOptions dnssec;
  TelemetryOptions telemetry;
  SharedCache* shared_cache = nullptr;  // outlives the world; null: nothing is shared
  UnixTime start = VirtualClock::kStart;
  std::uint64_t seed = 1;
};

// How a client asks. Defaults: over UDP, RD, no EDNS.
struct Asking {
  ClientProtocol protocol = ClientProtocol::udp;
  bool rd = true, ad = false, cd = false;
  bool dnssec_ok = false;                       // implies EDNS
  std::optional<std::uint16_t> edns_size = {};  // a value implies EDNS
  std::optional<SocketAddress> client = {};     // default 192.0.2.200@40000
  std::optional<std::uint16_t> id = {};         // default: another for each question
};

// What a client got: a message that ldns could read, or nothing at all.
class ClientAnswer {
 public:
  ClientAnswer() = default;
  explicit ClientAnswer(std::optional<Buffer> packet);

  bool is_silence() const { return !packet_; }
  bool is_readable() const { return readable_; }
  const Buffer& packet() const { return *packet_; }  // only when there is one
  const Message& message() const { return message_; }
  Rcode rcode() const { return message_.rcode; }
  // The sections' records, a line each; "" when empty. An answer that never came or cannot be read says so in words.
  std::string text() const;
  std::string authority_text() const { return records_text(message_.authority); }
  std::string additional_text() const { return records_text(message_.additional); }
  std::string summary() const;  // "NOERROR www.example. 300 IN A 192.0.2.1", "SERVFAIL", "silence": one line
  std::optional<Ede> ede() const;
  std::string ede_text() const;  // EXTRA-TEXT; "" when there is none

 private:
  std::optional<Buffer> packet_;
  Message message_;
  bool readable_ = false;
  std::string error_;
};

// A question under way. Stays valid after the World is gone.
class Pending {
 public:
  bool is_over() const { return state_->over; }  // answered, or dropped
  bool is_answered() const { return state_->packet.has_value(); }
  ClientAnswer answer() const { return ClientAnswer(state_->packet); }

 private:
  friend class ClientSide;
  struct State {
    std::optional<Buffer> packet;
    bool over = false;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

// Front and what belongs to it, behind an interface, so that tests of the resolver alone do not link it.
class ClientSide {
 public:
  virtual ~ClientSide() = default;
  virtual Pending send(Bytes packet, const SocketAddress& client, ClientProtocol protocol) = 0;
  virtual std::size_t in_flight() const = 0;
  virtual const FrontCounters& counters() const = 0;
  virtual void use_policy(std::shared_ptr<const Policy> policy) = 0;
  std::uint64_t answered_from(AnswerSource source) const {
    std::uint64_t sum = 0;
    for (const auto& row : counters().answers) { sum += row[static_cast<std::size_t>(source)].value(); }
    return sum;
  }

 protected:
  static Pending::State& state_of(const Pending& pending) { return *pending.state_; }
  static std::shared_ptr<Pending::State> share_of(const Pending& pending) { return pending.state_; }
  using PendingState = Pending::State;
};

class World {
 public:
  World(WorldOptions options, ScriptedUpstream::Script script);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Through Front, octets in and octets out. ask() lets time pass until the answer is there (or dropped); send() does
  // not.
  ClientAnswer ask(std::string_view name, Type type, const Asking& how = {});
  Pending send(std::string_view name, Type type, const Asking& how = {});
  Pending send(Bytes packet, const Asking& how = {});
  // Until every one of them is over; at most `at_most` passes.
  void wait(std::span<const Pending> pending, Duration at_most = 60s);
  // Past Front: the resolver's own answer under a fresh budget.
  Answer resolve(std::string_view name, Type type);

  void pass(Duration time) { executor_.run_for(time); }
  // What goes on behind an answer (prefetch, refreshing stale data) comes to its end.
  void settle(Duration at_most = 10s);

  VirtualClock& clock() { return clock_; }
  VirtualExecutor& executor() { return executor_; }
  ScriptedUpstream& upstream() { return upstream_; }
  Caches& caches() { return caches_; }
  Resolver& resolver() { return resolver_; }
  Random& random() { return random_; }
  const WorldOptions& options() const { return options_; }
  ResolverCounters& counters() { return counters_.resolver; }
  ValidationCounters& validation_counters() { return counters_.validation; }
  Recorder& recorder() { return recorder_; }
  ZoneLedger& ledger() { return ledger_; }
  ExpiryWatch& expiry() { return expiry_; }
  Figures figures() { return collector_.take(clock_.wall()); }
  TrustAnchors& anchors() { return anchors_; }
  TrustCache& trust() { return trust_; }
  LocalRoot& local_root() { return local_root_; }  // empty, unless a test puts one there
  ClientSide& clients();

 private:
  WorldOptions options_;
  VirtualClock clock_;
  VirtualExecutor executor_;
  SeededRandom random_;
  Caches caches_;
  SharedExchanges exchanges_;
  ScriptedUpstream upstream_;
  WorkerCounters counters_;
  SeededRandom telemetry_random_;  // of its own: what a seed makes of a resolution must not hang on what is counted
  ZoneLedger ledger_;
  ExpiryWatch expiry_;
  const RecordedTogether together_{ledger_, expiry_};
  Recorder recorder_;
  Collector collector_;
  TrustAnchors anchors_;
  TrustCache trust_;
  const Validation validation_;
  LocalRoot local_root_;
  Resolver resolver_;
  std::uint16_t last_id_ = 0;
  std::unique_ptr<ClientSide> clients_;  // made by the first question
};

}  // namespace vouch::simulation
