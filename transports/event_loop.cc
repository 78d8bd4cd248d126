#include "transports/event_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "resolver/base/lack_of_memory.h"

namespace vouch {

namespace {

// The loop that this thread is running, so that a loop's own posts need no system call to wake it.
thread_local EventLoop* running_here = nullptr;

class OwnedTimer final : public Executor::Timer {
 public:
  OwnedTimer(event_base* base, Duration delay, std::move_only_function<void()> work)
      : work_(std::move(work)), timer_(base, &OwnedTimer::fired, this) {
    timer_.arm(delay);
  }

 private:
  static void fired(void* self) {
    auto work = std::move(static_cast<OwnedTimer*>(self)->work_);
    work();  // may destroy the timer
  }
  std::move_only_function<void()> work_;
  LoopTimer timer_;
};

}  // namespace

std::unique_ptr<EventLoop> EventLoop::create() {
  Socket wake_up(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  event_config* const config = event_config_new();
  if (!wake_up.is_open() || config == nullptr) { return nullptr; }
  // One thread uses the base; what comes from others comes through our own queue.
  event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
  event_base* const base = event_base_new_with_config(config);
  event_config_free(config);
  if (base == nullptr) { return nullptr; }
  std::unique_ptr<EventLoop> loop(new EventLoop(base, std::move(wake_up)));
  if (!loop->wake_watch_.watch(true)) { return nullptr; }
  return loop;
}

EventLoop::EventLoop(event_base* base, Socket wake_up)
    : base_(base), wake_up_(std::move(wake_up)), wake_watch_(base, wake_up_.fd(), EV_READ, &EventLoop::woken, this) {}

EventLoop::~EventLoop() {
  // What is posted may own things that leave the loop as they go: first it, then the base.
  std::vector<std::move_only_function<void()>> unrun;
  {
    const std::lock_guard lock(mutex_);
    unrun.swap(posted_);
  }
  unrun.clear();
  running_.clear();
  wake_watch_.watch(false);
  event_base_free(base_);
}

void EventLoop::post(std::move_only_function<void()> work) {
  bool must_wake = false;
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
    must_wake = running_here != this && !wake_sent_;
    wake_sent_ = wake_sent_ || must_wake;
  }
  if (must_wake) { eventfd_write(wake_up_.fd(), 1); }  // cannot fail: one write per drain never fills the counter
}

std::unique_ptr<Executor::Timer> EventLoop::after(Duration delay, std::move_only_function<void()> work) {
  return std::make_unique<OwnedTimer>(base_, delay, std::move(work));
}

void EventLoop::stop() {
  stopping_.store(true, std::memory_order_release);
  eventfd_write(wake_up_.fd(), 1);
}

void EventLoop::woken(void* self) {
  eventfd_t count = 0;
  eventfd_read(static_cast<EventLoop*>(self)->wake_up_.fd(), &count);
}

bool EventLoop::has_more() noexcept {
  const std::lock_guard lock(mutex_);
  return !posted_.empty() || !hooks_.empty();
}

void EventLoop::run() {
  EventLoop* const outer = std::exchange(running_here, this);
  while (!stopping_.load(std::memory_order_acquire)) {
    ++turn_;
    event_base_loop(base_, has_more() ? EVLOOP_ONCE | EVLOOP_NONBLOCK : EVLOOP_ONCE);
    run_posted();
    run_hooks();
  }
  stopping_.store(false, std::memory_order_release);
  running_here = outer;
}

void EventLoop::run_posted() {
  {
    const std::lock_guard lock(mutex_);
    if (posted_.empty()) { return; }
    running_.swap(posted_);
    wake_sent_ = false;
  }
  for (auto& work : running_) {
    survive_lack_of_memory(work);
    work = nullptr;  // what it holds goes before the next runs
  }
  running_.clear();
}

void EventLoop::run_hooks() {
  LinkedList<TurnHook, TurnHook> due;
  due.take(hooks_);
  while (TurnHook* const hook = due.front()) {
    hook->unlink();
    survive_lack_of_memory([hook] { hook->end_of_turn(); });
  }
}

}  // namespace vouch
