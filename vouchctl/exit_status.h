// How vouchctl ends, as its help and docs/man/vouchctl.1 say.
#pragma once

namespace vouch {

enum class CtlStatus : int {
  good = 0,
  failed = 1,            // vouchd was asked, and refused or failed
  bad_command_line = 2,  // nothing was asked
  no_vouchd = 3,         // it is not running, or does not let us in, or does not answer
};

}  // namespace vouch
