#include "resolver/policy/discovery.h"

#include <gtest/gtest.h>

#include "resolver/policy/local_zones.h"

namespace vouch {
namespace {

SocketAddress at(const char* ip, std::uint16_t port) { return {IpAddress::parse(ip).value(), port}; }
std::vector<IpAddress> ips(std::initializer_list<const char*> texts) {
  std::vector<IpAddress> all;
  for (const char* text : texts) { all.push_back(IpAddress::parse(text).value()); }
  return all;
}

LocalZones zones_with(const DiscoveryOptions& discovery, const LocalDataOptions& local = {}) {
  auto zones = LocalZones::build(local, &discovery);
  EXPECT_TRUE(zones) << zones.error();
  return std::move(*zones);
}

// The records with single blanks between their fields; "NODATA zone", "NXDOMAIN zone", "not ours".
std::string look(const LocalZones& zones, std::string_view name, Type type) {
  const auto found = zones.find(Name::of(name), type);
  if (!found) { return "not ours"; }
  if (!found->answer) {
    return (found->rcode == Rcode::name_error ? "NXDOMAIN " : "NODATA ") + found->authority->owner().text();
  }
  std::string text = rrset_text(*found->answer);
  while (!text.empty() && text.back() == '\n') { text.pop_back(); }
  for (char& c : text) { c = c == '\t' ? ' ' : c; }
  return text;
}

// RESINFO is unknown to Debian 12's ldns: the strings themselves.
std::string information(const LocalZones& zones, std::string_view name) {
  const auto found = zones.find(Name::of(name), Type::RESINFO);
  if (!found) { return "not ours"; }
  if (!found->answer) { return "no data"; }
  EXPECT_EQ(found->answer->count(), 1U) << "RFC 9606 section 3";
  EXPECT_TRUE(found->authoritative) << "clients drop it without AA (RFC 9606 section 3)";
  std::string out;
  for (Bytes left = found->answer->first_rdata(); !left.empty(); left = left.subspan(1U + left[0])) {
    out += (out.empty() ? "" : " ") + std::string(text_of(left.subspan(1, left[0])));
  }
  return out;
}

DiscoveryOptions all_four() {
  DiscoveryOptions options;
  options.name = Name::of("dns.example.net.");
  options.designations = {{DesignatedProtocol::doq, 853, ips({"192.0.2.1"})},
                          {DesignatedProtocol::dot, 853, ips({"192.0.2.1", "2001:db8::1"})},
                          {DesignatedProtocol::doh, 443, ips({"192.0.2.1"}), "/dns-query"},
                          {DesignatedProtocol::doh3, 443, ips({"192.0.2.1"}), "/dns-query"}};
  return options;
}

TEST(Discovery, ClientsLearnTheEncryptedWays) {
  const LocalZones zones = zones_with(all_four());
  EXPECT_EQ(look(zones, "_dns.resolver.arpa.", Type::SVCB),
            "_dns.resolver.arpa. 300 IN SVCB 1 dns.example.net. alpn=doq port=853 ipv4hint=192.0.2.1\n"
            "_dns.resolver.arpa. 300 IN SVCB 2 dns.example.net. alpn=dot port=853 ipv4hint=192.0.2.1 "
            "ipv6hint=2001:db8::1\n"
            "_dns.resolver.arpa. 300 IN SVCB 3 dns.example.net. alpn=h2,h3 port=443 ipv4hint=192.0.2.1 "
            "dohpath=/dns-query{?dns}");
}

TEST(Discovery, HttpOnTwoPortsIsTwoServices) {
  DiscoveryOptions options = all_four();
  options.designations = {{DesignatedProtocol::doh, 443, {}, "/dns-query"},
                          {DesignatedProtocol::doh3, 8443, {}, "/dns-query"}};
  EXPECT_EQ(look(zones_with(options), "_dns.resolver.arpa.", Type::SVCB),
            "_dns.resolver.arpa. 300 IN SVCB 1 dns.example.net. alpn=h2 port=443 dohpath=/dns-query{?dns}\n"
            "_dns.resolver.arpa. 300 IN SVCB 2 dns.example.net. alpn=h3 port=8443 dohpath=/dns-query{?dns}");
}

TEST(Discovery, OtherNamesAndTypesThereHaveNothing) {
  const LocalZones zones = zones_with(all_four());
  for (const auto& [name, type] :
       {std::pair("_dns.resolver.arpa.", Type::A), std::pair("_dns.resolver.arpa.", Type::HTTPS),
        std::pair("resolver.arpa.", Type::SVCB), std::pair("x.resolver.arpa.", Type::A),
        std::pair("_853._dns.resolver.arpa.", Type::SVCB)}) {
    EXPECT_EQ(look(zones, name, type), "NODATA resolver.arpa.") << name;
  }
  const auto nothing = zones.find(Name::of("x.resolver.arpa."), Type::A);
  EXPECT_EQ(nothing->authority->ttl(), kDiscoveryTtl) << "what is switched on tomorrow must be found tomorrow";
  EXPECT_FALSE(nothing->authoritative);
}

TEST(Discovery, WithoutANameNothingIsDesignated) {
  DiscoveryOptions options = all_four();
  options.name = Name();
  EXPECT_EQ(look(zones_with(options), "_dns.resolver.arpa.", Type::SVCB), "NODATA resolver.arpa.");
  options = all_four();
  options.designations.clear();
  EXPECT_EQ(look(zones_with(options), "_dns.resolver.arpa.", Type::SVCB), "NODATA resolver.arpa.");
}

TEST(Discovery, HintsAreAddressesThatTheClientCanReach) {
  const auto hints = [](std::initializer_list<const char*> listening) {
    DiscoveryOptions options;
    options.name = Name::of("dns.example.net.");
    options.designations = {{DesignatedProtocol::dot, 853, ips(listening)}};
    const std::string text = look(zones_with(options), "_dns.resolver.arpa.", Type::SVCB);
    const std::size_t from = text.find("port=853") + 8;
    return text.substr(from);
  };
  EXPECT_EQ(hints({"0.0.0.0", "::"}), "");
  EXPECT_EQ(hints({"0.0.0.0", "::1"}), "") << "half of them would lead only this machine's clients anywhere";
  EXPECT_EQ(hints({"127.0.0.1", "192.168.1.1"}), " ipv4hint=192.168.1.1");
  EXPECT_EQ(hints({"127.0.0.1", "::1"}), " ipv4hint=127.0.0.1 ipv6hint=::1");
}

TEST(Discovery, ListenersOfOnePortAreOneDesignation) {
  const SocketAddress listeners[] = {at("192.0.2.1", 853), at("192.0.2.1", 8853), at("2001:db8::1", 853)};
  const auto found = designations_of(DesignatedProtocol::dot, listeners);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].port, 853);
  EXPECT_EQ(found[0].addresses, ips({"192.0.2.1", "2001:db8::1"}));
  EXPECT_EQ(found[1].port, 8853);
  EXPECT_EQ(found[1].addresses, ips({"192.0.2.1"}));
}

TEST(Discovery, TheResolverTellsWhatItDoes) {
  DiscoveryOptions options = all_four();
  options.errors = {Ede::filtered, Ede::blocked, Ede::stale_answer, Ede::censored, Ede::blocked};
  options.info_url = "https://dns.example.net/about";
  const LocalZones zones = zones_with(options);
  const std::string said = "qnamemin exterr=3,15-17 infourl=https://dns.example.net/about";
  EXPECT_EQ(information(zones, "resolver.arpa."), said);
  EXPECT_EQ(information(zones, "dns.example.net."), said);
  EXPECT_EQ(information(zones, "DNS.Example.Net."), said);
}

TEST(Discovery, WhatItDoesNotDoItDoesNotTell) {
  DiscoveryOptions options;
  options.qname_minimisation = false;
  options.errors.clear();
  EXPECT_EQ(information(zones_with(options), "resolver.arpa."), "") << "one record all the same";
  EXPECT_EQ(information(zones_with({}), "resolver.arpa."), "qnamemin exterr=0-3,5-14,18-20,22-23,25,27,29-30,33");
}

TEST(Discovery, OfTheResolversNameOnlyThatIsOurs) {
  const LocalZones zones = zones_with(all_four());
  for (const Type type : {Type::A, Type::AAAA, Type::SVCB, Type::DS, Type::ANY}) {
    EXPECT_EQ(look(zones, "dns.example.net.", type), "not ours") << type_text(type);
  }
  EXPECT_EQ(look(zones, "example.net.", Type::RESINFO), "not ours");
  EXPECT_EQ(look(zones, "x.dns.example.net.", Type::RESINFO), "not ours");
}

TEST(Discovery, ANameThatIsLocalDataStaysSo) {
  LocalDataOptions local;
  local.records = {"dns.example.net. 60 IN A 192.0.2.1"};
  const LocalZones zones = zones_with(all_four(), local);
  EXPECT_EQ(look(zones, "dns.example.net.", Type::A), "dns.example.net. 60 IN A 192.0.2.1");
  EXPECT_EQ(look(zones, "dns.example.net.", Type::AAAA), "NODATA dns.example.net.");
  EXPECT_NE(information(zones, "dns.example.net."), "no data");
}

TEST(Discovery, TheOperatorsOwnRecordsComeFirst) {
  LocalDataOptions local;
  local.records = {"_dns.resolver.arpa. 60 IN SVCB 1 other.example. alpn=dot"};
  EXPECT_EQ(look(zones_with(all_four(), local), "_dns.resolver.arpa.", Type::SVCB),
            "_dns.resolver.arpa. 60 IN SVCB 1 other.example. alpn=dot");
}

TEST(Discovery, ResolverArpaIsNeverForwardedUnlessTheOperatorSaysSo) {
  LocalDataOptions without;
  without.special_use_zones = false;
  EXPECT_NE(look(zones_with(all_four(), without), "_dns.resolver.arpa.", Type::SVCB), "not ours");
  EXPECT_EQ(look(zones_with(all_four(), without), "localhost.", Type::A), "not ours");
  LocalDataOptions spared;
  spared.not_special = {Name::of("resolver.arpa.")};
  EXPECT_EQ(look(zones_with(all_four(), spared), "_dns.resolver.arpa.", Type::SVCB), "not ours");
  EXPECT_EQ(information(zones_with(all_four(), spared), "resolver.arpa."), "not ours");
}

// The resolver's name lies in a private zone that its owner serves elsewhere.
TEST(Discovery, ANameAtTheTopOfASparedZoneLeavesTheZoneSpared) {
  LocalDataOptions local;
  local.not_special = {Name::of("lab.home.arpa.")};
  DiscoveryOptions options = all_four();
  options.name = Name::of("lab.home.arpa.");
  const LocalZones zones = zones_with(options, local);
  EXPECT_NE(information(zones, "lab.home.arpa."), "not ours");
  EXPECT_EQ(look(zones, "lab.home.arpa.", Type::A), "not ours");
  EXPECT_EQ(look(zones, "www.lab.home.arpa.", Type::A), "not ours");
  EXPECT_EQ(look(zones, "a.www.lab.home.arpa.", Type::RESINFO), "not ours");
  EXPECT_EQ(look(zones, "www.home.arpa.", Type::A), "NXDOMAIN home.arpa.");

  local.records = {"lab.home.arpa. 60 IN A 192.168.7.1"};
  const LocalZones both = zones_with(options, local);
  EXPECT_NE(information(both, "lab.home.arpa."), "not ours");
  EXPECT_EQ(look(both, "lab.home.arpa.", Type::A), "lab.home.arpa. 60 IN A 192.168.7.1");
  EXPECT_EQ(look(both, "www.lab.home.arpa.", Type::A), "not ours");
}

TEST(Discovery, WhatFitsIntoNoRecordIsAnError) {
  DiscoveryOptions options = all_four();
  options.info_url = "https://" + std::string(DiscoveryOptions::kMaxInfoUrl - 8, 'u');
  EXPECT_TRUE(LocalZones::build({}, &options));
  options.info_url += "u";
  const auto zones = LocalZones::build({}, &options);
  ASSERT_FALSE(zones);
  EXPECT_NE(zones.error().find("247 octets"), std::string::npos) << zones.error();
}

}  // namespace
}  // namespace vouch
