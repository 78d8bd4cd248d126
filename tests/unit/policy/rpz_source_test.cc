#include "resolver/policy/rpz/source.h"

#include <gmock/gmock.h>

#include "resolver/base/clock.h"
#include "tests/unit/policy/rpz_kit.h"

namespace vouch {
namespace {

class StillClock final : public Clock {
 public:
  Instant monotonic() const override { return now; }
  UnixTime wall() const override { return 0; }
  TtlTime ttl() const override { return 0; }
  Instant now{};
};

class Lines final : public LogSink {
 public:
  Lines() { set_log_sink(this); }
  ~Lines() override { set_log_sink(nullptr); }
  void write(LogLevel, std::string_view line) noexcept override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

constexpr const char* kRules =
    "nx.test CNAME .\n"
    "nodata.test CNAME *.\n"
    "pass.test CNAME rpz-passthru.\n"
    "drop.test CNAME rpz-drop.\n"
    "tcp.test CNAME rpz-tcp-only.\n"
    "data.test 7200 A 192.0.2.1\n"
    "alias.test 60 CNAME *.garden.test.\n"
    "32.1.2.0.192.rpz-client-ip CNAME .\n"
    "32.1.2.0.192.rpz-ip CNAME .\n"
    "32.1.2.0.192.rpz-nsip CNAME .\n"
    "ns.test.rpz-nsdname CNAME .\n";

struct RpzSourceTest : testing::Test {
  RpzSource source(const RpzZoneOptions& options = {}, const std::string& rules = kRules) {
    RpzZoneOptions named = options;
    named.zone = Name::of("rpz.test.");
    return RpzSource(rpz_zone(rules), named, hits, clock);
  }
  static std::optional<Ruling> ask(const RuleSource& source, std::string_view name) {
    const HashedName hashed(Name::of(name));
    return source.at_query_name(hashed);
  }
  StillClock clock;
  std::shared_ptr<RpzHits> hits = std::make_shared<RpzHits>();
};

TEST_F(RpzSourceTest, HasThePointsOfItsRules) {
  const RpzSource all = source();
  for (const PolicyPoint point : {PolicyPoint::client, PolicyPoint::query_name, PolicyPoint::answer_address,
                                  PolicyPoint::server_name, PolicyPoint::server_address}) {
    EXPECT_TRUE(all.points().has(point));
  }
  const RpzSource names = source({}, "nx.test CNAME .\n");
  EXPECT_TRUE(names.points().has(PolicyPoint::query_name));
  EXPECT_FALSE(names.points().has_after(PolicyPoint::query_name));
  EXPECT_FALSE(names.points().has(PolicyPoint::client));
  EXPECT_EQ(names.name(), "rpz:rpz.test");
}

TEST_F(RpzSourceTest, SaysWhatTheZoneSays) {
  const RpzSource given = source();
  const IpAddress address = *IpAddress::parse("192.0.2.1");
  const Name server = Name::of("ns.test.");
  const NameView servers[] = {server};
  EXPECT_EQ(ask(given, "nx.test.")->action, PolicyAction::name_error);
  EXPECT_EQ(ask(given, "nodata.test.")->action, PolicyAction::no_data);
  EXPECT_EQ(ask(given, "pass.test.")->action, PolicyAction::pass_on);
  EXPECT_EQ(ask(given, "drop.test.")->action, PolicyAction::drop);
  EXPECT_EQ(ask(given, "tcp.test.")->action, PolicyAction::truncate);
  EXPECT_EQ(ask(given, "data.test.")->action, PolicyAction::local_data);
  EXPECT_FALSE(ask(given, "other.test."));
  EXPECT_EQ(given.at_client(address)->action, PolicyAction::name_error);
  EXPECT_EQ(given.at_answer_addresses({&address, 1})->action, PolicyAction::name_error);
  EXPECT_EQ(given.at_server_addresses({&address, 1})->action, PolicyAction::name_error);
  EXPECT_EQ(given.at_server_names(servers)->action, PolicyAction::name_error);
}

TEST_F(RpzSourceTest, TellsErrorRuleSoaAndTimes) {
  RpzZoneOptions options;
  options.error = Ede::censored;
  options.max_ttl = 30;
  const RpzSource source_of = source(options);
  const Ruling denied = *ask(source_of, "NX.test.");
  EXPECT_EQ(denied.ede, Ede::censored);
  EXPECT_EQ(denied.rule.text(), "nx.test.");
  ASSERT_NE(denied.additional, nullptr);
  EXPECT_EQ(denied.additional->type(), Type::SOA);
  EXPECT_EQ(denied.additional->owner().text(), "rpz.test.");
  EXPECT_EQ(denied.additional->ttl(), 30U);  // of TTL 300, minimum 60 and the operator's 30
  EXPECT_EQ(denied.ttl, 30U);

  const Ruling data = *ask(source_of, "data.test.");
  EXPECT_EQ(data.ede, Ede::forged_answer);
  ASSERT_EQ(data.data.size(), 1U);
  EXPECT_EQ(data.max_data_ttl, 30U);
  const Ruling passed = *ask(source_of, "pass.test.");
  EXPECT_FALSE(passed.ede);
  EXPECT_EQ(passed.additional, nullptr);  // the answer is not changed

  options.error = std::nullopt;
  options.include_soa = false;
  const RpzSource quiet = source(options);
  EXPECT_FALSE(ask(quiet, "nx.test.")->ede);
  EXPECT_FALSE(ask(quiet, "data.test.")->ede);
  EXPECT_EQ(ask(quiet, "nx.test.")->additional, nullptr);
}

TEST_F(RpzSourceTest, TheOperatorsWordTakesThePlaceOfTheZones) {
  struct Case {
    RpzOverride given;
    PolicyAction action;
  };
  constexpr Case kCases[] = {
      {RpzOverride::passthru, PolicyAction::pass_on},    {RpzOverride::drop, PolicyAction::drop},
      {RpzOverride::nxdomain, PolicyAction::name_error}, {RpzOverride::nodata, PolicyAction::no_data},
      {RpzOverride::tcp_only, PolicyAction::truncate},
  };
  for (const Case& one : kCases) {
    RpzZoneOptions options;
    options.action = one.given;
    const RpzSource overridden = source(options);
    for (const char* name : {"nx.test.", "pass.test.", "data.test.", "alias.test."}) {
      EXPECT_EQ(ask(overridden, name)->action, one.action) << name;
    }
    EXPECT_FALSE(ask(overridden, "other.test."));
  }
  RpzZoneOptions options;
  options.action = RpzOverride::cname;
  options.target = Name::of("walled.test.");
  const RpzSource garden = source(options);
  const Ruling ruling = *ask(garden, "nx.test.");
  EXPECT_EQ(ruling.action, PolicyAction::local_data);
  ASSERT_EQ(ruling.data.size(), 1U);
  EXPECT_EQ(rdata_name(Type::CNAME, ruling.data[0]->first_rdata()).text(), "walled.test.");
  EXPECT_EQ(ruling.ede, Ede::forged_answer);
}

TEST_F(RpzSourceTest, ADisabledZoneChangesNothing) {
  RpzZoneOptions options;
  options.action = RpzOverride::disabled;
  const RpzSource disabled = source(options);
  EXPECT_FALSE(ask(disabled, "nx.test."));
  EXPECT_FALSE(ask(disabled, "data.test."));
  EXPECT_FALSE(ask(disabled, "other.test."));
}

TEST_F(RpzSourceTest, IsCalledByItsWholeNameAndAsNoListIs) {
  RpzZoneOptions options;
  options.zone = Name::of("Feed-" + std::string(50, 'x') + "." + std::string(60, 'y') + ".test.");
  const RpzSource one(rpz_zone(kRules), options, hits, clock);
  EXPECT_EQ(one.name(), "rpz:feed-" + std::string(50, 'x') + "." + std::string(60, 'y') + ".test");
}

TEST_F(RpzSourceTest, TellsTheRuleWithinALimitAndOnlyWhenAsked) {
  Lines log;
  const RpzSource quiet = source();
  ask(quiet, "nx.test.");
  EXPECT_TRUE(log.lines.empty());

  RpzZoneOptions options;
  options.log = true;
  options.action = RpzOverride::disabled;
  const RpzSource telling = source(options);
  for (int i = 0; i < 5; ++i) { ask(telling, "nx.test."); }
  clock.now += std::chrono::seconds(1);
  const IpAddress address = *IpAddress::parse("192.0.2.1");
  static_cast<void>(telling.at_answer_addresses({&address, 1}));
  ASSERT_EQ(log.lines.size(), 2U);
  EXPECT_EQ(
      log.lines[0],
      "event=rpz_rule zone=rpz.test. rule=nx.test. trigger=qname action=nxdomain disabled=yes matches=1 held_back=0");
  EXPECT_EQ(log.lines[1],
            "event=rpz_rule zone=rpz.test. rule=192.0.2.1/32 trigger=response_ip action=nxdomain disabled=yes "
            "matches=6 held_back=4");
}

}  // namespace
}  // namespace vouch
