#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "conf/document.h"
#include "tests/unit/conf/loading.h"

namespace vouch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kPin = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";  // of the octets 0 to 31

std::string zone_with(std::string_view keys) {
  return "forward: {zones: [{zone: ., servers: [192.0.2.53], " + std::string(keys) + "}]}\n";
}

TEST(ForwardZones, OverTlsTheStandardPortIsAnother) {
  const Loaded loaded = load(R"(
forward:
  zones:
    - {zone: ., servers: [192.0.2.53, "2001:db8::53", 192.0.2.54@8853], tls_name: dns.example.net, tls: true}
    - {zone: corp.example, servers: [192.0.2.55]}
)");
  ASSERT_TRUE(loaded) << loaded.error().front().text();
  const ConfiguredZone& all = loaded->resolver.forward_zones.at(0);
  EXPECT_TRUE(all.tls);
  EXPECT_EQ(all.tls_name, "dns.example.net");
  EXPECT_THAT(all.tls_pins, IsEmpty());
  EXPECT_EQ(all.servers.at(0).text(), "192.0.2.53@853");
  EXPECT_EQ(all.servers.at(1).text(), "2001:db8::53@853");
  EXPECT_EQ(all.servers.at(2).text(), "192.0.2.54@8853");
  EXPECT_EQ(loaded->resolver.forward_zones.at(1).servers.at(0).text(), "192.0.2.55@53");
}

TEST(ForwardZones, APinMayStandForAName) {
  const Loaded loaded = load(zone_with("tls: true, tls_pins: [\"" + std::string(kPin) + "\"]"));
  ASSERT_TRUE(loaded) << loaded.error().front().text();
  EXPECT_THAT(loaded->resolver.forward_zones.at(0).tls_pins, ElementsAre(kPin));
  EXPECT_EQ(loaded->resolver.forward_zones.at(0).tls_name, "");
  EXPECT_THAT(complaints(zone_with("tls: true, tls_name: 192.0.2.53")), IsEmpty())
      << "certificates name addresses, too";
}

TEST(ForwardZones, WhatIsPrintedCanBeReadAgain) {
  const Loaded loaded =
      load(zone_with("tls: true, tls_name: dns.example.net, tls_pins: [\"" + std::string(kPin) + "\"]"));
  ASSERT_TRUE(loaded) << loaded.error().front().text();
  const std::string printed = effective_document(*loaded);
  const Loaded again = load(printed);
  ASSERT_TRUE(again) << again.error().front().text();
  EXPECT_EQ(effective_document(*again), printed);
  EXPECT_EQ(again->resolver.forward_zones.at(0).servers.at(0).port(), 853);
}

TEST(ForwardZones, WhatContradictsTlsIsRefused) {
  struct Row {
    std::string keys, complaint;
  };
  const std::string at = "conf/test.yaml:1:";
  const Row rows[] = {
      {"tls: true",
       "57: forward.zones: zone `.` has tls, and neither tls_name nor tls_pins: anybody on the way could answer; write "
       "`tls_name:` and the name in the resolver's certificate"},
      {"tls_name: dns.example",
       "62: forward.zones: zone `.` names whom to expect over TLS, but tls is not true; write `tls: true`, or leave it "
       "out"},
      {"tls: false, tls_pins: [\"" + std::string(kPin) + "\"]",
       "74: forward.zones: zone `.` names whom to expect over TLS, but tls is not true; write `tls: true`, or leave it "
       "out"},
      {"tls: true, tls_name: dns.example, first: true",
       "93: forward.zones: zone `.` has tls and first: when its resolvers fail, its names would go out in clear text; "
       "leave out `first`, or ask without tls"},
      {"tls: true, tls_name: \"dns example\"",
       "73: forward.zones: `dns example` is no name that a certificate could have; write it like `dns.example.net`"},
      {"tls: true, tls_name: .",
       "73: forward.zones: `.` is no name that a certificate could have; write it like `dns.example.net`"},
      {"tls: true, tls_pins: [abc]",
       "74: tls_pins: not a pin: `abc`; it is 44 characters of base64, as `kdig -d +tls @server` shows under SHA-256 "
       "PIN"},
      {"tls: yes, tls_name: dns.example", "57: tls: must be true or false, not `yes`; write `true`"},
  };
  for (const Row& row : rows) { EXPECT_THAT(complaints(zone_with(row.keys)), ElementsAre(at + row.complaint)); }
}

TEST(ForwardZones, APinIsBase64OfThirtyTwoOctets) {
  const auto is_pin = [](std::string_view text) {
    return complaints(zone_with("tls: true, tls_pins: [\"" + std::string(text) + "\"]")).empty();
  };
  EXPECT_TRUE(is_pin(kPin));
  EXPECT_FALSE(is_pin(kPin.substr(1)));
  EXPECT_FALSE(is_pin(std::string(kPin) + "="));
  EXPECT_FALSE(is_pin("!" + std::string(kPin.substr(1))));
  std::string odd(kPin);
  odd[42] = '9';  // bits beyond the last octet
  EXPECT_FALSE(is_pin(odd));
  EXPECT_FALSE(is_pin(std::string(44, 'A')));
}

TEST(ForwardZones, OfStubZonesTlsIsUnknown) {
  EXPECT_EQ(complaints("resolver: {stub_zones: [{zone: a, servers: [192.0.2.1], tls: true}]}\n").size(), 1U);
}

TEST(Authorities, AreLookedForBesideTheConfiguration) {
  FilesInMemory files;
  files.add("conf/ca.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", true);
  const Loaded loaded = load("outgoing: {tls_ca_file: ca.pem}\n", files);
  ASSERT_TRUE(loaded) << loaded.error().front().text();
  EXPECT_EQ(loaded->outgoing.tls_ca_file, std::filesystem::absolute("conf/ca.pem"));
}

TEST(Authorities, AFileWithoutACertificateIsRefused) {
  FilesInMemory files;
  files.add("conf/ca.der", "0\x82", true);
  EXPECT_THAT(complaints("outgoing: {tls_ca_file: ca.der}\n", files),
              ElementsAre("conf/ca.der: there is no certificate in it; it must hold certificates in PEM; `openssl x509 "
                          "-inform der` makes PEM of others"));
  EXPECT_THAT(
      complaints("outgoing: {tls_ca_file: absent.pem}\n", files),
      ElementsAre("conf/test.yaml:1:25: outgoing.tls_ca_file: `conf/absent.pem` cannot be read: No such file or "
                  "directory"));
}

}  // namespace
}  // namespace vouch
