// Zones whose questions go to other resolvers over TLS (RFC 7858, RFC 8310): what is asked, and that nothing ever goes
// another way, whatever fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/scenarios/world.h"

namespace vouch::simulation {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr std::string_view kFirst = "192.0.2.53@853";
constexpr std::string_view kSecond = "192.0.2.54@853";

struct ForwardOverTls : testing::Test {
  ForwardOverTls() {
    zone.zone = Name::of(".");
    zone.servers = {*SocketAddress::parse(kFirst, 853), *SocketAddress::parse(kSecond, 853)};
    zone.tls = true;
    zone.tls_name = "dns.example";
  }
  World& world() {
    if (!world_) {
      options.resolver.forward_zones = {zone};
      options.dnssec.mode = DnssecMode::off;
      world_ = std::make_unique<World>(options, [this](const Asked& asked) {
        const auto found = servers.find(asked.server.text());
        return found == servers.end() ? answers(asked) : found->second(asked);
      });
    }
    return *world_;
  }
  // Any A question has this answer.
  static Scripted answers(const Asked& asked) {
    const auto query = Message::decode(asked.packet);
    Message reply = Message::reply_to(*query);
    reply.ra = true;
    if (query->question->type == Type::A) {
      reply.answer.push_back(Record::of(query->question->name.text() + " 300 IN A 198.51.100.7"));
    }
    return Scripted::reply(reply.encode());
  }
  static ScriptedUpstream::Script fails(std::string why) {
    return [why](const Asked&) { return Scripted::proves_nothing(why); };
  }
  static Scripted is_silent(const Asked&) { return Scripted::silence(); }
  // E6 of the threats: not one question in clear.
  void expect_tls_alone() {
    EXPECT_FALSE(world().upstream().asked().empty());
    for (const Asked& asked : world().upstream().asked()) {
      EXPECT_EQ(asked.protocol, UpstreamProtocol::tls) << asked.server.text();
      EXPECT_EQ(asked.tls_name, zone.tls_name);
      EXPECT_EQ(asked.tls_pins, zone.tls_pins);
    }
  }
  std::size_t asked_of(std::string_view server) {
    return static_cast<std::size_t>(
        std::ranges::count_if(world().upstream().asked(), [&](const Asked& a) { return a.server.text() == server; }));
  }

  WorldOptions options;
  ConfiguredZone zone;
  std::map<std::string, ScriptedUpstream::Script, std::less<>> servers;

 private:
  std::unique_ptr<World> world_;
};

TEST_F(ForwardOverTls, TheResolverIsAskedOverTls) {
  zone.tls_pins = {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="};
  const Answer answer = world().resolve("www.example.com.", Type::A);
  EXPECT_EQ(answer.rcode, Rcode::no_error);
  expect_tls_alone();
  EXPECT_EQ(world().counters().upstream_tls.value(), 1U);
  EXPECT_EQ(world().counters().upstream_tcp.value(), 0U);
}

// RFC 8467 section 4.1; and nothing in it that would tie one connection to another, or serve no purpose there.
TEST_F(ForwardOverTls, QuestionsArePaddedAndBare) {
  const std::string longest =
      std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." + std::string(61, 'd') + ".";
  const std::string names[] = {".", "a.example.", "www.example.com.", std::string(60, 'x') + ".example.org.", longest};
  for (const std::string& name : names) {
    world().upstream().forget();
    static_cast<void>(world().resolve(name, Type::A));
    ASSERT_EQ(world().upstream().asked().size(), 1U) << name;
    const Asked& asked = world().upstream().asked().front();
    EXPECT_EQ(asked.packet.size() % 128, 0U) << name;
    const auto query = Message::decode(asked.packet);
    ASSERT_TRUE(query) << query.error();
    EXPECT_EQ(query->edns->option(OptionCode::cookie), nullptr);
    EXPECT_NE(query->edns->option(OptionCode::padding), nullptr);
    EXPECT_EQ(query->question->name.text(), name) << "no random case";
    EXPECT_TRUE(query->rd);
  }
}

TEST_F(ForwardOverTls, WhoProvesNothingIsToldToTheClient) {
  zone.servers.pop_back();
  servers[std::string(kFirst)] = fails("its certificate has expired");
  Asking how;
  how.dnssec_ok = true;
  const ClientAnswer answer = world().ask("www.example.com.", Type::A, how);
  EXPECT_EQ(answer.rcode(), Rcode::server_failure);
  EXPECT_EQ(answer.ede(), Ede::network_error);
  EXPECT_THAT(answer.ede_text(),
              HasSubstr("forwarder 192.0.2.53@853 did not prove to be dns.example: its certificate has expired"));
  expect_tls_alone();
  EXPECT_EQ(asked_of(kFirst), 1U);
  EXPECT_EQ(world().counters().upstream_untrusted.value(), 1U);
}

TEST_F(ForwardOverTls, TheOtherForwarderIsAskedInstead) {
  servers[std::string(kFirst)] = fails("its certificate is for another name");
  for (int i = 0; i < 20; ++i) {
    const Answer answer = world().resolve("www" + std::to_string(i) + ".example.com.", Type::A);
    EXPECT_EQ(answer.rcode, Rcode::no_error);
  }
  expect_tls_alone();
  EXPECT_LE(asked_of(kFirst), 4U) << "whoever fails counts as silent";
  EXPECT_EQ(asked_of(kSecond), 20U);
}

TEST_F(ForwardOverTls, OneThatIsSilentLeavesTheOtherItsTurn) {
  servers[std::string(kFirst)] = &is_silent;
  const Instant start = world().clock().monotonic();
  for (int i = 0; i < 3; ++i) {
    const Answer answer = world().resolve("www" + std::to_string(i) + ".example.com.", Type::A);
    EXPECT_EQ(answer.rcode, Rcode::no_error);
  }
  EXPECT_LE(world().clock().monotonic() - start, 3 * 5s);
  expect_tls_alone();
}

TEST_F(ForwardOverTls, WhenAllFailNobodyElseIsAsked) {
  zone.first = true;  // which conf/ refuses; and if it were there all the same:
  for (const auto& [name, script] : {std::pair<std::string, ScriptedUpstream::Script>{"untrusted.example.", fails("x")},
                                     {"silent.example.", &is_silent},
                                     {"dead.example.", [](const Asked&) { return Scripted::no_route(); }}}) {
    servers[std::string(kFirst)] = servers[std::string(kSecond)] = script;
    const Instant start = world().clock().monotonic();
    const Answer answer = world().resolve(name, Type::A);
    EXPECT_EQ(answer.rcode, Rcode::server_failure) << name;
    EXPECT_TRUE(answer.ede == Ede::no_reachable_authority || answer.ede == Ede::network_error) << name;
    EXPECT_LE(world().clock().monotonic() - start, 5s) << name;
    expect_tls_alone();
  }
}

// Each of these sends a question over UDP, or from it, to another transport or another form.
TEST_F(ForwardOverTls, NoReplyLeadsBackToClearText) {
  zone.servers.pop_back();
  const std::pair<std::string, std::function<void(Message&)>> oddities[] = {
      {"truncated.example.", [](Message& reply) { reply.tc = true; }},
      {"no-edns.example.",
       [](Message& reply) {
         reply.rcode = Rcode::format_error;
         reply.edns.reset();
       }},
      {"wrong-id.example.", [](Message& reply) { ++reply.id; }},
      {"wrong-name.example.", [](Message& reply) { reply.question->name = Name::of("other.example."); }},
      {"bad-cookie.example.", [](Message& reply) { reply.rcode = Rcode::bad_cookie; }},
      {"refused.example.", [](Message& reply) { reply.rcode = Rcode::refused; }},
  };
  for (const auto& [name, change] : oddities) {
    servers[std::string(kFirst)] = [&change](const Asked& asked) {
      Message reply = Message::reply_to(*Message::decode(asked.packet));
      change(reply);
      return Scripted::reply(reply.encode());
    };
    const Answer answer = world().resolve(name, Type::A);
    EXPECT_EQ(answer.rcode, Rcode::server_failure) << name;
    expect_tls_alone();
    world().upstream().forget();
    world().pass(120s);  // nobody counts as silent any more
  }
}

TEST_F(ForwardOverTls, WhatIsKnownOfTheAddressWithoutTlsDoesNotMatter) {
  zone.servers.pop_back();
  const IpAddress server = zone.servers.front().ip();
  const Instant now = world().clock().monotonic();
  world().caches().servers.on_edns_broken(server, now);
  world().caches().servers.on_forgery_suspected(server, now);
  ServerCookie cookie;
  cookie.length = 8;
  world().caches().servers.on_cookie(server, cookie, now);
  EXPECT_EQ(world().resolve("www.example.com.", Type::A).rcode, Rcode::no_error);
  expect_tls_alone();
  EXPECT_EQ(world().upstream().asked().front().packet.size() % 128, 0U);
}

}  // namespace
}  // namespace vouch::simulation
