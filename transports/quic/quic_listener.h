// DNS over QUIC (RFC 9250) and over HTTP/3 (RFC 8484), on one UDP port of one worker: the client says by ALPN which of
// them it speaks. Every worker opens its own listener on the same address (SO_REUSEPORT); the kernel sends each
// datagram to the worker whose connection it belongs to.
//
// A new client costs nothing until it has been found worth it, in this order: the access list, the proof of its address
// (Retry) while many handshakes are under way, the memory, the limits on sessions. Datagrams come in batches and leave
// in batches at the end of the turn.
//
// Threads: the loop's alone; may be opened before run() by the thread that prepares the loop.
// Lifetime: destroyed before the loop, the limits, the sink and the identities, not from within its own callback; says
// goodbye to its clients. A handle that outlives its connection or the listener is harmless.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "transports/quic/connection_table.h"
#include "transports/quic/quic_connection.h"
#include "transports/quic/quic_home.h"
#include "transports/quic/stateless_replies.h"

namespace vouch {

class QuicListener final : private QuicHome, private EventLoop::TurnHook {
 public:
  // `identities` must hold one already. Listeners of one address are to be opened in the order of their workers, the
  // first of which may take any free port (0). On failure, a sentence for the operator.
  static std::expected<std::unique_ptr<QuicListener>, std::string> open(EventLoop& loop, const SocketAddress& address,
                                                                        const QuicSetup& setup, SessionLimits& limits,
                                                                        QuerySink& sink, TransportCounters& counters,
                                                                        const IdentityHolder& identities);
  ~QuicListener() override;
  SocketAddress address() const noexcept { return address_; }            // as bound
  std::size_t memory_used() const noexcept { return QuicHome::memory; }  // octets of all its connections

 private:
  QuicListener(EventLoop& its_loop, Socket socket, const SocketAddress& address, const QuicSetup& its_setup,
               SessionLimits& its_limits, QuerySink& its_sink, TransportCounters& its_counters,
               const IdentityHolder& identities);
  std::expected<void, std::string> renew_credentials();
  static void readable(void* self);
  void take(const QuicInbox::Datagram& datagram, Instant now);
  void take_late(ConnectionTable::Ended& ended, const QuicInbox::Datagram& datagram);
  void take_new(const QuicInbox::Datagram& datagram, Instant now);
  void admit(const QuicConnection::Arrival& arrival, Instant now);
  void end_of_turn() override;
  void relieve();
  void flush();

  QuicOutbox& outbox() override;
  bool route(const ConnectionId& id, QuicConnection& to) override { return table_.add(id, to); }
  void unroute(const ConnectionId& id, const QuicConnection& from) override { table_.remove(id, from); }
  void wake(QuicConnection& connection) override;
  void bury(QuicConnection& connection, Bytes farewell, bool may_come_late) override;

  const SocketAddress address_;
  const IdentityHolder& identities_;
  std::shared_ptr<const Identity> refused_identity_;  // one that GnuTLS cannot use: not tried for each client anew
  std::shared_ptr<const QuicCredentials> credentials_;
  Socket socket_;
  QuicInbox inbox_;
  QuicOutbox outbox_;
  StatelessReplies stateless_;
  Allowance unproven_;  // connections made for clients whose address is not proven
  ConnectionTable table_;
  LinkedList<QuicConnection, QuicConnections> open_;
  LinkedList<QuicConnection, QuicConnections> ended_;  // to be destroyed at the turn's end
  LinkedList<QuicConnection, AwakeConnections> awake_;
  bool is_at_end_of_turn_ = false;
  LoopWatch watch_;
};

}  // namespace vouch
