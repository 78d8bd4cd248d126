#include "tests/lab/breaker.h"

#include "tests/lab/keys.h"
#include "tests/lab/names.h"

namespace vouch::lab {

namespace {

// Flaws of single RRsets show at this name; the rest of the zone stays sound, so that a test can see that the verdict
// is about the data and the zone at fault is still the zone.
bool is_the_broken_name(const ZoneSpec& zone, const std::string& owner) { return owner == absolute("www", zone.apex); }

constexpr std::size_t kDsKeyTag = 0;
constexpr std::size_t kDsAlgorithm = 1;
constexpr std::size_t kDsDigestType = 2;
constexpr std::size_t kDsDigest = 3;

void set_field(ldns_rr* record, ldns_rdf* value, std::size_t position) {
  const Rdf old(ldns_rr_set_rdf(record, value, position));
}

SignaturePlan plan_at_broken_name(Flaw flaw) {
  using enum Flaw;
  switch (flaw) {
    case rrsig_missing:
      return {.omit = true};
    case rrsig_expired:
      return {.window = Window::expired};
    case rrsig_not_yet_valid:
      return {.window = Window::not_yet_valid};
    case rrsig_window_inverted:
      return {.window = Window::inverted};
    case rrsig_invalid:
      return {.tampering = Tampering::other_data};
    case rrsig_unknown_key:
      return {.signer = Signer::stranger};
    case rrsig_malformed:
      return {.tampering = Tampering::too_many_labels};
    case work_limit:
      return {.tampering = Tampering::noise, .copies = kKeyTrapSize};
    default:
      return {};
  }
}

}  // namespace

KeyFlags key_flags_for(Flaw flaw) {
  KeyFlags sound = {.ksk_flags = kZoneKeyFlag | kSepFlag, .ksk_protocol = kDnssecProtocol};
  if (flaw == Flaw::dnskey_no_zone_bit) { sound.ksk_flags = kSepFlag; }
  if (flaw == Flaw::dnskey_revoked) { sound.ksk_flags = kZoneKeyFlag | kSepFlag | kRevokeFlag; }
  if (flaw == Flaw::dnskey_bad_protocol) { sound.ksk_protocol = 5; }
  return sound;
}

SignaturePlan signature_plan(const ZoneSpec& zone, const std::string& owner, std::uint16_t type) {
  using enum Flaw;
  const bool key_set = type == LDNS_RR_TYPE_DNSKEY;
  if (zone.trap.signatures > 0 && owner == absolute("*", zone.apex) && type == LDNS_RR_TYPE_A) {
    return {.tampering = Tampering::noise, .copies = zone.trap.signatures};
  }
  if (zone.flaw == alg_unsupported) { return {.tampering = Tampering::noise, .shown_algorithm = kUnknownAlgorithm}; }
  if (zone.flaw == whole_zone_expired) { return {.window = Window::expired}; }
  if (zone.flaw == whole_zone_unknown_key && !key_set) { return {.signer = Signer::stranger}; }
  if (zone.flaw == sep_not_signing && key_set) { return {.signer = Signer::zsk_only}; }
  if (zone.flaw == ds_self_signed && type == LDNS_RR_TYPE_DS) {
    return {.signer = Signer::other_zone, .other_zone = owner};
  }
  if (!is_the_broken_name(zone, owner)) { return {}; }
  if (zone.flaw == rrsig_wrong_signer) {
    // The twin stands beside us: its signature is genuine, only it has no say here.
    return {.signer = Signer::other_zone, .other_zone = "ok-" + zone.apex};
  }
  const bool covers_denial = type == LDNS_RR_TYPE_NSEC || type == LDNS_RR_TYPE_NSEC3;
  return covers_denial ? SignaturePlan{} : plan_at_broken_name(zone.flaw);
}

int colliding_keys(const ZoneSpec& zone) {
  if (zone.flaw == Flaw::work_limit) { return kKeyTrapSize; }
  if (zone.trap.keys > 0) { return zone.trap.keys; }
  // The twin shows that one honest collision, which happens by chance in the wild, still validates.
  return zone.has_honest_key_collision ? 1 : 0;
}

void break_ds(const ZoneSpec& child, ldns_rr* ds, const ldns_rr* other) {
  if (child.flaw == Flaw::ds_dnskey_mismatch) {
    set_field(ds, ldns_rdf_clone(ldns_rr_rdf(other, kDsKeyTag)), kDsKeyTag);
    set_field(ds, ldns_rdf_clone(ldns_rr_rdf(other, kDsDigest)), kDsDigest);
  }
  if (child.flaw == Flaw::alg_unsupported) {
    set_field(ds, ldns_native2rdf_int8(LDNS_RDF_TYPE_ALG, kUnknownAlgorithm), kDsAlgorithm);
  }
  if (child.flaw == Flaw::ds_digest_unsupported) {
    set_field(ds, ldns_native2rdf_int8(LDNS_RDF_TYPE_INT8, kUnknownDigest), kDsDigestType);
  }
}

}  // namespace vouch::lab
