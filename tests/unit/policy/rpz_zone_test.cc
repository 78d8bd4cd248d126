#include "resolver/policy/rpz/zone.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/unit/policy/rpz_kit.h"

namespace vouch {
namespace {

IpAddress address(std::string_view text) { return *IpAddress::parse(text); }

std::string by_name(const RpzZone& zone, std::string_view name) {
  const HashedName hashed(Name::of(name));
  const auto hit = zone.find_name(hashed);
  return hit ? hit->text() + " " + std::string(rpz_action_id(hit->action)) : "none";
}

std::string by_address(const RpzZone& zone, RpzTrigger trigger, std::vector<std::string_view> texts) {
  std::vector<IpAddress> addresses;
  for (const std::string_view text : texts) { addresses.push_back(address(text)); }
  const auto hit = zone.find_addresses(trigger, addresses);
  return hit ? hit->text() + " " + std::string(rpz_action_id(hit->action)) : "none";
}

std::string by_servers(const RpzZone& zone, std::vector<Name> names) {
  std::vector<NameView> views(names.begin(), names.end());
  const auto hit = zone.find_servers(views);
  return hit ? hit->text() + " " + std::string(rpz_action_id(hit->action)) : "none";
}

// ------------------------------------------------------------------------------------------------------------ triggers

struct OwnerCase {
  const char* owner;
  const char* read;  // trigger and what it is about, or the fault
};

std::string read_owner(std::string_view text) {
  const auto read = read_rpz_owner(Name::of(text), Name::of("rpz.test."));
  if (!read) {
    switch (read.error()) {
      case RpzOwnerFault::apex:
        return "apex";
      case RpzOwnerFault::out_of_zone:
        return "out of zone";
      case RpzOwnerFault::malformed:
        return "malformed";
      case RpzOwnerFault::unsupported:
        return "unsupported";
    }
  }
  const std::string what = read->is_name() ? (read->is_wildcard ? "*." : "") + read->name.text() : read->prefix.text();
  return std::string(rpz_trigger_id(read->trigger)) + " " + what;
}

TEST(RpzOwner, EachKindOfTriggerIsRead) {
  constexpr OwnerCase kCases[] = {
      {"bad.example.rpz.test.", "qname bad.example."},
      {"BAD.Example.RPZ.test.", "qname bad.example."},
      {"*.bad.example.rpz.test.", "qname *.bad.example."},
      {"*.rpz.test.", "qname *.."},
      {"a.*.example.rpz.test.", "qname a.*.example."},
      {"rpz-ip.example.rpz.test.", "qname rpz-ip.example."},
      {"32.1.2.0.192.rpz-ip.rpz.test.", "response_ip 192.0.2.1/32"},
      {"24.0.2.0.192.rpz-ip.rpz.test.", "response_ip 192.0.2.0/24"},
      {"1.0.0.0.128.rpz-ip.rpz.test.", "response_ip 128.0.0.0/1"},
      {"128.57.zz.1.0.db8.2001.rpz-nsip.rpz.test.", "nsip 2001:db8:0:1::57/128"},
      {"48.zz.db8.2001.rpz-client-ip.rpz.test.", "client_ip 2001:db8::/48"},
      {"128.1.zz.rpz-client-ip.rpz.test.", "client_ip ::1/128"},
      {"128.8.7.6.5.4.3.2.1.rpz-ip.rpz.test.", "response_ip 1:2:3:4:5:6:7:8/128"},
      {"128.zz.7.6.5.4.3.2.1.rpz-ip.rpz.test.", "response_ip 1:2:3:4:5:6:7:0/128"},
      {"ns.bad.example.rpz-nsdname.rpz.test.", "nsdname ns.bad.example."},
      {"*.bad.example.rpz-nsdname.rpz.test.", "nsdname *.bad.example."},
      {"rpz.test.", "apex"},
      {"bad.example.", "out of zone"},
      {"xrpz.test.", "out of zone"},
      // Addresses that are none.
      {"rpz-ip.rpz.test.", "malformed"},
      {"24.rpz-ip.rpz.test.", "malformed"},
      {"33.1.2.0.192.rpz-ip.rpz.test.", "malformed"},
      {"0.0.0.0.0.rpz-ip.rpz.test.", "malformed"},
      {"32.256.2.0.192.rpz-ip.rpz.test.", "malformed"},
      {"32.2.0.192.rpz-ip.rpz.test.", "malformed"},
      {"24.1.2.0.192.rpz-ip.rpz.test.", "malformed"},  // a bit beyond the prefix
      {"32.x.2.0.192.rpz-ip.rpz.test.", "malformed"},
      {"129.zz.1.rpz-ip.rpz.test.", "malformed"},
      {"128.zz.1.zz.2.rpz-ip.rpz.test.", "malformed"},
      {"128.zz.8.7.6.5.4.3.2.1.rpz-ip.rpz.test.", "malformed"},  // nothing is left for the zeros
      {"128.1.2.3.4.5.6.7.rpz-ip.rpz.test.", "malformed"},
      {"128.10000.zz.1.rpz-ip.rpz.test.", "malformed"},
      {"-1.1.2.0.192.rpz-ip.rpz.test.", "malformed"},
      {"rpz-nsdname.rpz.test.", "malformed"},
      {"bad.example.rpz-later.rpz.test.", "unsupported"},
  };
  for (const OwnerCase& one : kCases) { EXPECT_EQ(read_owner(one.owner), one.read) << one.owner; }
}

// ------------------------------------------------------------------------------------------------------------- actions

TEST(RpzZone, EachActionIsRead) {
  const RpzZonePtr zone = rpz_zone(
      "nx.test CNAME .\n"
      "nodata.test CNAME *.\n"
      "pass.test CNAME rpz-passthru.\n"
      "drop.test CNAME RPZ-Drop.\n"
      "tcp.test CNAME rpz-tcp-only.\n"
      "old.test CNAME old.test.\n"
      "*.oldwild.test CNAME *.oldwild.test.\n"
      "32.1.2.0.192.rpz-ip CNAME 32.1.2.0.192.rpz-ip.\n"
      "alias.test CNAME garden.test.\n"
      "wild.test CNAME *.garden.test.\n"
      "data.test 60 A 192.0.2.1\n"
      "data.test 30 A 192.0.2.2\n"
      "data.test TXT \"blocked here\"\n");
  ASSERT_TRUE(zone);
  EXPECT_EQ(by_name(*zone, "nx.test."), "nx.test. nxdomain");
  EXPECT_EQ(by_name(*zone, "NODATA.test."), "nodata.test. nodata");
  EXPECT_EQ(by_name(*zone, "pass.test."), "pass.test. passthru");
  EXPECT_EQ(by_name(*zone, "drop.test."), "drop.test. drop");
  EXPECT_EQ(by_name(*zone, "tcp.test."), "tcp.test. tcp_only");
  EXPECT_EQ(by_name(*zone, "old.test."), "old.test. passthru");
  EXPECT_EQ(by_name(*zone, "a.oldwild.test."), "*.oldwild.test. passthru");
  EXPECT_EQ(by_address(*zone, RpzTrigger::response_ip, {"192.0.2.1"}), "192.0.2.1/32 passthru");
  EXPECT_EQ(by_name(*zone, "alias.test."), "alias.test. data");

  const HashedName data(Name::of("data.test."));
  const auto hit = zone->find_name(data);
  ASSERT_TRUE(hit && hit->data != nullptr);
  ASSERT_EQ(hit->data->sets.size(), 2U);
  EXPECT_EQ(hit->data->sets[0]->type(), Type::A);
  EXPECT_EQ(hit->data->sets[0]->count(), 2);
  EXPECT_EQ(hit->data->sets[0]->ttl(), 30U);  // RFC 2181 section 5.2
  EXPECT_EQ(hit->data->sets[1]->type(), Type::TXT);
  EXPECT_EQ(zone->report().skipped(), 0U);
  EXPECT_EQ(zone->rules(), 11U);
  EXPECT_EQ(zone->serial(), 7U);
}

TEST(RpzZone, WhatCannotBeUnderstoodIsCountedAndToldWithItsLine) {
  const RpzZonePtr zone = rpz_zone(
      "good.test CNAME .\n"                            // line 4
      "33.1.2.0.192.rpz-ip CNAME .\n"                  // 5
      "elsewhere.example. CNAME .\n"                   // 6
      "x.rpz-later CNAME .\n"                          // 7
      "later.test CNAME rpz-later.\n"                  // 8
      "dname.test DNAME garden.test.\n"                // 9
      "good.test A 192.0.2.1\n"                        // 10
      "good.test CNAME *.\n"                           // 11
      "data.test A 192.0.2.1\n"                        // 12
      "data.test CNAME .\n"                            // 13
      "good.test CNAME .\n"                            // the same again: nothing to tell
      "good.test NSEC rpz.test. CNAME RRSIG NSEC\n");  // a signed zone's own
  ASSERT_TRUE(zone);
  const RpzReport& report = zone->report();
  EXPECT_EQ(report.malformed, 1U);
  EXPECT_EQ(report.out_of_zone, 1U);
  EXPECT_EQ(report.unsupported, 3U);
  EXPECT_EQ(report.conflicting, 3U);
  EXPECT_EQ(report.ignored, 2U);  // NS and NSEC
  std::vector<std::uint64_t> lines;
  for (const auto& problem : report.problems) { lines.push_back(problem.place); }
  EXPECT_THAT(lines, testing::ElementsAre(5, 6, 7, 8, 9, 10, 11, 13));
  EXPECT_THAT(report.problems[1].text, testing::HasSubstr("elsewhere.example.: the record is outside the zone"));
  EXPECT_EQ(by_name(*zone, "good.test."), "good.test. nxdomain");
  EXPECT_EQ(by_name(*zone, "elsewhere.example."), "none");
  EXPECT_EQ(zone->rules(), 2U);
}

TEST(RpzZone, ManyProblemsAreCountedButNotAllTold) {
  std::string rules;
  for (int i = 0; i < 100; ++i) { rules += "33.1.2.0." + std::to_string(i) + ".rpz-ip CNAME .\n"; }
  const RpzZonePtr zone = rpz_zone(rules);
  ASSERT_TRUE(zone);
  EXPECT_EQ(zone->report().malformed, 100U);
  EXPECT_EQ(zone->report().problems.size(), RpzReport::kMaxTold);
}

TEST(RpzZone, NamesOfMoreLabelsThanARuleMayHaveAreTold) {
  std::string deep;
  for (int i = 0; i < 33; ++i) { deep += "a."; }
  const RpzZonePtr zone = rpz_zone(deep + "test CNAME .\n*.test CNAME *.\n");
  ASSERT_TRUE(zone);
  EXPECT_EQ(zone->report().unsupported, 1U);
  EXPECT_EQ(by_name(*zone, deep + deep + "test."), "*.test. nodata");  // a name that long is below what is hashed of it
}

// ---------------------------------------------------------------------------------------------------------- precedence

TEST(RpzZone, ExactBeforeWildcardAndMostLabels) {
  const RpzZonePtr zone = rpz_zone(
      "*.example CNAME .\n"
      "*.b.example CNAME *.\n"
      "a.b.example CNAME rpz-passthru.\n"
      "b.example CNAME rpz-drop.\n"
      "*.deep.x.y.test CNAME .\n");
  ASSERT_TRUE(zone);
  EXPECT_EQ(by_name(*zone, "example."), "none");  // a wildcard is for what is below it
  EXPECT_EQ(by_name(*zone, "c.example."), "*.example. nxdomain");
  EXPECT_EQ(by_name(*zone, "b.example."), "b.example. drop");
  EXPECT_EQ(by_name(*zone, "c.b.example."), "*.b.example. nodata");
  EXPECT_EQ(by_name(*zone, "a.b.example."), "a.b.example. passthru");
  EXPECT_EQ(by_name(*zone, "z.a.b.example."), "*.b.example. nodata");
  EXPECT_EQ(by_name(*zone, "q.r.s.deep.x.y.test."), "*.deep.x.y.test. nxdomain");
  EXPECT_EQ(by_name(*zone, "other.test."), "none");
  EXPECT_EQ(by_name(*zone, "."), "none");
}

TEST(RpzZone, AWildcardOfAllCoversAllButTheRoot) {
  const RpzZonePtr zone = rpz_zone("* CNAME .\nok.test CNAME rpz-passthru.\n");
  ASSERT_TRUE(zone);
  EXPECT_EQ(by_name(*zone, "com."), "*. nxdomain");
  EXPECT_EQ(by_name(*zone, "ok.test."), "ok.test. passthru");
  EXPECT_EQ(by_name(*zone, "."), "none");
}

TEST(RpzZone, LongestPrefixThenSmallestAddress) {
  const RpzZonePtr zone = rpz_zone(
      "8.0.0.0.10.rpz-ip CNAME .\n"
      "16.0.0.1.10.rpz-ip CNAME *.\n"
      "32.1.0.1.10.rpz-ip CNAME rpz-passthru.\n"
      "32.9.0.0.10.rpz-ip CNAME rpz-drop.\n"
      "32.zz.db8.2001.rpz-ip CNAME .\n"
      "120.zz.db8.2001.rpz-ip CNAME *.\n"
      "128.1.zz.db8.2001.rpz-ip CNAME rpz-tcp-only.\n");
  ASSERT_TRUE(zone);
  const auto of = [&](std::vector<std::string_view> texts) {
    return by_address(*zone, RpzTrigger::response_ip, std::move(texts));
  };
  EXPECT_EQ(of({"10.2.3.4"}), "10.0.0.0/8 nxdomain");
  EXPECT_EQ(of({"10.1.3.4"}), "10.1.0.0/16 nodata");
  EXPECT_EQ(of({"10.1.0.1"}), "10.1.0.1/32 passthru");
  EXPECT_EQ(of({"11.1.0.1"}), "none");
  EXPECT_EQ(of({"2001:db8::99"}), "2001:db8::/120 nodata");
  EXPECT_EQ(of({"2001:db8:1::"}), "2001:db8::/32 nxdomain");
  // Several addresses: the longest prefix, whichever comes first.
  EXPECT_EQ(of({"10.2.3.4", "10.1.3.4"}), "10.1.0.0/16 nodata");
  EXPECT_EQ(of({"10.1.3.4", "10.2.3.4"}), "10.1.0.0/16 nodata");
  // Equally long: the smallest address. IPv4 lies in ::ffff:0:0/96, before 2001:db8::.
  EXPECT_EQ(of({"10.1.0.1", "10.0.0.9"}), "10.0.0.9/32 drop");
  EXPECT_EQ(of({"2001:db8::1", "10.1.0.1"}), "10.1.0.1/32 passthru");
  // /24 of IPv4 counts as /120: shorter than /128.
  EXPECT_EQ(of({"10.1.3.4", "2001:db8::1"}), "2001:db8::1/128 tcp_only");
  EXPECT_EQ(by_address(*zone, RpzTrigger::nsip, {"10.1.0.1"}), "none");
  EXPECT_EQ(by_address(*zone, RpzTrigger::client_ip, {"10.1.0.1"}), "none");
}

TEST(RpzZone, OfServersTheFirstInDnssecOrderCounts) {
  const RpzZonePtr zone = rpz_zone(
      "*.bad.example.rpz-nsdname CNAME .\n"
      "ns1.bad.example.rpz-nsdname CNAME *.\n"
      "ns.worse.example.rpz-nsdname CNAME rpz-drop.\n");
  ASSERT_TRUE(zone);
  EXPECT_EQ(by_servers(*zone, {Name::of("ns.good.example.")}), "none");
  EXPECT_EQ(by_servers(*zone, {Name::of("ns1.bad.example.")}), "ns1.bad.example. nodata");
  EXPECT_EQ(
      by_servers(*zone, {Name::of("ns.worse.example."), Name::of("ns2.bad.example."), Name::of("ns1.bad.example.")}),
      "ns1.bad.example. nodata");
  EXPECT_EQ(by_servers(*zone, {Name::of("ns.worse.example."), Name::of("a.bad.example.")}), "*.bad.example. nxdomain");
  EXPECT_EQ(by_name(*zone, "ns1.bad.example."), "none");  // no QNAME trigger
}

TEST(RpzZone, ManyNamesAreFoundAgain) {
  std::string rules;
  constexpr int kNames = 20000;
  for (int i = 0; i < kNames; ++i) {
    rules += "n" + std::to_string(i) + ".test CNAME .\n*.n" + std::to_string(i) + ".test CNAME garden.test.\n";
  }
  const RpzZonePtr zone = rpz_zone(rules);
  ASSERT_TRUE(zone);
  EXPECT_EQ(zone->rules(RpzTrigger::qname), 2U * kNames);
  for (int i = 0; i < kNames; ++i) {
    const std::string name = "n" + std::to_string(i) + ".test.";
    ASSERT_EQ(by_name(*zone, name), name + " nxdomain");
    ASSERT_EQ(by_name(*zone, "www." + name), "*." + name + " data");
    ASSERT_EQ(by_name(*zone, "x" + name), "none");
  }
  // One garden for all: records are kept once. 40 octets a name, and its two rules.
  EXPECT_LT(zone->memory(), std::size_t{kNames} * 50);
}

// Sets on the way to the last one are nobody's, and take no room.
TEST(RpzZone, AnOwnerOfManyRecordsTakesRoomForItsOneSet) {
  constexpr int kOwners = 20;
  std::string rules, one;
  for (int owner = 0; owner < kOwners; ++owner) {
    for (std::size_t i = 0; i < RRset::kMaxRecords; ++i) {
      rules += "n" + std::to_string(owner) + ".test A 10." + std::to_string(owner) + ".0." + std::to_string(i) + "\n";
    }
    one += "n" + std::to_string(owner) + ".test A 10." + std::to_string(owner) + ".0.0\n";
  }
  const RpzZonePtr zone = rpz_zone(rules), small = rpz_zone(one);
  ASSERT_TRUE(zone && small);
  EXPECT_EQ(zone->rules(), std::uint64_t{kOwners});
  const HashedName asked(Name::of("n7.test."));
  EXPECT_EQ(zone->find_name(asked)->data->sets.at(0)->count(), RRset::kMaxRecords);
  // An address and its length, and what an allocator may round up.
  constexpr std::size_t kRecordOctets = 8;
  EXPECT_LE(zone->memory(), small->memory() + kOwners * RRset::kMaxRecords * kRecordOctets);
}

// ---------------------------------------------------------------------------------------------------------------- text

TEST(RpzText, WhatIsNoFileIsRefusedAndKeepsNobodyWaiting) {
  std::string folder = testing::TempDir() + "/vouch-rpz-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string pipe = folder + "/pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string& path : {folder, pipe}) {
    const auto made = read_rpz_file(path, Name::of("rpz.test."));
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error(), path + ": it is no regular file");
  }
  std::filesystem::remove_all(folder);
}

TEST(RpzText, WhatIsNoRecordEndsItWithItsLine) {
  const auto made = read_rpz(std::string(kRpzHead) + "good.test CNAME .\nbad.test CNAME\n");
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().line, 5U);
}

TEST(RpzText, AZoneWithoutSoaIsNone) {
  const auto made = read_rpz("good.test CNAME .\n");
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().problem, "no SOA record at rpz.test.");
}

TEST(RpzText, DoesNotReadOtherFiles) {
  const auto made = read_rpz(std::string(kRpzHead) + "$INCLUDE /etc/hostname\n");
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().line, 4U);
  EXPECT_THAT(made.error().problem, testing::HasSubstr("$INCLUDE"));
}

TEST(RpzText, KnowsOriginCommentsParenthesesAndOmittedOwners) {
  const auto made = read_rpz(
      "; a feed\n$ORIGIN rpz.test.\n$TTL 1h\n"
      "@ IN SOA ns hostmaster (\n 1 ; serial\n 3600 600\n 86400 60 )\n"
      "\n"
      "a.test IN CNAME . ; comment\n"
      "b.test A 192.0.2.1\n       A 192.0.2.2\n"
      "$ORIGIN c.test.rpz.test.\n"
      "www CNAME *.\n"
      "33.1.2.0.192.rpz-ip.rpz.test. CNAME .\n");
  ASSERT_TRUE(made.has_value()) << made.error().line << ": " << made.error().problem;
  EXPECT_EQ(by_name(**made, "a.test."), "a.test. nxdomain");
  EXPECT_EQ(by_name(**made, "b.test."), "b.test. data");
  EXPECT_EQ(by_name(**made, "www.c.test."), "www.c.test. nodata");
  ASSERT_EQ((*made)->report().problems.size(), 1U);
  EXPECT_EQ((*made)->report().problems[0].place, 14U);
}

TEST(RpzText, AnotherClassIsNoPolicy) {
  const auto made = read_rpz(std::string(kRpzHead) + "a.test CH CNAME .\n");
  ASSERT_FALSE(made.has_value());
}

}  // namespace
}  // namespace vouch
