#include "transports/message_dialer.h"

#include "tests/unit/transports/harness.h"

namespace vouch {
namespace {

using Status = StreamMessage::Status;

class MessageDialerTest : public LoopTest {
 protected:
  // What the stream gives, one message after the other, until something else comes or there are `most`.
  struct Receiving {
    std::vector<std::string> messages;
    std::optional<StreamMessage> end;
    Task<void> task;
  };
  std::unique_ptr<Receiving> receive(MessageStream& stream, std::size_t most = 1000, Duration patience = 10s) {
    auto receiving = std::make_unique<Receiving>();
    receiving->task = run(stream, *receiving, most, patience);
    receiving->task.start();
    return receiving;
  }
  Task<void> run(MessageStream& stream, Receiving& into, std::size_t most, Duration patience) {
    while (into.messages.size() < most) {
      StreamMessage came = co_await stream.receive(loop->now() + patience);
      if (came.status != Status::ok) {
        into.end = std::move(came);
        co_return;
      }
      into.messages.push_back(text(came.message));
    }
  }
  SystemRandom random;
  std::unique_ptr<MessageDialer> dialer = std::make_unique<MessageDialer>(*loop, OutgoingOptions(), random);
  Peer listening = Peer::listening();
};

TEST_F(MessageDialerTest, OneRequestManyMessages) {
  const auto stream = dialer->dial(listening.address());
  stream->send(bytes_of("give me the zone"));
  const auto receiving = receive(*stream);
  std::optional<Peer> server;
  ASSERT_TRUE(run_until([&] {
    if (!server) { server = listening.accept(); }
    if (server) { server->pump(); }
    return server && !server->messages.empty();
  }));
  EXPECT_EQ(server->messages.front(), "give me the zone");
  const std::string large(65535, 'x');
  server->queue_message("one");
  server->queue_message("two");
  server->queue_message("");
  server->queue_message(large);
  server->queue_message("last");
  ASSERT_TRUE(run_until([&] {
    server->pump();
    return receiving->messages.size() == 5;
  }));
  EXPECT_EQ(receiving->messages, (std::vector<std::string>{"one", "two", "", large, "last"}));
  // And once more on the same connection; then it ends in the midst of a message.
  stream->send(bytes_of("and again"));
  server->queue_message("three");
  server->queue("\x01\x00part");
  ASSERT_TRUE(run_until([&] {
    server->pump();
    return receiving->messages.size() == 6 && !server->has_unsent();
  }));
  EXPECT_EQ(server->messages.back(), "and again");
  server.reset();
  ASSERT_TRUE(run_until([&] { return receiving->end.has_value(); }));
  EXPECT_EQ(receiving->end->status, Status::closed);
  // What has ended stays so.
  const auto more = receive(*stream);
  ASSERT_TRUE(more->end.has_value());
  EXPECT_EQ(more->end->status, Status::closed);
}

TEST_F(MessageDialerTest, ADeadlineHolds) {
  const auto stream = dialer->dial(listening.address());
  stream->send(bytes_of("hello"));
  const auto receiving = receive(*stream, 1, 30ms);
  ASSERT_TRUE(run_until([&] { return receiving->end.has_value(); }));
  EXPECT_EQ(receiving->end->status, Status::timeout);
}

TEST_F(MessageDialerTest, NobodyListens) {
  const SocketAddress nobody = [] { return Peer(SOCK_STREAM, at("127.0.0.1")).address(); }();
  const auto stream = dialer->dial(nobody);
  stream->send(bytes_of("hello"));
  const auto receiving = receive(*stream);
  ASSERT_TRUE(run_until([&] { return receiving->end.has_value(); }));
  EXPECT_EQ(receiving->end->status, Status::unreachable);
  EXPECT_NE(receiving->end->why, "");
}

TEST_F(MessageDialerTest, NothingIsReadWhileNobodyWaits) {
  const auto stream = dialer->dial(listening.address());
  const auto first = receive(*stream, 1);
  std::optional<Peer> server;
  std::size_t queued = 0;
  const std::string message(60000, 'm');
  ASSERT_TRUE(run_until([&] {
    if (!server) { server = listening.accept(); }
    if (server && queued == 0) { server->queue_message(message); }
    if (server) { ++queued, server->pump(); }
    return first->messages.size() == 1;
  }));
  // The kernel's buffers fill up, and then the peer can send no more.
  for (int i = 0; i < 600; ++i) { server->queue_message(message); }
  const Instant end = loop->now() + 200ms;
  run_until([&] {
    server->pump();
    return loop->now() >= end;
  });
  EXPECT_TRUE(server->has_unsent()) << "36 MB were read that nobody asked for";
  const auto rest = receive(*stream, 600);
  ASSERT_TRUE(run_until([&] {
    server->pump();
    return rest->messages.size() == 600;
  }));
}

TEST_F(MessageDialerTest, GivingUpInTheMidstLeavesNothingBehind) {
  auto stream = dialer->dial(listening.address());
  auto receiving = receive(*stream);
  receiving.reset();  // the wait
  receiving = receive(*stream);
  receiving.reset();
  stream.reset();
  std::optional<Peer> server;
  ASSERT_TRUE(run_until([&] {
    if (!server) { server = listening.accept(); }
    if (server) { server->pump(); }
    return server && server->is_ended;
  }));
}

}  // namespace
}  // namespace vouch
