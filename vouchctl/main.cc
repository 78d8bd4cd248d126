// vouchctl: reads the command line, asks vouchd, shows the answer.
#include <unistd.h>

#include <cstdio>
#include <string>

#include "vouchctl/client.h"
#include "vouchctl/help.h"
#include "vouchctl/invocation.h"

namespace {

using namespace vouch;

int status(CtlStatus exit_status) { return static_cast<int>(exit_status); }

int complain(const std::string& problem, CtlStatus exit_status) {
  std::fprintf(stderr, "vouchctl: %s\n", problem.c_str());
  return status(exit_status);
}

// False when standard output cannot take it (a full disk, a closed pipe): then nothing was achieved. At once, since the
// next line may be an hour away.
bool print(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

int status_of_printing(std::string_view text) { return status(print(text) ? CtlStatus::good : CtlStatus::failed); }

// What vouchd has refused, and why. Mistakes in a configuration come as a list.
int tell_refusal(const Json& last) {
  for (const Json& error : list_in(last, "errors")) {
    const std::string remedy = text_in(error, "remedy");
    std::fprintf(stderr, "%s:%s:%s: %s%s\n", text_in(error, "file").c_str(), text_in(error, "line").c_str(),
                 text_in(error, "column").c_str(), text_in(error, "message").c_str(),
                 remedy == "-" ? "" : ("; " + remedy).c_str());
  }
  const std::string why = text_in(last, "error");
  if (why != "-") { return complain(why, CtlStatus::failed); }
  if (!list_in(last, "errors").empty()) { return complain("nothing has been changed", CtlStatus::failed); }
  return complain("vouchd has refused it without a word", CtlStatus::failed);
}

int ask(const Invocation& invocation) {
  auto client = CtlClient::connect(invocation.socket);
  if (!client) { return complain(client.error(), CtlStatus::no_vouchd); }
  static_cast<void>(client->ask(invocation.asked.request));  // refused: a line says why, or the hanging up itself
  const auto view = invocation.command->view(invocation.asked);
  for (;;) {
    const auto line = client->line(invocation.command->is_live);
    if (!line) { return complain(line.error(), CtlStatus::no_vouchd); }
    const bool is_last = line->contains("ok");
    const bool is_good = flag_in(*line, "ok");
    std::string text;
    if (invocation.json) {
      text = json_line(*line);
      if (!is_last) { static_cast<void>(view->item(*line)); }  // it counts
    } else if (!is_last) {
      text = view->item(*line);
    } else if (is_good) {
      text = view->end(*line);
    }
    if (!print(text)) { return status(CtlStatus::failed); }
    if (is_last && is_good) { return status(CtlStatus::good); }
    if (is_last) { return invocation.json ? status(CtlStatus::failed) : tell_refusal(*line); }
    if (view->is_satisfied()) { return status(CtlStatus::good); }
  }
}

}  // namespace

int main(int count, char** words) {
  auto invocation = parse_invocation(Words(words + (count > 0 ? 1 : 0), words + count));
  if (!invocation) { return complain(invocation.error() + ".\nTry `vouchctl --help`.", CtlStatus::bad_command_line); }
  switch (invocation->action) {
    case Invocation::Action::show_help:
      return status_of_printing(invocation->command == nullptr ? help_text() : help_text(*invocation->command));
    case Invocation::Action::show_version:
      return status_of_printing(version_text());
    case Invocation::Action::ask:
      invocation->asked.is_terminal = ::isatty(STDOUT_FILENO) == 1;
      return ask(*invocation);
  }
}
