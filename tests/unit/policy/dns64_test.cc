#include "resolver/policy/dns64.h"

#include <gtest/gtest.h>

#include "resolver/policy/reverse_names.h"

namespace vouch {
namespace {

std::string text_of(const RRsetPtr& set) {
  std::string text = rrset_text(*set);
  for (char& c : text) { c = c == '\t' ? ' ' : c; }
  return text;
}

Dns64 with_prefix(std::string_view prefix) {
  Dns64Options options;
  options.prefix = *Prefix::parse(prefix);
  return Dns64(options);
}

std::string embedded(std::string_view prefix, std::string_view ipv4) {
  return with_prefix(prefix).embed(*IpAddress::parse(ipv4)).text();
}

RRsetPtr set_of(std::string_view owner, Type type, std::initializer_list<const char*> addresses) {
  std::vector<IpAddress> parsed;
  std::vector<Bytes> rdata;
  for (const char* address : addresses) { parsed.push_back(*IpAddress::parse(address)); }
  for (const IpAddress& address : parsed) { rdata.push_back(address.octets()); }
  return RRset::make(Name::of(owner), type, 300, rdata);
}

// The table of RFC 6052 section 2.4.
TEST(Dns64, EveryPrefixLengthOfTheRfc) {
  const std::pair<const char*, const char*> kTable[] = {{"2001:db8::/32", "2001:db8:c000:221::"},
                                                        {"2001:db8:100::/40", "2001:db8:1c0:2:21::"},
                                                        {"2001:db8:122::/48", "2001:db8:122:c000:2:2100::"},
                                                        {"2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::"},
                                                        {"2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::"},
                                                        {"2001:db8:122:344::/96", "2001:db8:122:344::c000:221"},
                                                        {"64:ff9b::/96", "64:ff9b::c000:221"}};
  for (const auto& [prefix, ipv6] : kTable) {
    EXPECT_EQ(embedded(prefix, "192.0.2.33"), IpAddress::parse(ipv6)->text()) << prefix;
    EXPECT_EQ(with_prefix(prefix).extract(*IpAddress::parse(ipv6)), IpAddress::parse("192.0.2.33")) << prefix;
  }
}

TEST(Dns64, OtherPrefixesAreRefused) {
  for (const char* good : {"2001:db8::/32", "64:ff9b::/96", "64:ff9b:1::/48"}) {
    EXPECT_FALSE(translator_prefix_problem(*Prefix::parse(good))) << good;
  }
  for (const char* bad :
       {"2001:db8::/33", "2001:db8::/72", "2001:db8::/128", "10.0.0.0/8", "2001:db8::/0", "2001:db8:0:0:100::/96"}) {
    EXPECT_TRUE(translator_prefix_problem(*Prefix::parse(bad))) << bad;
  }
}

TEST(Dns64, WhatLiesElsewhereIsNotExtracted) {
  EXPECT_FALSE(with_prefix("64:ff9b::/96").extract(*IpAddress::parse("2001:db8::1")));
  EXPECT_FALSE(with_prefix("64:ff9b::/96").extract(*IpAddress::parse("192.0.2.1")));
  EXPECT_FALSE(with_prefix("2001:db8::/32").extract(*IpAddress::parse("2001:db8:c000:221:100::"))) << "bits 64 to 71";
}

TEST(Dns64, TheWellKnownPrefixStandsForNoPrivateAddress) {
  EXPECT_FALSE(with_prefix("64:ff9b::/96").is_translated(*IpAddress::parse("192.168.1.1")));
  EXPECT_TRUE(with_prefix("64:ff9b::/96").is_translated(*IpAddress::parse("192.0.2.1")));
  EXPECT_TRUE(with_prefix("64:ff9b:1::/48").is_translated(*IpAddress::parse("192.168.1.1")));
}

TEST(Dns64, SetsAreMadeOfWhatTheTranslatorReaches) {
  Dns64Options options;
  options.not_for = {*Prefix::parse("198.51.100.0/24")};
  const Dns64 dns64(options);
  const RRsetPtr made =
      dns64.synthesise(*set_of("www.example.", Type::A, {"192.0.2.1", "198.51.100.1", "192.0.2.2"}), 60);
  ASSERT_TRUE(made);
  EXPECT_EQ(text_of(made), "www.example. 60 IN AAAA 64:ff9b::c000:201\nwww.example. 60 IN AAAA 64:ff9b::c000:202\n");
  EXPECT_FALSE(dns64.synthesise(*set_of("www.example.", Type::A, {"198.51.100.1"}), 60));
}

TEST(Dns64, MappedAddressesCountAsNotThere) {
  const Dns64 dns64{Dns64Options()};
  const RRsetPtr mixed = set_of("www.example.", Type::AAAA, {"2001:db8::1", "::ffff:192.0.2.1"});
  const RRsetPtr left = dns64.without_excluded(mixed);
  ASSERT_TRUE(left);
  EXPECT_EQ(text_of(left), "www.example. 300 IN AAAA 2001:db8::1\n");
  EXPECT_FALSE(dns64.without_excluded(set_of("www.example.", Type::AAAA, {"::ffff:192.0.2.1"})));
  const RRsetPtr plain = set_of("www.example.", Type::AAAA, {"2001:db8::1"});
  EXPECT_EQ(dns64.without_excluded(plain), plain);
}

TEST(Dns64, HostsFindThePrefixByAKnownName) {
  const Dns64 dns64 = with_prefix("2001:db8:64::/96");
  const auto aaaa = dns64.find(Name::of("IPv4only.arpa."), Type::AAAA);
  ASSERT_TRUE(aaaa && aaaa->answer);
  EXPECT_EQ(text_of(aaaa->answer),
            "ipv4only.arpa. 3600 IN AAAA 2001:db8:64::c000:aa\nipv4only.arpa. 3600 IN AAAA 2001:db8:64::c000:ab\n");
  const auto a = dns64.find(Name::of("ipv4only.arpa."), Type::A);
  ASSERT_TRUE(a && a->answer);
  EXPECT_EQ(a->answer->count(), 2U);
  const auto other = dns64.find(Name::of("ipv4only.arpa."), Type::TXT);
  ASSERT_TRUE(other);
  EXPECT_FALSE(other->answer);
  EXPECT_TRUE(other->authority);
  EXPECT_FALSE(dns64.find(Name::of("ipv4only.arpa."), Type::DS)) << "the parent's to say";
  EXPECT_FALSE(dns64.find(Name::of("sub.ipv4only.arpa."), Type::AAAA));
  const auto ptr = dns64.find(Name::of("170.0.0.192.in-addr.arpa."), Type::PTR);
  ASSERT_TRUE(ptr && ptr->answer);
  EXPECT_EQ(text_of(ptr->answer), "170.0.0.192.in-addr.arpa. 3600 IN PTR ipv4only.arpa.\n");
}

TEST(Dns64, TheWayBackIsAnAlias) {
  const Dns64 dns64 = with_prefix("64:ff9b::/96");
  const Name name = reverse_name(*IpAddress::parse("64:ff9b::c000:221"));
  const RRsetPtr alias = dns64.reverse_alias(name);
  ASSERT_TRUE(alias);
  EXPECT_EQ(text_of(alias), name.text() + " 3600 IN CNAME 33.2.0.192.in-addr.arpa.\n");
  EXPECT_FALSE(dns64.reverse_alias(name.view().parent())) << "half an address";
  EXPECT_FALSE(dns64.reverse_alias(reverse_name(*IpAddress::parse("2001:db8::1"))));
  EXPECT_FALSE(dns64.reverse_alias(Name::of("www.example.")));
}

}  // namespace
}  // namespace vouch
