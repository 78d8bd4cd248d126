#include "resolver/daemon/worker.h"

#include <pthread.h>

#include <future>
#include <utility>

#include "resolver/base/log.h"
#include "resolver/daemon/own_question.h"
#include "resolver/daemon/version.h"

namespace vouch {

namespace {

constexpr std::size_t kMaxLookUps = 64;  // more than those who ask let through (site_lookups.h)

}  // namespace

Worker::Worker(const SharedParts& parts, std::unique_ptr<EventLoop> loop, unsigned number, unsigned count)
    : loop_(std::move(loop)),
      recorder_(counters_, &parts.recorded),
      parts_(parts),
      number_(number),
      count_(count),
      look_ups_(kMaxLookUps) {}

std::expected<std::unique_ptr<Worker>, std::string> Worker::create(const SharedParts& parts,
                                                                   const GenerationPtr& generation, unsigned number,
                                                                   unsigned count) {
  std::unique_ptr<EventLoop> loop = EventLoop::create();
  if (loop == nullptr) {
    return std::unexpected("cannot make an event loop: descriptors have run out (RLIMIT_NOFILE)");
  }
  std::unique_ptr<Worker> worker(new Worker(parts, std::move(loop), number, count));
  worker->tap(generation->configuration.dnstap);
  if (parts.fleet != nullptr) {
    auto member = FleetMember::make(*parts.fleet, generation->configuration.outgoing, *worker->loop_, worker->random_,
                                    worker->counters_.shared_cache, number == 0);
    if (!member) { return std::unexpected(std::move(member.error())); }
    worker->fleet_ = std::move(*member);
  }
  auto serving = Serving::make(worker->serving_parts(), generation, nullptr);
  if (!serving) { return std::unexpected(std::move(serving.error())); }
  worker->serving_ = std::move(*serving);
  worker->front_.serve_with(worker->serving_->front());
  worker->fetch_.fetch_with(worker->serving_->resolver());
  worker->listeners_ = std::make_unique<Listeners>(Listeners::Parts{.loop = *worker->loop_,
                                                                    .sink = worker->sink(),
                                                                    .counters = worker->counters_.transport,
                                                                    .identity = parts.identity,
                                                                    .worker = number,
                                                                    .workers = count},
                                                   generation->configuration.listeners);
  if (auto opened = worker->listeners_->open(generation); !opened) {
    return std::unexpected(std::move(opened.error()));
  }
  worker->listeners_->take(*generation, worker->loop_->now());
  return worker;
}

Serving::Parts Worker::serving_parts() {
  return {.loop = *loop_,
          .random = random_,
          .recorder = recorder_,
          .counters = counters_,
          .clock = parts_.clock,
          .caches = parts_.caches,
          .exchanges = parts_.exchanges,
          .anchors = parts_.anchors,
          .trust = parts_.trust,
          .local_root = parts_.local_root,
          .dnstap = dnstap_ ? &*dnstap_ : nullptr,
          .workers = count_,
          .fleet = fleet_.get()};
}

void Worker::tap(const DnstapOptions& options) {
  if (parts_.dnstap == nullptr) { return; }
  dnstap_.emplace(options, "vouch " + std::string(kVersion), parts_.dnstap->open_queue(counters_.transport));
  tapped_front_.emplace(front_, *dnstap_);
}

QuerySink& Worker::sink() noexcept {
  if (tapped_front_) { return *tapped_front_; }
  return front_;
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
    // By the thread itself: for another's the C library opens a file, which a confined process may not.
    ::pthread_setname_np(::pthread_self(), ("vouchd/" + std::to_string(number_)).c_str());
    serve();
    ended();
  });
}

void Worker::use_policy(std::shared_ptr<const Policy> policy) {
  if (!thread_.joinable()) {  // nobody is served yet, and nobody shall be without it
    policy_ = std::move(policy);
    if (serving_ != nullptr) { serving_->front().use_policy(policy_); }
    return;
  }
  loop_->post([this, policy = std::move(policy)]() mutable {
    policy_ = std::move(policy);
    if (serving_ != nullptr) { serving_->front().use_policy(policy_); }
  });
}

void Worker::look_up(const Name& name, std::move_only_function<void(SiteAnswers)> done) {
  loop_->post([this, name, done = std::move(done)]() mutable {
    if (serving_ != nullptr) { look_ups_.spawn(run_look_up(name, std::move(done))); }
  });
}

void Worker::ask(Buffer query, const SocketAddress& client, std::move_only_function<void(Buffer)> done) {
  loop_->post([this, query = std::move(query), client, done = std::move(done)]() mutable {
    if (serving_ != nullptr) { ask_as_client(front_, query, client, std::move(done)); }
  });
}

Task<void> Worker::run_look_up(Name name, std::move_only_function<void(SiteAnswers)> done) {
  SiteAnswers answers;
  const Question ipv4{name, Type::A}, ipv6{name, Type::AAAA};
  Resolver& resolver = serving_->resolver();  // stays until the last query that it could be asked has ended
  try {
    Budget first(parts_.clock.monotonic());
    Answer answer = co_await resolver.resolve(ipv4, first);
    answers.ipv4 = std::move(answer);
    Budget second(parts_.clock.monotonic());
    answer = co_await resolver.resolve(ipv6, second);
    answers.ipv6 = std::move(answer);
  } catch (...) {  // out of memory: what there is so far is told
    counters_.front.internal_errors.add();
  }
  done(std::move(answers));
}

void Worker::forget_shared(const Name& name, Type type) {
  loop_->post([this, name, type] {
    if (serving_ != nullptr && serving_->shared_cache() != nullptr) { serving_->shared_cache()->remove(name, type); }
  });
}

void Worker::study(Study study) {
  loop_->post([this, study = std::move(study)]() mutable {
    if (serving_ != nullptr) { look_ups_.spawn(run_study(std::move(study))); }
  });
}

Task<void> Worker::run_study(Study study) {
  const StudyParts parts{.executor = *loop_, .random = random_, .recorder = recorder_, .upstream = [this] {
                           return std::shared_ptr<Upstream>(serving_->upstream());
                         }};
  try {
    co_await study(parts);
  } catch (...) {  // out of memory: whoever waits is told so by his own patience
    counters_.front.internal_errors.add();
  }
}

// Runs `work` on the worker's thread and waits. Nothing: the thread hangs; then it may still come, and finds nobody.
template <typename Result>
std::optional<Result> Worker::on_thread(std::move_only_function<Result()> work) {
  auto promised = std::make_shared<std::promise<Result>>();
  auto result = promised->get_future();
  loop_->post([work = std::move(work), promised]() mutable {
    try {
      promised->set_value(work());
    } catch (...) { promised->set_exception(std::current_exception()); }
  });
  if (result.wait_for(kPatience) != std::future_status::ready) { return std::nullopt; }
  return result.get();
}

Worker::Prepared Worker::prepare(const GenerationPtr& next) {
  auto done = on_thread<Prepared>([this, next]() -> Prepared {
    try {
      return make_next(next);
    } catch (const std::bad_alloc&) {
      next_.reset();
      listeners_->abandon();
      return std::unexpected("no memory is left for a second configuration");
    }
  });
  if (!done) { return std::unexpected("worker " + std::to_string(number_) + " does not respond"); }
  return std::move(*done);
}

Worker::Prepared Worker::make_next(const GenerationPtr& next) {
  if (retired_.size() >= kMaxRetired) {
    return std::unexpected("too many reloads within some seconds: queries of the earlier ones are still under way");
  }
  auto made = Serving::make(serving_parts(), next, serving_.get());
  if (!made) { return std::unexpected(std::move(made.error())); }
  if (auto opened = listeners_->open(next); !opened) { return opened; }
  next_ = std::move(*made);
  return {};
}

void Worker::abandon() {
  on_thread<bool>([this] {
    next_.reset();
    listeners_->abandon();
    return true;
  });
}

void Worker::take(MakeKeeper keeper) {
  on_thread<bool>([this, keeper = std::move(keeper)] {
    take_next(keeper);
    return true;
  });
}

void Worker::take_next(const MakeKeeper& keeper) {
  if (next_ == nullptr) { return; }  // it was prepared in vain
  next_->front().use_policy(policy_);
  front_.serve_with(next_->front());
  fetch_.fetch_with(next_->resolver());
  serving_->retire();
  const Instant now = loop_->now();
  retired_.push_back({std::move(serving_), now});
  serving_ = std::move(next_);
  listeners_->take(serving_->generation(), now);
  if (keeper) {
    keeping_ = {};
    keeper_.reset();  // before the new one takes up what this one has stored
    keeper_ = keeper();
    run_keeper();
  }
  if (retire_timer_ == nullptr) {
    retire_timer_ = loop_->after(Serving::kTimeToEnd, [this] { end_retired(); });
  }
}

void Worker::end_retired() {
  const Instant then = loop_->now() - Serving::kTimeToEnd;
  while (!retired_.empty() && retired_.front().since <= then) { retired_.pop_front(); }
  listeners_->close_unwanted(then);
  spent_timer_ = std::move(retire_timer_);
  if (retired_.empty()) { return; }
  const Duration left = retired_.front().since - then;
  retire_timer_ = loop_->after(left, [this] { end_retired(); });
}

void Worker::run_keeper() {
  if (keeper_ == nullptr) { return; }
  keeping_ = keeper_->run(fetch_, *loop_);
  keeping_.start();
}

void Worker::serve() noexcept {
  loop_->post([this] {
    if (fleet_ != nullptr) { fleet_->start(); }
    run_keeper();
  });
  loop_->run();
  tear_down();
}

// Clients' side first, so that nothing new begins; each part before what it leans on.
void Worker::tear_down() noexcept {
  if (listeners_) { listeners_->close_all(); }
  retire_timer_.reset();
  spent_timer_.reset();
  keeping_ = {};
  look_ups_.cancel_all();
  next_.reset();
  retired_.clear();
  serving_.reset();
  fleet_.reset();
}

}  // namespace vouch
