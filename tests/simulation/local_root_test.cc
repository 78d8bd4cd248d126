// A resolver with the root zone at home (RFC 8806): it answers as one that asks the root servers, and asks them
// nothing.
#include "resolver/iterate/local_root.h"

#include <gmock/gmock.h>

#include <sstream>

#include "tests/dnssec_kit/whole_zone.h"
#include "tests/simulation/signed_internet.h"

namespace vouch::simulation {
namespace {

using dnssec_kit::kDay;
using dnssec_kit::kNow;
using dnssec_kit::zone_with_digest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

void build(SignedInternet& net, bool with_digest = true) {
  net.add("org.", {"192.0.2.1"});
  net.add("example.org.", {"192.0.2.2", "192.0.2.3"}).has("www.example.org. 300 IN A 198.51.100.1");
  net.add("plain.", {"192.0.2.4"}, {.is_signed = false}).has("www.plain. 300 IN A 198.51.100.2");
  // A name of the root's own, an empty name above another, and a cut two labels down.
  net.zone(".").has("text.own. 300 IN TXT \"of the root\"");
  net.zone(".").delegates("deep.cut.", {"192.0.2.9"}, {});
  if (with_digest) { zone_with_digest(net.zone(".")); }
}

class LocalRootTest : public ::testing::Test {
 protected:
  LocalRootTest() { build(net); }
  void keep_root_at_home(UnixTime until = kNow + 7 * kDay, UnixTime signed_until = kNow + 15 * kDay) {
    auto copy = std::make_shared<const RootCopy>(dnssec_kit::whole_zone(net.zone(".")), signed_until);
    net.world().local_root().replace(std::move(copy), until);
  }
  // What the root's server has heard since the last call.
  std::vector<std::string> heard_by_root() {
    std::vector<std::string> heard;
    for (const Asked& asked : net.world().upstream().asked()) {
      if (asked.server.ip().text() != Internet::kRootAddress) { continue; }
      const auto view = MessageView::parse(asked.packet);
      heard.push_back(expand_name(asked.packet, view->question()->name).text() + " " +
                      type_text(view->question()->type));
    }
    net.world().upstream().forget();
    return heard;
  }
  SignedInternet net;
};

TEST_F(LocalRootTest, NothingIsAskedOfTheRoot) {
  keep_root_at_home();
  EXPECT_EQ(net.ask("www.example.org.", Type::A), "NOERROR AD www.example.org. 300 IN A 198.51.100.1");
  EXPECT_EQ(net.ask("www.plain.", Type::A), "NOERROR www.plain. 300 IN A 198.51.100.2");
  EXPECT_THAT(net.ask("no-such-tld.", Type::A), StartsWith("NXDOMAIN AD"));
  EXPECT_THAT(net.ask("www.nor-this-one.", Type::A), StartsWith("NXDOMAIN AD"));
  EXPECT_THAT(net.ask("org.", Type::DS), StartsWith("NOERROR AD org."));
  EXPECT_THAT(net.ask(".", Type::NS), HasSubstr("NOERROR AD . "));
  EXPECT_THAT(net.ask(".", Type::DNSKEY), HasSubstr("NOERROR AD . "));
  EXPECT_THAT(net.ask("text.own.", Type::TXT), HasSubstr("of the root"));
  EXPECT_THAT(heard_by_root(), IsEmpty());
}

TEST_F(LocalRootTest, NamesThatAreNotThereNeedNoNetworkAtAll) {
  keep_root_at_home();
  net.new_questions();
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(net.ask("host" + std::to_string(i) + ".local-" + std::to_string(i) + ".", Type::A),
                StartsWith("NXDOMAIN AD"));
  }
  EXPECT_EQ(net.new_questions(), 0U);
}

// ECDSA signs otherwise each time, and the digest is over signatures, too.
std::string but_signatures(const std::string& text) {
  std::istringstream lines(text);
  std::string line, kept;
  while (std::getline(lines, line)) {
    if (line.find(" RRSIG ") == std::string::npos && line.find(" ZONEMD ") == std::string::npos) {
      kept += line + '\n';
    }
  }
  return kept;
}

// The same questions to two resolvers, one of which asks the servers: clients must not see which.
TEST_F(LocalRootTest, AnswersAreThoseOfTheServers) {
  const char* const names[] = {".",
                               "org.",
                               "plain.",
                               "own.",
                               "text.own.",
                               "no.own.",
                               "cut.",
                               "deep.cut.",
                               "x.deep.cut.",
                               "aaa.",
                               "zzz.",
                               "a.b.c.zzz.",
                               "a.plain.",
                               "www.example.org.",
                               "net.",
                               "root-servers.net.",
                               "a.root-servers.net.",
                               "ns1.org.",
                               "*.",
                               "*.own."};
  const Type types[] = {Type::A, Type::NS, Type::SOA, Type::DS, Type::DNSKEY, Type::TXT, Type::NSEC, Type::ZONEMD};
  Asking asking = SignedInternet::usual();
  asking.dnssec_ok = true;
  for (const char* const name : names) {
    for (const Type type : types) {
      SignedInternet asked, at_home;
      build(asked);
      build(at_home);
      at_home.world().local_root().replace(
          std::make_shared<const RootCopy>(dnssec_kit::whole_zone(at_home.zone(".")), kNow + kDay), kNow + kDay);
      const ClientAnswer from_servers = asked.ask_for(name, type, asking);
      const ClientAnswer from_copy = at_home.ask_for(name, type, asking);
      const std::string what = std::string(name) + " " + type_text(type);
      EXPECT_EQ(from_copy.rcode(), from_servers.rcode()) << what;
      EXPECT_EQ(from_copy.message().ad, from_servers.message().ad) << what;
      EXPECT_EQ(but_signatures(from_copy.text()), but_signatures(from_servers.text())) << what;
      EXPECT_EQ(but_signatures(from_copy.authority_text()), but_signatures(from_servers.authority_text())) << what;
    }
  }
}

TEST_F(LocalRootTest, WhenItExpiresTheServersAreAskedAndNothingFails) {
  keep_root_at_home(kNow + 3600);
  EXPECT_THAT(net.ask("a.no-such-tld.", Type::A), StartsWith("NXDOMAIN AD"));
  EXPECT_THAT(heard_by_root(), IsEmpty());
  net.pass(std::chrono::hours(2));
  EXPECT_THAT(net.ask("b.another.", Type::A), StartsWith("NXDOMAIN AD"));
  EXPECT_EQ(net.ask("www.example.org.", Type::A), "NOERROR AD www.example.org. 300 IN A 198.51.100.1");
  EXPECT_FALSE(heard_by_root().empty());
}

TEST_F(LocalRootTest, ItIsNotUsedBeyondItsSignatures) {
  keep_root_at_home(kNow + 7 * kDay, kNow + 3600);
  net.pass(std::chrono::hours(2));
  EXPECT_THAT(net.ask("b.another.", Type::A), StartsWith("NXDOMAIN AD"));
  EXPECT_FALSE(heard_by_root().empty());
}

// Were a copy ever wrong (it is verified, but a zone may break), the validator hears the servers before it gives up.
TEST_F(LocalRootTest, WhatDoesNotValidateIsAskedOfTheServers) {
  SignedZone broken = net.zone(".");
  broken.style({.times = {.inception = kNow - 9 * kDay, .expiration = kNow - kDay}});
  auto copy = std::make_shared<const RootCopy>(dnssec_kit::whole_zone(broken), kNow + kDay);
  net.world().local_root().replace(std::move(copy), kNow + kDay);
  EXPECT_THAT(net.ask("no-such-tld.", Type::A), StartsWith("NXDOMAIN AD"));
  EXPECT_FALSE(heard_by_root().empty());
}

// Who keeps the trust anchors (RFC 5011) asks for the servers' word and rules nobody out.
TEST_F(LocalRootTest, WhoAsksPastTheCacheHearsTheServersThemselves) {
  keep_root_at_home();
  EXPECT_THAT(net.ask("no-such-tld.", Type::A), StartsWith("NXDOMAIN AD"));
  EXPECT_THAT(heard_by_root(), IsEmpty());
  Budget budget(net.world().clock().monotonic());
  std::optional<Answer> answer;
  const auto fetch = [&]() -> Task<void> {
    Answer came = co_await net.world().resolver().fetch_elsewhere({Name(), Type::DNSKEY}, {}, budget);
    answer.emplace(std::move(came));
  };
  Task<void> task = fetch();
  task.start();
  net.world().executor().run_until([&] { return answer.has_value(); }, std::chrono::seconds(10));
  ASSERT_TRUE(answer.has_value());
  EXPECT_FALSE(answer->answer.empty());
  EXPECT_THAT(heard_by_root(), ElementsAre(". DNSKEY"));
}

TEST_F(LocalRootTest, AStubOrForwarderForTheRootStaysInCharge) {
  SignedInternet other;
  build(other);
  other.options().resolver.stub_zones.push_back(
      {.zone = Name(), .servers = {SocketAddress(IpAddress::parse(Internet::kRootAddress).value(), 53)}});
  other.world().local_root().replace(
      std::make_shared<const RootCopy>(dnssec_kit::whole_zone(other.zone(".")), kNow + kDay), kNow + kDay);
  EXPECT_THAT(other.ask("no-such-tld.", Type::A), StartsWith("NXDOMAIN"));
  EXPECT_GT(other.new_questions(), 0U);
}

TEST_F(LocalRootTest, WithoutValidationItServesAsWell) {
  SignedInternet plain;
  build(plain);
  plain.dnssec().mode = DnssecMode::off;
  plain.world().local_root().replace(
      std::make_shared<const RootCopy>(dnssec_kit::whole_zone(plain.zone(".")), kNow + kDay), kNow + kDay);
  EXPECT_EQ(plain.ask("www.example.org.", Type::A), "NOERROR www.example.org. 300 IN A 198.51.100.1");
  EXPECT_THAT(plain.ask("no-such-tld.", Type::A), StartsWith("NXDOMAIN"));
}

}  // namespace
}  // namespace vouch::simulation
