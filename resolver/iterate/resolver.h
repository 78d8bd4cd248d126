// Recursive resolution (RFC 1034 section 5.3.3): from a question to an answer, by asking the servers of one zone cut
// after another. One Resolver per worker, used on its thread alone; the caches and the table of exchanges in flight are
// shared by all.
#pragma once

#include <memory>

#include "resolver/base/budget.h"
#include "resolver/base/executor.h"
#include "resolver/base/random.h"
#include "resolver/cache/caches.h"
#include "resolver/dnssec/validator.h"
#include "resolver/fleet/shared_cache.h"
#include "resolver/iterate/local_root.h"
#include "resolver/iterate/resolver_options.h"
#include "resolver/iterate/upstream.h"
#include "resolver/wire/answer.h"
#include "telemetry/counters.h"
#include "telemetry/recorder.h"

namespace vouch {

class SharedExchanges;

// What a resolver needs to validate. All of it must outlive the resolver.
struct Validation {
  const DnssecOptions& options;
  TrustAnchors& anchors;  // one for the process
  TrustCache& trust;      // likewise
  ValidationCounters& counters;
  Recorder* recorder = nullptr;  // hears of every judgement; null: nobody keeps a ledger
};

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
  const Validation* validation = nullptr;  // null: nothing is judged, all answers are unchecked
  const LocalRoot* local_root = nullptr;   // null: the root servers are asked
  SharedCache* shared_cache = nullptr;     // behind the caches, before the servers; null: there is none
};

class Resolver final : public Fetch {
 public:
  explicit Resolver(ResolverParts parts);
  ~Resolver() override;

  // Whether the answer is judged: not when the client said CD (RFC 4035 section 3.2.2).
  enum class Judging : std::uint8_t { yes, no };

  // Always ends with an answer by the budget's deadline; failures are SERVFAIL with their cause. Looks into the cache
  // first. What fails validation is SERVFAIL too when it is enforced. The budget must outlive the task.
  Task<Answer> resolve(Question question, Budget& budget, Judging judging = Judging::yes);
  // Past the cache, for prefetch: asks although there is a live entry.
  Task<Answer> refresh(Question question, Budget& budget, Judging judging = Judging::yes);

  Task<Answer> fetch(Question question, Budget& budget) override;
  Task<Answer> fetch_elsewhere(Question question, const std::vector<IpAddress>& not_from, Budget& budget) override;
  bool is_known_cut(NameView name) const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vouch
