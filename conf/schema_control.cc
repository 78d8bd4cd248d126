#include "conf/schema_parts.h"

namespace vouch {

namespace {

constexpr auto kControlKeys = std::to_array<KeySpec<C>>({
    key<Text, &C::control, &ControlOptions::socket>(
        "control.socket", "/run/vouch/control.sock", {.most = kMaxSocketPath},
        "The Unix socket on which vouchctl speaks to vouchd. Its folder has to be there and writable for the server's "
        "user (systemd makes it). Only root and that user can use it. That it cannot be made is told in the log and "
        "keeps nobody from resolving. An absolute path; empty: there is none."),
});

constexpr auto kControlSections = std::to_array<SectionSpec>({
    {"control", "What the operator may do while vouchd runs, with vouchctl."},
});

}  // namespace

SchemaPart control_schema() { return {kControlSections, kControlKeys}; }

}  // namespace vouch
