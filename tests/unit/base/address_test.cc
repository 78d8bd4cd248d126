#include "resolver/base/address.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <unordered_set>

namespace vouch {
namespace {

TEST(IpAddress, ParsesWhatIsAnAddress) {
  constexpr std::pair<std::string_view, std::string_view> kTable[] = {
      {"192.0.2.1", "192.0.2.1"},
      {"0.0.0.0", "0.0.0.0"},
      {"::", "::"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"::1", "::1"},
      {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
  };
  for (const auto& [text, expected] : kTable) {
    const auto address = IpAddress::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->text(), expected);
  }
}

TEST(IpAddress, RefusesWhatIsNone) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv, "192.0.2"sv, "192.0.2.256"sv, "192.0.2.1 "sv, "192.0.2.1\0"sv, "2001:db8"sv,
                                      ":::1"sv, "fe80::1%eth0"sv, "localhost"sv, "1.2.3.4.5"sv, "0x7f.1"sv}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
}

TEST(IpAddress, KnowsWhatItIs) {
  struct Row {
    std::string_view text;
    bool loopback, unspecified, multicast, unusable;
  };
  constexpr Row kTable[] = {
      {"127.0.0.1", true, false, false, false},
      {"127.255.0.9", true, false, false, false},
      {"::1", true, false, false, false},
      {"::ffff:127.0.0.1", true, false, false, true},
      {"::ffff:192.0.2.1", false, false, false, true},
      {"0.0.0.0", false, true, false, true},
      {"0.1.2.3", false, true, false, true},
      {"::", false, true, false, true},
      {"224.0.0.1", false, false, true, true},
      {"239.255.255.255", false, false, true, true},
      {"ff02::1", false, false, true, true},
      {"255.255.255.255", false, false, false, true},
      {"192.0.2.1", false, false, false, false},
      {"2001:db8::1", false, false, false, false},
  };
  for (const Row& row : kTable) {
    const auto address = IpAddress::parse(row.text);
    ASSERT_TRUE(address) << row.text;
    EXPECT_EQ(address->is_loopback(), row.loopback) << row.text;
    EXPECT_EQ(address->is_unspecified(), row.unspecified) << row.text;
    EXPECT_EQ(address->is_multicast(), row.multicast) << row.text;
    EXPECT_EQ(address->is_unusable_server(), row.unusable) << row.text;
  }
}

TEST(SocketAddress, ParsesItsFourForms) {
  constexpr std::pair<std::string_view, std::string_view> kTable[] = {
      {"192.0.2.1@5353", "192.0.2.1@5353"},   {"192.0.2.1:5353", "192.0.2.1@5353"},
      {"192.0.2.1", "192.0.2.1@53"},          {"[2001:db8::1]:853", "2001:db8::1@853"},
      {"2001:db8::1@853", "2001:db8::1@853"}, {"2001:db8::1", "2001:db8::1@53"},
      {"[2001:db8::1]", "2001:db8::1@53"},    {"192.0.2.1@65535", "192.0.2.1@65535"},
  };
  for (const auto& [text, expected] : kTable) {
    const auto address = SocketAddress::parse(text, 53);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->text(), expected) << text;
  }
}

TEST(SocketAddress, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", "@53", "192.0.2.1@", "192.0.2.1@0", "192.0.2.1@65536", "192.0.2.1@-1", "192.0.2.1:53x", "[2001:db8::1",
        "[2001:db8::1]53", "[2001:db8::1]:", "name:53"}) {
    EXPECT_FALSE(SocketAddress::parse(text, 53)) << text;
  }
}

TEST(SocketAddress, GoesThroughTheKernelsForm) {
  for (const std::string_view text : {"192.0.2.1@5353", "2001:db8::1@853"}) {
    const auto address = SocketAddress::parse(text, 53);
    sockaddr_storage storage;
    const std::uint32_t length = address->to(storage);
    EXPECT_EQ(length, address->ip().is_v4() ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    EXPECT_EQ(SocketAddress::from(reinterpret_cast<const sockaddr*>(&storage)), address);
  }
  sockaddr_storage other{};
  other.ss_family = AF_UNIX;
  EXPECT_FALSE(SocketAddress::from(reinterpret_cast<const sockaddr*>(&other)));
}

TEST(SocketAddress, HashesByAddressAndPort) {
  std::unordered_set<SocketAddress> set;
  set.insert(*SocketAddress::parse("192.0.2.1@53", 0));
  set.insert(*SocketAddress::parse("192.0.2.1@54", 0));
  set.insert(*SocketAddress::parse("192.0.2.2@53", 0));
  set.insert(*SocketAddress::parse("192.0.2.1:53", 0));
  EXPECT_EQ(set.size(), 3U);
}

TEST(Prefix, ContainsWhatLiesWithin) {
  struct Row {
    std::string_view prefix, address;
    bool contains;
  };
  constexpr Row kTable[] = {
      {"10.0.0.0/8", "10.255.0.1", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"192.0.2.128/25", "192.0.2.127", false},
      {"192.0.2.128/25", "192.0.2.128", true},
      {"192.0.2.0/31", "192.0.2.1", true},
      {"192.0.2.0/31", "192.0.2.2", false},
      {"0.0.0.0/0", "203.0.113.9", true},
      {"0.0.0.0/0", "::1", false},
      {"::/0", "2001:db8::1", true},
      {"::/0", "0.0.0.0", false},
      {"fc00::/7", "fdff::1", true},
      {"fc00::/7", "fe00::1", false},
      {"2001:db8::1", "2001:db8::1", true},
      {"2001:db8::1", "2001:db8::2", false},
      {"2001:db8::/127", "2001:db8::1", true},
  };
  for (const Row& row : kTable) {
    const auto prefix = Prefix::parse(row.prefix);
    ASSERT_TRUE(prefix) << row.prefix;
    EXPECT_EQ(prefix->contains(*IpAddress::parse(row.address)), row.contains) << row.prefix << " " << row.address;
  }
}

TEST(Prefix, ClearsHostBits) {
  EXPECT_EQ(Prefix::parse("10.1.2.3/8")->text(), "10.0.0.0/8");
  EXPECT_EQ(Prefix::parse("192.0.2.255/25")->text(), "192.0.2.128/25");
  EXPECT_EQ(Prefix::parse("2001:db8:ffff::1/33")->text(), "2001:db8:8000::/33");
  EXPECT_EQ(Prefix::parse("192.0.2.1"), Prefix::parse("192.0.2.1/32"));
}

TEST(Prefix, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "::/129", "10/8", "10.0.0.0/256"}) {
    EXPECT_FALSE(Prefix::parse(text)) << text;
  }
}

}  // namespace
}  // namespace vouch
