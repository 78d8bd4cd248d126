// vouchd: reads the command line, then does what it says.
#include <cstdio>
#include <filesystem>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "conf/document.h"
#include "conf/loader.h"
#include "resolver/daemon/command_line.h"
#include "resolver/daemon/daemon.h"
#include "resolver/daemon/version.h"

namespace {

using namespace vouch;

// False when standard output cannot take it (a full disk, a closed pipe): then nothing was achieved.
bool print(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

int status(ExitStatus exit_status) { return static_cast<int>(exit_status); }

int status_of_printing(std::string_view text) { return status(print(text) ? ExitStatus::good : ExitStatus::failed); }

// The working directory changes while the file may be read again.
std::string absolute(const std::string& path) {
  std::error_code failed;
  const auto found = std::filesystem::absolute(path, failed);
  return failed ? path : found.string();
}

int act(const Command& command) {
  switch (command.action) {
    case Command::Action::show_help:
      return status_of_printing(help_text());
    case Command::Action::show_version:
      return status_of_printing(version_text());
    case Command::Action::print_default_config:
      return status_of_printing(default_document());
    default:
      break;
  }
  const bool serves = command.action == Command::Action::serve;
  const std::string config_file = serves ? absolute(command.config_file) : command.config_file;
  const Loaded loaded = load_configuration(config_file);
  if (!loaded) {
    for (const ConfigError& error : loaded.error()) { std::fprintf(stderr, "%s\n", error.text().c_str()); }
    return status(ExitStatus::bad_configuration);
  }
  if (command.action == Command::Action::check_config) { return status_of_printing(command.config_file + ": good\n"); }
  if (command.action == Command::Action::print_config) { return status_of_printing(effective_document(*loaded)); }
  return status(run_daemon(*loaded, config_file));
}

}  // namespace

int main(int count, char** words) {
  try {
    const std::vector<std::string_view> arguments(words + (count > 0 ? 1 : 0), words + count);
    const auto command = parse_command_line(arguments);
    if (!command) {
      std::fprintf(stderr, "vouchd: %s\nTry `vouchd --help`.\n", command.error().c_str());
      return status(ExitStatus::bad_command_line);
    }
    return act(*command);
  } catch (const std::bad_alloc&) {  // at the start: who serves goes on without
    std::fputs("vouchd: out of memory\n", stderr);
    return status(ExitStatus::failed);
  }
}
