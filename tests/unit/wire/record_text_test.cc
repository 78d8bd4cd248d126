// Every kind of record: text, wire, message, view and text again; and ldns must read the message as we do.
#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <memory>
#include <string>
#include <vector>

#include "resolver/wire/message_writer.h"
#include "resolver/wire/rdata_layout.h"
#include "resolver/wire/rrset.h"
#include "resolver/wire/with_ldns.h"

namespace vouch {
namespace {

// In the very form in which they are to come back.
constexpr std::string_view kRecords[] = {
    "a.example. 300 IN A 192.0.2.1",
    "a.example. 300 IN AAAA 2001:db8::1",
    "a.example. 300 IN NS ns.example.",
    "a.example. 300 IN MD md.example.",
    "a.example. 300 IN MF mf.example.",
    "a.example. 300 IN CNAME b.a.example.",
    "a.example. 300 IN SOA ns.example. admin.example. 2024010100 7200 3600 1209600 300",
    "a.example. 300 IN MB mb.example.",
    "a.example. 300 IN MG mg.example.",
    "a.example. 300 IN MR mr.example.",
    "a.example. 300 IN NULL \\# 3 616263",
    "a.example. 300 IN PTR host.a.example.",
    "a.example. 300 IN HINFO \"ARM64\" \"Linux\"",
    "a.example. 300 IN MINFO r.example. e.a.example.",
    "a.example. 300 IN MX 10 mail.a.example.",
    "a.example. 300 IN TXT \"one\" \"two; three\" \"\\\"four\\\" \\009\"",
    "a.example. 300 IN RP who.example. what.example.",
    "a.example. 300 IN AFSDB 1 afs.example.",
    "a.example. 300 IN X25 \"311061700956\"",
    "a.example. 300 IN ISDN \"150862028003217\" \"004\"",
    "a.example. 300 IN RT 10 relay.example.",
    "a.example. 300 IN KEY 256 3 13 AAECAwQFBgcICQoLDA0ODw==",
    "a.example. 300 IN PX 50 ab.example. cd.example.",
    "a.example. 300 IN GPOS \"-32.6882\" \"116.8652\" \"10.0\"",
    "a.example. 300 IN LOC 52 22 23.000 N 04 53 32.000 E -2m 0.00m 10000m 10m",
    "a.example. 300 IN SRV 1 2 3 sip.example.",
    "a.example. 300 IN NAPTR 100 10 \"S\" \"SIP+D2U\" \"!^.*$!sip:x@example!\" _sip._udp.example.",
    "a.example. 300 IN KX 1 kx.example.",
    "a.example. 300 IN CERT PGP 0 0 AAECAwQFBgcICQoLDA0ODw==",
    "a.example. 300 IN DNAME target.example.",
    "a.example. 300 IN APL 1:192.168.32.0/21 !1:192.168.38.0/28",
    "a.example. 300 IN DS 4660 13 2 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    "a.example. 300 IN SSHFP 4 2 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    "a.example. 300 IN IPSECKEY 10 1 2 192.0.2.38 AAECAwQFBgcICQoLDA0ODw==",
    "a.example. 300 IN RRSIG A 13 2 300 20300101000000 20200101000000 4660 example. AAECAwQFBgcICQoLDA0ODw==",
    "a.example. 300 IN NSEC b.example. A MX RRSIG NSEC TYPE1234",
    "a.example. 300 IN DNSKEY 257 3 13 AAECAwQFBgcICQoLDA0ODw==",
    "a.example. 300 IN DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
    "a.example. 300 IN NSEC3 1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG",
    "a.example. 300 IN NSEC3 1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr",
    "a.example. 300 IN NSEC3PARAM 1 0 12 aabbccdd",
    "a.example. 300 IN TLSA 3 1 1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    "a.example. 300 IN SMIMEA 3 1 1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    "a.example. 300 IN CDS 0 0 0 00",
    "a.example. 300 IN CDNSKEY 0 3 0 AA==",
    "a.example. 300 IN OPENPGPKEY AAECAwQFBgcICQoLDA0ODw==",
    "a.example. 300 IN CSYNC 66 3 A NS AAAA",
    "a.example. 300 IN ZONEMD 2018031500 1 1 "
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f",
    "a.example. 300 IN SVCB 0 pool.example.",
    "a.example. 300 IN HTTPS 1 . alpn=h2,h3 port=8443 ipv4hint=192.0.2.1",
    "a.example. 300 IN SPF \"v=spf1 -all\"",
    "a.example. 300 IN NID 10 0014:4fff:ff20:ee64",
    "a.example. 300 IN L32 10 10.1.2.0",
    "a.example. 300 IN L64 10 2001:0db8:1140:1000",
    "a.example. 300 IN LP 10 l64.example.",
    "a.example. 300 IN EUI48 00-00-5e-00-53-2a",
    "a.example. 300 IN EUI64 00-00-5e-ef-10-00-00-2a",
    "a.example. 300 IN URI 10 1 \"https://www.example/\"",
    "a.example. 300 IN CAA 0 issue \"ca.example\"",
    "a.example. 300 IN DLV 4660 13 2 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    "a.example. 300 IN TYPE65400 \\# 4 01020304",
    "a.example. 300 IN TYPE65401 \\# 0",
};

std::string ldns_text(const ldns_rr* record) {
  const std::unique_ptr<char, decltype(&std::free)> line(ldns_rr2str_fmt(ldns_output_format_nocomments, record),
                                                         &std::free);
  std::string text = line.get();
  for (int tab = 0; tab < 4; ++tab) { text[text.find('\t')] = ' '; }
  text.erase(text.find_last_not_of(" \n") + 1);
  for (std::size_t at; (at = text.find("  ")) != std::string::npos;) { text.erase(at, 1); }  // after an NSEC3's salt
  for (std::size_t at; (at = text.find('\t')) != std::string::npos;) { text.replace(at, 1, "\\009"); }
  return text;
}

class EveryRecord : public testing::TestWithParam<std::string_view> {};

TEST_P(EveryRecord, TextWireMessageViewText) {
  const std::string text(GetParam());
  const auto record = parse_record(text);
  ASSERT_TRUE(record);
  EXPECT_TRUE(is_valid_rdata(record->type, record->rdata));
  EXPECT_EQ(record_text(record->owner, record->type, record->ttl, record->rdata), text);

  std::array<Octet, 2048> out;
  MessageWriter writer(out, out.size());
  writer.header(1, {.qr = true});
  writer.question(Name::of("example."), record->type, Class::IN);
  const Bytes one[] = {record->rdata};
  const RRsetPtr rrset = RRset::make(record->owner, record->type, record->ttl, one);
  ASSERT_TRUE(rrset);
  EXPECT_EQ(rrset_text(*rrset), text + "\n");
  ASSERT_TRUE(writer.rrset(Section::answer, *rrset, rrset->ttl(), false));
  const Bytes packet = writer.finish();

  const auto message = MessageView::parse(packet);
  ASSERT_TRUE(message);
  ASSERT_EQ(message->records().size(), 1U);
  const RecordAt& at = message->records()[0];
  Buffer rdata;
  message->append_rdata(at, rdata);
  EXPECT_EQ(rdata, record->rdata);
  EXPECT_EQ(record_text(message->owner(at), at.type, at.ttl, rdata), text);

  ldns_pkt* parsed = nullptr;
  ASSERT_EQ(ldns_wire2pkt(&parsed, packet.data(), packet.size()), LDNS_STATUS_OK);
  const std::unique_ptr<ldns_pkt, decltype(&ldns_pkt_free)> owner(parsed, &ldns_pkt_free);
  ASSERT_EQ(ldns_rr_list_rr_count(ldns_pkt_answer(parsed)), 1U);
  EXPECT_EQ(ldns_text(ldns_rr_list_rr(ldns_pkt_answer(parsed), 0)), text);
}

std::string name_of(const testing::TestParamInfo<std::string_view>& info) {
  std::string_view rest = info.param;
  for (int i = 0; i < 3; ++i) { rest.remove_prefix(rest.find(' ') + 1); }
  std::string name(rest.substr(0, rest.find(' ')));
  return name + "_" + std::to_string(info.index);
}

INSTANTIATE_TEST_SUITE_P(Records, EveryRecord, testing::ValuesIn(kRecords), name_of);

TEST(RecordText, WhatLdnsDoesNotKnowIsGeneric) {
  const Name owner = Name::of("a.");
  EXPECT_EQ(record_text(owner, Type::WALLET, 1, Buffer{3, 'b', 't', 'c'}), "a. 1 IN WALLET \\# 4 03627463");
  EXPECT_EQ(record_text(owner, Type::NUL, 1, {}), "a. 1 IN NULL \\# 0");
}

TEST(RecordText, UnsoundRdataIsGeneric) {
  const Name owner = Name::of("a.");
  EXPECT_EQ(record_text(owner, Type::A, 1, Buffer{1, 2, 3}), "a. 1 IN A \\# 3 010203");
  EXPECT_EQ(record_text(owner, Type::NS, 1, Buffer{9, 'x'}), "a. 1 IN NS \\# 2 0978");
  EXPECT_EQ(record_text(owner, Type::LOC, 1, Buffer{7, 1, 2}), "a. 1 IN LOC \\# 3 070102");
}

TEST(RecordText, ACertificateOfTheReservedTypeIsGeneric) {  // read back by ldns it would leak, as LeakSanitizer sees
  EXPECT_EQ(record_text(Name::of("a."), Type::CERT, 1, Buffer{0, 0, 0, 0, 1, 'x'}), "a. 1 IN CERT \\# 6 000000000178");
}

TEST(RecordText, HostileOctetsStayOnTheirLine) {
  Buffer rdata = {255};
  for (unsigned octet = 0; octet < 255; ++octet) { rdata.push_back(u8(octet)); }
  const Octet owner[] = {3, '\n', 0x1b, ' ', 0};
  const std::string text = record_text(*NameView::parse(owner), Type::TXT, 1, rdata);
  for (const char shown : text) { EXPECT_TRUE(shown >= ' ' && shown < 0x7f); }
  const auto back = parse_record(text);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->rdata, rdata);
  EXPECT_EQ(back->owner.view(), *NameView::parse(owner));
}

TEST(ParseRecord, FillsInWhatIsLeftOut) {
  const auto record = parse_record("www.example A 192.0.2.1", 77);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->owner.text(), "www.example.");
  EXPECT_EQ(record->ttl, 77U);
  EXPECT_EQ(parse_record("www.example. 1h IN A 192.0.2.1")->ttl, 3600U);
  EXPECT_EQ(parse_record("www.example. 5 A 192.0.2.1 ; comment")->ttl, 5U);
}

TEST(ParseRecord, RefusesWhatIsNoRecord) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv, ";comment"sv, "a."sv, "a. A"sv, "a. A 192.0.2"sv, "a. AAAA 192.0.2.1"sv,
                                      "a. NOSUCHTYPE x"sv, "a..b. A 192.0.2.1"sv, "a. MX mail."sv, "a. A 192.0.2.1\0"sv,
                                      "a. TYPE1 \\# 3 010203"sv, "a. IN 300"sv, "$ORIGIN example."sv}) {
    const auto record = parse_record(text);
    EXPECT_FALSE(record) << text
                         << (record ? record_text(record->owner, record->type, record->ttl, record->rdata) : "");
  }
  EXPECT_FALSE(parse_record("a. TXT \"" + std::string(300'000, 'x') + "\""));
}

}  // namespace
}  // namespace vouch
