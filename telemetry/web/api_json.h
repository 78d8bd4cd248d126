// The figures as JSON text, for telemetry/web/api.cc. Times are Unix seconds, durations say their unit, what is not
// known is null. Text is ASCII: whatever else a name may hold is escaped.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "telemetry/figures.h"
#include "telemetry/history.h"
#include "telemetry/status_figures.h"
#include "telemetry/web/api_rows.h"
#include "telemetry/web/site_report.h"

namespace vouch {

std::string summary_json(const Figures& figures, const StatusFigures& status);
std::string zones_json(const Figures& figures, std::optional<ZoneState> state, RowRange range);
std::string zone_json(const ZoneFigures& zone);
std::string incidents_json(const Figures& figures, RowRange range);
std::string tlds_json(const Figures& figures, RowRange range);
std::string expiring_json(const Figures& figures, RowRange range);
std::string status_json(const StatusFigures& status);
std::string history_json(std::span<const HourFigures> hours);
std::string site_report_json(const SiteReport& report);
std::string problem_json(std::uint16_t status, std::string_view text);

}  // namespace vouch
