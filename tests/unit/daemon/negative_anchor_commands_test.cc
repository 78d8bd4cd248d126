#include "resolver/daemon/control/negative_anchor_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <semaphore>

#include "resolver/base/log.h"
#include "resolver/dnssec/trust_anchors.h"
#include "tests/unit/daemon/control_kit.h"

namespace vouch {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr UnixTime kNow = 1'700'000'000;
constexpr const char* kAdd = R"({"zone": "Broken.example", "for": "2h", "reason": "they know", "stays": true})";

struct StillClock final : Clock {
  Instant monotonic() const override { return Instant{std::chrono::hours(1)}; }
  UnixTime wall() const override { return kNow; }
  TtlTime ttl() const override { return 0; }
};
class Silence final : public LogSink {
 public:
  void write(LogLevel, std::string_view) noexcept override {}
};

class NegativeAnchorCommands : public testing::Test {
 protected:
  NegativeAnchorCommands() {
    set_log_sink(&silence_);
    std::string pattern = (fs::temp_directory_path() / "vouch-nta-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    file_ = NegativeAnchorFile::in(folder_.string(), chores_);
    keeper_.emplace(NegativeAnchorParts{.anchors = anchors_,
                                        .forget = [](NameView) {},
                                        .store = file_.get(),
                                        .clock = clock_,
                                        .recheck_interval = [] { return 300U; }});
    add_negative_anchor_commands(registry_, {.negatives = *keeper_,
                                             .file = file_.get(),
                                             .in_force = [this] { return in_force_; },
                                             .validates = [] { return true; },
                                             .post =
                                                 [this](std::move_only_function<void()> work) {
                                                   const std::lock_guard lock(mutex_);
                                                   posted_.push_back(std::move(work));
                                                 }});
  }
  ~NegativeAnchorCommands() override {
    chores_.wait();
    set_log_sink(nullptr);
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  void ask(const std::string& command, const std::string& arguments = "{}") {
    heard_.is_ended = false;
    registry_.run(
        std::make_shared<Call>(ControlRequest{.command = command, .arguments = Json::parse(arguments)}, heard_));
  }
  // What the chores have posted, as the control thread would do it.
  void catch_up() {
    chores_.wait();
    const std::lock_guard lock(mutex_);
    for (auto& work : posted_) { work(); }
    posted_.clear();
  }

  Silence silence_;
  StillClock clock_;
  fs::path folder_;
  ChoreThread chores_;
  std::unique_ptr<NegativeAnchorFile> file_;
  TrustAnchors anchors_{std::make_shared<const AnchorSet>(std::vector<AnchorSet::Point>{}, std::vector<Name>{})};
  std::optional<NegativeAnchorKeeper> keeper_;
  std::vector<NegativeAnchor> in_force_;
  ControlRegistry registry_;
  HeardReplies heard_;
  std::mutex mutex_;
  std::vector<std::move_only_function<void()>> posted_;
};

TEST_F(NegativeAnchorCommands, AreAnsweredWhenTheFileIsThereAndNobodyWaitsForIt) {
  for (const auto& [command, arguments] :
       {std::pair("nta add", kAdd), std::pair("nta remove", R"({"zone": "broken.example."})")}) {
    std::binary_semaphore go(0);
    chores_.post([&go] { go.acquire(); });  // a large cache is being walked
    ask(command, arguments);
    EXPECT_FALSE(heard_.is_ended) << command;  // and the control thread serves others
    go.release();
    catch_up();
    ASSERT_TRUE(heard_.is_ended) << command;
    EXPECT_EQ(heard_.last().at("saved"), true) << command;
    EXPECT_EQ(heard_.last().at("zone"), "broken.example.");
  }
}

TEST_F(NegativeAnchorCommands, WhatIsNotSavedIsNotSaidToBe) {
  fs::remove_all(folder_);
  ask("nta add", kAdd);
  catch_up();
  EXPECT_EQ(heard_.last().at("saved"), false);
  EXPECT_THAT(heard_.last().at("problem").get<std::string>(), HasSubstr("it holds until vouchd ends"));
}

TEST_F(NegativeAnchorCommands, TheirTimeIsANumberWithItsUnit) {
  for (const char* const span : {"10s", "8d", "2", "h", "", "-1h", "+1h", "1w", "5ms", "999999999999999999h", "2 h"}) {
    ask("nta add", Json{{"zone", "a."}, {"for", span}, {"reason", "x"}}.dump());
    catch_up();
    EXPECT_EQ(heard_.last().value("code", "none"), "bad_argument") << span;
  }
  for (const auto& [span, seconds] :
       {std::pair("90s", 90), std::pair("45m", 2700), std::pair("2h", 7200), std::pair("7d", 604'800)}) {
    ask("nta add", Json{{"zone", "a."}, {"for", span}, {"reason", "x"}}.dump());
    catch_up();
    EXPECT_EQ(heard_.last().value("until", UnixTime{0}), kNow + seconds) << span;
  }
}

TEST_F(NegativeAnchorCommands, TheListHasThoseOfTheConfigurationToo) {
  in_force_.emplace_back(Name::of("configured."), "always");
  ask("nta add", kAdd);
  catch_up();
  heard_.lines.clear();
  ask("nta list");
  ASSERT_EQ(heard_.lines.size(), 3U);
  EXPECT_EQ(heard_.lines[0].at("source"), "run time");
  EXPECT_EQ(heard_.lines[1].dump(),
            R"({"zone":"configured.","source":"configuration","reason":"always","until":null})");
  EXPECT_EQ(heard_.last().at("count"), 2);
}

}  // namespace
}  // namespace vouch
