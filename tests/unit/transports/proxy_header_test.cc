#include "transports/proxy_header.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/unit/transports/proxied.h"

namespace vouch {
namespace {

SocketAddress at(const char* ip, std::uint16_t port) { return SocketAddress(IpAddress::parse(ip).value(), port); }

const SocketAddress kClient = at("198.51.100.7", 40000), kLocal = at("192.0.2.53", 853);

// Where the parts of a header lie.
constexpr std::size_t kFixed = 16, kCommand = 12, kFamily = 13, kLength = 14;

std::string with(std::string header, std::size_t at, char octet) {
  header[at] = octet;
  return header;
}

std::string with_length(std::string header, std::size_t length) {
  header[kLength] = static_cast<char>(length >> 8U);
  header[kLength + 1] = static_cast<char>(length & 0xffU);
  return header;
}

// What a reader says that is given a connection's octets as they come, `pieces` at a time.
struct Heard {
  bool is_header = true;
  std::size_t taken = 0;
  std::optional<ProxiedEnds> ends;
};
Heard hear(const std::string& stream, std::size_t pieces) {
  ProxyHeaderReader reader;
  Heard heard;
  while (heard.is_header && reader.wanted() > 0 && heard.taken < stream.size()) {
    const std::size_t count = std::min({pieces, reader.wanted(), stream.size() - heard.taken});
    heard.is_header = reader.add(bytes_of(stream).subspan(heard.taken, count));
    heard.taken += count;
  }
  heard.is_header = heard.is_header && reader.wanted() == 0;
  if (heard.is_header) { heard.ends = reader.ends(); }
  return heard;
}

bool is_refused(const std::string& header) {
  const std::string stream = header + "what follows";
  const bool one_by_one = hear(stream, 1).is_header, at_once = hear(stream, stream.size()).is_header;
  EXPECT_EQ(one_by_one, at_once);
  EXPECT_EQ(at_once, parse_proxy_header(bytes_of(header)).has_value());
  return !at_once;
}

TEST(ProxyHeader, TellsTheClientOfBothFamilies) {
  const SocketAddress client6 = at("2001:db8::7", 40000), local6 = at("2001:db8::53", 853);
  for (const auto& [client, local] : {std::pair(kClient, kLocal), std::pair(client6, local6)}) {
    const std::string header = proxy_header(client, local);
    const auto parsed = parse_proxy_header(bytes_of(header));
    ASSERT_TRUE(parsed && parsed->ends);
    EXPECT_EQ(parsed->size, header.size());
    EXPECT_EQ(parsed->ends->client, client);
    EXPECT_EQ(parsed->ends->local, local);
  }
}

TEST(ProxyHeader, IsReadWithoutAnOctetTooMany) {
  const std::string header = proxy_header(kClient, kLocal,
                                          "\x03\x00\x04"
                                          "abcd");
  const std::string stream = header + "a greeting";
  for (std::size_t pieces = 1; pieces <= stream.size(); ++pieces) {
    const Heard heard = hear(stream, pieces);
    ASSERT_TRUE(heard.is_header && heard.ends) << pieces;
    EXPECT_EQ(heard.taken, header.size());
    EXPECT_EQ(heard.ends->client, kClient);
  }
  for (std::size_t length = 0; length < header.size(); ++length) {
    EXPECT_FALSE(hear(header.substr(0, length), 1).is_header);
    EXPECT_FALSE(parse_proxy_header(bytes_of(header).first(length)));
  }
}

TEST(ProxyHeader, BeginsADatagram) {
  std::string header = proxy_header(kClient, kLocal);
  header[kFamily] = '\x12';  // IPv4, datagrams
  const std::string datagram = header + "a query";
  const auto parsed = parse_proxy_header(bytes_of(datagram));
  ASSERT_TRUE(parsed && parsed->ends);
  EXPECT_EQ(datagram.substr(parsed->size), "a query");
}

TEST(ProxyHeader, PassesOverWhatProxiesAdd) {
  const std::string room = std::string(kMaxProxyHeader - proxy_header(kClient, kLocal).size(), '\xff');
  EXPECT_EQ(hear(proxy_header(kClient, kLocal, room), 100).ends->client, kClient);
  EXPECT_TRUE(is_refused(proxy_header(kClient, kLocal, room + "x")));
  EXPECT_TRUE(is_refused(with_length(proxy_header(kClient, kLocal), 65535)));
}

TEST(ProxyHeader, OfTheProxyItselfTellsNothing) {
  EXPECT_FALSE(is_refused(proxy_header_local()));
  EXPECT_FALSE(hear(proxy_header_local(), 1).ends);
  const std::string with_addresses = with(proxy_header(kClient, kLocal), kCommand, '\x20');
  EXPECT_FALSE(is_refused(with_addresses));
  EXPECT_FALSE(hear(with_addresses, 7).ends);
  EXPECT_FALSE(is_refused(with(with_addresses, kFamily, '\x77')));  // not to be looked at

  const std::string unspecified = with(proxy_header(kClient, kLocal), kFamily, '\x00');
  EXPECT_FALSE(is_refused(unspecified));
  EXPECT_FALSE(hear(unspecified, 7).ends);
  const std::string of_unix = with_length(with(proxy_header_local() + std::string(216, 'x'), kCommand, '\x21'), 216);
  EXPECT_FALSE(is_refused(with(of_unix, kFamily, '\x31')));
  EXPECT_FALSE(hear(with(of_unix, kFamily, '\x31'), 100).ends);
}

TEST(ProxyHeader, TakesMappedAddressesForWhatTheyAre) {
  const std::string header = proxy_header(at("::ffff:198.51.100.7", 40000), at("::ffff:192.0.2.53", 853));
  const Heard heard = hear(header, 5);
  ASSERT_TRUE(heard.ends);
  EXPECT_EQ(heard.ends->client, kClient);
  EXPECT_EQ(heard.ends->local, kLocal);
}

TEST(ProxyHeader, IsRefusedAgainstTheRules) {
  const std::string good = proxy_header(kClient, kLocal);
  ASSERT_FALSE(is_refused(good));
  for (std::size_t i = 0; i < kCommand; ++i) { EXPECT_TRUE(is_refused(with(good, i, 'x'))) << i; }
  for (const char command : {'\x00', '\x01', '\x10', '\x11', '\x22', '\x2f', '\x31'}) {
    EXPECT_TRUE(is_refused(with(good, kCommand, command)));
  }
  for (const char family : {'\x13', '\x1f', '\x41', '\xf1'}) { EXPECT_TRUE(is_refused(with(good, kFamily, family))); }
  EXPECT_TRUE(is_refused("PROXY TCP4 198.51.100.7 192.0.2.53 40000 853\r\n"));  // version 1
  EXPECT_TRUE(is_refused(std::string(100, '\0')));
}

TEST(ProxyHeader, IsRefusedWhenItsAddressesDoNotFit) {
  const std::string four = proxy_header(kClient, kLocal);
  for (std::size_t length = 0; length < four.size() - kFixed; ++length) {
    EXPECT_TRUE(is_refused(with_length(four, length).substr(0, kFixed + length))) << length;
  }
  EXPECT_TRUE(is_refused(with(four, kFamily, '\x21')));  // says IPv6
}

TEST(ProxyHeader, TakesNoMoreThanItAskedFor) {
  const std::string header = proxy_header(kClient, kLocal);
  ProxyHeaderReader reader;
  EXPECT_EQ(reader.wanted(), kFixed);
  EXPECT_FALSE(reader.add(bytes_of(header).first(kFixed + 1)));
  ProxyHeaderReader another;
  ASSERT_TRUE(another.add(bytes_of(header).first(kFixed)));
  EXPECT_EQ(another.wanted(), header.size() - kFixed);
}

}  // namespace
}  // namespace vouch
