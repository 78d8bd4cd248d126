// The fast path: answers out of a filled cache.
#include <algorithm>

#include "tests/scenarios/internet.h"
#include "tests/unit/front/front_testing.h"

namespace vouch {
namespace {

using namespace front_testing;

class CachedAnswers : public FrontTest {};

TEST_F(CachedAnswers, ComeWithTheTtlThatIsLeft) {
  cache("www.example.com. 300 IN A 192.0.2.1");
  world().pass(100s);
  const auto answer = ask("www.example.com.", Type::A);
  EXPECT_EQ(answer.text(), "www.example.com. 200 IN A 192.0.2.1");
  EXPECT_EQ(world().upstream().asked().size(), 0U);
  EXPECT_EQ(world().clients().answered_from(AnswerSource::cache), 1U);
}

TEST_F(CachedAnswers, KeepTheClientsCase) {
  cache("www.example.com. 300 IN A 192.0.2.1");
  const auto answer = ask("wWw.ExAmPlE.cOm.", Type::A);
  EXPECT_TRUE(answer.message().question->name.view().is_same_with_case(Name::of("wWw.ExAmPlE.cOm.")));
  EXPECT_EQ(answer.text(), "wWw.ExAmPlE.cOm. 300 IN A 192.0.2.1");
}

TEST_F(CachedAnswers, FollowAliases) {
  cache("www.example.com. 300 IN CNAME web.example.com.");
  cache("web.example.com. 60 IN CNAME host.example.net.");
  cache("host.example.net. 30 IN A 192.0.2.1");
  EXPECT_EQ(ask("www.example.com.", Type::A).text(),
            "www.example.com. 300 IN CNAME web.example.com.\n"
            "web.example.com. 60 IN CNAME host.example.net.\n"
            "host.example.net. 30 IN A 192.0.2.1");
  EXPECT_EQ(ask("www.example.com.", Type::CNAME).text(), "www.example.com. 300 IN CNAME web.example.com.");
}

TEST_F(CachedAnswers, AnAliasIntoNothing) {
  cache("www.example.com. 300 IN CNAME gone.example.com.");
  cache_negative("gone.example.com.", Type::A, EntryKind::name_error);
  const auto answer = ask("www.example.com.", Type::A);
  EXPECT_EQ(answer.rcode(), Rcode::name_error) << "of the last name (RFC 6604)";
  EXPECT_EQ(answer.message().answer.size(), 1U);
  EXPECT_EQ(answer.authority_text(), "example.com. 60 IN SOA ns.example.com. host.example.com. 1 2 3 4 60");
}

TEST_F(CachedAnswers, AChainAsLongAsAllowedAndOneThatIsLonger) {
  for (int i = 0; i < 12; ++i) {
    cache("c" + std::to_string(i) + ".example.com. 300 IN CNAME c" + std::to_string(i + 1) + ".example.com.");
  }
  cache("c12.example.com. 300 IN A 192.0.2.1");
  EXPECT_EQ(ask("c1.example.com.", Type::A).message().answer.size(), 12U);
  EXPECT_EQ(ask("c0.example.com.", Type::A).rcode(), Rcode::server_failure);
}

TEST_F(CachedAnswers, AnAliasLoopEnds) {
  cache("a.example.com. 300 IN CNAME b.example.com.");
  cache("b.example.com. 300 IN CNAME a.example.com.");
  EXPECT_EQ(ask("a.example.com.", Type::A).rcode(), Rcode::server_failure);
}

TEST_F(CachedAnswers, NoDataIsNoError) {
  cache_negative("www.example.com.", Type::AAAA, EntryKind::no_data);
  const auto answer = ask("www.example.com.", Type::AAAA);
  EXPECT_EQ(answer.rcode(), Rcode::no_error);
  EXPECT_EQ(answer.text(), "");
  EXPECT_EQ(answer.message().authority.size(), 1U);
}

TEST_F(CachedAnswers, RotateTheirRecords) {
  cache(rrset_of({"www.example.com. 300 IN A 192.0.2.1", "www.example.com. 300 IN A 192.0.2.2",
                  "www.example.com. 300 IN A 192.0.2.3"}));
  std::set<std::string> firsts;
  for (int i = 0; i < 3; ++i) {
    const auto answer = ask("www.example.com.", Type::A);
    ASSERT_EQ(answer.message().answer.size(), 3U);
    firsts.insert(answer.message().answer.front().text());
  }
  EXPECT_EQ(firsts.size(), 3U) << "each is first in its turn";
}

class SignedAnswers : public FrontTest {
 protected:
  void SetUp() override {
    cache(rrset_of({"www.example.com. 300 IN A 192.0.2.1"}, {signature_text("www.example.com.", "A")}),
          Security::secure);
    proofs = ProofList::make({rrset_of({"a.example.com. 300 IN NSEC z.example.com. A RRSIG NSEC"},
                                       {signature_text("a.example.com.", "NSEC")})});
    cache_negative("gone.example.com.", Type::A, EntryKind::name_error, Security::secure, proofs);
  }
  static Asking with_ad() {
    Asking how;
    how.ad = true;
    return how;
  }
  ProofsPtr proofs;
};

TEST_F(SignedAnswers, SignaturesGoToThoseWhoSayDo) {
  EXPECT_EQ(ask("www.example.com.", Type::A).message().answer.size(), 1U);
  const auto answer = ask("www.example.com.", Type::A, with_do());
  ASSERT_EQ(answer.message().answer.size(), 2U);
  EXPECT_EQ(answer.message().answer[1].type, Type::RRSIG);
}

TEST_F(SignedAnswers, AuthenticIsSaidOnlyWhenAskedFor) {
  EXPECT_FALSE(ask("www.example.com.", Type::A).message().ad);
  EXPECT_TRUE(ask("www.example.com.", Type::A, with_ad()).message().ad);
  EXPECT_TRUE(ask("www.example.com.", Type::A, with_do()).message().ad);
  EXPECT_EQ(ask("www.example.com.", Type::A, with_ad()).message().answer.size(), 1U) << "AD asks for no signatures";
}

TEST_F(SignedAnswers, OneInsecureLinkAndItIsNotAuthentic) {
  cache("alias.example.com. 300 IN CNAME www.example.com.", Security::insecure);
  EXPECT_FALSE(ask("alias.example.com.", Type::A, with_do()).message().ad);
}

TEST_F(SignedAnswers, DenialsBringTheirProofs) {
  const auto plain = ask("gone.example.com.", Type::A);
  EXPECT_EQ(plain.rcode(), Rcode::name_error);
  EXPECT_EQ(plain.message().authority.size(), 1U);
  const auto full = ask("gone.example.com.", Type::A, with_do());
  EXPECT_TRUE(full.message().ad);
  std::vector<Type> types;
  for (const auto& record : full.message().authority) { types.push_back(record.type); }
  EXPECT_EQ(types, (std::vector{Type::SOA, Type::RRSIG, Type::NSEC, Type::RRSIG}));
}

TEST_F(SignedAnswers, AWildcardsAnswerBringsItsProof) {
  cache(rrset_of({"wild.example.com. 300 IN A 192.0.2.9"}, {signature_text("wild.example.com.", "A")}),
        Security::secure, proofs);
  EXPECT_EQ(ask("wild.example.com.", Type::A, with_do()).message().authority.size(), 2U);
  EXPECT_EQ(ask("wild.example.com.", Type::A).message().authority.size(), 0U);
}

TEST_F(SignedAnswers, BogusDataIsForThoseWhoJudgeThemselves) {
  cache("bad.example.com. 300 IN A 192.0.2.66", Security::bogus);
  EXPECT_EQ(ask("bad.example.com.", Type::A).rcode(), Rcode::server_failure);
  const auto answer = ask("bad.example.com.", Type::A, with_cd());
  EXPECT_EQ(answer.text(), "bad.example.com. 300 IN A 192.0.2.66");
  EXPECT_FALSE(answer.message().ad);
}

class ValidatingFront : public FrontTest {};

TEST_F(ValidatingFront, AnswersUncheckedDataUnderCdAlone) {
  options.front.require_validation = true;
  cache("raw.example.net. 300 IN A 192.0.2.66", Security::unchecked);
  EXPECT_EQ(ask("raw.example.net.", Type::A, with_cd()).text(), "raw.example.net. 300 IN A 192.0.2.66");
  EXPECT_EQ(ask("raw.example.net.", Type::A).rcode(), Rcode::server_failure) << "nobody is there to check it";
}

class LargeAnswers : public FrontTest {
 protected:
  void SetUp() override {
    std::vector<std::string> records;
    for (int i = 1; i <= 60; ++i) { records.push_back("big.example.com. 300 IN A 192.0.2." + std::to_string(i)); }
    cache(rrset_of(records));
  }
};

TEST_F(LargeAnswers, AreCutAtWhatTheClientTakes) {
  const auto plain = ask("big.example.com.", Type::A);
  EXPECT_TRUE(plain.message().tc) << "60 addresses are more than 512 octets";
  EXPECT_EQ(plain.text(), "");
  EXPECT_LT(plain.packet().size(), 50U) << "nothing to amplify with";
  Asking roomy;
  roomy.edns_size = 1232;
  const auto full = ask("big.example.com.", Type::A, roomy);
  EXPECT_FALSE(full.message().tc);
  EXPECT_EQ(full.message().answer.size(), 60U);
  EXPECT_FALSE(ask("big.example.com.", Type::A, over(ClientProtocol::tcp)).message().tc);
}

TEST_F(LargeAnswers, AreBoundByOurSizeWhateverTheClientSays) {
  std::vector<std::string> records;
  for (int i = 1; i <= 200; ++i) { records.push_back("huge.example.com. 300 IN A 192.0.2." + std::to_string(i)); }
  cache(rrset_of(records));
  Asking greedy;
  greedy.edns_size = 65535;
  const auto answer = ask("huge.example.com.", Type::A, greedy);
  EXPECT_TRUE(answer.message().tc);
  EXPECT_TRUE(answer.message().edns);
  EXPECT_EQ(ask("huge.example.com.", Type::A, over(ClientProtocol::tcp)).message().answer.size(), 200U);
}

TEST_F(LargeAnswers, AnEdnsSizeBelow512Means512) {
  Asking tiny;
  tiny.edns_size = 100;
  EXPECT_TRUE(ask("big.example.com.", Type::A, tiny).message().tc);
  cache("small.example.com. 300 IN A 192.0.2.1");
  EXPECT_FALSE(ask("small.example.com.", Type::A, tiny).message().tc);
}

// RFC 8482.
class AnyQuestions : public FrontTest {};

TEST_F(AnyQuestions, GetOneSet) {
  cache("www.example.com. 300 IN AAAA 2001:db8::1");
  cache("www.example.com. 300 IN A 192.0.2.1");
  EXPECT_EQ(ask("www.example.com.", Type::ANY).text(), "www.example.com. 300 IN A 192.0.2.1");
}

TEST_F(AnyQuestions, GetAllThereIsWhenTheOperatorWantsIt) {
  options.front.minimal_any = false;
  cache("www.example.com. 300 IN AAAA 2001:db8::1");
  cache("www.example.com. 300 IN A 192.0.2.1");
  EXPECT_EQ(ask("www.example.com.", Type::ANY).message().answer.size(), 2U);
}

TEST_F(AnyQuestions, GetAWordWhereNothingElseIsKnown) {
  cache_negative("www.example.com.", Type::A, EntryKind::no_data, Security::secure);
  const auto answer = ask("www.example.com.", Type::ANY, with_do());
  EXPECT_EQ(answer.text(), "www.example.com. 3600 IN HINFO \"RFC8482\" \"\"");
  EXPECT_FALSE(answer.message().ad) << "nobody signed that";
}

TEST_F(AnyQuestions, SayWhenTheNameIsNotThere) {
  cache_negative("gone.example.com.", Type::A, EntryKind::name_error);
  EXPECT_EQ(ask("gone.example.com.", Type::ANY).rcode(), Rcode::name_error);
}

TEST_F(AnyQuestions, ForSignaturesGetThoseOfOneSet) {
  cache(rrset_of({"www.example.com. 300 IN A 192.0.2.1"}, {signature_text("www.example.com.", "A")}), Security::secure);
  const auto answer = ask("www.example.com.", Type::RRSIG);
  ASSERT_EQ(answer.message().answer.size(), 1U);
  EXPECT_EQ(answer.message().answer[0].type, Type::RRSIG);
}

class AdditionalRecords : public FrontTest {
 protected:
  void fill() {
    cache(rrset_of({"example.com. 300 IN MX 10 mx1.example.com.", "example.com. 300 IN MX 20 mx2.example.com."}));
    cache("mx1.example.com. 60 IN A 192.0.2.1");
    cache("mx2.example.com. 60 IN AAAA 2001:db8::2");
  }
};

TEST_F(AdditionalRecords, AreLeftOutOfMinimalAnswers) {
  fill();
  EXPECT_EQ(ask("example.com.", Type::MX).additional_text(), "");
}

TEST_F(AdditionalRecords, AreTheAddressesAtHand) {
  options.front.minimal_answers = false;
  fill();
  EXPECT_EQ(ask("example.com.", Type::MX).message().additional.size(), 2U);
}

TEST_F(AdditionalRecords, AreLookedUpForThirteenNamesAtMost) {
  options.front.minimal_answers = false;
  std::vector<std::string> records;
  for (int i = 0; i < 40; ++i) {
    records.push_back("many.example.com. 300 IN MX 10 mx" + std::to_string(i) + ".example.net.");
    cache("mx" + std::to_string(i) + ".example.net. 60 IN A 192.0.2.1");
  }
  cache(rrset_of(records));
  EXPECT_EQ(ask("many.example.com.", Type::MX, over(ClientProtocol::tcp)).message().additional.size(), 13U);
}

TEST_F(AdditionalRecords, NeverMakeAnAnswerTruncated) {
  options.front.minimal_answers = false;
  std::vector<std::string> addresses;
  for (int i = 1; i <= 40; ++i) { addresses.push_back("mx.example.com. 60 IN A 192.0.2." + std::to_string(i)); }
  cache(rrset_of(addresses));
  cache("example.com. 300 IN MX 10 mx.example.com.");
  const auto answer = ask("example.com.", Type::MX);
  EXPECT_FALSE(answer.message().tc);
  EXPECT_EQ(answer.message().answer.size(), 1U);
  EXPECT_EQ(answer.additional_text(), "");
}

// RFC 9520.
class RememberedFailures : public FrontTest {};

TEST_F(RememberedFailures, AreToldAgainWithTheirCause) {
  world().caches().failures.put(Name::of("dead.example.com."), Type::A, Ede::no_reachable_authority, "all of them",
                                now());
  const auto answer = ask("dead.example.com.", Type::A, with_do());
  EXPECT_EQ(answer.rcode(), Rcode::server_failure);
  EXPECT_EQ(errors_of(answer), (std::vector{Ede::no_reachable_authority, Ede::cached_error}));
  EXPECT_EQ(world().upstream().asked().size(), 0U);
  EXPECT_FALSE(ask("dead.example.com.", Type::A).message().edns) << "who speaks no EDNS gets none";
}

TEST_F(RememberedFailures, OfValidationDoNotBindThoseWhoJudgeThemselves) {
  world().caches().failures.put(Name::of("bad.example.com."), Type::A, Ede::signature_expired, "", now(),
                                Reason::rrsig_expired);
  cache("bad.example.com. 300 IN A 192.0.2.66", Security::bogus);
  EXPECT_EQ(ask("bad.example.com.", Type::A, with_cd()).rcode(), Rcode::no_error);
  const auto judged = ask("bad.example.com.", Type::A, with_do());
  EXPECT_EQ(judged.rcode(), Rcode::server_failure);
  EXPECT_EQ(errors_of(judged), (std::vector{Ede::signature_expired, Ede::cached_error}));
}

}  // namespace
}  // namespace vouch
