// The daemon: from a configuration to serving, until a signal ends it.
#pragma once

#include <string>

#include "conf/configuration.h"
#include "resolver/daemon/command_line.h"

namespace vouch {

// Serves until SIGTERM or SIGINT; on SIGHUP reads `config_file` again, which is absolute. Call it once, from the main
// thread, before any other thread is started; it blocks the signals that it waits for and changes the process's user,
// limits and working directory.
ExitStatus run_daemon(const Configuration& configuration, const std::string& config_file);

}  // namespace vouch
