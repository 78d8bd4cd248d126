// One thread that serves: an event loop with its own sockets, upstream, resolver and front. Workers share the caches
// and the tables of what is in flight, and nothing else.
//
// Lifetime: create() prepares everything on the caller's thread, sockets included; start() begins to serve. What serves
// is torn down on the worker's own thread; the loop stays until the Worker is destroyed, because other workers may
// still post to it. Destroy no worker before all have ended.
#pragma once

#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "resolver/base/random.h"
#include "resolver/base/task_scope.h"
#include "resolver/daemon/listeners.h"
#include "resolver/daemon/serving.h"
#include "resolver/dnssec/anchor_keeper.h"

namespace vouch {

// What all workers lean on; outlives them.
struct SharedParts {
  const Clock& clock;
  Caches& caches;
  SharedExchanges& exchanges;
  TrustAnchors& anchors;
  TrustCache& trust;
  const LocalRoot& local_root;
  const ServerIdentity& identity;
  const RecordedTogether& recorded;
  DnstapStream* dnstap;          // null: no collector is told
  const Fleet* fleet = nullptr;  // null: there is none
};

// What somebody's own resolution on a worker leans on. All of it but the upstream outlives the worker's thread.
struct StudyParts {
  Executor& executor;
  Random& random;
  Recorder& recorder;
  std::function<std::shared_ptr<Upstream>()> upstream;  // the present one; on the worker's thread
};

class Worker {
 public:
  using Prepared = std::expected<void, std::string>;  // on failure a sentence for the operator
  using KeeperPtr = std::shared_ptr<AnchorKeeper>;

  // The worker of this number among so many. It fails where descriptors have run out, or an address was taken in this
  // very moment.
  static std::expected<std::unique_ptr<Worker>, std::string> create(const SharedParts& parts,
                                                                    const GenerationPtr& generation, unsigned number,
                                                                    unsigned count);
  ~Worker();  // stops and joins
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // This worker keeps the process's trust anchors; before start().
  void keep_anchors(KeeperPtr keeper) { keeper_ = std::move(keeper); }

  // From the next query on this policy holds here; null: none. Before start() by whoever prepares, then by any thread.
  void use_policy(std::shared_ptr<const Policy> policy);

  // One name resolved and judged for the "Check a site" page, on this worker. `done` is called on its thread; never,
  // when the worker ends first. Any thread.
  struct SiteAnswers {
    Answer ipv4, ipv6;  // to A and to AAAA
  };
  void look_up(const Name& name, std::move_only_function<void(SiteAnswers)> done);

  // A task for its thread, by a resolver of its own (resolver/explain); dropped when the worker ends, or has too many
  // already. Any thread.
  using Study = std::move_only_function<Task<void>(const StudyParts& parts)>;
  void study(Study study);

  // Takes a name out of what the fleet shares; nothing happens where there is none. Type::none: whatever clients ask it
  // for. Any thread.
  void forget_shared(const Name& name, Type type);

  // Work for its thread, from any thread; dropped when it has ended.
  void post(std::move_only_function<void()> work) { loop_->post(std::move(work)); }

  // A query as if a client at this address had sent it over TCP, answered as the client would be. `done` is called on
  // the worker's thread, with nothing when the query was dropped; not at all, when the worker has ended before. Any
  // thread.
  void ask(Buffer query, const SocketAddress& client, std::move_only_function<void(Buffer)> done);

  // Signals must be blocked by the caller, so that they reach the thread that waits for them. `ended` is called on the
  // worker's thread as its last act.
  void start(std::function<void()> ended);
  void stop() { loop_->stop(); }  // from any thread; what is under way is given up

  // A new generation, in two steps, so that all workers take it or none. Each waits for this worker's thread, for
  // kPatience at most. Any thread but the worker's, one at a time, between start() and stop().
  //
  // prepare(): makes what will serve it, and opens its new listeners, which serve by the old rules until then.
  Prepared prepare(const GenerationPtr& next);
  void abandon();  // it is not taken after all
  // It serves from here on. `keeper` makes, on this worker's thread, the one that keeps the anchors from now on; empty:
  // nothing changes about that.
  using MakeKeeper = std::function<KeeperPtr()>;
  void take(MakeKeeper keeper = {});
  static constexpr Duration kPatience = std::chrono::seconds(10);  // a turn takes milliseconds, so it hangs
  // Generations that are ending: each holds some 200 KiB for six seconds.
  static constexpr std::size_t kMaxRetired = 100;

  const WorkerCounters& counters() const noexcept { return counters_; }
  const Recorder& recorder() const noexcept { return recorder_; }

 private:
  Worker(const SharedParts& parts, std::unique_ptr<EventLoop> loop, unsigned number, unsigned count);
  Prepared make_next(const GenerationPtr& next);
  void take_next(const MakeKeeper& keeper);
  void end_retired();
  template <typename Result>
  std::optional<Result> on_thread(std::move_only_function<Result()> work);
  void tap(const DnstapOptions& options);
  Serving::Parts serving_parts();
  QuerySink& sink() noexcept;
  Task<void> run_look_up(Name name, std::move_only_function<void(SiteAnswers)> done);
  Task<void> run_study(Study study);
  void run_keeper();
  void serve() noexcept;
  void tear_down() noexcept;

  std::unique_ptr<EventLoop> loop_;  // first in, last out
  SystemRandom random_;
  WorkerCounters counters_;
  Recorder recorder_;
  const SharedParts parts_;
  const unsigned number_, count_;
  std::unique_ptr<FleetMember> fleet_;  // null: there is none
  CurrentFetch fetch_;
  KeeperPtr keeper_;  // null: another worker's business, or nobody's
  Task<void> keeping_;
  TaskScope look_ups_;
  CurrentFront front_;
  // Where a dnstap collector is told: before front_ and the upstreams.
  std::optional<DnstapRecorder> dnstap_;
  std::optional<TappedSink> tapped_front_;
  std::shared_ptr<const Policy> policy_;  // null: none
  std::unique_ptr<Serving> serving_;
  std::unique_ptr<Serving> next_;  // between prepare() and take()
  struct Retired {
    std::unique_ptr<Serving> serving;
    Instant since;
  };
  std::deque<Retired> retired_;  // oldest first
  std::unique_ptr<Executor::Timer> retire_timer_;
  std::unique_ptr<Executor::Timer> spent_timer_;  // a timer cannot be destroyed inside its own work
  std::unique_ptr<Listeners> listeners_;
  std::thread thread_;
};

}  // namespace vouch
