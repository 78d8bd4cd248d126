// Recursive resolution (RFC 1034 section 5.3.3): from a question to an answer, by asking the servers of one zone cut
// after another. One Resolver per worker, used on its thread alone; the caches and the table of exchanges in flight are
// shared by all.
#pragma once

#include <memory>

#include "resolver/base/budget.h"
#include "resolver/base/executor.h"
#include "resolver/base/random.h"
#include "resolver/cache/caches.h"
#include "resolver/dnssec/fetch.h"
#include "resolver/iterate/resolver_options.h"
#include "resolver/iterate/upstream.h"
#include "resolver/wire/answer.h"
#include "telemetry/counters.h"

namespace vouch {

class SharedExchanges;

// Everything a resolver leans on. All of it must outlive the resolver.
struct ResolverParts {
  const ResolverOptions& options;
  Caches& caches;
  SharedExchanges& exchanges;  // one for the whole process
  Upstream& upstream;
  Executor& executor;
  const Clock& clock;
  Random& random;
  ResolverCounters& counters;
};

class Resolver final : public Fetch {
 public:
  explicit Resolver(ResolverParts parts);
  ~Resolver() override;

  // Always ends with an answer by the budget's deadline; failures are SERVFAIL with their cause. Looks into the cache
  // first. The budget must outlive the task.
  Task<Answer> resolve(Question question, Budget& budget);
  // Past the cache, for prefetch: asks although there is a live entry.
  Task<Answer> refresh(Question question, Budget& budget);

  Task<Answer> fetch(Question question, Budget& budget) override { return resolve(std::move(question), budget); }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vouch
