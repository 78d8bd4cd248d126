// The commands, each group in a file of its own, and what they lean on. A command that needs more than this is added by
// whoever has it, through Control::registry().
#pragma once

#include <functional>

#include "resolver/base/executor.h"
#include "resolver/cache/caches.h"
#include "resolver/daemon/control/registry.h"
#include "resolver/dnssec/trust_cache.h"
#include "resolver/fleet/forgotten.h"
#include "telemetry/figures.h"
#include "telemetry/recorder.h"
#include "telemetry/status_figures.h"

namespace vouch {

class ControlServer;
struct ReloadReport;

struct ControlParts {
  const Clock& clock;
  Caches& caches;
  TrustCache& trust;
  // Calls `work` on the control thread, with figures of this moment; not at all when the process ends before. Null:
  // nobody takes figures in this process.
  using WithFigures = std::function<void(const Figures& figures, const StatusFigures& status)>;
  std::function<void(WithFigures work)> take_figures;
  // Has a worker answer a query as if a client at this address had sent it over TCP. Calls `done` on the control thread
  // with the reply, empty when the query was dropped; not at all when the process ends before.
  std::function<void(Buffer query, const IpAddress& client, std::function<void(const Buffer& reply)> done)> ask;
  std::vector<const Recorder*> recorders;  // of all workers
  // What goes from this node's caches must not come back from the fleet's; called before it goes. Null: none is shared.
  std::function<void(NameView name, Forgotten::Scope scope, Type type)> forget_shared = nullptr;
};

// The same for a call, which fails where there are no figures.
void with_figures(const ControlParts& parts, const CallPtr& call, ControlParts::WithFigures work);

// `status`: what runs, since when, how it is.
void add_status_command(ControlServer& server, const ControlParts& parts);
// `stats`, `zones`, `anchors`.
void add_stats_commands(ControlRegistry& registry, const ControlParts& parts);
// `flush name`, `flush zone`, `flush type`, `flush bogus`, `flush all`.
void add_flush_commands(ControlRegistry& registry, const ControlParts& parts);
// `cache stats`, `cache dump`.
void add_cache_commands(ControlRegistry& registry, const ControlParts& parts);
// `lookup`: a question, answered as a client's is.
void add_lookup_command(ControlRegistry& registry, const ControlParts& parts);
// `top`, `trace`: live, while somebody looks.
void add_watch_commands(ControlRegistry& registry, Executor& executor, const ControlParts& parts);
// `reload`: takes the changed configuration. `reload` is called on a thread of its own, one at a time, and may take
// minutes; what it leans on outlives the server.
void add_reload_command(ControlServer& server, std::function<ReloadReport()> reload);

}  // namespace vouch
