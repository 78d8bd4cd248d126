#include "resolver/zones/root_verification.h"

#include <algorithm>
#include <limits>

#include "resolver/zones/zonemd.h"

namespace vouch {

namespace {

std::vector<Bytes> views(const std::vector<Buffer>& all) { return {all.begin(), all.end()}; }

std::expected<KeySetPtr, std::string> authenticated_keys(const Zone& zone, const RootTerms& terms,
                                                         const SignatureTime& time, Budget& budget) {
  const AnchorSet::Point* const point = terms.anchors.closest(NameView());
  if (point == nullptr) { return std::unexpected(std::string("no trust anchor for the root is configured")); }
  const RRsetPtr dnskeys = zone.rrset(NameView(), Type::DNSKEY);
  if (dnskeys == nullptr) { return std::unexpected(std::string("it has no DNSKEY records")); }
  const std::vector<Bytes> ds = views(point->ds), keys = views(point->dnskeys);
  const Endorsement endorsement{.ds = ds, .dnskeys = keys};
  if (const auto why = why_unusable(endorsement, terms.sha1)) {
    return std::unexpected("the trust anchor of the root cannot be used: " + std::string(reason_id(*why)));
  }
  budget.begin_response();
  KeysResult result = authenticate_keys(*dnskeys, endorsement, terms.sha1, time, budget);
  if (!result.verdict.is_secure()) {
    return std::unexpected("its DNSKEY records do not fit the trust anchor: " + result.verdict.text());
  }
  return std::move(result.keys);
}

}  // namespace

std::expected<UnixTime, std::string> verify_root(const Zone& zone, const RootTerms& terms) {
  if (!zone.apex().is_root()) { return std::unexpected("it is the zone " + zone.apex().text()); }
  Budget budget(terms.start);
  const SignatureTime time{.now = terms.now, .skew = terms.skew, .is_ignored = false};
  const auto keys = authenticated_keys(zone, terms, time, budget);
  if (!keys) { return std::unexpected(keys.error()); }
  UnixTime until = std::numeric_limits<UnixTime>::max();
  for (const Type type : {Type::DNSKEY, Type::SOA, Type::NS, Type::ZONEMD}) {
    const RRsetPtr set = zone.rrset(NameView(), type);
    if (set == nullptr) { return std::unexpected("it has no usable " + type_text(type) + " records at its apex"); }
    budget.begin_response();
    const SignatureResult signature = verify(*set, **keys, time, budget);
    if (!signature.verdict.is_secure() || signature.is_wildcard_expansion) {
      return std::unexpected("its " + type_text(type) + " records do not validate: " + signature.verdict.text());
    }
    until = std::min(until, signature.expiration);
  }
  const auto digest = verify_zonemd(zone);
  if (!digest) { return std::unexpected(std::string(zonemd_fault_text(digest.error()))); }
  return until;
}

}  // namespace vouch
