// Where a coroutine lives: one Executor per worker (an event loop), or a simulated one on virtual time in tests.
#pragma once

#include <functional>
#include <memory>

#include "resolver/base/clock.h"

namespace vouch {

class Executor {
 public:
  virtual ~Executor() = default;

  // Runs `work` on this executor's thread, later, in order. The only member that other threads may call.
  virtual void post(std::move_only_function<void()> work) = 0;

  // Runs `work` once after `delay`. The handle's destructor calls it off; it must not outlive the executor.
  class Timer {
   public:
    virtual ~Timer() = default;
  };
  virtual std::unique_ptr<Timer> after(Duration delay, std::move_only_function<void()> work) = 0;
};

}  // namespace vouch
