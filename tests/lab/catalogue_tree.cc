// The root, the top-level domains, and one zone for each algorithm.
#include <fmt/format.h>

#include "tests/lab/catalogue.h"

namespace vouch::lab {

namespace {

void two_servers(ZoneSpec& zone, const std::string& stem) {
  zone.servers = {{.name = "ns1." + zone.apex, .addresses = {stem + ".1"}},
                  {.name = "ns2." + zone.apex, .addresses = {stem + ".2"}}};
}

void add_root(Catalogue& catalogue) {
  ZoneSpec& root = catalogue.add(signed_zone(".", "the root, signed with RSA and NSEC as the real one is", ""));
  root.algorithm = Algorithm::rsa_sha256;
  root.has_ds = false;  // nothing above; root.anchors holds its DS
  root.servers = {{.name = "a.root-server.", .addresses = {"127.1.0.1"}},
                  {.name = "b.root-server.", .addresses = {"127.1.0.2"}}};
  root.expectations = {
      secure_answer(".", "NS", {"a.root-server.", "b.root-server."}, "the root's own servers"),
      as_example(denied("no-such-tld.", "A", "NXDOMAIN", Verdict::secure, "a top-level domain that does not exist")),
      denied("root-server.", "A", "NOERROR", Verdict::secure, "an empty non-terminal in the root"),
  };
}

ZoneSpec& add_tld(Catalogue& catalogue, const std::string& apex, const std::string& about, const std::string& stem) {
  ZoneSpec zone = signed_zone(apex, about, "");
  two_servers(zone, stem);
  return catalogue.add(std::move(zone));
}

struct AlgorithmZone {
  Algorithm algorithm;
  const char* apex;
  const char* about;
  Denial denial;
};

}  // namespace

void add_root_and_tlds(Catalogue& catalogue) {
  add_root(catalogue);
  ZoneSpec& nsec = add_tld(catalogue, "nsec.", "a TLD that denies with NSEC", "127.2.1");
  nsec.expectations = {denied("missing.nsec.", "A", "NXDOMAIN", Verdict::secure, "denied by NSEC")};
  ZoneSpec& nsec3 = add_tld(catalogue, "nsec3.", "a TLD that denies with NSEC3", "127.2.2");
  nsec3.denial = Denial::nsec3;
  nsec3.expectations = {denied("missing.nsec3.", "A", "NXDOMAIN", Verdict::secure, "denied by NSEC3")};
  ZoneSpec& optout = add_tld(catalogue, "optout.", "a TLD that denies with NSEC3 and opt-out", "127.2.3");
  optout.denial = Denial::nsec3_opt_out;
  optout.nsec3_salt = "c0ffee";
  // RFC 5155 section 9.2: an opt-out span leaves room for an unsigned delegation, so the denial is no more than
  // insecure.
  optout.expectations = {denied("missing.optout.", "A", "NXDOMAIN", Verdict::insecure, "denied by an opt-out span")};
  ZoneSpec plain = plain_zone("plain.", "a TLD that is not signed", "");
  two_servers(plain, "127.2.4");
  plain.expectations = {denied("missing.plain.", "A", "NXDOMAIN", Verdict::insecure, "an unsigned denial")};
  catalogue.add(std::move(plain));

  ZoneSpec& misrolled = add_tld(catalogue, "misrolled.",
                                "a TLD after a failed key roll: its data is signed by no "
                                "published key, so everything below fails",
                                "127.2.5");
  misrolled.flaw = Flaw::whole_zone_unknown_key;
  misrolled.expectations = {bogus("misrolled.", "SOA", misrolled.flaw, "misrolled.", "the TLD's own data")};
  ZoneSpec& shop = catalogue.add(signed_zone("shop.misrolled.", "a sound zone below the failed TLD", "127.3.1.1"));
  shop.records = {catalogue.a_record("www.shop.misrolled.")};
  shop.expectations = {as_example(bogus("www.shop.misrolled.", "A", Flaw::whole_zone_unknown_key, "misrolled.",
                                        "the zone at fault is the TLD, not the zone asked for"))};
}

void add_algorithm_zones(Catalogue& catalogue) {
  const AlgorithmZone zones[] = {
      {Algorithm::rsa_sha1, "alg5.nsec.", "RSASHA1 (5): old, kept for policy tests", Denial::nsec},
      {Algorithm::rsa_sha1_nsec3, "alg7.nsec.", "RSASHA1-NSEC3-SHA1 (7): old, kept for policy tests", Denial::nsec3},
      {Algorithm::rsa_sha256, "alg8.nsec.", "RSASHA256 (8)", Denial::nsec},
      {Algorithm::rsa_sha512, "alg10.nsec.", "RSASHA512 (10)", Denial::nsec3},
      {Algorithm::ecdsa_p256, "alg13.nsec.", "ECDSAP256SHA256 (13)", Denial::nsec},
      {Algorithm::ecdsa_p384, "alg14.nsec.", "ECDSAP384SHA384 (14)", Denial::nsec3},
      {Algorithm::ed25519, "alg15.nsec.", "ED25519 (15)", Denial::nsec},
      {Algorithm::ed448, "alg16.nsec.", "ED448 (16)", Denial::nsec3},
  };
  int number = 0;
  for (const AlgorithmZone& row : zones) {
    ZoneSpec& zone = catalogue.add(
        signed_zone(row.apex, fmt::format("signed with {}", row.about), fmt::format("127.3.2.{}", ++number)));
    zone.algorithm = row.algorithm;
    zone.denial = row.denial;
    zone.single_key = number % 2 == 0;
    const std::string www = "www." + zone.apex;
    zone.records = {catalogue.a_record(www), catalogue.aaaa_record(www)};
    Expectation answer = secure_answer(www, "A", {catalogue.a_of(www)}, row.about);
    answer.example = row.algorithm == Algorithm::ed25519 || row.algorithm == Algorithm::rsa_sha256;
    zone.expectations = {answer, denied("missing." + zone.apex, "A", "NXDOMAIN", Verdict::secure, "a proven denial")};
  }
}

}  // namespace vouch::lab
