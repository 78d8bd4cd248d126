// Listens on TCP for whatever is spoken on it (see StreamService): accepts clients' connections, within SessionLimits,
// and owns their sessions. Every worker opens its own listener on the same address (SO_REUSEPORT).
//
// Threads: the loop's alone; may be opened before run() by the thread that prepares the loop.
// Lifetime: destroyed before the loop, the limits and the sink, not from within its own callback; closes its sessions.
// A handle that outlives its session or the listener is harmless.
// Limits: see StreamListenerOptions and SessionLimitOptions; kAcceptsPerWake connections a turn. When descriptors or
// memory run out, an idle session is closed and accepting pauses, so that the loop never spins on a queue it cannot
// empty.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "transports/stream_session.h"

namespace vouch {

// What is spoken on a listener's connections: TLS or nothing beneath, DNS or HTTP above.
struct StreamService {
  using Ends = StreamSession::Ends;
  ClientProtocol protocol = ClientProtocol::tcp;
  std::string name;  // for the operator: "TCP", "DNS over TLS"
  // Null: not now. There is no certificate yet, or no memory.
  std::function<std::unique_ptr<ByteStream>(Socket)> wrap;
  std::function<std::unique_ptr<StreamSession>(StreamSessionHome&, std::unique_ptr<ByteStream>, const Ends&)> session;
};
StreamService dns_over_tcp();

class StreamListener final : private StreamSessionHome, private EventLoop::TurnHook {
 public:
  struct Parts {
    EventLoop& loop;
    const StreamListenerOptions& options;
    const std::vector<Prefix>& proxies;
    SessionLimits& limits;
    QuerySink& sink;
    SessionCounters& counters;
  };
  // Port 0 takes any that is free. On failure, a sentence for the operator.
  static std::expected<std::unique_ptr<StreamListener>, std::string> open(const Parts& parts,
                                                                          const SocketAddress& address,
                                                                          StreamService service);
  ~StreamListener() override;
  SocketAddress address() const noexcept { return address_; }  // as bound
  // Other limits from now on, for open sessions, too; what concerns the socket itself stays as it was opened.
  void adopt(const StreamListenerOptions& its_options, const std::vector<Prefix>& proxies);

 private:
  StreamListener(const Parts& parts, Socket socket, const SocketAddress& address, StreamService service);
  static void acceptable(void* self);
  void admit(Socket socket, const SocketAddress& client);
  bool is_proxy(const IpAddress& client) const noexcept;
  void pause();
  static void resume(void* self);
  void bury(StreamSession& session) override;
  void end_of_turn() override;

  const SocketAddress address_;
  std::vector<Prefix> proxies_;
  const StreamService service_;
  Socket socket_;
  LinkedList<StreamSession, StreamSessions> open_;
  LinkedList<StreamSession, StreamSessions> closed_;  // to be destroyed at the turn's end
  LoopWatch watch_;
  LoopTimer resume_timer_;
};

}  // namespace vouch
