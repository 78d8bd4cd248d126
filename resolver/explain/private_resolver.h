// A resolver that knows nothing yet: caches, trust and exchanges of its own beside the worker's socket side. What it
// finds out is as it is now, whatever the process remembers; and the process learns nothing from it.
//
// For one resolution or a few, on the worker's thread. Takes some 4 MiB while it lives (kCacheOctets).
#pragma once

#include <memory>

#include "resolver/iterate/resolver.h"
#include "resolver/iterate/shared_exchanges.h"

namespace vouch {

// What such a resolver leans on. The options are copied; executor, clock and random must outlive it.
struct PrivateResolverParts {
  ResolverOptions resolver;
  DnssecOptions dnssec;
  AnchorSetPtr anchors;                // what is trusted, and where validation is switched off
  UnixTime root_validated = 0;         // TrustCache::root_validated() of the process: whether the clock can be believed
  std::shared_ptr<Upstream> upstream;  // kept while it is used, whatever the worker serves with meanwhile
  const LocalRoot* local_root = nullptr;  // as ResolverParts has it; must outlive it
  Executor& executor;
  const Clock& clock;
  Random& random;
};

class PrivateResolver {
 public:
  // Room for all that one budget can bring, many times over (Budget::kUpstreamOctets).
  static constexpr std::size_t kCacheOctets = std::size_t{4} << 20U;

  // Whatever dnssec.mode says, everything is judged, and what fails is withheld: that is the question.
  explicit PrivateResolver(PrivateResolverParts parts);
  PrivateResolver(const PrivateResolver&) = delete;
  PrivateResolver& operator=(const PrivateResolver&) = delete;

  Resolver& resolver() noexcept { return resolver_; }
  const Clock& clock() const noexcept { return parts_.clock; }

 private:
  PrivateResolverParts parts_;
  Caches caches_;
  SharedExchanges exchanges_;
  TrustAnchors anchors_;
  TrustCache trust_;
  ResolverCounters resolver_counters_;
  ValidationCounters validation_counters_;
  const Validation validation_;
  Resolver resolver_;
};

}  // namespace vouch
