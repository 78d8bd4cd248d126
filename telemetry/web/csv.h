// Tables for spreadsheets (RFC 4180). Names in them are hostile text: a cell that a spreadsheet would take for a
// formula gets an apostrophe in front, which is shown as text there; whoever reads the file by program takes JSON.
#pragma once

#include <string>
#include <string_view>

#include "telemetry/figures.h"

namespace vouch {

// One cell, quoted where it must be, and never a formula.
std::string csv_cell(std::string_view text);

// The same rows, columns and limits as the API's JSON.
std::string zones_csv(const Figures& figures, std::optional<ZoneState> state, std::size_t limit);
std::string incidents_csv(const Figures& figures, std::size_t limit);

}  // namespace vouch
