#include "tests/scenarios/message.h"

#include <gtest/gtest.h>

namespace vouch::simulation {
namespace {

TEST(TestMessage, ComesBackFromTheWireAsItWas) {
  Message sent = Message::query(Name::of("Www.Example.com."), Type::MX);
  sent.id = 0xbeef;
  sent.qr = sent.aa = sent.rd = sent.cd = true;
  sent.rcode = Rcode::bad_cookie;  // its upper bits travel in OPT
  sent.answer = {Record::of("www.example.com. 300 IN MX 10 mail.example.com.")};
  sent.authority = {Record::of("example.com. 60 IN NS ns1.example.com.")};
  sent.additional = {Record::of("mail.example.com. 30 IN A 192.0.2.9")};
  sent.edns = EdnsPart{4096, 0, true, {{OptionCode::cookie, {1, 2, 3, 4, 5, 6, 7, 8}}}};

  const auto got = Message::decode(sent.encode());

  ASSERT_TRUE(got) << got.error();
  EXPECT_EQ(got->id, 0xbeef);
  EXPECT_EQ(got->flags_text(), "QR AA RD CD");
  EXPECT_EQ(got->rcode, Rcode::bad_cookie);
  EXPECT_EQ(got->question->name.text(), "Www.Example.com.");
  EXPECT_TRUE(same_records(got->answer, sent.answer, true)) << got->text();
  EXPECT_TRUE(same_records(got->authority, sent.authority, true)) << got->text();
  EXPECT_TRUE(same_records(got->additional, sent.additional, true)) << got->text();
  ASSERT_TRUE(got->edns && got->edns->option(OptionCode::cookie));
  EXPECT_EQ(*got->edns->option(OptionCode::cookie), (Buffer{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(TestMessage, RecordsCompareByDataIgnoringCaseOrderAndTtl) {
  const std::vector<Record> one = {Record::of("a.example. 10 IN NS B.example."),
                                   Record::of("a.example. 10 IN NS c.example.")};
  const std::vector<Record> same = {Record::of("A.example. 20 IN NS c.EXAMPLE."),
                                    Record::of("a.example. 20 IN NS b.example.")};
  EXPECT_TRUE(same_records(one, same, false));
  EXPECT_FALSE(same_records(one, same, true));
  EXPECT_FALSE(same_records(one, {one[0], one[0]}, false));
  EXPECT_FALSE(same_records(one, {one[0]}, false));
}

TEST(TestMessage, ARecordNeedsNeitherTtlNorClass) {
  const auto record = Record::parse("\texample.   A 192.0.2.1 ; an address", 77);
  ASSERT_TRUE(record) << record.error();
  EXPECT_EQ(record->text(), "example. 77 IN A 192.0.2.1");
  EXPECT_FALSE(Record::parse("example. IN A not-an-address"));
}

TEST(TestMessage, TheClassMayStandBeforeTheTtl) {
  EXPECT_EQ(Record::of("example. IN 30 A 192.0.2.1").text(), "example. 30 IN A 192.0.2.1");
  EXPECT_EQ(Record::of("example. CH 30 TXT x").text(), "example. 30 CH TXT \"x\"");
}

TEST(TestMessage, Base64IsTakenWhateverItsPadding) {
  constexpr std::string_view kStart = "example. 60 IN RRSIG A 8 1 60 20170815084229 20170716084229 1 example. ";
  const auto right = Record::of(std::string(kStart) + "UNUSABLE");
  EXPECT_EQ(Record::of(std::string(kStart) + "UNUSABLE==").rdata, right.rdata);
  EXPECT_FALSE(Record::parse(std::string(kStart) + "UNUS!BLE=="));
}

TEST(TestMessage, ASemicolonWithinQuotesIsData) {
  EXPECT_EQ(Record::of("t.example. 60 IN TXT \"v=1; p=2\"").text(), "t.example. 60 IN TXT \"v=1; p=2\"");
}

TEST(TestMessage, OctetsThatAreNoMessageAreRefused) { EXPECT_FALSE(Message::decode(Buffer{1, 2, 3})); }

}  // namespace
}  // namespace vouch::simulation
