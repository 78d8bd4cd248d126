#include "transports/length_framer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vouch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string framed(std::string_view message) {
  Buffer out;
  append_frame(out, bytes_of(message));
  return std::string(text_of(out));
}

std::vector<std::string> feed(LengthFramer& framer, std::string_view octets) {
  std::vector<std::string> messages;
  framer.add(bytes_of(octets));
  while (const auto message = framer.next()) { messages.emplace_back(text_of(*message)); }
  framer.settle();
  return messages;
}

TEST(LengthFramer, SeveralMessagesInOneReadComeOutOneByOne) {
  LengthFramer framer;
  EXPECT_THAT(feed(framer, framed("one") + framed("") + framed("three")), ElementsAre("one", "", "three"));
  EXPECT_FALSE(framer.is_mid_message());
}

TEST(LengthFramer, OctetByOctetIsAsGood) {
  LengthFramer framer;
  const std::string stream = framed("hello") + framed("world");
  std::vector<std::string> messages;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    for (auto& message : feed(framer, stream.substr(i, 1))) { messages.push_back(std::move(message)); }
    EXPECT_EQ(framer.is_mid_message(), i != 6 && i != stream.size() - 1) << "after octet " << i;
  }
  EXPECT_THAT(messages, ElementsAre("hello", "world"));
}

TEST(LengthFramer, EverySplitOfAStreamGivesTheSameMessages) {
  const std::string stream = framed("a") + framed("") + framed("some more") + framed("z");
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    LengthFramer framer;
    std::vector<std::string> messages = feed(framer, stream.substr(0, cut));
    for (auto& message : feed(framer, stream.substr(cut))) { messages.push_back(std::move(message)); }
    EXPECT_THAT(messages, ElementsAre("a", "", "some more", "z")) << "cut at " << cut;
  }
}

TEST(LengthFramer, TheLargestMessagePassesWhole) {
  LengthFramer framer;
  const std::string large(LengthFramer::kMaxMessage, 'x');
  const std::string stream = framed(large);
  EXPECT_THAT(feed(framer, stream.substr(0, 40'000)), IsEmpty());
  EXPECT_TRUE(framer.is_mid_message());
  EXPECT_THAT(feed(framer, stream.substr(40'000)), ElementsAre(large));
}

TEST(LengthFramer, WhatWasNotTakenWaitsForTheNextTurn) {
  LengthFramer framer;
  const std::string stream = framed("first") + framed("second") + framed("third");
  framer.add(bytes_of(stream));
  EXPECT_EQ(text_of(framer.next().value()), "first");
  framer.settle();
  EXPECT_TRUE(framer.has_whole_message());
  EXPECT_FALSE(framer.is_mid_message());
  framer.add({});
  EXPECT_EQ(text_of(framer.next().value()), "second");
  framer.settle();
  EXPECT_THAT(feed(framer, framed("fourth")), ElementsAre("third", "fourth"));
  EXPECT_FALSE(framer.has_whole_message());
}

}  // namespace
}  // namespace vouch
