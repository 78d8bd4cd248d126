#include "resolver/wire/verdict.h"

#include <gtest/gtest.h>

#include <set>

namespace vouch {
namespace {

Reason reason_at(std::size_t i) { return static_cast<Reason>(i); }

TEST(Reasons, HaveIdsThatCanBeReadBack) {
  std::set<std::string_view> ids;
  for (std::size_t i = 1; i < kReasons; ++i) {
    const std::string_view id = reason_id(reason_at(i));
    EXPECT_FALSE(id.empty());
    EXPECT_TRUE(ids.insert(id).second) << id;
    EXPECT_EQ(parse_reason(id), reason_at(i)) << id;
    for (const char c : id) { EXPECT_TRUE((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_') << id; }
  }
  EXPECT_EQ(reason_id(Reason::none), "");
  EXPECT_EQ(parse_reason(""), std::nullopt);
  EXPECT_EQ(parse_reason("rrsig"), std::nullopt);
}

// What other tools show is the code: RFC 8914's words must fit.
TEST(Reasons, MapToExtendedErrors) {
  EXPECT_EQ(ede_of(Reason::none), std::nullopt);
  EXPECT_EQ(ede_of(Reason::rrsig_expired), Ede::signature_expired);
  EXPECT_EQ(ede_of(Reason::rrsig_not_yet_valid), Ede::signature_not_yet_valid);
  EXPECT_EQ(ede_of(Reason::rrsig_window_inverted), Ede::signature_expired_before_valid);
  EXPECT_EQ(ede_of(Reason::rrsig_missing), Ede::rrsigs_missing);
  EXPECT_EQ(ede_of(Reason::ds_dnskey_mismatch), Ede::dnskey_missing);
  EXPECT_EQ(ede_of(Reason::dnskey_no_zone_bit), Ede::no_zone_key_bit);
  EXPECT_EQ(ede_of(Reason::nsec_missing), Ede::nsec_missing);
  EXPECT_EQ(ede_of(Reason::nsec3_cost), Ede::unsupported_nsec3_iterations);
  EXPECT_EQ(ede_of(Reason::alg_unsupported), Ede::unsupported_dnskey_algorithm);
  EXPECT_EQ(ede_of(Reason::ds_digest_unsupported), Ede::unsupported_ds_digest);
  EXPECT_EQ(ede_of(Reason::clock_untrusted), Ede::not_ready);
  EXPECT_EQ(ede_of(Reason::negative_anchor), Ede::negative_trust_anchor);
  EXPECT_EQ(ede_of(Reason::dnskey_unreachable), Ede::no_reachable_authority);
}

TEST(Verdicts, SayWhoAndWhyInOneLine) {
  const Name zone = Name::of("example.com.");
  EXPECT_EQ(Verdict::bogus(Reason::rrsig_missing, zone).text(), "rrsig_missing zone=example.com.");
  EXPECT_EQ(Verdict::bogus(Reason::rrsig_expired, zone).with_key(12345, 13).with_time(1785542400).text(),
            "rrsig_expired zone=example.com. key=12345 alg=13 since=2026-08-01");
  EXPECT_EQ(Verdict::bogus(Reason::rrsig_not_yet_valid, zone).with_time(1785542400).text(),
            "rrsig_not_yet_valid zone=example.com. from=2026-08-01");
  EXPECT_EQ(Verdict::secure().text(), "");
  EXPECT_EQ(Verdict::insecure(Reason::none, zone).text(), "");
}

TEST(Verdicts, NeverTakeMoreThanTheirLineAndNeverShowRawOctets) {
  Name longest;
  while (longest.prepend_label(bytes_of("\x01\"<script>\n"))) {}
  const std::string text =
      Verdict::bogus(Reason::rrsig_window_inverted, longest).with_key(65535, 255).with_time(0).text();
  EXPECT_LE(text.size(), Verdict::kMaxText);
  EXPECT_TRUE(text.starts_with("rrsig_window_inverted zone=..."));
  EXPECT_TRUE(text.ends_with(" key=65535 alg=255 since=1970-01-01"));
  for (const char c : text) { EXPECT_TRUE(c >= ' ' && c <= '~'); }
}

TEST(Verdicts, TheWeakerOfTwoStandsAndTheFirstCauseWins) {
  const Verdict secure = Verdict::secure();
  const Verdict first = Verdict::bogus(Reason::rrsig_missing, Name::of("a."));
  const Verdict second = Verdict::bogus(Reason::rrsig_expired, Name::of("b."));
  EXPECT_EQ(weaker(secure, first).reason(), Reason::rrsig_missing);
  EXPECT_EQ(weaker(first, second).reason(), Reason::rrsig_missing);
  EXPECT_EQ(weaker(Verdict::insecure(Reason::none, NameView()), secure).security(), Security::insecure);
  EXPECT_EQ(weaker(secure, Verdict()).security(), Security::unchecked) << "what nobody looked at is not secure";
}

}  // namespace
}  // namespace vouch
