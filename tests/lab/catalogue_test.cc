#include "tests/lab/catalogue.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/lab/authority.h"
#include "tests/lab/names.h"
#include "tests/lab/nsd.h"
#include "tests/lab/signer.h"
#include "tests/lab/socket.h"

namespace vouch::lab {
namespace {

TEST(Catalogue, HasABrokenZoneAndASoundTwinForEveryReason) {
  const Catalogue catalogue = make_catalogue({});
  EXPECT_EQ(catalogued_flaws().size(), 26u);
  for (const FlawFacts& facts : catalogued_flaws()) {
    std::string label(facts.reason);
    std::ranges::replace(label, '_', '-');
    const ZoneSpec* broken = catalogue.zone(label + ".nsec3.");
    const ZoneSpec* twin = catalogue.zone("ok-" + label + ".nsec3.");
    ASSERT_NE(broken, nullptr) << label;
    ASSERT_NE(twin, nullptr) << label;
    EXPECT_EQ(twin->flaw, Flaw::none) << label;
    EXPECT_EQ(broken->expectations.at(0).reason, facts.reason);
    EXPECT_NE(broken->expectations.at(0).verdict, Verdict::secure) << label;
    EXPECT_EQ(twin->expectations.at(0).verdict, Verdict::secure) << label;
    EXPECT_EQ(broken->records.size(), twin->records.size()) << label;
  }
}

TEST(Catalogue, EveryBuiltInImpairmentIsUnderstood) {
  const Catalogue catalogue = make_catalogue({});
  for (const ZoneSpec& zone : catalogue.zones()) {
    for (const std::string& line : zone.impairments) {
      const Outcome<Impairment> read = parse_impairment(line);
      EXPECT_TRUE(read) << zone.apex << " " << line << ": " << (read ? "" : read.error());
    }
  }
}

TEST(Catalogue, NoZoneIsThereTwiceAndAllAddressesAreLoopback) {
  const Catalogue catalogue = make_catalogue({.seed = 1, .big = 10, .leaves = 40, .hostile = 4});
  std::set<std::string> seen;
  for (const ZoneSpec& zone : catalogue.zones()) {
    EXPECT_TRUE(seen.insert(zone.apex).second) << zone.apex;
    ASSERT_FALSE(zone.servers.empty()) << zone.apex;
    for (const Server& server : zone.servers) {
      for (const std::string& address : server.addresses) {
        EXPECT_TRUE(address == "::1" || address.starts_with("127.")) << address;
        EXPECT_TRUE(Endpoint::parse(address, 53)) << address;
        EXPECT_NE(address, kBackendAddress);
      }
    }
  }
}

TEST(Catalogue, NoBackEndHoldsAZoneAndItsParentUnlessThatIsThePoint) {
  const Catalogue catalogue = make_catalogue({.seed = 1, .big = 0, .leaves = 3, .hostile = 2});
  for (const auto& [backend, entries] : backends_of(catalogue)) {
    if (backend == "together") { continue; }
    for (const BackendZone& entry : entries) {
      const ZoneSpec* parent = catalogue.parent(*entry.zone);
      for (const BackendZone& other : entries) {
        EXPECT_NE(other.zone, parent) << entry.zone->apex << " in " << backend;
      }
    }
  }
}

TEST(Catalogue, SameSeedSameKeysAndAddressesOtherSeedOthers) {
  const Catalogue one = make_catalogue({.seed = 7});
  const Catalogue again = make_catalogue({.seed = 7});
  const Catalogue other = make_catalogue({.seed = 8});
  EXPECT_EQ(one.fingerprint(), again.fingerprint());
  EXPECT_NE(one.fingerprint(), other.fingerprint());

  KeyStore keys(one, one.seed());
  KeyStore same(again, again.seed());
  KeyStore different(other, other.seed());
  for (const char* apex : {"alg13.nsec.", "alg14.nsec.", "alg15.nsec.", "alg16.nsec."}) {
    const auto text = [apex](KeyStore& store) { return taken(ldns_rr2str((*store.of(apex))->ksk.dnskey.get())); };
    EXPECT_EQ(text(keys), text(same)) << apex;
    EXPECT_NE(text(keys), text(different)) << apex;
  }
}

TEST(Catalogue, KeyTrapKeysAllShareTheTag) {
  const Catalogue catalogue = make_catalogue({.seed = 1, .big = 0, .leaves = 0, .hostile = 1});
  KeyStore keys(catalogue, catalogue.seed());
  for (const char* apex : {"work-limit.nsec3.", "keytrap-rsa.hostile.", "keytrap-p256.hostile.",
                           "keytrap-p384.hostile.", "rsa-shape.hostile.", "ds0.hostile."}) {
    const Outcome<const ZoneKeys*> of_zone = keys.of(apex);
    ASSERT_TRUE(of_zone) << of_zone.error();
    EXPECT_EQ((*of_zone)->colliding.size(), 60u) << apex;
    std::set<std::string> distinct;
    for (const Rr& key : (*of_zone)->colliding) {
      EXPECT_EQ(ldns_calc_keytag(key.get()), (*of_zone)->data_key().tag()) << apex;
      const std::uint16_t flags = ldns_rdf2native_int16(ldns_rr_rdf(key.get(), 0));
      EXPECT_EQ(flags & (kZoneKeyFlag | kRevokeFlag | kSepFlag), kZoneKeyFlag) << apex;
      distinct.insert(taken(ldns_rr2str(key.get())));
    }
    EXPECT_EQ(distinct.size(), 60u) << apex;
  }
}

TEST(Catalogue, ADsTrapPointsToTheKeyByItsTagAndToNoneByItsDigest) {
  const Catalogue catalogue = make_catalogue({.seed = 1, .big = 0, .leaves = 0, .hostile = 2});
  KeyStore keys(catalogue, catalogue.seed());
  const Outcome<const ZoneKeys*> of_zone = keys.of("ds1.hostile.");
  const Outcome<std::vector<Rr>> ds = keys.ds_of(*catalogue.zone("ds1.hostile."));
  ASSERT_TRUE(of_zone && ds);
  EXPECT_EQ(ds->size(), 60u);
  for (const Rr& record : *ds) {
    EXPECT_EQ(ldns_rdf2native_int16(ldns_rr_rdf(record.get(), 0)), (*of_zone)->ksk.tag());
    EXPECT_FALSE(ldns_rr_compare_ds(record.get(), (*of_zone)->ksk.dnskey.get()));
  }
}

TEST(Catalogue, HostileZonesAreThereOnlyWhenAskedFor) {
  EXPECT_EQ(make_catalogue({}).zone("keytrap-p256.hostile."), nullptr);
  const Catalogue catalogue = make_catalogue({.seed = 1, .big = 0, .leaves = 0, .hostile = 3});
  EXPECT_NE(catalogue.zone("ds2.hostile."), nullptr);
  EXPECT_EQ(catalogue.zone("ds3.hostile."), nullptr);
  ASSERT_NE(catalogue.zone("n65535-255.hostile."), nullptr);
  EXPECT_EQ(catalogue.zone("n65535-255.hostile.")->nsec3_salt.size(), 510u);
}

TEST(Names, CanonicalOrderIsThatOfTheRfc) {
  // RFC 4034 section 6.1, without the escaped examples.
  const std::vector<std::string> sorted = {"example.",        "a.example.", "yljkjljk.a.example.", "z.a.example.",
                                           "zabc.a.example.", "z.example.", "*.z.example."};
  for (std::size_t i = 1; i < sorted.size(); ++i) { EXPECT_LT(canonical_key(sorted[i - 1]), canonical_key(sorted[i])); }
}

class AuthorityTest : public testing::Test {
 protected:
  std::size_t server(const std::string& address) const {
    for (std::size_t i = 0; i < authority_.servers().size(); ++i) {
      if (authority_.servers()[i].address == address) { return i; }
    }
    ADD_FAILURE() << "no server " << address;
    return 0;
  }
  Decision ask(const std::string& address, const std::string& name, std::uint16_t type,
               Transport transport = Transport::udp) {
    return authority_.decide(server(address), make_query(to_wire(name), type, 1), transport);
  }
  std::string backend_of(const Decision& decision) const { return authority_.backends()[decision.backend]; }

  Catalogue catalogue_ = make_catalogue({});
  Authority authority_{catalogue_, [] { return 0.0; }};
};

TEST_F(AuthorityTest, ForwardsToTheBackEndOfTheZone) {
  const Decision root = ask("127.1.0.1", "www.alg15.nsec.", LDNS_RR_TYPE_A);
  EXPECT_EQ(root.fate, Fate::forward);
  EXPECT_EQ(backend_of(root), "depth0");
  EXPECT_EQ(backend_of(ask("127.2.1.1", "www.alg15.nsec.", LDNS_RR_TYPE_A)), "depth1");
  EXPECT_EQ(backend_of(ask("127.7.5.1", "www.stale-secondary.nsec.", LDNS_RR_TYPE_A)), "stale");
}

TEST_F(AuthorityTest, RefusesWhatItDoesNotServe) {
  const Decision decision = ask("127.7.4.1", "www.lame.plain.", LDNS_RR_TYPE_A);
  EXPECT_EQ(decision.fate, Fate::answer);
  EXPECT_EQ(decision.packet[3] & 0x0f, 5);
  EXPECT_EQ(ask("127.7.3.1", "www.dead.plain.", LDNS_RR_TYPE_A).fate, Fate::ignore);
}

TEST_F(AuthorityTest, AnswersADsFromTheParentWhenItServesBoth) {
  ask("127.3.6.5", "child.parent.nsec.", LDNS_RR_TYPE_DS);
  ask("127.3.6.5", "child.parent.nsec.", LDNS_RR_TYPE_NS);
  EXPECT_TRUE(authority_.log().text("").contains("127.3.6.5 parent.nsec. child.parent.nsec. DS"))
      << authority_.log().text("");
  EXPECT_TRUE(authority_.log().text("").contains("127.3.6.5 child.parent.nsec. child.parent.nsec. NS"));
}

TEST_F(AuthorityTest, AStoppedServerIsSilentUntilItIsStarted) {
  ASSERT_TRUE(authority_.stop_server("127.3.2.7"));
  EXPECT_EQ(ask("127.3.2.7", "www.alg15.nsec.", LDNS_RR_TYPE_A).fate, Fate::ignore);
  ASSERT_TRUE(authority_.start_server("127.3.2.7"));
  EXPECT_EQ(ask("127.3.2.7", "www.alg15.nsec.", LDNS_RR_TYPE_A).fate, Fate::forward);
  EXPECT_FALSE(authority_.stop_server("127.99.99.99"));
}

TEST_F(AuthorityTest, ImpairmentsComeAndGo) {
  ASSERT_TRUE(authority_.add(*parse_impairment("zone=alg15.nsec. rcode=SERVFAIL")));
  EXPECT_EQ(ask("127.3.2.7", "www.alg15.nsec.", LDNS_RR_TYPE_A).packet[3] & 0x0f, 2);
  EXPECT_EQ(ask("127.3.2.6", "www.alg14.nsec.", LDNS_RR_TYPE_A).fate, Fate::forward);
  EXPECT_EQ(authority_.clear("alg15.nsec."), 1u);
  EXPECT_EQ(ask("127.3.2.7", "www.alg15.nsec.", LDNS_RR_TYPE_A).fate, Fate::forward);
}

TEST_F(AuthorityTest, OverTcpItClosesWhenToldTo) {
  EXPECT_EQ(ask("127.7.6.18", "www.tc-closed.plain.", LDNS_RR_TYPE_A, Transport::tcp).fate, Fate::close);
}

TEST_F(AuthorityTest, JunkComesBeforeTheGenuineReplyAndOverUdpOnly) {
  const std::string genuine = make_query(to_wire("www.nsec."), LDNS_RR_TYPE_A, 77);
  const Actions actions = parse_impairment("wrong-id=2 malformed=1 forge=1 delay=10")->actions;
  const Replies udp = authority_.replies(genuine, actions, Transport::udp);
  ASSERT_EQ(udp.packets.size(), 5u);
  EXPECT_EQ(udp.packets.back(), genuine);
  EXPECT_EQ(udp.delay, 10u);
  EXPECT_EQ(id_of(udp.packets[1]), 78);
  EXPECT_EQ(authority_.replies(genuine, actions, Transport::tcp).packets.size(), 2u);
}

TEST_F(AuthorityTest, GarbageIsAnsweredOnceAtMostAndResponsesNever) {
  std::string garbage(12, '\0');
  EXPECT_EQ(authority_.decide(0, garbage, Transport::udp).fate, Fate::answer);
  garbage[2] = static_cast<char>(0x80);
  EXPECT_EQ(authority_.decide(0, garbage, Transport::udp).fate, Fate::ignore);
  EXPECT_EQ(authority_.decide(0, "short", Transport::udp).fate, Fate::ignore);
}

TEST_F(AuthorityTest, TheLogForgetsTheOldestAndKeepsTheCount) {
  for (int i = 0; i < 66000; ++i) { ask("127.1.0.1", ".", LDNS_RR_TYPE_NS); }
  const std::string text = authority_.log().text(".");
  EXPECT_EQ(std::ranges::count(text, '\n'), 65536);
  EXPECT_TRUE(authority_.log().stats().contains("127.1.0.1 . udp 66000 tcp 0"));
}

}  // namespace
}  // namespace vouch::lab
