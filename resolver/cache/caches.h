// All caches of one daemon and how they share the operator's one figure of memory.
#pragma once

#include <atomic>

#include "resolver/cache/delegation_cache.h"
#include "resolver/cache/denial_cache.h"
#include "resolver/cache/failure_cache.h"
#include "resolver/cache/rrset_cache.h"
#include "resolver/cache/server_cache.h"

namespace vouch {

struct Caches {
  explicit Caches(const CacheOptions& given)
      : options(given),
        rrsets(options.size / 16 * 10, options),  // what clients ask for
        delegations(options.size / 16 * 2),       // an eighth: a cut is large (names, glue) but there are far fewer
        servers(options.size / 32),
        failures(options.size / 32, options),
        denials(options.size / 16) {}
  // Octets that the caller's TrustCache may take (resolver/dnssec/trust_cache.h), and all workers' finished answers
  // (resolver/front/answer_cache.h) together: the last two sixteenths.
  std::size_t share_of_trust() const noexcept { return options.size / 16; }
  std::size_t share_of_answers() const noexcept { return options.size / 16; }

  // How often each of those that a snapshot fills has forgotten something on purpose.
  struct Generations {
    std::uint64_t rrsets = 0, delegations = 0, servers = 0, denials = 0;
    friend bool operator==(const Generations&, const Generations&) = default;
  };
  Generations generations() const noexcept {
    return {.rrsets = rrsets.generation(),
            .delegations = delegations.generation(),
            .servers = servers.generation(),
            .denials = denials.generation()};
  }

  const CacheOptions options;
  // On while policy has rules about the servers that an answer came from: then no answer is kept for longer than the
  // delegations that led to it, so that whoever finds the one finds the others, too. Any thread.
  std::atomic<bool> keeps_answers_within_delegations{false};
  RRsetCache rrsets;
  DelegationCache delegations;
  ServerCache servers;
  FailureCache failures;
  DenialCache denials;
};

}  // namespace vouch
