// What the operator says about validation; conf/vouch.yaml documents each key.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "resolver/base/bytes.h"
#include "resolver/base/clock.h"
#include "resolver/wire/name.h"
#include "resolver/wire/types.h"

namespace vouch {

// off: nothing is validated. observe: validated and counted, answered all the same. enforce: bogus is SERVFAIL.
enum class DnssecMode : std::uint8_t { off, observe, enforce };
// What dnssec.mode is when the operator does not say; the documentation and the table of keys follow it.
inline constexpr DnssecMode kDefaultDnssecMode = DnssecMode::enforce;
// Whether signatures made with SHA-1 (algorithms 5 and 7) are checked, or their zones treated as unsigned (RFC 9905).
enum class Sha1Policy : std::uint8_t { validate, insecure };

// One DS or DNSKEY that the operator trusts; several with one owner are one anchor's set.
struct TrustAnchor {
  Name owner;
  Type type = Type::DS;  // DS or DNSKEY
  Buffer rdata;          // wire form, checked
  friend bool operator==(const TrustAnchor&, const TrustAnchor&) = default;
};

// RFC 7646: at and below the name nothing is validated.
struct NegativeAnchor {
  NegativeAnchor() = default;
  NegativeAnchor(const Name& at, std::string why = {}, UnixTime end = 0)
      : name(at), reason(std::move(why)), until(end) {}
  Name name;
  std::string reason;  // the operator's own words, for logs; may be empty
  UnixTime until = 0;  // when it ends; 0: when the operator takes it out
  friend bool operator==(const NegativeAnchor&, const NegativeAnchor&) = default;
};

struct DnssecOptions {
  DnssecMode mode = kDefaultDnssecMode;
  bool builtin_root_anchor = true;  // root_anchors.h; only when no other anchor for the root is given
  std::vector<TrustAnchor> trust_anchors;
  std::vector<NegativeAnchor> negative_trust_anchors;
  // Seconds, more or less, after which a zone below a negative anchor that was set at run time is looked at again.
  std::uint32_t negative_anchor_recheck = 300;
  bool rfc5011 = true;                             // anchors follow their zones' key rolls by themselves
  std::string state_directory = "/var/lib/vouch";  // where key rolls are remembered; empty: nowhere
  bool rfc8145_signals = true;                     // tells zones which of their keys are trusted here
  bool root_key_sentinel = true;                   // RFC 8509: clients may find out which root keys are trusted here
  std::uint32_t signature_skew =
      300;  // seconds that inception and expiration are stretched by (RFC 4035 section 5.3.1)
  Sha1Policy sha1 = Sha1Policy::validate;
  std::uint16_t nsec3_max_iterations = 50;  // above it a zone counts as unsigned (RFC 9276 section 3.2)
  bool aggressive_nsec = true;              // RFC 8198
  // At and below these names signatures' times are not looked at while the machine's clock is not trusted: servers that
  // set it right are asked for by name, and no signature on a name holds for a clock that stands at 1970.
  std::vector<Name> time_names;
};

}  // namespace vouch
