#include "transports/loop_event.h"

#include <algorithm>

#include "resolver/base/lack_of_memory.h"

namespace vouch {

namespace {

// Beyond any wait of ours, and far from the end of libevent's arithmetic.
constexpr Duration kLongestDelay = std::chrono::hours(30 * 24);

timeval timeval_of(Duration delay) noexcept {
  // Rounded up, or a wait of 400 ns would be a busy turn.
  const auto micros = std::chrono::ceil<std::chrono::microseconds>(delay).count();
  return {.tv_sec = static_cast<time_t>(micros / 1'000'000), .tv_usec = static_cast<suseconds_t>(micros % 1'000'000)};
}

}  // namespace

LoopTimer::LoopTimer(event_base* base, Callback callback, void* owner) noexcept : callback_(callback), owner_(owner) {
  event_assign(&event_, base, -1, 0, &LoopTimer::fired, this);
}

LoopTimer::~LoopTimer() { disarm(); }

void LoopTimer::add(Duration delay) noexcept {
  const timeval wait = timeval_of(delay);
  event_add(&event_, &wait);
}

void LoopTimer::arm(Duration delay) noexcept {
  const Duration wait = std::clamp(delay, Duration::zero(), kLongestDelay);
  due_ = std::chrono::steady_clock::now() + wait;
  armed_ = true;
  add(wait);
}

void LoopTimer::disarm() noexcept {
  if (armed_) { event_del(&event_); }
  armed_ = false;
}

void LoopTimer::fired(evutil_socket_t, short, void* self) {
  auto* const timer = static_cast<LoopTimer*>(self);
  const Duration left = timer->due_ - std::chrono::steady_clock::now();
  if (left > Duration::zero()) {
    timer->add(left);
    return;
  }
  timer->armed_ = false;
  survive_lack_of_memory([timer] { timer->callback_(timer->owner_); });
}

LoopWatch::LoopWatch(event_base* base, int fd, short what, Callback callback, void* owner) noexcept
    : callback_(callback), owner_(owner) {
  event_assign(&event_, base, fd, static_cast<short>(what | EV_PERSIST), &LoopWatch::fired, this);
}

LoopWatch::~LoopWatch() { watch(false); }

bool LoopWatch::watch(bool wanted) noexcept {
  if (wanted == watching_) { return true; }
  if (wanted && event_add(&event_, nullptr) != 0) { return false; }
  if (!wanted) { event_del(&event_); }
  watching_ = wanted;
  return true;
}

void LoopWatch::fired(evutil_socket_t, short, void* self) {
  auto* const watch = static_cast<LoopWatch*>(self);
  survive_lack_of_memory([watch] { watch->callback_(watch->owner_); });
}

}  // namespace vouch
