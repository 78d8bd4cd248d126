#include "resolver/base/lack_of_memory.h"

#include <atomic>
#include <chrono>

#include "resolver/base/log.h"

namespace vouch {

void note_lack_of_memory() noexcept {
  using Steady = std::chrono::steady_clock;
  constexpr Steady::duration kPause = std::chrono::minutes(1);
  static std::atomic<Steady::rep> next{0};
  const Steady::rep now = Steady::now().time_since_epoch().count();
  Steady::rep due = next.load(std::memory_order_relaxed);
  if (now < due || !next.compare_exchange_strong(due, now + kPause.count())) { return; }
  try {
    log(LogLevel::error, "out_of_memory", {{"effect", "what was under way is given up"}});
  } catch (const std::bad_alloc&) {
    // nor is there any to say so
  }
}

}  // namespace vouch
