// Which early data was seen (RFC 8446 section 8.2): each is accepted once within the time for which a copy of it could
// pass as fresh. Pure. Owner: one listener; a copy reaches the same worker as the original, because the connection id
// that chooses the worker is authenticated with the early data itself. Limit: kMost entries; when they are taken, early
// data is refused and the client sends it again after the handshake.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_set>

#include "resolver/base/bytes.h"

namespace vouch {

class ReplayStore {
 public:
  static constexpr std::size_t kMost = 8192;  // some 800 resumptions with early data a second, ten seconds long
  static constexpr std::size_t kLongestKey = 64;

  // False: seen before, or there is no room to remember it. Times in seconds, on whatever clock.
  bool add(Bytes key, std::int64_t until, std::int64_t now);
  std::size_t size() const noexcept { return keys_.size(); }

 private:
  struct Entry {
    std::string key;
    std::int64_t until;
  };
  std::deque<Entry> by_age_;
  std::unordered_set<std::string> keys_;  // keys are digests that the library makes with its own secret
};

}  // namespace vouch
