// The network as an Upstream: UDP with one port per question, TCP with connections kept for a while.
// UpstreamProtocol::tls: there is no TLS towards servers yet; such a question ends as unreachable at once and nothing
// is sent, so that no caller who wants privacy gets a plain-text answer.
//
// Threads: the loop's alone. Lifetime: outlives the tasks it returned; destroyed before the loop and the random source.
// A question's deadline is on the clock of EventLoop::now(); its packet and check must live until its Task has ended.
// rtt counts from the question's own sending, and over TCP from the start of its connection when that was opened for
// it.
//
// Over TCP several questions may share a connection, and a check is then also shown the replies to the others.
#pragma once

#include "transports/tcp_upstream.h"
#include "transports/udp_upstream.h"

namespace vouch {

class NetworkUpstream final : public Upstream {
 public:
  NetworkUpstream(EventLoop& loop, const OutgoingOptions& options, Random& random)
      : udp_(loop, options, random), tcp_(loop, options, random) {}

  Task<UpstreamReply> ask(UpstreamQuestion question) override;
  std::size_t udp_in_flight() const noexcept { return udp_.in_flight(); }
  std::size_t connections() const noexcept { return tcp_.connections(); }

 private:
  UdpUpstream udp_;
  TcpUpstream tcp_;
};

}  // namespace vouch
