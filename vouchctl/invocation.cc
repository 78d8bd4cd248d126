#include "vouchctl/invocation.h"

namespace vouch {

namespace {

// Options of vouchctl itself may stand anywhere; those of a command are left to it.
std::expected<Words, std::string> take_options(const Words& words, Invocation& invocation) {
  Words rest;
  constexpr std::string_view kSocketValue = "--socket=";
  for (std::size_t at = 0; at < words.size(); ++at) {
    const std::string& word = words[at];
    if (word == "--socket" || word == "-s") {
      if (at + 1 == words.size()) { return std::unexpected("--socket needs the path of a socket"); }
      invocation.socket = words[++at];
    } else if (word.starts_with(kSocketValue)) {
      invocation.socket = word.substr(kSocketValue.size());
    } else if (word == "--json" || word == "-j") {
      invocation.json = true;
    } else if (word == "--help" || word == "-h") {
      invocation.action = Invocation::Action::show_help;
    } else if (word == "--version" || word == "-V") {
      invocation.action = Invocation::Action::show_version;
    } else {
      rest.push_back(word);
    }
  }
  return rest;
}

std::string unknown(const Words& words) {
  std::string group;
  for (const CtlCommand& command : commands()) {
    if (command.words.starts_with(words.front() + " ")) {
      group += (group.empty() ? "" : ", ") + std::string(command.words);
    }
  }
  return group.empty() ? "unknown command `" + printable(words.front()) + "`"
                       : "`" + printable(words.front()) + "` wants more: there are " + group;
}

}  // namespace

std::expected<Invocation, std::string> parse_invocation(const Words& words) {
  Invocation invocation;
  auto rest = take_options(words, invocation);
  if (!rest) { return std::unexpected(rest.error()); }
  if (!rest->empty() && rest->front() == "help") {
    invocation.action = Invocation::Action::show_help;
    rest->erase(rest->begin());
  }
  const Found found = find_command(*rest);
  invocation.command = found.command;
  if (invocation.action == Invocation::Action::show_version) { return invocation; }
  if (found.command == nullptr && !rest->empty()) { return std::unexpected(unknown(*rest)); }
  if (invocation.action == Invocation::Action::show_help) { return invocation; }
  if (found.command == nullptr) { return std::unexpected("a command is wanted"); }
  rest->erase(rest->begin(), rest->begin() + static_cast<std::ptrdiff_t>(found.used));
  auto asked = found.command->ask(*found.command, *rest);
  if (!asked) { return std::unexpected(std::string(found.command->words) + ": " + asked.error()); }
  invocation.asked = std::move(*asked);
  return invocation;
}

}  // namespace vouch
