#include "resolver/daemon/snapshot_command.h"

#include <utility>

namespace vouch {

namespace {

// A large cache is written at a gentle pace, maybe to a memory card.
constexpr Duration kPatience = std::chrono::minutes(5);

void tell(Call& call, const SnapshotKeeper::Outcome& outcome) {
  if (!outcome) {
    call.fail(control_code::kFailed, outcome.error());
    return;
  }
  call.done({{"rrsets", outcome->rrsets},
             {"delegations", outcome->delegations},
             {"proofs", outcome->proofs},
             {"servers", outcome->servers},
             {"octets", outcome->octets},
             {"cut", outcome->is_cut}});
}

}  // namespace

void add_snapshot_command(Control& control, SnapshotKeeper& snapshots) {
  control.registry().add({.name = "snapshot",
                          .arguments = {},
                          .run =
                              [&control, &snapshots](const CallPtr& call) {
                                snapshots.save_now([&control, call](const SnapshotKeeper::Outcome& outcome) {
                                  control.post([call, outcome] { tell(*call, outcome); });
                                });
                              },
                          .changes = false,
                          .patience = kPatience});
}

}  // namespace vouch
