// "Check a site": has a worker resolve a name and reads the chain of trust down to it from what the validator
// remembers. Nothing of it is kept but what any question leaves in the caches.
//
// One thread, that of the pages; the worker's part comes back to it through `post`.
#pragma once

#include <functional>
#include <memory>

#include "resolver/base/clock.h"
#include "resolver/cache/caches.h"
#include "resolver/daemon/generation.h"
#include "resolver/dnssec/trust_anchors.h"
#include "resolver/dnssec/trust_cache.h"
#include "telemetry/web/site_report.h"

namespace vouch {

class Worker;
struct ChainSources {
  const TrustAnchors& anchors;
  const TrustCache& trust;
  const Clock& clock;
};

// The zones from the closest trust anchor down to `name`, as far as the validator knows them; the last one is where the
// chain breaks or ends. `verdict`: of the answer; where it is bogus, the zone at fault is shown as that.
std::vector<SiteReport::Link> chain_to(NameView name, const Verdict& verdict, const ChainSources& sources);

class SiteLookups final : public SiteChecker {
 public:
  static constexpr std::size_t kAtOnce = 8;  // a page for people; whoever wants more asks over DNS

  struct Parts {
    Worker& worker;
    const CurrentGeneration& current;
    ChainSources chain;
    std::function<void(std::move_only_function<void()>)> post;  // runs on this thread, later
  };
  explicit SiteLookups(Parts parts);
  ~SiteLookups() override;

  void check(std::string_view name, Done done) override;

 private:
  struct State;
  Parts parts_;
  std::shared_ptr<State> state_;  // what is under way may come back when this is gone
};

}  // namespace vouch
