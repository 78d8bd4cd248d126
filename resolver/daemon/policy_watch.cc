#include "resolver/daemon/policy_watch.h"

#include <pthread.h>

#include <utility>

#include "resolver/base/log.h"

namespace vouch {

PolicyWatch::PolicyWatch(std::function<void()> look) : look_(std::move(look)), thread_([this] { run(); }) {}

PolicyWatch::~PolicyWatch() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void PolicyWatch::run() {
  ::pthread_setname_np(::pthread_self(), "vouchd/policy");  // by itself: a confined process may not name another
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait_for(lock, kPeriod, [this] { return is_ending_; });
    if (is_ending_) { return; }
    lock.unlock();
    try {
      look_();
    } catch (const std::exception& error) { log(LogLevel::error, "policy_not_renewed", {{"problem", error.what()}}); }
    lock.lock();
  }
}

}  // namespace vouch
