#include "resolver/front/server_cookies.h"

#include <gtest/gtest.h>

namespace vouch {
namespace {

Buffer hex(std::string_view text) {
  Buffer octets;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    octets.push_back(u8(std::stoul(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return octets;
}
std::string to_hex(Bytes octets) {
  std::string text;
  for (const Octet octet : octets) {
    text += "0123456789abcdef"[octet >> 4];
    text += "0123456789abcdef"[octet & 15];
  }
  return text;
}

constexpr std::string_view kSecret = "e5e973e5a6b2a43f48e7dc849e37bfcf";

struct Checked {
  CookieState state;
  std::string reply;
};
Checked check(std::string_view secret, std::string_view cookie, std::string_view client, UnixTime now) {
  ServerCookies::Cookie reply{};
  const auto state = ServerCookies(hex(secret)).check(hex(cookie), *IpAddress::parse(client), now, reply);
  return {state, to_hex(reply)};
}

// RFC 9018 appendix A.
TEST(ServerCookies, ANewClientLearnsACookie) {
  const auto [state, reply] = check(kSecret, "2464c4abcf10c957", "198.51.100.100", 1559731985);
  EXPECT_EQ(state, CookieState::client_only);
  EXPECT_EQ(reply, "2464c4abcf10c957010000005cf79f111f8130c3eee29480");
}

TEST(ServerCookies, AfterFortyMinutesItIsRenewed) {
  const auto [state, reply] =
      check(kSecret, "2464c4abcf10c957010000005cf79f111f8130c3eee29480", "198.51.100.100", 1559734385);
  EXPECT_EQ(state, CookieState::valid);
  EXPECT_EQ(reply, "2464c4abcf10c957010000005cf7a871d4a564a1442aca77");
}

TEST(ServerCookies, ReservedOctetsAreHashedAsTheyCome) {
  constexpr std::string_view kCookie = "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5";
  EXPECT_EQ(check(kSecret, kCookie, "203.0.113.203", 1559727985).state, CookieState::valid);
  const auto [state, reply] = check(kSecret, kCookie, "203.0.113.203", 1559734700);
  EXPECT_EQ(state, CookieState::invalid) << "nearly two hours old";
  EXPECT_EQ(reply, "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e");
}

TEST(ServerCookies, AnIpv6ClientAndARolledSecret) {
  constexpr std::string_view kCookie = "22681ab97d52c298010000005cf7c57926556bd0934c72f8";
  constexpr std::string_view kClient = "2001:db8:220:1:59de:d0f4:8769:82b8";
  EXPECT_EQ(check("dd3bdf9344b678b185a6f5cb60fca715", kCookie, kClient, 1559741961).state, CookieState::valid);
  const auto [state, reply] = check("445536bcd2513298075a5d379663c962", kCookie, kClient, 1559741961);
  EXPECT_EQ(state, CookieState::invalid);
  EXPECT_EQ(reply, "22681ab97d52c298010000005cf7c609a6bb79d16625507a");
}

TEST(ServerCookies, ACookieServesAnHourAndStaysTheSameForHalfOfIt) {
  constexpr std::string_view kCookie = "2464c4abcf10c957010000005cf79f111f8130c3eee29480";
  constexpr UnixTime kIssued = 1559731985;
  struct Row {
    UnixTime age;
    CookieState state;
    bool same;
  };
  for (const auto [age, state, same] :
       {Row{0, CookieState::valid, true}, Row{1800, CookieState::valid, true}, Row{1801, CookieState::valid, false},
        Row{3600, CookieState::valid, false}, Row{3601, CookieState::invalid, false},
        Row{-300, CookieState::valid, true}, Row{-301, CookieState::invalid, false}}) {
    const Checked checked = check(kSecret, kCookie, "198.51.100.100", kIssued + age);
    EXPECT_EQ(checked.state, state) << age;
    EXPECT_EQ(checked.reply == kCookie, same) << age;
  }
}

TEST(ServerCookies, AnothersCookieIsWorthNothing) {
  constexpr std::string_view kCookie = "2464c4abcf10c957010000005cf79f111f8130c3eee29480";
  EXPECT_EQ(check(kSecret, kCookie, "198.51.100.101", 1559731985).state, CookieState::invalid) << "another address";
  EXPECT_EQ(check(kSecret, "2464c4abcf10c958010000005cf79f111f8130c3eee29480", "198.51.100.100", 1559731985).state,
            CookieState::invalid)
      << "another client part";
  EXPECT_EQ(check(kSecret, "2464c4abcf10c957020000005cf79f111f8130c3eee29480", "198.51.100.100", 1559731985).state,
            CookieState::invalid)
      << "a version that is not ours";
}

TEST(ServerCookies, LengthsThatCannotBe) {
  for (std::size_t length = 0; length <= 50; ++length) {
    const bool possible = length == 8 || (length >= 16 && length <= 40);
    EXPECT_EQ(check(kSecret, std::string(2 * length, '0'), "192.0.2.1", 0).state == CookieState::malformed, !possible)
        << length;
  }
}

TEST(ServerCookies, TimeWrapsIn2106) {
  constexpr UnixTime kEnd = 0xffffffff;
  const std::string cookie = check(kSecret, "0102030405060708", "192.0.2.1", kEnd).reply;
  EXPECT_EQ(check(kSecret, cookie, "192.0.2.1", kEnd + 60).state, CookieState::valid);
}

}  // namespace
}  // namespace vouch
