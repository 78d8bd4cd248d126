#include "tests/lab/event_loop.h"

#include <algorithm>
#include <utility>

namespace vouch::lab {

DelayLine::DelayLine(event_base* base) : timer_(evtimer_new(base, &DelayLine::on_timer, this)) {}

void DelayLine::after(std::chrono::milliseconds delay, std::function<void()> what) {
  if (waiting_.size() >= kMostWaiting) { return; }
  waiting_.emplace(std::chrono::steady_clock::now() + delay, std::move(what));
  arm();
}

void DelayLine::on_timer(evutil_socket_t, short, void* self) { static_cast<DelayLine*>(self)->run_due(); }

void DelayLine::run_due() {
  const auto now = std::chrono::steady_clock::now();
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    const std::function<void()> what = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    what();
  }
  if (!waiting_.empty()) { arm(); }
}

void DelayLine::arm() {
  const auto left = waiting_.begin()->first - std::chrono::steady_clock::now();
  const auto microseconds =
      std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(left).count());
  const timeval wait = {.tv_sec = static_cast<time_t>(microseconds / 1'000'000),
                        .tv_usec = static_cast<suseconds_t>(microseconds % 1'000'000)};
  evtimer_add(timer_.get(), &wait);
}

}  // namespace vouch::lab
