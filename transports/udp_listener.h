// DNS over UDP (RFC 1035 section 4.2.1): one socket, one worker. Datagrams come in batches (recvmmsg) and the answers
// that are ready at once leave in one sendmmsg; answers that come later are gathered and leave at the end of the turn.
// Every worker opens its own listener on the same address (SO_REUSEPORT): the kernel spreads the clients.
//
// Threads: the loop's alone; may be opened before run() by the thread that prepares the loop.
// Lifetime: destroyed before the loop and the sink, not from within its own callback. A handle that outlives it is
// harmless. Limits: kBatchesPerWake batches, then other sockets get their turn; UdpListenerOptions::max_unanswered
// handles. No allocation per datagram but the handle of an answer that is not ready at once.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "resolver/front/query_sink.h"
#include "transports/event_loop.h"
#include "transports/listener_options.h"
#include "transports/udp_batch.h"

namespace vouch {

class UdpListener final : private EventLoop::TurnHook {
 public:
  // A wildcard address (0.0.0.0, ::) answers from whichever address was asked. Port 0 takes any that is free.
  // `proxies` begin each datagram with a PROXY header, and nobody else may. On failure, a sentence for the operator.
  static std::expected<std::unique_ptr<UdpListener>, std::string> open(EventLoop& loop, const SocketAddress& address,
                                                                       const UdpListenerOptions& options,
                                                                       QuerySink& sink, TransportCounters& counters,
                                                                       const std::vector<Prefix>& proxies = {});
  ~UdpListener() override;
  SocketAddress address() const noexcept { return address_; }  // as bound
  // Other limits from now on; what concerns the socket itself stays as it was opened.
  void adopt(const UdpListenerOptions& options, const std::vector<Prefix>& proxies);
  // Serves what waits in the socket now, kMaxDrained datagrams at most: before it is closed for good.
  void drain();
  static constexpr unsigned kMaxDrained = 4096;  // a full receive buffer of small queries, some 20 ms

 private:
  class Room;
  class Reply;
  struct Link;      // what handles know of us: null once we are gone
  struct Incoming;  // the receiving side's buffers

  UdpListener(EventLoop& loop, Socket socket, const SocketAddress& address, const UdpListenerOptions& options,
              QuerySink& sink, TransportCounters& counters, const std::vector<Prefix>& proxies);
  static void readable(void* self);
  void end_of_turn() override;
  unsigned receive() noexcept;
  bool is_proxy(const IpAddress& client) const noexcept;
  void expect(std::size_t index) const noexcept;
  void serve(std::size_t index);
  void send_later(Bytes message, const UdpPeer& to) noexcept;

  EventLoop& loop_;
  QuerySink& sink_;
  TransportCounters& counters_;
  const SocketAddress address_;
  std::vector<Prefix> proxies_;
  const bool is_wildcard_;
  std::size_t max_unanswered_;
  std::size_t unanswered_ = 0;
  bool is_backlogged_ = false;  // the last turn ended with datagrams still waiting
  Socket socket_;
  std::shared_ptr<Link> link_;
  std::unique_ptr<Incoming> incoming_;
  UdpBatch ready_;  // answers to the batch just read
  UdpBatch late_;   // apart from ready_: a late answer may come while a sink writes into ready_'s room
  LoopWatch watch_;
};

}  // namespace vouch
