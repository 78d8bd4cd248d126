#include "resolver/daemon/control/registry.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "tests/unit/daemon/control_kit.h"

namespace vouch {
namespace {

class Registry : public testing::Test {
 protected:
  Registry() {
    registry_.add({.name = "name of", .arguments = {"name", "type", "loud"}, .run = [](const CallPtr& call) {
                     const auto name = call->name();
                     if (!name) { return; }
                     const auto type = call->type("type", Type::A);
                     if (!type) { return; }
                     const auto loud = call->flag("loud");
                     if (!loud) { return; }
                     call->done({{"name", name->text()}, {"type", type_text(*type)}, {"loud", *loud}});
                   }});
  }
  const Json& ask(const std::string& command, const std::string& arguments = "{}") {
    call_ = std::make_shared<Call>(ControlRequest{.command = command, .arguments = Json::parse(arguments)}, heard_);
    heard_.is_ended = false;
    registry_.run(call_);
    return heard_.last();
  }
  ControlRegistry registry_;
  HeardReplies heard_;
  CallPtr call_;
};

TEST_F(Registry, ArgumentsComeAsWhatTheyAre) {
  EXPECT_EQ(ask("name of", R"({"name": "WWW.example", "type": "TYPE28", "loud": true})").dump(),
            R"({"ok":true,"name":"WWW.example.","type":"AAAA","loud":true})");
  EXPECT_EQ(ask("name of", R"({"name": "."})").dump(), R"({"ok":true,"name":".","type":"A","loud":false})");
}

TEST_F(Registry, NumbersHaveARange) {
  registry_.add({.name = "count", .arguments = {"n"}, .run = [](const CallPtr& call) {
                   if (const auto n = call->number("n", 7, 1, 60)) { call->done({{"n", *n}}); }
                 }});
  EXPECT_EQ(ask("count").at("n"), 7);
  EXPECT_EQ(ask("count", R"({"n": 1})").at("n"), 1);
  EXPECT_EQ(ask("count", R"({"n": 60})").at("n"), 60);
  for (const char* const wrong : {"0", "61", "-1", "1.5", "\"7\"", "1e300", "18446744073709551616"}) {
    EXPECT_EQ(ask("count", std::string(R"({"n": )") + wrong + "}").at("code"), "bad_argument") << wrong;
  }
}

TEST_F(Registry, WrongArgumentsFailWithASentenceThatNamesThem) {
  const auto expect = [&](const std::string& arguments, std::string_view code, std::string_view told) {
    const Json& answer = ask("name of", arguments);
    EXPECT_EQ(answer.at("ok"), false) << arguments;
    EXPECT_EQ(answer.at("code"), code) << arguments;
    EXPECT_NE(answer.at("error").get<std::string>().find(told), std::string::npos) << answer.dump();
  };
  expect("{}", "bad_argument", "`name`");
  expect(R"({"name": 7})", "bad_argument", "`name`");
  expect(R"({"name": "a..b"})", "bad_argument", "`a..b`");
  expect(R"({"name": "a.", "type": "NOTYPE"})", "bad_argument", "`NOTYPE`");
  expect(R"({"name": "a.", "loud": "yes"})", "bad_argument", "`loud`");
  expect(R"({"name": "a.", "nmae": "b."})", "bad_argument", "`nmae`");
  expect(R"({"name": "a.", "type": "\u001b[2J"})", "bad_argument", "\\027[2J");
}

TEST_F(Registry, UnknownCommandsAndThoseThatThrowFail) {
  EXPECT_EQ(ask("no such thing").at("code"), "no_such_command");
  registry_.add({.name = "throws", .arguments = {}, .run = [](const CallPtr&) { throw std::runtime_error("full"); }});
  EXPECT_EQ(ask("throws").at("code"), "failed");
  EXPECT_NE(heard_.last().at("error").get<std::string>().find("full"), std::string::npos);
}

TEST_F(Registry, ListsItsCommands) { EXPECT_EQ(ask("commands").at("commands").dump(), R"(["commands","name of"])"); }

TEST_F(Registry, NothingIsSaidAfterTheLastLine) {
  registry_.add({.name = "talks on", .arguments = {}, .run = [](const CallPtr& call) {
                   call->item({{"n", 1}});
                   call->done({{"ok", false}, {"errors", Json::array({1, 2})}});
                   call->item({{"n", 2}});
                   call->done();
                   call->fail("failed", "late");
                 }});
  ask("talks on");
  ASSERT_EQ(heard_.lines.size(), 2U);
  EXPECT_EQ(heard_.lines[0].dump(), R"({"n":1})");
  EXPECT_EQ(heard_.lines[1].dump(), R"({"ok":false,"errors":[1,2]})");  // its own `ok` stands
  EXPECT_TRUE(call_->is_over());
}

TEST_F(Registry, WhoHangsUpIsToldNothingMoreAndTheCommandHearsOfItOnce) {
  int gone = 0;
  registry_.add({.name = "waits", .arguments = {}, .run = [&gone](const CallPtr& call) {
                   call->when_gone([&gone] { ++gone; });
                   call->item({{"n", 1}});
                 }});
  ask("waits");
  call_->hang_up();
  call_->hang_up();
  call_->item({{"n", 2}});
  call_->done();
  bool went_on = false;
  call_->when_drained([&went_on] { went_on = true; });
  EXPECT_EQ(gone, 1);
  EXPECT_EQ(heard_.lines.size(), 1U);
  EXPECT_FALSE(heard_.drained);
  EXPECT_FALSE(went_on);
}

TEST_F(Registry, WhoHasAnsweredIsNotToldOfHangingUp) {
  int gone = 0;
  registry_.add({.name = "answers", .arguments = {}, .run = [&gone](const CallPtr& call) {
                   call->when_gone([&gone] { ++gone; });
                   call->done();
                 }});
  ask("answers");
  call_->hang_up();
  EXPECT_EQ(gone, 0);
}

}  // namespace
}  // namespace vouch
