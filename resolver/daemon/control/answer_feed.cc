#include "resolver/daemon/control/answer_feed.h"

#include <algorithm>

namespace vouch {

AnswerFeed::~AnswerFeed() {
  if (looks_.empty()) { return; }
  for (const Recorder* const recorder : recorders_) { recorder->watch().stop(); }
}

std::uint64_t AnswerFeed::begin(Look look) {
  const auto shared = std::make_shared<const Look>(std::move(look));
  // The first one, or memory had run out when it was to be set again. With nobody to look it goes off once, for
  // nothing.
  if (timer_ == nullptr) { wait(); }
  looks_.emplace(++last_, shared);
  try {
    if (looks_.size() == 1) {
      for (const Recorder* const recorder : recorders_) { recorder->watch().start(); }
    }
  } catch (...) {
    end(last_);
    throw;
  }
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
  if (looks_.empty()) { return; }
  wait();  // first: what follows may run out of memory, and those who look must hear of what comes later
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
}

}  // namespace vouch
