// What a connection needs of its listener.
#pragma once

#include <array>
#include <chrono>

#include "resolver/front/query_sink.h"
#include "telemetry/counters.h"
#include "transports/event_loop.h"
#include "transports/listener_options.h"
#include "transports/quic/address_tokens.h"
#include "transports/quic/connection_id.h"
#include "transports/quic/credentials.h"
#include "transports/quic/datagrams.h"
#include "transports/quic/quic_secrets.h"
#include "transports/session_limits.h"

namespace vouch {

class QuicConnection;

// How one listener is to be.
struct QuicSetup {
  QuicListenerOptions options{};
  HttpOptions http{};
  QuicSecrets secrets{};
  // Octets in use, counted together by all listeners of a worker; null: this one counts its own.
  std::shared_ptr<std::size_t> memory{};
  unsigned worker = 0;   // this listener's worker, below
  unsigned workers = 1;  // all of them; at most ConnectionId::kFirstOctets
};

// Nanoseconds on the wall clock, by which tokens grow old: they outlive the process.
inline std::uint64_t since_1970() noexcept {
  return static_cast<std::uint64_t>(
      std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count());
}

struct QuicHome {
  static constexpr std::size_t kAnswer = 65535;

  EventLoop& loop;
  SessionLimits& limits;
  QuerySink& sink;
  TransportCounters& counters;
  const QuicSetup setup;
  const AddressTokens tokens;
  SystemRandom random;
  const std::shared_ptr<std::size_t> shared_memory;
  std::size_t& memory;                         // octets of all connections that setup.memory counts
  std::size_t half_open = 0;                   // connections whose handshake is not over
  std::unique_ptr<EarlyDataGuard> early_data;  // null: none is taken
  std::array<Octet, kAnswer> answer_room;

  QuicHome(EventLoop& its_loop, SessionLimits& its_limits, QuerySink& its_sink, TransportCounters& its_counters,
           const QuicSetup& its_setup)
      : loop(its_loop),
        limits(its_limits),
        sink(its_sink),
        counters(its_counters),
        setup(its_setup),
        tokens(its_setup.secrets.token),
        shared_memory(its_setup.memory ? its_setup.memory : std::make_shared<std::size_t>(0)),
        memory(*shared_memory) {}
  virtual ~QuicHome() = default;
  QuicHome(const QuicHome&) = delete;
  QuicHome& operator=(const QuicHome&) = delete;

  // Where the next packet is written; there is always room for one.
  virtual QuicOutbox& outbox() = 0;
  virtual bool route(const ConnectionId& id, QuicConnection& to) = 0;  // false: the id is taken
  virtual void unroute(const ConnectionId& id, const QuicConnection& from) = 0;
  virtual void wake(QuicConnection& connection) = 0;  // it has something to send at the end of the turn
  // It has ended: destroy it, but not before the turn's end. What still comes for it is answered with `farewell`, or
  // not at all when that is empty.
  virtual void bury(QuicConnection& connection, Bytes farewell, bool may_come_late) = 0;
};

}  // namespace vouch
