#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/lab/control.h"
#include "tests/lab/lab.h"
#include "tests/lab/manifest.h"
#include "tests/lab/usage.h"

namespace vouch::lab {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongCommandLine = 2;
constexpr std::uint64_t kMostNames = 2'000'000;
constexpr std::uint64_t kMostLeaves = 20'000;
constexpr std::uint64_t kMostHostile = 2'000;

struct CommandLine {
  std::string command;
  LabRequest request;
  std::vector<std::string> words;  // of ctl
};

template <typename T>
Outcome<void> read_number(std::optional<T>& place, std::string_view option, std::string_view text, std::uint64_t least,
                          std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    return failure(fmt::format("{} {}: a number from {} to {} is meant", option, text, least, most));
  }
  place = static_cast<T>(number);
  return {};
}

Outcome<void> read_option(LabRequest& request, std::string_view option, const std::string& value) {
  if (option == "--dir") {
    request.dir = value;
  } else if (option == "--impair") {
    request.impair_file = value;
  } else if (option == "--log") {
    request.log_file = value;
  } else if (option == "--seed") {
    return read_number(request.seed, option, value, 0, UINT64_MAX);
  } else if (option == "--port") {
    return read_number(request.port, option, value, 1, UINT16_MAX);
  } else if (option == "--big") {
    return read_number(request.big, option, value, 0, kMostNames);
  } else if (option == "--leaves") {
    return read_number(request.leaves, option, value, 0, kMostLeaves);
  } else if (option == "--hostile") {
    return read_number(request.hostile, option, value, 0, kMostHostile);
  } else {
    return failure(fmt::format("no such option: {}", option));
  }
  return {};
}

Outcome<CommandLine> read_command_line(const std::vector<std::string>& arguments) {
  CommandLine out;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--help" || argument == "-h") {
      out.command = "help";
      return out;
    }
    if (!argument.starts_with("--")) {
      if (out.command.empty()) {
        out.command = argument;
      } else {
        out.words.push_back(argument);
      }
      continue;
    }
    const std::size_t equals = argument.find('=');
    const bool joined = equals != std::string::npos;
    if (!joined && i + 1 == arguments.size()) { return failure(fmt::format("{} needs a value", argument)); }
    const std::string value = joined ? argument.substr(equals + 1) : arguments[++i];
    if (Outcome<void> read = read_option(out.request, argument.substr(0, equals), value); !read) {
      return failure(read.error());
    }
  }
  if (out.command.empty()) { return failure("a command is missing: run, build, list or ctl"); }
  if (out.command != "ctl" && !out.words.empty()) { return failure(fmt::format("what is \"{}\"?", out.words[0])); }
  if (out.command != "list" && out.request.dir.empty()) {
    return failure(fmt::format("{} needs --dir DIR", out.command));
  }
  return out;
}

int complain(const std::string& why, int status) {
  std::fputs(fmt::format("vouch-lab: {}\n", why).c_str(), stderr);
  return status;
}

int control(const CommandLine& line) {
  if (line.words.empty()) { return complain("ctl needs a command; see vouch-lab --help", kWrongCommandLine); }
  const Outcome<std::string> reply = send_commands(line.request.dir, line.words);
  if (!reply) { return complain(reply.error(), kFailed); }
  std::fputs(reply->c_str(), stdout);
  return reply->starts_with("error:") || reply->contains("\nerror:") ? kFailed : 0;
}

int obey_command_line(const CommandLine& line) {
  if (line.command == "ctl") { return control(line); }
  if (line.command == "list") {
    std::fputs(listing(make_catalogue(settings_for(line.request, line.request.dir).options)).c_str(), stdout);
    return 0;
  }
  if (line.command != "run" && line.command != "build") {
    return complain(fmt::format("no such command: {}", line.command), kWrongCommandLine);
  }
  const Outcome<void> done = line.command == "run" ? run_lab(line.request) : build_lab(line.request);
  return done ? 0 : complain(done.error(), kFailed);
}

}  // namespace
}  // namespace vouch::lab

int main(int argc, char** argv) {
  using namespace vouch::lab;
  const Outcome<CommandLine> line = read_command_line(std::vector<std::string>(argv + 1, argv + argc));
  if (!line) { return complain(line.error() + "; see vouch-lab --help", kWrongCommandLine); }
  if (line->command == "help") {
    std::fputs(kUsage, stdout);
    return 0;
  }
  return obey_command_line(*line);
}
