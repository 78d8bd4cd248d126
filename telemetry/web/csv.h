// Tables for spreadsheets (RFC 4180). Names in them are hostile text: a cell that a spreadsheet would take for a
// formula gets an apostrophe in front, which is shown as text there; whoever reads the file by program takes JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "telemetry/figures.h"
#include "telemetry/web/api_rows.h"

namespace vouch {

// One cell, quoted where it must be, and never a formula.
std::string csv_cell(std::string_view text);

// The same rows, columns and limits as the API's JSON.
std::string zones_csv(const Figures& figures, std::optional<ZoneState> state, RowRange range);
std::string incidents_csv(const Figures& figures, RowRange range);

}  // namespace vouch
