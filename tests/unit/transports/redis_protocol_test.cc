#include "transports/redis/redis_protocol.h"

#include <gtest/gtest.h>

#include <string>

namespace vouch {
namespace {

using Step = RedisReplies::Step;
using Kind = RedisReply::Kind;

TEST(RedisProtocol, CommandsHaveWhateverOctets) {
  Buffer to;
  const std::string odd("\0\r\n$", 4);
  ASSERT_TRUE(append_command(to, {bytes_of("SET"), bytes_of(odd), Bytes()}));
  EXPECT_EQ(text_of(to), "*3\r\n$3\r\nSET\r\n$4\r\n" + odd + "\r\n$0\r\n\r\n");
}

TEST(RedisProtocol, RepliesOfEachKindInPiecesOfAnySize) {
  const std::string all = "+OK\r\n-ERR no\r\n:7\r\n$-1\r\n$0\r\n\r\n$5\r\na\r\nbc\r\n";
  for (std::size_t piece = 1; piece <= all.size(); ++piece) {
    RedisReplies replies(100);
    std::vector<std::pair<Kind, std::string>> heard;
    for (std::size_t at = 0; at < all.size(); at += piece) {
      replies.feed(bytes_of(std::string_view(all).substr(at, piece)));
      RedisReply reply;
      Step step = Step::more;
      while ((step = replies.next(reply)) == Step::reply) { heard.emplace_back(reply.kind, text_of(reply.octets)); }
      ASSERT_EQ(step, Step::more);
    }
    EXPECT_EQ(heard, (std::vector<std::pair<Kind, std::string>>{{Kind::status, "OK"},
                                                                {Kind::error, "ERR no"},
                                                                {Kind::integer, ""},
                                                                {Kind::nil, ""},
                                                                {Kind::octets, ""},
                                                                {Kind::octets, "a\r\nbc"}}));
    EXPECT_EQ(replies.waiting(), 0U);
  }
}

TEST(RedisProtocol, WhatNoCommandOfOursIsAnsweredByIsAFault) {
  for (const std::string_view text : {"*1\r\n$1\r\na\r\n", "*0\r\n", "*2147483647\r\n", "what\r\n", "$-7\r\n", "$x\r\n",
                                      "$9223372036854775808\r\n", "%1\r\n", "_\r\n", ",1.5\r\n", "#t\r\n"}) {
    RedisReplies replies(100);
    replies.feed(bytes_of(text));
    RedisReply reply;
    EXPECT_EQ(replies.next(reply), Step::faulty) << text;
    replies.feed(bytes_of("+OK\r\n"));
    EXPECT_EQ(replies.next(reply), Step::faulty) << text;  // and stays one
    replies.begin_anew();
    replies.feed(bytes_of("+OK\r\n"));
    EXPECT_EQ(replies.next(reply), Step::reply) << text;
  }
}

TEST(RedisProtocol, NoReplyIsLongerThanMayBe) {
  RedisReplies replies(100);
  RedisReply reply;
  replies.feed(bytes_of("$100\r\n" + std::string(100, 'x') + "\r\n"));
  EXPECT_EQ(replies.next(reply), Step::reply);
  replies.feed(bytes_of("$101\r\n" + std::string(101, 'x') + "\r\n"));
  EXPECT_EQ(replies.next(reply), Step::faulty);
  replies.begin_anew();
  replies.feed(bytes_of("$1000000000\r\n" + std::string(200, 'x')));  // what is announced is not waited for
  EXPECT_EQ(replies.next(reply), Step::faulty);
  replies.begin_anew();
  replies.feed(bytes_of("+" + std::string(200, 'x')));
  EXPECT_EQ(replies.next(reply), Step::faulty);
}

}  // namespace
}  // namespace vouch
