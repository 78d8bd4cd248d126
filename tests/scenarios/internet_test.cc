// The small Internet answers as authoritative servers do (asked directly, no resolver between), and misbehaves as told.
#include "tests/scenarios/internet.h"

#include <gmock/gmock.h>

namespace vouch::simulation {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Servers : public testing::Test {
 protected:
  Servers() {
    net_.zone(".").delegates("com.", "192.0.2.1");
    net_.zone("com.").delegates("example.com.", "192.0.2.2");
    net_.zone("example.com.")
        .has("www.example.com. 300 IN A 198.51.100.7")
        .has("alias.example.com. 300 IN CNAME www.example.com.")
        .has("away.example.com. 300 IN CNAME www.elsewhere.net.")
        .has("loop.example.com. 300 IN CNAME loop.example.com.")
        .has("deep.under.example.com. 300 IN TXT \"x\"")
        .has("*.wild.example.com. 300 IN A 198.51.100.8")
        .has("old.example.com. 300 IN DNAME new.example.com.")
        .has("host.new.example.com. 300 IN A 198.51.100.9");
  }

  // What a server says over UDP, without anybody in between.
  std::vector<Message> replies_of(std::string_view address, std::string_view name, Type type,
                                  std::optional<EdnsPart> edns = EdnsPart{}) {
    Message query = Message::query(Name::of(name), type);
    query.edns = std::move(edns);
    return replies_to(address, query, UpstreamProtocol::udp);
  }
  std::vector<Message> replies_to(std::string_view address, const Message& query, UpstreamProtocol protocol) {
    const Buffer packet = query.encode();
    UpstreamQuestion question;
    question.server = SocketAddress(*IpAddress::parse(address), 53);
    question.protocol = protocol;
    question.packet = packet;
    question.deadline = net_.world().clock().monotonic() + 400ms;
    std::vector<Message> replies;
    const std::function<ReplyFit(Bytes)> collect = [&replies, this](Bytes got) {
      if (auto message = Message::decode(got)) {
        replies.push_back(*std::move(message));
      } else {
        ++unreadable_;
      }
      return ReplyFit::ignore;
    };
    question.check = &collect;
    auto task = net_.world().upstream().ask(question);
    task.start();
    net_.world().executor().run_until([&task] { return task.done(); });
    return replies;
  }
  Message reply_of(std::string_view address, std::string_view name, Type type) {
    const auto replies = replies_of(address, name, type);
    EXPECT_EQ(replies.size(), 1U);
    return replies.empty() ? Message() : replies.front();
  }
  Internet net_;
  int unreadable_ = 0;
};

TEST_F(Servers, GiveReferralsWithGlueAndNoAuthority) {
  const Message reply = reply_of("198.41.0.4", "www.example.com.", Type::A);
  EXPECT_FALSE(reply.aa);
  EXPECT_EQ(records_text(reply.answer), "");
  EXPECT_EQ(records_text(reply.authority), "com. 86400 IN NS ns1.com.");
  EXPECT_EQ(records_text(reply.additional), "ns1.com. 86400 IN A 192.0.2.1");
}

TEST_F(Servers, AnswerWithAuthority) {
  const Message reply = reply_of("192.0.2.2", "www.example.com.", Type::A);
  EXPECT_TRUE(reply.aa);
  EXPECT_EQ(records_text(reply.answer), "www.example.com. 300 IN A 198.51.100.7");
}

TEST_F(Servers, TellNoDataFromNoName) {
  const std::string soa = "example.com. 300 IN SOA ns1.example.com. hostmaster.example.com. 1 3600 600 86400 300";
  const Message no_data = reply_of("192.0.2.2", "www.example.com.", Type::AAAA);
  EXPECT_EQ(no_data.rcode, Rcode::no_error);
  EXPECT_EQ(records_text(no_data.authority), soa);
  const Message no_name = reply_of("192.0.2.2", "nowhere.example.com.", Type::A);
  EXPECT_EQ(no_name.rcode, Rcode::name_error);
  EXPECT_EQ(records_text(no_name.authority), soa);
  EXPECT_EQ(reply_of("192.0.2.2", "under.example.com.", Type::A).rcode, Rcode::no_error);  // an empty non-terminal
}

TEST_F(Servers, FollowAliasesWithinTheZoneOnly) {
  EXPECT_EQ(records_text(reply_of("192.0.2.2", "alias.example.com.", Type::A).answer),
            "alias.example.com. 300 IN CNAME www.example.com.\nwww.example.com. 300 IN A 198.51.100.7");
  EXPECT_EQ(records_text(reply_of("192.0.2.2", "away.example.com.", Type::A).answer),
            "away.example.com. 300 IN CNAME www.elsewhere.net.");
  EXPECT_EQ(records_text(reply_of("192.0.2.2", "alias.example.com.", Type::CNAME).answer),
            "alias.example.com. 300 IN CNAME www.example.com.");
}

TEST_F(Servers, EndALoopOfAliases) {
  EXPECT_EQ(reply_of("192.0.2.2", "loop.example.com.", Type::A).answer.size(), 16U);
}

TEST_F(Servers, ExpandWildcards) {
  EXPECT_EQ(records_text(reply_of("192.0.2.2", "any.thing.wild.example.com.", Type::A).answer),
            "any.thing.wild.example.com. 300 IN A 198.51.100.8");
}

TEST_F(Servers, RenameBelowADname) {
  EXPECT_EQ(records_text(reply_of("192.0.2.2", "host.old.example.com.", Type::A).answer),
            "old.example.com. 300 IN DNAME new.example.com.\n"
            "host.old.example.com. 300 IN CNAME host.new.example.com.\n"
            "host.new.example.com. 300 IN A 198.51.100.9");
}

TEST_F(Servers, AnswerForDsOnTheParentSide) {
  const Message reply = reply_of("192.0.2.1", "example.com.", Type::DS);
  EXPECT_TRUE(reply.aa);
  EXPECT_THAT(records_text(reply.authority), HasSubstr("com. 300 IN SOA"));
}

TEST_F(Servers, RefuseWhatTheyDoNotServe) {
  EXPECT_EQ(reply_of("192.0.2.2", "example.org.", Type::A).rcode, Rcode::refused);
}

TEST_F(Servers, TruncateWhatDoesNotFitIntoADatagram) {
  for (int i = 0; i < 40; ++i) {
    net_.zone("example.com.").has("big.example.com. 60 IN A 198.51.100." + std::to_string(i));
  }
  const auto plain = replies_of("192.0.2.2", "big.example.com.", Type::A, std::nullopt);
  ASSERT_EQ(plain.size(), 1U);
  EXPECT_TRUE(plain[0].tc);
  EXPECT_TRUE(plain[0].answer.empty());
  EXPECT_EQ(reply_of("192.0.2.2", "big.example.com.", Type::A).answer.size(), 40U);  // EDNS made room
}

TEST_F(Servers, AreSilentWhenTold) {
  net_.server("192.0.2.2").is_silent();
  EXPECT_TRUE(replies_of("192.0.2.2", "www.example.com.", Type::A).empty());
  net_.server("192.0.2.2").behaves();
  EXPECT_EQ(replies_of("192.0.2.2", "www.example.com.", Type::A).size(), 1U);
  EXPECT_TRUE(replies_of("192.0.2.99", "www.example.com.", Type::A).empty());  // there is no such server
}

TEST_F(Servers, DropTheFirstQuestionsWhenTold) {
  net_.server("192.0.2.2").drops_first(1);
  EXPECT_TRUE(replies_of("192.0.2.2", "www.example.com.", Type::A).empty());
  EXPECT_EQ(replies_of("192.0.2.2", "www.example.com.", Type::A).size(), 1U);
}

TEST_F(Servers, KnowNoEdnsWhenTold) {
  net_.server("192.0.2.2").errs_on_edns();
  const Message reply = reply_of("192.0.2.2", "www.example.com.", Type::A);
  EXPECT_EQ(reply.rcode, Rcode::format_error);
  EXPECT_FALSE(reply.edns);
  EXPECT_EQ(replies_of("192.0.2.2", "www.example.com.", Type::A, std::nullopt).at(0).rcode, Rcode::no_error);
}

TEST_F(Servers, ErrOnOneQuestionWhenTold) {
  net_.server("192.0.2.2").errs_on("www.example.com.", Type::A, Rcode::server_failure);
  EXPECT_EQ(reply_of("192.0.2.2", "WWW.example.com.", Type::A).rcode, Rcode::server_failure);
  EXPECT_EQ(reply_of("192.0.2.2", "www.example.com.", Type::AAAA).rcode, Rcode::no_error);
}

TEST_F(Servers, SendForgeriesBeforeTheReplyWhenTold) {
  net_.server("192.0.2.2").sends_wrong_id_first(2).sends_malformed_first(1);
  const auto replies = replies_of("192.0.2.2", "www.example.com.", Type::A);
  EXPECT_EQ(unreadable_, 1);
  ASSERT_EQ(replies.size(), 3U);
  EXPECT_NE(replies[0].id, 0);
  EXPECT_NE(replies[1].id, 0);
  EXPECT_EQ(replies[2].id, 0);
}

TEST_F(Servers, FoldTheCaseOfTheQuestionWhenTold) {
  EXPECT_EQ(reply_of("192.0.2.2", "wWw.eXample.com.", Type::A).question->name.text(), "wWw.eXample.com.");
  net_.server("192.0.2.2").folds_case();
  EXPECT_EQ(reply_of("192.0.2.2", "wWw.eXample.com.", Type::A).question->name.text(), "www.example.com.");
}

TEST_F(Servers, AnswerOverTcpWhatTheyTruncateOverUdp) {
  net_.server("192.0.2.2").truncates_udp();
  EXPECT_TRUE(reply_of("192.0.2.2", "www.example.com.", Type::A).tc);
  const Message query = Message::query(Name::of("www.example.com."), Type::A);
  EXPECT_FALSE(replies_to("192.0.2.2", query, UpstreamProtocol::tcp).at(0).tc);
}

TEST_F(Servers, DemandCookiesWhenTold) {
  net_.server("192.0.2.2").demands_cookies();
  EdnsPart edns;
  edns.options = {{OptionCode::cookie, Buffer(8, 0x11)}};
  const Message first = replies_of("192.0.2.2", "www.example.com.", Type::A, edns).at(0);
  EXPECT_EQ(first.rcode, Rcode::bad_cookie);
  ASSERT_TRUE(first.edns && first.edns->option(OptionCode::cookie));
  edns.options = {{OptionCode::cookie, *first.edns->option(OptionCode::cookie)}};
  EXPECT_EQ(replies_of("192.0.2.2", "www.example.com.", Type::A, edns).at(0).rcode, Rcode::no_error);
}

TEST(Resolution, RootHearsOnlyTheTopLevelDomain) {
  Internet net;
  net.zone(".").delegates("com.", "192.0.2.1");
  net.zone("com.").delegates("example.com.", "192.0.2.2");
  net.zone("example.com.").has("www.example.com. 300 IN A 198.51.100.7");
  net.options().resolver.priming = false;

  EXPECT_EQ(net.ask("www.example.com.", Type::A).text(), "www.example.com. 300 IN A 198.51.100.7");

  EXPECT_THAT(net.heard_by("."), testing::MatchesRegex("com\\. (A|NS)"));
  EXPECT_THAT(net.heard_by("192.0.2.1"), testing::MatchesRegex("example\\.com\\. (A|NS)"));
  EXPECT_EQ(net.heard_by("example.com."), "www.example.com. A");
  EXPECT_EQ(net.heard().size(), 3U);
}

TEST(Resolution, GoesThroughFrontAndPastItToTheSameAnswer) {
  Internet net;
  net.zone(".").has("www. 60 IN A 198.51.100.7");
  EXPECT_EQ(answer_text(net.resolve("www.", Type::A)), "www. 60 IN A 198.51.100.7");
  net.pass(20s);
  EXPECT_EQ(net.ask("www.", Type::A).text(), "www. 40 IN A 198.51.100.7");
  EXPECT_EQ(net.ask("nowhere.", Type::A).summary(), "NXDOMAIN");
}

TEST(Resolution, ClientsAtTheSameTimeAreAnsweredAtTheSameTime) {
  Internet net;
  net.zone(".").has("www. 60 IN A 198.51.100.7");
  net.server(Internet::kRootAddress).takes(100ms);
  World& world = net.world();
  const std::vector<Pending> pending = {world.send("www.", Type::A), world.send("www.", Type::A, {.dnssec_ok = true})};
  EXPECT_FALSE(pending[0].is_over());
  world.wait(pending);
  for (const Pending& each : pending) { EXPECT_EQ(each.answer().text(), "www. 60 IN A 198.51.100.7"); }
}

}  // namespace
}  // namespace vouch::simulation
