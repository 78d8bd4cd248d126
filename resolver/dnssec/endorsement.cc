// Which of a zone's keys its parent, or an anchor, vouches for (RFC 4035 section 5.2).
#include <algorithm>
#include <array>

#include "resolver/dnssec/trace.h"

namespace vouch {

namespace {

constexpr std::uint8_t kDnssecProtocol = 3;

bool is_usable(const DsView& ds, Sha1Policy sha1) noexcept {
  return is_supported_algorithm(ds.algorithm, sha1) && is_supported_digest(ds.digest_type);
}

int strength(std::uint8_t digest_type) noexcept {
  switch (digest_type) {
    case 4:  // SHA-384
      return 3;
    case 2:  // SHA-256
      return 2;
    case 1:  // SHA-1
      return 1;
    default:
      return 0;
  }
}

// The DS that count: usable, kMaxDs of them; SHA-1 only where nothing stronger is (RFC 4509 section 3), and for one key
// its strongest. Another key's stronger DS says nothing of this one: a standby key may come with a newer digest.
class UsableDs {
 public:
  UsableDs(std::span<const Bytes> all, Sha1Policy sha1) noexcept {
    std::uint8_t strongest = 0;
    for (const Bytes rdata : all) {
      const auto ds = ds_view(rdata);
      if (ds && is_usable(*ds, sha1) && strength(ds->digest_type) > strength(strongest)) {
        strongest = ds->digest_type;
      }
    }
    for (const Bytes rdata : all) {
      const auto ds = ds_view(rdata);
      if (ds && is_usable(*ds, sha1) && is_wanted(*ds, all, strongest, sha1) && count_ < kMaxDs) {
        ds_[count_++] = *ds;
      }
    }
  }
  std::span<const DsView> list() const noexcept { return {ds_.data(), count_}; }

 private:
  static bool is_wanted(const DsView& ds, std::span<const Bytes> all, std::uint8_t strongest,
                        Sha1Policy sha1) noexcept {
    constexpr std::uint8_t kSha1Digest = 1;
    if (ds.digest_type == kSha1Digest) { return strongest == kSha1Digest; }
    return std::ranges::none_of(all, [&](Bytes rdata) {
      const auto other = ds_view(rdata);
      return other && is_usable(*other, sha1) && other->tag == ds.tag && other->algorithm == ds.algorithm &&
             strength(other->digest_type) > strength(ds.digest_type);
    });
  }
  std::array<DsView, kMaxDs> ds_{};
  std::size_t count_ = 0;
};

// Whether keys are those of an endorsement, as long as the zone is worth the work.
class Matcher {
 public:
  Matcher(const Endorsement& endorsement, NameView zone, Sha1Policy sha1) noexcept
      : anchors_(endorsement.dnskeys), ds_(endorsement.ds, sha1), zone_(zone), sha1_(sha1) {}

  bool is_endorsed(const DnskeyView& key, std::uint16_t tag, Bytes rdata) {
    return is_supported_algorithm(key.algorithm, sha1_) && (is_anchor(key) || has_ds(key, tag, rdata));
  }
  bool gave_up() const noexcept { return gave_up_; }
  // What was looked for in vain; null when there was nothing.
  const DsView* first_ds() const noexcept { return ds_.list().empty() ? nullptr : ds_.list().data(); }

 private:
  // Whether or not it is revoked: that it was trusted makes the revocation worth telling.
  bool is_anchor(const DnskeyView& key) const noexcept {
    return std::ranges::any_of(anchors_, [&](Bytes rdata) {
      const auto anchor = dnskey_view(rdata);
      return anchor && ((anchor->flags ^ key.flags) & ~kRevokedFlag) == 0 && anchor->protocol == key.protocol &&
             anchor->algorithm == key.algorithm && std::ranges::equal(anchor->key, key.key);
    });
  }
  bool has_ds(const DnskeyView& key, std::uint16_t tag, Bytes rdata) {
    for (const DsView& ds : ds_.list()) {
      if (ds.tag != tag || ds.algorithm != key.algorithm) { continue; }
      gave_up_ = gave_up_ || failures_ == kMaxDigestFailures;
      if (gave_up_) { return false; }
      if (matches(ds, zone_, rdata)) { return true; }
      ++failures_;
    }
    return false;
  }
  std::span<const Bytes> anchors_;
  UsableDs ds_;
  NameView zone_;
  Sha1Policy sha1_;
  std::size_t failures_ = 0;
  bool gave_up_ = false;
};

Reason flaw_of(const DnskeyView& key) noexcept {
  if (!key.has_zone_bit()) { return Reason::dnskey_no_zone_bit; }
  if (key.is_revoked()) { return Reason::dnskey_revoked; }
  return key.protocol == kDnssecProtocol ? Reason::none : Reason::dnskey_bad_protocol;
}

struct EndorsedKeys {
  std::vector<const ZoneKey*> keys;
  std::vector<std::size_t> indexes;  // only where it is traced: of all that are vouched for, usable or not
  Verdict when_none;                 // why there is none
};

EndorsedKeys find_endorsed(const RRset& dnskeys, const KeySet& usable, Matcher& matcher, bool is_traced) {
  EndorsedKeys found;
  std::size_t index = 0;
  for (const Bytes rdata : dnskeys.rdata()) {
    const std::size_t here = index++;
    const auto view = dnskey_view(rdata);
    const std::uint16_t tag = key_tag(rdata);
    if (!view || !matcher.is_endorsed(*view, tag, rdata)) { continue; }
    if (is_traced) { found.indexes.push_back(here); }
    const Reason flaw = flaw_of(*view);
    if (flaw != Reason::none) {
      if (!found.when_none.is_bogus()) {
        found.when_none = Verdict::bogus(flaw, dnskeys.owner()).with_key(tag, view->algorithm);
      }
      continue;
    }
    const auto key = std::ranges::find(usable.keys(), here, [](const auto& one) { return std::size_t{one->index()}; });
    if (key != usable.keys().end()) { found.keys.push_back(key->get()); }
  }
  if (!found.when_none.is_bogus()) {
    found.when_none =
        Verdict::bogus(matcher.gave_up() ? Reason::work_limit : Reason::ds_dnskey_mismatch, dnskeys.owner());
    if (const DsView* ds = matcher.first_ds()) { found.when_none.with_key(ds->tag, ds->algorithm); }
  }
  return found;
}

// The set has signatures, and none by a key that is vouched for.
bool is_signed_by_others(Reason reason, const RRset& dnskeys) noexcept {
  return reason == Reason::rrsig_unknown_key || (reason == Reason::rrsig_missing && dnskeys.signature_count() > 0);
}

}  // namespace

std::optional<Reason> why_unusable(const Endorsement& endorsement, Sha1Policy sha1) noexcept {
  // Nothing at all, or only what is malformed, is no proof of anything: it makes no zone insecure.
  bool is_any = false, is_any_algorithm = false;
  for (const Bytes rdata : endorsement.dnskeys) {
    const auto key = dnskey_view(rdata);
    if (!key) { continue; }
    is_any = true;
    if (is_supported_algorithm(key->algorithm, sha1)) { return std::nullopt; }
  }
  for (const Bytes rdata : endorsement.ds) {
    const auto ds = ds_view(rdata);
    if (!ds) { continue; }
    is_any = true;
    if (is_usable(*ds, sha1)) { return std::nullopt; }
    is_any_algorithm = is_any_algorithm || is_supported_algorithm(ds->algorithm, sha1);
  }
  if (!is_any) { return std::nullopt; }
  return is_any_algorithm ? Reason::ds_digest_unsupported : Reason::alg_unsupported;
}

namespace {

KeysResult authenticate(const RRset& dnskeys, KeySetPtr keys, const EndorsedKeys& endorsed, const SignatureTime& time,
                        Budget& budget) {
  if (endorsed.keys.empty()) { return {.verdict = endorsed.when_none}; }
  const SignatureResult result = verify(dnskeys, *keys, endorsed.keys, time, budget);
  if (result.verdict.is_secure()) { return {Verdict::secure(), std::move(keys), result.ttl}; }
  if (is_signed_by_others(result.verdict.reason(), dnskeys)) {
    const ZoneKey& expected = *endorsed.keys.front();
    return {
        .verdict =
            Verdict::bogus(Reason::sep_not_signing, dnskeys.owner()).with_key(expected.tag(), expected.algorithm())};
  }
  return {.verdict = result.verdict};
}

}  // namespace

KeysResult authenticate_keys(const RRset& dnskeys, const Endorsement& endorsement, Sha1Policy sha1,
                             const SignatureTime& time, Budget& budget) {
  KeySetPtr keys = KeySet::make(dnskeys, sha1);
  Matcher matcher(endorsement, dnskeys.owner(), sha1);
  const EndorsedKeys endorsed = find_endorsed(dnskeys, *keys, matcher, budget.trace() != nullptr);
  KeysResult result = authenticate(dnskeys, std::move(keys), endorsed, time, budget);
  if (Trace* const trace = budget.trace()) {
    trace->note_keys(dnskeys, endorsement, sha1, endorsed.indexes, result.verdict);
  }
  return result;
}

}  // namespace vouch
