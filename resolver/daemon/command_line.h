// What vouchd was called with. A pure function from words to a command; main() acts on it.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace vouch {

inline constexpr std::string_view kDefaultConfigFile = "/etc/vouch/vouch.yaml";

// Exit statuses, documented in the help.
enum class ExitStatus : int { good = 0, failed = 1, bad_command_line = 2, bad_configuration = 3 };

struct Command {
  enum class Action : std::uint8_t { serve, check_config, print_config, print_default_config, show_version, show_help };
  Action action = Action::serve;
  std::string config_file{kDefaultConfigFile};
};

// `words` without the program's own name. The error is one sentence.
std::expected<Command, std::string> parse_command_line(std::span<const std::string_view> words);

std::string_view help_text() noexcept;

}  // namespace vouch
