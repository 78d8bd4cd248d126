// Looks at the files of policy's lists now and then, on a thread of its own, and has whoever holds
// the configuration build a new policy when one has changed. Workers change over between two queries: nobody waits.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace vouch {

class PolicyWatch {
 public:
  static constexpr std::chrono::seconds kPeriod{5};  // a stat() for each list

  // `look` is called on the watch's thread, each time that the period is over.
  explicit PolicyWatch(std::function<void()> look);
  ~PolicyWatch();  // waits for a look that is under way
  PolicyWatch(const PolicyWatch&) = delete;
  PolicyWatch& operator=(const PolicyWatch&) = delete;

 private:
  void run();

  const std::function<void()> look_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_ending_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace vouch
