#include "resolver/daemon/chore_thread.h"

#include <pthread.h>

#include <system_error>
#include <utility>

namespace vouch {

ChoreThread::~ChoreThread() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) { thread_.join(); }
}

void ChoreThread::post(std::move_only_function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    try {
      if (!thread_.joinable()) {
        thread_ = std::thread([this] { run(); });
      }
      if (waiting_.size() < kMostWaiting) {
        waiting_.push_back(std::exchange(work, nullptr));
        ++posted_;
      }
    } catch (const std::system_error&) {  // no thread to be had: it is done here
    }
  }
  changed_.notify_all();
  if (work) { work(); }
}

void ChoreThread::wait() {
  std::unique_lock lock(mutex_);
  const std::uint64_t until = posted_;
  changed_.wait(lock, [&] { return done_ >= until; });
}

void ChoreThread::run() {
  // By the thread itself: for another's the C library opens a file, which a confined process may not.
  ::pthread_setname_np(::pthread_self(), "vouchd/chores");
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return is_ending_ || !waiting_.empty(); });
    if (waiting_.empty()) { return; }
    std::move_only_function<void()> work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
    ++done_;
    changed_.notify_all();
  }
}

}  // namespace vouch
