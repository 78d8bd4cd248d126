// Figures with something in every place, for tests of those that tell them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "telemetry/figures.h"
#include "telemetry/status_figures.h"

namespace vouch {

inline constexpr UnixTime kSampleStart = 1'788'220'800;  // 2026-09-01 00:00:00 UTC

// Every counter of the workers is `first`, `first` + `step`, ... in the order of the header.
std::shared_ptr<const WorkerCounters> counted(std::uint64_t first, std::uint64_t step);
// As many listed zones and TLDs as an installation of that size has.
Figures filled_figures(std::size_t zones, std::size_t tlds);
StatusFigures filled_status();

// For the ledger: a zone that fails, and an incident that has ended.
ZoneFigures failing_zone(const std::string& name, Reason reason, UnixTime since, bool is_public);
IncidentFigures ended_incident(const std::string& name, Reason reason, UnixTime began, bool is_public);

}  // namespace vouch
