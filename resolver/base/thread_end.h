// What a thread has of its own is put away when it ends. A thread_local that has a destructor cannot be used where
// memory may run out: its first use in a thread registers that destructor, and where there is no memory for it the C
// library ends the process. Here that is an answer.
#pragma once

#include <pthread.h>

namespace vouch {

// For objects with static storage duration, made before main(); lives as long as the process. arm() from any thread.
class ThreadEnd {
 public:
  // `end` is called with what was armed, in the thread that ends: also for the main thread if that ends by
  // pthread_exit(), but not when the process ends. It may arm again.
  explicit ThreadEnd(void (*end)(void*)) noexcept : is_made_(::pthread_key_create(&key_, end) == 0) {}
  ThreadEnd(const ThreadEnd&) = delete;
  ThreadEnd& operator=(const ThreadEnd&) = delete;

  // One object for each thread, not null. False: it could not be registered, and nothing will be called.
  bool arm(void* object) const noexcept { return is_made_ && ::pthread_setspecific(key_, object) == 0; }

 private:
  pthread_key_t key_ = 0;
  bool is_made_ = false;
};

}  // namespace vouch
