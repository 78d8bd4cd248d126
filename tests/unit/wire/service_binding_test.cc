#include "resolver/wire/service_binding.h"

#include <gtest/gtest.h>

#include "resolver/wire/rrset.h"

namespace vouch {
namespace {

IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }

std::string hex(const std::optional<Buffer>& octets) {
  if (!octets) { return "nothing"; }
  std::string out;
  for (const Octet octet : *octets) {
    constexpr char kDigits[] = "0123456789abcdef";
    out += {kDigits[octet >> 4U], kDigits[octet & 15U]};
  }
  return out;
}

// What ldns makes of it in presentation form, without owner, TTL, class and type.
std::string text_of(const ServiceBinding& binding) {
  const auto rdata = svcb_rdata(binding);
  if (!rdata) { return "nothing"; }
  std::string text = record_text(Name::of("example."), Type::SVCB, 300, *rdata);
  text = text.substr(text.find("SVCB") + 5);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) { text.pop_back(); }
  return text;
}

// RFC 9460 appendix D.
TEST(ServiceBinding, TheVectorsOfRfc9460) {
  // Figure 2: 0 foo.example.com.
  EXPECT_EQ(hex(svcb_rdata({.priority = 0, .target = Name::of("foo.example.com.")})),
            "000003666f6f076578616d706c6503636f6d00");
  // Figure 3: 1 .
  EXPECT_EQ(hex(svcb_rdata({})), "000100");
  // Figure 4: 16 foo.example.com. port=53
  EXPECT_EQ(hex(svcb_rdata({.priority = 16, .target = Name::of("foo.example.com."), .port = 53})),
            "001003666f6f076578616d706c6503636f6d00000300020035");
  // Figure 7: 1 foo.example.com. ( ipv6hint="2001:db8::1,2001:db8::53:1" )
  EXPECT_EQ(
      hex(svcb_rdata({.target = Name::of("foo.example.com."), .hints = {ip("2001:db8::1"), ip("2001:db8::53:1")}})),
      "000103666f6f076578616d706c6503636f6d00"
      "00060020"
      "20010db8000000000000000000000001"
      "20010db8000000000000000000530001");
  // Figure 8: 1 example.com. ( ipv6hint="2001:db8:122:344::192.0.2.33" )
  EXPECT_EQ(hex(svcb_rdata({.target = Name::of("example.com."), .hints = {ip("2001:db8:122:344::192.0.2.33")}})),
            "0001076578616d706c6503636f6d00"
            "00060010"
            "20010db8012203440000"
            "0000c0000221");
  // Figure 9 but for its `mandatory`, which we never write: alpn=h2,h3-19 ipv4hint=192.0.2.1
  EXPECT_EQ(hex(svcb_rdata({.priority = 16,
                            .target = Name::of("foo.example.org."),
                            .alpn = {"h2", "h3-19"},
                            .hints = {ip("192.0.2.1")}})),
            "001003666f6f076578616d706c65036f726700"
            "00010009026832"
            "0568332d3139"
            "00040004c0000201");
}

TEST(ServiceBinding, LdnsReadsWhatIsWritten) {
  EXPECT_EQ(text_of({.target = Name::of("dns.example."),
                     .alpn = {"h2", "h3"},
                     .port = 443,
                     .hints = {ip("2001:db8::53"), ip("192.0.2.53"), ip("192.0.2.54")},
                     .dohpath = "/dns-query{?dns}"}),
            "1 dns.example. alpn=h2,h3 port=443 ipv4hint=192.0.2.53,192.0.2.54 ipv6hint=2001:db8::53 "
            "dohpath=/dns-query{?dns}");
  EXPECT_EQ(text_of({.priority = 2, .target = Name::of("dns.example."), .alpn = {"dot"}}), "2 dns.example. alpn=dot");
}

TEST(ServiceBinding, WhatCannotBeSaidIsRefused) {
  EXPECT_FALSE(svcb_rdata({.alpn = {""}}));
  EXPECT_FALSE(svcb_rdata({.alpn = {std::string(256, 'p')}}));
  EXPECT_TRUE(svcb_rdata({.alpn = {std::string(255, 'p')}}));
  EXPECT_FALSE(svcb_rdata({.dohpath = std::string(65536, '/')}));
  EXPECT_FALSE(svcb_rdata({.priority = 0, .port = 853})) << "an alias has no parameters";
}

}  // namespace
}  // namespace vouch
