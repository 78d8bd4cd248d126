// When to stop asking a store that is too slow to help. Each late answer costs a client its wait, so after a few in a
// row nobody waits for a while; then one question tries again for all. Pure.
#pragma once

#include <algorithm>
#include <utility>

#include "resolver/base/clock.h"

namespace vouch {

class Breaker {
 public:
  // In a row: one may be a lost packet, two the same one's successor; more is a store that does not keep up.
  static constexpr int kMaxLate = 3;
  // Each pause is ended by one trial, which costs one client its wait; twice as long after each that failed.
  static constexpr Duration kFirstPause = std::chrono::seconds(1);
  static constexpr Duration kLongestPause = std::chrono::seconds(60);

  // Whether a question may be asked. The one that asks after a pause is the trial, and holds all others off until
  // something came of it.
  bool may_ask(Instant now) const noexcept { return !is_paused_ || (!is_tried_ && now >= until_); }
  bool is_paused() const noexcept { return is_paused_; }
  void asked() noexcept { is_tried_ = is_paused_; }
  // An answer came in time, whatever it said. True: this ends a pause.
  bool note_timely() noexcept {
    late_ = 0;
    pause_ = kFirstPause;
    is_tried_ = false;
    return std::exchange(is_paused_, false);
  }
  // True: this begins a pause.
  bool note_late(Instant now) noexcept {
    if (is_paused_) {
      if (!std::exchange(is_tried_, false)) { return false; }  // it was asked before the pause, and says nothing new
      pause_ = std::min(pause_ * 2, kLongestPause);
    } else if (++late_ < kMaxLate) {
      return false;
    }
    until_ = now + pause_;
    return !std::exchange(is_paused_, true);
  }
  // Nothing came of it, for another reason: who asked went away, or the store did.
  void note_nothing() noexcept { is_tried_ = false; }

 private:
  int late_ = 0;
  bool is_paused_ = false;
  bool is_tried_ = false;
  Duration pause_ = kFirstPause;
  Instant until_{};
};

}  // namespace vouch
