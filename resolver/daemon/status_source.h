// What this process knows of itself, gathered for those who read it: versions, anchors, caches, certificate, memory.
// Called on the observatory's thread; everything it reads may be read from any thread.
#pragma once

#include <vector>

#include "conf/configuration.h"
#include "resolver/cache/caches.h"
#include "resolver/dnssec/anchor_keeper.h"
#include "resolver/dnssec/trust_cache.h"
#include "telemetry/status_figures.h"
#include "transports/tls/identity.h"

namespace vouch {

class StatusSource {
 public:
  struct Parts {
    const Configuration& configuration;
    const Clock& clock;
    const Caches& caches;
    const TrustAnchors& anchors;
    const TrustCache& trust;
    const IdentityHolder& identities;
  };
  explicit StatusSource(const Parts& parts) : parts_(parts) {}

  // What is only known once the workers are there, before the thread starts.
  void set_keeper(const AnchorKeeper* keeper) noexcept { keeper_ = keeper; }
  void set_workers(std::uint32_t count) noexcept { workers_ = count; }
  void add_listeners(std::string_view protocol, const std::vector<SocketAddress>& addresses);

  StatusFigures take() const;  // without the history's state

 private:
  void add_anchors(StatusFigures& status) const;
  void add_caches(StatusFigures& status) const;
  void add_process(StatusFigures& status) const;

  Parts parts_;
  const AnchorKeeper* keeper_ = nullptr;  // null: nothing is validated
  std::uint32_t workers_ = 0;
  std::vector<ListenerFigures> listeners_;
};

}  // namespace vouch
