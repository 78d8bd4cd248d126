// What clients see of validation: AD, CD and DO (RFC 4035 section 3.2, RFC 6840 sections 5.7 to 5.9), the operator's
// modes, and that no client can lower what is known for another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/simulation/signed_internet.h"

namespace vouch::simulation {
namespace {

using dnssec_kit::set_of;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kWww = "www.example.org. 300 IN A 198.51.100.1";
constexpr std::string_view kFalse = "www.example.org. 300 IN A 203.0.113.66";
const std::string kSecure = "NOERROR AD " + std::string(kWww);
constexpr Asking kChecksItself{.cd = true, .edns_size = 1232};
constexpr Asking kWantsProofs{.dnssec_ok = true};

struct Clients : testing::Test {
  SignedInternet net;
  Clients() {
    net.add("org.", {"192.0.2.1"});
    net.add("example.org.", {"192.0.2.2"}).has(kWww).has("*.wild.example.org. 300 IN A 198.51.100.2");
    net.add("plain.org.", {"192.0.2.3"}, {.is_signed = false}).has("www.plain.org. 300 IN A 198.51.100.5");
  }
  void forge() {
    net.tamper("example.org.", each(Type::A, [](const RRset& set) { return with_data_of(set, kFalse); }));
  }
};

TEST_F(Clients, AdComesToThoseWhoAskForIt) {
  EXPECT_EQ(net.ask("www.example.org.", Type::A, {}), "NOERROR " + std::string(kWww));
  EXPECT_EQ(net.ask("www.example.org.", Type::A, {.ad = true}), kSecure);
  EXPECT_TRUE(net.ask_for("www.example.org.", Type::A, kWantsProofs).message().ad);
  EXPECT_FALSE(net.ask_for("www.plain.org.", Type::A, kWantsProofs).message().ad);
  EXPECT_FALSE(net.ask_for("www.plain.org.", Type::A, {.ad = true}).message().ad);
}

TEST_F(Clients, SignaturesAndProofsComeWithDoAlone) {
  const ClientAnswer plain = net.ask_for("www.example.org.", Type::A);
  EXPECT_THAT(plain.text(), Not(HasSubstr("RRSIG")));
  const ClientAnswer signed_one = net.ask_for("www.example.org.", Type::A, kWantsProofs);
  EXPECT_THAT(signed_one.text(), HasSubstr("RRSIG A 13"));
  EXPECT_TRUE(signed_one.message().edns->dnssec_ok);
  const ClientAnswer denied = net.ask_for("none.example.org.", Type::A);
  EXPECT_THAT(denied.authority_text(), Not(HasSubstr("NSEC")));
  const ClientAnswer proven = net.ask_for("none.example.org.", Type::A, kWantsProofs);
  EXPECT_THAT(proven.authority_text(), HasSubstr("NSEC"));
  EXPECT_THAT(proven.authority_text(), HasSubstr("RRSIG SOA"));
  EXPECT_TRUE(proven.message().ad);
}

TEST_F(Clients, RecordsOfDnssecComeWhenTheyAreAskedFor) {  // RFC 4035 section 3.2.1
  EXPECT_THAT(net.ask("example.org.", Type::DNSKEY), StartsWith("NOERROR AD example.org. 3600 IN DNSKEY 257 3 13"));
  EXPECT_THAT(net.ask("example.org.", Type::DS), StartsWith("NOERROR AD example.org. 3600 IN DS"));
  EXPECT_THAT(net.ask("example.org.", Type::NSEC), StartsWith("NOERROR AD example.org. 300 IN NSEC"));
  EXPECT_EQ(net.ask(".", Type::DS), "NOERROR AD");
  EXPECT_THAT(net.ask(".", Type::DNSKEY), StartsWith("NOERROR AD . 3600 IN DNSKEY"));
}

TEST_F(Clients, CdIsCopiedAndBringsBogusData) {
  forge();
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL EDE 6"));
  const ClientAnswer unchecked = net.ask_for("www.example.org.", Type::A, kChecksItself);
  EXPECT_TRUE(unchecked.message().cd);
  EXPECT_FALSE(unchecked.message().ad);
  EXPECT_EQ(unchecked.text(), kFalse);
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL EDE 6"));
}

// A17: what a client that checks for itself brought into the cache is judged before another gets it.
TEST_F(Clients, A17BogusDataFetchedForOneIsNotGivenToAnother) {
  forge();
  EXPECT_EQ(net.ask_for("www.example.org.", Type::A, kChecksItself).text(), kFalse);
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL EDE 6: rrsig_invalid"));
  net.untamper();
  net.pass(6s);
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
}

TEST_F(Clients, A17GoodDataFetchedForOneIsJudgedForAnotherWithoutAskingAgain) {
  net.ask("example.org.", Type::SOA);
  EXPECT_EQ(net.ask_for("www.example.org.", Type::A, kChecksItself).text(), kWww);
  net.new_questions();
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
  EXPECT_EQ(net.new_questions(), 0U);
}

TEST_F(Clients, A17SecureDataIsNeitherLoweredNorReplaced) {
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
  EXPECT_EQ(net.ask("none.example.org.", Type::A), "NXDOMAIN AD");
  forge();
  for (int i = 0; i < 5; ++i) {
    net.ask("www.example.org.", Type::A, kChecksItself);
    net.ask("www.example.org.", Type::ANY, kChecksItself);
    net.ask("none.example.org.", Type::A, kChecksItself);
    net.ask("x.www.example.org.", Type::A, kChecksItself);
  }
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
  EXPECT_EQ(net.ask("none.example.org.", Type::A), "NXDOMAIN AD");
}

TEST_F(Clients, A17ForgedDenialForOneIsNotGivenToAnother) {
  net.tamper("example.org.", [](const Question& question, Reply& reply) {
    if (question.type != Type::A) { return; }
    reply.rcode = Rcode::name_error;
    reply.answer.clear();
    reply.authority = {set_of({"example.org. 3600 IN SOA ns1.example.org. h.example.org. 1 2 3 4 3600"})};
  });
  EXPECT_THAT(net.ask("www.example.org.", Type::A, kChecksItself), StartsWith("NXDOMAIN"));
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL EDE 12: nsec_missing"));
  net.untamper();
  net.pass(6s);
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
}

TEST_F(Clients, CdWithDoBringsWhatIsNeededToCheck) {
  const ClientAnswer answer = net.ask_for("any.wild.example.org.", Type::A, {.cd = true, .dnssec_ok = true});
  EXPECT_THAT(answer.text(), HasSubstr("RRSIG A"));
  EXPECT_THAT(answer.authority_text(), HasSubstr("NSEC"));
}

TEST_F(Clients, AdIsNotGivenOnBogusOrUnjudgedDataWithCd) {
  EXPECT_EQ(net.ask("www.plain.org.", Type::A, {.ad = true, .cd = true}),
            "NOERROR www.plain.org. 300 IN A 198.51.100.5");
  forge();
  EXPECT_FALSE(net.ask_for("www.example.org.", Type::A, {.ad = true, .cd = true}).message().ad);
}

// --------------------------------------------------------------------------------- root key sentinels (RFC 8509)

struct Sentinels : Clients {
  std::string tag = digits(net.zone(".").key().tag());
  std::string other = digits(u16(net.zone(".").key().tag() ^ 1U));
  const std::string is_trusted = "root-key-sentinel-is-ta-" + tag, is_not_trusted = "root-key-sentinel-not-ta-" + tag;
  const std::string is_other = "root-key-sentinel-is-ta-" + other, is_not_other = "root-key-sentinel-not-ta-" + other;
  Sentinels() {
    for (const std::string& label : {is_trusted, is_not_trusted, is_other, is_not_other}) {
      net.zone("example.org.").has(data(label, "example.org."));
      net.zone("plain.org.").has(data(label, "plain.org."));
    }
  }
  static std::string digits(std::uint16_t tag) {
    const std::string text = std::to_string(tag);
    return std::string(5 - text.size(), '0') + text;
  }
  static std::string data(const std::string& label, const std::string& zone) {
    return label + "." + zone + " 300 IN A 198.51.100.50";
  }
  std::string ask(const std::string& label, const Asking& how = SignedInternet::usual()) {
    return net.ask(label + ".example.org.", Type::A, how);
  }
};

TEST_F(Sentinels, TellWhichRootKeysAreTrustedWhateverTheCacheKnows) {
  for (const bool from_cache : {false, true}) {
    net.new_questions();
    for (const std::string& label : {is_trusted, is_not_other}) {
      EXPECT_EQ(ask(label), "NOERROR AD " + data(label, "example.org."));
    }
    for (const std::string& label : {is_not_trusted, is_other}) {
      EXPECT_EQ(ask(label), "SERVFAIL EDE 0: root key sentinel") << label;
    }
    EXPECT_EQ(net.new_questions() == 0, from_cache);
  }
}

TEST_F(Sentinels, AreDataToWhoeverJudgesForItselfAndWhereNothingIsSigned) {
  for (const bool from_cache : {false, true}) {
    EXPECT_EQ(ask(is_other, kChecksItself), "NOERROR " + data(is_other, "example.org.")) << from_cache;
    EXPECT_EQ(net.ask(is_other + ".plain.org.", Type::A), "NOERROR " + data(is_other, "plain.org.")) << from_cache;
  }
  EXPECT_THAT(net.ask(is_other + ".example.org.", Type::TXT), StartsWith("NOERROR AD"));  // addresses alone
}

TEST_F(Sentinels, CanBeSwitchedOff) {
  net.dnssec().root_key_sentinel = false;
  for (const std::string& label : {is_not_trusted, is_other}) {
    EXPECT_EQ(ask(label), "NOERROR AD " + data(label, "example.org."));
  }
}

// --------------------------------------------------------------------------------------------------- forwarders

struct Forwarded : Clients {
  static constexpr std::string_view kForwarder = "192.0.2.2";
  Forwarded() {
    ConfiguredZone zone;
    zone.zone = Name::of("example.org.");
    zone.servers.push_back(*SocketAddress::parse(kForwarder, 53));
    net.options().resolver.forward_zones.push_back(zone);
  }
  // Each question to the forwarder, by its CD.
  std::vector<bool> heard_with_cd() {
    std::vector<bool> heard;
    for (const Asked& asked : net.world().upstream().asked()) {
      if (asked.server.ip() == *IpAddress::parse(kForwarder)) { heard.push_back(Message::decode(asked.packet)->cd); }
    }
    return heard;
  }
};

// A forwarder's own verdict must not keep from us what we judge (RFC 6840 section 5.9).
TEST_F(Forwarded, AreAskedWithCdByWhoeverValidates) {
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
  EXPECT_THAT(net.ask("none.example.org.", Type::A, kChecksItself), StartsWith("NXDOMAIN"));
  const std::vector<bool> heard = heard_with_cd();
  EXPECT_GE(heard.size(), 3U);  // the keys, the data, the denial
  EXPECT_THAT(heard, testing::Each(true));
  EXPECT_FALSE(net.net().last_question_to("192.0.2.1")->cd);  // which means nothing to an authority
}

TEST_F(Forwarded, AreAskedWithoutCdByWhoeverDoesNot) {
  net.dnssec().mode = DnssecMode::off;
  EXPECT_EQ(net.ask("www.example.org.", Type::A), "NOERROR " + std::string(kWww));
  EXPECT_THAT(heard_with_cd(), testing::ElementsAre(false));
}

// ------------------------------------------------------------------------------------------------- the operator

TEST_F(Clients, WatchingOnlyAnswersAllTheSameAndCounts) {
  net.dnssec().mode = DnssecMode::observe;
  forge();
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("NOERROR " + std::string(kFalse)));
  EXPECT_EQ(net.world().validation_counters().judged_bogus.value(), 1U);
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("NOERROR " + std::string(kFalse)));  // from the cache
  EXPECT_EQ(net.ask("example.org.", Type::SOA).substr(0, 10), "NOERROR AD");
  net.untamper();
  net.pass(301s);
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
}

TEST_F(Clients, WatchingOnlyAnswersWhatCannotBeReached) {
  net.dnssec().mode = DnssecMode::observe;
  net.tamper("example.org.", drop(Type::DNSKEY));
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("NOERROR " + std::string(kWww)));
  EXPECT_THAT(net.ask("none.example.org.", Type::A), StartsWith("NXDOMAIN"));
}

TEST_F(Clients, OffMeansOff) {
  net.dnssec().mode = DnssecMode::off;
  forge();
  EXPECT_EQ(net.ask("www.example.org.", Type::A), "NOERROR " + std::string(kFalse));
  EXPECT_EQ(net.asked_of_type(Type::DNSKEY), 0U);
  EXPECT_EQ(net.world().validation_counters().judged_bogus.value(), 0U);
}

}  // namespace
}  // namespace vouch::simulation
