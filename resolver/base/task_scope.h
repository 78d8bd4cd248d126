// Owns running tasks that nobody awaits (one per client query). Ended tasks leave by themselves; destroying the scope
// cancels the rest. Limit: `capacity` tasks at once; spawn() refuses beyond it, so that over-load is dropped, not
// queued. One thread.
#pragma once

#include <cstddef>
#include <list>

#include "resolver/base/task.h"

namespace vouch {

class TaskScope {
 public:
  explicit TaskScope(std::size_t capacity) noexcept : capacity_(capacity) {}
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;
  ~TaskScope() { cancel_all(); }

  // Starts `task` at once. False, and the task is destroyed unstarted, when the scope is full.
  // An exception that leaves the task is swallowed here: the task's own top must have handled it.
  bool spawn(Task<void> task);
  void cancel_all() noexcept;
  std::size_t running() const noexcept { return running_; }

 private:
  struct Entry {
    Task<void> task;
    Task<void> shell;
  };
  Task<void> run(std::list<Entry>::iterator entry);
  void sweep() noexcept;

  std::size_t capacity_;
  std::size_t running_ = 0;
  std::list<Entry> entries_;
  std::list<Entry> ended_;  // a coroutine cannot destroy itself: it waits here for the next spawn() or the end
};

}  // namespace vouch
