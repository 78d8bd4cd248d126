// Rates and fairness as clients meet them.
#include "tests/unit/front/front_testing.h"

namespace vouch {
namespace {

using namespace front_testing;

class ClientLimitsTest : public FrontTest {
 protected:
  RateLimitOptions& rates() { return options.front.rates; }
  Asking from(std::string_view client, std::uint16_t id = 1) const {
    Asking how;
    how.client = *SocketAddress::parse(std::string(client) + "@4000", 53);
    how.id = id;
    return how;
  }
  struct Counts {
    unsigned answered = 0, truncated = 0, silent = 0;
    friend bool operator==(const Counts&, const Counts&) = default;
  };
  Counts ask_often(std::string_view client, unsigned times, std::string_view name = "www.example.com.") {
    Counts counts;
    for (unsigned i = 0; i < times; ++i) {
      const ClientAnswer answer = ask(name, Type::A, from(client, u16(i)));
      if (answer.is_silence()) {
        ++counts.silent;
      } else if (answer.message().tc) {
        EXPECT_TRUE(answer.message().answer.empty());
        ++counts.truncated;
      } else {
        ++counts.answered;
      }
    }
    return counts;
  }
};

TEST_F(ClientLimitsTest, BeyondItsRateAPrefixIsAnsweredNowAndThen) {
  rates().answers_per_second = 10;
  cache("www.example.com. 300 IN A 192.0.2.1");
  EXPECT_EQ(ask_often("10.0.0.1", 30), (Counts{.answered = 10, .truncated = 10, .silent = 10}));
  EXPECT_EQ(ask_often("10.0.0.200", 4), (Counts{.answered = 0, .truncated = 2, .silent = 2}));  // its neighbour
  EXPECT_EQ(ask_often("10.0.1.1", 10), (Counts{.answered = 10}));                               // another prefix
  world().pass(std::chrono::milliseconds(500));
  EXPECT_EQ(ask_often("10.0.0.1", 9).answered, 5U);
}

TEST_F(ClientLimitsTest, WithoutSlipThereIsSilence) {
  rates().answers_per_second = 10;
  rates().slip = 0;
  cache("www.example.com. 300 IN A 192.0.2.1");
  EXPECT_EQ(ask_often("10.0.0.1", 30), (Counts{.answered = 10, .silent = 20}));
}

TEST_F(ClientLimitsTest, ConnectionsAndExemptClientsAreNotLimited) {
  rates().answers_per_second = 1;
  rates().exempt = {*Prefix::parse("10.0.0.0/24")};
  cache("www.example.com. 300 IN A 192.0.2.1");
  EXPECT_EQ(ask_often("10.0.0.1", 20).answered, 20U);
  Asking tcp = from("10.0.1.1");
  tcp.protocol = ClientProtocol::tcp;
  for (int i = 0; i < 20; ++i) { EXPECT_EQ(ask("www.example.com.", Type::A, tcp).rcode(), Rcode::no_error); }
}

TEST_F(ClientLimitsTest, WhoShowsACookieHasProvenItsAddress) {
  rates().answers_per_second = 2;
  cache("www.example.com. 300 IN A 192.0.2.1");
  const auto first = send(query("www.example.com.", Type::A, {{OptionCode::cookie, Buffer(8)}}), from("10.0.0.1"));
  const Buffer cookie = *first.message().edns->option(OptionCode::cookie);
  for (int i = 0; i < 10; ++i) {
    const auto answer = send(query("www.example.com.", Type::A, {{OptionCode::cookie, cookie}}), from("10.0.0.1"));
    ASSERT_FALSE(answer.is_silence());
    EXPECT_FALSE(answer.message().tc);
  }
}

TEST_F(ClientLimitsTest, ErrorsHaveARateOfTheirOwn) {
  rates().errors_per_second = 5;
  Message message = Message::query(Name::of("www.example.com."), Type::A);
  Buffer broken = message.encode();
  broken.pop_back();
  unsigned told = 0;
  for (int i = 0; i < 50; ++i) { told += send(broken, from("10.0.0.1")).is_silence() ? 0 : 1; }
  EXPECT_EQ(told, 5U);
  cache("www.example.com. 300 IN A 192.0.2.1");
  EXPECT_EQ(ask_often("10.0.0.1", 10).answered, 10U);  // answers are another matter
}

TEST_F(ClientLimitsTest, ByDefaultNobodyIsLimited) {
  cache("www.example.com. 300 IN A 192.0.2.1");
  EXPECT_EQ(ask_often("10.0.0.1", 2000).answered, 2000U);
}

}  // namespace
}  // namespace vouch
