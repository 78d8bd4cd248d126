// The zone ledger in the history: what fails, and what failed. Only what may be told in public is ever written.
#pragma once

#include "telemetry/figures.h"
#include "telemetry/history.h"
#include "telemetry/sqlite.h"

namespace vouch {

// Within the caller's transaction.
void write_ledger(SqlDatabase& database, const Figures& figures);
// Rows that make no sense are left out: the file may have been edited, or damaged without a trace.
RememberedLedger read_ledger(SqlDatabase& database, UnixTime now);

}  // namespace vouch
