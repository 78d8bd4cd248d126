// DNS over TCP (RFC 7766): accepts clients' connections, within SessionLimits, and owns their sessions. Every worker
// opens its own listener on the same address (SO_REUSEPORT).
//
// Threads: the loop's alone; may be opened before run() by the thread that prepares the loop.
// Lifetime: destroyed before the loop, the limits and the sink, not from within its own callback; closes its sessions.
// A handle that outlives its session or the listener is harmless.
// Limits: see TcpListenerOptions and SessionLimitOptions; kAcceptsPerWake connections a turn. When descriptors or
// memory run out, an idle session is closed and accepting pauses, so that the loop never spins on a queue it cannot
// empty.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "transports/tcp_session.h"

namespace vouch {

class TcpListener final : private TcpSessionHome, private EventLoop::TurnHook {
 public:
  // Port 0 takes any that is free. On failure, a sentence for the operator.
  static std::expected<std::unique_ptr<TcpListener>, std::string> open(EventLoop& loop, const SocketAddress& address,
                                                                       const TcpListenerOptions& options,
                                                                       SessionLimits& limits, QuerySink& sink,
                                                                       TransportCounters& counters);
  ~TcpListener() override;
  SocketAddress address() const noexcept { return address_; }  // as bound

 private:
  TcpListener(EventLoop& its_loop, Socket socket, const SocketAddress& address, const TcpListenerOptions& its_options,
              SessionLimits& its_limits, QuerySink& its_sink, TransportCounters& its_counters);
  static void acceptable(void* self);
  void admit(Socket socket, const SocketAddress& client);
  void pause();
  static void resume(void* self);
  void bury(TcpSession& session) override;
  void end_of_turn() override;

  const SocketAddress address_;
  Socket socket_;
  LinkedList<TcpSession, TcpSessions> open_;
  LinkedList<TcpSession, TcpSessions> closed_;  // to be destroyed at the turn's end
  LoopWatch watch_;
  LoopTimer resume_timer_;
};

}  // namespace vouch
