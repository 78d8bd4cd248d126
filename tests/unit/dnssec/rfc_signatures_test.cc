// The worked examples of the RFCs, checked from end to end: zones, keys and signatures that others made.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "resolver/dnssec/signature.h"
#include "tests/dnssec_kit/signer.h"
#include "tests/unit/dnssec/told.h"

namespace vouch {
namespace {

using dnssec_kit::set_of;

SignatureResult verify_at(UnixTime now, const RRset& rrset, const KeySet& keys) {
  Budget budget{Instant{}};
  return verify(rrset, keys, {.now = now}, budget);
}

// RFC 4035 appendix A: the zone "example." of April 2004, RSA/SHA-1 with an exponent of 3.
constexpr UnixTime kApril2004 = 1082419200;  // 2004-04-20
const std::string kZsk =
    "256 3 5 AQOy1bZVvpPqhg4j7EJoM9rI3ZmyEx2OzDBVrZy/lvI5CQePxXHZS4i8dANH4DX3tbHol61ek8EFMcsGXxKciJFHyhl94C+NwILQdzsUlS"
    "FovBZsyl/NX6yEbtw/xN9ZNcrbYvgjjZ/UVPZIySFNsgEYvh0z2542lzMKR4Dh8uZffQ==";
const std::string kKsk =
    "257 3 5 "
    "AQOeX7+baTmvpVHb2CcLnL1dMRWbuscRvHXlLnXwDzvqp4tZVKp1sZMepFb8MvxhhW3y/0QZsyCjczGJ1qk8vJe52iOhInKROVLRwxGpMfz"
    "PRLMlGybr51bOV/1se0ODacj3DomyB4QB5gKTYot/K9alk5/j8vfd4jWCWD+E1Sze0Q==";
const std::string kKeysByKsk =
    "example. 3600 IN RRSIG DNSKEY 5 1 3600 20040509183619 20040409183619 9465 example. "
    "ZxgauAuIj+k1YoVEOSlZfx41fcmKzTFHow"
    "eZxYnz99JVQZJ33wFS0Q0jcP7VXKkaElXk9nYJXevO/7nAbo88iWsMkSpSR6jWzYYKwfrBI/L9hjYmyVO9m6FjQ7uwM4dCP/bIuV/"
    "DKqOAK9NYNC3AHf"
    "vCV1Tp4VKDqxqG7R5tTVM=";
const std::string kKeysByZsk =
    "example. 3600 IN RRSIG DNSKEY 5 1 3600 20040509183619 20040409183619 38519 example. "
    "eGL0s90glUqcOmloo/2y+bSzyEfKVOQVi"
    "D9ZDNhLz/Yn9CQZlDVRJffACQDAUhXpU/oP34ribKBpysRXosczFrKqS5Oa0bzMOfXCXup9qHApeFIku28Vqfr8Nt7cigZLxjK+u0Ws/"
    "4lIRjKk7z5OXo"
    "gYVaFzHKillDt3HRxHIZM=";

RRsetPtr keys_of_2004(const std::vector<std::string>& signatures = {}) {
  std::vector<std::string> lines = {"example. 3600 IN DNSKEY " + kZsk, "example. 3600 IN DNSKEY " + kKsk};
  lines.insert(lines.end(), signatures.begin(), signatures.end());
  return set_of({lines.begin(), lines.end()});
}

struct Example {
  std::vector<std::string_view> records;
  std::string_view labels, signature;
  RRsetPtr set(std::string_view type) const {
    const std::string owner(records[0].substr(0, records[0].find(' ')));
    const std::string line = owner + " 3600 IN RRSIG " + std::string(type) + " 5 " + std::string(labels) +
                             " 3600 20040509183619 20040409183619 38519 example. " + std::string(signature);
    std::vector<std::string_view> lines = records;
    lines.emplace_back(line);
    return set_of(lines);
  }
};

const Example kSoa = {
    {"example. 3600 IN SOA ns1.example. bugs.x.w.example. 1081539377 3600 300 3600000 3600"},
    "1",
    "ONx0k36rcjaxYtcNgq6iQnpNV5+drqYAsC9h7TSJaHCqbhE67Sr6aH2xDUGcqQWu/n0UVzrFvkgO9ebarZ0GWDKcuwlM6eNB5SiX2K74l5LWDA7S/"
    "Un/IbtDq4Ay8NMNLQI7Dw7n4p8/rjkBjV7j86HyQgM5e7+miRAz8V01b0I="};
const Example kNs = {
    {"example. 3600 IN NS ns2.example.", "example. 3600 IN NS ns1.example."},
    "1",
    "gl13F00f2U0R+SWiXXLHwsMY+qStYy5k6zfdEuivWc+wd1fmbNCyql0Tk7lHTX6UOxc8AgNf4ISFve8XqF4q+o9qlnqIzmppU3LiNeKT4FZ8RO5urF"
    "OvoMRTbQxW3U0hXWuggE4g3ZpsHv480HjMeRaZB/FRPGfJPajngcq6Kwg="};
const Example kMx = {
    {"x.w.example. 3600 IN MX 1 xx.example."},
    "3",
    "Il2WTZ+Bkv+OytBx4LItNW5mjB4RCwhOO8y1XzPHZmZUTVYL7LaA63f6T9ysVBzJRI3KRjAPH3U1qaYnDoN1DrWqmi9RJe4FoObkbcdm7P3Ikx70eP"
    "CoFgRz1Yq+bVVXCvGuAU4xALv3W/Y1jNSlwZ2mSWKHfxFQxPtLj8s32+k="};
const Example kA = {{"xx.example. 3600 IN A 192.0.2.10"},
                    "2",
                    "kBF4YxMGWF0D8r0cztL+2fWWOvN1U/"
                    "GYSpYP7SoKoNQ4fZKyk+weWGlKLIUM+uE1zjVTPXoa0Z6WG0oZp46rkl1EzMcdMgoaeUzzAJ2BMq+YVdxG9IK"
                    "1yZkYGY9AgbTOGPoAgbJyO9EPULsxkbIDV6GPPSZVusnZU6OMgdgzHV4="};
const Example kAaaa = {{"xx.example. 3600 IN AAAA 2001:db8::f00:baaa"},
                       "2",
                       "Zzj0yodDxcBLnnOIwDsuKo5WqiaK24DlKg9CaGaxDFiKgKobUj2jilYQHpGFn2poFRetZd4zulyQkssz2QHrVrPuTMS22kn"
                       "udCiwP4LWpVTrU4zfeA+"
                       "rDz9stmSBP/4PekH/x2IoAYnwctd/xS9cL2QgW7FChw16mzlkH6/vsfs="};
const Example kNsec = {{"b.example. 3600 IN NSEC ns1.example. NS RRSIG NSEC"},
                       "2",
                       "GNuxHn844wfmUhPzGWKJCPY5ttEX/RfjDoOx9ueK1PtYkOWKOOdiJ/PJKCYB3hYX+858dDWSxb2qnV/"
                       "LSTCNVBnkm6owOpysY97MVj5VQEWs0lm9tFo"
                       "qjcptQkmQKYPrwUnCSNwvvclSF1xZvhRXgWT7OuFXldoCG6TfVFMs9xE="};
const Example kDs = {
    {"a.example. 3600 IN DS 57855 5 1 B6DCD485719ADCA18E5F3D48A2331627FDD3636B"},
    "2",
    "oXIKit/QtdG64J/"
    "CB+Gi8dOvnwRvqrto1AdQoRkAN15FP3iZ7suB7gvTBmXzCjL7XUgQVcoHkdhyCuzp8W9qJHgRUSwKKkczSyuL64nhgjuDEML8l9wl"
    "WVsl7PR2VnZduM9bLyBhaaPmRKX/Fm+v6ccF2EGNLRiY08kdkz+XHHo="};
// Expanded from "*.w.example." (appendix B.6), and that name's own NSEC (B.7).
const Example kExpanded = {{"a.z.w.example. 3600 IN MX 1 ai.example."},
                           "2",
                           "OMK8rAZlepfzLWW75Dxd63jy2wswESzxDKG2f9AMN1CytCd10cYISAxfAdvXSZ7xujKAtPbctvOQ2ofO7AZJ+"
                           "d01EeeQTVBPq4/6KCWhqe2XTjnkVLNv"
                           "vhnc0u28aoSsG0+4InvkkOHknKxw4kX18MMR34i8lC36SR5xBni8vHI="};
const Example kWildcardNsec = {
    {"*.w.example. 3600 IN NSEC x.w.example. MX RRSIG NSEC"},
    "2",
    "r/mZnRC3I/"
    "VIcrelgIcteSxDhtsdlTDt8ng9HSBlABOlzLxQtfgTnn8f+aOwJIAFe1Ee5RvU5cVhQJNP5XpXMJHfyps8tVvfxSAXfahpYqtx91gsmcV"
    "/1V9/bZAG55CefP9cM4Z9Y9NT9XQ8s1InQ2UoIv6tJEaaKkP701j8OLA="};

TEST(Rfc4035Zone, AllSignaturesHold) {
  const KeySetPtr keys = KeySet::make(*keys_of_2004(), Sha1Policy::validate);
  const std::pair<const Example&, std::string_view> kAll[] = {{kSoa, "SOA"},   {kNs, "NS"},     {kMx, "MX"}, {kA, "A"},
                                                              {kAaaa, "AAAA"}, {kNsec, "NSEC"}, {kDs, "DS"}};
  for (const auto& [example, type] : kAll) {
    const SignatureResult result = verify_at(kApril2004, *example.set(type), *keys);
    EXPECT_EQ(told(result.verdict), "secure") << type;
    EXPECT_EQ(result.ttl, 3600U);
    EXPECT_FALSE(result.is_wildcard_expansion);
  }
}

TEST(Rfc4035Zone, WildcardIsToldApartFromItsExpansion) {
  const KeySetPtr keys = KeySet::make(*keys_of_2004(), Sha1Policy::validate);
  const SignatureResult expanded = verify_at(kApril2004, *kExpanded.set("MX"), *keys);
  EXPECT_EQ(told(expanded.verdict), "secure");
  EXPECT_TRUE(expanded.is_wildcard_expansion);
  EXPECT_EQ(expanded.labels, 2);
  const SignatureResult itself = verify_at(kApril2004, *kWildcardNsec.set("NSEC"), *keys);
  EXPECT_EQ(told(itself.verdict), "secure");
  EXPECT_FALSE(itself.is_wildcard_expansion);
}

TEST(Rfc4035Zone, HasRunOutSince) {
  const KeySetPtr keys = KeySet::make(*keys_of_2004(), Sha1Policy::validate);
  const SignatureResult result = verify_at(1768464000, *kMx.set("MX"), *keys);
  EXPECT_EQ(result.verdict.text(), "rrsig_expired zone=example. key=38519 alg=5 since=2004-05-09");
}

TEST(Rfc4035Zone, IsInsecureWhereSha1IsNotChecked) {
  const RRsetPtr dnskeys = keys_of_2004();
  EXPECT_TRUE(KeySet::make(*dnskeys, Sha1Policy::insecure)->empty());
  const Buffer ksk = parse_record("example. DNSKEY " + kKsk)->rdata;
  const Bytes anchors[] = {ksk};
  EXPECT_EQ(why_unusable({.ds = {}, .dnskeys = anchors}, Sha1Policy::insecure), Reason::alg_unsupported);
  EXPECT_EQ(why_unusable({.ds = {}, .dnskeys = anchors}, Sha1Policy::validate), std::nullopt);
}

TEST(Rfc4035Zone, ItsKeysAreAuthenticatedByTheKskAlone) {
  const Buffer ksk = parse_record("example. DNSKEY " + kKsk)->rdata;
  const Bytes anchors[] = {ksk};
  const auto judged = [&](const std::vector<std::string>& signatures) {
    Budget budget{Instant{}};
    return authenticate_keys(*keys_of_2004(signatures), {.ds = {}, .dnskeys = anchors}, Sha1Policy::validate,
                             {.now = kApril2004}, budget);
  };
  const KeysResult both = judged({kKeysByZsk, kKeysByKsk});
  EXPECT_EQ(told(both.verdict), "secure");
  ASSERT_TRUE(both.keys);
  EXPECT_EQ(both.keys->keys().size(), 2U);
  EXPECT_EQ(both.ttl, 3600U);
  EXPECT_EQ(told(judged({kKeysByKsk}).verdict), "secure");
  EXPECT_EQ(told(judged({kKeysByZsk}).verdict), "sep_not_signing");
  EXPECT_EQ(told(judged({}).verdict), "rrsig_missing");
}

struct OneRecord {
  std::string_view rfc, key, record, signature;
  UnixTime now;
};
const OneRecord kExamples[] = {
    {"5702 6.1",
     "example.net. DNSKEY 256 3 8 "
     "AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Qs8PkxUdp6p/DlUm"
     "Obdk=",
     "www.example.net. 3600 IN A 192.0.2.91",
     "www.example.net. 3600 IN RRSIG A 8 3 3600 20300101000000 20000101000000 9033 example.net. "
     "kRCOH6u7l0QGy9qpC9l1sLncJc"
     "OKFLJ7GhiUOibu4teYp5VE9RncriShZNz85mwlMgNEacFYK/lPtPiVYP4bwg==",
     1768464000},
    {"5702 6.2",
     "example.net. DNSKEY 256 3 10 "
     "AwEAAdHoNTOW+et86KuJOWRDp1pndvwb6Y83nSVXXyLA3DLroROUkN6X0O6pnWnjJQujX/AyhqFDxj13tOnD9u"
     "/1kTg7cV6rklMrZDtJCQ5PCl/D7QNPsgVsMu1J2Q8gpMpztNFLpPBz1bWXjDtaR7ZQBlZ3PFY12ZTSncorffcGmhOL",
     "www.example.net. 3600 IN A 192.0.2.91",
     "www.example.net. 3600 IN RRSIG A 10 3 3600 20300101000000 20000101000000 3740 example.net. "
     "tsb4wnjRUDnB1BUi+t6TMTXTh"
     "jVnG+eCkWqjvvjhzQL1d0YRoOe0CbxrVDYd0xDtsuJRaeUw1ep94PzEWzr0iGYgZBWm/"
     "zpq+9fOuagYJRfDqfReKBzMweOLDiNa8iP5g9vMhpuv6OPlv"
     "pXwm9Sa9ZXIbNl1MBGk0fthPgxdDLw=",
     1768464000},
    {"6605 6.1",
     "example.net. DNSKEY 257 3 13 "
     "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA"
     "==",
     "www.example.net. 3600 IN A 192.0.2.1",
     "www.example.net. 3600 IN RRSIG A 13 3 3600 20100909100439 20100812100439 55648 example.net. "
     "qx6wLYqmh+l9oCKTN6qIc+bw"
     "6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw==",
     1283000000},
    {"6605 6.2",
     "example.net. DNSKEY 257 3 14 "
     "xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+"
     "v8/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40",
     "www.example.net. 3600 IN A 192.0.2.1",
     "www.example.net. 3600 IN RRSIG A 14 3 3600 20100909102025 20100812102025 10771 example.net. "
     "/L5hDKIvGDyI1fcARX3z65qrm"
     "PsVz73QD1Mr5CEqOiLP95hxQouuroGCeZOvzFaxsT8Glr74hbavRKayJNuydCuzWTSSPdz7wnqXL5bdcJzusdnI0RSMROxxwGipWcJm",
     1283000000},
    // The signatures of erratum 4935: those in the RFC's text were made over other labels.
    {"8080 6.1, first", "example.com. DNSKEY 257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=",
     "example.com. 3600 IN MX 10 mail.example.com.",
     "example.com. 3600 IN RRSIG MX 15 2 3600 20150819220000 20150729220000 3613 example.com. "
     "oL9krJun7xfBOIWcGHi7mag5/hdZ"
     "rKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNAg==",
     1439000000},
    {"8080 6.1, second", "example.com. DNSKEY 257 3 15 zPnZ/QwEe7S8C5SPz2OfS5RR40ATk2/rYnE9xHIEijs=",
     "example.com. 3600 IN MX 10 mail.example.com.",
     "example.com. 3600 IN RRSIG MX 15 2 3600 20150819220000 20150729220000 35217 example.com. "
     "zXQ0bkYgQTEFyfLyi9QoiY6D8ZdY"
     "o4wyUhVioYZXFdT410QPRITQSqJSnzQoSm5poJ7gD7AQR0O7KuI5k2pcBg==",
     1439000000},
    {"8080 6.2, first",
     "example.com. DNSKEY 257 3 16 3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/OiBVHHSfPodx1FYYUcJKm1MDpJtIA",
     "example.com. 3600 IN MX 10 mail.example.com.",
     "example.com. 3600 IN RRSIG MX 16 2 3600 20150819220000 20150729220000 9713 example.com. "
     "3cPAHkmlnxcDHMyg7vFC34l0blBh"
     "uG1qpwLmjInI8w1CMB29FkEAIJUA0amxWndkmnBZ6SKiwZSAxGILn/NBtOXft0+Gj7FSvOKxE/07+4RQvE581N3Aj/"
     "JtIyaiYVdnYtyMWbSNyGEY2213"
     "WKsJlwEA",
     1439000000},
    {"8080 6.2, second",
     "example.com. DNSKEY 257 3 16 kkreGWoccSDmUBGAe7+zsbG6ZAFQp+syPmYUurBRQc3tDjeMCJcVMRDmgcNLp5HlHAMy12VoISsA",
     "example.com. 3600 IN MX 10 mail.example.com.",
     "example.com. 3600 IN RRSIG MX 16 2 3600 20150819220000 20150729220000 38353 example.com. "
     "E1/oLjSGIbmLny/4fcgM1z4oL6aqo"
     "+izT3urCyHyvEp4Sp8Syg1eI+lJ57CSnZqjJP41O/9l4m0AsQ4f7qI1gVnML8vWWiyW2KXhT9kuAICUSxv5OWbf81Rq7Yu60npabODB0QFPb/"
     "rkW3kUZm"
     "Q0YQUA",
     1439000000},
};

TEST(RfcExamples, AllSignaturesHoldAndNoOther) {
  for (const OneRecord& example : kExamples) {
    const KeySetPtr keys = KeySet::make(*set_of({example.key}), Sha1Policy::validate);
    EXPECT_EQ(told(verify_at(example.now, *set_of({example.record, example.signature}), *keys).verdict), "secure")
        << example.rfc;
    const std::string forged = std::string(example.record.substr(0, example.record.find(" IN "))) +
                               (example.record.contains(" MX ") ? " IN MX 11 mail.example.com." : " IN A 192.0.2.66");
    EXPECT_EQ(told(verify_at(example.now, *set_of({forged, example.signature}), *keys).verdict), "rrsig_invalid")
        << example.rfc;
  }
}

// RFC 6605 section 6 and RFC 8080 section 6 give the DS of their keys as well.
TEST(RfcExamples, DsRecordsMatch) {
  const std::pair<std::string_view, std::string_view> kPairs[] = {
      {kExamples[2].key, "example.net. DS 55648 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17"},
      {kExamples[3].key,
       "example.net. DS 10771 14 4 "
       "72d7b62976ce06438e9c0bf319013cf801f09ecc84b8d7e9495f27e305c6a9b0563a9b5f4d288405c3008a946df983d6"},
      {kExamples[4].key, "example.com. DS 3613 15 2 3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b"},
      {kExamples[5].key, "example.com. DS 35217 15 2 401781b934e392de492ec77ae2e15d70f6575a1c0bc59c5275c04ebe80c6614c"},
      {kExamples[6].key, "example.com. DS 9713 16 2 6ccf18d5bc5d7fc2fceb1d59d17321402f2aa8d368048db93dd811f5cb2b19c7"},
  };
  for (const auto& [key, ds] : kPairs) {
    const TextRecord key_record = *parse_record(key), ds_record = *parse_record(ds);
    const DsView view = *ds_view(ds_record.rdata);
    EXPECT_EQ(view.tag, key_tag(key_record.rdata)) << ds;
    EXPECT_TRUE(matches(view, key_record.owner, key_record.rdata)) << ds;
  }
}

}  // namespace
}  // namespace vouch
