// The sockets that one worker serves clients on, over the life of the process: those of a new generation are opened
// beside the old, and those that are no longer wanted go on for a while, so that nothing that was asked is lost.
//
// Threads: the loop's alone; may be opened before run() by the thread that prepares the loop. Lifetime: destroyed
// before the loop, the sink and the identity.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "resolver/daemon/generation.h"
#include "resolver/daemon/server_identity.h"
#include "transports/event_loop.h"
#include "transports/quic/quic_listener.h"
#include "transports/stream_listener.h"
#include "transports/tls/tls_service.h"
#include "transports/udp_listener.h"

namespace vouch {

class Listeners {
 public:
  using Opened = std::expected<void, std::string>;  // on failure a sentence for the operator

  struct Parts {
    EventLoop& loop;
    QuerySink& sink;
    TransportCounters& counters;
    const ServerIdentity& identity;
    unsigned worker = 0, workers = 1;  // this worker's number among so many
  };
  Listeners(const Parts& parts, const ListenerOptions& options);

  // Opens what `next` wants and is not open. They serve at once, through the sink, as whatever is open does. On
  // failure none of them stays.
  Opened open(const GenerationPtr& next);
  // What open() opened is closed again.
  void abandon();
  // From `now` on `next` serves: its limits hold for sessions old and new; listeners that it does not name are to go.
  void take(const Generation& next, Instant now);
  // Closes those that were to go at `then` or before.
  void close_unwanted(Instant then);
  void close_all() noexcept;

 private:
  struct Listener {
    ListenerKind kind = ListenerKind::dns;
    SocketAddress wanted;     // as configured: port 0 takes any
    GenerationPtr opened_by;  // whose options it may refer to
    std::unique_ptr<UdpListener> udp;
    std::unique_ptr<StreamListener> stream;
    std::unique_ptr<QuicListener> quic;
    bool is_new = true;  // until take()
    std::optional<Instant> unwanted_since = std::nullopt;
  };
  Opened open_one(Listener& listener);
  Opened open_stream(Listener& listener, SessionLimits& limits, SessionCounters& counters,
                     const StreamService& service);
  Opened open_quic(Listener& listener);
  std::shared_ptr<TlsServer> tls_for(TlsServerContext::Service service) const;
  bool is_open(ListenerKind kind, const SocketAddress& address) const;

  const Parts parts_;
  SessionLimits tcp_sessions_, tls_sessions_, quic_sessions_;
  const std::shared_ptr<std::size_t> quic_memory_ = std::make_shared<std::size_t>(0);  // of all QUIC listeners
  std::vector<Listener> listeners_;
};

}  // namespace vouch
