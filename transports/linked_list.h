// An intrusive list: members carry their own links, so joining and leaving cost no memory and cannot fail. A member
// leaves by itself when it is destroyed. A type that is in several lists at once derives from Linked<Tag> per list.
// Owner: nobody; the list only refers. One thread.
#pragma once

namespace vouch {

template <typename Tag>
class Linked {
 public:
  Linked() noexcept = default;
  Linked(const Linked&) = delete;
  Linked& operator=(const Linked&) = delete;
  ~Linked() { unlink(); }

  bool is_linked() const noexcept { return next_ != this; }
  void unlink() noexcept {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = this;
  }

 private:
  template <typename T, typename U>
  friend class LinkedList;
  void link_before(Linked& other) noexcept {
    unlink();
    previous_ = other.previous_;
    next_ = &other;
    previous_->next_ = this;
    other.previous_ = this;
  }
  Linked* previous_ = this;
  Linked* next_ = this;
};

template <typename T, typename Tag>
class LinkedList {
 public:
  LinkedList() noexcept = default;
  ~LinkedList() {
    while (front() != nullptr) { head_.next_->unlink(); }
  }

  bool empty() const noexcept { return !head_.is_linked(); }
  T* front() const noexcept { return empty() ? nullptr : static_cast<T*>(head_.next_); }
  // The member after `member`, or null at the end.
  T* after(const T& member) const noexcept {
    Linked<Tag>* const next = static_cast<const Linked<Tag>&>(member).next_;
    return next == &head_ ? nullptr : static_cast<T*>(next);
  }
  // Leaves whichever list of this tag it was in.
  void push_back(T& member) noexcept { static_cast<Linked<Tag>&>(member).link_before(head_); }
  // All members of `other`, in order, to the end of this one.
  void take(LinkedList& other) noexcept {
    while (T* const member = other.front()) { push_back(*member); }
  }

 private:
  Linked<Tag> head_;
};

}  // namespace vouch
