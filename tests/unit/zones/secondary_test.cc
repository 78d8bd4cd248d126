#include "resolver/zones/secondary.h"

#include <gmock/gmock.h>

#include "tests/scenarios/simulation.h"
#include "tests/unit/zones/scripted_primary.h"

namespace vouch {
namespace {

using namespace zones_testing;
using simulation::SeededRandom;
using simulation::VirtualClock;
using simulation::VirtualExecutor;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;

// Refresh 2 hours, retry 15 minutes, expire a day.
std::string soa(std::uint32_t serial) {
  return "example. 3600 IN SOA ns.example. admin.example. " + std::to_string(serial) + " 7200 900 86400 300";
}
const std::string kA = "a.example. 60 IN A 192.0.2.1";

class Keeping : public ::testing::Test, public ZoneOwner {
 protected:
  Keeping() {
    options.zone = Name::of("example.");
    for (const char* address : {"192.0.2.1", "192.0.2.2"}) {
      Primary primary;
      primary.address = server(address);
      options.primaries.push_back(primary);
    }
    dialer.script = [this](const SocketAddress& primary, const Request& request) {
      const bool is_first = primary == server("192.0.2.1");
      if (is_first ? first_is_dead : second_is_dead) { return Act::dead(); }
      const std::uint32_t serial = is_first ? first_serial : second_serial;
      if (request.type == Type::SOA) { return Act::send(message_of(request, {soa(serial)})); }
      if (request.type == Type::IXFR && bad_difference) {
        return Act::send(message_of(
            request, {soa(serial), soa(*request.serial), soa(serial), "bad.example. 60 IN A 192.0.2.9", soa(serial)}));
      }
      return Act::send(message_of(request, {soa(serial), kA, soa(serial)}));
    };
  }
  void start() {
    secondary = std::make_unique<Secondary>(options, Secondary::Parts{dialer, executor, clock, random}, *this);
    task = secondary->run();
    task.start();
  }
  std::expected<void, std::string> take(const Transfer& transfer, const Primary&, UnixTime expires) override {
    if (transfer.zone->exists(Name::of("bad.example."))) { return std::unexpected(std::string("it is bad")); }
    if (rejects) { return std::unexpected(std::string("we do not like it")); }
    zone = transfer.zone;
    until = expires;
    return {};
  }
  void confirm(UnixTime expires) override {
    until = expires;
    ++confirmed;
  }
  void expire() override {
    zone = nullptr;
    ++expired;
  }

  VirtualClock clock;
  VirtualExecutor executor{clock};
  SeededRandom random;
  ScriptedDialer dialer{executor, clock, {}};
  SecondaryOptions options;
  bool first_is_dead = false, second_is_dead = false, rejects = false, bad_difference = false;
  std::uint32_t first_serial = 10, second_serial = 10;
  ZonePtr zone;
  UnixTime until = 0;  // as the owner was told last
  int confirmed = 0, expired = 0;
  std::unique_ptr<Secondary> secondary;
  Task<void> task;
};

TEST_F(Keeping, FetchesAtOnceAndLooksAgainWhenTheSoaSays) {
  start();
  executor.run_for(1s);
  ASSERT_NE(zone, nullptr);
  EXPECT_EQ(zone->serial(), 10U);
  const UnixTime first = clock.wall() + 86400;
  EXPECT_THAT(until, AllOf(Ge(first - 1), Le(first)));
  EXPECT_EQ(secondary->status().source, server("192.0.2.1").text());
  executor.run_for(107min);  // a tenth sooner at most
  EXPECT_EQ(dialer.asked.size(), 1U);
  executor.run_for(14min);
  EXPECT_EQ(dialer.asked.size(), 2U);
  EXPECT_EQ(confirmed, 1);
  EXPECT_THAT(until, AllOf(Ge(first + 107 * 60), Le(first + 121 * 60))) << "which a primary's word puts off";
  first_serial = 11;
  executor.run_for(121min);
  EXPECT_EQ(zone->serial(), 11U);
  EXPECT_EQ(secondary->status().whole, 2U);
  EXPECT_EQ(secondary->status().up_to_date, 1U);
}

TEST_F(Keeping, AnotherPrimaryTakesOver) {
  first_is_dead = true;
  start();
  executor.run_for(1s);
  ASSERT_NE(zone, nullptr);
  EXPECT_EQ(secondary->status().source, server("192.0.2.2").text());
  EXPECT_EQ(secondary->status().failures, 1U);
  dialer.servers.clear();
  executor.run_for(121min);
  EXPECT_THAT(dialer.servers, ElementsAre(server("192.0.2.2"))) << "who answered last is asked first";
}

TEST_F(Keeping, APrimaryThatIsBehindIsPassedOver) {
  start();
  executor.run_for(1s);
  first_serial = 9;
  second_serial = 11;
  executor.run_for(121min);
  EXPECT_EQ(zone->serial(), 11U);
  EXPECT_THAT(secondary->status().failure, HasSubstr("older than ours"));
}

TEST_F(Keeping, RetriesWhileNobodyAnswersAndExpires) {
  start();
  executor.run_for(1s);
  first_is_dead = second_is_dead = true;
  executor.run_for(2h);
  dialer.asked.clear();
  executor.run_for(15min);
  EXPECT_GE(dialer.asked.size(), 2U);
  executor.run_for(21h);
  EXPECT_EQ(expired, 0);
  executor.run_for(1h);
  EXPECT_EQ(expired, 1);
  EXPECT_EQ(zone, nullptr);
  second_is_dead = false;
  executor.run_for(1h);
  EXPECT_NE(zone, nullptr) << "it comes back by itself";
}

TEST_F(Keeping, WithoutAnyZoneItWaitsLongerEachTime) {
  first_is_dead = second_is_dead = true;
  start();
  executor.run_for(1h);
  // 5 s, 10 s, 20 s ... : ten turns in the first hour and a half, of two primaries each.
  EXPECT_LE(dialer.asked.size(), 24U);
  EXPECT_GE(dialer.asked.size(), 16U);
  executor.run_for(24h);
  EXPECT_LE(dialer.asked.size(), 24U + 60U);
  EXPECT_GE(dialer.asked.size(), 24U + 40U);
}

TEST_F(Keeping, WhatTheOwnerRejectsDoesNotReplaceWhatIsThere) {
  start();
  executor.run_for(1s);
  const ZonePtr before = zone;
  rejects = true;
  first_serial = second_serial = 11;
  executor.run_for(121min);
  EXPECT_EQ(zone, before);
  EXPECT_EQ(zone->serial(), 10U);
  EXPECT_GE(secondary->status().rejected, 2U);
  EXPECT_THAT(secondary->status().failure, HasSubstr("we do not like it"));
  executor.run_for(25h);
  EXPECT_EQ(expired, 1) << "a primary that says nothing we believe confirms nothing";
}

TEST_F(Keeping, RejectedDifferencesLeadToTheWholeZone) {
  start();
  executor.run_for(1s);
  bad_difference = true;
  first_serial = 11;
  executor.run_for(121min);
  EXPECT_EQ(zone->serial(), 11U);
  EXPECT_EQ(secondary->status().rejected, 1U);
}

TEST_F(Keeping, TakesUpWhatWasKept) {
  first_is_dead = second_is_dead = true;
  secondary = std::make_unique<Secondary>(options, Secondary::Parts{dialer, executor, clock, random}, *this);
  EXPECT_FALSE(secondary->restore(zone_of("example.", {soa(10), kA}), clock.wall() - 86400, "file"));
  EXPECT_EQ(secondary->restore(zone_of("example.", {soa(10), kA}), clock.wall() - 80000, "file"), clock.wall() + 6400);
  EXPECT_EQ(secondary->status().source, "file");
  EXPECT_EQ(secondary->status().checked, clock.wall() - 80000);
  task = secondary->run();
  task.start();
  executor.run_for(6300s);
  EXPECT_EQ(expired, 0);
  executor.run_for(200s);
  EXPECT_EQ(expired, 1);
}

TEST_F(Keeping, TimersOfTheSoaAreBounded) {
  dialer.script = [](const SocketAddress&, const Request& request) {
    const std::string mad = "example. 60 IN SOA ns.example. admin.example. 10 0 0 0 0";
    if (request.type == Type::SOA) { return Act::send(message_of(request, {mad})); }
    return Act::send(message_of(request, {mad, kA, mad}));
  };
  start();
  executor.run_for(10min);
  EXPECT_LE(dialer.asked.size(), 12U);
  EXPECT_EQ(expired, 0);
}

}  // namespace
}  // namespace vouch
