#include "resolver/daemon/control/answer_feed.h"

#include <algorithm>

namespace vouch {

AnswerFeed::~AnswerFeed() {
  if (looks_.empty()) { return; }
  for (const Recorder* const recorder : recorders_) { recorder->watch().stop(); }
}

std::uint64_t AnswerFeed::begin(Look look) {
  if (looks_.empty()) {
    for (const Recorder* const recorder : recorders_) { recorder->watch().start(); }
    wait();
  }
  looks_.emplace(++last_, std::make_shared<const Look>(std::move(look)));
  return last_;
}

void AnswerFeed::end(std::uint64_t number) {
  if (looks_.erase(number) == 0 || !looks_.empty()) { return; }
  for (const Recorder* const recorder : recorders_) { recorder->watch().stop(); }
  timer_.reset();  // within a look it is not this one that goes off: that is spent_
  taken_ = {};
}

void AnswerFeed::wait() {
  timer_ = executor_.after(kInterval, [this] { take(); });
}

void AnswerFeed::take() {
  spent_ = std::move(timer_);
  std::vector<WatchedAnswer> answers;
  std::uint64_t dropped = 0;
  for (const Recorder* const recorder : recorders_) {
    recorder->watch().take(taken_);
    dropped += taken_.dropped;
    answers.insert(answers.end(), taken_.answers.begin(), taken_.answers.end());
  }
  std::ranges::sort(answers, {}, &WatchedAnswer::when);
  const auto looks = looks_;  // whoever looks may end it, or another
  for (const auto& [number, look] : looks) {
    if (looks_.contains(number)) { (*look)(answers, dropped); }
  }
  if (!looks_.empty() && timer_ == nullptr) { wait(); }
}

}  // namespace vouch
