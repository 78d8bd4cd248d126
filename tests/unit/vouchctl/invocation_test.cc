#include "vouchctl/invocation.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "vouchctl/help.h"

namespace vouch {
namespace {

Words words(const std::string& line) {
  std::istringstream in(line);
  return Words(std::istream_iterator<std::string>(in), {});
}
std::string request(const std::string& line) {
  const auto invocation = parse_invocation(words(line));
  return invocation ? invocation->asked.request.dump() : "refused: " + invocation.error();
}

TEST(CtlInvocation, AsksForWhatTheWordsSay) {
  const std::pair<const char*, const char*> cases[] = {
      {"status", R"({"command":"status"})"},
      {"flush name www.example. AAAA", R"({"command":"flush name","name":"www.example.","type":"AAAA"})"},
      {"flush name www.example.", R"({"command":"flush name","name":"www.example."})"},
      {"flush zone .", R"({"command":"flush zone","zone":"."})"},
      {"flush type MX", R"({"command":"flush type","type":"MX"})"},
      {"flush bogus", R"({"command":"flush bogus"})"},
      {"zones --failing", R"({"command":"zones","failing":true})"},
      {"cache dump --zone example.", R"({"command":"cache dump","zone":"example."})"},
      {"cache dump --zone=example.", R"({"command":"cache dump","zone":"example."})"},
      {"cache stats", R"({"command":"cache stats"})"},
      {"lookup www.example. +cd AAAA +dnssec +client=192.0.2.1",
       R"({"command":"lookup","cd":true,"dnssec":true,"client":"192.0.2.1","name":"www.example.","type":"AAAA"})"},
      {"top --seconds 5 --rows=3", R"({"command":"top","seconds":5,"rows":3})"},
      {"trace example. --count 7", R"({"command":"trace","zone":"example."})"},
      {"trace", R"({"command":"trace"})"},
      {"explain www.example. MX", R"({"command":"explain","name":"www.example.","type":"MX"})"},
      {"nta add example. --for 2h --reason=broken",
       R"({"command":"nta add","zone":"example.","for":"2h","reason":"broken"})"},
      {"nta add --for 2h example. --stays --reason broken",
       R"({"command":"nta add","zone":"example.","for":"2h","reason":"broken","stays":true})"},
      {"nta remove example.", R"({"command":"nta remove","zone":"example."})"},
      {"nta list", R"({"command":"nta list"})"},
      {"nta add example. --for 2h", "refused: nta add: wants ZONE --for TIME --reason TEXT [--stays]"},
  };
  for (const auto& [line, expected] : cases) { EXPECT_EQ(request(line), expected) << line; }
}

TEST(CtlInvocation, WhatIsAMatterOfShowingIsNotAsked) {
  EXPECT_EQ(parse_invocation(words("trace --count 7"))->asked.most, 7U);
  EXPECT_EQ(parse_invocation(words("top --once"))->asked.most, 1U);
  EXPECT_EQ(parse_invocation(words("top"))->asked.most, 0U);
  EXPECT_TRUE(parse_invocation(words("lookup a. +short"))->asked.is_short);
}

TEST(CtlInvocation, ItsOwnOptionsMayStandAnywhere) {
  for (const char* const line :
       {"-s /tmp/a --json status", "status --json --socket /tmp/a", "--socket=/tmp/a status -j"}) {
    const auto invocation = parse_invocation(words(line));
    ASSERT_TRUE(invocation.has_value()) << line;
    EXPECT_EQ(invocation->socket, "/tmp/a");
    EXPECT_TRUE(invocation->json);
    EXPECT_EQ(invocation->command->words, "status");
  }
  EXPECT_EQ(parse_invocation(words("status"))->socket, kControlSocket);
}

TEST(CtlInvocation, MistakesAreToldWithWhatThereIs) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "a command is wanted"},
      {"stauts", "unknown command `stauts`"},
      {"flush", "there are flush name, flush zone, flush type, flush bogus, flush all"},
      {"cache", "there are cache stats, cache dump"},
      {"status now", "`now` is one word too many"},
      {"flush name", "wants NAME [TYPE]"},
      {"flush name a. A b", "`b` is one word too many"},
      {"zones --broken", "unknown option `--broken`"},
      {"lookup a. +trace", "unknown flag `+trace`"},
      {"lookup a. +client=", "unknown flag `+client=`"},
      {"top --seconds 0", "--seconds wants a number from 1 to 60"},
      {"top --seconds 5x", "--seconds wants a number from 1 to 60"},
      {"top --rows", "--rows needs a value"},
      {"--socket", "--socket needs the path"},
  };
  for (const auto& [line, told] : cases) {
    const auto invocation = parse_invocation(words(line));
    ASSERT_FALSE(invocation.has_value()) << line;
    EXPECT_NE(invocation.error().find(told), std::string::npos) << line << ": " << invocation.error();
  }
  const auto hostile = parse_invocation({"\x1b[2J"});
  EXPECT_EQ(hostile.error(), "unknown command `\\027[2J`");
}

TEST(CtlInvocation, HelpAndVersionAskNobody) {
  using Action = Invocation::Action;
  EXPECT_EQ(parse_invocation(words("--help"))->action, Action::show_help);
  EXPECT_EQ(parse_invocation(words("help"))->command, nullptr);
  for (const char* const line : {"flush zone --help", "help flush zone", "--help flush zone"}) {
    const auto invocation = parse_invocation(words(line));
    ASSERT_TRUE(invocation.has_value()) << line;
    EXPECT_EQ(invocation->action, Action::show_help);
    EXPECT_EQ(invocation->command->words, "flush zone");
  }
  EXPECT_EQ(parse_invocation(words("--version"))->action, Action::show_version);
  EXPECT_EQ(version_text().substr(0, 9), "vouchctl ");
}

TEST(CtlCommands, EachHasItsHelpWithinTheWidthOfATerminal) {
  constexpr std::size_t kWidth = 80;
  std::set<std::string_view> seen;
  for (const CtlCommand& command : commands()) {
    EXPECT_TRUE(seen.insert(command.words).second) << command.words;
    EXPECT_NE(help_text().find("  " + std::string(command.words)), std::string::npos) << command.words;
    const std::string help = help_text(command);
    EXPECT_NE(help.find(command.summary), std::string::npos);
    const std::size_t description = help.find("DESCRIPTION");
    std::istringstream lines(description == std::string::npos ? std::string() : help.substr(description));
    for (std::string line; std::getline(lines, line);) { EXPECT_LE(line.size(), kWidth + 10) << line; }
  }
}

std::string file(const std::string& path) {
  std::ifstream in(std::string(VOUCH_SOURCE_DIR) + "/" + path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A command that is nowhere told of is as good as missing.
TEST(CtlCommands, EachIsInTheManualAndInTheCompletions) {
  const std::string manual = file("docs/man/vouchctl.1");
  const std::string bash = file("packaging/completion/vouchctl.bash"), zsh = file("packaging/completion/vouchctl.zsh");
  ASSERT_FALSE(manual.empty() || bash.empty() || zsh.empty());
  for (const CtlCommand& command : commands()) {
    EXPECT_NE(manual.find(".It Ic " + std::string(command.words)), std::string::npos) << command.words;
    for (const std::string& word : words(std::string(command.words))) {
      EXPECT_NE(bash.find(word), std::string::npos) << word;
      EXPECT_NE(zsh.find("'" + word + ":"), std::string::npos) << word;
    }
    // Options of its usage: "[--failing]", "+client=ADDRESS".
    for (std::string word : words(std::string(command.usage))) {
      word.erase(0, word.find_first_not_of('['));
      word.erase(std::min(word.find_first_of("]="), word.size()));
      if (!word.starts_with("--") && !word.starts_with('+')) { continue; }
      EXPECT_NE(bash.find(word), std::string::npos) << word;
      EXPECT_NE(manual.find(word.starts_with('+') ? word : "Fl " + word.substr(1)), std::string::npos) << word;
    }
  }
}

}  // namespace
}  // namespace vouch
