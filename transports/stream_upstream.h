// Questions to servers over TCP (RFC 7766) and over TLS (RFC 7858, with the strict profile of RFC 8310): connections
// are kept for a while and shared by the questions to one server. When a connection that had been used before ends
// under a question, the server most likely closed it as the question was on its way: the question is asked once more on
// a fresh one. A server that did not prove over TLS who it is hears no question, now or within kDistrustFor; nothing
// that is for TLS is ever sent without it.
//
// Owner: a worker's NetworkUpstream. One thread. Limits: see OutgoingOptions. When all connections are taken, the
// longest idle one makes room; when none is idle, the server counts as unreachable.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "resolver/base/log.h"
#include "resolver/base/random.h"
#include "resolver/iterate/upstream.h"
#include "transports/listener_options.h"
#include "transports/source_address.h"
#include "transports/upstream_connection.h"

namespace vouch {

class StreamUpstream final : private EventLoop::TurnHook {
 public:
  // A handshake for every question would be work without end on both sides; an operator who has mended the certificate
  // or the configuration waits no longer than this.
  static constexpr Duration kDistrustFor = std::chrono::seconds(10);

  StreamUpstream(EventLoop& loop, const OutgoingOptions& options, Random& random);
  ~StreamUpstream() override;                          // whoever still waits is never resumed
  Task<UpstreamReply> ask(UpstreamQuestion question);  // over TLS where its protocol says so, over TCP otherwise
  // Reads the trusted authorities, which takes some ten milliseconds and the right to; otherwise the first question
  // over TLS does. On failure a sentence for the operator, and nothing is asked over TLS.
  std::optional<std::string> prepare_tls();
  std::size_t connections() const noexcept { return connections_.size(); }

 private:
  friend class UpstreamConnection;
  friend class UpstreamExchange;
  static constexpr std::size_t kRead = 64 * 1024;  // one of the largest messages, about
  // Peers are configured, so there are a handful; beyond this the list begins anew.
  static constexpr std::size_t kMaxDistrusted = 64;

  // Who did not prove to be whom we wanted, and why.
  struct Distrust {
    TlsPeer peer;
    std::string why;
    Instant until;
  };

  UpstreamConnection* connection_for(const UpstreamQuestion& question, bool fresh);
  UpstreamConnection* open_connection(const UpstreamQuestion& question);
  std::unique_ptr<UpstreamConnection> make_connection(Socket socket, const UpstreamQuestion& question);
  std::optional<std::string> why_not_over_tls(const UpstreamQuestion& question);
  void distrust(const TlsPeer& peer, const std::string& why);
  bool close_longest_idle() noexcept;
  void set_idle(UpstreamConnection& connection) noexcept;
  Duration patience_with(const UpstreamConnection& connection) const noexcept;
  void bury(UpstreamConnection& connection) noexcept;  // to be destroyed at the turn's end
  void arm_sweep() noexcept;
  static void sweep(void* self);
  void end_of_turn() override;

  EventLoop& loop_;
  Random& random_;
  const OutgoingOptions options_;
  const SourceAddresses sources_;
  std::unique_ptr<std::array<Octet, kRead>> scratch_;
  std::unique_ptr<TlsClientContext> tls_;  // made for the first question over TLS
  std::unordered_multimap<SocketAddress, std::unique_ptr<UpstreamConnection>> connections_;
  std::vector<std::unique_ptr<UpstreamConnection>> closed_;
  LinkedList<UpstreamConnection, IdleConnections> idle_;  // longest first
  std::vector<Distrust> distrusted_;
  std::size_t idle_count_ = 0;
  bool had_no_room_ = false;  // why connection_for() last gave none: for want of places here, not for the server's sake
  LoopTimer sweep_timer_;
};

}  // namespace vouch
