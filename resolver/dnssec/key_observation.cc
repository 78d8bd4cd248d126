#include "resolver/dnssec/key_observation.h"

#include "resolver/dnssec/canonical_form.h"

namespace vouch {

namespace {

constexpr std::uint8_t kProtocol = 3;  // RFC 4034 section 2.1.2

bool is_in_time(const RrsigView& signature, const SignatureTime& time) {
  const UnixTime from = moment_of(signature.inception, time.now), to = moment_of(signature.expiration, time.now);
  return from <= to && from - time.skew <= time.now && time.now <= to + time.skew;
}

// The signatures of the set that may count for a key of that tag.
template <typename Visit>
void for_each_signature(const RRset& dnskeys, std::uint16_t tag, std::uint8_t algorithm, const SignatureTime& time,
                        Visit visit) {
  for (const Bytes rdata : dnskeys.signatures()) {
    const auto signature = rrsig_view(rdata);
    if (!signature || signature->covered != Type::DNSKEY || signature->key_tag != tag ||
        signature->algorithm != algorithm || signature->labels != dnskeys.owner().labels() ||
        !(signature->signer == dnskeys.owner()) || !is_in_time(*signature, time)) {
      continue;
    }
    if (visit(rdata, *signature)) { return; }
  }
}

// The signature over the set that this key of it made; nothing when there is none that holds. A REVOKE bit does not
// matter: the tag in the signature is that of the key as it stands in the set.
std::optional<RrsigView> signature_by(Bytes dnskey, const RRset& dnskeys, const SignatureTime& time, Budget& budget) {
  const auto view = dnskey_view(dnskey);
  if (!view || !view->has_zone_bit() || view->protocol != kProtocol) { return std::nullopt; }
  const auto key = PublicKey::make(view->algorithm, view->key);
  if (!key) { return std::nullopt; }
  std::optional<RrsigView> found;
  std::uint32_t failures = 0;
  CanonicalForm form;
  form.begin(dnskeys);
  for_each_signature(dnskeys, key_tag(dnskey), view->algorithm, time, [&](Bytes rdata, const RrsigView& signature) {
    if (failures == kMaxFailuresPerRRset || !budget.take_signature_check(verification_cost(view->algorithm))) {
      return true;
    }
    if (key->verifies(form.signed_data(signature, rdata), signature.signature)) {
      found = signature;
      return true;
    }
    ++failures;
    budget.note_failed_check();
    return false;
  });
  return found;
}

std::vector<Bytes> views_of(const std::vector<Buffer>& rdatas) { return {rdatas.begin(), rdatas.end()}; }

Verdict judge(const RRset& dnskeys, const AnchorSet::Point& trusted, Sha1Policy sha1, const SignatureTime& time,
              Budget& budget) {
  if (trusted.empty()) { return Verdict::insecure(Reason::no_anchor, dnskeys.owner()); }
  const std::vector<Bytes> ds = views_of(trusted.ds);
  const std::vector<Bytes> keys = views_of(trusted.dnskeys);
  const Endorsement endorsement{.ds = ds, .dnskeys = keys};
  if (const auto why = why_unusable(endorsement, sha1)) { return Verdict::insecure(*why, dnskeys.owner()); }
  return authenticate_keys(dnskeys, endorsement, sha1, time, budget).verdict;
}

// Original TTL and expiry as the first signature by a key that the point knows tells them; when none can be checked
// any more, as if it ended now: the next look comes soon, and nothing else hangs on it.
void take_times(const RRset& dnskeys, const TrustPoint& point, const SignatureTime& time, Budget& budget,
                KeyObservation& seen) {
  seen.original_ttl = dnskeys.ttl();
  seen.expires = time.now;
  for (const Bytes rdata : dnskeys.rdata()) {
    const auto view = dnskey_view(rdata);
    if (!view || view->is_revoked() || !point.is_relied_on(rdata)) { continue; }
    if (const auto signature = signature_by(rdata, dnskeys, time, budget)) {
      seen.original_ttl = signature->original_ttl;
      seen.expires = moment_of(signature->expiration, time.now);
      return;
    }
  }
}

}  // namespace

KeyLook look_at_keys(const RRset& dnskeys, const TrustPoint& point, Sha1Policy sha1, const SignatureTime& time,
                     Budget& budget) {
  const SignatureTime strict{.now = time.now, .skew = time.skew, .is_ignored = false};
  KeyLook look{.seen = {}, .verdict = judge(dnskeys, point.trusted(), sha1, strict, budget)};
  look.seen.at = time.now;
  look.seen.is_validated = look.verdict.is_secure();
  if (look.seen.is_validated) { take_times(dnskeys, point, strict, budget, look.seen); }
  std::size_t looked_at = 0;
  for (const Bytes rdata : dnskeys.rdata()) {
    if (++looked_at > KeySet::kMaxKeys) { break; }
    const auto view = dnskey_view(rdata);
    if (!view || !view->has_zone_bit() || view->protocol != kProtocol ||
        !is_supported_algorithm(view->algorithm, sha1)) {
      continue;
    }
    Buffer clear = without_revoke_bit(rdata);
    if (!view->is_revoked()) {
      look.seen.keys.push_back(std::move(clear));
    } else if (point.is_known(clear) && signature_by(rdata, dnskeys, strict, budget)) {
      look.seen.revoked.push_back(std::move(clear));
    }
  }
  return look;
}

}  // namespace vouch
