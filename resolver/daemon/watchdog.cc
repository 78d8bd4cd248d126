#include "resolver/daemon/watchdog.h"

#include <pthread.h>

#include <algorithm>
#include <new>
#include <utility>

#include "resolver/base/log.h"

namespace vouch {

TurnCheck::TurnCheck(std::vector<Post> loops) {
  for (Post& post : loops) { loops_.push_back({std::move(post), std::make_shared<std::atomic<bool>>(false)}); }
}

void TurnCheck::ask() {
  for (Loop& loop : loops_) {
    if (loop.waiting->exchange(true)) { continue; }
    try {
      loop.post([waiting = loop.waiting] { waiting->store(false); });
    } catch (const std::bad_alloc&) {
      loop.waiting->store(false);  // no memory for a note is no word against the loop
    }
  }
}

std::size_t TurnCheck::unanswered() const noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(loops_, [](const Loop& loop) { return loop.waiting->load(); }));
}

Watchdog::Watchdog(std::vector<TurnCheck::Post> loops, Duration patience, std::function<void()> alive)
    : check_(std::move(loops)), round_(patience / 4), alive_(std::move(alive)), thread_([this] { watch(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Watchdog::watch() {
  ::pthread_setname_np(::pthread_self(), "vouchd/watchdog");
  std::size_t silent = 0;
  std::unique_lock lock(mutex_);
  while (!is_over_) {
    check_.ask();
    changed_.wait_for(lock, round_, [this] { return is_over_; });
    const std::size_t before = std::exchange(silent, check_.unanswered());
    if (is_over_) { return; }
    if (silent == 0) {
      alive_();
    } else if (before == 0) {
      log(LogLevel::warning, "worker_stuck", {{"workers", silent}});
    }
  }
}

}  // namespace vouch
