// A thread for what may take a while and nobody waits for: walking a large cache, flushing a file to a memory card.
// Chores are done one after the other, in the order in which they came.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace vouch {

class ChoreThread {
 public:
  static constexpr std::size_t kMostWaiting = 4096;  // beyond it a chore is done by whoever brings it

  ChoreThread() = default;
  ~ChoreThread();  // does what is waiting first
  ChoreThread(const ChoreThread&) = delete;
  ChoreThread& operator=(const ChoreThread&) = delete;

  void post(std::move_only_function<void()> work);  // from any thread; `work` does not throw
  void wait();                                      // until what was posted before is done. Any other thread

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::move_only_function<void()>> waiting_;  // this and what follows guarded by mutex_
  std::uint64_t posted_ = 0, done_ = 0;
  bool is_ending_ = false;
  std::thread thread_;  // started by the first chore
};

}  // namespace vouch
