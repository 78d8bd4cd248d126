// What a set of verified NSEC or NSEC3 records proves.
#pragma once

#include <cstdint>

namespace vouch {

enum class Proof : std::uint8_t {
  proven,
  proven_by_opt_out,  // a span of unsigned delegations covers the name: true as far as the zone says, and not secure
  missing,            // no NSEC or NSEC3 at all
  not_proving,        // some are there, and do not prove it, or contradict it
  too_costly,         // NSEC3 with more iterations than the operator allows: insecure (RFC 9276 section 3.2)
  work_limit,         // the budget of hash iterations is spent
};

// What the zone says of a delegation's DS.
enum class DsAbsence : std::uint8_t {
  unsigned_delegation,  // NS there, DS not: insecure from here on down
  opt_out,              // covered by an opt-out span: if it is a delegation, it is unsigned
  no_cut,               // the name exists (or is an empty non-terminal) and is no zone cut: the zone goes on
  no_name,              // it does not exist at all: the zone goes on
  missing,
  not_proving,
  too_costly,
  work_limit,
};

}  // namespace vouch
