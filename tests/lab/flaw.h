#pragma once

#include <string_view>
#include <vector>

namespace vouch::lab {

// What is wrong with a zone, by the name of the reason a validator should give. One for each reason that a zone, and
// not the network or the resolver's own set-up, can cause.
enum class Flaw {
  none,
  ds_dnskey_mismatch,
  dnskey_absent,
  sep_not_signing,
  dnskey_unreachable,
  ds_unreachable,
  dnskey_no_zone_bit,
  dnskey_revoked,
  dnskey_bad_protocol,
  ds_self_signed,
  no_ds_proof_invalid,
  rrsig_missing,
  rrsig_expired,
  rrsig_not_yet_valid,
  rrsig_window_inverted,
  rrsig_invalid,
  rrsig_unknown_key,
  rrsig_wrong_signer,
  rrsig_malformed,
  nsec_missing,
  nsec_not_proving,
  wildcard_unproven,
  alias_unproven,
  nsec3_cost,
  work_limit,
  alg_unsupported,
  ds_digest_unsupported,
  // The same faults at the size people meet them: not one RRset but a whole zone.
  whole_zone_expired,      // every signature, the key set's too, ran out
  whole_zone_unknown_key,  // a failed roll: everything but the key set is signed by a key nobody published
};

struct FlawFacts {
  Flaw flaw;
  std::string_view reason;  // the stable id of the reason, as telemetry and EDE EXTRA-TEXT carry it
  std::string_view about;   // one line for `vouch-lab list`
};

// All that have a zone and a twin of their own, in the order of the enumeration.
const std::vector<FlawFacts>& catalogued_flaws();

std::string_view reason_of(Flaw flaw);

}  // namespace vouch::lab
