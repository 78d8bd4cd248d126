// Proofs that something is not there: NSEC (RFC 4034 section 4, RFC 4035 section 5.4, RFC 6840 section 4) and NSEC3
// (RFC 5155 section 8, RFC 9276), compact denial (RFC 9824). Pure logic over RRsets whose signatures have been
// verified. The brute-force twin that these functions are fuzzed against stands in tests/fuzz.
#pragma once

#include <optional>

#include "resolver/base/budget.h"
#include "resolver/dnssec/nsec.h"
#include "resolver/dnssec/nsec3.h"
#include "resolver/dnssec/proof.h"
#include "resolver/dnssec/type_bitmap.h"
#include "resolver/wire/rrset.h"

namespace vouch {

// The proofs of one zone, as many as a reply may bring. References the apex and the RRsets: they must outlive it. For
// one thread.
class Denial {
 public:
  // What is added beyond these is left out. A reply whose signatures are all checked has no more than 16
  // (Budget::kSignatureChecksPerResponse); an honest one has 3 for each name in a chain of aliases.
  static constexpr std::uint32_t kMaxProofs = 32;

  // `apex` of the zone whose keys signed the proofs. Iterations above `max_iterations` are not computed.
  Denial(NameView apex, std::uint16_t max_iterations) noexcept
      : apex_(apex), nsec_(apex), nsec3_(apex, max_iterations) {}
  Denial(Name&&, std::uint16_t) = delete;  // a temporary would not outlive it

  // A verified NSEC or NSEC3 set of this zone that is no wildcard's expansion: the caller leaves those out
  // (SignatureResult::is_wildcard_expansion), for they bear a name that their signer never wrote. What cannot be used
  // is left out here: not in the zone, next name outside it (CVE-2026-13321) or before its owner, several records in
  // one set; NSEC3 with an unknown hash or flags, an owner that is no hash directly below the apex, parameters that
  // differ from the first's.
  void add(const RRset& proof);
  bool empty() const noexcept { return seen_ == 0; }  // nothing was added, usable or not

  // RFC 4035 section 5.4, RFC 5155 section 8.4: the name does not exist, nor a wildcard that would have answered.
  Proof name_error(NameView name, Budget& budget) const;
  // The name exists (or a wildcard that answers for it) without this type, and without CNAME; or compact denial says
  // that it does not exist. RFC 5155 sections 8.5-8.7; RFC 6840 section 4.1: an ancestor delegation's NSEC proves
  // nothing below it, and for DS the parent's side must speak (no SOA bit, but for the root's).
  Proof no_data(NameView name, Type type, Budget& budget) const;
  // The answer came from the wildcard at `encloser` (the rightmost `labels` labels of the name): no closer name exists.
  // RFC 4035 section 5.3.4, RFC 5155 section 8.8.
  Proof wildcard_answer(NameView name, std::uint8_t labels, Budget& budget) const;
  // RFC 4035 section 5.2, RFC 5155 sections 8.6 and 8.9, RFC 6840 section 4.4. `name` strictly below the apex.
  DsAbsence ds_absence(NameView name, Budget& budget) const;

  // For synthesis from cached proofs (RFC 8198): the deepest name at or above `name` that the proofs show to exist,
  // with nothing between it and `name` (never by an opt-out span). Nothing when they do not show it.
  std::optional<std::uint8_t> closest_encloser_labels(NameView name, Budget& budget) const;

 private:
  bool is_askable(NameView name, Type type) const noexcept;
  Proof unproven() const noexcept;
  template <typename ByNsec, typename ByNsec3>
  Proof prove(NameView name, Type type, ByNsec by_nsec, ByNsec3 by_nsec3) const;

  NameView apex_;
  std::uint32_t seen_ = 0;
  NsecProofs nsec_;
  Nsec3Proofs nsec3_;
};

}  // namespace vouch
