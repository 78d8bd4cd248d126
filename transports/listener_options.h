// What the operator says about sockets: where to listen, what clients may hold, and how servers are asked.
// Plain data; conf/ fills it in. All limits are per worker.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "resolver/base/address.h"

namespace vouch {

struct UdpListenerOptions {
  std::size_t socket_buffer = 4 * 1024 * 1024;  // octets asked of the kernel, each way: rides out a pause of some 10 ms
  std::size_t max_unanswered = 16384;           // handles held by the front; more datagrams than that are dropped
};

// Sessions (TCP now, the encrypted transports later) of one worker together.
struct SessionLimitOptions {
  std::size_t total = 1000;
  std::size_t per_source = 0;                 // of one IPv4 address or IPv6 /64; 0: a tenth of the total, at least 1
  std::chrono::milliseconds idle{10'000};     // RFC 7766 section 6.2.3; shorter as the total is approached
  std::chrono::milliseconds message{10'000};  // from a message's first octet to its last (slowloris)
  std::chrono::milliseconds stall{10'000};    // answers waiting and the client takes not one octet
};

struct TcpListenerOptions {
  std::size_t max_in_flight = 100;      // unanswered queries of one connection; no more are read beyond it
  std::size_t max_output = 256 * 1024;  // octets of answers that wait in one connection
  int backlog = 1024;                   // connections the kernel holds for us to accept (bounded by net.core.somaxconn)
  std::chrono::milliseconds accept_pause{250};  // when descriptors or memory run out
};

struct ListenerOptions {
  std::vector<SocketAddress> addresses{};  // each is served over UDP and TCP
  UdpListenerOptions udp;
  TcpListenerOptions tcp;
  SessionLimitOptions sessions;
};

struct OutgoingOptions {
  std::vector<IpAddress>
      source_addresses{};         // one of the right family is drawn for each question; none: the kernel chooses
  std::uint16_t port_low = 1024;  // UDP source ports are drawn from port_low..port_high
  std::uint16_t port_high = 65535;
  std::vector<std::uint16_t> avoid_ports{};  // except these
  std::size_t max_udp_sockets =
      4608;  // questions in flight over UDP, beyond which none are taken: server.max_in_flight and an eighth
  std::size_t max_connections = 256;  // to servers, idle ones included
  std::size_t max_idle_connections = 64;
  std::size_t max_questions_per_connection = 32;  // pipelined (RFC 7766 section 6.2.1.1); beyond it another is opened
  std::chrono::milliseconds connection_idle{5'000};
};

}  // namespace vouch
