// `snapshot`: the cache is written to its file now.
#pragma once

#include "resolver/daemon/control/control.h"
#include "resolver/daemon/snapshot_keeper.h"

namespace vouch {

// Both outlive the process's control thread.
void add_snapshot_command(Control& control, SnapshotKeeper& snapshots);

}  // namespace vouch
