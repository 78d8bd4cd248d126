// What this process knows of itself, gathered for those who read it: versions, anchors, caches, certificate, memory.
// Called on the observatory's thread; everything it reads may be read from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "resolver/cache/caches.h"
#include "resolver/daemon/generation.h"
#include "resolver/daemon/root_keeper.h"
#include "resolver/dnssec/anchor_keeper.h"
#include "resolver/dnssec/trust_cache.h"
#include "telemetry/status_figures.h"
#include "transports/tls/identity.h"

namespace vouch {

class Explaining;

class StatusSource {
 public:
  struct Parts {
    const CurrentGeneration& current;
    const Clock& clock;
    const Caches& caches;
    const TrustAnchors& anchors;
    const TrustCache& trust;
    const IdentityHolder& identities;
  };
  explicit StatusSource(const Parts& parts) : parts_(parts) {}

  // Any thread: another may keep them after a reload.
  void set_keeper(std::shared_ptr<const AnchorKeeper> keeper);
  void set_root_keeper(const RootKeeper* keeper) noexcept { root_keeper_ = keeper; }  // before the thread starts
  // What is only known once the workers are there, before the thread starts.
  void set_workers(std::uint32_t count) noexcept { workers_ = count; }
  void set_explaining(const Explaining* explaining) noexcept { explaining_ = explaining; }
  void set_web(std::vector<SocketAddress> addresses) { web_ = std::move(addresses); }
  void set_descriptor_limit(std::uint64_t limit) noexcept { descriptor_limit_ = limit; }
  void set_confinement(std::string text, bool is_whole) { confinement_ = {std::move(text), is_whole}; }

  StatusFigures take() const;  // without the history's state

 private:
  void add_listeners(const Generation& generation, StatusFigures& status) const;
  void add_anchors(const Configuration& configuration, StatusFigures& status) const;
  void add_caches(StatusFigures& status) const;
  void add_process(StatusFigures& status) const;

  Parts parts_;
  mutable std::mutex mutex_;
  std::shared_ptr<const AnchorKeeper> keeper_;  // null: nothing is validated. Guarded by mutex_
  const Explaining* explaining_ = nullptr;      // who knows the negative anchors; null: nobody yet
  const RootKeeper* root_keeper_ = nullptr;     // null: there is no local root
  std::uint32_t workers_ = 0;
  std::vector<SocketAddress> web_;
  std::uint64_t descriptor_limit_ = 0;
  ConfinementFigures confinement_;
};

}  // namespace vouch
