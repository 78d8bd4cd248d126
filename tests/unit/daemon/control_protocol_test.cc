#include "resolver/daemon/control/protocol.h"

#include <gtest/gtest.h>

#include <string>

namespace vouch {
namespace {

std::string repeated(std::string_view text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) { all += text; }
  return all;
}

TEST(ControlProtocol, ARequestIsItsCommandAndTheRest) {
  const auto request = parse_request(R"({"command": "flush name", "name": "www.example.", "all": true})");
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->command, "flush name");
  EXPECT_EQ(request->arguments.dump(), R"({"name":"www.example.","all":true})");
}

TEST(ControlProtocol, WhatIsNoObjectWithACommandIsRefusedWithASentence) {
  for (const std::string_view line :
       {"", "{", "}", "nonsense", "[]", "\"status\"", "7", "null", "{\"command\": 7}", "{\"Command\": \"status\"}",
        "{\"command\": \"status\"} {}", "{\"command\": \"status\",}", "{'command': 'status'}",
        "{\"command\": \"\xff\"}", "{\"command\": \"\\ud800\"}"}) {
    const auto request = parse_request(line);
    ASSERT_FALSE(request.has_value()) << line;
    EXPECT_NE(request.error().find(' '), std::string::npos) << line;
  }
}

TEST(ControlProtocol, DepthIsCountedBeforeAnythingIsParsed) {
  const std::string deep = R"({"command": "status", "x": )" + repeated("[", 4500) + repeated("]", 4500) + "}";
  EXPECT_FALSE(parse_request(deep).has_value());
  EXPECT_TRUE(nests_deeper(deep, kMaxRequestDepth));
  EXPECT_FALSE(parse_request(repeated("{\"a\":", 4500)).has_value());
  // The deepest that is taken: the object, and seven lists within.
  EXPECT_TRUE(parse_request(R"({"command": "c", "x": [[[[[[[]]]]]]]})").has_value());
  EXPECT_FALSE(parse_request(R"({"command": "c", "x": [[[[[[[[]]]]]]]]})").has_value());
}

TEST(ControlProtocol, BracketsInStringsAreText) {
  EXPECT_FALSE(nests_deeper(R"({"a": "[[[[[[[[[[[[", "b": "\"[[[[[[[[[["})", 1));
  EXPECT_TRUE(nests_deeper(R"({"a": "\\"[[)", 2));  // the backslash is escaped: the string has ended
  EXPECT_FALSE(nests_deeper("]]]]{}{}{}", 1));
}

TEST(ControlProtocol, ALineHasItsLimit) {
  const auto of_size = [](std::size_t size) {
    const std::string head = R"({"command": "c", "x": ")";
    return head + std::string(size - head.size() - 2, 'x') + "\"}";
  };
  EXPECT_TRUE(parse_request(of_size(kMaxRequestOctets)).has_value());
  const auto refused = parse_request(of_size(kMaxRequestOctets + 1));
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().find("32 KiB"), std::string::npos);
}

TEST(ControlProtocol, AReplyIsOneLineOfAsciiWhateverIsInIt) {
  const std::string line = json_line(Json{{"name", "a\nb\x1b[31m\xe2\x80\xae\xff\x7f\"\\"}, {"zone", "\xc3\xa9."}});
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  for (const char c : line.substr(0, line.size() - 1)) { EXPECT_TRUE(c >= ' ' && c <= '~') << int{c}; }
  EXPECT_NE(line.find("\\u202e"), std::string::npos);
  EXPECT_NE(line.find("\\ufffd"), std::string::npos);
  EXPECT_NE(line.find("\\u00e9"), std::string::npos);
}

}  // namespace
}  // namespace vouch
