// Heads, targets, hosts, names and credentials: what is read, and what is refused.
#include "telemetry/web/web_request.h"

#include <gtest/gtest.h>

#include "telemetry/web/access.h"
#include "telemetry/web/host_guard.h"
#include "telemetry/web/site_name.h"

namespace vouch {
namespace {

using namespace std::chrono_literals;

IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }

std::optional<SiteNameFault> fault_in(std::string_view typed) {
  const auto name = site_name_in(typed);
  return name ? std::nullopt : std::optional(name.error());
}

TEST(WebTargetParse, TakesPathAndParametersApart) {
  const auto target = WebTarget::parse("/check?name=a%2Eb+c&lang=es&flag&=x&&");
  ASSERT_TRUE(target);
  EXPECT_FALSE(target->authority);
  EXPECT_EQ(target->path, "/check");
  EXPECT_EQ(target->parameter("name"), "a.b c");
  EXPECT_EQ(target->parameter("lang"), "es");
  EXPECT_TRUE(target->has("flag"));
  EXPECT_EQ(target->parameter("flag"), "");
  EXPECT_FALSE(target->has("other"));
}

TEST(WebTargetParse, KnowsTheAbsoluteForm) {
  const auto target = WebTarget::parse("HTTP://localhost:8053/a?b=c");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->authority, "localhost:8053");
  EXPECT_EQ(target->path, "/a");
  EXPECT_EQ(WebTarget::parse("http://localhost?x=y")->path, "/");
  EXPECT_FALSE(WebTarget::parse("http:///a"));
}

TEST(WebTargetParse, BoundsWhatItKeeps) {
  EXPECT_FALSE(WebTarget::parse("/?a=" + std::string(kMaxWebParameter + 1, 'x')));
  EXPECT_TRUE(WebTarget::parse("/?a=" + std::string(kMaxWebParameter, 'x')));
  std::string many = "/?";
  for (std::size_t i = 0; i < kMaxWebParameters; ++i) { many += "p" + std::to_string(i) + "=&"; }
  EXPECT_TRUE(WebTarget::parse(many));
  EXPECT_FALSE(WebTarget::parse(many + "q="));
}

TEST(PercentDecoding, IsStrict) {
  EXPECT_EQ(percent_decoded("%41%c3%B1+", false), "A\xc3\xb1+");
  EXPECT_EQ(percent_decoded("a+b", true), "a b");
  for (const char* wrong : {"%", "%4", "%4g", "%-1", "%00", "%0a", "%7f", "a%"}) {
    EXPECT_EQ(percent_decoded(wrong, true), std::nullopt) << wrong;
  }
}

TEST(HostGuard, KnowsItsOwnNamesAlone) {
  const HostGuard guard({"Resolver.Example.net.", ""});
  const IpAddress local = ip("192.0.2.1");
  for (const char* ours :
       {"localhost", "LOCALHOST:8053", "localhost.", "127.0.0.1", "127.0.0.1:80", "127.1.2.3", "[::1]", "[::1]:8053",
        "192.0.2.1:8053", "resolver.example.NET", "resolver.example.net.:1", "localhost:"}) {
    EXPECT_TRUE(guard.allows(ours, local)) << ours;
  }
  for (const char* other : {"",
                            ":",
                            ":80",
                            ".",
                            "evil.example",
                            "evil.example:8053",
                            "localhost.evil.example",
                            "evil.localhost",
                            "resolver.example.net.evil",
                            "192.0.2.2",
                            "[2001:db8::1]",
                            "::1",
                            "[127.0.0.1]",
                            "[localhost]",
                            "[::1",
                            "[::1]x",
                            "[]",
                            "localhost:x",
                            "localhost:123456",
                            "localhost:80:80",
                            "user@localhost",
                            "localhost/",
                            "127.0.0.1.evil.example",
                            "0x7f000001",
                            "2130706433",
                            "localhost localhost"}) {
    EXPECT_FALSE(guard.allows(other, local)) << other;
  }
  EXPECT_TRUE(guard.allows("[2001:db8::1]", ip("2001:db8::1")));
  EXPECT_FALSE(guard.allows(std::string(400, 'a'), local));
}

TEST(SiteName, IsFoundInWhatPeoplePaste) {
  for (const char* typed : {"www.example.org", " WWW.Example.ORG. ", "https://www.example.org/x",
                            "http://user:pass@www.example.org:8443/?a#b", "//www.example.org/x", "www.example.org:443",
                            "www.example.org/path", "www.example.org?x", "www.example.org#x"}) {
    EXPECT_EQ(site_name_in(typed), "www.example.org.") << typed;
  }
  EXPECT_EQ(site_name_in("_dmarc.example.org"), "_dmarc.example.org.");
  EXPECT_EQ(site_name_in("."), ".");
  EXPECT_EQ(site_name_in("org"), "org.");
}

TEST(SiteName, ConvertsWhatIsNotAscii) {
  EXPECT_EQ(site_name_in("espa\xc3\xb1"
                         "a.es"),
            "xn--espaa-rta.es.");
  EXPECT_EQ(site_name_in("https://S\xc3\x83O-PAULO.example/x"), "xn--so-paulo-rza.example.");
  EXPECT_EQ(site_name_in("example\xe3\x80\x82org"), "example.org.");  // an ideographic full stop
  for (const char* wrong : {"\xff\xfe.example", "a\xe2\x80\xae.example", "\xe2\x84\x80.example", "\xc3"}) {
    EXPECT_EQ(fault_in(wrong), SiteNameFault::no_name) << wrong;
  }
}

TEST(SiteName, RefusesWhatIsNone) {
  for (const char* none : {"", "  ", "https://", "http:///x"}) {
    EXPECT_EQ(fault_in(none), SiteNameFault::empty) << none;
  }
  for (const char* address : {"192.0.2.1", "http://192.0.2.1:80/", "2001:db8::1", "[2001:db8::1]:443", "192.0.2.1."}) {
    EXPECT_EQ(fault_in(address), SiteNameFault::address) << address;
  }
  for (const char* wrong : {"a..b", ".a", "two words", "a:b", "x\\"}) {
    EXPECT_EQ(fault_in(wrong), SiteNameFault::no_name) << wrong;
  }
  EXPECT_FALSE(site_name_in(std::string(64, 'a') + ".example"));
  EXPECT_FALSE(site_name_in(std::string(5000, 'a')));
}

TEST(Access, IsOpenOnLoopbackWithoutAToken) {
  Access open("", true);
  EXPECT_EQ(open.judge(std::nullopt, ip("127.0.0.1"), {}).grant, Access::Grant::resolver_operator);
  Access closed("", false);
  EXPECT_EQ(closed.judge(std::nullopt, ip("127.0.0.1"), {}).grant, Access::Grant::none);
  EXPECT_EQ(closed.judge("Bearer ", ip("127.0.0.1"), {}).grant, Access::Grant::wrong);
  EXPECT_FALSE(closed.can_be_granted());
}

TEST(Access, TakesTheTokenInTwoForms) {
  Access access("open sesame:now", true);
  const IpAddress from = ip("192.0.2.1");
  EXPECT_EQ(access.judge(std::nullopt, from, {}).grant, Access::Grant::none);
  // "anyone:open sesame:now", ":open sesame:now"
  for (const char* good : {"Basic YW55b25lOm9wZW4gc2VzYW1lOm5vdw==", "basic YW55b25lOm9wZW4gc2VzYW1lOm5vdw",
                           "Basic Om9wZW4gc2VzYW1lOm5vdw==", "Bearer open sesame:now", "BEARER  open sesame:now"}) {
    EXPECT_EQ(access.judge(good, from, {}).grant, Access::Grant::resolver_operator) << good;
  }
  Instant now{};
  for (const char* wrong : {"", "Basic", "Basic ", "Basic !!!!", "Basic A", "Bearer", "Bearer open sesame:no",
                            "Bearer open sesame:now!", "Digest open sesame:now", "Basic b3BlbiBzZXNhbWU6bm93"}) {
    now += 1min;  // past every wait
    EXPECT_EQ(access.judge(wrong, from, now).grant, Access::Grant::wrong) << wrong;
  }
}

TEST(Access, GuessersWaitLongerEachTime) {
  Access access("0123456789abcdef", true);
  const IpAddress guesser = ip("192.0.2.1");
  Instant now{1h};
  for (int i = 0; i < 5; ++i) { EXPECT_EQ(access.judge("Bearer x", guesser, now).grant, Access::Grant::wrong); }
  EXPECT_EQ(access.judge("Bearer x", guesser, now).grant, Access::Grant::wait);
  EXPECT_EQ(access.judge("Bearer 0123456789abcdef", guesser, now).grant, Access::Grant::wait);
  EXPECT_EQ(access.judge("Bearer 0123456789abcdef", guesser, now).retry_after, 1U);
  EXPECT_EQ(access.judge("Bearer 0123456789abcdef", ip("192.0.2.2"), now).grant, Access::Grant::resolver_operator);
  now += 1s;
  EXPECT_EQ(access.judge("Bearer x", guesser, now).grant, Access::Grant::wrong);
  EXPECT_EQ(access.judge("Bearer x", guesser, now).retry_after, 2U);

  // Ten thousand guesses, as fast as they are looked at, take days.
  Instant guessing = now;
  for (int looked_at = 0; looked_at < 10'000;) {
    const auto judged = access.judge("Bearer x", guesser, guessing);
    if (judged.grant == Access::Grant::wrong) {
      ++looked_at;
    } else {
      guessing += std::chrono::seconds(judged.retry_after);
    }
  }
  EXPECT_GT(guessing - now, 3 * 24h);

  EXPECT_EQ(access.judge("Bearer 0123456789abcdef", guesser, guessing + 30s).grant, Access::Grant::resolver_operator);
  EXPECT_EQ(access.sources(), 0U);
}

TEST(Access, ForgetsAndRemembersWithinBounds) {
  Access access("0123456789abcdef", true);
  Instant now{1h};
  for (int i = 0; i < 5; ++i) { access.judge("Bearer x", ip("192.0.2.1"), now); }
  now += Access::kForgotten + 1s;
  EXPECT_EQ(access.judge("Bearer x", ip("192.0.2.1"), now).grant, Access::Grant::wrong);
  EXPECT_EQ(access.judge("Bearer x", ip("192.0.2.1"), now).grant, Access::Grant::wrong) << "counted anew";
  for (int i = 0; i < 5000; ++i) {
    const std::string address = "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250);
    access.judge("Bearer x", ip(address.c_str()), now += 1ms);
    ASSERT_LE(access.sources(), Access::kMaxSources);
  }
}

TEST(Access, SubscribersCannotRotateWithinTheirPrefix) {
  Access access("0123456789abcdef", true);
  const Instant now{1h};
  for (int i = 1; i <= 5; ++i) { access.judge("Bearer x", ip(("2001:db8::" + std::to_string(i)).c_str()), now); }
  EXPECT_EQ(access.judge("Bearer x", ip("2001:db8::99"), now).grant, Access::Grant::wait);
}

TEST(SameSecret, ComparesWholeTexts) {
  EXPECT_TRUE(same_secret("abc", "abc"));
  EXPECT_FALSE(same_secret("", ""));
  EXPECT_FALSE(same_secret("abcabc", "abc"));
  EXPECT_FALSE(same_secret("ab", "abc"));
  EXPECT_FALSE(same_secret("abd", "abc"));
}

}  // namespace
}  // namespace vouch
