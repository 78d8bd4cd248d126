#include "resolver/policy/local_zones.h"

#include <gtest/gtest.h>

namespace vouch {
namespace {

LocalZones special_zones(std::vector<std::string> records = {}, std::vector<Name> not_special = {}) {
  auto zones = LocalZones::build({true, std::move(records), std::move(not_special)});
  EXPECT_TRUE(zones) << zones.error();
  return std::move(*zones);
}

// "NXDOMAIN home.arpa.", "NOERROR www. 300 IN A 192.0.2.1", "NODATA test.", "not ours".
std::string look(const LocalZones& zones, std::string_view name, Type type) {
  const auto found = zones.find(Name::of(name), type);
  if (!found) { return "not ours"; }
  if (found->answer) {
    std::string text = rrset_text(*found->answer);
    while (!text.empty() && text.back() == '\n') { text.pop_back(); }
    for (char& c : text) { c = c == '\t' ? ' ' : c; }
    return text;
  }
  EXPECT_TRUE(found->authority && found->authority->type() == Type::SOA) << "a negative answer has its SOA (RFC 2308)";
  return (found->rcode == Rcode::name_error ? "NXDOMAIN " : "NODATA ") + found->authority->owner().text();
}

TEST(LocalZones, SpecialNamesAreAnsweredHere) {
  const LocalZones zones = special_zones();
  struct Row {
    std::string_view name;
    Type type;
    std::string_view answer;
  };
  const Row rows[] = {
      {"localhost.", Type::A, "localhost. 10800 IN A 127.0.0.1"},
      {"localhost.", Type::AAAA, "localhost. 10800 IN AAAA ::1"},
      {"a.b.localhost.", Type::A, "a.b.localhost. 10800 IN A 127.0.0.1"},
      {"localhost.", Type::MX, "NODATA localhost."},
      {"invalid.", Type::A, "NODATA invalid."},
      {"www.invalid.", Type::A, "NXDOMAIN invalid."},
      {"www.test.", Type::AAAA, "NXDOMAIN test."},
      {"exampleexample.onion.", Type::A, "NXDOMAIN onion."},
      {"onion.", Type::DS, "NODATA onion."},  // nothing of it leaves, not even that
      {"printer.local.", Type::A, "NXDOMAIN local."},
      {"gnu.alt.", Type::A, "NXDOMAIN alt."},
      {"db.internal.", Type::A, "NXDOMAIN internal."},
      {"nas.home.arpa.", Type::A, "NXDOMAIN home.arpa."},
      {"HOME.arpa.", Type::DS, "not ours"},  // the parent's proof that it is unsigned (RFC 8375)
      {"nas.home.arpa.", Type::DS, "NXDOMAIN home.arpa."},
      {"_dns.resolver.arpa.", Type::SVCB, "NODATA resolver.arpa."},
      {"1.0.0.127.in-addr.arpa.", Type::PTR, "1.0.0.127.in-addr.arpa. 10800 IN PTR localhost."},
      {"0.0.127.in-addr.arpa.", Type::PTR, "NODATA 127.in-addr.arpa."},  // an empty non-terminal
      {"2.0.0.127.in-addr.arpa.", Type::PTR, "NXDOMAIN 127.in-addr.arpa."},
      {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.", Type::PTR,
       "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa. 10800 IN PTR localhost."},
      {"1.1.168.192.in-addr.arpa.", Type::PTR, "NXDOMAIN 168.192.in-addr.arpa."},
      {"1.1.31.172.in-addr.arpa.", Type::PTR, "NXDOMAIN 31.172.in-addr.arpa."},
      {"1.1.32.172.in-addr.arpa.", Type::PTR, "not ours"},
      {"1.1.64.100.in-addr.arpa.", Type::PTR, "NXDOMAIN 64.100.in-addr.arpa."},
      {"1.1.63.100.in-addr.arpa.", Type::PTR, "not ours"},
      {"1.1.127.100.in-addr.arpa.", Type::PTR, "NXDOMAIN 127.100.in-addr.arpa."},
      {"x.d.f.ip6.arpa.", Type::PTR, "NXDOMAIN d.f.ip6.arpa."},
      {"168.192.in-addr.arpa.", Type::NS, "168.192.in-addr.arpa. 10800 IN NS 168.192.in-addr.arpa."},
      {"www.example.com.", Type::A, "not ours"},
      {"localhost.example.com.", Type::A, "not ours"},
      {"local.example.", Type::A, "not ours"},
      {"arpa.", Type::NS, "not ours"},
      {"in-addr.arpa.", Type::NS, "not ours"},
      {".", Type::NS, "not ours"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(look(zones, row.name, row.type), row.answer) << row.name << type_text(row.type);
  }
}

TEST(LocalZones, AllPrivateReverseZonesOfTheRegistriesAreThere) {
  const LocalZones zones = special_zones();
  for (int second = 16; second <= 31; ++second) {
    EXPECT_NE(look(zones, "1.1." + std::to_string(second) + ".172.in-addr.arpa.", Type::PTR), "not ours") << second;
  }
  for (int second = 64; second <= 127; ++second) {
    EXPECT_NE(look(zones, "1.1." + std::to_string(second) + ".100.in-addr.arpa.", Type::PTR), "not ours") << second;
  }
  for (const auto zone :
       {"10.in-addr.arpa.", "0.in-addr.arpa.", "254.169.in-addr.arpa.", "2.0.192.in-addr.arpa.",
        "100.51.198.in-addr.arpa.", "113.0.203.in-addr.arpa.", "255.255.255.255.in-addr.arpa.", "8.e.f.ip6.arpa.",
        "9.e.f.ip6.arpa.", "a.e.f.ip6.arpa.", "b.e.f.ip6.arpa.", "8.b.d.0.1.0.0.2.ip6.arpa."}) {
    EXPECT_EQ(look(zones, std::string("x.") + zone, Type::PTR), std::string("NXDOMAIN ") + zone);
  }
}

TEST(LocalZones, TheNegativeAnswerIsThatOfRfc6303) {
  const auto found = special_zones().find(Name::of("nas.home.arpa."), Type::A);
  const SoaView soa = soa_view(found->authority->first_rdata());
  EXPECT_EQ(soa.primary.text(), "home.arpa.");
  EXPECT_EQ(soa.mailbox.text(), "nobody.invalid.");
  EXPECT_EQ(soa.minimum, 10800U);
}

TEST(LocalZones, WithoutSpecialUseEverythingIsResolved) {
  const auto zones = LocalZones::build({false, {}, {}});
  EXPECT_EQ(look(*zones, "localhost.", Type::A), "not ours");
  EXPECT_EQ(look(LocalZones(), "localhost.", Type::A), "not ours");
}

TEST(LocalZones, AHomesOwnReverseZoneIsResolvedAfterAll) {
  const LocalZones zones =
      special_zones({}, {Name::of("168.192.in-addr.arpa."), Name::of("7.10.in-addr.arpa."), Name::of("test.")});
  EXPECT_EQ(look(zones, "1.1.168.192.in-addr.arpa.", Type::PTR), "not ours");
  EXPECT_EQ(look(zones, "www.test.", Type::A), "not ours");
  EXPECT_EQ(look(zones, "1.2.7.10.in-addr.arpa.", Type::PTR), "not ours") << "a part of a special zone";
  EXPECT_EQ(look(zones, "1.2.8.10.in-addr.arpa.", Type::PTR), "NXDOMAIN 10.in-addr.arpa.");
}

TEST(LocalZones, ARecordAtTheTopOfASparedZoneLeavesTheZoneSpared) {
  const LocalZones zones = special_zones(
      {"lab.home.arpa. 60 IN A 192.168.7.1", "nas.lab.home.arpa. 60 IN A 192.168.7.2"}, {Name::of("lab.home.arpa.")});
  EXPECT_EQ(look(zones, "lab.home.arpa.", Type::A), "lab.home.arpa. 60 IN A 192.168.7.1");
  EXPECT_EQ(look(zones, "lab.home.arpa.", Type::AAAA), "NODATA lab.home.arpa.");
  EXPECT_EQ(look(zones, "nas.lab.home.arpa.", Type::A), "nas.lab.home.arpa. 60 IN A 192.168.7.2");
  EXPECT_EQ(look(zones, "tv.lab.home.arpa.", Type::A), "not ours");
  EXPECT_EQ(look(zones, "x.nas.lab.home.arpa.", Type::A), "not ours");
  EXPECT_EQ(look(zones, "tv.home.arpa.", Type::A), "NXDOMAIN home.arpa.");
}

TEST(LocalZones, SparingAnAncestorSparesWhatIsBelow) {
  const LocalZones zones = special_zones({}, {Name::of("in-addr.arpa.")});
  EXPECT_EQ(look(zones, "1.0.0.127.in-addr.arpa.", Type::PTR), "not ours");
  EXPECT_EQ(look(zones, "x.d.f.ip6.arpa.", Type::PTR), "NXDOMAIN d.f.ip6.arpa.");
}

TEST(LocalZones, TheOperatorsRecordsInASpecialZone) {
  const LocalZones zones =
      special_zones({"nas.home.arpa. 300 IN A 192.168.1.5", "NAS.home.arpa. 600 IN A 192.168.1.6",
                     "tv.living.home.arpa. IN AAAA fd00::7", "5.1.168.192.in-addr.arpa. PTR nas.home.arpa."});
  EXPECT_EQ(look(zones, "nas.home.arpa.", Type::A),
            "nas.home.arpa. 300 IN A 192.168.1.5\nnas.home.arpa. 300 IN A 192.168.1.6");
  EXPECT_EQ(look(zones, "nas.home.arpa.", Type::AAAA), "NODATA home.arpa.");
  EXPECT_EQ(look(zones, "living.home.arpa.", Type::A), "NODATA home.arpa.") << "an empty non-terminal";
  EXPECT_EQ(look(zones, "radio.home.arpa.", Type::A), "NXDOMAIN home.arpa.");
  EXPECT_EQ(look(zones, "5.1.168.192.in-addr.arpa.", Type::PTR),
            "5.1.168.192.in-addr.arpa. 3600 IN PTR nas.home.arpa.");
}

TEST(LocalZones, TheOperatorsRecordsInOrdinarySpace) {
  const LocalZones zones = special_zones({"intranet.example.com. 60 IN A 10.1.1.1", "example.org. 60 IN TXT \"ours\""});
  EXPECT_EQ(look(zones, "Intranet.Example.com.", Type::A), "intranet.example.com. 60 IN A 10.1.1.1");
  EXPECT_EQ(look(zones, "intranet.example.com.", Type::AAAA), "NODATA intranet.example.com.");
  EXPECT_EQ(look(zones, "www.intranet.example.com.", Type::A), "not ours") << "ours is the name alone";
  EXPECT_EQ(look(zones, "example.com.", Type::A), "not ours");
  EXPECT_EQ(look(zones, "www.example.org.", Type::A), "not ours");
}

TEST(LocalZones, TheOperatorsWordReplacesTheTable) {
  const LocalZones zones = special_zones({"1.0.0.127.in-addr.arpa. 60 IN PTR box.home.arpa."});
  EXPECT_EQ(look(zones, "1.0.0.127.in-addr.arpa.", Type::PTR), "1.0.0.127.in-addr.arpa. 60 IN PTR box.home.arpa.");
}

TEST(LocalZones, BadRecordsAreNamedInTheError) {
  struct Row {
    std::string record, complaint;
  };
  const Row rows[] = {
      {"nas.home.arpa. IN A 192.168.1.256", "not a record"},
      {"nonsense", "not a record"},
      {"a.home.arpa. IN CNAME b.home.arpa.", "CNAME records cannot be local"},
      {"a.home.arpa. IN NS b.home.arpa.", "NS records cannot be local"},
      {"*.home.arpa. IN A 192.168.1.1", "wildcard"},
  };
  for (const Row& row : rows) {
    const auto zones = LocalZones::build({true, {row.record}, {}});
    ASSERT_FALSE(zones) << row.record;
    EXPECT_NE(zones.error().find(row.complaint), std::string::npos) << zones.error();
    EXPECT_NE(zones.error().find(row.record), std::string::npos) << zones.error();
  }
}

LocalZones own_zones(LocalDataOptions options) {
  auto zones = LocalZones::build(options);
  EXPECT_TRUE(zones) << zones.error();
  return std::move(*zones);
}

TEST(OwnZones, EachTypeAnswersInItsWay) {
  using enum LocalZoneType;
  LocalDataOptions options;
  options.special_use_zones = false;
  options.records = {"www.static.example. 60 IN A 10.0.0.1", "deep.er.static.example. 60 IN A 10.0.0.2",
                     "redirect.example. 60 IN A 10.0.0.3",   "www.open.example. 60 IN A 10.0.0.4",
                     "www.refuse.example. 60 IN A 10.0.0.5", "www.deny.example. 60 IN A 10.0.0.6",
                     "www.gone.example. 60 IN A 10.0.0.7"};
  options.zones = {{Name::of("static.example."), static_zone},  {Name::of("redirect.example."), redirect},
                   {Name::of("open.example."), transparent},    {Name::of("refuse.example."), refuse},
                   {Name::of("deny.example."), deny},           {Name::of("gone.example."), always_nxdomain},
                   {Name::of("empty.example."), always_nodata}, {Name::of("null.example."), always_null}};
  const LocalZones zones = own_zones(options);
  struct Row {
    std::string_view name;
    Type type;
    std::string_view answer;
  };
  const Row rows[] = {
      {"www.static.example.", Type::A, "www.static.example. 60 IN A 10.0.0.1"},
      {"www.static.example.", Type::AAAA, "NODATA static.example."},
      {"static.example.", Type::A, "NODATA static.example."},
      {"er.static.example.", Type::A, "NODATA static.example."},
      {"other.static.example.", Type::A, "NXDOMAIN static.example."},
      {"redirect.example.", Type::A, "redirect.example. 60 IN A 10.0.0.3"},
      {"any.thing.redirect.example.", Type::A, "any.thing.redirect.example. 60 IN A 10.0.0.3"},
      {"any.redirect.example.", Type::AAAA, "NODATA redirect.example."},
      {"www.open.example.", Type::A, "www.open.example. 60 IN A 10.0.0.4"},
      {"www.open.example.", Type::AAAA, "NODATA open.example."},
      {"other.open.example.", Type::A, "not ours"},
      {"www.refuse.example.", Type::A, "www.refuse.example. 60 IN A 10.0.0.5"},
      {"www.deny.example.", Type::A, "www.deny.example. 60 IN A 10.0.0.6"},
      {"www.gone.example.", Type::A, "NXDOMAIN gone.example."},
      {"gone.example.", Type::A, "NXDOMAIN gone.example."},
      {"a.empty.example.", Type::A, "NODATA empty.example."},
      {"a.null.example.", Type::A, "a.null.example. 60 IN A 0.0.0.0"},
      {"a.null.example.", Type::AAAA, "a.null.example. 60 IN AAAA ::"},
      {"a.null.example.", Type::TXT, "NODATA null.example."},
  };
  for (const Row& row : rows) { EXPECT_EQ(look(zones, row.name, row.type), row.answer) << row.name; }
  const auto refused = zones.find(Name::of("x.refuse.example."), Type::A);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->rcode, Rcode::refused);
  EXPECT_EQ(refused->ede, Ede::blocked);
  const auto denied = zones.find(Name::of("x.deny.example."), Type::A);
  ASSERT_TRUE(denied);
  EXPECT_TRUE(denied->is_silence);
  EXPECT_EQ(zones.find(Name::of("x.redirect.example."), Type::A)->ede, Ede::forged_answer);
}

TEST(OwnZones, TakeThePlaceOfSpecialOnes) {
  LocalDataOptions options;
  options.records = {"nas.home.arpa. 60 IN A 10.0.0.1"};
  options.zones = {{Name::of("home.arpa."), LocalZoneType::transparent}};
  const LocalZones zones = own_zones(options);
  EXPECT_EQ(look(zones, "nas.home.arpa.", Type::A), "nas.home.arpa. 60 IN A 10.0.0.1");
  EXPECT_EQ(look(zones, "tv.home.arpa.", Type::A), "not ours");
  EXPECT_EQ(look(zones, "home.arpa.", Type::SOA), "not ours");
}

TEST(OwnZones, TheLongerZoneWins) {
  LocalDataOptions options;
  options.zones = {{Name::of("example."), LocalZoneType::always_nxdomain},
                   {Name::of("good.example."), LocalZoneType::transparent}};
  const LocalZones zones = own_zones(options);
  EXPECT_EQ(look(zones, "bad.example.", Type::A), "NXDOMAIN example.");
  EXPECT_EQ(look(zones, "www.good.example.", Type::A), "not ours");
}

TEST(OwnZones, TheRootIsNobodysOwn) {
  LocalDataOptions options;
  options.zones = {{Name(), LocalZoneType::refuse}};
  EXPECT_FALSE(LocalZones::build(options));
}

TEST(ReverseRecords, EachAddressHasItsWayBackUnlessOneIsWritten) {
  LocalDataOptions options;
  options.reverse_records = true;
  options.records = {"nas.home.arpa. 60 IN A 192.168.1.9", "alias.home.arpa. 60 IN A 192.168.1.9",
                     "tv.home.arpa. 60 IN A 192.168.1.10", "10.1.168.192.in-addr.arpa. 60 IN PTR screen.home.arpa.",
                     "nas.home.arpa. 60 IN AAAA fd00::9"};
  const LocalZones zones = own_zones(options);
  EXPECT_EQ(look(zones, "9.1.168.192.in-addr.arpa.", Type::PTR), "9.1.168.192.in-addr.arpa. 60 IN PTR nas.home.arpa.");
  EXPECT_EQ(look(zones, "10.1.168.192.in-addr.arpa.", Type::PTR),
            "10.1.168.192.in-addr.arpa. 60 IN PTR screen.home.arpa.");
  EXPECT_EQ(look(zones, "9.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa.", Type::PTR),
            "9.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa. 60 IN PTR nas.home.arpa.");
}

}  // namespace
}  // namespace vouch
