// One worker's event loop: libevent underneath, an Executor above. It goes in turns: wait for events, serve them, run
// what was posted, then the end-of-turn hooks (which send in one system call what the turn has gathered).
//
// Threads: post() and stop() may be called from any thread; everything else belongs to the thread in run(), or before
// run() to the one that prepares the loop. Everything registered with a loop must be destroyed before it.
// Limits: a turn runs only what was posted before it began to, so that work which posts work starves no socket. The
// queue itself is bounded by its users: each has a limit of its own on what it keeps in flight, and nothing is dropped.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "resolver/base/executor.h"
#include "transports/linked_list.h"
#include "transports/loop_event.h"
#include "transports/socket.h"

namespace vouch {

class EventLoop final : public Executor {
 public:
  static std::unique_ptr<EventLoop> create();  // null: the kernel has no descriptor left for it
  ~EventLoop() override;                       // destroys, unrun, what is still posted
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void post(std::move_only_function<void()> work) override;
  std::unique_ptr<Timer> after(Duration delay, std::move_only_function<void()> work) override;

  void run();   // until stop(); may be run again after that
  void stop();  // ends run() after the current turn; before run() it makes the next run() return at once

  // Something to do once when all events of this turn have been served. Asked for within a hook, it is for the next
  // turn, which then does not wait for events. Asking twice is asking once; a destroyed hook is forgotten.
  class TurnHook : public Linked<TurnHook> {
   public:
    virtual ~TurnHook() = default;
    virtual void end_of_turn() = 0;
  };
  void at_end_of_turn(TurnHook& hook) noexcept {
    if (!hook.is_linked()) { hooks_.push_back(hook); }
  }

  // The clock of LoopTimer, the same as SystemClock::monotonic().
  Instant now() const noexcept { return std::chrono::steady_clock::now(); }
  std::uint64_t turn() const noexcept { return turn_; }  // a number that grows by one each turn
  event_base* base() noexcept { return base_; }

 private:
  EventLoop(event_base* base, Socket wake_up);
  static void woken(void* self);
  bool has_more() noexcept;
  void run_posted();
  void run_hooks();

  event_base* base_;
  Socket wake_up_;  // an eventfd
  LoopWatch wake_watch_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::vector<std::move_only_function<void()>> posted_;  // guarded by mutex_
  bool wake_sent_ = false;                               // guarded by mutex_
  std::uint64_t turn_ = 0;
  std::vector<std::move_only_function<void()>> running_;
  LinkedList<TurnHook, TurnHook> hooks_;
};

}  // namespace vouch
