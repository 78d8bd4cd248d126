#include "tests/unit/front/front_testing.h"

namespace vouch::front_testing {
namespace {

// RFC 9606 section 3: asked without RD; clients drop an answer without AA, for it may be another resolver's.
TEST_F(FrontTest, TheResolversInformationIsItsOwn) {
  options.local.records = {"resolver.arpa. 300 IN TYPE261 \\# 9 08716e616d656d696e"};  // "qnamemin"
  const auto answer = ask("resolver.arpa.", Type::RESINFO, without_rd());
  EXPECT_EQ(answer.rcode(), Rcode::no_error);
  EXPECT_EQ(answer.message().flags_text(), "QR AA RA");
  EXPECT_EQ(answer.message().answer.size(), 1U);
}

// RFC 9462 section 4: unsigned, and found out about in clear; nothing of it may look validated.
TEST_F(FrontTest, DesignatedResolversAreNotAuthenticData) {
  options.local.records = {"_dns.resolver.arpa. 300 IN SVCB 1 dns.example. alpn=dot"};
  const auto answer = ask("_dns.resolver.arpa.", Type::SVCB, with_do());
  EXPECT_EQ(answer.rcode(), Rcode::no_error);
  EXPECT_EQ(answer.message().flags_text(), "QR RD RA");
  EXPECT_EQ(answer.message().answer.size(), 1U);
}

}  // namespace
}  // namespace vouch::front_testing
