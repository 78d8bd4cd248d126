// Validation under attack: how much one query may make us compute, whom a hostile zone can hurt, and what happens where
// the path or the clock is broken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/simulation/signed_internet.h"

namespace vouch::simulation {
namespace {

using dnssec_kit::colliding_dnskey;
using dnssec_kit::rrsig;
using dnssec_kit::set_of;
using dnssec_kit::signed_set;
using dnssec_kit::with_signatures;
using testing::StartsWith;

constexpr std::string_view kWww = "www.example.org. 300 IN A 198.51.100.1";
const std::string kSecure = "NOERROR AD " + std::string(kWww);

struct Limits : testing::Test {
  SignedInternet net;
  Limits() {
    net.add("org.", {"192.0.2.1"});
    net.add("example.org.", {"192.0.2.2"}).has(kWww);
    net.add("evil.org.", {"192.0.2.9"}).has("www.evil.org. 300 IN A 203.0.113.9");
  }
  // Past Front, with the budget to look at afterwards.
  Answer resolve(std::string_view name, Budget& budget) {
    auto task = net.world().resolver().resolve({Name::of(name), Type::A}, budget);
    task.start();
    EXPECT_TRUE(net.world().executor().run_until([&task] { return task.done(); }));
    return task.take();
  }
  // As many keys of one tag, and as many signatures by that tag, as a message carries.
  void set_key_trap(std::size_t keys, std::size_t signatures) {
    SignedZone& evil = net.zone("evil.org.");
    for (unsigned i = 0; i < keys; ++i) {
      evil.has(evil.origin(), Type::DNSKEY, 3600, colliding_dnskey(13, evil.key().tag(), i));
    }
    net.tamper("evil.org.", each(Type::A, [&evil, signatures](const RRset& set) {
                 std::vector<Buffer> bad(signatures, rrsig(set, evil.key(), evil.origin(), {.is_broken = true}));
                 for (std::size_t i = 0; i < bad.size(); ++i) { bad[i][bad[i].size() - 9] ^= u8(i + 1); }
                 return with_signatures(set, bad);
               }));
  }
};

TEST_F(Limits, KeyTrapCostsFewChecks) {  // CVE-2023-50387
  set_key_trap(60, 16);
  {
    Budget budget(net.world().clock().monotonic());
    const Answer answer = resolve("www.evil.org.", budget);
    EXPECT_EQ(answer.rcode, Rcode::server_failure);
    EXPECT_THAT(answer.verdict.reason(), testing::AnyOf(Reason::work_limit, Reason::rrsig_invalid));
    EXPECT_LE(budget.signature_checks(), 16U);
  }
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
}

TEST_F(Limits, Nsec3NamesOfManyLabelsCostAHandfulOfHashes) {  // CVE-2023-50868: many labels, many iterations
  net.add("hash.org.", {"192.0.2.4"}, {.nsec3 = true, .iterations = 50});
  std::string name;
  for (int i = 0; i < 60; ++i) { name += "a."; }
  Budget budget(net.world().clock().monotonic());
  const Answer answer = resolve(name + "hash.org.", budget);
  EXPECT_TRUE(answer.verdict.is_secure());
  EXPECT_EQ(answer.rcode, Rcode::name_error);
  EXPECT_LE(budget.hash_iterations(), Budget::kHashIterations);
}

// An alias chain of the attacker's spends the budget and ends in the victim's zone: who then asks for the victim
// directly is not to suffer for it.
TEST_F(Limits, HostileAliasesDoNotMakeTheirTargetBogusForOthers) {
  SignedZone& evil = net.zone("evil.org.");
  for (int hop = 0; hop < 5; ++hop) {
    const std::string next = hop == 4 ? "www.example.org." : "h" + std::to_string(hop + 1) + ".evil.org.";
    evil.has("h" + std::to_string(hop) + ".evil.org. 60 IN CNAME " + next);
  }
  // Each link has one bad signature before the good one: checks that fail count in all.
  net.tamper("evil.org.", [&evil](const Question& question, Reply& reply) {
    each(Type::CNAME, [&evil](const RRset& set) {
      return with_signatures(set, {rrsig(set, evil.key(), evil.origin(), {.is_broken = true}),
                                   rrsig(set, evil.key(), evil.origin(), {.original_ttl = 61, .is_broken = true}),
                                   rrsig(set, evil.key(), evil.origin())});
    })(question, reply);
  });
  EXPECT_THAT(net.ask("h0.evil.org.", Type::A), StartsWith("SERVFAIL"));
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
}

// The same with sound signatures, as many as there are: whatever the chain's length, the budget ends somewhere, and for
// some length it ends at the victim.
TEST(SpentBudget, IsNotTheTargetsFault) {
  std::set<std::string> ends;
  for (int hops = 1; hops <= 8; ++hops) {
    for (std::size_t proofs = 1; proofs <= 8; ++proofs) {
      SignedInternet net;
      net.add("org.", {"192.0.2.1"});
      net.add("example.org.", {"192.0.2.2"}).has(kWww);
      SignedZone& evil = net.add("evil.org.", {"192.0.2.9"});
      for (int hop = 0; hop < hops; ++hop) {
        const std::string next = hop + 1 == hops ? "www.example.org." : "x.h" + std::to_string(hop + 1) + ".evil.org.";
        evil.has("*.h" + std::to_string(hop) + ".evil.org. 60 IN CNAME " + next);
        evil.has("h" + std::to_string(hop) + ".evil.org. 60 IN A 203.0.113.9");
      }
      const std::vector<RRsetPtr> all = evil.proofs();
      net.tamper("evil.org.", [&](const Question&, Reply& reply) {  // more proofs than are needed, all of them good
        if (reply.answer.empty() || reply.answer.front()->type() != Type::CNAME) { return; }
        for (std::size_t i = 0; i < std::min(proofs, all.size()); ++i) { reply.authority.push_back(all[i]); }
      });
      const std::string end = net.ask("x.h0.evil.org.", Type::A);
      ends.insert(end.substr(0, end.find(' ')));
      EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure) << hops << " hops, " << proofs << " proofs: " << end;
      EXPECT_EQ(net.ask("example.org.", Type::SOA).substr(0, 10), "NOERROR AD");
    }
  }
  EXPECT_EQ(ends, (std::set<std::string>{"NOERROR", "SERVFAIL"}));  // both were seen
}

TEST(SpentBudget, OfQuestionsIsNotTheTargetsFault) {
  std::set<std::string> ends;
  for (int hops = 1; hops <= 10; ++hops) {
    for (std::size_t servers = 0; servers <= 3; ++servers) {
      SignedInternet net;
      net.add("org.", {"192.0.2.1"});
      net.add("example.org.", {"192.0.2.2"}).has(kWww);
      for (int hop = 0; hop < hops; ++hop) {
        const std::string zone = "z" + std::to_string(hop) + ".org.";
        const std::string next = hop + 1 == hops ? "www.example.org." : "a.z" + std::to_string(hop + 1) + ".org.";
        net.add(zone, {"192.0.2.9"}).has("a." + zone + " 60 IN CNAME " + next);
      }
      for (std::size_t i = 0; i < servers; ++i) { net.ask("w" + std::to_string(i) + ".z0.org.", Type::TXT); }
      const std::string end = net.ask("a.z0.org.", Type::A);
      ends.insert(end.substr(0, end.find(' ')));
      EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure) << hops << " hops: " << end;
    }
  }
  EXPECT_EQ(ends, (std::set<std::string>{"NOERROR", "SERVFAIL"}));
}

TEST_F(Limits, ASignerOfManyLabelsCostsLittle) {
  std::string deep;
  for (int i = 0; i < 40; ++i) { deep += "l" + std::to_string(i) + "."; }
  const Name signer = Name::of(deep + "evil.org.");
  const std::string name = "x." + deep + "evil.org.";
  net.tamper(
      "evil.org.", only_for(name, Type::A, [&](const Question&, Reply& reply) {
        reply = {};
        reply.answer = {signed_set(*set_of({name + " 300 IN A 203.0.113.66"}), net.zone("evil.org.").key(), signer)};
      }));
  net.ask("evil.org.", Type::SOA);
  net.new_questions();
  EXPECT_THAT(net.ask(name, Type::A), StartsWith("SERVFAIL"));
  EXPECT_LE(net.new_questions(), Budget::kUpstreamQueries);
}

// --------------------------------------------------------------------------------------------------- the path

TEST_F(Limits, A16EdnsDowngradeKeepsASignedZoneSecure) {
  net.server("192.0.2.2").errs_on_edns(Rcode::format_error);  // forged, or the server's own folly
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("SERVFAIL"));
}

TEST_F(Limits, A16OneDowngradedServerOfTwo) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SignedInternet other;
    other.options().seed = seed;
    other.add("org.", {"192.0.2.1"});
    other.add("example.org.", {"192.0.2.2", "192.0.2.3"}).has(kWww);
    other.server("192.0.2.2").errs_on_edns(Rcode::format_error);
    EXPECT_EQ(other.ask("www.example.org.", Type::A), kSecure) << "seed " << seed;
  }
}

TEST_F(Limits, LargeRepliesComeOverTcp) {
  SignedZone& zone = net.zone("example.org.");
  for (int i = 0; i < 100; ++i) { zone.has("big.example.org. 300 IN A 198.51.100." + std::to_string(i)); }
  EXPECT_THAT(net.ask("big.example.org.", Type::A, {.protocol = ClientProtocol::tcp, .ad = true}),
              StartsWith("NOERROR AD"));
}

// --------------------------------------------------------------------------------------------------- the clock

TEST_F(Limits, WithAWrongClockTimeNamesAloneResolve) {
  net.options().start = 0;
  net.dnssec().time_names = {Name::of("ntp.example.org.")};
  net.zone("example.org.").has("ntp.example.org. 300 IN A 198.51.100.123");
  EXPECT_EQ(net.ask("www.example.org.", Type::A), "SERVFAIL EDE 14: clock_untrusted zone=.");
  EXPECT_EQ(net.ask("ntp.example.org.", Type::A),
            "NOERROR ntp.example.org. 60 IN A 198.51.100.123 EDE 14: clock_untrusted zone=.");
  net.world().clock().set_wall(dnssec_kit::kNow);  // the clock has been set
  net.pass(61s);
  EXPECT_EQ(net.ask("ntp.example.org.", Type::A), "NOERROR AD ntp.example.org. 300 IN A 198.51.100.123");
  EXPECT_EQ(net.ask("www.example.org.", Type::A), kSecure);
}

TEST_F(Limits, WithAWrongClockTimeNamesMustStillBeSigned) {
  net.options().start = 0;
  net.dnssec().time_names = {Name::of("ntp.example.org.")};
  net.zone("example.org.").has("ntp.example.org. 300 IN A 198.51.100.123");
  net.tamper("example.org.", each(Type::A, [](const RRset& set) {
               return with_data_of(set, "ntp.example.org. 300 IN A 203.0.113.66");
             }));
  EXPECT_THAT(net.ask("ntp.example.org.", Type::A), StartsWith("SERVFAIL"));
}

}  // namespace
}  // namespace vouch::simulation
