// Finished answers: that a copy says what a fresh answer would say, with its own id and younger TTLs; and when there
// must be none.
#include "resolver/front/answer_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

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

TEST_F(Answers, AfterSomeUsesAndASecondItIsMadeAnew) {
  keep(query(), answer({kRecord}));
  for (int i = 0; i < 100; ++i) { EXPECT_TRUE(find(query())); }
  EXPECT_FALSE(find(query(), kNow + 1));
  EXPECT_FALSE(find(query(), kNow + 1));  // and until it was
  keep(query(), answer({kRecord}), 60, Standing::secure, 0, kNow + 1);
  for (int i = 0; i < AnswerCache::kUses; ++i) { EXPECT_TRUE(find(query(), kNow + 2)); }
  EXPECT_FALSE(find(query(), kNow + 2));
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

// Two sets in one answer, as ANY may bring: the second is none of the first one's records.
TEST_F(Answers, OneSetIsNotTurnedIntoAnother) {
  const std::vector<std::string> records{"www.example.com. 300 IN A 192.0.2.1", "www.example.com. 300 IN A 192.0.2.2",
                                         "www.example.com. 300 IN AAAA 2001:db8::1",
                                         "www.example.com. 300 IN AAAA 2001:db8::2"};
  keep(query(), answer(records));
  for (std::uint16_t turn = 0; turn < 4; ++turn) {
    const auto found = find(query(), kNow, 0, turn);
    if (!found) { continue; }
    std::set<std::string> all;
    for (const Record& record : found->answer) { all.insert(record.text()); }
    EXPECT_EQ(all, std::set<std::string>(records.begin(), records.end())) << turn;
  }
}

// Whatever the caller says of the answer's life, no record outlives its TTL.
TEST_F(Answers, TheShortestTtlEndsThemAll) {
  keep(query(), answer({"www.example.com. 300 IN A 192.0.2.1", "www.example.com. 5 IN TXT x"}), 60);
  EXPECT_TRUE(find(query(), kNow + 4));
  EXPECT_FALSE(find(query(), kNow + 5));
}

TEST_F(Answers, WhatIsTruncatedIsNotKept) {
  Buffer truncated = answer({});
  truncated[2] |= 0x02;
  keep(query(), truncated);
  EXPECT_FALSE(find(query()));
}

// These two differ in three bits that a multiplication by any odd number carries no further. Nobody may be able to say
// of two queries that they meet, or a name that many ask for could be kept out by who asks for another.
TEST_F(Answers, QueriesCannotBeMadeToMeet) {
  const std::string_view popular = "abcdefghijklmnop.example.com.";
  keep(query(popular), answer({std::string(popular) + " 300 IN A 192.0.2.1"}, popular), 60, Standing::secure, 0, kNow,
       popular);
  ASSERT_TRUE(find(query(popular)));
  Buffer other = query(popular);
  other[17] ^= 0x80U;
  other[22] ^= 0x04U;
  other[25] ^= 0x80U;
  const Buffer answered = answer({}, popular);
  const auto name = NameView::parse(Bytes(other).subspan(kHeaderSize));
  ASSERT_TRUE(name);
  cache.keep({other, answered, inquiry, *name, Standing::secure, Rcode::no_error, 60, 0}, kNow);
  EXPECT_TRUE(find(query(popular)));
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

TEST_F(Answers, WhatCannotBeKeptDrivesNothingOut) {
  AnswerCache smallest(512);  // two slots
  const Name name = Name::of("www.example.com.");
  const Buffer good[] = {query("www.example.com.", Type::A), query("www.example.com.", Type::TXT)};
  const Buffer bad = query("www.example.com.", Type::MX), answered = answer({kRecord});
  std::vector<std::string> many;
  for (int i = 0; i < 9; ++i) { many.push_back("www.example.com. 300 IN A 192.0.2." + std::to_string(i)); }
  const Buffer too_many = answer(many);
  ASSERT_LT(too_many.size(), 200U);  // it has more records than can be kept, but not more octets
  for (int i = 0; i < 4; ++i) {
    for (const Buffer& asked : good) {
      smallest.keep({asked, answered, inquiry, name, Standing::secure, Rcode::no_error, 60, 0}, kNow);
    }
  }
  for (int i = 0; i < 4; ++i) {
    smallest.keep({bad, too_many, inquiry, name, Standing::secure, Rcode::no_error, 60, 0}, kNow);
  }
  for (const Buffer& asked : good) { EXPECT_NE(smallest.find(asked, ClientProtocol::udp, out, kNow, 0, 0).size, 0U); }
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

class Copies : public FrontTest {
 protected:
  static std::set<std::string> lines_of(const std::string& text) {
    std::set<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) { lines.insert(line); }
    return lines;
  }
};

// The second name points into the first record, wherever that stands: to turn the octets would make other names of
// them.
TEST_F(Copies, OfCompressedNamesSayTheSameNames) {
  cache(rrset_of(
      {"example.com. 300 IN NS ns1.dns.example.net.", "example.com. 300 IN NS ns-backup-number-1.dns.example.net."}));
  const auto names = lines_of(ask("example.com.", Type::NS).text());
  for (int i = 0; i < 40; ++i) { ASSERT_EQ(lines_of(ask("example.com.", Type::NS).text()), names) << i; }
}

TEST_F(Copies, GiveEachServerItsOwnAddress) {
  options.front.minimal_answers = false;
  cache(rrset_of({"example.com. 300 IN MX 10 mx1.example.com.", "example.com. 300 IN MX 20 mx2.example.com."}));
  cache("mx1.example.com. 300 IN A 192.0.2.1");
  cache("mx2.example.com. 300 IN A 192.0.2.2");
  for (int i = 0; i < 40; ++i) {
    ASSERT_EQ(lines_of(ask("example.com.", Type::MX).additional_text()),
              (std::set<std::string>{"mx1.example.com. 300 IN A 192.0.2.1", "mx2.example.com. 300 IN A 192.0.2.2"}))
        << i;
  }
}

TEST_F(Copies, EndWithWhatIsAdditional) {
  options.front.minimal_answers = false;
  cache("example.com. 300 IN MX 10 mx.example.com.");
  cache("mx.example.com. 5 IN A 192.0.2.1");
  for (int i = 0; i < 5; ++i) { ask("example.com.", Type::MX); }
  world().pass(6s);
  EXPECT_EQ(ask("example.com.", Type::MX).additional_text(), "");
}

// However the answer is made, the next client gets another order.
TEST_F(Copies, AndAnswersThatAreNoneTakeTheSameTurns) {
  cache(rrset_of({"www.example.com. 300 IN A 192.0.2.1", "www.example.com. 300 IN A 192.0.2.2"}));
  for (const ClientProtocol protocol : {ClientProtocol::udp, ClientProtocol::tls}) {
    std::map<std::string, int> first;
    for (int i = 0; i < 40; ++i) {
      ++first[ask("www.example.com.", Type::A, over(protocol)).message().answer.front().text()];
    }
    ASSERT_EQ(first.size(), 2U);
    EXPECT_EQ(first.begin()->second, 20);
  }
}

TEST_F(Copies, AndAnswersThatAreNoneAreTimedAsOften) {
  cache("www.example.com. 300 IN A 192.0.2.1");
  const auto timed = [this] {
    std::uint64_t sum = 0;
    for (const Counter& bucket : world().clients().counters().from_cache.buckets) { sum += bucket.value(); }
    return sum;
  };
  for (const ClientProtocol protocol : {ClientProtocol::udp, ClientProtocol::tls}) {
    const std::uint64_t before = timed();
    for (int i = 0; i < 640; ++i) { ask("www.example.com.", Type::A, over(protocol)); }
    EXPECT_EQ(timed() - before, 10U);
  }
}

TEST_F(Copies, DoNotHideThatAnswersAreTruncated) {
  std::vector<std::string> many;
  for (int i = 1; i <= 60; ++i) { many.push_back("www.example.com. 300 IN A 192.0.2." + std::to_string(i)); }
  cache(rrset_of(many));
  for (int i = 0; i < 10; ++i) { EXPECT_TRUE(ask("www.example.com.", Type::A).message().tc); }
  EXPECT_EQ(world().clients().counters().truncated.value(), 10U);
}

}  // namespace
}  // namespace vouch
