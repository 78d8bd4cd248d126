#include "resolver/wire/verdict.h"

#include <algorithm>
#include <ctime>

namespace vouch {

namespace {

struct ReasonInfo {
  Reason reason;
  std::string_view id;
  std::optional<Ede> ede;
};

// In the order of the enumeration; checked below.
constexpr std::array<ReasonInfo, kReasons> kReasonTable{{
    {Reason::none, "", std::nullopt},
    {Reason::ds_dnskey_mismatch, "ds_dnskey_mismatch", Ede::dnskey_missing},
    {Reason::dnskey_absent, "dnskey_absent", Ede::dnskey_missing},
    {Reason::sep_not_signing, "sep_not_signing", Ede::dnssec_bogus},
    {Reason::dnskey_unreachable, "dnskey_unreachable", Ede::no_reachable_authority},
    {Reason::ds_unreachable, "ds_unreachable", Ede::no_reachable_authority},
    {Reason::dnskey_no_zone_bit, "dnskey_no_zone_bit", Ede::no_zone_key_bit},
    {Reason::dnskey_revoked, "dnskey_revoked", Ede::dnssec_bogus},
    {Reason::dnskey_bad_protocol, "dnskey_bad_protocol", Ede::dnssec_bogus},
    {Reason::ds_self_signed, "ds_self_signed", Ede::dnssec_bogus},
    {Reason::no_ds_proof_invalid, "no_ds_proof_invalid", Ede::nsec_missing},
    {Reason::rrsig_missing, "rrsig_missing", Ede::rrsigs_missing},
    {Reason::rrsig_expired, "rrsig_expired", Ede::signature_expired},
    {Reason::rrsig_not_yet_valid, "rrsig_not_yet_valid", Ede::signature_not_yet_valid},
    {Reason::rrsig_window_inverted, "rrsig_window_inverted", Ede::signature_expired_before_valid},
    {Reason::rrsig_invalid, "rrsig_invalid", Ede::dnssec_bogus},
    {Reason::rrsig_unknown_key, "rrsig_unknown_key", Ede::dnssec_bogus},
    {Reason::rrsig_wrong_signer, "rrsig_wrong_signer", Ede::dnssec_bogus},
    {Reason::rrsig_malformed, "rrsig_malformed", Ede::dnssec_bogus},
    {Reason::nsec_missing, "nsec_missing", Ede::nsec_missing},
    {Reason::nsec_not_proving, "nsec_not_proving", Ede::dnssec_bogus},
    {Reason::wildcard_unproven, "wildcard_unproven", Ede::nsec_missing},
    {Reason::alias_unproven, "alias_unproven", Ede::dnssec_bogus},
    {Reason::nsec3_cost, "nsec3_cost", Ede::unsupported_nsec3_iterations},
    {Reason::work_limit, "work_limit", Ede::other},
    {Reason::alg_unsupported, "alg_unsupported", Ede::unsupported_dnskey_algorithm},
    {Reason::ds_digest_unsupported, "ds_digest_unsupported", Ede::unsupported_ds_digest},
    {Reason::clock_untrusted, "clock_untrusted", Ede::not_ready},
    {Reason::anchor_mismatch, "anchor_mismatch", Ede::dnskey_missing},
    {Reason::path_strips_dnssec, "path_strips_dnssec", Ede::rrsigs_missing},
    {Reason::test_zone, "test_zone", Ede::dnssec_bogus},
    {Reason::negative_anchor, "negative_anchor", Ede::negative_trust_anchor},
    {Reason::no_anchor, "no_anchor", std::nullopt},
}};

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kReasonTable.size(); ++i) {
    if (static_cast<std::size_t>(kReasonTable[i].reason) != i) { return false; }
  }
  return true;
}
static_assert(is_in_order());

std::string date_text(UnixTime time) {
  const std::time_t seconds = static_cast<std::time_t>(time);
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) { return "?"; }
  char text[16];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d", &parts)};
}

}  // namespace

std::string_view reason_id(Reason reason) noexcept { return kReasonTable[static_cast<std::size_t>(reason)].id; }

std::optional<Ede> ede_of(Reason reason) noexcept { return kReasonTable[static_cast<std::size_t>(reason)].ede; }

std::optional<Reason> parse_reason(std::string_view id) noexcept {
  const auto found = std::ranges::find(kReasonTable, id, &ReasonInfo::id);
  if (found == kReasonTable.end() || id.empty()) { return std::nullopt; }
  return found->reason;
}

std::string Verdict::text() const {
  if (reason_ == Reason::none) { return {}; }
  std::string text(reason_id(reason_));
  std::string tail;
  if (has_key_) { tail += " key=" + std::to_string(key_tag_) + " alg=" + std::to_string(algorithm_); }
  if (time_) { tail += (reason_ == Reason::rrsig_not_yet_valid ? " from=" : " since=") + date_text(*time_); }
  if (reason_ != Reason::no_anchor) {
    // A zone's name may take 1003 characters: what does not fit is cut from its left, where the fault is not. The case
    // is whoever's the name was learnt from; in lower case equal causes look equal.
    Name lower = zone_;
    lower.lower_case();
    const std::string zone = lower.text();
    constexpr std::string_view kZone = " zone=";
    const std::size_t room = kMaxText - text.size() - kZone.size() - tail.size();
    text += kZone;
    text += zone.size() <= room ? zone : "..." + zone.substr(zone.size() - (room - 3));
  }
  return text + tail;
}

int rank(Security security) noexcept {
  switch (security) {
    case Security::bogus:
      return 0;
    case Security::indeterminate:
      return 1;
    case Security::unchecked:
      return 2;
    case Security::insecure:
      return 3;
    case Security::secure:
      return 4;
  }
  return 0;
}

const Verdict& weaker(const Verdict& first, const Verdict& second) noexcept {
  return rank(second.security()) < rank(first.security()) ? second : first;
}

}  // namespace vouch
