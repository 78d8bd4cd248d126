// Zones that make a validator work: KeyTrap (CVE-2023-50387) and the price of NSEC3 (CVE-2023-50868), for --hostile.
// What a validator may spend on one question is its own limit; that it has one is what these zones measure.
#include <fmt/format.h>

#include "tests/lab/catalogue.h"

namespace vouch::lab {

namespace {

constexpr int kMany = 60;       // keys, signatures or DS: 3600 checks for who counts none
constexpr int kVeryMany = 200;  // and 40,000
// Above so many iterations the authority needs milliseconds for an answer itself: an NSD of its own spares the others.
constexpr int kDearForTheServer = 1000;

struct TrapZone {
  const char* label;
  const char* about;
  Algorithm algorithm;
  Trap trap;
};

// Every name below such a zone is its wildcard, so that each question of an attack finds no cached failure.
void add_key_traps(Catalogue& catalogue) {
  const TrapZone zones[] = {
      {"keytrap-rsa",
       "60 RSA keys of one tag, 60 false signatures at every name",
       Algorithm::rsa_sha256,
       {.keys = kMany, .signatures = kMany}},
      {"keytrap-p256",
       "60 P-256 keys of one tag, 60 false signatures at every name",
       Algorithm::ecdsa_p256,
       {.keys = kMany, .signatures = kMany}},
      {"keytrap-p384",
       "the same with P-384, whose checks cost most",
       Algorithm::ecdsa_p384,
       {.keys = kMany, .signatures = kMany}},
      {"keytrap-200",
       "200 P-256 keys of one tag, 200 false signatures at every name",
       Algorithm::ecdsa_p256,
       {.keys = kVeryMany, .signatures = kVeryMany}},
      {"rsa-shape",
       "60 RSA keys of one tag with 2048-bit exponents: checks as dear as signing",
       Algorithm::rsa_sha256,
       {.keys = kMany, .signatures = kMany, .long_exponents = true}},
  };
  int number = 0;
  for (const TrapZone& row : zones) {
    const std::string apex = fmt::format("{}.hostile.", row.label);
    ZoneSpec& zone = catalogue.add(signed_zone(apex, row.about, fmt::format("127.8.2.{}", ++number)));
    zone.algorithm = row.algorithm;
    zone.trap = row.trap;
    zone.records = {catalogue.a_record("*." + apex)};
    zone.expectations = {bogus("any." + apex, "A", Flaw::work_limit, apex, "no signature is true")};
  }
}

// A name of 110 labels makes a resolver that looks for the closest encloser hash 110 names, each so many times.
void add_dear_denials(Catalogue& catalogue) {
  int number = 0;
  for (const int iterations : {0, 1, 50, 51, 150, 65535}) {
    for (const std::size_t salt : {0U, 255U}) {
      const std::string apex = fmt::format("n{}-{}.hostile.", iterations, salt);
      ZoneSpec& zone = catalogue.add(
          signed_zone(apex, fmt::format("NSEC3 with {} further iterations and {} octets of salt", iterations, salt),
                      fmt::format("127.8.3.{}", ++number)));
      zone.single_key = true;
      zone.denial = Denial::nsec3;
      zone.nsec3_iterations = static_cast<std::uint16_t>(iterations);
      if (iterations > kDearForTheServer) { zone.backend = "dear"; }
      for (std::size_t i = 0; i < salt; ++i) { zone.nsec3_salt += "5a"; }
      zone.records = {catalogue.a_record("www." + apex), catalogue.a_record("*.wild." + apex)};
      zone.expectations = {
          secure_answer("www." + apex, "A", {catalogue.a_of("www." + apex)}, "no denial, no price"),
          or_else(denied("missing." + apex, "A", "NXDOMAIN", Verdict::secure, "insecure above the validator's limit"),
                  Verdict::insecure)};
    }
  }
}

void add_ds_traps(Catalogue& catalogue, std::uint32_t zones) {
  for (std::uint32_t i = 0; i < zones; ++i) {
    const std::string apex = fmt::format("ds{}.hostile.", i);
    ZoneSpec& zone =
        catalogue.add(signed_zone(apex, "60 keys of one tag, 60 DS with that tag and false digests", "127.8.4.1"));
    zone.single_key = true;
    zone.trap = {.keys = kMany, .ds = kMany};
    zone.records = {catalogue.a_record("www." + apex)};
    zone.expectations = {bogus("www." + apex, "A", Flaw::ds_dnskey_mismatch, apex, "no DS fits a key")};
  }
}

}  // namespace

void add_hostile_zones(Catalogue& catalogue) {
  const std::uint32_t zones = catalogue.options().hostile;
  if (zones == 0) { return; }
  catalogue.add(signed_zone("hostile.", "a TLD of zones that make validators work", "127.2.7.1"));
  add_key_traps(catalogue);
  add_dear_denials(catalogue);
  add_ds_traps(catalogue, zones);
}

}  // namespace vouch::lab
