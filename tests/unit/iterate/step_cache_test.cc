#include "resolver/iterate/step_cache.h"

#include <gtest/gtest.h>

#include "tests/scenarios/simulation.h"

namespace vouch {
namespace {

using Kind = StepCache::Found::Kind;

constexpr How kForClient{.judge = true};

RRsetPtr set_of(std::string_view line) {
  const auto record = parse_record(line);
  const Bytes rdata[] = {record->rdata};
  return RRset::make(record->owner, record->type, record->ttl, rdata);
}

struct StepCacheTest : testing::Test {
  CacheOptions cache_options;
  DnssecOptions dnssec;
  Caches caches{cache_options};
  simulation::VirtualClock clock;
  StepCache steps{caches, clock, &dnssec};

  void knows(std::string_view line, Security security = Security::secure) {
    ASSERT_TRUE(caches.rrsets.put(set_of(line), Credibility::answer_authoritative, security, clock.ttl()));
  }
  void denies(std::string_view name, Security security) {
    const RRsetPtr soa = set_of("example. 300 IN SOA ns.example. h.example. 1 3600 600 86400 300");
    ASSERT_TRUE(caches.rrsets.put_negative(Name::of(name), Type::A, EntryKind::name_error, soa,
                                           Credibility::answer_authoritative, security, clock.ttl()));
  }
  // Remembers where the question goes on, and what was appended.
  StepCache::Found find(std::string_view name, Type type = Type::A, const How& how = kForClient) {
    question = {Name::of(name), type};
    answer = Answer();
    answer.verdict = Verdict::secure();
    return steps.find(question, how, answer);
  }
  std::uint64_t look_ups() const {
    const CacheStats stats = caches.rrsets.stats();
    return stats.hits + stats.misses;
  }

  Question question;
  Answer answer;
};

TEST_F(StepCacheTest, WhatIsNotThereCostsOneLookAtEachNameAbove) {
  EXPECT_EQ(find("a.b.c.example.").kind, Kind::nothing);
  EXPECT_EQ(look_ups(), 6U);  // the type, a CNAME, and b.c.example. to the root
}

TEST_F(StepCacheTest, OneWalkFindsTheDnameOrTheDenialAbove) {
  denies("c.example.", Security::secure);
  const std::uint64_t before = look_ups();
  const auto found = find("a.b.c.example.");
  EXPECT_EQ(found.kind, Kind::nothing);
  EXPECT_EQ(look_ups() - before, 6U);
  EXPECT_TRUE(StepCache::deny_below(found.denied, answer));
  EXPECT_EQ(answer.rcode, Rcode::name_error);
  EXPECT_EQ(answer.authority.size(), 1U);

  knows("example. 300 IN DNAME other.test.");
  EXPECT_EQ(find("a.b.d.example.").kind, Kind::alias);
  EXPECT_EQ(question.name.text(), "a.b.d.other.test.");
}

TEST_F(StepCacheTest, ADenialThatIsNotProvenSaysNothingOfWhatIsBelow) {
  denies("c.example.", Security::insecure);
  EXPECT_FALSE(StepCache::deny_below(find("a.c.example.").denied, answer));
  EXPECT_FALSE(StepCache::deny_below(std::nullopt, answer));
}

TEST_F(StepCacheTest, TypesWithoutEntriesOfTheirOwnAreDeniedFromAboveToo) {
  denies("c.example.", Security::secure);
  for (const Type type : {Type::ANY, Type::RRSIG}) {
    EXPECT_TRUE(StepCache::deny_below(find("a.c.example.", type).denied, answer)) << type_text(type);
  }
}

// What was found is handed over: nothing is looked up for it again.
TEST_F(StepCacheTest, WhatNobodyHasJudgedComesAsAServerWouldSendIt) {
  knows("www.example. 300 IN A 192.0.2.1", Security::unchecked);
  knows("alias.example. 300 IN CNAME www.example.", Security::bogus);
  knows("tree.example. 300 IN DNAME other.test.", Security::unchecked);
  clock.advance(std::chrono::seconds(100));
  struct Case {
    std::string_view name;
    Outcome outcome;
    std::string_view target;
    std::size_t answers;
  };
  for (const Case& one : {Case{"www.example.", Outcome::answer, "www.example.", 1},
                          Case{"alias.example.", Outcome::alias, "www.example.", 1},
                          Case{"a.tree.example.", Outcome::alias, "a.other.test.", 2}}) {
    const auto found = find(one.name);
    ASSERT_EQ(found.kind, Kind::unjudged) << one.name;
    EXPECT_TRUE(answer.answer.empty());
    const std::uint64_t before = look_ups();
    const auto response = StepCache::to_judge(question, *found.entry);
    EXPECT_EQ(look_ups(), before);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->outcome, one.outcome) << one.name;
    EXPECT_EQ(response->target.text(), one.target);
    ASSERT_EQ(response->answers.size(), one.answers);
    EXPECT_EQ(response->answers.front()->ttl(), 200U);
  }
  EXPECT_EQ(find("www.example.", Type::A, {.judge = false}).kind, Kind::answer);
}

// Rules about servers must find them as long as they find the answer.
TEST_F(StepCacheTest, WithRulesAboutServersNoAnswerOutlivesItsDelegations) {
  const auto learn = [this](std::string_view zone, std::uint32_t ttl) {
    caches.delegations.put(Delegation::make(Name::of(zone), {{Name::of("ns.test."), {}}}, ttl), clock.ttl());
  };
  learn("example.", 500);
  learn("b.example.", 100);
  EXPECT_EQ(caches.delegations.seconds_left(Name::of("www.b.example."), clock.ttl()), 100U);
  EXPECT_EQ(caches.delegations.seconds_left(Name::of("www.example."), clock.ttl()), 500U);
  EXPECT_EQ(caches.delegations.seconds_left(Name::of("www.test."), clock.ttl()), kNoCeiling);

  Response response;
  response.outcome = Outcome::answer;
  response.rcode = Rcode::no_error;
  response.authoritative = true;
  response.answers = {set_of("www.b.example. 3000 IN A 192.0.2.1")};
  steps.store(response, Type::A, nullptr);
  EXPECT_EQ(caches.rrsets.find(Name::of("www.b.example."), Type::A, clock.ttl())->ttl, 3000U);

  caches.keeps_answers_within_delegations = true;
  caches.rrsets.clear();
  steps.store(response, Type::A, nullptr);
  EXPECT_EQ(caches.rrsets.find(Name::of("www.b.example."), Type::A, clock.ttl())->ttl, 100U);

  response.outcome = Outcome::no_data;
  response.answers.clear();
  response.target = Name::of("www.b.example.");
  response.soa = set_of("b.example. 3000 IN SOA ns.test. h.test. 1 3600 600 86400 3000");
  steps.store(response, Type::AAAA, nullptr);
  EXPECT_EQ(caches.rrsets.find(Name::of("www.b.example."), Type::AAAA, clock.ttl())->ttl, 100U);
}

}  // namespace
}  // namespace vouch
