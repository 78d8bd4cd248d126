// A zone that broke its signatures, its negative trust anchor, and the day on which it is mended: what clients see.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resolver/base/log.h"
#include "resolver/explain/zone_health.h"
#include "tests/simulation/signed_internet.h"

namespace vouch::simulation {
namespace {

using dnssec_kit::kDay;
using dnssec_kit::kNow;
using dnssec_kit::signed_set;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

const Name kZone = Name::of("example.org.");

class Silence final : public LogSink {
 public:
  void write(LogLevel, std::string_view) noexcept override {}
};

// As the daemon's: by a resolver of its own.
class Prober final : public ZoneProber {
 public:
  explicit Prober(SignedInternet& net) : net_(net) {}
  Task<Health> probe(const Name& zone) override {
    World& world = net_.world();
    PrivateResolverParts parts{.resolver = world.options().resolver,
                               .dnssec = world.options().dnssec,
                               .anchors = world.anchors().current(),
                               .root_validated = world.trust().root_validated(),
                               .upstream = {std::shared_ptr<void>(), &world.upstream()},
                               .executor = world.executor(),
                               .clock = world.clock(),
                               .random = world.random()};
    auto health = co_await zone_health(std::move(parts), zone);
    co_return health;
  }
  void recovered(const Name& zone) override { mended += zone.text(); }
  std::string mended;

 private:
  SignedInternet& net_;
};

struct SwitchedOff : testing::Test {
  SignedInternet net;
  Silence silence;
  Prober prober{net};
  std::unique_ptr<NegativeAnchorKeeper> keeper;
  Task<void> running;

  SwitchedOff() {
    set_log_sink(&silence);
    net.add("org.", {"192.0.2.1"});
    net.add("example.org.", {"192.0.2.2"}).has("www.example.org. 3000 IN A 198.51.100.1");
    net.add("other.org.", {"192.0.2.3"}).has("alias.other.org. 3000 IN CNAME www.example.org.");
    net.tamper("example.org.", each(Type::ANY, [this](const RRset& set) {
                 return signed_set(set, net.zone("example.org.").key(), kZone, {.expiration = kNow - kDay});
               }));
  }
  ~SwitchedOff() override { set_log_sink(nullptr); }
  void start() {
    World& world = net.world();
    keeper =
        std::make_unique<NegativeAnchorKeeper>(NegativeAnchorParts{.anchors = world.anchors(),
                                                                   .forget =
                                                                       [&world](NameView zone) {
                                                                         world.caches().failures.remove_below(zone);
                                                                         world.caches().failures.remove_blamed_on(zone);
                                                                         world.caches().rrsets.remove_below(zone);
                                                                         world.caches().denials.remove_below(zone);
                                                                         world.trust().remove_below(zone);
                                                                       },
                                                                   .clock = world.clock(),
                                                                   .recheck_interval = [] { return 300U; }});
    running = keeper->run(world.executor(), world.random(), prober);
    running.start();
  }
};

TEST_F(SwitchedOff, AddingLetsNamesBeAnsweredAtOnceAndRemovingMakesValidationHoldAtOnce) {
  start();
  EXPECT_THAT(net.ask("www.example.org.", Type::A), HasSubstr("SERVFAIL EDE 7"));
  EXPECT_THAT(net.ask("alias.other.org.", Type::A), HasSubstr("SERVFAIL EDE 7"));
  ASSERT_TRUE(keeper->add(kZone, 7200, "moving", false));
  EXPECT_THAT(net.ask("www.example.org.", Type::A), AllOf(StartsWith("NOERROR"), HasSubstr("EDE 33")));
  EXPECT_THAT(net.ask("alias.other.org.", Type::A),
              AllOf(StartsWith("NOERROR"), HasSubstr("EDE 33")));  // from outside, too
  ASSERT_TRUE(keeper->remove(kZone));
  EXPECT_THAT(net.ask("www.example.org.", Type::A), HasSubstr("SERVFAIL EDE 7"));
  EXPECT_THAT(net.ask("alias.other.org.", Type::A), HasSubstr("SERVFAIL EDE 7"));
}

TEST_F(SwitchedOff, TheMendedZoneIsValidatedAgainByItself) {
  start();
  ASSERT_TRUE(keeper->add(kZone, 7200, "moving", false));
  net.pass(20min);
  EXPECT_THAT(net.ask("www.example.org.", Type::A), AllOf(StartsWith("NOERROR"), HasSubstr("EDE 33")));
  EXPECT_EQ(keeper->list().at(0).held, false);
  EXPECT_THAT(keeper->list().at(0).verdict, StartsWith("rrsig_expired zone=example.org."));
  net.untamper();
  net.pass(20min);
  EXPECT_EQ(prober.mended, "example.org.");
  EXPECT_TRUE(keeper->list().empty());
  EXPECT_EQ(net.ask("www.example.org.", Type::A), "NOERROR AD www.example.org. 3000 IN A 198.51.100.1");
}

TEST_F(SwitchedOff, AZoneThatGaveUpSigningIsMendedAsWell) {
  start();
  ASSERT_TRUE(keeper->add(kZone, 7200, "moving", false));
  net.untamper();
  net.zone("org.").delegates("example.org.", {"192.0.2.2"}, {});
  net.pass(20min);
  EXPECT_EQ(prober.mended, "example.org.");
}

// Half of it is mended: what is not there cannot be proven yet.
TEST_F(SwitchedOff, ItIsNotMendedWhileProofsFail) {
  start();
  ASSERT_TRUE(keeper->add(kZone, 7200, "moving", false));
  net.untamper();
  net.tamper("example.org.", drop(Type::NSEC));
  net.pass(30min);
  EXPECT_EQ(prober.mended, "");
  EXPECT_THAT(keeper->list().at(0).verdict, StartsWith("nsec_missing zone=example.org."));
}

TEST_F(SwitchedOff, NorWhileItsServersAreSilent) {
  start();
  ASSERT_TRUE(keeper->add(kZone, 7200, "moving", false));
  net.untamper();
  net.server("192.0.2.2").is_silent();
  net.pass(30min);
  EXPECT_EQ(prober.mended, "");
}

}  // namespace
}  // namespace vouch::simulation
