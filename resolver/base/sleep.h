// A pause of a coroutine, on its executor's time.
#pragma once

#include "resolver/base/executor.h"
#include "resolver/base/task.h"

namespace vouch {

// Ends after that time; destroying the task calls it off. The executor outlives it.
inline Task<void> sleep(Executor& executor, Duration time) {
  OneShot<bool> over;
  const auto timer = executor.after(time, [&over] { over.set(true); });
  co_await over;
}

}  // namespace vouch
