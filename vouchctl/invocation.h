// What vouchctl was called with: a pure function from words to what is to be done.
#pragma once

#include <cstdint>
#include <string>

#include "resolver/daemon/control/control_options.h"
#include "vouchctl/command.h"

namespace vouch {

struct Invocation {
  enum class Action : std::uint8_t { ask, show_help, show_version };
  Action action = Action::ask;
  std::string socket{kControlSocket};
  bool json = false;
  const CtlCommand* command = nullptr;  // null: none was named; only without Action::ask
  Asked asked;                          // of Action::ask
};

// `words` without the program's own name. The error is a sentence or two.
std::expected<Invocation, std::string> parse_invocation(const Words& words);

}  // namespace vouch
