// What policy's keys take, and what is told of what they do not.
#include <gtest/gtest.h>

#include "conf/document.h"
#include "conf/schema.h"
#include "tests/unit/conf/loading.h"

namespace vouch {
namespace {

TEST(PolicyKeys, AFamilysFileIsTakenAsItIsWritten) {
  const Loaded loaded = load(
      "policy:\n"
      "  lists:\n"
      "    - {name: ads, file: lists/ads.txt}\n"
      "    - {name: adults, file: /etc/adults.txt, format: hosts, action: null_address, reason: filtered, everyone: "
      "false}\n"
      "  allow: [shop.example]\n"
      "  rebinding_protection: true\n"
      "  dns64: {enabled: true, prefix: \"2001:db8:64::/96\"}\n"
      "  views:\n"
      "    - name: children\n"
      "      clients: [192.168.1.64/26, \"fd00::/64\"]\n"
      "      lists: [ads, adults]\n"
      "      block: [games.example]\n"
      "      dns64: false\n"
      "      local_zones: [{zone: portal.example, type: redirect}]\n"
      "      local_records: [\"portal.example. 60 IN A 10.0.0.1\"]\n"
      "    - {name: tv, clients: [192.168.1.20], lists: []}\n"
      "local_data:\n"
      "  reverse_records: true\n"
      "  zones: [{zone: ads.example, type: always_nxdomain}, {zone: corp.example}]\n");
  ASSERT_TRUE(loaded) << loaded.error().front().text();
  const PolicyOptions& policy = loaded->policy;
  ASSERT_EQ(policy.lists.size(), 2U);
  EXPECT_TRUE(policy.lists[0].file.ends_with("conf/lists/ads.txt"))
      << "beside the configuration: " << policy.lists[0].file;
  EXPECT_EQ(policy.lists[0].action, ListAction::nxdomain);
  EXPECT_EQ(policy.lists[1].format, ListFormat::hosts);
  EXPECT_EQ(policy.lists[1].action, ListAction::null_address);
  EXPECT_EQ(policy.lists[1].reason, ListReason::filtered);
  EXPECT_FALSE(policy.lists[1].everyone);
  EXPECT_EQ(policy.lists[1].file, "/etc/adults.txt");
  EXPECT_TRUE(policy.rebinding.enabled);
  EXPECT_EQ(policy.dns64.prefix, *Prefix::parse("2001:db8:64::/96"));
  ASSERT_EQ(policy.views.size(), 2U);
  EXPECT_EQ(policy.views[0].lists, (std::vector<std::string>{"ads", "adults"}));
  EXPECT_EQ(policy.views[0].dns64, false);
  EXPECT_FALSE(policy.views[0].rebinding_protection.has_value());
  EXPECT_EQ(policy.views[0].local_data.zones.at(0).type, LocalZoneType::redirect);
  ASSERT_TRUE(policy.views[1].lists.has_value()) << "an empty list of lists is not everyone's";
  EXPECT_TRUE(policy.views[1].lists->empty());
  EXPECT_EQ(loaded->local_data.zones.at(1).type, LocalZoneType::static_zone);

  const Loaded again = load(effective_document(*loaded));
  ASSERT_TRUE(again) << again.error().front().text();
  EXPECT_EQ(effective_document(*again), effective_document(*loaded));
}

TEST(PolicyKeys, MistakesAreToldWithTheirRemedy) {
  struct Row {
    std::string text;
    std::string_view problem;
  };
  std::string deep = "example";
  for (std::size_t labels = 1; labels <= kMaxListedLabels; ++labels) { deep = "a." + deep; }
  EXPECT_TRUE(load("policy: {block: [" + deep.substr(2) + "]}\n"));
  const Row rows[] = {
      {"policy: {lists: [{name: ads}]}", "`file` is missing"},
      {"policy: {lists: [{name: Ads!, file: x}]}", "is not a name of 1 to 64"},
      {"policy: {lists: [{name: a, file: x}, {name: a, file: y}]}", "list `a` is there twice"},
      {"policy: {lists: [{name: _other, file: x}]}", "list `_other` begins with an underscore"},
      {"policy: {allow: [" + deep + "]}", "has more than 32 labels"},
      {"policy: {block: [" + deep + "]}", "has more than 32 labels"},
      {"policy: {views: [{name: a, clients: [10.0.0.0/8], block: [" + deep + "]}]}", "has more than 32 labels"},
      {"policy: {lists: [ads.txt]}", "each item must be a map"},
      {"policy: {lists: [{name: a, file: x, action: block}]}", "nxdomain"},
      {"policy: {views: [{name: a, clients: []}]}", "has no clients"},
      {"policy: {views: [{name: a, clients: [10.0.0.0/8]}, {name: b, clients: [10.0.0.0/8]}]}",
       "in another view already"},
      {"policy: {views: [{name: a, clients: [10.0.0.0/8], lists: [nosuch]}]}", "names list `nosuch`"},
      {"policy: {dns64: {prefix: 2001:db8::/33}}", "has a length other than 32, 40, 48, 56, 64 or 96"},
      {"policy: {dns64: {prefix: 10.0.0.0/8}}", "is an IPv4 prefix"},
      {"local_data: {zones: [{zone: a.example, type: nosuch}]}", "static"},
      {"local_data: {zones: [{zone: a.example}, {zone: A.example}]}", "is there twice"},
      {"policy: {alow: [x]}", "allow"},
  };
  for (const Row& row : rows) {
    const auto told = complaints(row.text);
    ASSERT_FALSE(told.empty()) << row.text;
    EXPECT_TRUE(told.front().contains(row.problem)) << told.front();
  }
}

TEST(PolicyKeys, DefaultsOfItemsAreTheTrueOnes) {
  const PolicyListOptions list;
  for (const auto& key : policy_list_schema()) {
    if (!key.required) { EXPECT_EQ(key.show(key, list), key.standard) << key.path; }
  }
  const ViewOptions view;
  for (const auto& key : view_schema()) {
    if (!key.required) { EXPECT_EQ(key.show(key, view), key.standard) << key.path; }
  }
  const LocalZoneOptions zone;
  for (const auto& key : local_zone_schema()) {
    if (!key.required) { EXPECT_EQ(key.show(key, zone), key.standard) << key.path; }
  }
}

}  // namespace
}  // namespace vouch
