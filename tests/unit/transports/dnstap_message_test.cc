// What goes over the wire to a dnstap collector: messages, the frames around them, and the queue in which they wait.
#include "transports/dnstap/dnstap_message.h"

#include <algorithm>
#include <thread>

#include "tests/unit/transports/dnstap_collector.h"
#include "transports/dnstap/frame_ring.h"

namespace vouch {
namespace {

Buffer octets(std::initializer_list<int> values) {
  Buffer out;
  for (const int value : values) { out.push_back(static_cast<Octet>(value)); }
  return out;
}

TEST(DnstapEncoder, WritesTheSchemaOctetForOctet) {
  DnstapEncoder encoder("me", "v");
  DnstapMessage message;
  message.type = DnstapType::client_query;
  message.protocol = DnstapProtocol::tcp;
  message.query_address = ip("192.0.2.0");
  message.response_address = at("192.0.2.53", 53);
  message.query_time = DnstapMessage::Moment(1'000s + 300ns);
  message.dns = bytes_of("query");
  const Buffer expected = octets({
      0x0a, 2,    'm',  'e',                       // identity
      0x12, 1,    'v',                             // version
      0x78, 1,                                     // type: a message
      0x72, 35,                                    // the message
      0x08, 5,    0x10, 1,    0x18, 2,             // client query, IPv4, TCP
      0x22, 4,    192,  0,    2,    0,             // who asked
      0x2a, 4,    192,  0,    2,    53,            // who was asked
      0x38, 53,                                    // on which port
      0x40, 0xe8, 0x07, 0x4d, 0x2c, 0x01, 0,   0,  // when: seconds, nanoseconds
      0x52, 5,    'q',  'u',  'e',  'r',  'y',     // the query
  });
  // Twice, as what the first has left behind must not be in the second.
  for (int i = 0; i < 2; ++i) {
    const Bytes written = encoder.encode(message);
    EXPECT_TRUE(std::ranges::equal(written, expected));
  }
}

TEST(DnstapEncoder, TellsAResponseWithBothTimesAndTheVersionOfHttp) {
  DnstapEncoder encoder("", "vouch 1");
  DnstapMessage message;
  message.type = DnstapType::client_response;
  message.protocol = DnstapProtocol::doh;
  message.http = DnstapHttp::http3;
  message.query_address = ip("2001:db8::");
  message.query_port = 40'000;
  message.response_address = at("2001:db8::53", 443);
  message.query_time = DnstapMessage::Moment(7s);
  message.response_time = DnstapMessage::Moment(8s + 999'999'999ns);
  const Buffer dns(65'535, 0xab);
  message.dns = dns;
  const ProtobufFields whole(encoder.encode(message));
  ASSERT_TRUE(whole.is_whole);
  EXPECT_FALSE(whole.texts.contains(1));  // no identity
  EXPECT_EQ(whole.texts.at(2), "vouch 1");
  const ProtobufFields inner(bytes_of(whole.texts.at(14)));
  ASSERT_TRUE(inner.is_whole);
  const std::map<unsigned, std::uint64_t> numbers{{1, 6}, {2, 2}, {3, 4},  {6, 40'000},       {7, 443},
                                                  {8, 7}, {9, 0}, {12, 8}, {13, 999'999'999}, {16, 3}};
  EXPECT_EQ(inner.numbers, numbers);
  EXPECT_EQ(inner.texts.at(4), text(ip("2001:db8::").octets()));
  EXPECT_EQ(inner.texts.at(5), text(ip("2001:db8::53").octets()));
  EXPECT_FALSE(inner.texts.contains(10));
  EXPECT_EQ(inner.texts.at(14), text(dns));
}

TEST(DnstapEncoder, CutsNamesThatAreTooLong) {
  DnstapEncoder encoder(std::string(1000, 'x'), "v");
  EXPECT_EQ(ProtobufFields(encoder.encode({})).texts.at(1).size(), DnstapEncoder::kMaxName);
}

TEST(FrameStreams, WritesControlFramesOctetForOctet) {
  EXPECT_EQ(control_frame(FrameControl::stop), octets({0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 3}));
  Buffer ready = octets({0, 0, 0, 0, 0, 0, 0, 34, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 22});
  for (const char letter : kDnstapContent) { ready.push_back(static_cast<Octet>(letter)); }
  EXPECT_EQ(control_frame(FrameControl::ready), ready);
}

TEST(FrameStreams, TakesAnAcceptanceForItsContentAlone) {
  const Buffer accept = control_frame(FrameControl::accept);
  const Bytes head = Bytes(accept).first(kControlHead), body = Bytes(accept).subspan(kControlHead);
  EXPECT_EQ(control_length(head), body.size());
  EXPECT_TRUE(is_control(body, FrameControl::accept));
  EXPECT_FALSE(is_control(body, FrameControl::finish));
  EXPECT_TRUE(is_control(octets({0, 0, 0, 1}), FrameControl::accept));  // any content
  EXPECT_FALSE(is_control(octets({0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 'x'}), FrameControl::accept));
  Buffer both = octets({0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 'x'});
  both.insert(both.end(), body.begin() + 4, body.end());
  EXPECT_TRUE(is_control(both, FrameControl::accept));
}

TEST(FrameStreams, BelievesNoLength) {
  EXPECT_EQ(control_length(octets({0, 0, 0, 1, 0, 0, 0, 4})), 0U);  // a data frame
  EXPECT_EQ(control_length(octets({0, 0, 0, 0, 0, 0, 2, 1})), 0U);  // one octet too many
  EXPECT_EQ(control_length(octets({0, 0, 0, 0, 0, 0, 2, 0})), 512U);
  EXPECT_EQ(control_length(octets({0, 0, 0, 0})), 0U);
  EXPECT_FALSE(is_control({}, FrameControl::accept));
  EXPECT_FALSE(is_control(octets({0, 0, 0, 1, 0, 0, 0, 1, 255, 255, 255, 255, 'x'}), FrameControl::accept));
  EXPECT_FALSE(is_control(octets({0, 0, 0, 1, 0, 0, 0}), FrameControl::accept));
}

std::string joined(const FrameRing::Batch& batch) { return text(batch.first) + text(batch.second); }

TEST(FrameRing, GivesWholeFramesInOrder) {
  FrameRing ring(64);
  EXPECT_TRUE(ring.is_empty());
  EXPECT_EQ(ring.peek(64).frames, 0U);
  ASSERT_TRUE(ring.push(bytes_of("one")));
  ASSERT_TRUE(ring.push(bytes_of("three")));
  EXPECT_FALSE(ring.is_empty());
  EXPECT_EQ(joined(ring.peek(64)), std::string("\0\0\0\3one\0\0\0\5three", 16));
  const auto first = ring.peek(15);  // the second does not fit
  EXPECT_EQ(joined(first), std::string("\0\0\0\3one", 7));
  EXPECT_EQ(first.frames, 1U);
  EXPECT_EQ(ring.peek(1).frames, 1U);  // one is always given
  ring.pop(first);
  EXPECT_EQ(joined(ring.peek(64)), std::string("\0\0\0\5three", 9));
}

TEST(FrameRing, RefusesWhatDoesNotFitAndTakesItLater) {
  FrameRing ring(16);
  ASSERT_TRUE(ring.push(bytes_of("123456")));
  EXPECT_FALSE(ring.push(bytes_of("789")));
  ASSERT_TRUE(ring.push(bytes_of("78")));  // to the last octet
  EXPECT_FALSE(ring.push({}));
  ring.pop(ring.peek(10));
  EXPECT_FALSE(ring.push(bytes_of("1234567")));
  EXPECT_TRUE(ring.push(bytes_of("abcdef")));
  EXPECT_EQ(ring.peek(16).frames, 2U);
  EXPECT_FALSE(FrameRing(16).push(bytes_of("more than there is")));
}

// Lengths and frames alike end up on both sides of the end.
TEST(FrameRing, GoesRound) {
  FrameRing ring(32);
  for (std::size_t i = 0; i < 200; ++i) {
    const std::string frame(1 + i % 13, static_cast<char>('a' + i % 26));
    ASSERT_TRUE(ring.push(bytes_of(frame)));
    const auto batch = ring.peek(32);
    ASSERT_EQ(batch.frames, 1U);
    ASSERT_EQ(joined(batch).substr(FrameRing::kLength), frame);
    ring.pop(batch);
    ASSERT_TRUE(ring.is_empty());
  }
}

TEST(FrameRing, CarriesFromOneThreadToAnother) {
  constexpr std::uint32_t kFrames = 50'000;
  FrameRing ring(256);
  std::thread writer([&ring] {
    for (std::uint32_t i = 0; i < kFrames;) {
      Buffer frame(4 + i % 60, static_cast<Octet>(i));
      store32(frame.data(), i);
      if (ring.push(frame)) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  std::uint32_t next = 0;
  bool is_right = true;
  while (next < kFrames) {
    const auto batch = ring.peek(256);
    if (batch.frames == 0) { std::this_thread::yield(); }
    const std::string all = joined(batch);
    ByteReader reader(bytes_of(all));
    for (std::uint64_t i = 0; i < batch.frames; ++i, ++next) {
      const Bytes frame = reader.read(reader.read32());
      is_right = is_right && frame.size() == 4 + next % 60 && load32(frame.data()) == next;
    }
    ring.pop(batch);
  }
  writer.join();
  EXPECT_TRUE(is_right);
  EXPECT_TRUE(ring.is_empty());
}

}  // namespace
}  // namespace vouch
