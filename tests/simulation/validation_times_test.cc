// For how long judged data lives, here and at the client: the operator's bounds, the signatures' ends, and that data
// which is only watched lives as long as it would unwatched.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/simulation/signed_internet.h"

namespace vouch::simulation {
namespace {

using dnssec_kit::kNow;
using testing::HasSubstr;
using testing::StartsWith;

constexpr Asking kChecksItself{.cd = true, .edns_size = 1232};

struct Times : testing::Test {
  SignedInternet net;
  Times() {
    net.add("org.", {"192.0.2.1"});
    net.add("example.org.", {"192.0.2.2"})
        .has("www.example.org. 300 IN A 198.51.100.1")
        .has("short.example.org. 5 IN A 198.51.100.4")
        .has("alias.example.org. 300 IN CNAME www.example.org.")
        .has("nowhere.example.org. 300 IN CNAME none.example.org.")
        .has("guess.example.org. 300 IN CNAME any.wild.example.org.")
        .has("*.wild.example.org. 300 IN A 198.51.100.2");
    net.add("plain.org.", {"192.0.2.3"}, {.is_signed = false}).has("short.plain.org. 5 IN A 198.51.100.5");
  }
  void watch() {
    net.dnssec().mode = DnssecMode::observe;
    net.tamper("example.org.", strip_signatures(Type::CNAME));
  }
};

// --------------------------------------------------------------------------------------------------- observe

TEST_F(Times, WhatStandsBehindABogusAliasLivesAsLongAsItsTtl) {
  watch();
  const std::string_view fresh =
      "NOERROR alias.example.org. 300 IN CNAME www.example.org. www.example.org. 300 IN A 198.51.100.1";
  const std::string_view aged =
      "NOERROR alias.example.org. 290 IN CNAME www.example.org. www.example.org. 290 IN A 198.51.100.1";
  EXPECT_THAT(net.ask("alias.example.org.", Type::A), StartsWith(std::string(fresh)));
  net.pass(10s);
  EXPECT_THAT(net.ask("alias.example.org.", Type::A), StartsWith(std::string(aged)));
  EXPECT_EQ(net.ask("www.example.org.", Type::A), "NOERROR AD www.example.org. 290 IN A 198.51.100.1");
}

TEST_F(Times, ADenialBehindABogusAliasLivesAsLongAsItsTtl) {
  watch();
  const ClientAnswer first = net.ask_for("nowhere.example.org.", Type::A);
  EXPECT_EQ(first.rcode(), Rcode::name_error);
  EXPECT_THAT(first.authority_text(), StartsWith("example.org. 300 IN SOA"));
  net.pass(10s);
  net.new_questions();
  const ClientAnswer later = net.ask_for("none.example.org.", Type::A);
  EXPECT_TRUE(later.message().ad);
  EXPECT_THAT(later.authority_text(), StartsWith("example.org. 290 IN SOA"));
  EXPECT_EQ(net.new_questions(), 0U);
}

// What nobody came to judge keeps its proofs: they will be needed.
TEST_F(Times, AWildcardBehindABogusAliasIsJudgedLaterWithoutAskingAgain) {
  watch();
  EXPECT_THAT(net.ask("guess.example.org.", Type::A), HasSubstr("any.wild.example.org. 300 IN A 198.51.100.2"));
  net.new_questions();
  EXPECT_EQ(net.ask("any.wild.example.org.", Type::A), "NOERROR AD any.wild.example.org. 300 IN A 198.51.100.2");
  EXPECT_EQ(net.new_questions(), 0U);
}

// ---------------------------------------------------------------------------------------- the operator's least TTL

TEST_F(Times, TheLeastTtlHoldsForTheFirstClientOfUnsignedData) {
  net.options().cache.ttl_min = 60;
  EXPECT_EQ(net.ask("short.plain.org.", Type::A), "NOERROR short.plain.org. 60 IN A 198.51.100.5");
  net.pass(10s);
  EXPECT_EQ(net.ask("short.plain.org.", Type::A), "NOERROR short.plain.org. 50 IN A 198.51.100.5");
}

TEST_F(Times, TheLeastTtlDoesNotKeepProvenDataBeyondItsOwn) {
  net.options().cache.ttl_min = 60;
  const std::string_view fresh = "NOERROR AD short.example.org. 5 IN A 198.51.100.4";
  EXPECT_EQ(net.ask("short.example.org.", Type::A), fresh);
  net.pass(3s);
  EXPECT_EQ(net.ask("short.example.org.", Type::A), "NOERROR AD short.example.org. 2 IN A 198.51.100.4");
  net.pass(3s);
  net.new_questions();
  EXPECT_EQ(net.ask("short.example.org.", Type::A), fresh);
  EXPECT_EQ(net.new_questions(), 1U);
}

TEST_F(Times, TheLeastTtlDoesNotKeepAnythingBeyondItsSignature) {
  net.options().cache.ttl_min = net.options().cache.negative_ttl_min = 600;
  net.zone("example.org.").style({.times = {.expiration = kNow + 100}});
  EXPECT_EQ(net.ask("www.example.org.", Type::A), "NOERROR AD www.example.org. 100 IN A 198.51.100.1");
  EXPECT_EQ(net.ask("any.wild.example.org.", Type::A), "NOERROR AD any.wild.example.org. 100 IN A 198.51.100.2");
  const Asking with_proofs{.dnssec_ok = true};
  EXPECT_THAT(net.ask_for("none.example.org.", Type::A).authority_text(), StartsWith("example.org. 100 IN SOA"));
  net.pass(60s);
  EXPECT_EQ(net.ask("www.example.org.", Type::A), "NOERROR AD www.example.org. 40 IN A 198.51.100.1");
  const ClientAnswer denied = net.ask_for("none.example.org.", Type::A, with_proofs);
  EXPECT_TRUE(denied.message().ad);
  for (const Record& record : denied.message().authority) { EXPECT_EQ(record.ttl, 40U) << record.text(); }
}

// The proofs of a fresh wildcard answer, which comes without an SOA.
TEST_F(Times, TheLeastTtlDoesNotKeepAWildcardsProofsBeyondTheirSignature) {
  net.options().cache.ttl_min = 600;
  net.zone("example.org.").style({.times = {.expiration = kNow + 100}});
  const ClientAnswer guessed = net.ask_for("any.wild.example.org.", Type::A, {.dnssec_ok = true});
  EXPECT_TRUE(guessed.message().ad);
  ASSERT_FALSE(guessed.message().authority.empty());
  for (const Record& record : guessed.message().authority) { EXPECT_EQ(record.ttl, 100U) << record.text(); }
}

// It is judged as if it had just come: an old word must not become a new one.
TEST_F(Times, TheLeastTtlDoesNotKeepWhatMayYetBeProven) {
  net.options().cache.ttl_min = 60;
  EXPECT_EQ(net.ask("short.example.org.", Type::A, kChecksItself), "NOERROR short.example.org. 5 IN A 198.51.100.4");
  net.pass(6s);
  net.new_questions();
  EXPECT_EQ(net.ask("short.example.org.", Type::A), "NOERROR AD short.example.org. 5 IN A 198.51.100.4");
  EXPECT_EQ(net.asked_of_type(Type::A), 1U);
}

TEST_F(Times, WithoutValidationTheLeastTtlHoldsForAll) {
  net.dnssec().mode = DnssecMode::off;
  net.options().cache.ttl_min = 60;
  EXPECT_EQ(net.ask("short.example.org.", Type::A), "NOERROR short.example.org. 60 IN A 198.51.100.4");
  net.pass(10s);
  EXPECT_EQ(net.ask("short.example.org.", Type::A), "NOERROR short.example.org. 50 IN A 198.51.100.4");
}

TEST_F(Times, TheLeastTtlDoesNotKeepWhatWasTakenUndated) {
  net.options().start = 0;
  net.options().cache.ttl_min = 600;
  net.dnssec().time_names = {Name::of("www.example.org.")};
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("NOERROR www.example.org. 60 IN A 198.51.100.1 EDE 14"));
  net.pass(20s);
  EXPECT_THAT(net.ask("www.example.org.", Type::A), StartsWith("NOERROR www.example.org. 40 IN A 198.51.100.1"));
}

}  // namespace
}  // namespace vouch::simulation
