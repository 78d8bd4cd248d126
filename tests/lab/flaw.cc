#include "tests/lab/flaw.h"

namespace vouch::lab {

const std::vector<FlawFacts>& catalogued_flaws() {
  using enum Flaw;
  static const std::vector<FlawFacts> kFlaws = {
      {ds_dnskey_mismatch, "ds_dnskey_mismatch", "the DS at the parent belongs to a key the zone does not have"},
      {dnskey_absent, "dnskey_absent", "a DS at the parent, an unsigned zone without DNSKEY below it"},
      {sep_not_signing, "sep_not_signing", "the key of the DS is there but did not sign the key set"},
      {dnskey_unreachable, "dnskey_unreachable", "its server answers SERVFAIL to DNSKEY and to nothing else"},
      {ds_unreachable, "ds_unreachable", "parent of child.…; SERVFAIL to every DS question"},
      {dnskey_no_zone_bit, "dnskey_no_zone_bit", "the key of the DS lacks the Zone Key flag"},
      {dnskey_revoked, "dnskey_revoked", "the key of the DS carries the REVOKE flag"},
      {dnskey_bad_protocol, "dnskey_bad_protocol", "the key of the DS has a protocol other than 3"},
      {ds_self_signed, "ds_self_signed", "parent of child.…, whose DS the child signed by itself"},
      {no_ds_proof_invalid, "no_ds_proof_invalid", "parent of the unsigned child.…, without proof that it is unsigned"},
      {rrsig_missing, "rrsig_missing", "www has no signature"},
      {rrsig_expired, "rrsig_expired", "the signatures at www ran out three days before the build"},
      {rrsig_not_yet_valid, "rrsig_not_yet_valid", "the signatures at www begin a year after the build"},
      {rrsig_window_inverted, "rrsig_window_inverted", "the signatures at www end before they begin"},
      {rrsig_invalid, "rrsig_invalid", "www was changed after it was signed"},
      {rrsig_unknown_key, "rrsig_unknown_key", "www is signed by a key the zone does not publish"},
      {rrsig_wrong_signer, "rrsig_wrong_signer", "www is signed, correctly, by another zone"},
      {rrsig_malformed, "rrsig_malformed", "the signatures at www count more labels than the name has"},
      {nsec_missing, "nsec_missing", "no NSEC: a denial comes without proof"},
      {nsec_not_proving, "nsec_not_proving", "every NSEC covers nothing, so none proves that a name is absent"},
      {wildcard_unproven, "wildcard_unproven", "a wildcard answers, without proof that no closer name exists"},
      {alias_unproven, "alias_unproven", "the CNAME in the answer does not follow from the signed DNAME"},
      {nsec3_cost, "nsec3_cost", "NSEC3 with 500 further iterations: denials are insecure (RFC 9276)"},
      {work_limit, "work_limit", "KeyTrap: 60 keys of one tag times 60 false signatures at www"},
      {alg_unsupported, "alg_unsupported", "signed with algorithm 100, which nobody has: insecure"},
      {ds_digest_unsupported, "ds_digest_unsupported", "a DS with digest type 200, which nobody has: insecure"},
  };
  return kFlaws;
}

std::string_view reason_of(Flaw flaw) {
  if (flaw == Flaw::whole_zone_expired) { return "rrsig_expired"; }
  if (flaw == Flaw::whole_zone_unknown_key) { return "rrsig_unknown_key"; }
  for (const FlawFacts& facts : catalogued_flaws()) {
    if (facts.flaw == flaw) { return facts.reason; }
  }
  return "";
}

}  // namespace vouch::lab
