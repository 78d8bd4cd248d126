#include "resolver/base/task_scope.h"

#include <new>

namespace vouch {

Task<void> TaskScope::run(std::list<Entry>::iterator entry) {
  try {
    co_await entry->task;
  } catch (...) {  // counted and answered further down; here it must not take the worker with it
  }
  --running_;
  ended_.splice(ended_.end(), entries_, entry);
}

bool TaskScope::spawn(Task<void> task) {
  sweep();
  if (running_ >= capacity_) { return false; }
  const auto entry = entries_.insert(entries_.end(), Entry{std::move(task), {}});
  try {
    entry->shell = run(entry);
  } catch (const std::bad_alloc&) {  // no frame: what the task holds must go now, and not with the scope
    entries_.erase(entry);
    throw;
  }
  ++running_;
  entry->shell.start();
  return true;
}

void TaskScope::sweep() noexcept {
  // Only whole ended entries: one whose shell is still on the stack (a spawn from inside a task) has not suspended yet.
  for (auto entry = ended_.begin(); entry != ended_.end();) {
    entry = entry->shell.valid() && entry->shell.done() ? ended_.erase(entry) : std::next(entry);
  }
}

void TaskScope::cancel_all() noexcept {
  ended_.clear();
  entries_.clear();
  running_ = 0;
}

}  // namespace vouch
