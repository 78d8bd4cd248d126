// What leaves early: queries that are wrong, odd, or nothing for a resolver (RFC 1035, 6891, 7873, 8906).
#include "tests/scenarios/internet.h"
#include "tests/unit/front/front_testing.h"

namespace vouch {
namespace {

using namespace front_testing;

class OddQueries : public FrontTest {
 protected:
  void SetUp() override { cache("www.example.com. 300 IN A 192.0.2.1"); }
  static Buffer plain(Type type = Type::A, Class rclass = Class::IN) {
    Message message = Message::query(Name::of("www.example.com."), type);
    message.rd = true;
    message.question->rclass = rclass;
    return message.encode();
  }
  static Buffer changed(std::size_t at, Octet value) {
    Buffer packet = plain();
    packet[at] = value;
    return packet;
  }
};

TEST_F(OddQueries, TheOrdinaryOneIsAnswered) { EXPECT_EQ(send(plain()).text(), "www.example.com. 300 IN A 192.0.2.1"); }

TEST_F(OddQueries, WhatIsNoQueryIsDropped) {
  const Buffer packet = plain();
  for (std::size_t size = 0; size < 12; ++size) { EXPECT_TRUE(send(Bytes(packet).first(size)).is_silence()) << size; }
  EXPECT_TRUE(send(changed(2, 0x81)).is_silence()) << "a response";
  EXPECT_EQ(world().clients().counters().dropped.value(), 13U);
}

TEST_F(OddQueries, MalformedOnesGetABareHeader) {
  Buffer two_questions = plain();
  two_questions[5] = 2;
  Buffer cut_short = plain();
  cut_short.pop_back();
  Buffer junk = plain();
  junk.push_back(0);
  Buffer answer_promised = plain();
  answer_promised[7] = 1;
  for (const Buffer& packet : {two_questions, cut_short, junk, answer_promised}) {
    const ClientAnswer answer = send(packet);
    EXPECT_EQ(answer.rcode(), Rcode::format_error);
    ASSERT_EQ(answer.packet().size(), kHeaderSize);
    EXPECT_EQ(load16(answer.packet().data()), load16(packet.data())) << "the id";
    EXPECT_EQ(answer.packet()[2], 0x81) << "QR, RD copied";
  }
}

TEST_F(OddQueries, OtherOpcodesAreNotImplemented) {
  for (unsigned opcode = 1; opcode < 16; ++opcode) {
    const ClientAnswer answer = send(changed(2, u8(opcode << 3 | 1)));
    EXPECT_EQ(answer.rcode(), Rcode::not_implemented) << opcode;
    EXPECT_EQ(answer.packet()[2], 0x80 | opcode << 3 | 1) << "copied (RFC 8906 section 8.1)";
  }
}

TEST_F(OddQueries, TypesAndClassesThatAreNotOurs) {
  struct Row {
    Type type;
    Class rclass;
    Rcode rcode;
  };
  const Row rows[] = {
      {Type::AXFR, Class::IN, Rcode::refused},          {Type::IXFR, Class::IN, Rcode::refused},
      {Type::OPT, Class::IN, Rcode::format_error},      {Type::TSIG, Class::IN, Rcode::format_error},
      {Type::none, Class::IN, Rcode::format_error},     {Type{128}, Class::IN, Rcode::format_error},
      {Type::TKEY, Class::IN, Rcode::not_implemented},  {Type::MAILA, Class::IN, Rcode::not_implemented},
      {Type::MAILB, Class::IN, Rcode::not_implemented}, {Type{200}, Class::IN, Rcode::not_implemented},
      {Type::TXT, Class::CH, Rcode::refused},           {Type::A, Class::HS, Rcode::refused},
      {Type::A, Class::NONE, Rcode::refused},           {Type::A, Class::ANY, Rcode::not_implemented},
      {Type::A, Class{4711}, Rcode::refused},
  };
  for (const Row& row : rows) {
    const ClientAnswer answer = send(plain(row.type, row.rclass));
    EXPECT_EQ(answer.rcode(), row.rcode) << type_text(row.type) << " class " << static_cast<int>(row.rclass);
    EXPECT_TRUE(answer.message().question) << "the question comes back";
    EXPECT_EQ(answer.text(), "");
  }
}

TEST_F(OddQueries, UnknownTypesAreAskedLikeAnyOther) {
  cache("www.example.com. 300 IN TYPE65400 \\# 2 abcd");
  EXPECT_EQ(send(plain(Type{65400})).message().answer.size(), 1U);
}

TEST_F(OddQueries, LaterEdnsVersionsAreToldOurs) {
  Message message = query("www.example.com.", Type::A, {});
  message.edns->version = 1;
  message.edns->dnssec_ok = true;
  const ClientAnswer answer = send(message);
  EXPECT_EQ(answer.rcode(), Rcode::bad_version);
  ASSERT_TRUE(answer.message().edns);
  EXPECT_EQ(answer.message().edns->version, 0);
  EXPECT_EQ(answer.text(), "");
}

TEST_F(OddQueries, UnknownOptionsAreIgnored) {
  const auto answer =
      send(query("www.example.com.", Type::A,
                 {{OptionCode{65001}, {1, 2, 3}}, {OptionCode::client_subnet, {0, 1, 24, 0, 192, 0, 2}}}));
  EXPECT_EQ(answer.text(), "www.example.com. 300 IN A 192.0.2.1");
  ASSERT_TRUE(answer.message().edns);
  EXPECT_TRUE(answer.message().edns->options.empty()) << "no client-subnet comes back";
}

TEST_F(OddQueries, OptionsThatLieAboutTheirLength) {
  Buffer packet = query("www.example.com.", Type::A, {{OptionCode{65001}, {1, 2, 3}}}).encode();
  packet[packet.size() - 4] = 200;
  EXPECT_EQ(send(packet).rcode(), Rcode::format_error);
}

TEST_F(OddQueries, AnswersCarryEdnsWhenTheQueryDid) {
  EXPECT_FALSE(send(plain()).message().edns);
  Message message = query("www.example.com.", Type::A, {});
  message.edns->dnssec_ok = true;
  const auto answer = send(message);
  ASSERT_TRUE(answer.message().edns);
  EXPECT_EQ(answer.message().edns->udp_size, 1232);
  EXPECT_TRUE(answer.message().edns->dnssec_ok);
}

TEST_F(OddQueries, WithoutRecursionDesiredTheCacheIsNobodysBusiness) {
  for (const auto name : {"www.example.com.", "nobody-asked.example.com."}) {
    const auto answer = ask(name, Type::A, without_rd());
    EXPECT_EQ(answer.rcode(), Rcode::refused);
    EXPECT_EQ(answer.ede(), Ede::not_authoritative);
  }
  EXPECT_EQ(ask("localhost.", Type::A, without_rd()).rcode(), Rcode::no_error);
}

TEST_F(OddQueries, FlagsOfAnAnswer) {
  const auto answer = ask("www.example.com.", Type::A, with_cd());
  EXPECT_EQ(answer.message().flags_text(), "QR RD RA CD");
}

// RFC 7873 section 5.
class Cookies : public OddQueries {
 protected:
  static Buffer cookie_of(const ClientAnswer& answer) {
    const Buffer* cookie = answer.message().edns ? answer.message().edns->option(OptionCode::cookie) : nullptr;
    return cookie == nullptr ? Buffer{} : *cookie;
  }
  const Buffer client_part{1, 2, 3, 4, 5, 6, 7, 8};
  Buffer learn() { return cookie_of(send(query("www.example.com.", Type::A, {{OptionCode::cookie, client_part}}))); }
};

TEST_F(Cookies, AreGivenToWhoSpeaksThem) {
  const Buffer cookie = learn();
  ASSERT_EQ(cookie.size(), 24U);
  EXPECT_TRUE(std::equal(client_part.begin(), client_part.end(), cookie.begin()));
  EXPECT_EQ(cookie_of(send(query("www.example.com.", Type::A, {{OptionCode::cookie, cookie}}))), cookie)
      << "young enough to stay";
  EXPECT_TRUE(cookie_of(send(query("www.example.com.", Type::A, {}))).empty());
}

class WithoutCookies : public FrontTest {};

TEST_F(WithoutCookies, TheOptionIsIgnored) {
  options.front.cookies = false;
  for (const std::size_t length : {8U, 24U, 41U}) {
    const auto answer = send(query("localhost.", Type::A, {{OptionCode::cookie, Buffer(length)}}));
    EXPECT_EQ(answer.rcode(), Rcode::no_error);
    EXPECT_EQ(answer.message().edns->option(OptionCode::cookie), nullptr);
  }
}

TEST_F(Cookies, OfAnImpossibleLengthAreMalformed) {
  for (const std::size_t length : {0U, 7U, 9U, 15U, 41U}) {
    const auto answer = send(query("www.example.com.", Type::A, {{OptionCode::cookie, Buffer(length)}}));
    EXPECT_EQ(answer.rcode(), Rcode::format_error) << length;
    EXPECT_TRUE(answer.message().edns) << "EDNS itself was understood";
  }
}

TEST_F(Cookies, MayBeAskedForWithoutAQuestion) {
  const auto ask_for = [&](const Buffer& cookie) {
    Message message = query(".", Type::A, {{OptionCode::cookie, cookie}});
    message.question.reset();
    return send(message);
  };
  const auto first = ask_for(client_part);
  EXPECT_EQ(first.rcode(), Rcode::no_error);
  EXPECT_FALSE(first.message().question);
  ASSERT_EQ(cookie_of(first).size(), 24U);
  EXPECT_EQ(ask_for(cookie_of(first)).rcode(), Rcode::no_error);
  Buffer forged = cookie_of(first);
  forged.back() ^= 1;
  const auto refused = ask_for(forged);
  EXPECT_EQ(refused.rcode(), Rcode::bad_cookie);
  EXPECT_EQ(cookie_of(refused).size(), 24U);

  Message neither = query(".", Type::A, {});
  neither.question.reset();
  EXPECT_EQ(send(neither).rcode(), Rcode::format_error);
}

// RFC 5001, 7828, 8467.
class NamedServer : public FrontTest {};

TEST_F(NamedServer, TellsItsIdToWhoAsksForIt) {
  options.front.nsid = "front-3";
  const auto answer = send(query("localhost.", Type::A, {{OptionCode::nsid, {}}}));
  ASSERT_NE(answer.message().edns->option(OptionCode::nsid), nullptr);
  EXPECT_EQ(text_of(*answer.message().edns->option(OptionCode::nsid)), "front-3");
  EXPECT_EQ(send(query("localhost.", Type::A, {})).message().edns->option(OptionCode::nsid), nullptr);
}

TEST_F(OddQueries, KeepaliveIsForTcpAndTls) {
  const auto message = query("www.example.com.", Type::A, {{OptionCode::keepalive, {}}});
  for (const auto& [protocol, tenths] : {std::pair(ClientProtocol::tcp, 100), std::pair(ClientProtocol::tls, 300)}) {
    const auto answer = send(message, over(protocol));
    ASSERT_NE(answer.message().edns->option(OptionCode::keepalive), nullptr);
    EXPECT_EQ(load16(answer.message().edns->option(OptionCode::keepalive)->data()), tenths) << "tenths of a second";
  }
  for (const auto protocol :
       {ClientProtocol::udp, ClientProtocol::https, ClientProtocol::quic, ClientProtocol::http3}) {
    EXPECT_EQ(send(message, over(protocol)).message().edns->option(OptionCode::keepalive), nullptr);
  }
}

TEST_F(OddQueries, EncryptedAnswersAreAllOfOneSize) {
  for (const auto protocol :
       {ClientProtocol::tls, ClientProtocol::https, ClientProtocol::quic, ClientProtocol::http3}) {
    EXPECT_EQ(send(query("www.example.com.", Type::A, {}), over(protocol)).packet().size(), 468U);
    EXPECT_LT(send(plain(), over(protocol)).packet().size(), 100U) << "no EDNS, no padding";
  }
  EXPECT_LT(send(query("www.example.com.", Type::A, {}), {.protocol = ClientProtocol::tcp}).packet().size(), 100U);
}

class Access : public FrontTest {
 protected:
  void SetUp() override {
    options.front.allow = {*Prefix::parse("10.0.0.0/8")};
    cache("www.example.com. 300 IN A 192.0.2.1");
  }
  static Asking from(std::string_view client, ClientProtocol protocol) {
    Asking how = over(protocol);
    how.dnssec_ok = true;
    how.client = SocketAddress(*IpAddress::parse(client), 4000);
    return how;
  }
};

TEST_F(Access, WhoMayAskIsAnsweredAndOthersAreNot) {
  EXPECT_EQ(ask("www.example.com.", Type::A, from("10.1.2.3", ClientProtocol::udp)).rcode(), Rcode::no_error);
  EXPECT_TRUE(ask("www.example.com.", Type::A, from("192.0.2.9", ClientProtocol::udp)).is_silence());
  for (const auto protocol : {ClientProtocol::tcp, ClientProtocol::tls, ClientProtocol::https, ClientProtocol::quic}) {
    const auto answer = ask("www.example.com.", Type::A, from("192.0.2.9", protocol));
    EXPECT_EQ(answer.rcode(), Rcode::refused);
    EXPECT_EQ(answer.ede(), Ede::prohibited);
    EXPECT_EQ(answer.text(), "");
  }
}

TEST_F(Access, AppliesToOddQueriesToo) {
  Message message = Message::query(Name::of("localhost."), Type::A);
  message.opcode = Opcode::status;
  EXPECT_TRUE(send(message, from("192.0.2.9", ClientProtocol::udp)).is_silence());
  EXPECT_EQ(send(message, from("192.0.2.9", ClientProtocol::tcp)).rcode(), Rcode::refused);
  message.opcode = Opcode::query;
  EXPECT_EQ(send(message, from("192.0.2.9", ClientProtocol::tcp)).rcode(), Rcode::refused) << "local names, too";
  message.question.reset();
  EXPECT_EQ(send(message, from("192.0.2.9", ClientProtocol::tcp)).rcode(), Rcode::refused);
}

}  // namespace
}  // namespace vouch
