#include "tests/lab/impairment.h"

#include <gtest/gtest.h>

#include "tests/lab/ldns_handle.h"

namespace vouch::lab {
namespace {

Occasion asking(std::string_view name, std::uint16_t type) {
  return {.server = "127.3.2.1", .zone = "slow.nsec.", .name = name, .type = type, .transport = Transport::udp};
}

TEST(Impairment, SaysWhenAndWhat) {
  const Outcome<Impairment> read = parse_impairment("zone=slow.nsec. type=AAAA delay=300 jitter=50");
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->actions.delay, 300u);
  EXPECT_EQ(read->actions.jitter, 50u);
  EXPECT_TRUE(read->selector.matches(asking("www.slow.nsec.", LDNS_RR_TYPE_AAAA)));
  EXPECT_FALSE(read->selector.matches(asking("www.slow.nsec.", LDNS_RR_TYPE_A)));
}

TEST(Impairment, NamesAreReadInAnyCaseWithOrWithoutTheFinalDot) {
  const Outcome<Impairment> read = parse_impairment("zone=SLOW.nsec truncate");
  ASSERT_TRUE(read) << read.error();
  EXPECT_TRUE(read->selector.matches(asking("www.slow.nsec.", LDNS_RR_TYPE_A)));
}

TEST(Impairment, AStarMeansAllNamesBelowAndNotTheNameItself) {
  const Outcome<Impairment> read = parse_impairment("name=*.slow.nsec. drop=1");
  ASSERT_TRUE(read) << read.error();
  EXPECT_TRUE(read->selector.matches(asking("a.b.slow.nsec.", LDNS_RR_TYPE_A)));
  EXPECT_FALSE(read->selector.matches(asking("slow.nsec.", LDNS_RR_TYPE_A)));
  EXPECT_FALSE(read->selector.matches(asking("veryslow.nsec.", LDNS_RR_TYPE_A)));
}

TEST(Impairment, WithoutSelectorsItAlwaysMatches) {
  const Outcome<Impairment> read = parse_impairment("rcode=REFUSED");
  ASSERT_TRUE(read) << read.error();
  EXPECT_TRUE(read->selector.matches(asking(".", LDNS_RR_TYPE_NS)));
}

TEST(Impairment, OfTwoLinesTheLaterWinsActionByAction) {
  Actions actions = parse_impairment("delay=100 truncate")->actions;
  actions.override_with(parse_impairment("delay=200 tcp=close")->actions);
  EXPECT_EQ(actions.delay, 200u);
  EXPECT_EQ(actions.truncate, true);
  EXPECT_EQ(actions.tcp, TcpManners::close);
}

TEST(Impairment, EveryActionOfTheManualIsUnderstood) {
  for (const char* line : {"delay=0",
                           "jitter=1",
                           "drop=0.25",
                           "truncate",
                           "rcode=FORMERR",
                           "rcode=SERVFAIL",
                           "rcode=NXDOMAIN",
                           "rcode=NOTIMP",
                           "rcode=REFUSED",
                           "edns=formerr",
                           "edns=badvers",
                           "edns=ignore",
                           "strip=rrsig",
                           "strip=opt",
                           "forge=1",
                           "wrong-id=3",
                           "malformed=2",
                           "case=mangle",
                           "case=lower",
                           "cname=other.nsec.",
                           "tcp=close",
                           "tcp=reset",
                           "tcp=silent",
                           "tcp-limit=1",
                           "server=::1 drop=1",
                           "type=TYPE65400 drop=1",
                           "transport=tcp drop=1"}) {
    const Outcome<Impairment> read = parse_impairment(line);
    EXPECT_TRUE(read) << line << ": " << (read ? "" : read.error());
  }
}

TEST(Impairment, MistakesAreToldAndChangeNothing) {
  for (const char* line : {"", "zone=slow.nsec.", "delay=soon", "delay=-1", "delay=60001", "delay=5x", "drop=1.5",
                           "drop=nan", "drop=", "rcode=OOPS", "type=NOSUCH drop=1", "transport=quic drop=1",
                           "truncate=yes", "dealy=5", "delay", "zone= drop=1", "forge=10001", "tcp=maybe"}) {
    const Outcome<Impairment> read = parse_impairment(line);
    EXPECT_FALSE(read) << line;
    if (!read) { EXPECT_FALSE(read.error().empty()) << line; }
  }
}

TEST(ImpairmentFile, SkipsCommentsAndNamesTheLineOfAMistake) {
  const auto good = parse_impairments("# slow\nzone=a. delay=1   # a little\n\n  zone=b. drop=0.1\n");
  ASSERT_TRUE(good) << good.error();
  ASSERT_EQ(good->size(), 2u);
  EXPECT_EQ(good->at(1).selector.zone, "b.");

  const auto bad = parse_impairments("zone=a. delay=1\n\nzone=b. delay=often\n");
  ASSERT_FALSE(bad);
  EXPECT_TRUE(bad.error().starts_with("line 3: ")) << bad.error();
}

TEST(ImpairmentFile, IsBounded) {
  std::string text;
  for (std::size_t i = 0; i <= kMaxImpairments; ++i) { text += "drop=1\n"; }
  EXPECT_FALSE(parse_impairments(text));
}

}  // namespace
}  // namespace vouch::lab
