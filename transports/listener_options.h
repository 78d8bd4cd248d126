// What the operator says about sockets: where to listen, what clients may hold, and how servers are asked.
// Plain data; conf/ fills it in. All limits are per worker.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "resolver/base/address.h"

namespace vouch {

struct UdpListenerOptions {
  std::size_t socket_buffer = 4 * 1024 * 1024;  // octets asked of the kernel, each way: rides out a pause of some 10 ms
  std::size_t largest_answer = 1232;            // octets; what is larger than any path takes may be cut into fragments
  std::size_t max_unanswered = 16384;           // handles held by the front; more datagrams than that are dropped
};

// Sessions of one worker: TCP has one such set of limits, TLS (DoT and DoH together) another, QUIC a third, so that a
// flood of the one leaves the others alone.
struct SessionLimitOptions {
  std::size_t total = 1000;
  std::size_t per_source = 0;                  // of one IPv4 address or IPv6 /64; 0: a tenth of the total, at least 1
  std::chrono::milliseconds idle{10'000};      // RFC 7766 section 6.2.3; shorter as the total is approached
  std::chrono::milliseconds handshake{5'000};  // from the first octet to the end of a TLS or QUIC handshake
  std::chrono::milliseconds message{10'000};   // from a message's first octet to its last (slowloris)
  std::chrono::milliseconds stall{10'000};     // answers waiting and the client takes not one octet
};

// Listeners on TCP, whatever is spoken on them.
struct StreamListenerOptions {
  std::size_t max_in_flight = 100;      // unanswered queries of one connection; no more are read beyond it
  std::size_t max_output = 256 * 1024;  // octets of answers that wait in one connection
  int backlog = 1024;                   // connections the kernel holds for us to accept (bounded by net.core.somaxconn)
  std::chrono::milliseconds accept_pause{250};  // when descriptors or memory run out
};

// DNS over HTTPS, by HTTP/2 and HTTP/3 (RFC 8484).
struct HttpOptions {
  std::string path = "/dns-query";
  std::uint16_t http3_port = 0;  // told to HTTP/2 clients (Alt-Svc, RFC 7838); 0: not told
};

struct QuicListenerOptions {
  std::size_t socket_buffer = 4 * 1024 * 1024;  // octets asked of the kernel, each way
  std::size_t max_half_open = 64;               // beyond it a client must first prove its address (Retry); 0: always
  std::size_t max_memory = 64 * 1024 * 1024;    // octets for all connections of one worker
  bool early_data = false;                      // 0-RTT, for queries alone (RFC 9250 section 4.5)
};

// What the encrypted listeners prove themselves with.
struct IdentityOptions {
  std::string certificate_file;    // PEM, the server's own certificate first; empty: a pair of our own is made
  std::string key_file;            // PEM
  std::string ticket_secret_file;  // 32 octets or more; servers behind one address share it. Empty: drawn at start
  std::string state_directory = "/var/lib/vouch";  // where what we make for ourselves is kept: pair and secrets
};

struct ListenerOptions {
  std::vector<SocketAddress> addresses{};        // each is served over UDP and TCP
  std::vector<SocketAddress> tls{};              // DNS over TLS (RFC 7858)
  std::vector<SocketAddress> https{};            // DNS over HTTPS
  std::vector<SocketAddress> cleartext_https{};  // the same without TLS, for a proxy on this machine
  std::vector<SocketAddress> quic{};             // UDP: DNS over QUIC and over HTTP/3, as the client chooses (ALPN)
  std::vector<Prefix> proxies{};                 // who begins with a PROXY header (version 2), and must
  UdpListenerOptions udp;
  StreamListenerOptions stream;
  HttpOptions http;
  QuicListenerOptions quic_limits;
  SessionLimitOptions sessions;                                                 // TCP
  SessionLimitOptions tls_sessions{.idle = std::chrono::milliseconds(30'000)};  // a handshake costs what 100 answers do
  SessionLimitOptions quic_sessions{.total = 500, .idle = std::chrono::milliseconds(30'000)};  // each takes some 90 KiB
  IdentityOptions identity;
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
  std::chrono::milliseconds tls_connection_idle{30'000};  // a handshake has been paid for; a household asks that often
  std::string tls_ca_file{};  // PEM: authorities for servers' certificates; empty: the system's
  friend bool operator==(const OutgoingOptions&, const OutgoingOptions&) = default;
};

}  // namespace vouch
