#include "resolver/daemon/explaining.h"

#include <algorithm>
#include <utility>

#include "resolver/daemon/worker.h"
#include "resolver/explain/zone_health.h"

namespace vouch {

namespace {

PrivateResolverParts resolver_parts(const Explaining::Parts& parts, const StudyParts& study) {
  const GenerationPtr generation = parts.current.get();
  return {.resolver = generation->configuration.resolver,
          .dnssec = generation->configuration.dnssec,
          .anchors = parts.anchors.current(),
          .root_validated = parts.trust.root_validated(),
          .upstream = study.upstream(),
          .local_root = &parts.local_root,
          .executor = study.executor,
          .clock = parts.clock,
          .random = study.random};
}

// One of those under way, until it ends in whatever way.
class Place {
 public:
  // Nothing: as many as may be are under way.
  static std::optional<Place> take(const std::shared_ptr<std::atomic<unsigned>>& count) noexcept {
    if (count->fetch_add(1) < Explaining::kAtOnce) { return Place(count); }
    count->fetch_sub(1);
    return std::nullopt;
  }
  Place(Place&&) noexcept = default;
  Place& operator=(Place&&) = delete;
  ~Place() {
    if (count_ != nullptr) { count_->fetch_sub(1); }
  }

 private:
  explicit Place(std::shared_ptr<std::atomic<unsigned>> count) noexcept : count_(std::move(count)) {}
  std::shared_ptr<std::atomic<unsigned>> count_;
};

class WorkerProber final : public ZoneProber {
 public:
  WorkerProber(const Explaining::Parts& parts, const StudyParts& study) : parts_(parts), study_(study) {}

  Task<Health> probe(const Name& zone) override {
    PrivateResolverParts parts = resolver_parts(parts_, study_);
    Health health = co_await zone_health(std::move(parts), zone);
    co_return health;
  }

  // The ledger's incident ends: all that was asked for has held.
  void recovered(const Name& zone) override { study_.recorder.recovered(zone, parts_.clock.wall()); }

 private:
  const Explaining::Parts& parts_;
  const StudyParts& study_;
};

Task<void> explain_on_worker(Explaining::Parts parts, std::vector<NegativeAnchor> negatives, Question question,
                             StudyParts study, [[maybe_unused]] Place place,
                             std::move_only_function<void(ExplanationPtr)> done) {
  ExplanationPtr explanation;
  try {
    ExplainParts with{.resolver = resolver_parts(parts, study),
                      .negatives = std::move(negatives),
                      .caches = &parts.caches,
                      .trust = &parts.trust};
    explanation = co_await explain(std::move(with), question);
  } catch (const std::bad_alloc&) {  // told as none
  }
  done(std::move(explanation));
}

Task<void> keep_on_worker(Explaining::Parts parts, StudyParts study) {
  WorkerProber prober(parts, study);
  co_await parts.negatives.run(study.executor, study.random, prober);
}

}  // namespace

bool Explaining::explain(const Question& question, std::move_only_function<void(ExplanationPtr)> done) {
  auto place = Place::take(under_way_);  // first: whatever fails from here on gives it back
  if (!place) { return false; }
  parts_.worker.study([parts = parts_, negatives = negatives_in_force(), question, place = std::move(*place),
                       done = std::move(done)](const StudyParts& study) mutable {
    return explain_on_worker(parts, std::move(negatives), question, study, std::move(place), std::move(done));
  });
  return true;
}

void Explaining::keep_negatives() {
  parts_.worker.study([parts = parts_](const StudyParts& study) { return keep_on_worker(parts, study); });
}

std::vector<NegativeAnchor> Explaining::negatives_in_force() const {
  std::vector<NegativeAnchor> all;
  for (const NegativeAnchorKeeper::Listed& listed : parts_.negatives.list()) {
    all.emplace_back(listed.anchor.zone, listed.anchor.reason, listed.anchor.until);
  }
  const UnixTime now = parts_.clock.wall();
  for (const NegativeAnchor& anchor : parts_.current.get()->configuration.dnssec.negative_trust_anchors) {
    const bool is_over = anchor.until != 0 && now >= anchor.until;
    const bool is_known = std::ranges::find(all, anchor.name, &NegativeAnchor::name) != all.end();
    if (!is_over && !is_known) { all.push_back(anchor); }
  }
  return all;
}

}  // namespace vouch
