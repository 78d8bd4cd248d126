#include "resolver/daemon/command_line.h"

#include <gtest/gtest.h>

#include <vector>

namespace vouch {
namespace {

using Action = Command::Action;

std::expected<Command, std::string> parse(const std::vector<std::string_view>& words) {
  return parse_command_line(words);
}

TEST(CommandLine, WithoutWordsServesTheDefaultConfiguration) {
  const auto command = parse({});
  ASSERT_TRUE(command);
  EXPECT_EQ(command->action, Action::serve);
  EXPECT_EQ(command->config_file, "/etc/vouch/vouch.yaml");
}

TEST(CommandLine, TakesTheFileInThreeWays) {
  for (const auto& words :
       std::vector<std::vector<std::string_view>>{{"--config", "x.yaml"}, {"--config=x.yaml"}, {"-c", "x.yaml"}}) {
    const auto command = parse(words);
    ASSERT_TRUE(command) << words[0];
    EXPECT_EQ(command->action, Action::serve);
    EXPECT_EQ(command->config_file, "x.yaml");
  }
}

struct Asked {
  std::vector<std::string_view> words;
  Action action;
};

TEST(CommandLine, KnowsItsActions) {
  for (const Asked& asked : std::vector<Asked>{{{"--check-config", "-c", "a"}, Action::check_config},
                                               {{"-c", "a", "--check-config"}, Action::check_config},
                                               {{"--print-config"}, Action::print_config},
                                               {{"--print-default-config"}, Action::print_default_config},
                                               {{"--version"}, Action::show_version},
                                               {{"-V", "--version"}, Action::show_version},
                                               {{"--help"}, Action::show_help},
                                               {{"-h"}, Action::show_help}}) {
    const auto command = parse(asked.words);
    ASSERT_TRUE(command) << asked.words[0];
    EXPECT_EQ(command->action, asked.action) << asked.words[0];
  }
}

struct Wrong {
  std::vector<std::string_view> words;
  std::string_view error;
};

TEST(CommandLine, SaysWhatItDoesNotUnderstand) {
  for (const Wrong& wrong :
       std::vector<Wrong>{{{"--config"}, "--config needs the path of a file"},
                          {{"--config="}, "--config needs the path of a file"},
                          {{"-c", ""}, "--config needs the path of a file"},
                          {{"--confg", "x"}, "unknown option `--confg`"},
                          {{"--\x1b[31m"}, "unknown option `--\\027[31m`"},
                          {{"vouch.yaml"}, "`vouch.yaml` is not an option; a configuration is named by --config FILE"},
                          {{"--help", "--version"}, "--help and --version cannot be asked for together"}}) {
    const auto command = parse(wrong.words);
    ASSERT_FALSE(command) << wrong.words[0];
    EXPECT_EQ(command.error(), wrong.error);
  }
}

TEST(CommandLine, TheHelpNamesEveryOption) {
  for (const char* option : {"--config", "-c", "--check-config", "--print-config", "--print-default-config",
                             "--version", "-V", "--help", "-h"}) {
    EXPECT_TRUE(help_text().contains(option)) << option;
  }
}

}  // namespace
}  // namespace vouch
