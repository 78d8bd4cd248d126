// What is said without a connection: which versions there are, "prove your address first", "not now", and "I do not
// know this connection (any more)". Each is shorter than what it answers and is made from that alone, so that nobody
// can use us to flood a third party or to fill our memory. Owner: one listener.
#pragma once

#include "transports/quic/allowance.h"
#include "transports/quic/compat.h"
#include "transports/quic/quic_home.h"

namespace vouch {

class StatelessReplies {
 public:
  // Datagrams below this are not answered by a new connection, nor with versions (RFC 9000 sections 14.1, 6.1).
  static constexpr std::size_t kLeastInitial = NGTCP2_MAX_UDP_PAYLOAD_SIZE;

  StatelessReplies(QuicHome& home, Instant now);

  void offer_versions(const ngtcp2_version_cid& asked, const QuicInbox::Datagram& datagram, Instant now);
  void ask_for_address(const ngtcp2_pkt_hd& initial, const QuicInbox::Datagram& datagram);
  void refuse(const ngtcp2_pkt_hd& initial, std::uint64_t code, const QuicInbox::Datagram& datagram, Instant now);
  void reset(const ConnectionId& id, const QuicInbox::Datagram& datagram, Instant now);

 private:
  void send(ngtcp2_ssize written, const QuicInbox::Datagram& datagram);
  QuicHome& home_;
  Allowance resets_;
  Allowance refusals_;
};

}  // namespace vouch
