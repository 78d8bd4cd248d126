// One who asks over the control channel, without a socket.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "resolver/daemon/control/registry.h"

namespace vouch {

struct HeardReplies final : CallReplies {
  void put(std::string line, bool is_last) override {
    EXPECT_FALSE(is_ended) << line;
    is_ended = is_last;
    lines.push_back(Json::parse(line));
    if (room != 0) { --room; }
  }
  bool is_full() const override { return is_bounded && room == 0; }
  void when_drained(std::function<void()> work) override { drained = std::move(work); }
  // The reader takes so many lines; the command goes on.
  void take(std::size_t count) {
    is_bounded = true;
    room = count;
    if (const auto work = std::exchange(drained, nullptr)) { work(); }
  }

  const Json& last() const { return lines.back(); }
  std::vector<Json> lines;
  std::function<void()> drained;
  bool is_bounded = false;
  std::size_t room = 0;
  bool is_ended = false;
};

}  // namespace vouch
