// The commands, each group in a file of its own, and what they lean on. A command that needs more than this is added by
// whoever has it, through Control::registry().
#pragma once

#include <functional>

#include "resolver/cache/caches.h"
#include "resolver/daemon/control/registry.h"
#include "resolver/dnssec/trust_cache.h"
#include "telemetry/figures.h"
#include "telemetry/status_figures.h"

namespace vouch {

class ControlServer;

struct ControlParts {
  const Clock& clock;
  Caches& caches;
  TrustCache& trust;
  // Calls `work` on the control thread, with figures that are a second old at most; not at all when the process ends
  // before. Null: nobody takes figures in this process.
  using WithFigures = std::function<void(const Figures& figures, const StatusFigures& status)>;
  std::function<void(WithFigures work)> take_figures;
};

// The same for a call, which fails where there are no figures.
void with_figures(const ControlParts& parts, const CallPtr& call, ControlParts::WithFigures work);

// `status`: what runs, since when, how it is.
void add_status_command(ControlServer& server, const ControlParts& parts);

}  // namespace vouch
