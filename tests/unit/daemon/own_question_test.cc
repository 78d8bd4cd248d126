#include "resolver/daemon/own_question.h"

#include <gtest/gtest.h>

#include <new>

namespace vouch {
namespace {

// Answers at once, later, or not at all.
struct Sink final : QuerySink {
  enum class How : std::uint8_t { at_once, later, never };
  std::size_t answer(const ClientQuery& query, ReplyRoom& room) override {
    if (how == How::later) { kept = room.keep(); }
    if (how != How::at_once) { return 0; }
    std::ranges::copy(query.packet, room.buffer().begin());
    return query.packet.size();
  }
  bool admits(const IpAddress&) const override { return true; }
  How how = How::at_once;
  std::unique_ptr<ReplyHandle> kept;
};

const Buffer kQuery{1, 2, 3};
const SocketAddress kClient(*IpAddress::parse("192.0.2.1"), 0);

TEST(OwnQuestion, IsAnsweredOnceAtOnceOrLaterOrWithNothing) {
  for (const auto how : {Sink::How::at_once, Sink::How::later, Sink::How::never}) {
    Sink sink;
    sink.how = how;
    std::vector<Buffer> replies;
    ask_as_client(sink, kQuery, kClient, [&](const Buffer& reply) { replies.push_back(reply); });
    if (sink.kept != nullptr) {
      EXPECT_TRUE(replies.empty());
      sink.kept->send(kQuery);
      sink.kept.reset();
    }
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0], how == Sink::How::never ? Buffer() : kQuery);
  }
}

TEST(OwnQuestion, ThatNobodyCanBeToldOfItsEndForLackOfMemoryEndsNothing) {
  Sink sink;
  sink.how = Sink::How::never;
  int told = 0;
  ask_as_client(sink, kQuery, kClient, [&](const Buffer&) {
    ++told;
    throw std::bad_alloc();
  });
  EXPECT_EQ(told, 1);
}

}  // namespace
}  // namespace vouch
