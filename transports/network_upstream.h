// The network as an Upstream: UDP with one port per question, TCP and TLS with connections kept for a while. What is
// for TLS never goes any other way.
//
// Threads: the loop's alone. Lifetime: outlives the tasks it returned; destroyed before the loop and the random source.
// A question's deadline is on the clock of EventLoop::now(); its packet, check, name and pins must live until its Task
// has ended. rtt counts from the question's own sending, and over TCP and TLS from the start of its connection when
// that was opened for it.
//
// Over TCP and TLS several questions may share a connection, and a check is then also shown the replies to the others.
#pragma once

#include "transports/stream_upstream.h"
#include "transports/udp_upstream.h"

namespace vouch {

class NetworkUpstream final : public Upstream {
 public:
  NetworkUpstream(EventLoop& loop, const OutgoingOptions& options, Random& random)
      : udp_(loop, options, random), stream_(loop, options, random) {}

  Task<UpstreamReply> ask(UpstreamQuestion question) override;
  std::optional<std::string> prepare_tls() { return stream_.prepare_tls(); }  // see StreamUpstream
  std::size_t udp_in_flight() const noexcept { return udp_.in_flight(); }
  std::size_t connections() const noexcept { return stream_.connections(); }

 private:
  UdpUpstream udp_;
  StreamUpstream stream_;
};

}  // namespace vouch
