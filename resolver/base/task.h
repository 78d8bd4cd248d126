// Task<T>: a coroutine that waits. Lazy: it starts when it is awaited (or spawned), runs inside the awaiter's own stack
// frame up to its first real wait, and when it ends later, resume_from() goes on with whoever waited for it. No stack
// grows with the length of a chain that completes, in any build: the hand-over is a loop (a trampoline), not a tail
// call that a debug build would turn into recursion. Starting nests one level for each Task inside another: the budget
// bounds that depth.
//
// Rules: `co_await` stands alone in its statement. Cancelling is destroying the Task, which destroys what it waits for
// first (awaiters take themselves out of whatever would have resumed them). Never resume or destroy a coroutine from
// inside itself. A Task and all it awaits live on one thread.
#pragma once

#include <cassert>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

#include "resolver/base/frame_pool.h"

namespace vouch {

namespace detail {
// Set by a coroutine that has just ended, consumed by the loop in resume_from() that ran it.
inline thread_local std::coroutine_handle<> next_to_resume = nullptr;
}  // namespace detail

// Resumes a suspended coroutine, then every coroutine that this completes, outermost last.
inline void resume_from(std::coroutine_handle<> handle) {
  while (handle) {
    handle.resume();
    handle = std::exchange(detail::next_to_resume, nullptr);
  }
}

namespace detail {

struct PromiseBase {
  std::coroutine_handle<> waiter = nullptr;
  std::exception_ptr failure;

  static void* operator new(std::size_t size) { return frame_pool::allocate(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { frame_pool::release(frame, size); }

  std::suspend_always initial_suspend() noexcept { return {}; }
  struct HandOver {
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    void await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      next_to_resume = ended.promise().waiter;
    }
    void await_resume() const noexcept {}
  };
  HandOver final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { failure = std::current_exception(); }
};

template <typename T>
struct Promise : PromiseBase {
  std::optional<T> value;
  template <typename U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() {
    if (failure) { std::rethrow_exception(failure); }
    return std::move(*value);
  }
};

template <>
struct Promise<void> : PromiseBase {
  void return_void() noexcept {}
  void take() const {
    if (failure) { std::rethrow_exception(failure); }
  }
};

}  // namespace detail

template <typename T = void>
class [[nodiscard]] Task {
 public:
  struct promise_type : detail::Promise<T> {
    Task get_return_object() noexcept { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
  };

  Task() noexcept = default;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    Task(std::move(other)).swap(*this);
    return *this;
  }
  ~Task() {
    if (handle_) { handle_.destroy(); }
  }
  void swap(Task& other) noexcept { std::swap(handle_, other.handle_); }

  bool valid() const noexcept { return static_cast<bool>(handle_); }
  bool done() const noexcept { return handle_.done(); }

  // Runs up to the first wait, from outside any coroutine (spawning, tests).
  void start() { resume_from(handle_); }
  // What the finished task returned; rethrows what it threw.
  T take() { return handle_.promise().take(); }

  struct Awaiter {
    std::coroutine_handle<promise_type> child;
    bool await_ready() const {
      resume_from(child);
      return child.done();
    }
    void await_suspend(std::coroutine_handle<> waiter) const noexcept { child.promise().waiter = waiter; }
    T await_resume() const { return child.promise().take(); }
  };
  Awaiter operator co_await() const noexcept { return Awaiter{handle_}; }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_ = nullptr;
};

// A value that arrives later: one coroutine waits, somebody on the same thread sets it once. Either may go first, and
// either may be destroyed first. set() resumes the waiter before it returns.
template <typename T>
class OneShot {
 public:
  OneShot() = default;
  OneShot(const OneShot&) = delete;
  OneShot& operator=(const OneShot&) = delete;
  ~OneShot() {
    if (awaiter_ != nullptr) { awaiter_->slot = nullptr; }
  }

  bool is_set() const noexcept { return value_.has_value(); }
  void set(T value) {
    assert(!value_);
    value_.emplace(std::move(value));
    resume_from(std::exchange(waiter_, nullptr));
  }

  struct Awaiter {
    OneShot* slot;
    bool await_ready() const noexcept { return slot->value_.has_value(); }
    void await_suspend(std::coroutine_handle<> waiter) noexcept {
      slot->waiter_ = waiter;
      slot->awaiter_ = this;
    }
    T await_resume() const { return std::move(*slot->value_); }
    ~Awaiter() {
      if (slot == nullptr || slot->awaiter_ != this) { return; }
      slot->waiter_ = nullptr;
      slot->awaiter_ = nullptr;
    }
  };
  Awaiter operator co_await() noexcept { return Awaiter{this}; }

 private:
  std::optional<T> value_;
  std::coroutine_handle<> waiter_ = nullptr;
  Awaiter* awaiter_ = nullptr;  // who waits, so that it learns when this is gone first
};

}  // namespace vouch
