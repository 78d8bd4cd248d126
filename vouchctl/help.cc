#include "vouchctl/help.h"

#include <algorithm>

#include "resolver/daemon/control/control_options.h"

namespace vouch {

namespace {

constexpr std::string_view kOptions = R"(
OPTIONS
  -s, --socket PATH   where vouchd listens (control.socket of its configuration)
  -j, --json          the answer as vouchd gives it, an object a line
  -h, --help          print this, or with a command what it does, and end
  -V, --version       print the version, and end
)";

constexpr std::string_view kEnd = R"(
EXIT STATUS
  0   done
  1   vouchd refused it or failed; standard error says why
  2   the command line is wrong
  3   vouchd is not running, does not let you in, or does not answer

FILES
)";

std::string with_usage(const CtlCommand& command) {
  return std::string(command.words) + (command.usage.empty() ? "" : " " + std::string(command.usage));
}

// Broken at spaces, so that no line is longer than a terminal is wide; lines of its own making stay.
std::string wrapped(std::string_view text, std::string_view indent) {
  constexpr std::size_t kWidth = 78;
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool is_listed = line.starts_with(' ');
    while (!is_listed && line.size() > kWidth - indent.size()) {
      const std::size_t cut = line.rfind(' ', kWidth - indent.size());
      if (cut == std::string_view::npos || cut == 0) { break; }
      out += std::string(indent) + std::string(line.substr(0, cut)) + "\n";
      line.remove_prefix(cut + 1);
    }
    out += std::string(indent) + std::string(line) + "\n";
  }
  return out;
}

}  // namespace

std::string help_text() {
  std::string out = "vouchctl - ask vouchd, and tell it\n\nSYNOPSIS\n  vouchctl [--socket PATH] [--json] COMMAND ...\n";
  out += "  vouchctl COMMAND --help\n\nCOMMANDS\n";
  for (const CtlCommand& command : commands()) {
    out += "  " + with_usage(command) + "\n" + wrapped(command.summary, "      ");
  }
  return out + std::string(kOptions) + std::string(kEnd) + "  " + std::string(kControlSocket) +
         "   the socket of vouchd; only root and the user that vouchd runs as may use it\n";
}

std::string help_text(const CtlCommand& command) {
  std::string out = "vouchctl " + std::string(command.words) + " - " + std::string(command.summary) +
                    "\n\nSYNOPSIS\n  vouchctl [--socket PATH] [--json] " + with_usage(command) + "\n";
  if (!command.details.empty()) { out += "\nDESCRIPTION\n" + wrapped(command.details, "  "); }
  return out + std::string(kOptions);
}

std::string version_text() { return "vouchctl " VOUCH_VERSION "\n"; }

}  // namespace vouch
