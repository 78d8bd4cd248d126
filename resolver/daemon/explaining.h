// Explanations and second looks, on a worker: the one place where resolver/explain meets the daemon's parts.
//
// explain() may be called from any thread; keep_negatives() once, before the worker starts. Everything in Parts must
// outlive the worker's thread.
#pragma once

#include <atomic>
#include <functional>

#include "resolver/daemon/generation.h"
#include "resolver/dnssec/negative_anchor_keeper.h"
#include "resolver/explain/explanation.h"

namespace vouch {

class Worker;

class Explaining {
 public:
  // Each takes PrivateResolver::kCacheOctets and may ask some thirty servers.
  static constexpr unsigned kAtOnce = 4;

  struct Parts {
    Worker& worker;
    const CurrentGeneration& current;
    const Clock& clock;
    const Caches& caches;
    const TrustCache& trust;
    const TrustAnchors& anchors;
    const LocalRoot& local_root;
    NegativeAnchorKeeper& negatives;
  };
  explicit Explaining(const Parts& parts) : parts_(parts) {}
  Explaining(const Explaining&) = delete;
  Explaining& operator=(const Explaining&) = delete;

  // `done` is called on the worker's thread; never, when the worker ends first. Null: memory has run out. False, and
  // `done` is not called: as many as may be are under way.
  bool explain(const Question& question, std::move_only_function<void(ExplanationPtr)> done);

  // From now on the worker looks at the zones below negative anchors again.
  void keep_negatives();

  // All that are in force now, configured or set at run time, with their reasons and ends. Any thread.
  std::vector<NegativeAnchor> negatives_in_force() const;

 private:
  Parts parts_;
  std::shared_ptr<std::atomic<unsigned>> under_way_ = std::make_shared<std::atomic<unsigned>>(0);
};

}  // namespace vouch
