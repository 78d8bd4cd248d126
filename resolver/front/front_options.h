// What the operator says about answering clients; conf/vouch.yaml documents each key.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "resolver/base/address.h"
#include "resolver/base/bytes.h"
#include "resolver/policy/rate_limit_options.h"

namespace vouch {

struct StaleOptions {  // RFC 8767
  bool enabled = false;
  std::uint32_t max_stale = 86400;         // seconds past expiry that data may still be served
  std::uint32_t answer_ttl = 30;           // seconds, in a stale answer (RFC 8767 section 4)
  std::uint32_t client_timeout_ms = 1800;  // answer stale after this long; 0: at once, refreshing behind it
};

struct FrontOptions {
  static constexpr std::size_t kCookieSecret = 16;  // octets: a SipHash key (RFC 9018)

  std::vector<Prefix> allow;    // who may ask; others are dropped (UDP) or refused (TCP). Empty: nobody
  bool minimal_answers = true;  // no authority or additional records beyond what the answer needs
  bool minimal_any = true;      // ANY: one RRset (RFC 8482); false: all that is cached, else what servers say
  bool answer_without_rd =
      false;  // RD=0: what is cached, or a referral; false: REFUSED, which tells nobody what others asked
  bool require_validation = false;  // data that no validator has seen answers CD=1 alone: on while validation is on
  bool withhold_bogus = true;       // what failed validation answers CD=1 alone; false: it is only counted ("observe")
  std::uint16_t edns_size = 1232;   // our own payload size and the largest UDP answer
  bool cookies = true;              // RFC 7873, server side
  // kCookieSecret octets, the same in all workers: a client's next query may come to another. Shared by a fleet (RFC
  // 9018). Empty: the daemon draws one at the start; a front without has no cookies.
  Buffer cookie_secret;
  std::string nsid;                 // RFC 5001; empty: none
  bool prefetch = false;            // refresh popular entries in the last tenth of their TTL
  StaleOptions stale;
  RateLimitOptions rates;
  std::uint32_t tcp_idle_timeout_ms = 10000;  // told to clients that ask for it (RFC 7828); the transport's own figure
  std::uint32_t tls_idle_timeout_ms = 30000;  // the same over TLS
  // Bounds. The reasons stand in front/limits.h.
  std::uint32_t max_in_flight = 4096;           // client questions under resolution, per worker
  std::uint32_t max_waiting_per_question = 20;  // clients that wait for one question (CVE-2024-33655, DNSBomb)
  std::uint32_t max_waiting_per_client = 100;   // answers outstanding to one address without cookie or connection
};

}  // namespace vouch
