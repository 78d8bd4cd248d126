// Tells the service manager that we are alive, for as long as every loop that serves clients turns. Each round hands a
// note to every loop and, when it is due again, looks whether all have been read; one that was not means silence, and
// the service manager then ends the process and starts another (WatchdogSec= in systemd.service(5)).
//
// A loop that is merely busy reads its note late, at the end of its turn: rounds are a quarter of the manager's
// patience, so that a loop may be stuck for half of it before anybody is alarmed.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "resolver/base/clock.h"

namespace vouch {

// Which loops have turned since they were last asked. Notes may be read when this is gone. One thread asks.
class TurnCheck {
 public:
  // Hands work to a loop, from any thread.
  using Post = std::function<void(std::move_only_function<void()>)>;
  explicit TurnCheck(std::vector<Post> loops);

  // Asks those who have answered the last time, and no other: notes must not pile up before a loop that is stuck.
  void ask();
  std::size_t unanswered() const noexcept;  // loops that have not turned since

 private:
  struct Loop {
    Post post;
    std::shared_ptr<std::atomic<bool>> waiting;
  };
  std::vector<Loop> loops_;
};

class Watchdog {
 public:
  // `loops` outlive it; `alive` is called on its thread, at least twice in `patience` while all is well.
  Watchdog(std::vector<TurnCheck::Post> loops, Duration patience, std::function<void()> alive);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void watch();

  TurnCheck check_;
  Duration round_;
  std::function<void()> alive_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace vouch
