#include "telemetry/taxonomy.h"

namespace vouch {

std::size_t rcode_class(Rcode rcode) noexcept {
  switch (rcode) {
    case Rcode::no_error:
      return 0;
    case Rcode::format_error:
      return 1;
    case Rcode::server_failure:
      return 2;
    case Rcode::name_error:
      return 3;
    case Rcode::not_implemented:
      return 4;
    case Rcode::refused:
      return 5;
    case Rcode::bad_cookie:
      return 6;
    default:
      return kRcodeClasses - 1;
  }
}

// Of the criteria only one can be met by a verdict alone: that the root itself comes without signatures from several of
// its servers is the network's doing and no zone's.
Evidence evidence_of(Reason reason) noexcept {
  return reason == Reason::path_strips_dnssec ? Evidence::path_likely : Evidence::undetermined;
}

Fixer fixer_of(Reason reason) noexcept {
  switch (reason) {  // no default: a new reason does not compile until somebody is named here
    case Reason::ds_dnskey_mismatch:
    case Reason::dnskey_absent:
    case Reason::ds_digest_unsupported:
      return Fixer::registrar;
    case Reason::ds_unreachable:
    case Reason::ds_self_signed:
    case Reason::no_ds_proof_invalid:
      return Fixer::parent_operator;
    case Reason::sep_not_signing:
    case Reason::dnskey_unreachable:
    case Reason::dnskey_no_zone_bit:
    case Reason::dnskey_revoked:
    case Reason::dnskey_bad_protocol:
    case Reason::rrsig_missing:
    case Reason::rrsig_expired:
    case Reason::rrsig_not_yet_valid:
    case Reason::rrsig_window_inverted:
    case Reason::rrsig_invalid:
    case Reason::rrsig_unknown_key:
    case Reason::rrsig_wrong_signer:
    case Reason::rrsig_malformed:
    case Reason::nsec_missing:
    case Reason::nsec_not_proving:
    case Reason::wildcard_unproven:
    case Reason::alias_unproven:
    case Reason::nsec3_cost:
    case Reason::work_limit:
    case Reason::alg_unsupported:
      return Fixer::zone_operator;
    case Reason::clock_untrusted:
    case Reason::anchor_mismatch:
    case Reason::negative_anchor:
    case Reason::no_anchor:
      return Fixer::resolver_operator;
    case Reason::path_strips_dnssec:
      return Fixer::network;
    case Reason::none:
    case Reason::test_zone:
      return Fixer::nobody;
  }
  return Fixer::nobody;
}

}  // namespace vouch
