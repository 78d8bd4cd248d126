// Whether an RRset was signed by a zone's keys (RFC 4035 section 5.3), and whether a zone's own DNSKEY RRset is the one
// that its parent or an anchor vouches for (section 5.2). Pure: time, keys and budget are arguments.
#pragma once

#include "resolver/base/budget.h"
#include "resolver/dnssec/key_set.h"
#include "resolver/wire/verdict.h"

namespace vouch {

// When it is, as far as signatures care.
struct SignatureTime {
  UnixTime now = 0;
  std::uint32_t skew = 0;   // seconds that both ends of every signature's time are stretched by
  bool is_ignored = false;  // the window is not looked at: for the second look, and while the clock is wrong
};

struct SignatureResult {
  Verdict verdict;  // secure, or bogus with zone = the keys' zone
  // When secure:
  std::uint8_t labels = 0;  // of the RRSIG: fewer than the owner's (a leading "*" not counted) means that the set was
                            // expanded from the wildcard at the owner's rightmost `labels` labels
  std::uint32_t ttl = 0;    // seconds that it may live: the least of its TTL, its original TTL and what is left of the
                            // signature's time (RFC 4035 section 5.3.3)
  bool is_wildcard_expansion = false;
  std::uint8_t algorithm = 0;              // IANA's number, of the signature that held; others beside it may be forged
  UnixTime inception = 0, expiration = 0;  // likewise
};

// At most this many checks of one RRset may fail (threats: KeyTrap); a third signature is not tried.
constexpr std::uint32_t kMaxFailuresPerRRset = 2;

// Checks the set's signatures against the zone's keys until one holds. When none does, the verdict's reason is that of
// the signature that came furthest: invalid > expired > not yet valid > window inverted > unknown key > wrong signer >
// malformed > missing; `work_limit` when the budget ends first, or when more than KeySet::kMaxKeysPerTag keys have the
// signature's tag and none of the first made it. A signature counts only when its signer is exactly
// `keys.zone()`, at or above the owner; its labels are neither more than the owner's nor fewer than the signer's
// (CVE-2026-44690); and it covers the type. Of those that count, the cheapest algorithm is tried first. Thread-safe.
SignatureResult verify(const RRset& rrset, const KeySet& keys, const SignatureTime& time, Budget& budget);
// Only by some of the zone's keys.
SignatureResult verify(const RRset& rrset, const KeySet& keys, std::span<const ZoneKey* const> by,
                       const SignatureTime& time, Budget& budget);

// What vouches for a zone's keys: the parent's DS set, or a trust anchor's DS and DNSKEY records.
struct Endorsement {
  std::span<const Bytes> ds;       // DS RDATA
  std::span<const Bytes> dnskeys;  // DNSKEY RDATA, of an anchor
};

// Before the keys are fetched: whether anything in the endorsement can be used here. Nothing when it can; else why the
// zone is insecure: alg_unsupported or ds_digest_unsupported. Only DS of the strongest usable digest count (RFC 4509
// section 3: SHA-1 is ignored beside SHA-256 or SHA-384).
std::optional<Reason> why_unusable(const Endorsement& endorsement, Sha1Policy sha1) noexcept;

struct KeysResult {
  Verdict verdict;           // secure, or bogus with the zone at fault: the set's owner
  KeySetPtr keys = nullptr;  // when secure: all usable keys of the set
  std::uint32_t ttl = 0;
};
// RFC 4035 section 5.2: some DNSKEY matches the endorsement, may be used (zone bit, protocol, not revoked), and its
// signature over the whole set holds. Reasons: ds_dnskey_mismatch, dnskey_no_zone_bit, dnskey_revoked,
// dnskey_bad_protocol, sep_not_signing (a key matches but no valid signature by it: expired and not-yet-valid ones are
// told as such), rrsig_*, work_limit.
KeysResult authenticate_keys(const RRset& dnskeys, const Endorsement& endorsement, Sha1Policy sha1,
                             const SignatureTime& time, Budget& budget);
constexpr std::size_t kMaxDs = 8;              // of one zone that are looked at (PowerDNS's limit)
constexpr std::size_t kMaxDigestFailures = 4;  // digests computed in vain (Unbound's limit)

}  // namespace vouch
