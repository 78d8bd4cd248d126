#include <gmock/gmock.h>

#include "conf/document.h"
#include "tests/unit/conf/loading.h"

namespace vouch {
namespace {

using testing::HasSubstr;

std::string problem_of(const std::string& zone) {
  const Loaded loaded = load("policy: {rpz: [" + zone + "]}\n");
  return loaded ? "none" : loaded.error().front().text();
}

TEST(PolicyZones, EveryValueReachesItsField) {
  const Loaded loaded = load(
      "policy:\n"
      "  state_directory: /somewhere\n"
      "  rpz:\n"
      "    - {zone: own.rpz, file: /etc/vouch/own.zone, action: cname, target: \"*.garden.example\", error: none,\n"
      "       max_ttl: 30s, include_soa: false, log: true}\n"
      "    - {zone: feed.rpz, primaries: [192.0.2.1, \"[2001:db8::1]:5353\"], action: tcp-only, error: censored}\n");
  ASSERT_TRUE(loaded) << loaded.error().front().text();
  EXPECT_EQ(loaded->policy_state_directory, "/somewhere");
  ASSERT_EQ(loaded->rpz.size(), 2U);
  const RpzZoneOptions& own = loaded->rpz[0];
  EXPECT_EQ(own.zone.text(), "own.rpz.");
  EXPECT_EQ(own.file, "/etc/vouch/own.zone");
  EXPECT_EQ(own.action, RpzOverride::cname);
  EXPECT_EQ(own.target.text(), "*.garden.example.");
  EXPECT_EQ(own.error, std::nullopt);
  EXPECT_EQ(own.max_ttl, 30U);
  EXPECT_FALSE(own.include_soa);
  EXPECT_TRUE(own.log);
  const RpzZoneOptions& feed = loaded->rpz[1];
  ASSERT_EQ(feed.primaries.size(), 2U);
  EXPECT_EQ(feed.primaries[0].text(), "192.0.2.1@53");
  EXPECT_EQ(feed.action, RpzOverride::tcp_only);
  EXPECT_EQ(feed.error, Ede::censored);
  // What is shown is read back as the same.
  const Loaded again = load(effective_document(*loaded));
  ASSERT_TRUE(again) << again.error().front().text();
  EXPECT_EQ(again->rpz, loaded->rpz);
}

TEST(PolicyZones, WhatDoesNotGoTogetherIsTold) {
  EXPECT_THAT(problem_of("{zone: a.rpz}"), HasSubstr("neither file nor primaries"));
  EXPECT_THAT(problem_of("{zone: a.rpz, file: /x, primaries: [192.0.2.1]}"), HasSubstr("both file and primaries"));
  EXPECT_THAT(problem_of("{file: /x}"), HasSubstr("`zone` is missing"));
  EXPECT_THAT(problem_of("{zone: ., file: /x}"), HasSubstr("the root is no policy zone"));
  EXPECT_THAT(problem_of("{zone: a.rpz, file: /x, action: cname}"), HasSubstr("no target"));
  EXPECT_THAT(problem_of("{zone: a.rpz, file: /x, target: b}"), HasSubstr("a target that nothing leads to"));
  EXPECT_THAT(problem_of("{zone: a.rpz, primaries: [192.0.2.1], tsig_key: k}"), HasSubstr("one of tsig_key and"));
  EXPECT_THAT(problem_of("{zone: a.rpz, file: /x, action: block}"), HasSubstr("action"));
  EXPECT_THAT(problem_of("{zone: a.rpz, file: /x}, {zone: A.rpz, file: /y}"), HasSubstr("listed twice"));
}

}  // namespace
}  // namespace vouch
