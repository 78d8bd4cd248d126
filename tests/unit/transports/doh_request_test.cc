#include "transports/http/doh_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "transports/http/doh_response.h"

namespace vouch {
namespace {

// "www.example.com A" with ID 0: the example of RFC 8484 section 4.1.1, in both its spellings.
constexpr std::string_view kQuery("\0\0\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1", 33);
constexpr std::string_view kEncoded = "AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB";

constexpr std::string_view kPath = "/dns-query";

struct Case {
  const char* what;
  int status;  // 200: it is a query
  std::string method;
  std::string target;
  std::string content_type = "";
  std::string body = "";
  std::string content_length = "";
  std::string content_encoding = "";
  bool has_too_many_fields = false;
};

std::string get(std::string_view encoded) { return "/dns-query?dns=" + std::string(encoded); }
std::string query() { return std::string(kQuery); }
const std::string kDns = "application/dns-message";

// Every way to ask that we have thought of, right and wrong, with the status it earns.
const Case kCases[] = {
    {"GET as in the RFC", 200, "GET", get(kEncoded)},
    {"GET with another parameter before", 200, "GET", "/dns-query?ct&dns=" + std::string(kEncoded)},
    {"GET with another parameter after", 200, "GET", get(kEncoded) + "&name=www.example.com"},
    {"GET with empty parameters around", 200, "GET", "/dns-query?&&dns=" + std::string(kEncoded) + "&"},
    {"GET with a body, which means nothing", 200, "GET", get(kEncoded), "text/html", "hello", "5"},
    {"GET of the shortest message", 200, "GET", get("AAAAAAAAAAAAAAAA")},
    {"GET with the largest query that fits", 200, "GET", get(std::string(2032, 'A'))},
    {"POST as in the RFC", 200, "POST", "/dns-query", kDns, query(), "33"},
    {"POST without a content-length", 200, "POST", "/dns-query", kDns, query()},
    {"POST with its type in capitals", 200, "POST", "/dns-query", "Application/DNS-Message", query()},
    {"POST with a parameter after its type", 200, "POST", "/dns-query", kDns + " ; charset=utf-8", query()},
    {"POST with a query in its URI, which means nothing", 200, "POST", get("!!"), kDns, query()},
    {"POST of the largest message", 200, "POST", "/dns-query", kDns, std::string(65535, '\0'), "65535"},
    {"POST encoded as identity", 200, "POST", "/dns-query", kDns, query(), "33", "Identity"},

    {"GET without parameters", 400, "GET", "/dns-query"},
    {"GET with a question mark and no more", 400, "GET", "/dns-query?"},
    {"GET with only other parameters", 400, "GET", "/dns-query?name=www.example.com&type=A"},
    {"GET with the name in capitals", 400, "GET", "/dns-query?DNS=" + std::string(kEncoded)},
    {"GET with a name that only ends so", 400, "GET", "/dns-query?xdns=" + std::string(kEncoded)},
    {"GET with the parameter twice", 400, "GET", get(kEncoded) + "&dns=" + std::string(kEncoded)},
    {"GET with nothing in it", 400, "GET", get("")},
    {"GET with less than a header", 400, "GET", get("AAAAAAAAAAAAAAA")},
    {"GET with padding", 400, "GET", get("AAAAAAAAAAAAAAAAAA==")},
    {"GET with the alphabet of plain base64: +", 400, "GET", get("AAAAAAAAAAAAAAA+")},
    {"GET with the alphabet of plain base64: /", 400, "GET", get("AAAAAAAAAAAAAAA/")},
    {"GET with a percent sign", 400, "GET", get("AAAAAAAAAAAAAAAA%41%41")},
    {"GET with a blank", 400, "GET", get("AAAAAAAAAAAAAAAA AAA")},
    {"GET with an octet above 127", 400, "GET", get("AAAAAAAAAAAAAAAA\xc3\xa4")},
    {"GET with a fragment", 400, "GET", get(kEncoded) + "#here"},
    {"GET one character too long", 400, "GET", get("AAAAAAAAAAAAAAAAA")},
    {"GET with bits set where none belong, of four", 400, "GET", get("AAAAAAAAAAAAAAAAAB")},
    {"GET with bits set where none belong, of two", 400, "GET", get("AAAAAAAAAAAAAAAAAAB")},
    {"GET that is too long", 414, "GET", get(std::string(2034, 'A'))},
    {"GET that is far too long", 414, "GET", get(std::string(64 * 1024, 'A'))},
    {"GET with too many fields", 431, "GET", get(kEncoded), "", "", "", "", true},
    {"GET that is too long, with too many fields", 414, "GET", get(std::string(8192, 'A')), "", "", "", "", true},

    {"POST of nothing", 400, "POST", "/dns-query", kDns, "", "0"},
    {"POST of less than a header", 400, "POST", "/dns-query", kDns, std::string(11, '\0'), "11"},
    {"POST without a type", 415, "POST", "/dns-query", "", query()},
    {"POST of JSON", 415, "POST", "/dns-query", "application/dns-json", query()},
    {"POST of a form", 415, "POST", "/dns-query", "application/x-www-form-urlencoded", "dns=AAAA"},
    {"POST of a longer type", 415, "POST", "/dns-query", kDns + "s", query()},
    {"POST of a compressed message", 415, "POST", "/dns-query", kDns, query(), "33", "gzip"},
    {"POST of more than a message", 413, "POST", "/dns-query", kDns, std::string(65536, '\0')},
    {"POST that announces more than a message", 413, "POST", "/dns-query", kDns, "", "65536"},
    {"POST that announces more than there is", 413, "POST", "/dns-query", kDns, "", "99999999999999999999999"},
    {"GET with a body of more than a message", 413, "GET", get(kEncoded), "", "", "65536"},
    {"POST that announces nonsense", 400, "POST", "/dns-query", kDns, query(), "-1"},
    {"POST that is too long by its URI", 414, "POST", "/dns-query?" + std::string(2048, 'x'), kDns, query()},
    {"POST with too many fields", 431, "POST", "/dns-query", kDns, query(), "33", "", true},

    {"HEAD", 405, "HEAD", get(kEncoded)},
    {"PUT", 405, "PUT", "/dns-query", kDns, query()},
    {"DELETE", 405, "DELETE", "/dns-query"},
    {"OPTIONS", 405, "OPTIONS", "/dns-query"},
    {"CONNECT, which has no path", 405, "CONNECT", ""},
    {"GET in small letters", 405, "get", get(kEncoded)},
    {"no method", 405, "", get(kEncoded)},

    {"the root", 404, "GET", "/"},
    {"another path", 404, "GET", "/resolve?dns=" + std::string(kEncoded)},
    {"the path in capitals", 404, "GET", "/DNS-QUERY?dns=" + std::string(kEncoded)},
    {"below the path", 404, "GET", "/dns-query/?dns=" + std::string(kEncoded)},
    {"only the path's beginning", 404, "GET", "/dns-quer?dns=" + std::string(kEncoded)},
    {"the path of others", 404, "POST", "/", kDns, query()},
    {"the path spelled by percent", 404, "GET", "/dns%2dquery?dns=" + std::string(kEncoded)},
    {"a parameter before the question mark", 404, "GET", "/dns-query&dns=" + std::string(kEncoded)},
    {"all of the server", 404, "OPTIONS", "*"},
};

HttpRequest request_of(const Case& test) {
  return {.method = test.method,
          .target = test.target,
          .content_type = test.content_type,
          .content_encoding = test.content_encoding,
          .content_length = test.content_length,
          .body = bytes_of(test.body),
          .has_too_many_fields = test.has_too_many_fields};
}

TEST(DohRequest, EachMisuseHasItsOwnStatus) {
  std::array<Octet, kMaxGetMessage> room;
  for (const Case& test : kCases) {
    const auto query = dns_query_in(request_of(test), kPath, room);
    EXPECT_EQ(query ? 200 : query.error().status, test.status) << test.what;
    if (query || query.error().status != test.status) { continue; }
    EXPECT_TRUE(query.error().text.ends_with('\n')) << test.what;
    EXPECT_EQ(query.error().text.find('\n'), query.error().text.size() - 1) << "one line: " << test.what;
  }
}

TEST(DohRequest, BothWaysBringTheSameQuery) {
  std::array<Octet, kMaxGetMessage> room;
  const std::string target = get(kEncoded);
  const auto by_get = dns_query_in({.method = "GET", .target = target}, kPath, room);
  ASSERT_TRUE(by_get);
  EXPECT_EQ(text_of(*by_get), kQuery);
  const HttpRequest post{.method = "POST", .target = kPath, .content_type = kDnsMediaType, .body = bytes_of(kQuery)};
  const auto by_post = dns_query_in(post, kPath, room);
  ASSERT_TRUE(by_post);
  EXPECT_EQ(by_post->data(), bytes_of(kQuery).data()) << "not copied";
}

TEST(DohRequest, ThePathIsTheOperators) {
  std::array<Octet, kMaxGetMessage> room;
  const std::string target = "/secret/of/alice?dns=" + std::string(kEncoded);
  EXPECT_TRUE(dns_query_in({.method = "GET", .target = target}, "/secret/of/alice", room));
  EXPECT_FALSE(dns_query_in({.method = "GET", .target = target}, "/secret/of/bob", room));
}

TEST(DohRequest, WhatIsTooLargeIsKnownBeforeItHasAllCome) {
  EXPECT_TRUE(is_oversized({.method = "POST", .content_length = "65536"}));
  EXPECT_FALSE(is_oversized({.method = "POST", .content_length = "65535"}));
  EXPECT_FALSE(is_oversized({.method = "POST", .content_length = "many"}));
  EXPECT_TRUE(is_oversized({.has_long_target = true}));
  EXPECT_TRUE(is_oversized({.has_too_many_fields = true}));
  const std::string body(65536, 'x');
  EXPECT_TRUE(is_oversized({.body = bytes_of(body)}));
  EXPECT_FALSE(is_oversized({.body = bytes_of(body).first(65535)}));
}

// RFC 4648 section 10, without its padding, and the two characters that base64url is about.
TEST(Base64Url, DecodesWhatTheRfcEncodes) {
  std::array<Octet, 16> room;
  const std::pair<std::string_view, std::string_view> vectors[] = {
      {"", ""},           {"Zg", "f"},          {"Zm8", "fo"},          {"Zm9v", "foo"},
      {"Zm9vYg", "foob"}, {"Zm9vYmE", "fooba"}, {"Zm9vYmFy", "foobar"}, {"-_-_", "\xfb\xff\xbf"}};
  for (const auto& [encoded, plain] : vectors) {
    const auto decoded = decode_base64url(encoded, room);
    ASSERT_TRUE(decoded) << encoded;
    EXPECT_EQ(text_of(*decoded), plain);
  }
}

// However it is spelled otherwise: of 64 characters in the last place, only those with no bits to spare are taken.
TEST(Base64Url, OneSpellingForEachMessage) {
  std::array<Octet, 16> room;
  int of_one = 0, of_two = 0;
  for (int c = 0; c < 256; ++c) {
    of_one += decode_base64url(std::string("A") + static_cast<char>(c), room).has_value();
    of_two += decode_base64url(std::string("AA") + static_cast<char>(c), room).has_value();
  }
  EXPECT_EQ(of_one, 4);
  EXPECT_EQ(of_two, 16);
}

std::string text(const ResponseHead& head) {
  std::string text;
  for (const auto& [name, value] : head.fields()) { text.append(name).append(": ").append(value).append("\n"); }
  return text;
}

TEST(ResponseHead, AnAnswerMayBeKeptAsLongAsItsDataLives) {
  EXPECT_EQ(text(ResponseHead::answer(128, 300, {})),
            ":status: 200\ncontent-type: application/dns-message\ncontent-length: 128\ncache-control: max-age=300\n");
  EXPECT_EQ(text(ResponseHead::answer(65535, 0x7fffffff, {})),
            ":status: 200\ncontent-type: application/dns-message\ncontent-length: 65535\n"
            "cache-control: max-age=2147483647\n");
  EXPECT_THAT(text(ResponseHead::answer(12, 0, {})), ::testing::HasSubstr("cache-control: max-age=0\n"));
}

TEST(ResponseHead, TellsOfHttp3WhereItIsServed) {
  EXPECT_EQ(alternative_service(0), "");
  EXPECT_EQ(alternative_service(8443), "h3=\":8443\"");
  EXPECT_THAT(text(ResponseHead::answer(12, 0, alternative_service(443))),
              ::testing::EndsWith("alt-svc: h3=\":443\"\n"));
}

TEST(ResponseHead, ARefusalIsALineOfText) {
  EXPECT_EQ(text(ResponseHead::refusal({404, "no\n"})),
            ":status: 404\ncontent-type: text/plain; charset=utf-8\ncontent-length: 3\ncache-control: no-store\n");
  EXPECT_THAT(text(ResponseHead::refusal({405, "no\n"})), ::testing::EndsWith("allow: GET, POST\n"));
}

}  // namespace
}  // namespace vouch
