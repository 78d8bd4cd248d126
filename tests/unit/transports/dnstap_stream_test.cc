// The stream to a collector that is there, comes late, goes, says nothing or reads nothing; and what of the traffic it
// is told.
#include "transports/dnstap/dnstap_stream.h"

#include <array>
#include <optional>

#include "tests/unit/transports/dnstap_collector.h"
#include "transports/dnstap/tapped_sink.h"

namespace vouch {
namespace {

class Streamed : public ::testing::Test {
 protected:
  explicit Streamed(std::chrono::milliseconds grace = DnstapStream::kGrace)
      : stream(folder.socket(), grace), queue(stream.open_queue(counters)) {}
  void submit(const std::string& frame) { queue.submit(bytes_of(frame)); }
  std::uint64_t lost() const {
    return counters.dnstap_cut_off.value() + counters.dnstap_overflowed.value() + counters.dnstap_unheard.value();
  }

  SocketFolder folder;
  TransportCounters counters;
  DnstapStream stream;
  DnstapStream::Queue& queue;
};

TEST_F(Streamed, WhatWaitsAtTheEndArrivesBeforeIt) {
  TestCollector collector(folder.socket());
  collector.begin();
  stream.start();
  submit("first");
  ASSERT_TRUE(collector.wait_for(1));
  submit("second");
  submit("third");
  stream.finish();
  ASSERT_TRUE(collector.wait_for(3));
  EXPECT_EQ(text(collector.frames()[2]), "third");
  EXPECT_EQ(counters.dnstap_sent.value(), 3U);
  EXPECT_EQ(lost(), 0U);
}

TEST_F(Streamed, ThePartingIsInOrder) {
  auto collector = std::make_unique<TestCollector>(folder.socket());
  collector->begin();
  stream.start();
  submit("frame");
  ASSERT_TRUE(collector->wait_for(1));
  stream.finish();  // waits for the collector's last word
  const Instant give_up = std::chrono::steady_clock::now() + kPatience;
  while (!collector->was_told_the_end() && std::chrono::steady_clock::now() < give_up) { std::this_thread::yield(); }
  EXPECT_TRUE(collector->was_told_the_end());
}

TEST_F(Streamed, ACollectorThatComesLateMissesNothing) {
  stream.start();
  submit("early");
  TestCollector collector(folder.socket());
  collector.begin();
  ASSERT_TRUE(collector.wait_for(1));
  EXPECT_EQ(lost(), 0U);
}

TEST_F(Streamed, ACollectorThatComesAgainIsFoundAgain) {
  auto collector = std::make_unique<TestCollector>(folder.socket());
  collector->begin();
  stream.start();
  submit("to the first");
  ASSERT_TRUE(collector->wait_for(1));
  collector.reset();
  submit("meanwhile");
  collector = std::make_unique<TestCollector>(folder.socket());
  collector->begin();
  submit("to the second");
  // What goes into the connection at once in the moment in which it breaks is lost, and counted; the rest comes.
  const Instant give_up = std::chrono::steady_clock::now() + kPatience;
  while (counters.dnstap_sent.value() + lost() < 3 && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(5ms);
  }
  submit("with a connection or to the next");
  ASSERT_TRUE(collector->wait_for(1));
  submit("at last");
  stream.finish();
  ASSERT_TRUE(collector->wait_for(counters.dnstap_sent.value() - 1));
  EXPECT_EQ(text(collector->frames().back()), "at last");
  EXPECT_EQ(counters.dnstap_sent.value() + lost(), 5U);
  EXPECT_LE(lost(), 2U);
}

TEST_F(Streamed, WhoSaysNothingKeepsNobody) {
  const TestCollector deaf(folder.socket());  // the kernel takes the connection for it
  stream.start();
  for (std::size_t i = 0; i < 10; ++i) { submit("frame"); }
  stream.finish();
  EXPECT_EQ(counters.dnstap_sent.value(), 0U);
  EXPECT_EQ(lost(), 10U);
}

// The kernel's buffer and the queue fill; then frames are lost, and neither a worker nor the end is kept.
TEST_F(Streamed, WhoReadsNothingKeepsNobody) {
  TestCollector collector(folder.socket());
  collector.begin();
  stream.start();
  submit("connected");
  ASSERT_TRUE(collector.wait_for(1));
  const std::string large(60'000, 'x');
  std::uint64_t submitted = 1;
  {
    const auto held = collector.hold();
    while (counters.dnstap_overflowed.value() == 0) {
      submit(large);
      ++submitted;
      ASSERT_LT(submitted, 1'000U) << "the queue has no bound";
    }
    stream.finish();
  }
  EXPECT_GT(counters.dnstap_cut_off.value(), 0U);
  EXPECT_EQ(counters.dnstap_sent.value() + lost(), submitted);
}

class StreamedImpatiently : public Streamed {
 protected:
  StreamedImpatiently() : Streamed(300ms) {}
};

TEST_F(StreamedImpatiently, AnotherContentIsNotSpoken) {
  TestCollector collector(folder.socket());
  Buffer other = control_frame(FrameControl::accept);
  other.back() ^= 1U;
  collector.begin(other);
  stream.start();
  submit("frame");
  while (counters.dnstap_sent.value() == 0 && queue.is_open()) { std::this_thread::sleep_for(20ms); }
  EXPECT_EQ(counters.dnstap_sent.value(), 0U);
  EXPECT_EQ(counters.dnstap_cut_off.value(), 1U);  // nothing is kept for whoever may come
  EXPECT_GT(counters.dnstap_unheard.value(), 0U);
}

TEST_F(StreamedImpatiently, NothingIsKeptForACollectorThatStaysAway) {
  stream.start();
  submit("frame");
  while (queue.is_open()) { std::this_thread::sleep_for(20ms); }
  EXPECT_EQ(counters.dnstap_cut_off.value(), 1U);
  TestCollector collector(folder.socket());
  collector.begin();
  while (!queue.is_open()) { std::this_thread::sleep_for(20ms); }
  submit("later");
  ASSERT_TRUE(collector.wait_for(1));
  EXPECT_EQ(text(collector.frames().front()), "later");
}

TEST(DnstapStream, EveryWorkersQueueIsServed) {
  const SocketFolder folder;
  std::array<TransportCounters, 3> counters;
  TestCollector collector(folder.socket());
  collector.begin();
  DnstapStream stream(folder.socket());
  std::vector<std::thread> workers;
  std::vector<DnstapStream::Queue*> queues;
  for (TransportCounters& each : counters) { queues.push_back(&stream.open_queue(each)); }
  stream.start();
  constexpr std::size_t kFrames = 2'000;
  for (DnstapStream::Queue* const queue : queues) {
    workers.emplace_back([queue] {
      for (std::size_t i = 0; i < kFrames; ++i) { queue->submit(bytes_of("a frame of this worker's")); }
    });
  }
  for (std::thread& worker : workers) { worker.join(); }
  EXPECT_TRUE(collector.wait_for(counters.size() * kFrames));
  stream.finish();
  for (const TransportCounters& each : counters) { EXPECT_EQ(each.dnstap_sent.value(), kFrames); }
}

// What is told of a message on its way.
class Tapped : public Streamed {
 protected:
  Tapped() : collector(folder.socket()) { collector.begin(); }
  void tap(const DnstapOptions& options) { recorder.emplace(options, "vouch test", queue); }
  // Of the messages that were told: their fields in the schema's numbers.
  std::vector<ProtobufFields> told() {
    stream.start();
    EXPECT_TRUE(collector.wait_for(1));
    stream.finish();
    EXPECT_TRUE(collector.wait_for(counters.dnstap_sent.value()));
    std::vector<ProtobufFields> messages;
    for (const Buffer& frame : collector.frames()) {
      const ProtobufFields whole(frame);
      EXPECT_TRUE(whole.is_whole);
      messages.emplace_back(bytes_of(whole.texts.at(14)));
      EXPECT_TRUE(messages.back().is_whole);
    }
    return messages;
  }
  static ClientQuery query_from(const char* client, const char* packet = "query",
                                ClientProtocol protocol = ClientProtocol::udp) {
    return {.packet = bytes_of(packet),
            .client = at(client, 40'000),
            .local = at("192.0.2.53", 53),
            .protocol = protocol,
            .is_backlogged = false};
  }

  struct Room final : ReplyRoom {
    struct Handle final : ReplyHandle {
      explicit Handle(std::string& sent_) : sent(sent_) {}
      void send(Bytes message) override { sent = text(message); }
      std::string& sent;
    };
    MutableBytes buffer() override { return octets; }
    std::unique_ptr<ReplyHandle> keep() override {
      return has_room ? std::make_unique<Handle>(sent) : std::unique_ptr<ReplyHandle>();
    }
    Buffer octets = Buffer(65'535);
    std::string sent;
    bool has_room = true;
  };

  TestCollector collector;
  std::optional<DnstapRecorder> recorder;
  ScriptedSink sink;
};

TEST_F(Tapped, AQueryAndWhatItWasAnswered) {
  tap({});
  TappedSink tapped(sink, *recorder);
  Room room;
  sink.script = [](const ClientQuery&, ReplyRoom& out) { return ScriptedSink::write("answer", out); };
  ASSERT_EQ(tapped.answer(query_from("198.51.100.77"), room), 6U);
  EXPECT_EQ(text(Bytes(room.octets).first(6)), "answer");
  const auto messages = told();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].numbers.at(1), 5U);
  EXPECT_EQ(messages[0].texts.at(10), "query");
  EXPECT_FALSE(messages[0].texts.contains(14));
  EXPECT_EQ(messages[1].numbers.at(1), 6U);
  EXPECT_EQ(messages[1].texts.at(14), "answer");
  EXPECT_FALSE(messages[1].texts.contains(10));
  for (const ProtobufFields& message : messages) {
    EXPECT_EQ(message.texts.at(4), text(ip("198.51.100.0").octets()));
    EXPECT_FALSE(message.numbers.contains(6));  // the port
    EXPECT_EQ(message.texts.at(5), text(ip("192.0.2.53").octets()));
    EXPECT_EQ(message.numbers.at(7), 53U);
    EXPECT_EQ(message.numbers.at(8), messages[0].numbers.at(8));
    EXPECT_EQ(message.numbers.at(9), messages[0].numbers.at(9));
  }
}

TEST_F(Tapped, AnAnswerThatCameLater) {
  tap({});
  TappedSink tapped(sink, *recorder);
  Room room;
  std::unique_ptr<ReplyHandle> kept;
  sink.script = [&kept](const ClientQuery&, ReplyRoom& out) {
    kept = out.keep();
    return std::size_t{0};
  };
  ASSERT_EQ(tapped.answer(query_from("198.51.100.77"), room), 0U);
  kept->send(bytes_of("late"));
  EXPECT_EQ(room.sent, "late");
  const auto messages = told();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[1].texts.at(14), "late");
}

TEST_F(Tapped, AQueryThatWasDroppedHasNoAnswer) {
  tap({});
  TappedSink tapped(sink, *recorder);
  Room room;
  room.has_room = false;
  sink.script = [](const ClientQuery&, ReplyRoom& out) {
    EXPECT_EQ(out.keep(), nullptr);
    return std::size_t{0};
  };
  ASSERT_EQ(tapped.answer(query_from("198.51.100.77"), room), 0U);
  EXPECT_EQ(told().size(), 1U);
}

// An address that ends in zeros looks cut when it is not, and whole when it is not.
TEST_F(Tapped, APortIsToldWithWholeAddressesAlone) {
  DnstapOptions options;
  options.ipv6_prefix = 128;
  tap(options);
  recorder->client_query(query_from("198.51.100.0"));
  recorder->client_query(query_from("2001:db8::1"));
  const auto messages = told();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_FALSE(messages[0].numbers.contains(6));
  EXPECT_EQ(messages[1].numbers.at(6), 40'000U);
  EXPECT_EQ(messages[1].texts.at(4), text(ip("2001:db8::1").octets()));
}

TEST_F(Tapped, EveryTransportHasItsName) {
  tap({});
  for (const ClientProtocol protocol : {ClientProtocol::udp, ClientProtocol::tcp, ClientProtocol::tls,
                                        ClientProtocol::https, ClientProtocol::quic, ClientProtocol::http3}) {
    recorder->client_query(query_from("198.51.100.77", "query", protocol));
  }
  std::vector<std::pair<std::uint64_t, std::uint64_t>> found;
  for (const ProtobufFields& message : told()) {
    const auto http = message.numbers.find(16);
    found.emplace_back(message.numbers.at(3), http == message.numbers.end() ? 0 : http->second);
  }
  const decltype(found) expected{{1, 0}, {2, 0}, {3, 0}, {4, 2}, {7, 0}, {4, 3}};
  EXPECT_EQ(found, expected);
}

TEST_F(Tapped, OnlyWhatIsWantedIsTold) {
  DnstapOptions options;
  options.client_queries = options.client_responses = false;
  tap(options);
  const auto asked = recorder->client_query(query_from("198.51.100.77"));
  recorder->client_response(asked, bytes_of("answer"));
  UpstreamQuestion question;
  question.server = at("203.0.113.5", 53);
  question.packet = bytes_of("query");
  recorder->resolver_response(question, recorder->resolver_query(question), bytes_of("reply"));
  const auto messages = told();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].texts.at(14), "reply");
}

class ScriptedUpstream final : public Upstream {
 public:
  Task<UpstreamReply> ask(UpstreamQuestion question) override {
    UpstreamReply reply;
    reply.status = status;
    reply.packet.assign(question.packet.begin(), question.packet.end());
    co_return reply;
  }
  UpstreamReply::Status status = UpstreamReply::Status::ok;
};

class TappedQuestions : public Tapped {
 protected:
  void ask(UpstreamReply::Status status, const std::string& packet, UpstreamProtocol protocol) {
    scripted->status = status;
    UpstreamQuestion question;
    question.server = at("2001:db8::5", 853);
    question.protocol = protocol;
    question.packet = bytes_of(packet);
    std::optional<UpstreamReply> reply;
    TappedUpstream tapped(scripted, *recorder);
    Task<void> task = wait_for(tapped.ask(question), reply);
    task.start();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, status);
    EXPECT_EQ(text(reply->packet), packet);
  }
  static Task<void> wait_for(Task<UpstreamReply> task, std::optional<UpstreamReply>& into) {
    UpstreamReply came = co_await task;
    into = std::move(came);
  }
  std::shared_ptr<ScriptedUpstream> scripted = std::make_shared<ScriptedUpstream>();
};

TEST_F(TappedQuestions, AreToldWithTheirReplies) {
  DnstapOptions options;
  options.resolver_queries = true;
  tap(options);
  const std::string plain("\0\1\0\0", 4), recursive("\0\1\1\0", 4);  // the latter desires recursion
  ask(UpstreamReply::Status::ok, plain, UpstreamProtocol::udp);
  ask(UpstreamReply::Status::ok, recursive, UpstreamProtocol::tls);
  ask(UpstreamReply::Status::timeout, plain, UpstreamProtocol::tcp);
  const auto messages = told();
  std::vector<std::pair<std::uint64_t, std::uint64_t>> found;  // type, protocol
  for (const ProtobufFields& message : messages) {
    found.emplace_back(message.numbers.at(1), message.numbers.at(3));
    EXPECT_EQ(message.texts.at(5), text(ip("2001:db8::5").octets()));
    EXPECT_EQ(message.numbers.at(7), 853U);
    EXPECT_FALSE(message.texts.contains(4));
  }
  const decltype(found) expected{{3, 1}, {4, 1}, {7, 3}, {8, 3}, {3, 2}};
  EXPECT_EQ(found, expected);
  EXPECT_EQ(messages[0].texts.at(10), plain);
  EXPECT_EQ(messages[3].texts.at(14), recursive);
}

}  // namespace
}  // namespace vouch
