// The parts of the QUIC listener that need no connection.
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/transports/harness.h"
#include "transports/quic/address_tokens.h"
#include "transports/quic/allowance.h"
#include "transports/quic/connection_table.h"
#include "transports/quic/datagrams.h"
#include "transports/quic/doq_query.h"
#include "transports/quic/replay_store.h"

namespace vouch {
namespace {

TEST(AllowanceTest, ABurstAndThenSoMuchPerSecond) {
  const Instant start{};
  Allowance allowance(3, 10, start);
  for (int i = 0; i < 3; ++i) { EXPECT_TRUE(allowance.take(1, start)); }
  EXPECT_FALSE(allowance.take(1, start));
  EXPECT_FALSE(allowance.take(1, start + 50ms));
  EXPECT_TRUE(allowance.take(1, start + 150ms));
  EXPECT_FALSE(allowance.take(1, start)) << "time that goes backwards gives nothing";
  EXPECT_TRUE(allowance.take(3, start + 1h));
  EXPECT_FALSE(allowance.take(1, start + 1h)) << "no more than the burst is saved";
  allowance.give(2);
  EXPECT_TRUE(allowance.take(2, start + 1h));
}

TEST(ReplayStoreTest, KnowsWhatItHasSeenUntilItsTimeIsUp) {
  ReplayStore store;
  EXPECT_TRUE(store.add(bytes_of("one"), 110, 100));
  EXPECT_FALSE(store.add(bytes_of("one"), 111, 101));
  EXPECT_TRUE(store.add(bytes_of("two"), 111, 101));
  EXPECT_TRUE(store.add(bytes_of("one"), 120, 110));
  EXPECT_EQ(store.size(), 2U);
}

TEST(ReplayStoreTest, RefusesWhenItIsFullAndWhatIsNoKey) {
  ReplayStore store;
  for (std::size_t i = 0; i < ReplayStore::kMost; ++i) {
    ASSERT_TRUE(store.add(bytes_of(std::to_string(i)), 110, 100));
  }
  EXPECT_FALSE(store.add(bytes_of("one more"), 110, 100));
  EXPECT_EQ(store.size(), ReplayStore::kMost);
  EXPECT_TRUE(store.add(bytes_of("one more"), 120, 110)) << "the old ones have gone";
  EXPECT_FALSE(store.add({}, 120, 110));
  EXPECT_FALSE(store.add(Buffer(ReplayStore::kLongestKey + 1), 120, 110));
}

TEST(ConnectionIdTest, ItsFirstOctetNamesTheWorker) {
  SystemRandom random;
  for (const unsigned workers : {1U, 2U, 3U, 7U, 64U, 255U, 256U}) {
    for (const unsigned worker : {0U, workers / 2, workers - 1}) {
      std::set<Octet> first;
      for (int i = 0; i < 2000; ++i) {
        const ConnectionId id = ConnectionId::make(random, worker, workers);
        ASSERT_EQ(id.octets().size(), ConnectionId::kOurLength);
        ASSERT_EQ(id.octets()[0] % workers, worker);
        first.insert(id.octets()[0]);
      }
      if (workers <= 7) { EXPECT_GT(first.size(), 256 / workers * 9 / 10) << "all that can be are drawn"; }
    }
  }
}

TEST(DoqQueryTest, OneQueryBehindItsLengthAndThenTheEnd) {
  const std::string message(12, '\0');
  const std::string framed = std::string("\0\x0c", 2) + message;
  DoqQuery query;
  EXPECT_EQ(query.take(bytes_of(framed).first(1), false), DoqQuery::State::incomplete);
  EXPECT_EQ(query.take(bytes_of(framed).subspan(1), false), DoqQuery::State::incomplete);
  EXPECT_EQ(query.take({}, true), DoqQuery::State::complete);
  EXPECT_EQ(text(query.message()), message);
  query.forget();
  EXPECT_EQ(query.size(), 0U);
}

TEST(DoqQueryTest, AnAnnouncementTakesNoMemory) {
  DoqQuery query;
  EXPECT_EQ(query.take(bytes_of("\xff\xff"), false), DoqQuery::State::incomplete);
  EXPECT_EQ(query.size(), 2U);
  EXPECT_EQ(query.take(Buffer(65535), false), DoqQuery::State::incomplete);
  EXPECT_EQ(query.take(Buffer(1), false), DoqQuery::State::violation);
}

class AddressTokensTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kSecond = NGTCP2_SECONDS;
  static constexpr std::uint64_t kNow = 1'700'000'000 * kSecond;

  AddressTokens::Found read(Bytes token, const RawAddress& from, std::uint64_t now, const ConnectionId& to) {
    // An Initial that carries the token, as far as its header goes (RFC 9000 section 17.2.2).
    Buffer packet = {0xc3, 0, 0, 0, 1, u8(to.octets().size())};
    packet.insert(packet.end(), to.octets().begin(), to.octets().end());
    packet.push_back(0);                             // no source id
    packet.push_back(u8(0x40 | token.size() >> 8));  // a length in two octets
    packet.push_back(u8(token.size() & 0xff));
    packet.insert(packet.end(), token.begin(), token.end());
    packet.insert(packet.end(), {0x44, 0x00});  // so many octets follow
    packet.resize(1200 + packet.size());
    ngtcp2_pkt_hd header{};
    EXPECT_EQ(ngtcp2_accept(&header, packet.data(), packet.size()), 0);
    return tokens.read(header, from.ref(), now);
  }

  AddressTokens tokens{{1, 2, 3}};
  AddressTokens::Room room{};
  SystemRandom random;
  const ConnectionId ours = ConnectionId::make(random, 0, 1);
  const ConnectionId original = ConnectionId::make(random, 0, 1);
  const RawAddress client = RawAddress::of(at("192.0.2.1", 4000));
  const RawAddress other_port = RawAddress::of(at("192.0.2.1", 4001));
  const RawAddress other = RawAddress::of(at("192.0.2.2", 4000));
};

TEST_F(AddressTokensTest, ARetryTokenIsForOneAddressOneIdAndTenSeconds) {
  using Kind = AddressTokens::Kind;
  const Bytes token = tokens.make_retry(client.ref(), ours, original, kNow, room);
  ASSERT_FALSE(token.empty());
  const auto found = read(token, client, kNow + 9 * kSecond, ours);
  EXPECT_EQ(found.kind, Kind::retry);
  EXPECT_EQ(found.original, original);
  EXPECT_EQ(read(token, client, kNow + 11 * kSecond, ours).kind, Kind::wrong_retry);
  EXPECT_EQ(read(token, other, kNow, ours).kind, Kind::wrong_retry);
  EXPECT_EQ(read(token, other_port, kNow, ours).kind, Kind::wrong_retry);
  EXPECT_EQ(read(token, client, kNow, original).kind, Kind::wrong_retry);
  EXPECT_EQ(read(token.first(token.size() - 1), client, kNow, ours).kind, Kind::wrong_retry);
  const AddressTokens elsewhere({9});
  tokens = elsewhere;
  EXPECT_EQ(read(token, client, kNow, ours).kind, Kind::wrong_retry);
}

TEST_F(AddressTokensTest, AVisitsTokenIsForOneHostAndOneHour) {
  using Kind = AddressTokens::Kind;
  const Bytes token = tokens.make_visit(client.ref(), kNow, room);
  ASSERT_FALSE(token.empty());
  EXPECT_EQ(read(token, client, kNow + 3599 * kSecond, ours).kind, Kind::visit);
  EXPECT_EQ(read(token, other_port, kNow, ours).kind, Kind::visit);
  EXPECT_EQ(read(token, client, kNow + 3601 * kSecond, ours).kind, Kind::none);
  EXPECT_EQ(read(token, other, kNow, ours).kind, Kind::none);
  EXPECT_EQ(read({}, client, kNow, ours).kind, Kind::none);
  EXPECT_EQ(read(bytes_of("what is this"), client, kNow, ours).kind, Kind::none);
}

TEST(ConnectionTableTest, LatePacketsAreAnsweredEverMoreSeldom) {
  std::vector<std::uint32_t> answered;
  for (std::uint32_t heard = 1; heard <= 100; ++heard) {
    if (ConnectionTable::is_answered(heard)) { answered.push_back(heard); }
  }
  EXPECT_THAT(answered, ::testing::ElementsAre(1, 2, 4, 8, 16, 32, 64));
}

// One socket sends what another hears, through the kernel.
TEST(DatagramsTest, TellWhereAndHowTheyWereSent) {
  Socket receiver = open_socket(ip("127.0.0.1"), SOCK_DGRAM);
  ASSERT_TRUE(receiver.set(IPPROTO_IP, IP_RECVTOS, 1) && receiver.set(IPPROTO_IP, IP_PKTINFO, 1) &&
              receiver.bind(at("0.0.0.0")));
  const SocketAddress bound = receiver.local_address();
  Socket sender = open_socket(ip("127.0.0.1"), SOCK_DGRAM);
  ASSERT_TRUE(sender.bind(at("0.0.0.0")));

  QuicOutbox outbox(true);
  const RawAddress from = RawAddress::of(at("127.0.0.6", 1));
  const RawAddress to = RawAddress::of(at("127.0.0.2", bound.port()));
  for (std::uint8_t ecn = 0; ecn < 4; ++ecn) {
    outbox.room()[0] = ecn;
    outbox.add(1 + std::size_t{ecn}, {.local = from.ref(), .remote = to.ref(), .user_data = nullptr}, ecn);
  }
  EXPECT_EQ(outbox.flush(sender.fd()), 0U);
  EXPECT_TRUE(outbox.empty());

  QuicInbox inbox(bound);
  ASSERT_EQ(inbox.receive(receiver.fd()), 4U);
  for (unsigned i = 0; i < 4; ++i) {
    const auto datagram = inbox.at(i);
    ASSERT_TRUE(datagram);
    EXPECT_EQ(datagram->octets.size(), 1 + i);
    EXPECT_EQ(datagram->octets[0], i);
    EXPECT_EQ(datagram->ecn, i);
    EXPECT_EQ(datagram->client->value().ip(), ip("127.0.0.6"));
    EXPECT_EQ(datagram->local.value(), at("127.0.0.2", bound.port()));
  }
}

}  // namespace
}  // namespace vouch
