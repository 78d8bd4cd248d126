#include "tests/scenarios/simulation.h"

#include <algorithm>
#include <stdexcept>

namespace vouch::simulation {

struct VirtualExecutor::Handle final : Timer {
  Handle(VirtualExecutor& owner, Key at) : executor(owner), key(at) {}
  ~Handle() override { executor.timers_.erase(key); }
  VirtualExecutor& executor;
  Key key;
};

void VirtualExecutor::post(std::move_only_function<void()> work) {
  const std::scoped_lock lock(posted_mutex_);
  posted_.push_back(std::move(work));
}

std::unique_ptr<Executor::Timer> VirtualExecutor::after(Duration delay, std::move_only_function<void()> work) {
  const Key key{clock_.monotonic() + std::max(delay, Duration::zero()), next_timer_++};
  timers_.emplace(key, std::move(work));
  return std::make_unique<Handle>(*this, key);
}

bool VirtualExecutor::run_one_posted() {
  std::move_only_function<void()> work;
  {
    const std::scoped_lock lock(posted_mutex_);
    if (posted_.empty()) { return false; }
    work = std::move(posted_.front());
    posted_.pop_front();
  }
  work();
  return true;
}

void VirtualExecutor::run_first_timer() {
  // Out of the table before it runs: the work may well destroy its own handle.
  auto first = timers_.extract(timers_.begin());
  clock_.advance_to(first.key().first);
  first.mapped()();
}

void VirtualExecutor::run_posted() {
  for (std::size_t done = 0; run_one_posted(); ++done) {
    if (done == kMaxWork) { throw std::runtime_error("work posts itself without end"); }
  }
}

bool run_together(std::span<VirtualExecutor* const> executors, const std::function<bool()>& predicate,
                  Duration at_most) {
  const Instant end = executors.front()->clock_.monotonic() + at_most;
  for (std::size_t done = 0; !predicate(); ++done) {
    if (done == VirtualExecutor::kMaxWork) { throw std::runtime_error("work without end"); }
    if (std::ranges::any_of(executors, [](VirtualExecutor* each) { return each->run_one_posted(); })) { continue; }
    VirtualExecutor* next = nullptr;
    for (VirtualExecutor* each : executors) {
      if (each->timers_.empty()) { continue; }
      if (next == nullptr || each->timers_.begin()->first.first < next->timers_.begin()->first.first) { next = each; }
    }
    if (next == nullptr || next->timers_.begin()->first.first > end) { return false; }
    next->run_first_timer();
  }
  return true;
}

bool VirtualExecutor::run_until(const std::function<bool()>& predicate, Duration at_most) {
  VirtualExecutor* const self[] = {this};
  return run_together(self, predicate, at_most);
}

bool VirtualExecutor::run_until_idle(Duration at_most) {
  run_until([] { return false; }, at_most);
  return timers_.empty();
}

void VirtualExecutor::run_for(Duration time) {
  const Instant end = clock_.monotonic() + time;
  run_until([] { return false; }, time);
  clock_.advance_to(end);
}

void SeededRandom::fill(MutableBytes out) {
  for (Octet& octet : out) {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebULL;
    octet = u8((mixed ^ mixed >> 31) & 0xff);
  }
}

namespace {

// Counts a question as in flight for as long as its coroutine lives, cancelled or not.
class InFlight {
 public:
  InFlight(std::size_t& now, std::size_t& most) : now_(now) { most = std::max(most, ++now_); }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  ~InFlight() { --now_; }

 private:
  std::size_t& now_;
};

}  // namespace

Task<UpstreamReply> ScriptedUpstream::ask(UpstreamQuestion question) {
  using Status = UpstreamReply::Status;
  const InFlight counted(in_flight_, most_in_flight_);
  const Instant start = clock_.monotonic();
  asked_.push_back({question.server,
                    question.protocol,
                    Buffer(question.packet.begin(), question.packet.end()),
                    start,
                    std::string(question.tls_name),
                    {question.tls_pins.begin(), question.tls_pins.end()}});
  const Asked asked = asked_.back();
  const Scripted scripted = script_(asked);

  OneShot<UpstreamReply> end;
  std::vector<std::unique_ptr<Executor::Timer>> timers;  // destroyed before `end`: nothing fires into a dead slot
  if (scripted.unreachable) {
    timers.push_back(executor_.after(kUsualDelay, [&end, start, this] {
      if (!end.is_set()) { end.set({Status::unreachable, {}, clock_.monotonic() - start}); }
    }));
  }
  if (!scripted.untrusted.empty()) {
    timers.push_back(executor_.after(kUsualDelay, [&end, &scripted, start, this] {
      if (!end.is_set()) { end.set({Status::untrusted, {}, clock_.monotonic() - start, scripted.untrusted}); }
    }));
  }
  for (const ScriptedReply& reply : scripted.replies) {
    timers.push_back(executor_.after(reply.delay, [&end, &reply, &question, start, this] {
      if (end.is_set()) { return; }
      const ReplyFit fit = question.check == nullptr ? ReplyFit::accept : (*question.check)(reply.packet);
      if (fit == ReplyFit::ignore) { return; }
      const Status status = fit == ReplyFit::accept ? Status::ok : Status::forgery;
      end.set({status, reply.packet, clock_.monotonic() - start});
    }));
  }
  timers.push_back(executor_.after(question.deadline - start, [&end, start, this] {
    if (!end.is_set()) { end.set({Status::timeout, {}, clock_.monotonic() - start}); }
  }));
  UpstreamReply reply = co_await end;
  co_return reply;
}

}  // namespace vouch::simulation
