// The types that an NSEC or NSEC3 lists for a name (RFC 4034 section 4.1.2), and what may be concluded from them. The
// rules are the same for both kinds of record. Pure functions over octets that somebody else keeps.
#pragma once

#include "resolver/base/bytes.h"
#include "resolver/dnssec/proof.h"
#include "resolver/wire/types.h"

namespace vouch {

// Whether the bitmap has the type's bit. Of a malformed bitmap, the well-formed windows before the damage count.
bool has_type(Bytes bitmap, Type type) noexcept;

// The parent's side of a zone cut: NS without SOA. It speaks for the DS at this name and for nothing else at or below
// it (RFC 6840 section 4.1).
bool is_delegation(Bytes bitmap) noexcept;

// Whether nothing below the name belongs to the zone: a zone cut or a DNAME (RFC 6840 section 4.1, RFC 6672 section
// 5.3.4).
bool ends_zone_below(Bytes bitmap) noexcept;

// RFC 9824 section 3.1: NXNAME, and no type that would contradict it. There is no such name but for this very record.
bool is_nonexistent_name(Bytes bitmap) noexcept;

// Whether the bitmap of the very name (or of the wildcard that answers for it) shows that there is no data of the type,
// and no CNAME either that would have led elsewhere. `is_root`: the bitmap is the root's, whose DS has no other side.
bool denies(Bytes bitmap, Type type, bool is_root) noexcept;

// What the bitmap of the very name says of its DS: never `opt_out`.
DsAbsence ds_absence_by(Bytes bitmap) noexcept;

}  // namespace vouch
