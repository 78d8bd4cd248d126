// Lists as a process keeps them: read from files, again when those change, and never again and again in vain.
#include "resolver/daemon/policy_lists.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "resolver/daemon/policy_of.h"
#include "tests/scenarios/simulation.h"
#include "tests/unit/daemon/files_kit.h"

namespace vouch {
namespace {

using namespace daemon_testing;
using simulation::VirtualClock;
using ::testing::HasSubstr;

class PolicyListsTest : public ::testing::Test {
 protected:
  PolicyListsTest() {
    PolicyListOptions list;
    list.name = "ads";
    list.file = folder / "ads.txt";
    configuration.policy.lists = {list};
  }
  static bool blocks(const Policy& policy, std::string_view name) {
    const HashedName hashed(Name::of(name));
    return policy.at_query_name(policy.views().front(), hashed).has_value();
  }
  // As the watch does: true, it has looked because something is another.
  bool look() {
    if (!lists.have_changed(configuration.policy)) { return false; }
    latest = lists.sources(configuration.policy);
    return true;
  }
  bool lists_name(std::string_view name) const {
    const HashedName hashed(Name::of(name));
    return latest.at(0).rules->at_query_name(hashed).has_value();
  }

  Folder folder;
  Lines log;
  PolicySources counters;
  PolicyLists lists{counters};
  Configuration configuration;
  std::vector<Policy::Source> latest;
};

TEST_F(PolicyListsTest, AListIsReadAgainWhenItHasChanged) {
  write(folder / "ads.txt", "one.example\n");
  EXPECT_TRUE(look());
  EXPECT_TRUE(lists_name("one.example."));
  EXPECT_FALSE(look());
  write(folder / "ads.txt", "another.example\n");
  EXPECT_TRUE(look());
  EXPECT_FALSE(lists_name("one.example."));
  EXPECT_TRUE(lists_name("another.example."));
}

TEST_F(PolicyListsTest, AListThatIsNotThereIsLookedForButNotBuiltAnewEachTime) {
  EXPECT_TRUE(look());
  EXPECT_FALSE(look());
  ASSERT_EQ(log.lines.size(), 1U);
  EXPECT_THAT(log.lines[0], HasSubstr("event=policy_list_unreadable list=ads"));
  write(folder / "ads.txt", "one.example\n");
  EXPECT_TRUE(look());
  EXPECT_TRUE(lists_name("one.example."));
}

// It may be large, or take long to fail: once is enough, until it is another file.
TEST_F(PolicyListsTest, AListThatCannotBeUsedIsTriedOnceAndKeepsWhatWas) {
  write(folder / "ads.txt", "one.example\n");
  ASSERT_TRUE(look());
  std::filesystem::remove(folder / "ads.txt");
  std::filesystem::create_directory(folder / "ads.txt");
  EXPECT_TRUE(look());
  EXPECT_THAT(log.lines.back(), HasSubstr("no regular file"));
  EXPECT_THAT(log.lines.back(), HasSubstr("what it was before"));
  EXPECT_TRUE(lists_name("one.example."));
  const std::size_t told = log.lines.size();
  EXPECT_FALSE(look());
  EXPECT_FALSE(look());
  EXPECT_EQ(log.lines.size(), told);
  std::filesystem::remove(folder / "ads.txt");
  write(folder / "ads.txt", "another.example\n");
  EXPECT_TRUE(look());
  EXPECT_TRUE(lists_name("another.example."));
}

TEST_F(PolicyListsTest, APipeInItsPlaceKeepsNobodyWaiting) {
  ASSERT_EQ(::mkfifo((folder / "ads.txt").c_str(), 0600), 0);
  EXPECT_TRUE(look());
  EXPECT_FALSE(look());
  EXPECT_THAT(log.lines.back(), HasSubstr("no regular file"));
}

// One feed's mistake is not everybody's: what else has changed takes effect.
TEST_F(PolicyListsTest, ABrokenPolicyZoneHoldsUpNoList) {
  VirtualClock clock;
  RpzStore zones(clock);
  const std::string head = "$TTL 300\n@ SOA ns.feed. host.feed. 1 7200 900 86400 60\n";
  write(folder / "feed", head + "bad.test CNAME .\n");
  write(folder / "ads.txt", "one.example\n");
  RpzZoneOptions zone;
  zone.zone = Name::of("feed.");
  zone.file = folder / "feed";
  configuration.rpz = {zone};
  ASSERT_TRUE(zones.read_all(configuration.rpz).has_value());
  ASSERT_TRUE(policy_of(configuration, lists, zones).has_value());

  write(folder / "feed", head + "bad.test CNAME\n");
  write(folder / "ads.txt", "another.example\n");
  const auto renewed = policy_of(configuration, lists, zones);
  ASSERT_TRUE(renewed.has_value()) << renewed.error();
  EXPECT_TRUE(blocks(**renewed, "another.example."));
  EXPECT_TRUE(blocks(**renewed, "bad.test.")) << "the rules read before stay in force";

  write(folder / "feed", head);  // half of it, as if somebody were writing
  EXPECT_TRUE(blocks(**policy_of(configuration, lists, zones), "bad.test."));
  const auto refused = zones.read_all(configuration.rpz);  // what a start and a reload do
  EXPECT_TRUE(refused.has_value());
  EXPECT_FALSE(blocks(**policy_of(configuration, lists, zones), "bad.test."));
}

TEST_F(PolicyListsTest, AListAndAPolicyZoneOfOneNameAreTwo) {
  VirtualClock clock;
  RpzStore zones(clock);
  write(folder / "feed", "$TTL 300\n@ SOA ns.feed. host.feed. 1 7200 900 86400 60\nbad.test CNAME .\n");
  write(folder / "ads.txt", "one.example\n");
  RpzZoneOptions zone;
  zone.zone = Name::of("ads.");
  zone.file = folder / "feed";
  configuration.rpz = {zone};
  ASSERT_TRUE(zones.read_all(configuration.rpz).has_value());
  const auto policy = policy_of(configuration, lists, zones);
  ASSERT_TRUE(policy.has_value());
  EXPECT_THAT(counters.names(), ::testing::ElementsAre("_configuration", "ads", "rpz:ads"));
  EXPECT_NE((*policy)->counter_of(0), (*policy)->counter_of(1));
}

}  // namespace
}  // namespace vouch
