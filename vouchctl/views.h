// The Views of commands.cc, by group; each is told what was asked.
#pragma once

#include "vouchctl/command.h"

namespace vouch {

// Of views_state.cc: what the daemon is and has counted.
std::unique_ptr<View> status_view(const Asked& asked);
std::unique_ptr<View> stats_view(const Asked& asked);
std::unique_ptr<View> zones_view(const Asked& asked);
std::unique_ptr<View> anchors_view(const Asked& asked);
std::unique_ptr<View> commands_view(const Asked& asked);
// Of views_cache.cc.
std::unique_ptr<View> flush_view(const Asked& asked);
std::unique_ptr<View> snapshot_view(const Asked& asked);
std::unique_ptr<View> cache_stats_view(const Asked& asked);
std::unique_ptr<View> cache_dump_view(const Asked& asked);
// Of views_lookup.cc.
std::unique_ptr<View> lookup_view(const Asked& asked);
// Of views_watch.cc.
std::unique_ptr<View> top_view(const Asked& asked);
std::unique_ptr<View> trace_view(const Asked& asked);
// Of views_explain.cc.
std::unique_ptr<View> explain_view(const Asked& asked);
std::unique_ptr<View> nta_add_view(const Asked& asked);
std::unique_ptr<View> nta_remove_view(const Asked& asked);
std::unique_ptr<View> nta_list_view(const Asked& asked);
// Of views_reload.cc.
std::unique_ptr<View> reload_view(const Asked& asked);

// "secure", "insecure: alg_unsupported (example.)".
std::string verdict_text(const Json& line);
// When a negative trust anchor ends: a time, or "taken out" for one that the operator ends.
std::string until_text(const Json& anchor);

}  // namespace vouch
