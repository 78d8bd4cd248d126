// What runs, since when, and how it is. The words for people are vouchctl's; here are the figures.
#include "resolver/daemon/control/commands.h"
#include "resolver/daemon/control/control_server.h"
#include "resolver/daemon/control/shared_cache_json.h"
#include "telemetry/web/figures_json.h"

namespace vouch {

namespace {

Json status_json_of(const Figures& figures, const StatusFigures& status, const ControlTraffic& control) {
  std::uint64_t failing = 0;
  for (const ZoneFigures& zone : figures.zones) { failing += zone.state == ZoneState::failing ? 1 : 0; }
  std::uint64_t octets = 0, capacity = 0, entries = 0;
  for (const CacheFigures& cache : status.caches) {
    octets += cache.octets;
    capacity += cache.capacity;
    entries += cache.entries;
  }
  return {{"version", status.version},
          {"libraries", status.libraries},
          {"started", figures.started},
          {"now", figures.taken},
          {"workers", status.workers},
          {"validation", status.validation},
          {"clock_trusted", status.clock_trusted},
          {"root_validated", value_or_null(status.root_validated)},
          {"failing_zones", failing},
          {"listeners", array_of(status.listeners, listener_object)},
          {"certificate", certificate_object(status.certificate)},
          {"cache", {{"entries", entries}, {"octets", octets}, {"capacity", capacity}}},
          {"shared_cache", shared_cache_state(figures, status)},
          {"history",
           {{"enabled", status.history.enabled}, {"file", status.history.file}, {"problem", status.history.problem}}},
          {"resident_octets", status.resident_octets},
          {"cpu_seconds", status.cpu_seconds},
          {"descriptors", {{"open", status.open_descriptors}, {"most", status.max_descriptors}}},
          {"control",
           {{"accepted", control.accepted},
            {"refused", control.refused},
            {"evicted", control.evicted},
            {"overdue", control.overdue},
            {"requests", control.requests},
            {"malformed", control.malformed}}}};
}

}  // namespace

void add_status_command(ControlServer& server, const ControlParts& parts) {
  server.registry().add({.name = "status", .arguments = {}, .run = [&server, parts](const CallPtr& call) {
                           with_figures(parts, call,
                                        [&server, call](const Figures& figures, const StatusFigures& status) {
                                          call->done(status_json_of(figures, status, server.traffic()));
                                        });
                         }});
}

}  // namespace vouch
