// One query in, one answer out: the walk of a client's query from octets to octets. Cache hits are written straight
// into the transport's buffer; anything else becomes a coroutine. One Front per worker, used on its thread; FrontShared
// is one per process.
#pragma once

#include <memory>

#include "resolver/front/front_options.h"
#include "resolver/front/query_sink.h"
#include "resolver/iterate/resolver.h"
#include "resolver/policy/policy.h"
#include "telemetry/recorder.h"

namespace vouch {

// Questions in flight of all workers, so that equal ones are resolved once in the whole process. Thread-safe.
class FrontShared {
 public:
  FrontShared();
  ~FrontShared();
  struct Impl;
  Impl& impl() noexcept { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

struct FrontParts {
  const FrontOptions& options;
  const LocalZones& local_zones;
  FrontShared& shared;
  Caches& caches;
  Resolver& resolver;
  Executor& executor;
  const Clock& clock;
  Recorder& recorder;
  std::size_t answer_octets = 0;                   // for finished answers (answer_cache.h); 0: none are kept
  std::shared_ptr<const Policy> policy = nullptr;  // null: none
};

class Front final : public QuerySink {
 public:
  explicit Front(FrontParts parts);
  ~Front() override;  // cancels what is in flight; waiting clients of other workers get SERVFAIL

  std::size_t answer(const ClientQuery& query, ReplyRoom& room) override;
  void expect(Bytes packet) const noexcept override;
  bool admits(const IpAddress& client) const override;
  std::size_t in_flight() const;
  // Gives up the memory of finished answers, for good: another front serves from now on.
  void forget_answers() noexcept;
  // On the worker's thread, between two queries: from now on this policy holds, also for what is kept finished. Clients
  // who wait already are answered by the policy that they came under.
  void use_policy(std::shared_ptr<const Policy> policy);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vouch
