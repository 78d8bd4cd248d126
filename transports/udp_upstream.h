// Questions to servers over UDP. Each has a socket of its own, on a port drawn for it alone and connected to the one
// server: whoever wants to forge the reply must hit port and message id (RFC 5452), the kernel drops what comes from
// elsewhere, and an ICMP error ends the wait at once. The socket is closed only when the question is over, so that no
// ICMP "port unreachable" ever tells a guesser where nothing is waiting.
//
// A reply that came in fragments is a forgery: we ask for 1232 octets at most, so no honest server fragments, and the
// tail of a fragmented reply can be forged without knowing port or id (RFC 9715). The caller asks again over TCP.
//
// The sockets hang in an epoll set of their own, which hangs in the loop: closing a socket takes it out of the set,
// which saves a system call per question. Owner: a worker's NetworkUpstream. One thread. Limits:
// OutgoingOptions::max_udp_sockets; kMaxDatagrams per question.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "resolver/base/random.h"
#include "resolver/iterate/upstream.h"
#include "transports/event_loop.h"
#include "transports/listener_options.h"
#include "transports/source_address.h"

namespace vouch {

class UdpUpstream {
 public:
  // What one question looks at before it takes the flood for an attempt to guess: a duplicate or two is honest, 64 are
  // not.
  static constexpr int kMaxDatagrams = 64;

  UdpUpstream(EventLoop& loop, const OutgoingOptions& options, Random& random);
  ~UdpUpstream();
  Task<UpstreamReply> ask(UpstreamQuestion question);
  std::size_t in_flight() const noexcept { return slots_.size() - free_.size(); }

 private:
  class Exchange;
  static constexpr std::size_t kReplyRoom = 65535;  // what a server may send, whatever we asked for

  static void readable(void* self);
  Socket open_bound(const IpAddress& server);
  std::uint16_t draw_port();

  EventLoop& loop_;
  Random& random_;
  const SourceAddresses sources_;
  std::vector<std::uint16_t> ports_;  // all that may be drawn
  std::vector<Exchange*> slots_;      // by the number that the epoll set knows a question by; null: free
  std::vector<std::uint32_t> free_;
  std::unique_ptr<Octet[]> reply_room_;
  Socket set_;  // the epoll set
  LoopWatch watch_;
};

}  // namespace vouch
