// libevent's events as members: no allocation, and taken out of the loop by the destructor, so that no callback can
// meet a dead object. The callback may destroy the object it is a member of. Used on the loop's thread.
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>

#include "resolver/base/clock.h"

namespace vouch {

// One shot after a delay. Never early: libevent counts from a coarse and cached time, so an early call is sent back.
class LoopTimer {
 public:
  using Callback = void (*)(void* owner);
  LoopTimer(event_base* base, Callback callback, void* owner) noexcept;
  LoopTimer(const LoopTimer&) = delete;
  LoopTimer& operator=(const LoopTimer&) = delete;
  ~LoopTimer();

  void arm(Duration delay) noexcept;  // moves an armed timer; a delay below zero is zero, one beyond 30 days is 30 days
  void disarm() noexcept;
  bool is_armed() const noexcept { return armed_; }

 private:
  static void fired(evutil_socket_t fd, short what, void* self);
  void add(Duration delay) noexcept;
  event event_{};
  Callback callback_;
  void* owner_;
  Instant due_{};
  bool armed_ = false;
};

// Calls back while `fd` is readable (EV_READ) or writable (EV_WRITE), once per turn, until stopped. The object that
// watches must stop before it closes the descriptor.
class LoopWatch {
 public:
  using Callback = void (*)(void* owner);
  LoopWatch(event_base* base, int fd, short what, Callback callback, void* owner) noexcept;
  LoopWatch(const LoopWatch&) = delete;
  LoopWatch& operator=(const LoopWatch&) = delete;
  ~LoopWatch();

  bool watch(bool wanted) noexcept;  // false: the kernel has no room to watch it

 private:
  static void fired(evutil_socket_t fd, short what, void* self);
  event event_{};
  Callback callback_;
  void* owner_;
  bool watching_ = false;
};

}  // namespace vouch
