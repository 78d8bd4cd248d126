// Questions to servers over TCP (RFC 7766): connections are kept for a while and shared by the questions to one server.
// When a connection that had been used before ends under a question, the server most likely closed it as the question
// was on its way: the question is asked once more on a fresh one.
//
// Owner: a worker's NetworkUpstream. One thread. Limits: see OutgoingOptions. When all connections are taken, the
// longest idle one makes room; when none is idle, the server counts as unreachable.
#pragma once

#include <array>
#include <memory>
#include <unordered_map>
#include <vector>

#include "resolver/base/random.h"
#include "resolver/iterate/upstream.h"
#include "transports/listener_options.h"
#include "transports/source_address.h"
#include "transports/tcp_connection.h"

namespace vouch {

class TcpUpstream final : private EventLoop::TurnHook {
 public:
  TcpUpstream(EventLoop& loop, const OutgoingOptions& options, Random& random);
  ~TcpUpstream() override;  // whoever still waits is never resumed
  Task<UpstreamReply> ask(UpstreamQuestion question);
  std::size_t connections() const noexcept { return connections_.size(); }

 private:
  friend class TcpConnection;
  friend class TcpExchange;
  static constexpr std::size_t kRead = 64 * 1024;  // one of the largest messages, about

  TcpConnection* connection_to(const SocketAddress& server, bool fresh);
  TcpConnection* open_connection(const SocketAddress& server);
  bool close_longest_idle() noexcept;
  void set_idle(TcpConnection& connection) noexcept;
  void bury(TcpConnection& connection) noexcept;  // to be destroyed at the turn's end
  static void sweep(void* self);
  void end_of_turn() override;

  EventLoop& loop_;
  Random& random_;
  const OutgoingOptions options_;
  const SourceAddresses sources_;
  std::unique_ptr<std::array<Octet, kRead>> scratch_;
  std::unordered_multimap<SocketAddress, std::unique_ptr<TcpConnection>> connections_;
  std::vector<std::unique_ptr<TcpConnection>> closed_;
  LinkedList<TcpConnection, IdleConnections> idle_;  // longest first
  std::size_t idle_count_ = 0;
  bool had_no_room_ = false;  // why connection_to() last gave none: for want of places here, not for the server's sake
  LoopTimer sweep_timer_;
};

}  // namespace vouch
