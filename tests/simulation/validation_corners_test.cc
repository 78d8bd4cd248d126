// Where a verdict could come apart from the data it belongs to: each story once got past the validator, or kept an
// honest zone out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/simulation/signed_internet.h"

namespace vouch::simulation {
namespace {

using namespace dnssec_kit;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const Name kZone = Name::of("example.org.");
const Asking kDnssec{.ad = true, .dnssec_ok = true, .edns_size = 4096};

RRsetPtr nsec(NameView owner, NameView next, const std::set<Type>& types) {
  Buffer rdata(next.octets().begin(), next.octets().end());
  const Buffer bitmap = type_bitmap(types);
  rdata.insert(rdata.end(), bitmap.begin(), bitmap.end());
  return set_of(owner, Type::NSEC, 300, {rdata});
}

class Corners : public testing::Test {
 protected:
  Corners() {
    net.add("org.", {"192.0.2.1"});
    net.add("example.org.", {"192.0.2.2"}).has("www.example.org. 300 IN A 198.51.100.1");
  }
  SignedZone& zone() { return net.zone("example.org."); }
  SignedInternet net;
  const SigningKey stranger{{.algorithm = 13, .seed = "stranger"}};
};

TEST_F(Corners, ASignerAboveTheAnchorDoesNotLeadPastIt) {
  net.dnssec().trust_anchors.push_back({kZone, Type::DS, zone().ds()});
  net.dnssec().negative_trust_anchors.emplace_back(Name::of("org."));
  net.tamper("192.0.2.2", each(Type::A, [&](const RRset&) -> RRsetPtr {
               return signed_set(*set_of({"www.example.org. 300 IN A 203.0.113.66"}), stranger, Name::of("org."));
             }));
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL"));
}

TEST_F(Corners, NorDoesTheRootWhereNothingButAnIslandIsTrusted) {
  net.dnssec().trust_anchors = {{kZone, Type::DS, zone().ds()}};
  net.tamper("192.0.2.2", each(Type::A, [&](const RRset&) -> RRsetPtr {
               return signed_set(*set_of({"www.example.org. 300 IN A 203.0.113.66"}), stranger, Name());
             }));
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL"));
}

TEST_F(Corners, ACnameBesideADnameIsNotMadeFromIt) {
  net.options().front.minimal_any = false;
  zone().has("e.example.org. 300 IN DNAME www.example.org.");
  net.tamper("192.0.2.2", [&](const Question& question, Reply& reply) {
    if (question.name != Name::of("e.example.org.") || question.type != Type::ANY) { return; }
    reply.rcode = Rcode::no_error;
    reply.authority.clear();
    reply.answer = {zone().set(question.name, Type::DNAME), set_of({"e.example.org. 300 IN CNAME evil.attacker.org."})};
  });
  EXPECT_THAT(net.ask("e.example.org.", Type::ANY), StartsWith("SERVFAIL"));
}

TEST_F(Corners, AnyBelowADnameIsAnswered) {
  net.options().front.minimal_any = false;
  zone().has("d.example.org. 300 IN DNAME www.example.org.");
  EXPECT_THAT(net.ask("x.d.example.org.", Type::ANY), Not(StartsWith("SERVFAIL")));
}

TEST_F(Corners, NobodyElseSaysThatANameIsTooLong) {
  zone().has("c.example.org. 300 IN CNAME www.example.org.");
  net.tamper("192.0.2.2", [&](const Question& question, Reply& reply) {
    if (question.type != Type::A) { return; }
    reply.rcode = Rcode::yx_domain;
    if (question.name == Name::of("c.example.org.")) { reply.answer.resize(1); }
  });
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("NOERROR AD"));
  EXPECT_THAT(net.ask("c.example.org.", Type::A), HasSubstr("198.51.100.1"));
}

TEST_F(Corners, NothingUnprovenIsKeptBesideWhatIsSecure) {
  net.add("u.example.org.", {"192.0.2.2"}, {.is_signed = false}).has("a.u.example.org. 300 IN CNAME nx.example.org.");
  net.ask("www.example.org.", Type::A);
  net.tamper("192.0.2.2", [&](const Question& question, Reply& reply) {
    if (question.name != Name::of("a.u.example.org.") || question.type != Type::A) { return; }
    const Reply denial = zone().answer({Name::of("nx.example.org."), Type::A});
    reply.rcode = denial.rcode;
    reply.authority = denial.authority;
    reply.answer = {set_of({"a.u.example.org. 300 IN CNAME nx.example.org."})};
    reply.authority.push_back(nsec(Name::of("forged.example.org."), Name::of("zzz.example.org."), {Type::A}));
  });
  net.ask_for("a.u.example.org.", Type::A, kDnssec);
  net.untamper();
  const ClientAnswer later = net.ask_for("nx.example.org.", Type::A, kDnssec);
  EXPECT_EQ(later.rcode(), Rcode::name_error);
  EXPECT_TRUE(later.message().ad);
  EXPECT_THAT(records_text(later.message().authority), Not(HasSubstr("forged")));
}

TEST_F(Corners, AChildsAliasDoesNotAnswerForItsDs) {
  net.add("c.example.org.", {"192.0.2.7"}).has("c.example.org. 300 IN CNAME www.example.org.");
  net.ask("c.example.org.", Type::A);
  net.ask("www.example.org.", Type::DS);
  EXPECT_THAT(net.ask("c.example.org.", Type::DS), Not(HasSubstr("www")));
}

TEST_F(Corners, AnOldProofDoesNotBeginAnew) {
  net.dnssec().aggressive_nsec = true;
  zone().has("*.w.example.org. 86400 IN A 198.51.100.2");
  net.ask_for("a.w.example.org.", Type::A, {.cd = true, .dnssec_ok = true, .edns_size = 4096});
  zone().has("b.w.example.org. 300 IN A 198.51.100.77");  // since then
  net.pass(std::chrono::hours(10));
  net.ask("a.w.example.org.", Type::A);
  EXPECT_THAT(net.ask("b.w.example.org.", Type::A), HasSubstr("198.51.100.77"));
}

TEST_F(Corners, TheDnameAboveIsNotTheDnameAtTheName) {
  zone().has("d.example.org. 300 IN DNAME www.example.org.");
  net.ask("x.d.example.org.", Type::A, {.ad = true, .cd = true, .edns_size = 1232});
  const std::string first = net.ask("x.d.example.org.", Type::DNAME);
  EXPECT_THAT(first, StartsWith("NXDOMAIN"));
  EXPECT_THAT(first, HasSubstr("x.www.example.org."));
}

TEST_F(Corners, SignaturesAreNeverAuthenticated) {
  EXPECT_THAT(net.ask("www.example.org.", Type::RRSIG), StartsWith("NOERROR www"));
  EXPECT_THAT(net.ask("www.example.org.", Type::RRSIG), StartsWith("NOERROR www")) << "nor from the cache";
}

TEST_F(Corners, AStandbyKeysNewerDigestLeavesTheLiveKeysDsStanding) {
  const SigningKey next({.algorithm = 13, .flags = 0x101, .seed = "next"});
  net.zone("org.").lacks("example.org.", Type::DS);
  net.zone("org.").has(kZone, Type::DS, 3600, zone().ds(2)).has(kZone, Type::DS, 3600, next.ds(kZone, 4));
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("NOERROR AD"));
}

// The clock fits: the root's keys have just been checked by it. Later somebody replays them with signatures that ran
// out; that is no reason to overlook the age of anything.
TEST_F(Corners, AReplayDoesNotMakeTheClockWrong) {
  net.dnssec().time_names = {kZone};
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("NOERROR AD"));
  net.world().trust().clear();
  net.world().caches().rrsets.clear();
  const SignedZone& root = net.zone(".");
  net.tamper(Internet::kRootAddress, each(Type::DNSKEY, [&](const RRset& set) -> RRsetPtr {
               return signed_set(set, root.key(), Name(),
                                 {.inception = kNow - 100 * kDay, .expiration = kNow - 50 * kDay});
             }));
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL"));
}

}  // namespace
}  // namespace vouch::simulation
