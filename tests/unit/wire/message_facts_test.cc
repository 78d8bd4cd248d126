#include "resolver/wire/message_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resolver/wire/message_writer.h"

namespace vouch {
namespace {

constexpr std::uint32_t kHour = 3600;

Name name(std::string_view text) { return Name::of(text); }

// A message as our own writer makes it.
class Message {
 public:
  Message() : writer_(octets_, octets_.size()) {
    writer_.header(0, {});
    writer_.question(name("www.example."), Type::A, Class::IN);
  }
  Message& a(std::uint32_t ttl) {
    const Octet address[] = {192, 0, 2, 1};
    writer_.record(Section::answer, name("www.example."), Type::A, Class::IN, ttl, address);
    return *this;
  }
  Message& soa(std::uint32_t ttl, std::uint32_t minimum) {
    Buffer rdata = {0, 0};  // root server name and mailbox
    rdata.resize(22);
    store32(rdata.data() + 18, minimum);
    writer_.record(Section::authority, name("example."), Type::SOA, Class::IN, ttl, rdata);
    return *this;
  }
  Message& flags(HeaderFlags flags) {
    writer_.set_flags(flags);
    return *this;
  }
  Bytes done() { return writer_.finish(); }

 private:
  Buffer octets_ = Buffer(512);
  MessageWriter writer_;
};

TEST(MessageFacts, AnAnswerLivesAsLongAsTheShortestOfItsRecords) {
  EXPECT_EQ(lifetime_of(Message().a(kHour).a(60).a(300).done()), 60U);
}

TEST(MessageFacts, ADenialLivesAsLongAsItsSoaAllows) {
  EXPECT_EQ(lifetime_of(Message().soa(kHour, 300).done()), 300U);
  EXPECT_EQ(lifetime_of(Message().soa(120, 300).done()), 120U);
  EXPECT_EQ(lifetime_of(Message().done()), 0U);
}

TEST(MessageFacts, FailuresAndWhatIsCutShortAreNotKept) {
  EXPECT_EQ(lifetime_of(Message().a(kHour).flags({.qr = true, .rcode = Rcode::server_failure}).done()), 0U);
  EXPECT_EQ(lifetime_of(Message().a(kHour).flags({.qr = true, .tc = true}).done()), 0U);
  EXPECT_EQ(lifetime_of(Message().soa(kHour, 60).flags({.qr = true, .rcode = Rcode::name_error}).done()), 60U);
}

TEST(MessageFacts, ATtlWithItsTopBitSetIsZero) { EXPECT_EQ(lifetime_of(Message().a(0x80000000U).done()), 0U); }

TEST(MessageFacts, EveryCutOfAMessageIsReadWithinItsBounds) {
  Message message;
  const Bytes whole = message.a(kHour).soa(kHour, 60).done();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Buffer cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    lifetime_of(cut);
    is_plain_query(cut);
    has_keepalive_option(cut);
  }
  EXPECT_EQ(lifetime_of(whole.first(whole.size() / 2)), 0U);
}

TEST(MessageFacts, KnowsTheKeepaliveOption) {
  const auto query_with = [](OptionCode code) {
    Buffer octets(512);
    MessageWriter writer(octets, octets.size());
    writer.header(0, {.rd = true});
    writer.question(name("www.example."), Type::A, Class::IN);
    writer.begin_edns(1232, false);
    writer.option(code, {});
    writer.end_edns();
    octets.resize(writer.finish().size());
    return octets;
  };
  EXPECT_TRUE(has_keepalive_option(query_with(OptionCode::keepalive)));
  EXPECT_FALSE(has_keepalive_option(query_with(OptionCode::padding)));
  EXPECT_TRUE(is_plain_query(query_with(OptionCode::padding)));
}

}  // namespace
}  // namespace vouch
