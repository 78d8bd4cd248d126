// Policy zones as a process keeps them: read from files and again when those change, and kept from a primary.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "resolver/daemon/rpz_transfers.h"
#include "tests/scenarios/simulation.h"
#include "tests/unit/daemon/files_kit.h"
#include "tests/unit/zones/scripted_primary.h"

namespace vouch {
namespace {

using namespace daemon_testing;
using namespace zones_testing;
using simulation::SeededRandom;
using simulation::VirtualClock;
using simulation::VirtualExecutor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kHead = "$TTL 300\n@ SOA ns.feed. host.feed. 1 7200 900 86400 60\n";

PolicyAction said(const RpzStore::Sources& sources, std::string_view name) {
  const HashedName hashed(Name::of(name));
  for (const auto& source : sources) {
    if (const auto ruling = source->at_query_name(hashed)) { return ruling->action; }
  }
  return PolicyAction::refuse;  // no policy zone says that
}

const RpzZone& zone_of(const RpzStore::Sources& sources) {
  return dynamic_cast<const RpzSource&>(*sources.at(0)).zone();
}

class RpzStoreTest : public ::testing::Test {
 protected:
  RpzZoneOptions file_zone(const std::string& name, const std::string& path) {
    RpzZoneOptions zone;
    zone.zone = Name::of(name);
    zone.file = path;
    return zone;
  }
  Folder folder;
  VirtualClock clock;
  RpzStore store{clock};
};

TEST_F(RpzStoreTest, ReadsFilesInTheOrderGiven) {
  write(folder / "a", kHead + "x.test CNAME .\n");
  write(folder / "b", kHead + "x.test CNAME *.\ny.test CNAME *.\n");
  const std::vector<RpzZoneOptions> zones = {file_zone("a.feed.", folder / "a"), file_zone("b.feed.", folder / "b")};
  const auto read = store.read_all(zones);
  ASSERT_TRUE(read.has_value()) << read.error();
  const auto sources = store.sources(zones);
  ASSERT_EQ(sources.size(), 2U);
  EXPECT_EQ(sources[0]->name(), "rpz:a.feed");
  EXPECT_EQ(said(sources, "x.test."), PolicyAction::name_error);
  EXPECT_EQ(said(sources, "y.test."), PolicyAction::no_data);
}

TEST_F(RpzStoreTest, AMistakeIsToldWithItsPlace) {
  write(folder / "a", kHead + "x.test CNAME\n");
  const auto broken = store.read_all({file_zone("a.feed.", folder / "a")});
  ASSERT_FALSE(broken.has_value());
  EXPECT_THAT(broken.error(), HasSubstr("policy.rpz: " + (folder / "a") + ":3: "));
  const auto missing = store.read_all({file_zone("a.feed.", folder / "nowhere")});
  ASSERT_FALSE(missing.has_value());
  EXPECT_THAT(missing.error(), HasSubstr("nowhere: No such file"));
}

TEST_F(RpzStoreTest, AChangedFileIsReadAgainOnceItRests) {
  const std::vector<RpzZoneOptions> zones = {file_zone("a.feed.", folder / "a")};
  write(folder / "a", kHead + "x.test CNAME .\n");
  ASSERT_TRUE(store.read_all(zones).has_value());
  EXPECT_FALSE(store.look_at_files(zones));
  write(folder / "a", kHead + "x.test CNAME rpz-drop.\n; another length\n");
  EXPECT_FALSE(store.look_at_files(zones));  // it may still be written
  EXPECT_TRUE(store.look_at_files(zones));
  EXPECT_FALSE(store.look_at_files(zones));
  EXPECT_EQ(said(store.sources(zones), "x.test."), PolicyAction::drop);
}

TEST_F(RpzStoreTest, ABrokenFileChangesNothingAndIsToldOnce) {
  const std::vector<RpzZoneOptions> zones = {file_zone("a.feed.", folder / "a")};
  write(folder / "a", kHead + "x.test CNAME .\n");
  ASSERT_TRUE(store.read_all(zones).has_value());
  write(folder / "a", kHead + "x.test CNAME\n");
  {
    Lines log;
    for (int i = 0; i < 4; ++i) { EXPECT_FALSE(store.look_at_files(zones)); }
    EXPECT_THAT(log.lines, ElementsAre(HasSubstr("a:3: ")));
  }
  EXPECT_EQ(said(store.sources(zones), "x.test."), PolicyAction::name_error);
  write(folder / "a", kHead + "x.test CNAME *.\n");
  store.look_at_files(zones);
  EXPECT_TRUE(store.look_at_files(zones));
  EXPECT_EQ(said(store.sources(zones), "x.test."), PolicyAction::no_data);
}

TEST_F(RpzStoreTest, WhatIsTheSameIsNotReadAgain) {
  const std::vector<RpzZoneOptions> zones = {file_zone("a.feed.", folder / "a")};
  write(folder / "a", kHead + "x.test CNAME .\n");
  ASSERT_TRUE(store.read_all(zones).has_value());
  const auto first = store.sources(zones);
  ASSERT_TRUE(store.read_all(zones).has_value());
  EXPECT_EQ(&zone_of(first), &zone_of(store.sources(zones)));
  store.keep_only({});
  EXPECT_TRUE(store.sources(zones).empty());
  ASSERT_TRUE(store.read_all(zones).has_value());
  EXPECT_NE(&zone_of(first), &zone_of(store.sources(zones)));
}

// ------------------------------------------------------------------------------------------------------ from primaries

std::string soa(std::uint32_t serial) {
  return "feed. 300 IN SOA ns.feed. host.feed. " + std::to_string(serial) + " 7200 900 86400 60";
}

class RpzTransfersTest : public ::testing::Test {
 protected:
  RpzTransfersTest() {
    RpzZoneOptions zone;
    zone.zone = Name::of("feed.");
    zone.primaries = {server("192.0.2.1")};
    zones = {zone};
    dialer.script = [this](const SocketAddress&, const Request& request) {
      if (is_dead) { return Act::dead(); }
      if (request.type == Type::SOA) { return Act::send(message_of(request, {soa(serial)})); }
      if (request.type == Type::IXFR && !difference.empty()) { return Act::send(message_of(request, difference)); }
      Records all = rules;
      all.insert(all.begin(), soa(serial));
      all.push_back(soa(serial));
      return Act::send(message_of(request, all));
    };
  }
  std::unique_ptr<RpzTransfers> begin() { return begin(folder.path()); }
  std::unique_ptr<RpzTransfers> begin(const std::string& state_directory) {
    auto begun = std::make_unique<RpzTransfers>(
        RpzTransfers::Parts{{dialer, executor, clock, random}, store, [this] { ++changes; }});
    begun->keep(zones, state_directory);
    return begun;
  }
  PolicyAction says(std::string_view name) { return said(store.sources(zones), name); }

  Folder folder;
  VirtualClock clock;
  VirtualExecutor executor{clock};
  SeededRandom random;
  ScriptedDialer dialer{executor, clock, {}};
  RpzStore store{clock};
  std::vector<RpzZoneOptions> zones;
  Records rules{"x.test.feed. 60 IN CNAME .", "y.test.feed. 60 IN A 192.0.2.7"};
  Records difference;
  std::uint32_t serial = 1;
  bool is_dead = false;
  int changes = 0;
};

TEST_F(RpzTransfersTest, RulesComeWholeAndThenByDifferences) {
  EXPECT_TRUE(store.sources(zones).empty());  // not yet here: no source, and no reason to stop
  const auto transfers = begin();
  executor.run_for(1s);
  EXPECT_EQ(changes, 1);
  EXPECT_EQ(says("x.test."), PolicyAction::name_error);
  EXPECT_EQ(says("y.test."), PolicyAction::local_data);
  EXPECT_EQ(zone_of(store.sources(zones)).rules(), 2U);

  serial = 2;
  difference = {soa(2), soa(1), "x.test.feed. 60 IN CNAME .", soa(2), "z.test.feed. 60 IN CNAME rpz-drop.", soa(2)};
  executor.run_for(121min);
  EXPECT_EQ(changes, 2);
  EXPECT_EQ(dialer.asked.back().type, Type::IXFR);
  EXPECT_EQ(says("x.test."), PolicyAction::refuse);
  EXPECT_EQ(says("y.test."), PolicyAction::local_data);
  EXPECT_EQ(says("z.test."), PolicyAction::drop);
  EXPECT_EQ(zone_of(store.sources(zones)).serial(), 2U);
}

TEST_F(RpzTransfersTest, AFailedTransferKeepsTheOldRulesUntilTheyExpire) {
  const auto transfers = begin();
  executor.run_for(1s);
  is_dead = true;
  executor.run_for(23h);
  EXPECT_EQ(says("x.test."), PolicyAction::name_error);
  executor.run_for(2h);
  EXPECT_EQ(says("x.test."), PolicyAction::refuse);
  EXPECT_EQ(changes, 2);
  EXPECT_TRUE(store.sources(zones).empty());
  is_dead = false;
  executor.run_for(2h);
  EXPECT_EQ(says("x.test."), PolicyAction::name_error);
}

TEST_F(RpzTransfersTest, ARestartBeginsWithWhatWasKept) {
  rules.push_back("\\032odd\\.label.test.feed. 60 IN CNAME .");
  rules.push_back("t.test.feed. 60 IN TXT \"a; b\" \"c\"");
  rules.push_back("32.1.2.0.192.rpz-ip.feed. 60 IN CNAME rpz-passthru.");
  begin().reset();  // ends before anything came
  begin();
  {
    const auto transfers = begin();
    executor.run_for(1s);
  }
  const std::string path = rpz_state_path(folder.path(), Name::of("FEED."));
  EXPECT_EQ(path, folder.path() + "/rpz-feed.zone");
  ASSERT_TRUE(std::filesystem::exists(path));
  // As if it had been written now, by the virtual clock.
  const timespec times[2] = {{clock.wall(), 0}, {clock.wall(), 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);

  RpzStore another(clock);
  is_dead = true;
  RpzTransfers restarted({{dialer, executor, clock, random}, another, [] {}});
  restarted.keep(zones, folder.path());
  const auto sources = another.sources(zones);  // at once, without the network
  EXPECT_EQ(said(sources, "x.test."), PolicyAction::name_error);
  EXPECT_EQ(said(sources, "\\032odd\\.label.test."), PolicyAction::name_error);
  EXPECT_EQ(said(sources, "t.test."), PolicyAction::local_data);
  EXPECT_EQ(zone_of(sources).rules(), zone_of(store.sources(zones)).rules());
}

TEST_F(RpzTransfersTest, WhatHasExpiredSinceIsNotBegunWith) {
  {
    const auto transfers = begin();
    executor.run_for(1s);
  }
  const std::string path = rpz_state_path(folder.path(), Name::of("feed."));
  const timespec times[2] = {{clock.wall() - 90000, 0}, {clock.wall() - 90000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  RpzStore another(clock);
  RpzTransfers restarted({{dialer, executor, clock, random}, another, [] {}});
  restarted.keep(zones, folder.path());
  EXPECT_TRUE(another.sources(zones).empty());
}

TEST_F(RpzTransfersTest, ADamagedStateIsToldAndNotUsed) {
  write(rpz_state_path(folder.path(), Name::of("feed.")), "feed. 300 IN SOA ns.feed. host.feed. 1 7200 900 864");
  const auto transfers = begin();
  EXPECT_TRUE(store.sources(zones).empty());
  executor.run_for(1s);
  EXPECT_EQ(says("x.test."), PolicyAction::name_error);
}

// Not even at the end of a line, where what is left is a zone with fewer rules.
TEST_F(RpzTransfersTest, AStateThatWasCutOrChangedAnywhereIsNotBelieved) {
  {
    const auto transfers = begin();
    executor.run_for(1s);
  }
  const std::string path = rpz_state_path(folder.path(), Name::of("feed."));
  std::ifstream file(path);
  const std::string whole(std::istreambuf_iterator<char>(file), {});
  ASSERT_GT(whole.size(), 100U);
  const auto restored = [&](const std::string& text) {
    write(path, text);
    const timespec times[2] = {{clock.wall(), 0}, {clock.wall(), 0}};
    EXPECT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
    RpzStore another(clock);
    RpzTransfers restarted({{dialer, executor, clock, random}, another, [] {}});
    restarted.keep(zones, folder.path());
    const auto sources = another.sources(zones);
    return sources.empty() ? std::string("nothing") : std::to_string(zone_of(sources).rules());
  };
  is_dead = true;
  const std::string all = restored(whole);
  ASSERT_NE(all, "nothing");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    ASSERT_EQ(restored(whole.substr(0, length)), "nothing") << length;
  }
  for (std::size_t bit = 0; bit < 8 * whole.size(); bit += 3) {
    std::string changed = whole;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    const std::string found = restored(changed);  // "IN" may as well be "iN"
    ASSERT_TRUE(found == "nothing" || found == all) << bit << ": " << found;
  }
}

TEST_F(RpzTransfersTest, WhatIsToldInTheSameWordsGoesOn) {
  const auto transfers = begin();
  executor.run_for(1s);
  const std::size_t asked = dialer.asked.size();
  transfers->keep(zones, folder.path());
  executor.run_for(1s);
  EXPECT_EQ(dialer.asked.size(), asked);
  transfers->keep({}, folder.path());
  executor.run_for(300min);
  EXPECT_EQ(dialer.asked.size(), asked);
}

// What is said of the rules is not what the transfer depends on: it goes on as it is, and so does its expiry.
TEST_F(RpzTransfersTest, OtherWordsAboutTheRulesLeaveTheTransferAlone) {
  auto transfers = begin("");
  executor.run_for(1s);
  const std::size_t asked = dialer.asked.size();
  zones[0].log = true;
  zones[0].max_ttl = 5;
  zones[0].action = RpzOverride::nodata;
  transfers->keep(zones, "");
  executor.run_for(1s);
  EXPECT_EQ(dialer.asked.size(), asked);
  EXPECT_EQ(says("x.test."), PolicyAction::no_data);
  is_dead = true;
  executor.run_for(25h);
  EXPECT_EQ(says("x.test."), PolicyAction::refuse) << "nobody has confirmed it for a day";
}

TEST_F(RpzTransfersTest, OtherPrimariesBeginAnewAndWithoutTheOldRules) {
  auto transfers = begin("");
  executor.run_for(1s);
  ASSERT_EQ(says("x.test."), PolicyAction::name_error);
  is_dead = true;
  zones[0].primaries = {server("192.0.2.2")};
  transfers->keep(zones, "");
  EXPECT_EQ(changes, 2);
  EXPECT_EQ(says("x.test."), PolicyAction::refuse) << "rules that nobody keeps would hold for ever";
  is_dead = false;
  executor.run_for(1min);
  EXPECT_EQ(says("x.test."), PolicyAction::name_error);
}

TEST_F(RpzTransfersTest, WhatComesFromPrimariesNowIsNotWhatAFileSaid) {
  write(folder / "a", kHead + "x.test CNAME rpz-drop.\n");
  RpzZoneOptions before = zones[0];
  before.primaries.clear();
  before.file = folder / "a";
  ASSERT_TRUE(store.read_all({before}).has_value());
  ASSERT_EQ(says("x.test."), PolicyAction::drop);
  is_dead = true;
  const auto transfers = begin();
  EXPECT_EQ(says("x.test."), PolicyAction::refuse);
}

// The kept zone is what the next difference is applied to: the rules must be the same zone's.
TEST_F(RpzTransfersTest, WhatIsRestoredTakesThePlaceOfWhatIsThere) {
  {
    const auto transfers = begin();
    executor.run_for(1s);
  }
  const std::string path = rpz_state_path(folder.path(), Name::of("feed."));
  const timespec times[2] = {{clock.wall(), 0}, {clock.wall(), 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  write(folder / "a", kHead + "x.test CNAME rpz-drop.\n");
  RpzZoneOptions before = zones[0];
  before.primaries.clear();
  before.file = folder / "a";
  ASSERT_TRUE(store.read_all({before}).has_value());
  is_dead = true;
  const auto transfers = begin();
  EXPECT_EQ(says("x.test."), PolicyAction::name_error);
}

TEST(RpzStatePath, HoldsNoSlash) { EXPECT_EQ(rpz_state_path("/x", Name::of("a/b.Feed.")), "/x/rpz-a%2fb.feed.zone"); }

}  // namespace
}  // namespace vouch
