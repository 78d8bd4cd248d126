// Finished answers: that a copy says what a fresh answer would say, with its own id and younger TTLs; and when there
// must be none.
#include "resolver/front/answer_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/front/front_testing.h"

namespace vouch {
namespace {

using namespace front_testing;

constexpr TtlTime kNow = 1000;

struct Answers : testing::Test {
  AnswerCache cache{1U << 20U};
  Buffer out = Buffer(4096);
  Inquiry inquiry;

  static Buffer query(std::string_view name = "www.example.com.", Type type = Type::A, std::uint16_t id = 7) {
    Message message = Message::query(Name::of(name), type);
    message.rd = true;
    message.id = id;
    return message.encode();
  }
  static Buffer answer(const std::vector<std::string>& records, std::string_view name = "www.example.com.") {
    Message message = Message::query(Name::of(name), Type::A);
    message.qr = true;
    message.rd = true;
    message.ra = true;
    message.id = 7;
    for (const std::string& record : records) { message.answer.push_back(Record::of(record)); }
    return message.encode();
  }
  void keep(const Buffer& asked, const Buffer& answered, std::uint32_t seconds = 60,
            Standing standing = Standing::secure, std::uint64_t generation = 0, TtlTime now = kNow,
            std::string_view name = "www.example.com.") {
    const Name at = Name::of(name);
    for (int i = 0; i < 2; ++i) {  // it must come twice
      cache.keep({.query = asked,
                  .answer = answered,
                  .inquiry = inquiry,
                  .name = at,
                  .standing = standing,
                  .rcode = Rcode::no_error,
                  .seconds = seconds,
                  .generation = generation},
                 now);
    }
  }
  std::optional<Message> find(const Buffer& asked, TtlTime now = kNow, std::uint64_t generation = 0,
                              std::uint16_t rotate = 0, ClientProtocol protocol = ClientProtocol::udp) {
    const AnswerCache::Hit hit = cache.find(asked, protocol, out, now, generation, rotate);
    if (hit.size == 0) { return std::nullopt; }
    EXPECT_EQ(hit.standing, Standing::secure);
    EXPECT_EQ(hit.name, NameView::parse(Bytes(asked).subspan(kHeaderSize)).value());
    auto message = Message::decode(Bytes(out).first(hit.size));
    EXPECT_TRUE(message);
    return message ? std::optional(std::move(*message)) : std::nullopt;
  }
};

const std::string kRecord = "www.example.com. 300 IN A 192.0.2.1";

TEST_F(Answers, TheSameWithAnotherIdAndYounger) {
  keep(query(), answer({kRecord}));
  const auto found = find(query("www.example.com.", Type::A, 4711), kNow + 10);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, 4711);
  EXPECT_TRUE(found->qr);
  ASSERT_EQ(found->answer.size(), 1U);
  EXPECT_EQ(found->answer[0].ttl, 290U);
}

TEST_F(Answers, NotAtTheFirstTime) {
  const Name name = Name::of("www.example.com.");
  const Buffer asked = query(), answered = answer({kRecord});
  cache.keep({asked, answered, inquiry, name, Standing::secure, Rcode::no_error, 60, 0}, kNow);
  EXPECT_FALSE(find(asked));
  cache.keep({asked, answered, inquiry, name, Standing::secure, Rcode::no_error, 60, 0}, kNow);
  EXPECT_TRUE(find(asked));
}

TEST_F(Answers, AnyOtherOctetIsAnotherQuery) {
  keep(query(), answer({kRecord}));
  EXPECT_FALSE(find(query("www.example.com.", Type::AAAA)));
  EXPECT_FALSE(find(query("wWw.example.com.")));  // the answer repeats the question as it was asked
  Buffer with_cd = query();
  with_cd[3] |= 0x10;
  EXPECT_FALSE(find(with_cd));
  Buffer longer = query();
  longer.push_back(0);
  EXPECT_FALSE(find(longer));
  EXPECT_FALSE(find(query(), kNow, 0, 0, ClientProtocol::tcp));
  EXPECT_TRUE(find(query()));
}

TEST_F(Answers, NoLongerThanItMay) {
  keep(query(), answer({kRecord}), 60);
  EXPECT_TRUE(find(query(), kNow + 59));
  EXPECT_FALSE(find(query(), kNow + 60));
  EXPECT_FALSE(find(query(), kNow - 1));  // the clock was set back
}

TEST_F(Answers, NotWhenSomethingWasForgottenMeanwhile) {
  keep(query(), answer({kRecord}), 60, Standing::secure, 5);
  EXPECT_FALSE(find(query(), kNow, 6));
  EXPECT_TRUE(find(query(), kNow, 5));
}

TEST_F(Answers, EverySixteenthUseIsMadeAnew) {
  keep(query(), answer({kRecord}));
  int found = 0;
  for (int i = 0; i < 64; ++i) { found += find(query()) ? 1 : 0; }
  EXPECT_EQ(found, 60);
}

TEST_F(Answers, SetsBeginWithAnotherRecordEachTime) {
  keep(query(), answer({kRecord, "www.example.com. 300 IN A 192.0.2.2", "www.example.com. 300 IN A 192.0.2.3"}));
  std::set<std::string> first;
  for (std::uint16_t turn = 0; turn < 3; ++turn) {
    const auto found = find(query(), kNow + 1, 0, turn);
    ASSERT_TRUE(found);
    ASSERT_EQ(found->answer.size(), 3U);
    std::set<std::string> all;
    for (const Record& record : found->answer) {
      EXPECT_EQ(record.ttl, 299U);
      all.insert(record.text());
    }
    EXPECT_EQ(all.size(), 3U);
    first.insert(found->answer[0].text());
  }
  EXPECT_EQ(first.size(), 3U);
}

TEST_F(Answers, AliasesAreFollowedByWhatTheyLeadTo) {
  keep(query(), answer({"www.example.com. 100 IN CNAME a.example.net.", "a.example.net. 50 IN A 192.0.2.1"}));
  const auto found = find(query(), kNow + 49);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->answer[0].ttl, 51U);
  EXPECT_EQ(found->answer[1].ttl, 1U);
}

TEST_F(Answers, WhatCannotBeKeptIsNot) {
  keep(query(), answer({kRecord}), 60, Standing::bogus);
  EXPECT_FALSE(find(query()));
  keep(query(), answer({kRecord}), 0);
  EXPECT_FALSE(find(query()));
  inquiry.cookie_state = CookieState::client_only;  // an answer carries the cookie of one client
  keep(query(), answer({kRecord}));
  EXPECT_FALSE(find(query()));
  inquiry.cookie_state = CookieState::none;
  inquiry.protocol = ClientProtocol::tls;
  keep(query(), answer({kRecord}));
  EXPECT_FALSE(find(query(), kNow, 0, 0, ClientProtocol::tls));
  inquiry.protocol = ClientProtocol::udp;
  std::vector<std::string> many;
  for (int i = 0; i < 12; ++i) { many.push_back("www.example.com. 300 IN A 192.0.2." + std::to_string(i)); }
  keep(query(), answer(many));
  EXPECT_FALSE(find(query()));
}

TEST_F(Answers, ATableOfNothingKeepsNothing) {
  AnswerCache none(0);
  EXPECT_EQ(none.find(query(), ClientProtocol::udp, out, kNow, 0, 0).size, 0U);
  const Name name = Name::of("www.example.com.");
  const Buffer asked = query(), answered = answer({kRecord});
  none.keep({asked, answered, inquiry, name, Standing::secure, Rcode::no_error, 60, 0}, kNow);
}

TEST_F(Answers, GarbageIsNoQuery) {
  keep(query(), answer({kRecord}));
  for (std::size_t size = 0; size < 300; ++size) {
    EXPECT_EQ(cache.find(Buffer(size, 0xc0), ClientProtocol::udp, out, kNow, 0, 0).size, 0U);
  }
}

TEST_F(Answers, TenThousandNamesInATableOfFewer) {
  AnswerCache small(1U << 16U);  // 256 slots
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 10'000; ++i) {
      const std::string text = "n" + std::to_string(i) + ".example.com.";
      const Name name = Name::of(text);
      const Buffer asked = query(text), answered = answer({text + " 300 IN A 192.0.2.1"}, text);
      small.keep({asked, answered, inquiry, name, Standing::secure, Rcode::no_error, 60, 0}, kNow);
      const AnswerCache::Hit hit = small.find(asked, ClientProtocol::udp, out, kNow, 0, 0);
      if (hit.size > 0) { EXPECT_TRUE(std::ranges::equal(Bytes(out).first(hit.size), answered)); }
    }
  }
}

// ------------------------------------------------------------------------------------------------- within the front

struct Behind : testing::Test {
  Internet net;
  World& world() { return net.world(); }
};

// The same question, sixteen times and more: whether it was copied or made, nobody can tell but by the TTL.
TEST_F(Behind, NobodyCanTellACopy) {
  net.zone(".").delegates("com.", "192.0.2.1");
  net.zone("com.").delegates("example.com.", "192.0.2.2");
  net.zone("example.com.").has("www.example.com. 300 IN A 198.51.100.7");
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(net.ask("www.example.com.", Type::A).text(),
              "www.example.com. " + std::to_string(300 - i) + " IN A 198.51.100.7");
    net.pass(1s);
  }
  EXPECT_EQ(world().clients().answered_from(AnswerSource::cache), 39U);
}

TEST_F(Behind, WhatIsForgottenIsAskedForAnew) {
  net.zone(".").delegates("com.", "192.0.2.1");
  net.zone("com.").delegates("example.com.", "192.0.2.2");
  net.zone("example.com.").has("www.example.com. 300 IN A 198.51.100.7");
  for (int i = 0; i < 5; ++i) { net.ask("www.example.com.", Type::A); }
  world().caches().rrsets.remove_below(Name::of("example.com."));
  net.ask("www.example.com.", Type::A);
  EXPECT_EQ(world().clients().answered_from(AnswerSource::recursion), 2U);
}

}  // namespace
}  // namespace vouch
