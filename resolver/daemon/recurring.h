// Something that is due again and again, for a loop that is also woken by other things: however often they come, it is
// neither forgotten nor put off. Of one thread.
#pragma once

#include <algorithm>

#include "resolver/base/clock.h"

namespace vouch {

class Recurring {
 public:
  Recurring(Duration period, Instant now) noexcept : period_(period), due_(now + period) {}

  Duration left(Instant now) const noexcept { return std::max(Duration::zero(), due_ - now); }
  // True once it is due; the next period starts now.
  bool take(Instant now) noexcept {
    if (now < due_) { return false; }
    due_ = now + period_;
    return true;
  }

 private:
  Duration period_;
  Instant due_;
};

}  // namespace vouch
