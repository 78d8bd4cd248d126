// The answers of all workers for those who look (telemetry/answer_watch.h): taken ten times a second while there is
// somebody, and handed to each. With the last one gone nothing is kept or looked at any more. One thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "resolver/base/executor.h"
#include "telemetry/recorder.h"

namespace vouch {

class AnswerFeed {
 public:
  static constexpr Duration kInterval = std::chrono::milliseconds(100);

  // `dropped`: answers that came too fast since the last call.
  using Look = std::function<void(std::span<const WatchedAnswer> answers, std::uint64_t dropped)>;

  AnswerFeed(std::vector<const Recorder*> recorders, Executor& executor)
      : recorders_(std::move(recorders)), executor_(executor) {}
  ~AnswerFeed();
  AnswerFeed(const AnswerFeed&) = delete;
  AnswerFeed& operator=(const AnswerFeed&) = delete;

  std::uint64_t begin(Look look);  // a number for end()
  void end(std::uint64_t number);  // may be called from within a Look
  std::span<const Recorder* const> recorders() const noexcept { return recorders_; }

 private:
  void wait();
  void take();

  const std::vector<const Recorder*> recorders_;
  Executor& executor_;
  std::map<std::uint64_t, std::shared_ptr<const Look>> looks_;
  std::uint64_t last_ = 0;
  AnswerWatch::Taken taken_;
  std::unique_ptr<Executor::Timer> timer_;
  std::unique_ptr<Executor::Timer> spent_;  // a timer cannot be destroyed inside its own work
};

}  // namespace vouch
