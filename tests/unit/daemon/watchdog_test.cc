#include "resolver/daemon/watchdog.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <new>
#include <utility>
#include <vector>

namespace vouch {
namespace {

// A loop that turns when it is told to.
struct Loop {
  std::vector<std::move_only_function<void()>> notes;
  TurnCheck::Post post() {
    return [this](std::move_only_function<void()> note) { notes.push_back(std::move(note)); };
  }
  void turn() {
    for (auto& note : std::exchange(notes, {})) { note(); }
  }
};

TEST(TurnCheck, ALoopThatTurnsHasAnswered) {
  Loop first, second;
  TurnCheck check({first.post(), second.post()});
  EXPECT_EQ(check.unanswered(), 0U);
  check.ask();
  EXPECT_EQ(check.unanswered(), 2U);
  first.turn();
  EXPECT_EQ(check.unanswered(), 1U);
  second.turn();
  EXPECT_EQ(check.unanswered(), 0U);
}

TEST(TurnCheck, NotesDoNotPileUpBeforeALoopThatIsStuck) {
  Loop stuck;
  TurnCheck check({stuck.post()});
  for (int i = 0; i < 1000; ++i) { check.ask(); }
  EXPECT_EQ(stuck.notes.size(), 1U);
  EXPECT_EQ(check.unanswered(), 1U);
  stuck.turn();
  EXPECT_EQ(check.unanswered(), 0U);
}

TEST(TurnCheck, WantOfMemoryIsNoWordAgainstALoop) {
  TurnCheck check({[](std::move_only_function<void()>) { throw std::bad_alloc(); }});
  check.ask();
  EXPECT_EQ(check.unanswered(), 0U);
}

TEST(TurnCheck, ANoteMayOutliveTheCheck) {
  Loop loop;
  {
    TurnCheck check({loop.post()});
    check.ask();
  }
  loop.turn();
}

TEST(Watchdog, SpeaksWhileLoopsTurnAndIsSilentWhenOneDoesNot) {
  std::atomic<bool> is_stuck{false};
  std::atomic<int> spoken{0};
  Watchdog watchdog({[&](std::move_only_function<void()> note) {
                      if (!is_stuck) { note(); }
                    }},
                    std::chrono::milliseconds(40), [&] { ++spoken; });
  while (spoken < 3) { std::this_thread::yield(); }
  is_stuck = true;
  std::this_thread::sleep_for(std::chrono::milliseconds(60));  // what was asked before is over
  const int before = spoken;
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_LE(spoken, before + 1);  // the round that was under way; ten would have been due
}

}  // namespace
}  // namespace vouch
