#include "resolver/wire/message_view.h"

#include <gtest/gtest.h>

#include "resolver/wire/rrset.h"
#include "tests/unit/wire/packet.h"

namespace vouch {
namespace {

using test::Packet;

Buffer rdata_of(const MessageView& message, std::size_t record) {
  Buffer rdata;
  message.append_rdata(message.records()[record], rdata);
  return rdata;
}

TEST(MessageView, ReadsAReferral) {
  Packet packet(1, 0, 2, 2);
  packet.question("www.example.com.");
  packet.pointer(16).fixed(Type::NS, 5).label("ns").pointer(16);  // RDATA at 45
  packet.pointer(16).fixed(Type::NS, 5).label("n2").pointer(16);
  packet.pointer(45).fixed(Type::A, 4).u32(0xc0000201);
  packet.opt();
  const auto message = MessageView::parse(packet);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->header().id(), 0x1234);
  EXPECT_TRUE(message->header().qr());
  EXPECT_TRUE(message->header().rd());
  EXPECT_TRUE(message->header().ra());
  EXPECT_FALSE(message->header().tc());
  ASSERT_TRUE(message->question());
  EXPECT_EQ(message->question()->type, Type::A);
  EXPECT_EQ(expand_name(packet, message->question()->name).text(), "www.example.com.");
  ASSERT_EQ(message->records().size(), 3U);  // OPT is not among them
  EXPECT_EQ(message->records()[0].section, Section::authority);
  EXPECT_EQ(message->owner(message->records()[0]).text(), "example.com.");
  EXPECT_EQ(rdata_name(Type::NS, rdata_of(*message, 0)).text(), "ns.example.com.");
  EXPECT_EQ(rdata_name(Type::NS, rdata_of(*message, 1)).text(), "n2.example.com.");
  EXPECT_EQ(message->records()[2].section, Section::additional);
  EXPECT_EQ(message->owner(message->records()[2]).text(), "ns.example.com.");
  EXPECT_TRUE(message->owner_is(message->records()[2], Name::of("NS.example.com.")));
  EXPECT_EQ(rdata_of(*message, 2), (Buffer{0xc0, 0, 2, 1}));
  ASSERT_TRUE(message->edns());
  EXPECT_EQ(message->edns()->udp_size, 1232);
  EXPECT_TRUE(message->edns()->dnssec_ok);
}

TEST(MessageView, UncompressesEveryNameOfAnRdata) {
  Packet packet(1, 1);
  packet.question("example.com.", Type::SOA);
  packet.pointer(12).fixed(Type::SOA, 5 + 8 + 20).label("ns").pointer(12).label("admin").pointer(12);
  for (const std::uint32_t number : {1U, 2U, 3U, 4U, 5U}) { packet.u32(number); }
  const auto message = MessageView::parse(packet);
  ASSERT_TRUE(message);
  const Buffer rdata = rdata_of(*message, 0);
  const SoaView soa = soa_view(rdata);
  EXPECT_EQ(soa.primary.text(), "ns.example.com.");
  EXPECT_EQ(soa.mailbox.text(), "admin.example.com.");
  EXPECT_EQ(soa.serial, 1U);
  EXPECT_EQ(soa.refresh, 2U);
  EXPECT_EQ(soa.retry, 3U);
  EXPECT_EQ(soa.expire, 4U);
  EXPECT_EQ(soa.minimum, 5U);
}

TEST(MessageView, UncompressesNamesThatShouldNotHaveBeenCompressed) {
  Packet packet(1, 1);  // RFC 3597 section 4: a receiver takes them
  packet.question("example.com.", Type::SRV);
  packet.pointer(12).fixed(Type::SRV, 6 + 6).u16(1).u16(2).u16(3).label("sip").pointer(12);
  const auto message = MessageView::parse(packet);
  ASSERT_TRUE(message);
  EXPECT_EQ(rdata_name(Type::SRV, rdata_of(*message, 0)).text(), "sip.example.com.");
}

TEST(MessageView, AMessageWithoutAQuestionHasNone) {
  const auto message = MessageView::parse(Packet());
  ASSERT_TRUE(message);
  EXPECT_FALSE(message->question());
  EXPECT_FALSE(message->edns());
  EXPECT_TRUE(message->option_octets().empty());
}

TEST(MessageView, TheRcodeHasItsUpperBitsInOpt) {
  Packet packet(0, 0, 0, 1);
  packet.opt({}, 512, 0x01000000);
  const auto message = MessageView::parse(packet);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->rcode(), Rcode::bad_version);
}

TEST(MessageView, ATtlWithItsTopBitSetIsZero) {
  Packet packet(0, 1);
  packet.name("a.").fixed(Type::A, 4, Class::IN, 0x80000001U).u32(1);
  const auto message = MessageView::parse(packet);
  ASSERT_TRUE(message);
  EXPECT_EQ(ttl_of(message->records()[0]), 0U);
}

TEST(MessageView, ASmallUdpSizeMeans512) {
  Packet packet(0, 0, 0, 1);
  packet.opt({}, 100);
  EXPECT_EQ(MessageView::parse(packet)->edns()->udp_size, 512);
}

TEST(MessageView, OtherClassesHaveOtherLayouts) {
  Packet chaos(0, 2);  // in CH an A is a name and a number, which we do not read
  chaos.name("a.").fixed(Type::A, 5, Class::CH).text("12345");
  chaos.name("version.bind.").fixed(Type::TXT, 6, Class::CH).label("vouch");
  ASSERT_TRUE(MessageView::parse(chaos));
  Packet broken(0, 1);  // but a TXT is a TXT everywhere
  broken.name("version.bind.").fixed(Type::TXT, 3, Class::CH).text("\x09zz");
  EXPECT_FALSE(MessageView::parse(broken));
}

struct Hostile {
  std::string_view what;
  Packet packet;
  ParseError error;
};

Packet with_a(Packet packet) { return packet.name("a.").fixed(Type::A, 4).u32(1); }
Packet with_rdata(Type type, const Buffer& rdata) { return Packet(0, 1).u8(0).fixed(type, rdata.size()).octets(rdata); }
Packet cut(Packet packet, std::size_t octets) {
  Packet shorter;
  const Bytes kept = Bytes(packet).subspan(kHeaderSize, packet.size() - kHeaderSize - octets);
  const Bytes header = Bytes(packet).first(kHeaderSize);
  return Packet(load16(&header[4]), load16(&header[6]), load16(&header[8]), load16(&header[10])).octets(kept);
}

std::vector<Hostile> hostile_packets() {
  const auto malformed = ParseError::malformed;
  std::vector<Hostile> table = {
      {"count of questions lies", Packet(1), malformed},
      {"two questions", Packet(2).question("a.").question("b."), malformed},
      {"question cut", cut(Packet(1).question("a."), 1), malformed},
      {"question's name compressed into the header", Packet(1).pointer(0).u16(1).u16(1), malformed},
      {"count of answers lies", with_a(Packet(0, 2)), malformed},
      {"counts of everything lie", with_a(Packet(0, 65535, 65535, 65535)), malformed},
      {"owner only", Packet(0, 1).name("a."), malformed},
      {"fixed part cut", cut(Packet(0, 1).name("a.").fixed(Type::A, 0), 1), malformed},
      {"RDLENGTH beyond the end", Packet(0, 1).name("a.").fixed(Type::A, 65535).u32(1), malformed},
      {"RDLENGTH one too long", Packet(0, 1).name("a.").fixed(Type::TXT, 3).label("x"), malformed},
      {"octets after the last record", with_a(Packet(0, 1)).u8(0), ParseError::trailing_junk},
      {"a record that no count tells of", with_a(with_a(Packet(0, 1))), ParseError::trailing_junk},
      {"two OPT", Packet(0, 0, 0, 2).opt().opt(), ParseError::bad_opt},
      {"OPT among the answers", Packet(0, 1).opt(), ParseError::bad_opt},
      {"OPT in authority", Packet(0, 0, 1).opt(), ParseError::bad_opt},
      {"OPT with an owner", Packet(0, 0, 0, 1).name("a.").fixed(Type::OPT, 0), ParseError::bad_opt},
      {"option cut", Packet(0, 0, 0, 1).opt(Buffer{0, 10, 0, 8, 1}), ParseError::bad_opt},
      {"option header cut", Packet(0, 0, 0, 1).opt(Buffer{0, 10, 0}), ParseError::bad_opt},
      {"options beyond number", Packet(0, 0, 0, 1).opt(Buffer(4 * (kMaxOptions + 1), 0)), ParseError::bad_opt},
  };
  const std::pair<Type, Buffer> bad_rdata[] = {
      {Type::A, {}},
      {Type::A, {1, 2, 3}},
      {Type::A, {1, 2, 3, 4, 5}},
      {Type::AAAA, Buffer(15)},
      {Type::AAAA, Buffer(17)},
      {Type::NS, {}},
      {Type::NS, {1, 'a'}},
      {Type::NS, {1, 'a', 0, 0}},  // more after the name
      {Type::CNAME, {0xc0, 0xff}},
      {Type::MX, {0, 10}},
      {Type::MX, {0}},
      {Type::SOA, {0, 0, 1, 2, 3}},
      {Type::SOA, Buffer(2 + 19)},
      {Type::SOA, Buffer(2 + 21)},
      {Type::TXT, {}},
      {Type::TXT, {2, 'a'}},
      {Type::TXT, {1, 'a', 1}},
      {Type::HINFO, {1, 'a'}},
      {Type::SRV, {0, 0, 0, 0, 0, 0}},
      {Type::NAPTR, {0, 0, 0, 0, 0, 0, 0}},
      {Type::RRSIG, Buffer(17)},
      {Type::RRSIG, Buffer(18)},  // no signer
      {Type::NSEC, {0, 0, 0}},    // an empty window
      {Type::NSEC, {0, 0, 33}},
      {Type::NSEC3, {1, 0, 0, 0, 9, 1}},       // salt beyond the end
      {Type::NSEC3, {1, 0, 0, 0, 0}},          // no hash
      {Type::NSEC3PARAM, {1, 0, 0, 0, 0, 7}},  // more after the salt
      {Type::DNSKEY, {1, 1, 3}},
      {Type::DS, {1, 1, 3}},
      {Type::CAA, {0, 9, 'i'}},
      {Type::SVCB, {0, 1}},
      {Type::DNAME, {0x40, 0}},
      {Type::LOC, {}},
      {Type::EUI48, Buffer(5)},
  };
  for (const auto& [type, rdata] : bad_rdata) { table.push_back({"bad RDATA", with_rdata(type, rdata), malformed}); }
  return table;
}

TEST(MessageView, HostilePacketsAreRefused) {
  for (const Hostile& row : hostile_packets()) {
    const auto message = MessageView::parse(row.packet);
    ASSERT_FALSE(message) << row.what;
    EXPECT_EQ(message.error(), row.error) << row.what;
    EXPECT_FALSE(parse_query(row.packet)) << row.what;
  }
}

TEST(MessageView, WithoutAWholeHeaderThereIsNoMessage) {
  for (std::size_t size = 0; size < kHeaderSize; ++size) {
    const Buffer octets(size, 0);
    EXPECT_EQ(MessageView::parse(octets).error(), ParseError::too_short);
    EXPECT_EQ(parse_query(octets).error(), ParseError::too_short);
  }
}

TEST(MessageView, TooLongIsNoMessage) {
  const Buffer octets(kMaxMessage + 1, 0);
  EXPECT_EQ(MessageView::parse(octets).error(), ParseError::malformed);
  EXPECT_EQ(parse_query(octets).error(), ParseError::malformed);
}

TEST(MessageView, OpaqueTypesMayBeEmpty) {
  for (const Type type : {Type::NUL, Type::APL, Type::OPENPGPKEY, static_cast<Type>(65400)}) {
    EXPECT_TRUE(MessageView::parse(with_rdata(type, {}))) << type_text(type);
  }
}

TEST(MessageView, SoundRdataOfEveryPrefixIsRefused) {
  // Cut anywhere, a message is malformed and nothing is read past its end.
  Packet packet(1, 1, 1, 1);
  packet.question("example.com.", Type::MX);
  packet.pointer(12).fixed(Type::MX, 7).u16(10).label("mx").pointer(12);
  packet.pointer(12).fixed(Type::NSEC, 2 + 3 + 3).label("a").label("bc").u8(0).u8(0).u8(1).u8(1);
  ASSERT_FALSE(MessageView::parse(packet));  // the NSEC's length is one too short
  Packet sound(1, 1, 1, 1);
  sound.question("example.com.", Type::MX);
  sound.pointer(12).fixed(Type::MX, 7).u16(10).label("mx").pointer(12);
  sound.pointer(12).fixed(Type::NSEC, 6 + 3).label("a").label("bc").u8(0).u8(0).u8(1).u8(1);
  sound.opt(Buffer{0, 3, 0, 0});
  ASSERT_TRUE(MessageView::parse(sound));
  for (std::size_t size = 0; size < sound.size(); ++size) {
    const Buffer shorter(sound.buffer().begin(), sound.buffer().begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(MessageView::parse(shorter)) << size;
    EXPECT_FALSE(parse_query(shorter)) << size;
  }
}

// Names that each point at the one before, 127 labels deep, as many as 65,535 octets hold: parsed or refused, within a
// budget.
TEST(MessageView, TheLargestMessagesHaveAnEnd) {
  Packet deep(0, 1);
  for (int i = 0; i < 127; ++i) { deep.label("x"); }
  deep.u8(0).fixed(Type::A, 4).u32(1);
  std::uint16_t records = 1;
  while (deep.size() + 14 < kMaxMessage) {
    deep.pointer(12).fixed(Type::NS, 2).pointer(12);
    ++records;
  }
  Buffer octets = deep.buffer();
  store16(octets.data() + 6, records);
  const auto message = MessageView::parse(octets);  // always the same name: nothing to it
  ASSERT_TRUE(message);
  EXPECT_EQ(message->records().size(), records);

  // A chain: every name is a pointer to the name before, with bare pointers in between.
  Packet chain(0, 0);
  chain.label("a").u8(0);
  std::size_t last = 12;
  std::uint16_t count = 0;
  while (chain.size() + 12 < kMaxMessage) {
    const std::size_t here = chain.size();
    chain.pointer(last).fixed(Type::NUL, 0);
    if (here < 0x3fff) { last = here; }
    ++count;
  }
  Buffer chained = chain.buffer();
  store16(chained.data() + 6, count);
  EXPECT_FALSE(MessageView::parse(chained));  // the root of it all is no record, and the chain is too long
}

TEST(ParseQuery, TakesWhatClientsSend) {
  Packet packet(1, 0, 0, 1);
  packet.question("wWw.Example.com.", Type::HTTPS);
  packet.opt(Buffer{0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8}, 4096, 0x8000);
  const auto query = parse_query(packet);
  ASSERT_TRUE(query);
  EXPECT_EQ(query->name.text(), "wWw.Example.com.");
  EXPECT_EQ(query->question.type, Type::HTTPS);
  EXPECT_EQ(query->question.rclass, Class::IN);
  ASSERT_TRUE(query->edns);
  EXPECT_EQ(query->edns->udp_size, 4096);
  OptionReader options(query->option_octets());
  const auto cookie = options.next();
  ASSERT_TRUE(cookie);
  EXPECT_EQ(cookie->code, OptionCode::cookie);
  EXPECT_EQ(cookie->data.size(), 8U);
  EXPECT_FALSE(options.next());
  EXPECT_FALSE(options.failed());
}

TEST(ParseQuery, NeedsExactlyOneQuestion) {
  EXPECT_EQ(parse_query(Packet()).error(), ParseError::malformed);
  EXPECT_EQ(parse_query(Packet(2).question("a.").question("a.")).error(), ParseError::malformed);
  EXPECT_TRUE(parse_query(Packet(1).question("a.")));
}

TEST(ParseQuery, PassesOverOtherRecords) {
  Packet packet(1, 0, 0, 2);
  packet.question("a.").opt().name("key.").fixed(Type::TSIG, 3, Class::ANY).text("abc");
  EXPECT_TRUE(parse_query(packet));
}

TEST(ParseQuery, AnotherEdnsVersionIsNotItsBusiness) {
  Packet packet(1, 0, 0, 1);
  packet.question("a.").opt(Buffer{9, 9, 9}, 1232, 0x00010000);  // options of a version that nobody knows
  const auto query = parse_query(packet);
  ASSERT_TRUE(query);  // BADVERS is for the caller to say
  EXPECT_EQ(query->edns->version, 1);
}

TEST(OptionReader, StopsAtTheHundredthOption) {
  OptionReader reader{Bytes()};
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.failed());
  const Buffer many(4 * (kMaxOptions + 5), 0);
  OptionReader greedy(many);
  std::size_t read = 0;
  while (greedy.next()) { ++read; }
  EXPECT_EQ(read, kMaxOptions);
  EXPECT_TRUE(greedy.failed());
  EXPECT_FALSE(greedy.next());
}

}  // namespace
}  // namespace vouch
