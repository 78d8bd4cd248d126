// Counters with one writer each: every worker owns a set and bumps it with a relaxed load and store (under a
// nanosecond, no lock); whoever reports reads them from another thread and adds the workers up. Sizes are plain numbers
// here, because this header lies below everything; telemetry/recorder.h holds them against the enumerations they count.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
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

// How long something took: a count for each bound, and the sum.
struct DurationHistogram {
  // Upper bounds in microseconds; what is longer than all has a bucket behind them. From a cached answer to the
  // patience of clients.
  static constexpr std::array<std::uint32_t, 14> kBounds{
      10, 50, 100, 500, 1'000, 5'000, 10'000, 25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000};
  std::array<Counter, kBounds.size() + 1> buckets;  // each for itself, not cumulative
  Counter nanoseconds;

  void add(std::chrono::nanoseconds took) noexcept {
    const auto microseconds = static_cast<std::uint64_t>(took.count() < 0 ? 0 : took.count()) / 1000;
    std::size_t at = 0;
    while (at < kBounds.size() && microseconds >= kBounds[at]) { ++at; }
    buckets[at].add();
    nanoseconds.add(static_cast<std::uint64_t>(took.count() < 0 ? 0 : took.count()));
  }
};

// Towards servers.
struct ResolverCounters {
  Counter upstream_udp, upstream_tcp, upstream_tls, upstream_timeouts, upstream_unreachable;
  Counter upstream_untrusted;  // over TLS the server did not prove who it is, and was asked nothing
  Counter replies_rejected_id, replies_rejected_question, replies_rejected_case, replies_rejected_cookie,
      replies_rejected_malformed, replies_lame;
  Counter records_scrubbed;  // outside what the asked zone may say
  Counter tcp_after_truncation, tcp_after_forgery;
  std::array<Counter, 3> asked;      // questions by the level of the zone asked: the root, a TLD, below
  std::array<Counter, 3> minimised;  // of these, shown at most one label more than the zone has (RFC 9156)
  Counter minimisation_fallbacks;
  Counter exchanges_shared;  // rode on another's question in flight
  Counter budget_spent, internal_errors;
  DurationHistogram round_trip;
};

// What validation did.
struct ValidationCounters {
  Counter judged_secure, judged_insecure, judged_bogus, judged_indeterminate;  // resolutions, not clients
  Counter judged_test_zone;                           // bogus, at a zone that is broken on purpose
  std::array<Counter, 33> failures;                   // bogus resolutions by reason
  std::array<Counter, 9> verified, failed;            // signatures by algorithm
  Counter nanoseconds;                                // spent on checking signatures and proofs
  Counter second_opinions;                            // data that another server was heard on before a bogus verdict
  Counter recovered;                                  // of these: what the other server gave held
  Counter key_fetches;                                // DS and DNSKEY look-ups
  std::array<std::array<Counter, 3>, 2> synthesised;  // answers from cached proofs (RFC 8198): [NSEC, NSEC3][name
                                                      // error, no data, wildcard]
};

// Towards clients.
struct FrontCounters {
  std::array<std::array<Counter, 2>, 6> queries;  // by transport and family (IPv4, IPv6)
  Counter queries_do, queries_ad;                 // that ask for signatures; that ask only for AD
  std::array<std::array<Counter, 5>, 6> answers;  // by standing and source
  std::array<Counter, 8> rcodes;
  std::array<Counter, 8> special_names;  // answered here, by kind of name
  std::array<Counter, 4> stale;          // answers from expired data, by cause
  Counter refused, dropped, malformed;
  Counter rate_limited, stood_back;  // beyond a prefix's rate; dropped under pressure, for others' sake
  Counter joined_in_flight;          // waited for another client's equal question
  Counter truncated;
  Counter internal_errors;
  DurationHistogram from_cache;  // one in 64 is timed: to read the clock costs a tenth of a cached answer
  DurationHistogram by_recursion;
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
  // dnstap. By its own thread: written to the collector; lost with a connection, or given up. By the worker: lost
  // because its queue was full; because no collector was there.
  Counter dnstap_sent, dnstap_cut_off, dnstap_overflowed, dnstap_unheard;
  SessionCounters tcp, tls, https, quic, http3;  // quic: DNS over QUIC; http3: DNS over HTTP/3
};

// The cache that a fleet shares (resolver/fleet).
struct SharedCacheCounters {
  static constexpr std::size_t kFlaws = 5, kFailures = 6;  // SharedFlaw, RedisStore::Failure
  Counter hits, misses;                                    // entries taken; questions that the fleet knew nothing of
  Counter late, broken_off;  // nothing came in time; the store went away meanwhile, or took no more questions
  std::array<Counter, kFlaws> refused;      // entries by what was wrong with them
  Counter stores, dropped;                  // handed to the store; not, because it was away or its queue full
  Counter pauses, resumptions;              // the difference: workers that ask nothing now, because it is too slow
  Counter connections, disconnections;      // the difference: workers that are connected
  std::array<Counter, kFailures> failures;  // of connections, and of attempts at one, by cause
  DurationHistogram waited;                 // for answers that came in time

  // Workers. Each counts its own, and these are read a moment apart.
  std::uint64_t connected() const noexcept { return left(connections, disconnections); }
  std::uint64_t paused() const noexcept { return left(pauses, resumptions); }

 private:
  static std::uint64_t left(const Counter& more, const Counter& less) noexcept {
    return more.value() - std::min(more.value(), less.value());
  }
};

struct WorkerCounters {
  ResolverCounters resolver;
  ValidationCounters validation;
  FrontCounters front;
  TransportCounters transport;
  SharedCacheCounters shared_cache;
};

// Adds every counter of `from` to its twin; `from` may go on counting meanwhile.
inline void add_up(WorkerCounters& into, const WorkerCounters& from) noexcept {
  static_assert(sizeof(WorkerCounters) % sizeof(Counter) == 0);
  auto* to = reinterpret_cast<Counter*>(&into);
  const auto* source = reinterpret_cast<const Counter*>(&from);
  for (std::size_t i = 0; i < sizeof(WorkerCounters) / sizeof(Counter); ++i) { to[i].add(source[i].value()); }
}

}  // namespace vouch
