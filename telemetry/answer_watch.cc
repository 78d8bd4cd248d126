#include "telemetry/answer_watch.h"

namespace vouch {

void AnswerWatch::note(const AnswerEvent& event) noexcept {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock() || answers_.size() >= kCapacity || answers_.capacity() < kCapacity) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  answers_.push_back({.when = std::chrono::system_clock::now(),
                      .name = Name(event.name),
                      .zone = Name(event.zone),
                      .took = event.took,
                      .rcode = event.rcode,
                      .type = event.type,
                      .source = event.source,
                      .standing = event.standing,
                      .reason = event.reason});
}

void AnswerWatch::start() {
  {
    const std::lock_guard lock(mutex_);
    answers_.reserve(kCapacity);
  }
  dropped_.store(0, std::memory_order_relaxed);
  is_on_.store(true, std::memory_order_relaxed);
}

void AnswerWatch::stop() noexcept {
  is_on_.store(false, std::memory_order_relaxed);
  std::vector<WatchedAnswer> gone;
  const std::lock_guard lock(mutex_);
  answers_.swap(gone);
}

void AnswerWatch::take(Taken& taken) {
  taken.answers.clear();
  taken.answers.reserve(kCapacity);
  {
    const std::lock_guard lock(mutex_);
    answers_.swap(taken.answers);
  }
  taken.dropped = dropped_.exchange(0, std::memory_order_relaxed);
}

}  // namespace vouch
