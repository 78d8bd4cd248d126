// How much of something a peer may do: a burst, and so much per second after it. Pure; time comes in as an argument.
#pragma once

#include <algorithm>

#include "resolver/base/clock.h"

namespace vouch {

class Allowance {
 public:
  constexpr Allowance(double burst, double per_second, Instant now) noexcept
      : burst_(burst), per_second_(per_second), left_(burst), as_of_(now) {}

  // False: it has done too much. Time that goes backwards gives nothing.
  constexpr bool take(double amount, Instant now) noexcept {
    if (left_ < amount) { refill(now); }
    if (left_ < amount) { return false; }
    left_ -= amount;
    return true;
  }
  constexpr void give(double amount) noexcept { left_ = std::min(burst_, left_ + amount); }

 private:
  constexpr void refill(Instant now) noexcept {
    if (now <= as_of_) { return; }
    give(std::chrono::duration<double>(now - as_of_).count() * per_second_);
    as_of_ = now;
  }
  double burst_;
  double per_second_;
  double left_;
  Instant as_of_;
};

}  // namespace vouch
