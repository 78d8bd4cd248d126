#include "resolver/policy/access_list.h"

#include <gtest/gtest.h>

namespace vouch {
namespace {

AccessList list_of(std::initializer_list<std::string_view> prefixes) {
  std::vector<Prefix> parsed;
  for (const auto text : prefixes) { parsed.push_back(*Prefix::parse(text)); }
  return AccessList(parsed);
}

bool admits(const AccessList& list, std::string_view client) { return list.admits(*IpAddress::parse(client)); }

TEST(AccessList, WithoutPrefixesNobodyMayAsk) {
  const AccessList nobody;
  EXPECT_FALSE(admits(nobody, "127.0.0.1"));
  EXPECT_FALSE(admits(nobody, "::1"));
}

TEST(AccessList, AdmitsFromTheFirstToTheLastAddressOfAPrefix) {
  const AccessList list = list_of({"10.0.0.0/8", "192.168.1.128/25", "fc00::/7", "2001:db8:0:1::/64", "198.51.100.7"});
  for (const auto inside : {"10.0.0.0", "10.255.255.255", "192.168.1.128", "192.168.1.255",
                            "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                            "2001:db8:0:1::", "2001:db8:0:1:ffff:ffff:ffff:ffff", "198.51.100.7"}) {
    EXPECT_TRUE(admits(list, inside)) << inside;
  }
  for (const auto outside : {"9.255.255.255", "11.0.0.0", "192.168.1.127", "192.168.2.0",
                             "fbff::", "fe00::", "2001:db8::1", "2001:db8:0:2::", "198.51.100.6", "198.51.100.8"}) {
    EXPECT_FALSE(admits(list, outside)) << outside;
  }
}

TEST(AccessList, OverlappingPrefixesAreOneRange) {
  const AccessList list = list_of({"10.1.0.0/16", "10.0.0.0/8", "10.2.3.4", "10.255.0.0/16"});
  EXPECT_TRUE(admits(list, "10.200.0.1")) << "after the small ones that lie inside the large one";
  EXPECT_FALSE(admits(list, "11.0.0.0"));
}

TEST(AccessList, TheWholeOfAFamilyAdmitsThatFamilyAlone) {
  const AccessList v4 = list_of({"0.0.0.0/0"});
  EXPECT_TRUE(admits(v4, "255.255.255.255"));
  EXPECT_FALSE(admits(v4, "2001:db8::1"));
  const AccessList v6 = list_of({"::/0"});
  EXPECT_TRUE(admits(v6, "ffff::1"));
  EXPECT_FALSE(admits(v6, "192.0.2.1"));
}

TEST(AccessList, AMappedClientIsAnIpv4Client) {
  const AccessList list = list_of({"192.0.2.0/24"});
  EXPECT_TRUE(admits(list, "::ffff:192.0.2.1"));
  EXPECT_FALSE(admits(list, "::ffff:192.0.3.1"));
  EXPECT_FALSE(admits(list_of({"::/0"}), "::ffff:192.0.2.1")) << "or a list of IPv6 clients would admit all the others";
}

}  // namespace
}  // namespace vouch
