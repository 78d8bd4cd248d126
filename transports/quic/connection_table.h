// Which connection a datagram belongs to, by its connection id; and what is left of connections that have ended: for a
// while late packets of theirs are answered with the packet that said so, or with nothing (RFC 9000 section 10.2).
//
// Invariant: every id leads to a live connection or to an ended one, never to both. Limits: a live connection has about
// a dozen ids; kMaxEnded ended ones, the oldest of which goes first, and none stays longer than kLinger. Owner: one
// listener. One thread.
#pragma once

#include <cstdint>
#include <list>
#include <unordered_map>
#include <vector>

#include "resolver/base/address.h"
#include "resolver/base/clock.h"
#include "transports/quic/connection_id.h"

namespace vouch {

class QuicConnection;

class ConnectionTable {
 public:
  // Three times the probe timeout of a path of 300 ms, which is a long one; and some 0.2 MiB.
  static constexpr Duration kLinger = std::chrono::seconds(3);
  static constexpr std::size_t kMaxEnded = 1024;

  struct Ended {
    SocketAddress client;
    Buffer farewell;          // empty: nothing more is said
    std::uint32_t heard = 0;  // packets that came for it since
    std::vector<ConnectionId> ids;
    Instant until;
  };
  struct Found {
    QuicConnection* live = nullptr;
    Ended* ended = nullptr;
  };
  Found find(const ConnectionId& id) noexcept;
  bool add(const ConnectionId& id, QuicConnection& to);                      // false: it is taken
  void remove(const ConnectionId& id, const QuicConnection& from) noexcept;  // unless it leads elsewhere by now
  // `connection` has ended: its ids lead to this from now on.
  void keep_ended(const QuicConnection& connection, Bytes farewell, Instant now);
  void forget_old(Instant now) noexcept;
  std::size_t ended() const noexcept { return ended_.size(); }
  std::size_t ids() const noexcept { return by_id_.size(); }

  // Whether the n-th late packet is answered: the first, the second, the fourth and so on (RFC 9000 section 10.2.1).
  static constexpr bool is_answered(std::uint32_t heard) noexcept { return (heard & (heard - 1)) == 0; }

 private:
  void forget_oldest() noexcept;
  std::unordered_map<ConnectionId, Found, ConnectionId::Hash> by_id_;
  std::list<Ended> ended_;  // in order of time
};

}  // namespace vouch
