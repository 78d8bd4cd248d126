// What is known of the security of a piece of data, and why (RFC 4033 section 5, RFC 4035 section 4.3). It travels with
// the data: from the validator into the cache and from there to the client and the counters.
#pragma once

#include <array>
#include <cassert>
#include <optional>
#include <string>

#include "resolver/base/address.h"
#include "resolver/base/clock.h"
#include "resolver/wire/name.h"
#include "resolver/wire/types.h"

namespace vouch {

// `unchecked` data has met no validator (validation is off, or the client said CD).
enum class Security : std::uint8_t {
  unchecked,
  indeterminate,
  bogus,
  insecure,
  secure,
};

// Why a verdict is not "secure". The ids (reason_id) are stable: metrics, EXTRA-TEXT and documents name them.
// docs/dnssec.md says what each means, and to whom.
enum class Reason : std::uint8_t {
  none,  // secure; or insecure without blemish: the delegation is proven to be unsigned
  // The chain from the parent to the zone's keys.
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
  // Signatures.
  rrsig_missing,
  rrsig_expired,
  rrsig_not_yet_valid,
  rrsig_window_inverted,
  rrsig_invalid,
  rrsig_unknown_key,
  rrsig_wrong_signer,
  rrsig_malformed,
  // Proofs of what is not there.
  nsec_missing,
  nsec_not_proving,
  wildcard_unproven,
  alias_unproven,
  // Work that is refused.
  nsec3_cost,
  work_limit,
  // What cannot be checked: insecure, not bogus.
  alg_unsupported,
  ds_digest_unsupported,
  // What is wrong on this side.
  clock_untrusted,
  anchor_mismatch,
  path_strips_dnssec,
  // Counted apart.
  test_zone,
  // Not a failure: the operator has switched validation off here (RFC 7646), or no anchor covers the name.
  negative_anchor,
  no_anchor,
};
constexpr std::size_t kReasons = static_cast<std::size_t>(Reason::no_anchor) + 1;

std::string_view reason_id(Reason reason) noexcept;  // "rrsig_expired"; "" for none
std::optional<Reason> parse_reason(std::string_view id) noexcept;
std::optional<Ede> ede_of(Reason reason) noexcept;  // RFC 8914; nothing when there is nothing to tell

// A bogus verdict cannot be made without a reason and a zone at fault; a secure one has neither. A plain value.
class [[nodiscard]] Verdict {
 public:
  Verdict() noexcept = default;  // unchecked
  static Verdict secure() noexcept { return Verdict(Security::secure, Reason::none, NameView()); }
  // `zone`: from where on down there is no security.
  static Verdict insecure(Reason why, NameView zone) noexcept { return Verdict(Security::insecure, why, zone); }
  static Verdict bogus(Reason why, NameView zone) noexcept {
    assert(why != Reason::none);
    return Verdict(Security::bogus, why, zone);
  }
  static Verdict indeterminate(Reason why, NameView zone) noexcept {
    return Verdict(Security::indeterminate, why, zone);
  }
  // Of data from the cache: what is left of the verdict when it was judged.
  static Verdict remembered(Security security, Reason why, NameView zone) noexcept {
    return Verdict(security, why, zone);
  }

  Security security() const noexcept { return security_; }
  bool is_secure() const noexcept { return security_ == Security::secure; }
  bool is_bogus() const noexcept { return security_ == Security::bogus; }
  Reason reason() const noexcept { return reason_; }
  NameView zone() const noexcept { return zone_; }  // the apex where the chain breaks
  std::optional<Ede> ede() const noexcept { return ede_of(reason_); }

  // What is known beside; each returns *this, so that a verdict is made in one expression.
  Verdict& with_key(std::uint16_t tag, std::uint8_t algorithm) noexcept {
    has_key_ = true;
    key_tag_ = tag;
    algorithm_ = algorithm;
    return *this;
  }
  Verdict& with_time(UnixTime time) noexcept {
    time_ = time;
    return *this;
  }
  Verdict& with_server(const IpAddress& server) noexcept {
    server_ = server;
    return *this;
  }
  bool has_key() const noexcept { return has_key_; }
  std::uint16_t key_tag() const noexcept { return key_tag_; }
  std::uint8_t algorithm() const noexcept { return algorithm_; }   // IANA's DNSSEC algorithm number
  std::optional<UnixTime> time() const noexcept { return time_; }  // expired since, valid from: by the reason
  const std::optional<IpAddress>& server() const noexcept { return server_; }  // who gave the data, when it is known

  // EXTRA-TEXT: "rrsig_expired zone=example.com. key=12345 since=2026-08-01". ASCII, at most kMaxText octets; nothing
  // that a sender wrote but the zone's name, escaped. Empty when there is no reason.
  static constexpr std::size_t kMaxText = 128;
  std::string text() const;

 private:
  Verdict(Security security, Reason reason, NameView zone) noexcept
      : security_(security), reason_(reason), zone_(zone) {}
  Security security_ = Security::unchecked;
  Reason reason_ = Reason::none;
  bool has_key_ = false;
  std::uint8_t algorithm_ = 0;
  std::uint16_t key_tag_ = 0;
  std::optional<UnixTime> time_;
  std::optional<IpAddress> server_;
  Name zone_;
};

// The weaker of two: an answer is as secure as the least of its parts, and the first cause found stands.
const Verdict& weaker(const Verdict& first, const Verdict& second) noexcept;
// bogus < indeterminate < unchecked < insecure < secure
int rank(Security security) noexcept;

}  // namespace vouch
