#include "resolver/base/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "resolver/daemon/log_output.h"

namespace vouch {
namespace {

using namespace std::chrono_literals;

class Gathered final : public LogSink {
 public:
  void write(LogLevel level, std::string_view line) noexcept override {
    lines.push_back(std::string(log_level_name(level)) + " " + std::string(line));
  }
  std::vector<std::string> lines;
};

class Log : public testing::Test {
 protected:
  Log() { set_log_sink(&sink_); }
  ~Log() override {
    set_log_sink(nullptr);
    set_log_level(LogLevel::info);
  }
  Gathered sink_;
};

TEST_F(Log, AnEventIsOneLineOfKeysAndValues) {
  log(LogLevel::info, "listening", {{"address", "127.0.0.1@53"}, {"workers", 4U}, {"tls", false}, {"delta", -3}});
  EXPECT_EQ(sink_.lines,
            (std::vector<std::string>{"info event=listening address=127.0.0.1@53 workers=4 tls=no delta=-3"}));
}

TEST_F(Log, ValuesWithSpacesOrNothingInThemAreQuoted) {
  log(LogLevel::warning, "odd", {{"a", "two words"}, {"b", ""}, {"c", "x=y"}});
  EXPECT_EQ(sink_.lines.at(0), "warning event=odd a=\"two words\" b=\"\" c=\"x=y\"");
}

TEST_F(Log, QuieterEventsAreDropped) {
  set_log_level(LogLevel::warning);
  log(LogLevel::notice, "a");
  log(LogLevel::warning, "b");
  log(LogLevel::error, "c");
  EXPECT_EQ(sink_.lines, (std::vector<std::string>{"warning event=b", "error event=c"}));
}

struct Hostile {
  std::string_view value;
  std::string_view shown;
};

// What a stranger can put into a label, and through it into a log.
TEST_F(Log, HostileValuesNeitherBreakTheLineNorColourTheTerminal) {
  const std::vector<Hostile> all = {
      {"a\nevent=forged", "\"a\\010event=forged\""},
      {"a\r\nb", "a\\013\\010b"},
      {"\x1b[31mred\x1b[0m", "\\027[31mred\\027[0m"},
      {std::string_view("nul\0nul", 7), "nul\\000nul"},
      {"\xe2\x80\xaegpj.exe", "\\226\\128\\174gpj.exe"},  // U+202E, right-to-left override
      {"quote\"quote", "quote\\034quote"},
      {"back\\slash", "back\\092slash"},
      {"\x7f\x80\xff", "\\127\\128\\255"},
      {"tab\there", "tab\\009here"},
  };
  for (const Hostile& hostile : all) {
    const std::string line = log_line("lame", {{"name", hostile.value}});
    EXPECT_EQ(line, "event=lame name=" + std::string(hostile.shown));
    for (const char c : line) { EXPECT_TRUE(c >= ' ' && c <= '~'); }
  }
}

TEST(LogLimiter, LetsOneThroughEachPeriodAndCountsTheRest) {
  const Instant start{};
  LogLimiter limiter(60s);
  EXPECT_EQ(limiter.allow(start), 0U);
  for (int i = 0; i < 5; ++i) { EXPECT_EQ(limiter.allow(start + 59s), std::nullopt); }
  EXPECT_EQ(limiter.allow(start + 60s), 5U);
  EXPECT_EQ(limiter.allow(start + 61s), std::nullopt);
  EXPECT_EQ(limiter.allow(start + 200s), 1U);
}

std::string contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(LogOutput, AppendsToItsFileTimeLevelEvent) {
  const std::string path = testing::TempDir() + "vouch_log_test_" + std::to_string(::getpid());
  for (int i = 0; i < 2; ++i) {
    auto output = LogOutput::open({.level = LogLevel::info, .target = LogTarget::file, .file = path});
    ASSERT_TRUE(output) << output.error();
    (*output)->write(LogLevel::notice, "event=ready {} %s");
  }
  const std::string text = contents(path);
  ::unlink(path.c_str());
  // 2026-11-22T19:46:21.597Z notice event=ready
  const std::size_t second = text.find('\n') + 1;
  EXPECT_EQ(text.substr(23), "Z notice event=ready {} %s\n" + text.substr(second, 23) + "Z notice event=ready {} %s\n");
  EXPECT_EQ(text[4], '-');
  EXPECT_EQ(text[10], 'T');
}

TEST(LogOutput, SaysWhyAFileCannotBeOpened) {
  const auto output =
      LogOutput::open({.level = LogLevel::info, .target = LogTarget::file, .file = "/proc/nothing/here"});
  ASSERT_FALSE(output);
  EXPECT_TRUE(output.error().starts_with("cannot open the log /proc/nothing/here: ")) << output.error();
}

TEST(LogOutput, TellsTheJournalItsLevels) {
  EXPECT_EQ(journal_prefix(LogLevel::debug), "<7>");
  EXPECT_EQ(journal_prefix(LogLevel::info), "<6>");
  EXPECT_EQ(journal_prefix(LogLevel::notice), "<5>");
  EXPECT_EQ(journal_prefix(LogLevel::warning), "<4>");
  EXPECT_EQ(journal_prefix(LogLevel::error), "<3>");
}

}  // namespace
}  // namespace vouch
