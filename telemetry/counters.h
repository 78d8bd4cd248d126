// Counters with one writer each: every worker owns a set and bumps it with a relaxed load and store (under a
// nanosecond, no lock); whoever reports reads them from another thread and adds the workers up.
#pragma once

#include <atomic>
#include <cstdint>

namespace vouch {

class Counter {
 public:
  void add(std::uint64_t count = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Towards servers.
struct ResolverCounters {
  Counter upstream_udp, upstream_tcp, upstream_tls, upstream_timeouts, upstream_unreachable;
  Counter upstream_untrusted;  // over TLS the server did not prove who it is, and was asked nothing
  Counter replies_rejected_id, replies_rejected_question, replies_rejected_case, replies_rejected_cookie,
      replies_rejected_malformed, replies_lame;
  Counter records_scrubbed;  // outside what the asked zone may say
  Counter tcp_after_truncation, tcp_after_forgery;
  Counter minimised_queries, minimisation_fallbacks;
  Counter exchanges_shared;  // rode on another's question in flight
  Counter budget_spent, internal_errors;
};

// What validation did.
struct ValidationCounters {
  Counter judged_secure, judged_insecure, judged_bogus, judged_indeterminate;  // resolutions, not clients
  Counter judged_test_zone;  // bogus, at a zone that is broken on purpose
  Counter signatures_verified, signatures_failed;
  Counter second_opinions;  // data that another server was heard on before a bogus verdict
  Counter recovered;        // of these: what the other server gave held
  Counter key_fetches;      // DS and DNSKEY look-ups
  Counter synthesised;      // answers from cached proofs (RFC 8198)
};

// Towards clients.
struct FrontCounters {
  Counter queries_udp, queries_tcp, queries_encrypted;
  Counter answered_from_cache, answered_by_resolution, answered_locally, answered_stale;
  Counter refused, dropped, malformed;
  Counter joined_in_flight;  // waited for another client's equal question
  Counter no_error, name_error, server_failure, other_rcode, truncated;
  Counter internal_errors;
};

// Connections of one transport. Each that was accepted ends in one of the closed_* or by the client's own wish.
struct SessionCounters {
  Counter accepted, refused;             // refused: by a limit or by the access list, before anything was said
  Counter handshakes, resumed;           // completed in full; by a ticket
  Counter handshake_failures;            // garbage, no common version or name, not finished in time
  Counter closed_idle, closed_abuse;     // silent too long; slow, deaf, flooding or against the protocol
  Counter octets_received, octets_sent;  // of contents, before encryption
};

struct TransportCounters {
  Counter udp_received, udp_sent, udp_send_failed;
  SessionCounters tcp, tls, https, quic, http3;  // quic: DNS over QUIC; http3: DNS over HTTP/3
};

struct WorkerCounters {
  ResolverCounters resolver;
  ValidationCounters validation;
  FrontCounters front;
  TransportCounters transport;
};

}  // namespace vouch
