// What a trace that took more than it may keep still tells.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "resolver/explain/render.h"

namespace vouch {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kMore = "there was more; it is left out here";

ExchangeEvent exchange(std::string name) {
  ExchangeEvent event;
  event.server = SocketAddress(*IpAddress::parse("192.0.2.1"), 53);
  event.zone = Name::of("example.");
  event.question = {Name::of(name + ".example."), Type::A};
  return event;
}

Explanation told(const Trace& trace) {
  Explanation explanation;
  explanation.question = {Name::of("www.example."), Type::A};
  explanation.verdict = Verdict::secure();
  tell_story(trace, explanation);
  return explanation;
}

TEST(Story, OfAFullTraceSaysThatThereWasMore) {
  Trace trace;
  for (std::size_t i = 0; i < Trace::kMaxEvents; ++i) { trace.add(exchange("n" + std::to_string(i))); }
  EXPECT_FALSE(trace.is_cut_short());
  const Explanation whole = told(trace);
  EXPECT_EQ(explanation_json(whole)["is_cut_short"], false);
  EXPECT_THAT(explanation_text(whole), Not(HasSubstr(kMore)));

  trace.add(exchange("one-more"));
  trace.note_meaning("referral");  // of the one that is left out: none of those kept is told to be it
  trace.add(ZoneEvent{.zone = Name::of("example."), .verdict = Verdict::secure()});
  EXPECT_TRUE(trace.is_cut_short());
  EXPECT_EQ(trace.events().size(), Trace::kMaxEvents);
  const Explanation cut = told(trace);
  const auto json = explanation_json(cut);
  EXPECT_EQ(json["is_cut_short"], true);
  EXPECT_EQ(json["exchanges"].size(), Trace::kMaxEvents);
  EXPECT_EQ(json["exchanges"].back()["meaning"], nullptr);
  EXPECT_TRUE(json["chain"].empty());
  const std::string text = explanation_text(cut);
  EXPECT_THAT(text, HasSubstr(kMore));
  EXPECT_THAT(text, Not(HasSubstr("one-more")));
}

}  // namespace
}  // namespace vouch
