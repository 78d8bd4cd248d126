// For each reason a zone can give a validator: the broken zone <reason>.nsec3. and its sound twin ok-<reason>.nsec3.
#include <fmt/format.h>
#include <algorithm>

#include "tests/lab/catalogue.h"

namespace vouch::lab {

namespace {

constexpr std::uint16_t kCostlyIterations = 500;  // above every limit in use (50 to 150)
constexpr std::uint16_t kToleratedIterations = 5;

bool has_child(Flaw flaw) {
  return flaw == Flaw::ds_unreachable || flaw == Flaw::ds_self_signed || flaw == Flaw::no_ds_proof_invalid;
}

// A zone and its twin have the same names, types and servers; only the flaw differs.
ZoneSpec shaped(Catalogue& catalogue, Flaw flaw, const std::string& apex, const std::string& about,
                const std::string& address) {
  ZoneSpec zone = signed_zone(apex, about, address);
  zone.records = {catalogue.a_record("www." + apex),
                  catalogue.aaaa_record("www." + apex),
                  catalogue.a_record("good." + apex),
                  catalogue.a_record("*.wild." + apex),
                  "old DNAME new",
                  catalogue.a_record("www.new." + apex),
                  catalogue.a_record("elsewhere." + apex)};
  if (flaw == Flaw::nsec3_cost || flaw == Flaw::no_ds_proof_invalid) { zone.denial = Denial::nsec3; }
  if (flaw == Flaw::nsec3_cost) { zone.nsec3_salt = "ab"; }
  if (flaw == Flaw::work_limit) { zone.algorithm = Algorithm::rsa_sha256; }
  if (flaw == Flaw::ds_unreachable) { zone.backend = "together"; }
  return zone;
}

void add_child(Catalogue& catalogue, Flaw flaw, const std::string& parent, const std::string& parent_address,
               const std::string& address) {
  const std::string apex = "child." + parent;
  ZoneSpec child = flaw == Flaw::no_ds_proof_invalid ? plain_zone(apex, "the unsigned child in this story", address)
                                                     : signed_zone(apex, "the child in this story", address);
  if (flaw == Flaw::ds_unreachable) {
    // On its parent's server, so that no referral brings the DS and it must be asked for.
    child.servers[0].addresses = {parent_address};
    child.backend = "together";
  }
  child.records = {catalogue.a_record("www." + apex)};
  catalogue.add(std::move(child));
}

std::vector<Expectation> broken_expectations(const Catalogue& catalogue, Flaw flaw, const std::string& apex) {
  using enum Flaw;
  const std::string www = "www." + apex;
  const std::string reason(reason_of(flaw));
  auto good = [&] {
    return secure_answer("good." + apex, "A", {catalogue.a_of("good." + apex)}, "the rest of the zone is sound");
  };
  switch (flaw) {
    case ds_unreachable:
    case ds_self_signed:
    case no_ds_proof_invalid:
      return {bogus("www.child." + apex, "A", flaw, apex, "the fault is the parent's"), good()};
    case nsec_missing:
    case nsec_not_proving:
      return {bogus("missing." + apex, "A", flaw, apex, "a denial"), good()};
    case wildcard_unproven:
      return {bogus("any.wild." + apex, "A", flaw, apex, "an answer from a wildcard"), good()};
    case alias_unproven:
      // A resolver that makes its own CNAME from the signed DNAME is right as well, and better off.
      return {or_else(bogus("www.old." + apex, "A", flaw, apex, "never the address of elsewhere"), Verdict::secure),
              good()};
    case nsec3_cost: {
      Expectation expected = denied("missing." + apex, "A", "NXDOMAIN", Verdict::insecure, "a costly denial");
      expected.reason = reason;
      return {expected, good()};
    }
    case alg_unsupported:
    case ds_digest_unsupported: {
      Expectation expected = insecure_answer(www, "A", {catalogue.a_of(www)}, "cannot be checked, so unsigned");
      expected.reason = reason;
      return {expected};
    }
    case rrsig_missing:
    case rrsig_expired:
    case rrsig_not_yet_valid:
    case rrsig_window_inverted:
    case rrsig_invalid:
    case rrsig_unknown_key:
    case rrsig_wrong_signer:
    case rrsig_malformed:
    case work_limit:
      return {bogus(www, "A", flaw, apex, "broken at this name only"), good()};
    default:
      return {bogus(www, "A", flaw, apex, "nothing in the zone can be checked")};
  }
}

// The same questions with the answers of a sound zone.
std::vector<Expectation> sound_expectations(const Catalogue& catalogue, Flaw flaw, const std::string& apex) {
  using enum Flaw;
  const std::string www = "www." + apex;
  switch (flaw) {
    case ds_unreachable:
    case ds_self_signed:
      return {secure_answer("www.child." + apex, "A", {catalogue.a_of("www.child." + apex)}, "the sound twin")};
    case no_ds_proof_invalid:
      return {
          denied("child." + apex, "DS", "NOERROR", Verdict::secure, "the sound twin: proven to be unsigned"),
          insecure_answer("www.child." + apex, "A", {catalogue.a_of("www.child." + apex)}, "proven to be unsigned")};
    case nsec_missing:
    case nsec_not_proving:
    case nsec3_cost:
      return {denied("missing." + apex, "A", "NXDOMAIN", Verdict::secure, "the sound twin")};
    case wildcard_unproven:
      return {secure_answer("any.wild." + apex, "A", {catalogue.a_of("*.wild." + apex)}, "the sound twin")};
    case alias_unproven:
      return {secure_answer("www.old." + apex, "A",
                            {"new." + apex, "www.new." + apex, catalogue.a_of("www.new." + apex)}, "the sound twin")};
    default:
      return {secure_answer(www, "A", {catalogue.a_of(www)}, "the sound twin")};
  }
}

void impair(ZoneSpec& zone, Flaw flaw) {
  if (flaw == Flaw::dnskey_unreachable) { zone.impairments = {"type=DNSKEY rcode=SERVFAIL"}; }
  if (flaw == Flaw::ds_unreachable) { zone.impairments = {"type=DS rcode=SERVFAIL"}; }
  if (flaw == Flaw::alias_unproven) { zone.impairments = {"cname=elsewhere." + zone.apex}; }
}

// The faults that people meet.
bool is_worth_showing(Flaw flaw) {
  using enum Flaw;
  switch (flaw) {
    case ds_dnskey_mismatch:
    case dnskey_absent:
    case rrsig_missing:
    case rrsig_expired:
    case rrsig_not_yet_valid:
    case rrsig_invalid:
    case nsec_missing:
    case nsec3_cost:
    case alg_unsupported:
      return true;
    default:
      return false;
  }
}

void add_pair(Catalogue& catalogue, const FlawFacts& facts, int number) {
  std::string label(facts.reason);
  std::ranges::replace(label, '_', '-');
  const std::string apex = label + ".nsec3.";
  const std::string twin_apex = "ok-" + apex;

  const std::string address = fmt::format("127.4.{}.1", number);
  ZoneSpec broken = shaped(catalogue, facts.flaw, apex, std::string(facts.about), address);
  broken.flaw = facts.flaw;
  if (facts.flaw == Flaw::nsec3_cost) { broken.nsec3_iterations = kCostlyIterations; }
  impair(broken, facts.flaw);
  broken.expectations = broken_expectations(catalogue, facts.flaw, apex);
  broken.expectations[0].example = is_worth_showing(facts.flaw);
  catalogue.add(std::move(broken));

  const std::string twin_address = fmt::format("127.5.{}.1", number);
  ZoneSpec twin = shaped(catalogue, facts.flaw, twin_apex, fmt::format("the sound twin of {}", apex), twin_address);
  if (facts.flaw == Flaw::nsec3_cost) { twin.nsec3_iterations = kToleratedIterations; }
  twin.has_honest_key_collision = facts.flaw == Flaw::work_limit;
  twin.expectations = sound_expectations(catalogue, facts.flaw, twin_apex);
  twin.expectations[0].example = facts.flaw == Flaw::rrsig_expired;
  catalogue.add(std::move(twin));

  if (has_child(facts.flaw)) {
    add_child(catalogue, facts.flaw, apex, address, fmt::format("127.4.{}.2", number));
    add_child(catalogue, facts.flaw, twin_apex, twin_address, fmt::format("127.5.{}.2", number));
  }
}

void add_whole_zone_flaws(Catalogue& catalogue) {
  ZoneSpec& expired = catalogue.add(signed_zone(
      "expired.nsec.", "every signature, the key set's too, ran out three days before the build", "127.4.100.1"));
  expired.flaw = Flaw::whole_zone_expired;
  expired.records = {catalogue.a_record("www.expired.nsec.")};
  expired.expectations = {
      as_example(bogus("www.expired.nsec.", "A", expired.flaw, "expired.nsec.", "the usual accident"))};
  ZoneSpec& silent =
      catalogue.add(signed_zone("dnskey-timeout.nsec.", "silent to DNSKEY and to nothing else", "127.4.100.2"));
  silent.impairments = {"type=DNSKEY drop=1 tcp=silent"};
  silent.records = {catalogue.a_record("www.dnskey-timeout.nsec.")};
  silent.expectations = {bogus("www.dnskey-timeout.nsec.", "A", Flaw::dnskey_unreachable, "dnskey-timeout.nsec.",
                               "the key set times out")};
}

}  // namespace

void add_flaw_zones(Catalogue& catalogue) {
  int number = 0;
  for (const FlawFacts& facts : catalogued_flaws()) { add_pair(catalogue, facts, ++number); }
  add_whole_zone_flaws(catalogue);
}

}  // namespace vouch::lab
