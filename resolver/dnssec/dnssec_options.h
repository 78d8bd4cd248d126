// What the operator says about validation; conf/vouch.yaml documents each key.
#pragma once

#include <cstdint>
#include <vector>

#include "resolver/base/bytes.h"
#include "resolver/wire/name.h"
#include "resolver/wire/types.h"

namespace vouch {

// off: nothing is validated. observe: validated and counted, answered all the same. enforce: bogus is SERVFAIL.
enum class DnssecMode : std::uint8_t { off, observe, enforce };
// Whether signatures made with SHA-1 (algorithms 5 and 7) are checked, or their zones treated as unsigned (RFC 9905).
enum class Sha1Policy : std::uint8_t { validate, insecure };

// One DS or DNSKEY that the operator trusts; several with one owner are one anchor's set.
struct TrustAnchor {
  Name owner;
  Type type = Type::DS;  // DS or DNSKEY
  Buffer rdata;          // wire form, checked
  friend bool operator==(const TrustAnchor&, const TrustAnchor&) = default;
};

struct DnssecOptions {
  DnssecMode mode = DnssecMode::off;
  bool builtin_root_anchor = true;  // root_anchors.h; only when no other anchor for the root is given
  std::vector<TrustAnchor> trust_anchors;
  std::vector<Name> negative_trust_anchors;  // RFC 7646: at and below these nothing is validated
  bool rfc5011 = false;                      // anchors follow the root's key rolls by themselves
  bool rfc8145_signals = false;              // tells zones which of their keys are trusted here
  std::uint32_t signature_skew =
      300;  // seconds that inception and expiration are stretched by (RFC 4035 section 5.3.1)
  Sha1Policy sha1 = Sha1Policy::validate;
  std::uint16_t nsec3_max_iterations = 50;  // above it a zone counts as unsigned (RFC 9276 section 3.2)
  bool aggressive_nsec = false;             // RFC 8198
};

}  // namespace vouch
