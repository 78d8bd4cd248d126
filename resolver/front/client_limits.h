// What clients may ask of us over UDP before it is even read: rates for each prefix, so that we are of little use for
// flooding somebody whose address was forged, and fair shares while more is asked than can be answered.
//
// One per worker and thread; the rates themselves (ClientRates) are shared by all workers of a generation.
#pragma once

#include <memory>

#include "resolver/base/clock.h"
#include "resolver/front/fair_share.h"
#include "resolver/front/query_sink.h"
#include "resolver/policy/access_list.h"
#include "resolver/policy/prefix_rates.h"
#include "resolver/policy/rate_limit_options.h"
#include "telemetry/counters.h"

namespace vouch {

// Null where there is no limit. Thread-safe.
struct ClientRates {
  explicit ClientRates(const RateLimitOptions& options)
      : answers(options.answers_per_second == 0 ? nullptr : std::make_unique<PrefixRates>(options.answers_per_second)),
        errors(options.errors_per_second == 0 ? nullptr : std::make_unique<PrefixRates>(options.errors_per_second)) {}
  const std::unique_ptr<PrefixRates> answers, errors;
};

class ClientLimits {
 public:
  ClientLimits(const RateLimitOptions& options, ClientRates& rates, const Clock& clock, FrontCounters& counters)
      : options_(options), rates_(rates), clock_(clock), counters_(counters), exempt_(options.exempt) {}

  enum class Say : std::uint8_t {
    go_on,
    prove,  // its prefix has had its rate: only one whose address is proven is answered
    drop,   // others would go short
  };
  // Of a query that may ask. Nearly free unless limits are set or its listener is behind.
  Say before(const ClientQuery& query) noexcept {
    if (query.protocol != ClientProtocol::udp) { return Say::go_on; }
    const bool competes = query.is_backlogged && options_.fair;
    if (!competes && rates_.answers == nullptr) { return Say::go_on; }
    return judge(query, competes);
  }
  // One to be told `prove` has not proven itself: whether it gets a truncated answer (else silence), by which a real
  // client learns to come over TCP ("slip").
  bool may_slip() noexcept;
  // Before an answer that says nothing but what is wrong with the query.
  bool may_tell_error(const ClientQuery& query) noexcept;

 private:
  Say judge(const ClientQuery& query, bool competes) noexcept;

  const RateLimitOptions& options_;
  ClientRates& rates_;
  const Clock& clock_;
  FrontCounters& counters_;
  const AccessList exempt_;
  FairShare fair_share_;
  std::uint32_t unslipped_ = 0;
};

}  // namespace vouch
