#include "transports/quic/connection_table.h"

#include "transports/quic/quic_connection.h"

namespace vouch {

ConnectionTable::Found ConnectionTable::find(const ConnectionId& id) noexcept {
  const auto known = by_id_.find(id);
  return known == by_id_.end() ? Found{} : known->second;
}

bool ConnectionTable::add(const ConnectionId& id, QuicConnection& to) {
  return by_id_.try_emplace(id, Found{.live = &to, .ended = nullptr}).second;
}

void ConnectionTable::remove(const ConnectionId& id, const QuicConnection& from) noexcept {
  const auto known = by_id_.find(id);
  if (known != by_id_.end() && known->second.live == &from) { by_id_.erase(known); }
}

void ConnectionTable::keep_ended(const QuicConnection& connection, Bytes farewell, Instant now) {
  if (ended_.size() >= kMaxEnded) { forget_oldest(); }
  Ended& ended = ended_.emplace_back(Ended{.client = connection.client(),
                                           .farewell = Buffer(farewell.begin(), farewell.end()),
                                           .heard = 0,
                                           .ids = connection.ids(),
                                           .until = now + kLinger});
  for (const ConnectionId& id : ended.ids) {
    const auto known = by_id_.find(id);
    if (known != by_id_.end() && known->second.live == &connection) {
      known->second = Found{.live = nullptr, .ended = &ended};
    }
  }
}

void ConnectionTable::forget_old(Instant now) noexcept {
  while (!ended_.empty() && ended_.front().until <= now) { forget_oldest(); }
}

void ConnectionTable::forget_oldest() noexcept {
  Ended& oldest = ended_.front();
  for (const ConnectionId& id : oldest.ids) {
    const auto known = by_id_.find(id);
    if (known != by_id_.end() && known->second.ended == &oldest) { by_id_.erase(known); }
  }
  ended_.pop_front();
}

}  // namespace vouch
