#include "resolver/policy/rebinding.h"

#include <gtest/gtest.h>

#include "resolver/wire/service_binding.h"

namespace vouch {
namespace {

std::string text_of(const RRsetPtr& set) {
  std::string text = rrset_text(*set);
  for (char& c : text) { c = c == '\t' ? ' ' : c; }
  return text;
}

bool is_internal(const char* address) { return is_internal_address(*IpAddress::parse(address)); }

TEST(Rebinding, AddressesOfNetworksThatNobodyElseReaches) {
  for (const char* address : {"0.0.0.0",
                              "10.0.0.1",
                              "100.64.0.1",
                              "100.127.255.255",
                              "127.0.0.1",
                              "127.255.255.254",
                              "169.254.1.1",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.168.0.1",
                              "::",
                              "::1",
                              "fc00::1",
                              "fdff::1",
                              "fe80::1",
                              "febf::1",
                              "fec0::1",
                              "::ffff:192.0.2.1",
                              "::ffff:10.0.0.1",
                              "::192.168.1.1",
                              "64:ff9b::192.168.1.1"}) {
    EXPECT_TRUE(is_internal(address)) << address;
  }
  for (const char* address : {"9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.0.0.1", "128.0.0.1",
                              "169.253.0.1", "172.15.255.255", "172.32.0.0", "192.167.0.1", "192.169.0.1",
                              "2001:db8::1", "fb00::1", "fe00::1", "64:ff9b::8.8.8.8", "::ffff:0:1:2:3", "1::"}) {
    EXPECT_FALSE(is_internal(address)) << address;
  }
}

RRsetPtr addresses(std::initializer_list<const char*> texts, Type type = Type::A) {
  std::vector<IpAddress> parsed;
  std::vector<Bytes> rdata;
  for (const char* text : texts) { parsed.push_back(*IpAddress::parse(text)); }
  for (const IpAddress& address : parsed) { rdata.push_back(address.octets()); }
  const Octet signature[] = {0, 1, 2};
  const Bytes signatures[] = {signature};
  return RRset::make(Name::of("www.example."), type, 300, rdata, signatures);
}

TEST(Rebinding, OnlyTheOthersAreLeft) {
  const RRsetPtr good = addresses({"192.0.2.1", "192.0.2.2"});
  EXPECT_EQ(without_internal_addresses(good), good);
  const RRsetPtr mixed = without_internal_addresses(addresses({"192.0.2.1", "192.168.1.1"}));
  ASSERT_TRUE(mixed);
  EXPECT_EQ(text_of(mixed), "www.example. 300 IN A 192.0.2.1\n");
  EXPECT_EQ(mixed->signature_count(), 0U);
  EXPECT_FALSE(without_internal_addresses(addresses({"192.168.1.1"})));
  EXPECT_FALSE(without_internal_addresses(addresses({"fd00::1", "::1"}, Type::AAAA)));
}

ServiceBinding binding(std::initializer_list<const char*> hints) {
  ServiceBinding made;
  made.target = Name::of("svc.example.");
  made.alpn = {"h3"};
  made.port = 8443;
  for (const char* hint : hints) { made.hints.push_back(*IpAddress::parse(hint)); }
  return made;
}

TEST(Rebinding, HintsAreAddressesToo) {
  const Buffer all = *svcb_rdata(binding({"192.0.2.1", "10.0.0.1", "2001:db8::1", "fd00::1"}));
  EXPECT_EQ(without_internal_hints(all), svcb_rdata(binding({"192.0.2.1", "2001:db8::1"})));
  const Buffer internal = *svcb_rdata(binding({"10.0.0.1", "fd00::1"}));
  EXPECT_EQ(without_internal_hints(internal), svcb_rdata(binding({})));
  const Buffer good = *svcb_rdata(binding({"192.0.2.1"}));
  EXPECT_EQ(without_internal_hints(good), good);
}

TEST(Rebinding, AMandatoryHintThatMustGoTakesTheRecordAlong) {
  // 1 . mandatory=ipv4hint ipv4hint=10.0.0.1
  const Octet rdata[] = {0, 1, 0, 0, 0, 0, 2, 0, 4, 0, 4, 0, 4, 10, 0, 0, 1};
  EXPECT_FALSE(without_internal_hints(rdata));
  const Octet fine[] = {0, 1, 0, 0, 0, 0, 2, 0, 4, 0, 4, 0, 4, 192, 0, 2, 1};
  EXPECT_TRUE(without_internal_hints(fine));
}

TEST(Rebinding, WhatIsMalformedIsNotLetThrough) {
  const Buffer whole = *svcb_rdata(binding({"192.0.2.1"}));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto left = without_internal_hints(Bytes(whole).first(size));
    if (left) { EXPECT_EQ(Buffer(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)), *left); }
  }
  const Octet odd[] = {0, 1, 0, 0, 4, 0, 3, 10, 0, 0};  // a hint of three octets
  EXPECT_FALSE(without_internal_hints(odd));
}

}  // namespace
}  // namespace vouch
