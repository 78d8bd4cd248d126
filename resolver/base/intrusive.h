// A counted pointer to an object that carries its own atomic count: one word, one allocation, shareable between
// threads. T offers `void retain() const noexcept` and `void release() const noexcept` (which frees at zero).
#pragma once

#include <cstddef>
#include <utility>

namespace vouch {

template <typename T>
class Shared {
 public:
  constexpr Shared() noexcept = default;
  constexpr Shared(std::nullptr_t) noexcept {}
  explicit Shared(T* object) noexcept : object_(object) {
    if (object_ != nullptr) { object_->retain(); }
  }
  static Shared adopt(T* object) noexcept {  // takes over a count that is already held
    Shared shared;
    shared.object_ = object;
    return shared;
  }
  Shared(const Shared& other) noexcept : Shared(other.object_) {}
  Shared(Shared&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Shared& operator=(Shared other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Shared() {
    if (object_ != nullptr) { object_->release(); }
  }

  T* get() const noexcept { return object_; }
  T* detach() noexcept { return std::exchange(object_, nullptr); }
  T& operator*() const noexcept { return *object_; }
  T* operator->() const noexcept { return object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }
  friend bool operator==(const Shared& a, const Shared& b) noexcept { return a.object_ == b.object_; }

 private:
  T* object_ = nullptr;
};

}  // namespace vouch
