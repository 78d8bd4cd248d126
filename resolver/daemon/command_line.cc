#include "resolver/daemon/command_line.h"

#include <array>
#include <optional>

#include "resolver/base/log.h"

namespace vouch {

namespace {

struct Option {
  std::string_view name;
  Command::Action action;
};
constexpr std::array<Option, 7> kActions = {{
    {"--check-config", Command::Action::check_config},
    {"--print-config", Command::Action::print_config},
    {"--print-default-config", Command::Action::print_default_config},
    {"--version", Command::Action::show_version},
    {"-V", Command::Action::show_version},
    {"--help", Command::Action::show_help},
    {"-h", Command::Action::show_help},
}};

constexpr std::string_view kHelp =
    R"(vouchd - a caching recursive DNS resolver

SYNOPSIS
  vouchd [--config FILE]
  vouchd --check-config [--config FILE]
  vouchd --print-config [--config FILE] | --print-default-config
  vouchd --version | --help

DESCRIPTION
  Serves DNS to the clients that its configuration allows, over UDP and TCP, TLS, HTTPS and QUIC, from the root servers
  down, or through the forwarders that it names. It stays in the foreground and is meant to be run by a service manager: it tells systemd when
  it is ready (sd_notify), and logs to standard error.
  Started by root, it binds its sockets, becomes the user that `server.user` names, and gives up all privileges. Without
  root it needs CAP_NET_BIND_SERVICE, or ports above 1023 wherever it listens.

OPTIONS
  -c, --config FILE        the configuration; without it /etc/vouch/vouch.yaml
  --check-config           say what is wrong with it, all at once, each with its line, and end
  --print-config           print it whole, defaults included (secrets are not shown), and end
  --print-default-config   print the commented default configuration, which documents every key, and end
  -V, --version            print the versions of vouchd and of the libraries it runs with, and end
  -h, --help               print this, and end

SIGNALS
  TERM, INT   end, within a second also while questions are under way; status 0
  USR1        log the counters, as is done at the end too
  HUP         read the configuration again and go on by it, with all that is cached and every query under way. A file
              with a mistake changes nothing: the log says what is wrong, and where. Keys that wait for a restart are
              marked in the commented default configuration, and the log names them when they have changed. The
              certificate is looked at at once, not only every minute
  PIPE        ignored

EXIT STATUS
  0   ended by TERM or INT; or what was asked for has been done and all is well
  1   could not start, or could not go on: the log says why (an address in use, a user that does not exist, ...)
  2   the command line is wrong
  3   the configuration is wrong, or cannot be read

FILES
  /etc/vouch/vouch.yaml   the configuration
  /var/lib/vouch          what is kept: keys and secrets of its own, trust anchors that rolled, history.sqlite3

PAGES
  http://127.0.0.1:8053/  what validation did, for people; /metrics for Prometheus; /api/v1/openapi.json for programs;
                          /healthz and /readyz for whoever watches the service (web.listen)

ENVIRONMENT
  NOTIFY_SOCKET   where systemd wants to be told of readiness
  VOUCH_BOOT_ID   which start of the machine this is, where /proc is not shown whole (%b of a unit)
)";

// The value of an option that takes one: "--config FILE", "--config=FILE", "-c FILE". Moves `at` past a value of its
// own.
std::optional<std::string_view> config_option(std::span<const std::string_view> words, std::size_t& at,
                                              bool& is_missing) {
  const std::string_view word = words[at];
  constexpr std::string_view kWithValue = "--config=";
  if (word.starts_with(kWithValue)) {
    is_missing = word.size() == kWithValue.size();
    return word.substr(kWithValue.size());
  }
  if (word != "--config" && word != "-c") { return std::nullopt; }
  is_missing = at + 1 == words.size() || words[at + 1].empty();
  return is_missing ? std::string_view{} : words[++at];
}

}  // namespace

std::expected<Command, std::string> parse_command_line(std::span<const std::string_view> words) {
  Command command;
  std::string_view chosen;
  for (std::size_t at = 0; at < words.size(); ++at) {
    const std::string_view word = words[at];
    bool is_missing = false;
    if (const auto file = config_option(words, at, is_missing)) {
      if (is_missing) { return std::unexpected("--config needs the path of a file"); }
      command.config_file = *file;
      continue;
    }
    const Option* option = nullptr;
    for (const Option& candidate : kActions) {
      if (candidate.name == word) { option = &candidate; }
    }
    if (option == nullptr) {
      const std::string shown = "`" + log_escaped(word.substr(0, 60)) + "`";
      return std::unexpected(word.starts_with('-')
                                 ? "unknown option " + shown
                                 : shown + " is not an option; a configuration is named by --config FILE");
    }
    if (!chosen.empty() && command.action != option->action) {
      return std::unexpected(std::string(chosen) + " and " + std::string(word) + " cannot be asked for together");
    }
    command.action = option->action;
    chosen = word;
  }
  return command;
}

std::string_view help_text() noexcept { return kHelp; }

}  // namespace vouch
