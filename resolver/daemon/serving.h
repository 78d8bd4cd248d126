// What one worker serves one generation with: an upstream, a resolver and a front; and the two handles through which
// those who outlive a generation reach those of the present one.
//
// Threads: the worker's alone, but made before it runs by the thread that prepares it.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "resolver/base/random.h"
#include "resolver/daemon/fleet.h"
#include "resolver/daemon/generation.h"
#include "resolver/dnssec/trust_anchors.h"
#include "resolver/dnssec/trust_cache.h"
#include "resolver/iterate/resolver.h"
#include "resolver/iterate/shared_exchanges.h"
#include "transports/dnstap/tapped_sink.h"
#include "transports/network_upstream.h"

namespace vouch {

class Serving {
 public:
  struct Parts {
    EventLoop& loop;
    Random& random;
    Recorder& recorder;
    WorkerCounters& counters;
    const Clock& clock;
    Caches& caches;
    SharedExchanges& exchanges;
    TrustAnchors& anchors;
    TrustCache& trust;
    const LocalRoot& local_root;
    DnstapRecorder* dnstap;  // null: nobody is told
    unsigned workers = 1;
    FleetMember* fleet = nullptr;  // null: there is none
  };
  // `before`: what the worker serves with now; null at the start. Its connections to servers are kept where nothing
  // about them has changed. On failure a sentence for the operator.
  static std::expected<std::unique_ptr<Serving>, std::string> make(const Parts& parts, GenerationPtr generation,
                                                                   const Serving* before);

  const Generation& generation() const noexcept { return *generation_; }
  Resolver& resolver() noexcept { return *resolver_; }
  FleetCache* shared_cache() noexcept { return shared_cache_.get(); }  // null: there is none
  Front& front() noexcept { return *front_; }
  const std::shared_ptr<Upstream>& upstream() const noexcept { return asked_; }

  // No new query comes here any more: what only they would want goes now, the rest when this is destroyed.
  void retire() noexcept { front_->forget_answers(); }
  // By then every query that it was serving has ended: each has a deadline.
  static constexpr Duration kTimeToEnd = Budget::kTime + std::chrono::milliseconds(1200);

 private:
  Serving(const Parts& parts, GenerationPtr generation);
  std::expected<void, std::string> connect(const Parts& parts, const Serving* before);

  GenerationPtr generation_;
  Validation validation_;
  std::shared_ptr<NetworkUpstream> upstream_;  // of the generation that first had these options, and of later ones
  std::shared_ptr<Upstream> asked_;            // it, or what tells a dnstap collector of it
  std::unique_ptr<FleetCache> shared_cache_;
  std::unique_ptr<Resolver> resolver_;
  std::unique_ptr<Front> front_;
};

// The present front, for listeners and their sessions.
class CurrentFront final : public QuerySink {
 public:
  void serve_with(Front& front) noexcept { front_ = &front; }
  std::size_t answer(const ClientQuery& query, ReplyRoom& room) override { return front_->answer(query, room); }
  void expect(Bytes packet) const noexcept override { front_->expect(packet); }
  bool admits(const IpAddress& client) const override { return front_->admits(client); }

 private:
  Front* front_ = nullptr;  // set before any listener is opened
};

// The present resolver, for whoever asks on behalf of nobody for as long as the process lives. What was begun by an
// older one is ended by it (Serving::kTimeToEnd).
class CurrentFetch final : public Fetch {
 public:
  void fetch_with(Resolver& resolver) noexcept { resolver_ = &resolver; }
  Task<Answer> fetch(Question question, Budget& budget) override {
    return resolver_->fetch(std::move(question), budget);
  }
  Task<Answer> fetch_elsewhere(Question question, const std::vector<IpAddress>& not_from, Budget& budget) override {
    return resolver_->fetch_elsewhere(std::move(question), not_from, budget);
  }
  bool is_known_cut(NameView name) const override { return resolver_->is_known_cut(name); }

 private:
  Resolver* resolver_ = nullptr;  // set before the worker runs
};

}  // namespace vouch
