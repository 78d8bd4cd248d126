// A SignedZone as a whole, as a transfer would bring it, with a digest over it (RFC 8976). For tests of what keeps
// zones; the digest is computed by the code under test, which RFC 8976's own zones hold to account.
#pragma once

#include <cstdlib>

#include "resolver/zones/zonemd.h"
#include "tests/dnssec_kit/signed_zone.h"

namespace vouch::dnssec_kit {

inline ZonePtr whole_zone(const SignedZone& zone) {
  RecordList records;
  for (const RRsetPtr& set : zone.everything()) {
    for (const Bytes rdata : set->rdata()) { records.add(set->owner(), set->type(), set->ttl(), rdata); }
    for (const Bytes rdata : set->signatures()) { records.add(set->owner(), Type::RRSIG, set->ttl(), rdata); }
  }
  auto made = Zone::make(zone.origin(), std::move(records));
  if (!made) { std::abort(); }
  return *made;
}

// Scheme SIMPLE, SHA-384. The zone itself has the digest from then on, but signs anew each time it is asked (and ECDSA
// never makes the same signature twice): only what comes back here is of one piece.
inline ZonePtr zone_with_digest(SignedZone& zone) {
  const auto put = [&zone](std::uint32_t serial, Bytes digest) {
    Buffer rdata(6);
    store32(rdata.data(), serial);
    rdata[4] = rdata[5] = 1;
    rdata.insert(rdata.end(), digest.begin(), digest.end());
    zone.lacks(zone.origin().text(), Type::ZONEMD).has(zone.origin(), Type::ZONEMD, 86400, rdata);
  };
  put(0, Buffer(hash_size(HashKind::sha384)));  // in its place, for the proofs to know of
  const ZonePtr before = whole_zone(zone);
  const auto digest = zone_digest(*before, HashKind::sha384);
  if (!digest) { std::abort(); }
  put(before->serial(), digest->view());
  RecordList records;
  for (std::size_t i = 0; i < before->size(); ++i) {
    const ZoneRecord record = (*before)[i];
    const auto view = record.type == Type::RRSIG ? rrsig_view(record.rdata) : std::nullopt;
    if (record.type != Type::ZONEMD && (!view || view->covered != Type::ZONEMD)) { records.add(record); }
  }
  const RRsetPtr set = zone.set(zone.origin(), Type::ZONEMD);
  for (const Bytes rdata : set->rdata()) { records.add(set->owner(), set->type(), set->ttl(), rdata); }
  for (const Bytes rdata : set->signatures()) { records.add(set->owner(), Type::RRSIG, set->ttl(), rdata); }
  auto made = Zone::make(zone.origin(), std::move(records));
  if (!made) { std::abort(); }
  return *made;
}

}  // namespace vouch::dnssec_kit
