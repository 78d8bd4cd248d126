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
  Counter second_opinions;  // data that was asked for again at another server before a bogus verdict
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

struct TransportCounters {
  Counter udp_received, udp_sent, udp_send_failed;
  Counter tcp_accepted, tcp_refused, tcp_closed_idle, tcp_closed_abuse;
};

struct WorkerCounters {
  ResolverCounters resolver;
  ValidationCounters validation;
  FrontCounters front;
  TransportCounters transport;
};

}  // namespace vouch
