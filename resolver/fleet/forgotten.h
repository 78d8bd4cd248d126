// What an operator had forgotten, and when: what the fleet stored before that does not come back here. A flush is a
// word to this node: others answer on from what they have.
//
// Bounded: marks are few, and when there are too many the oldest becomes a mark on everything, which forgets more than
// was asked and never less. Thread-safe.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>

#include "resolver/base/clock.h"
#include "resolver/wire/name.h"
#include "resolver/wire/types.h"

namespace vouch {

class Forgotten {
 public:
  static constexpr std::size_t kMaxMarks = 256;  // flushes within the longest TTL: done by hand, or by a script

  enum class Scope : std::uint8_t { name, below };
  // `type` none: every type. The root and below it is all there is.
  void mark(NameView name, Scope scope, Type type, UnixTime now);
  // Whether what was stored then, and is of this name and type, was forgotten since. A name error (Type::none) is of
  // every type.
  bool covers(NameView name, Type type, UnixTime stored) const;

 private:
  struct Mark {
    Name name;
    Scope scope;
    Type type;
    UnixTime moment;
  };
  std::atomic<bool> is_empty_{true};  // nobody flushes: then nobody waits for the lock
  mutable std::mutex mutex_;
  std::deque<Mark> marks_;   // oldest first
  UnixTime everything_ = 0;  // forgotten up to here
};

}  // namespace vouch
