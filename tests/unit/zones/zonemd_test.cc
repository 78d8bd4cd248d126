#include "resolver/zones/zonemd.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "resolver/zones/zone_stream.h"
#include "resolver/zones/zone_text.h"
#include "tests/unit/zones/scripted_primary.h"

namespace vouch {
namespace {

using ::testing::HasSubstr;
using zones_testing::Records;
using zones_testing::texts_of;

ZonePtr from_text(std::string_view text, const char* apex) {
  const auto zone = read_zone_text(text, Name::of(apex), TransferLimits());
  if (!zone) { throw std::runtime_error(zone.error()); }
  return *zone;
}

std::string told(const Zone& zone) {
  const auto verified = verify_zonemd(zone);
  return verified ? "good" : std::string(zonemd_fault_text(verified.error()));
}

// RFC 8976 appendix A.1.
const std::string kSimple = R"(
example.  86400  IN  SOA  ns1.example. admin.example. 2018031900 1800 900 604800 86400
          86400  IN  NS   ns1.example.
          86400  IN  NS   ns2.example.
          86400  IN  ZONEMD  2018031900 1 1 (
             c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3
             a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c )
ns1.example.  3600  IN  A  203.0.113.63
ns2.example.  3600  IN  AAAA  2001:db8::63
)";

TEST(Zonemd, SimpleZone) { EXPECT_EQ(told(*from_text(kSimple, "example.")), "good"); }

// Appendix A.2: occluded data, repeated records, data out of the zone, capitals, a wildcard, ZONEMD below the apex.
TEST(Zonemd, ComplexZone) {
  EXPECT_EQ(told(*from_text(R"(
example.  86400  IN  SOA  ns1.example. admin.example. 2018031900 1800 900 604800 86400
          86400  IN  NS   ns1.example.
          86400  IN  NS   ns2.example.
          86400  IN  ZONEMD  2018031900 1 1 (
             a3b69bad980a3504e1cffcb0fd6397f93848071c93151f55
             2ae2f6b1711d4bd2d8b39808226d7b9db71e34b72077f8fe )
ns1.example.  3600  IN  A  203.0.113.63
NS2.example.  3600  IN  AAAA  2001:db8::63
occluded.sub.example. 7200 IN TXT "I'm occluded but must be digested"
sub.example.  7200  IN  NS  ns1.example.
duplicate.example.  300  IN  TXT "I must be digested just once"
duplicate.example.  300  IN  TXT "I must be digested just once"
foo.test.  555  IN  TXT "out-of-zone data must be excluded"
UPPERCASE.example. 3600 IN TXT "canonicalize uppercase owner names"
*.example.  777  IN  PTR  dont-forget-about-wildcards.example.
mail.example.  3600  IN  MX  20 MAIL1.example.
mail.example.  3600  IN  MX  10 Mail2.Example.
sortme.example.  3600  IN  AAAA  2001:db8::5:61
sortme.example.  3600  IN  AAAA  2001:db8::3:62
sortme.example.  3600  IN  AAAA  2001:db8::4:63
sortme.example.  3600  IN  AAAA  2001:db8::1:65
sortme.example.  3600  IN  AAAA  2001:db8::2:64
non-apex.example.  900  IN  ZONEMD  2018031900 1 1 (
             616c6c6f776564206275742069676e6f7265642e20616c6c
             6f776564206275742069676e6f7265642e20616c6c6f7765 )
)",
                            "example.")),
            "good");
}

// Appendix A.3.
const std::string kMany = R"(
example.  86400  IN  SOA  ns1.example. admin.example. 2018031900 1800 900 604800 86400
example.  86400  IN  NS   ns1.example.
example.  86400  IN  NS   ns2.example.
ns1.example.  3600   IN  A  203.0.113.63
ns2.example.  86400  IN  TXT "This example has multiple digests"
NS2.EXAMPLE.  3600   IN  AAAA 2001:db8::63
)";
const std::string kSha384Digest =
    "62e6cf51b02e54b9b5f967d547ce43136792901f9f88e637493daaf401c92c279dd10f0edb1c56f8080211f8480ee306";
const std::string kSha384 = "example. 86400 IN ZONEMD 2018031900 1 1 " + kSha384Digest + "\n";
const std::string kSha512 =
    "example. 86400 IN ZONEMD 2018031900 1 2 "
    "08cfa1115c7b948c4163a901270395ea226a930cd2cbcf2fa9a5e6eb85f37c8a"
    "4e114d884e66f176eab121cb02db7d652e0cc4827e7a3204f166b47e5613fd27\n";
const std::string kPrivateHash = "example. 86400 IN ZONEMD 2018031900 1 240 e2d523f654b9422a96c5a8f44607bbee\n";
const std::string kPrivateScheme =
    "example. 86400 IN ZONEMD 2018031900 241 1 e1846540e33a9e4189792d18d5d131f605fc283e\n";

TEST(Zonemd, ManyDigests) {
  const auto with = [](const std::string& zonemds) { return told(*from_text(kMany + zonemds, "example.")); };
  EXPECT_EQ(with(kSha384 + kSha512 + kPrivateHash + kPrivateScheme), "good");
  EXPECT_EQ(with(kSha384), "good");
  EXPECT_EQ(with(kSha512), "good");
  EXPECT_THAT(with(kPrivateHash + kPrivateScheme), HasSubstr("no scheme and hash"));
  // One that holds is enough; but none of a kind that stands there twice counts (RFC 8976 section 2.2.3).
  std::string wrong512 = kSha512;
  wrong512[wrong512.size() - 2] ^= 1;
  EXPECT_EQ(with(kSha384 + wrong512), "good");
  EXPECT_EQ(with(wrong512), "it differs from what its ZONEMD record was made of");
  std::string wrong384 = kSha384;
  wrong384[wrong384.size() - 2] ^= 1;
  EXPECT_THAT(with(kSha384 + wrong384), HasSubstr("no scheme and hash"));
  EXPECT_EQ(with(kSha384 + wrong384 + kSha512), "good");
  EXPECT_THAT(with("example. 86400 IN ZONEMD 2018031901 1 1 " + kSha384Digest + "\n"), HasSubstr("another serial"));
  EXPECT_THAT(with(""), HasSubstr("no ZONEMD"));
  // A digest cut short is none, whatever it begins with.
  EXPECT_THAT(with("example. 86400 IN ZONEMD 2018031900 1 1 " + kSha384Digest.substr(0, 48) + "\n"),
              HasSubstr("no scheme and hash"));
}

std::string uri_arpa() {
  std::ifstream file(std::string(VOUCH_SOURCE_DIR) + "/tests/unit/zones/rfc8976_uri_arpa.zone");
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Zonemd, SignedZone) {  // appendix A.4
  const ZonePtr zone = from_text(uri_arpa(), "uri.arpa.");
  EXPECT_EQ(zone->size(), 35U);
  EXPECT_EQ(told(*zone), "good");
}

TEST(Zonemd, RootServersZone) {  // appendix A.5, with its SOA twice
  std::string text =
      "$ORIGIN root-servers.net.\n$TTL 3600000\n"
      "@ IN SOA a.root-servers.net. nstld.verisign-grs.com. 2018091100 14400 7200 1209600 3600000\n"
      "@ IN SOA a.root-servers.net. nstld.verisign-grs.com. 2018091100 14400 7200 1209600 3600000\n"
      "@ IN ZONEMD 2018091100 1 1 "
      "f1ca0ccd91bd5573d9f431c00ee0101b2545c97602be0a978a3b11dbfc1c776d5b3e86ae3d973d6b5349ba7f04340f79\n"
      "b IN MX 20 mail.isi.edu.\ni IN MX 10 mx.i.root-servers.org.\n";
  const char* const addresses[][2] = {
      {"2001:503:ba3e::2:30", "198.41.0.4"},   {"2001:500:200::b", "199.9.14.201"},  {"2001:500:2::c", "192.33.4.12"},
      {"2001:500:2d::d", "199.7.91.13"},       {"2001:500:a8::e", "192.203.230.10"}, {"2001:500:2f::f", "192.5.5.241"},
      {"2001:500:12::d0d", "192.112.36.4"},    {"2001:500:1::53", "198.97.190.53"},  {"2001:7fe::53", "192.36.148.17"},
      {"2001:503:c27::2:30", "192.58.128.30"}, {"2001:7fd::1", "193.0.14.129"},      {"2001:500:9f::42", "199.7.83.42"},
      {"2001:dc3::35", "202.12.27.33"}};
  char letter = 'a';
  for (const auto& [v6, v4] : addresses) {
    const std::string name(1, letter++);
    text += "@ IN NS " + name + "\n" + name + " IN AAAA " + v6 + "\n" + name + " IN A " + v4 + "\n";
  }
  EXPECT_EQ(told(*from_text(text, "root-servers.net.")), "good");
}

TEST(Zonemd, AnyChangeIsFound) {
  const ZonePtr zone = from_text(uri_arpa(), "uri.arpa.");
  for (std::size_t i = 0; i < zone->size(); ++i) {
    const bool is_of_digest = (*zone)[i].type == Type::ZONEMD || (*zone)[i].type == Type::SOA;
    const auto view = (*zone)[i].type == Type::RRSIG ? rrsig_view((*zone)[i].rdata) : std::nullopt;
    if (is_of_digest || (view && view->covered == Type::ZONEMD)) { continue; }
    RecordList without, with_other_ttl;
    for (std::size_t j = 0; j < zone->size(); ++j) {
      ZoneRecord record = (*zone)[j];
      if (j != i) { without.add(record); }
      if (j == i) { ++record.ttl; }
      with_other_ttl.add(record);
    }
    EXPECT_NE(told(**Zone::make(zone->apex(), std::move(without))), "good") << i;
    EXPECT_NE(told(**Zone::make(zone->apex(), std::move(with_other_ttl))), "good") << i;
  }
}

TEST(ZoneStream, KeepsEveryRecord) {
  const ZonePtr zone = from_text(uri_arpa(), "uri.arpa.");
  const std::string stream = zone_stream(*zone);
  const auto again = read_zone_stream(bytes_of(stream), Name::of("uri.arpa."), TransferLimits());
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(texts_of(**again), texts_of(*zone));
  EXPECT_EQ(told(**again), "good");
  for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, stream.size() / 2, stream.size() - 1}) {
    EXPECT_FALSE(read_zone_stream(bytes_of(stream.substr(0, cut)), Name::of("uri.arpa."), TransferLimits())) << cut;
  }
  EXPECT_FALSE(read_zone_stream(bytes_of(stream + "x"), Name::of("uri.arpa."), TransferLimits()));
  EXPECT_FALSE(read_zone_stream(bytes_of(stream), Name::of("uri.arpa."), {.records = 10}));
}

TEST(ZoneStream, TakesManyMessages) {
  RecordList records;
  const std::string soa = "example. 60 IN SOA ns.example. admin.example. 1 2 3 4 5";
  const auto add = [&records](const std::string& text) {
    const TextRecord record = zones_testing::record_of(text);
    records.add(record.owner, record.type, record.ttl, record.rdata);
  };
  add(soa);
  for (int i = 0; i < 5000; ++i) {
    add("name" + std::to_string(i) + ".example. 60 IN TXT \"text number " + std::to_string(i) + "\"");
  }
  const auto zone = Zone::make(Name::of("example."), std::move(records));
  ASSERT_TRUE(zone);
  const std::string stream = zone_stream(**zone);
  const auto again = read_zone_stream(bytes_of(stream), Name::of("example."), TransferLimits());
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(texts_of(**again), texts_of(**zone));
}

TEST(ZoneText, TellsTheLine) {
  const auto error = [](const std::string& text, TransferLimits limits = {}) {
    const auto zone = read_zone_text(text, Name::of("example."), limits);
    return zone ? std::string("read") : zone.error();
  };
  EXPECT_EQ(error(kSimple), "read");
  EXPECT_THAT(error("example. 60 IN SOA a. b. 1 2 3 4 5\n\nwww.example. 60 IN A 192.0.2.999\n"), HasSubstr("line 3"));
  EXPECT_THAT(error("$INCLUDE /etc/passwd\n"), HasSubstr("line 1: $INCLUDE is not allowed"));
  EXPECT_THAT(error(""), HasSubstr("empty"));
  EXPECT_THAT(error("www.example. 60 IN A 192.0.2.1\n"), HasSubstr("0 SOA"));
  EXPECT_THAT(error(kSimple, {.records = 3}), HasSubstr("more than 3 records"));
  EXPECT_THAT(error(kSimple, {.octets = 10}), HasSubstr("more than 10 octets"));
  EXPECT_THAT(error("example. 60 IN SOA a. b. 1 2 3 4 5\nexample. 60 IN AXFR \\# 1 00\n"), HasSubstr("AXFR"));
  // $ORIGIN makes long names of short lines.
  std::string swollen = "$ORIGIN " + std::string(60, 'x') + "." + std::string(60, 'y') + ".example.\n";
  for (int i = 0; i < 100; ++i) { swollen += std::to_string(i) + " 60 IN A 192.0.2.1\n"; }
  EXPECT_LT(swollen.size(), 3000U);
  EXPECT_THAT(error(swollen, {.octets = 3000}), HasSubstr("3000 octets of them in memory"));
  EXPECT_THAT(error("example. 60 CH TXT \"x\"\n"), HasSubstr("line 1: a class other than IN"));
}

}  // namespace
}  // namespace vouch
