#include "transports/quic/doq_query.h"

namespace vouch {

DoqQuery::State DoqQuery::take(Bytes fresh, bool is_last) {
  if (state_ != State::incomplete) {
    // Nothing at all after the end is a repetition of it, which says nothing new.
    if (!fresh.empty()) { state_ = State::violation; }
    return state_;
  }
  if (fresh.size() > kPrefix + kMaxMessage - octets_.size()) { return state_ = State::violation; }
  octets_.insert(octets_.end(), fresh.begin(), fresh.end());
  return state_ = judge(is_last);
}

DoqQuery::State DoqQuery::judge(bool is_last) const noexcept {
  if (octets_.size() < kPrefix) { return is_last ? State::violation : State::incomplete; }
  const std::size_t announced = load16(octets_.data());
  const std::size_t present = octets_.size() - kPrefix;
  if (announced < kLeastMessage || present > announced) { return State::violation; }
  // RFC 9250 section 4.2.1: the id is zero, for the stream says which query it is.
  if (present >= 2 && load16(octets_.data() + kPrefix) != 0) { return State::violation; }
  if (!is_last) { return State::incomplete; }
  return present == announced ? State::complete : State::violation;
}

}  // namespace vouch
