#include "resolver/fleet/forgotten.h"

#include <algorithm>

#include "resolver/fleet/shared_entry.h"

namespace vouch {

void Forgotten::mark(NameView name, Scope scope, Type type, UnixTime now) {
  // A node whose clock is ahead may have stored it before the flush with a later time.
  const UnixTime moment = now + kMaxClockSkew;
  const std::lock_guard lock(mutex_);
  if (name.is_root() && scope == Scope::below && type == Type::none) {
    everything_ = std::max(everything_, moment);
    marks_.clear();
  } else {
    std::erase_if(marks_, [&](const Mark& mark) {
      return mark.scope == scope && mark.type == type && NameView(mark.name) == name;
    });
    if (marks_.size() == kMaxMarks) {
      everything_ = std::max(everything_, marks_.front().moment);
      marks_.pop_front();
    }
    marks_.push_back({Name(name), scope, type, moment});
  }
  is_empty_.store(false, std::memory_order_release);
}

bool Forgotten::covers(NameView name, Type type, UnixTime stored) const {
  if (is_empty_.load(std::memory_order_acquire)) { return false; }
  const std::lock_guard lock(mutex_);
  if (stored <= everything_) { return true; }
  return std::ranges::any_of(marks_, [&](const Mark& mark) {
    const bool is_named = mark.scope == Scope::below ? name.is_at_or_below(mark.name) : NameView(mark.name) == name;
    const bool is_typed = mark.type == Type::none || type == Type::none || mark.type == type;
    return is_named && is_typed && stored <= mark.moment;
  });
}

}  // namespace vouch
