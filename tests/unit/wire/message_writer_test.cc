#include "resolver/wire/message_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "resolver/wire/with_ldns.h"

namespace vouch {
namespace {

// A set from zone-file lines of one owner and type; RRSIG lines become its signatures.
RRsetPtr rrset_of(const std::vector<std::string>& lines) {
  std::optional<TextRecord> first;
  std::vector<Buffer> rdata, signatures;
  for (const std::string& line : lines) {
    auto record = parse_record(line);
    EXPECT_TRUE(record) << line;
    if (!record) { return {}; }
    (record->type == Type::RRSIG && first ? signatures : rdata).push_back(record->rdata);
    if (!first) { first = std::move(record); }
  }
  const std::vector<Bytes> records(rdata.begin(), rdata.end()), covering(signatures.begin(), signatures.end());
  return RRset::make(first->owner, first->type, first->ttl, records, covering);
}

class Writing : public testing::Test {
 protected:
  void begin(std::string_view question, Type type = Type::A, std::size_t limit = 4096) {
    writer_.emplace(out_, limit);
    writer_->header(0x1234, {.qr = true, .rd = true, .ra = true});
    writer_->question(Name::of(question), type, Class::IN);
  }
  // What a reader of ours makes of it, a record a line.
  std::string read_back() {
    packet_ = writer_->finish();
    const auto message = MessageView::parse(packet_);
    if (!message) { return "unreadable"; }
    std::string text;
    for (const RecordAt& record : message->records()) {
      Buffer rdata;
      message->append_rdata(record, rdata);
      text += record_text(message->owner(record), record.type, record.ttl, rdata) + "\n";
    }
    return text;
  }
  // And what ldns makes of it, in the same form.
  std::string ldns_reads() {
    ldns_pkt* parsed = nullptr;
    const Bytes packet = writer_->finish();
    if (ldns_wire2pkt(&parsed, packet.data(), packet.size()) != LDNS_STATUS_OK) { return "unreadable"; }
    const std::unique_ptr<ldns_pkt, decltype(&ldns_pkt_free)> owner(parsed, &ldns_pkt_free);
    std::string text;
    for (const ldns_rr_list* section :
         {ldns_pkt_answer(parsed), ldns_pkt_authority(parsed), ldns_pkt_additional(parsed)}) {
      for (std::size_t i = 0; i < ldns_rr_list_rr_count(section); ++i) {
        char* const line = ldns_rr2str_fmt(ldns_output_format_nocomments, ldns_rr_list_rr(section, i));
        std::string one = line;
        std::free(line);
        for (int tab = 0; tab < 4; ++tab) { one[one.find('\t')] = ' '; }
        one.erase(one.find_last_not_of(" \n") + 1);
        text += one + "\n";
      }
    }
    return text;
  }
  std::array<Octet, 65535> out_;
  std::optional<MessageWriter> writer_;
  Bytes packet_;
};

TEST_F(Writing, ThePlainAnswer) {
  begin("www.example.com.");
  EXPECT_TRUE(writer_->rrset(Section::answer, *rrset_of({"www.example.com. 300 IN A 192.0.2.1"}), 299, false));
  const Bytes packet = writer_->finish();
  // Every octet, once: the pointer to the question, and the TTL that was asked for.
  const Buffer expected = {0x12, 0x34, 0x81, 0x80, 0,   1,   0,   1, 0,    0,   0,   0,   3, 'w', 'w', 'w', 7,
                           'e',  'x',  'a',  'm',  'p', 'l', 'e', 3, 'c',  'o', 'm', 0,   0, 1,   0,   1,   0xc0,
                           0x0c, 0,    1,    0,    1,   0,   0,   1, 0x2b, 0,   4,   192, 0, 2,   1};
  EXPECT_EQ(Buffer(packet.begin(), packet.end()), expected);
}

TEST_F(Writing, SignaturesFollowTheirSet) {
  const RRsetPtr rrset = rrset_of(
      {"a.example. 300 IN A 192.0.2.1", "a.example. 300 IN A 192.0.2.2",
       "a.example. 300 IN RRSIG A 13 2 300 20300101000000 20200101000000 4660 example. AAECAwQFBgcICQoLDA0ODw=="});
  begin("a.example.");
  EXPECT_TRUE(writer_->rrset(Section::answer, *rrset, 60, true, 1));
  const std::string expected =
      "a.example. 60 IN A 192.0.2.2\n"
      "a.example. 60 IN A 192.0.2.1\n"
      "a.example. 60 IN RRSIG A 13 2 300 20300101000000 20200101000000 4660 example. AAECAwQFBgcICQoLDA0ODw==\n";
  EXPECT_EQ(read_back(), expected);
  EXPECT_EQ(ldns_reads(), expected);
  begin("a.example.", Type::RRSIG);
  EXPECT_TRUE(writer_->signatures(Section::answer, *rrset, 60));
  EXPECT_EQ(read_back(), expected.substr(expected.find("a.example. 60 IN RRSIG")));
}

TEST_F(Writing, RotationStartsAnywhere) {
  const RRsetPtr rrset = rrset_of({"a. A 192.0.2.0", "a. A 192.0.2.1", "a. A 192.0.2.2"});
  for (const std::uint16_t rotate : std::initializer_list<std::uint16_t>{0, 1, 2, 3, 7, 65535}) {
    begin("a.");
    EXPECT_TRUE(writer_->rrset(Section::answer, *rrset, 1, false, rotate));
    std::string expected;
    for (int i = 0; i < 3; ++i) { expected += "a. 1 IN A 192.0.2." + std::to_string((rotate + i) % 3) + "\n"; }
    EXPECT_EQ(read_back(), expected) << rotate;
  }
}

TEST_F(Writing, TheQuestionsCaseIsTheOwnersCase) {
  begin("wWw.eXample.");
  EXPECT_TRUE(writer_->rrset(Section::answer, *rrset_of({"www.example. A 192.0.2.1"}), 1, false));
  EXPECT_EQ(read_back(), "wWw.eXample. 1 IN A 192.0.2.1\n");
}

TEST_F(Writing, CompressesWhatMayBeCompressed) {
  begin("example.com.", Type::NS);
  const RRsetPtr servers =
      rrset_of({"example.com. NS ns1.example.com.", "example.com. NS ns2.example.com.", "example.com. NS ns.other."});
  const RRsetPtr glue = rrset_of({"ns2.example.com. A 192.0.2.1"});
  const RRsetPtr elsewhere = rrset_of({"ns.other. AAAA 2001:db8::1"});
  EXPECT_TRUE(writer_->rrset(Section::answer, *servers, 300, false));
  const std::size_t before_glue = writer_->size();
  EXPECT_EQ(before_glue, 12U + 17 + (12 + 6) + (12 + 6) + (12 + 10));
  EXPECT_TRUE(writer_->rrset(Section::additional, *glue, 300, false));
  EXPECT_EQ(writer_->size(), before_glue + 16);  // its owner is but a pointer
  EXPECT_TRUE(writer_->rrset(Section::additional, *elsewhere, 300, false));
  EXPECT_EQ(writer_->size(), before_glue + 16 + 28);
  const std::string expected =
      "example.com. 300 IN NS ns1.example.com.\nexample.com. 300 IN NS ns2.example.com.\nexample.com. 300 IN NS "
      "ns.other.\n"
      "ns2.example.com. 300 IN A 192.0.2.1\nns.other. 300 IN AAAA 2001:db8::1\n";
  EXPECT_EQ(read_back(), expected);
  EXPECT_EQ(ldns_reads(), expected);
}

TEST_F(Writing, LeavesNewerTypesAlone) {
  // RFC 3597 section 4: names in SRV, DNAME, NSEC and RRSIG are written out.
  begin("a.example.com.", Type::SRV);
  const std::size_t before = writer_->size();
  EXPECT_TRUE(writer_->rrset(Section::answer, *rrset_of({"a.example.com. SRV 1 2 3 b.example.com."}), 1, false));
  EXPECT_EQ(writer_->size(), before + 12 + 6 + 15);
  EXPECT_EQ(read_back(), "a.example.com. 1 IN SRV 1 2 3 b.example.com.\n");
}

TEST_F(Writing, AChainOfAliasesEndsInItsAddress) {
  begin("a.example.com.");
  EXPECT_TRUE(writer_->rrset(Section::answer, *rrset_of({"a.example.com. CNAME b.example.com."}), 1, false));
  EXPECT_TRUE(writer_->rrset(Section::answer, *rrset_of({"b.example.com. CNAME c.example.net."}), 2, false));
  EXPECT_TRUE(writer_->rrset(Section::answer, *rrset_of({"c.example.net. A 192.0.2.1"}), 3, false));
  const std::string expected =
      "a.example.com. 1 IN CNAME b.example.com.\nb.example.com. 2 IN CNAME c.example.net.\nc.example.net. 3 IN A "
      "192.0.2.1\n";
  EXPECT_EQ(read_back(), expected);
  EXPECT_EQ(ldns_reads(), expected);
}

TEST_F(Writing, TheRootIsNeverAPointer) {
  begin(".", Type::NS);
  EXPECT_TRUE(
      writer_->rrset(Section::answer, *rrset_of({". NS a.root-servers.net.", ". NS b.root-servers.net."}), 1, false));
  EXPECT_TRUE(writer_->rrset(Section::authority, *rrset_of({"net. NS ."}), 1, false));
  const std::string expected = ". 1 IN NS a.root-servers.net.\n. 1 IN NS b.root-servers.net.\nnet. 1 IN NS .\n";
  EXPECT_EQ(read_back(), expected);
  EXPECT_EQ(ldns_reads(), expected);
}

TEST_F(Writing, WithoutAQuestion) {
  writer_.emplace(out_, 512);
  writer_->header(1, {.qr = true, .rcode = Rcode::format_error});
  EXPECT_EQ(read_back(), "");
  EXPECT_EQ(packet_.size(), kHeaderSize);
  EXPECT_TRUE(writer_->rrset(Section::answer, *rrset_of({"a. A 192.0.2.1"}), 1, false));
  EXPECT_TRUE(writer_->rrset(Section::answer, *rrset_of({"b.a. A 192.0.2.1"}), 1, false));
  EXPECT_EQ(read_back(), "a. 1 IN A 192.0.2.1\nb.a. 1 IN A 192.0.2.1\n");
}

TEST_F(Writing, ASetThatDoesNotFitLeavesNothing) {
  begin("many.example.", Type::TXT, 512);
  const std::string text = "\"" + std::string(100, 'x') + "\"";
  std::vector<std::string> lines;
  for (int i = 0; i < 5; ++i) { lines.push_back("many.example. TXT \"" + std::to_string(i) + "\" " + text); }
  EXPECT_TRUE(writer_->rrset(Section::answer, *rrset_of({"small.example. TXT \"before\""}), 1, false));
  const std::size_t before = writer_->size();
  EXPECT_FALSE(writer_->rrset(Section::answer, *rrset_of(lines), 1, false));
  EXPECT_EQ(writer_->size(), before);
  EXPECT_TRUE(writer_->rrset(Section::answer, *rrset_of({"small.example. A 192.0.2.1"}), 1, false));
  EXPECT_EQ(read_back(), "small.example. 1 IN TXT \"before\"\nsmall.example. 1 IN A 192.0.2.1\n");
}

TEST_F(Writing, WhatWasTakenBackIsNoTargetOfCompression) {
  begin("q.", Type::NS, 512);
  std::vector<std::string> lines;
  for (int i = 0; i < 40; ++i) { lines.push_back("new.zone. NS server" + std::to_string(i) + ".new.zone."); }
  const RRsetPtr too_large = rrset_of(lines);
  EXPECT_FALSE(writer_->rrset(Section::authority, *too_large, 1, false));
  EXPECT_TRUE(writer_->rrset(
      Section::authority, *rrset_of({"new.zone. NS server1.new.zone.", "new.zone. NS server2.new.zone."}), 1, false));
  const std::string expected = "new.zone. 1 IN NS server1.new.zone.\nnew.zone. 1 IN NS server2.new.zone.\n";
  EXPECT_EQ(read_back(), expected);
  EXPECT_EQ(ldns_reads(), expected);
}

TEST_F(Writing, ReservedRoomStaysFree) {
  begin("a.", Type::TXT, 512);
  const std::size_t room = 512 - writer_->size();
  EXPECT_FALSE(writer_->reserve(room + 1));
  EXPECT_TRUE(writer_->reserve(room - 20));
  EXPECT_FALSE(writer_->rrset(Section::answer, *rrset_of({"a. TXT \"does not fit\""}), 1, false));
  EXPECT_TRUE(writer_->rrset(Section::answer, *rrset_of({"a. TXT \"fits\""}), 1, false));
  EXPECT_TRUE(writer_->begin_edns(1232, false));
  EXPECT_TRUE(writer_->option(OptionCode::nsid, Buffer(room - 20 - kOptSize - 4)));
  writer_->end_edns();
  EXPECT_EQ(read_back(), "a. 1 IN TXT \"fits\"\n");
  EXPECT_LE(packet_.size(), 512U);
}

TEST_F(Writing, StartsAnewAfterTheQuestion) {
  begin("a.example.");
  EXPECT_TRUE(writer_->rrset(Section::answer, *rrset_of({"a.example. CNAME b.example."}), 1, false));
  EXPECT_TRUE(writer_->rrset(Section::answer, *rrset_of({"b.example. A 192.0.2.1"}), 1, false));
  EXPECT_TRUE(writer_->begin_edns(1232, true));
  writer_->end_edns();
  writer_->drop_records();
  writer_->set_flags({.qr = true, .tc = true, .rcode = Rcode::server_failure});
  EXPECT_TRUE(writer_->rrset(Section::authority, *rrset_of({"b.example. NS c.b.example."}), 1, false));
  EXPECT_TRUE(writer_->begin_edns(1232, false));
  writer_->end_edns();
  EXPECT_EQ(read_back(), "b.example. 1 IN NS c.b.example.\n");
  const auto message = MessageView::parse(packet_);
  EXPECT_EQ(message->header().answer_count(), 0);
  EXPECT_EQ(message->header().additional_count(), 1);
  EXPECT_TRUE(message->header().tc());
  EXPECT_FALSE(message->edns()->dnssec_ok);
  EXPECT_EQ(message->rcode(), Rcode::server_failure);
}

TEST_F(Writing, HeaderBitsEachInTheirPlace) {
  const HeaderFlags one_at_a_time[] = {{.qr = true}, {.aa = true}, {.tc = true}, {.rd = true},
                                       {.ra = true}, {.ad = true}, {.cd = true}};
  const std::uint16_t bits[] = {0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0020, 0x0010};
  for (std::size_t i = 0; i < std::size(bits); ++i) {
    begin("a.");
    writer_->set_flags(one_at_a_time[i]);
    EXPECT_EQ(load16(writer_->finish().data() + 2), bits[i]);
  }
  begin("a.");
  writer_->set_flags({.opcode = Opcode::update, .rcode = Rcode::refused});
  EXPECT_EQ(load16(writer_->finish().data() + 2), 0x2805);
}

TEST_F(Writing, EdnsWithEverything) {
  begin("a.");
  writer_->set_flags({.qr = true, .rcode = Rcode::bad_cookie});
  EXPECT_FALSE(writer_->option(OptionCode::nsid, {}));  // not yet
  ASSERT_TRUE(writer_->begin_edns(1400, true));
  EXPECT_FALSE(writer_->begin_edns(1400, true));  // not twice
  EXPECT_TRUE(writer_->option(OptionCode::cookie, Buffer(16, 7)));
  EXPECT_TRUE(writer_->extended_error(Ede::dnssec_bogus, "signature of example. does not verify"));
  EXPECT_TRUE(writer_->extended_error(Ede::stale_answer, ""));
  writer_->pad_to(468);
  writer_->end_edns();
  EXPECT_FALSE(writer_->option(OptionCode::nsid, {}));  // no longer
  const Bytes packet = writer_->finish();
  EXPECT_EQ(packet.size(), 468U);
  const auto message = MessageView::parse(packet);
  ASSERT_TRUE(message && message->edns());
  EXPECT_EQ(message->rcode(), Rcode::bad_cookie);
  EXPECT_EQ(message->edns()->udp_size, 1400);
  EXPECT_EQ(message->edns()->version, 0);
  EXPECT_TRUE(message->edns()->dnssec_ok);
  OptionReader options(message->option_octets());
  auto option = options.next();
  ASSERT_TRUE(option);
  EXPECT_EQ(option->code, OptionCode::cookie);
  option = options.next();
  ASSERT_TRUE(option);
  EXPECT_EQ(option->code, OptionCode::extended_error);
  EXPECT_EQ(load16(option->data.data()), 6);
  EXPECT_EQ(text_of(option->data.subspan(2)), "signature of example. does not verify");
  option = options.next();
  ASSERT_TRUE(option);
  EXPECT_EQ(option->data.size(), 2U);
  option = options.next();
  ASSERT_TRUE(option);
  EXPECT_EQ(option->code, OptionCode::padding);
  EXPECT_TRUE(std::ranges::all_of(option->data, [](Octet octet) { return octet == 0; }));
  EXPECT_FALSE(options.next());
}

TEST_F(Writing, PaddingGoesAsFarAsTheLimit) {
  begin("a.", Type::A, 600);
  ASSERT_TRUE(writer_->begin_edns(1232, false));
  ASSERT_TRUE(writer_->option(OptionCode::nsid, Buffer(460)));
  writer_->pad_to(468);
  writer_->end_edns();
  EXPECT_EQ(writer_->finish().size(), 600U);
  EXPECT_TRUE(MessageView::parse(writer_->finish()));
  begin("a.");
  ASSERT_TRUE(writer_->begin_edns(1232, false));
  const std::size_t bare = writer_->size();
  ASSERT_TRUE(writer_->option(OptionCode::nsid, Buffer(468 - bare - 4 - 4)));
  writer_->pad_to(468);  // an empty padding option lands on the block
  writer_->end_edns();
  EXPECT_EQ(writer_->finish().size(), 468U);
  begin("a.", Type::A, 512);
  ASSERT_TRUE(writer_->begin_edns(1232, false));
  ASSERT_TRUE(writer_->option(OptionCode::nsid, Buffer(512 - bare - 4 - 3)));
  writer_->pad_to(468);  // no room for the option itself
  writer_->end_edns();
  EXPECT_EQ(writer_->finish().size(), 509U);
}

TEST_F(Writing, AnErrorsTextGivesWayToItsCode) {
  begin("a.", Type::A, 512);
  ASSERT_TRUE(writer_->begin_edns(1232, false));
  EXPECT_TRUE(writer_->extended_error(Ede::other, std::string(600, 'x')));
  writer_->end_edns();
  const auto message = MessageView::parse(writer_->finish());
  ASSERT_TRUE(message);
  EXPECT_EQ(message->option_octets().size(), 6U);
}

TEST_F(Writing, OtherClassesAreNotCompressed) {
  begin("version.bind.", Type::TXT);
  EXPECT_TRUE(writer_->record(Section::answer, Name::of("version.bind."), Type::TXT, Class::CH, 0,
                              Buffer{5, 'v', 'o', 'u', 'c', 'h'}));
  const auto message = MessageView::parse(writer_->finish());
  ASSERT_TRUE(message);
  EXPECT_EQ(message->records()[0].rclass, Class::CH);
  EXPECT_EQ(message->raw_rdata(message->records()[0]).size(), 6U);
}

// More names than the table holds, and beyond where pointers reach: less is compressed, all is right.
TEST_F(Writing, ThousandsOfOwners) {
  begin("q.example.", Type::A, 65535);
  std::string expected;
  for (int i = 0; i < 4000; ++i) {
    const std::string owner = "host" + std::to_string(i) + ".zone" + std::to_string(i % 300) + ".example.";
    const RRsetPtr rrset = rrset_of({owner + " A 192.0.2.1"});
    if (!writer_->rrset(Section::answer, *rrset, 1, false)) { break; }
    expected += owner + " 1 IN A 192.0.2.1\n";
  }
  EXPECT_GT(writer_->size(), 65000U);
  EXPECT_EQ(read_back(), expected);
  EXPECT_EQ(ldns_reads(), expected);
}

}  // namespace
}  // namespace vouch
