#include "transports/quic/replay_store.h"

namespace vouch {

bool ReplayStore::add(Bytes key, std::int64_t until, std::int64_t now) {
  // All entries live for the same time, so the oldest goes first.
  while (!by_age_.empty() && by_age_.front().until <= now) {
    keys_.erase(by_age_.front().key);
    by_age_.pop_front();
  }
  if (key.empty() || key.size() > kLongestKey || by_age_.size() >= kMost) { return false; }
  std::string name(text_of(key));
  if (!keys_.insert(name).second) { return false; }
  by_age_.push_back({std::move(name), until});
  return true;
}

}  // namespace vouch
