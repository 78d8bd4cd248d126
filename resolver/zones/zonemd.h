// Digests over whole zones (ZONEMD, RFC 8976): scheme SIMPLE with SHA-384 and SHA-512. On its own a digest guards
// against accidents; where the ZONEMD RRset's signature holds it vouches for every record of the zone, glue and the
// names of delegations included, which nobody signs.
#pragma once

#include <expected>
#include <optional>
#include <string_view>

#include "resolver/dnssec/algorithms_mac.h"
#include "resolver/zones/zone.h"

namespace vouch {

enum class ZonemdFault : std::uint8_t {
  absent,        // no ZONEMD at the apex
  other_serial,  // none is of the zone's serial
  unsupported,   // none has a scheme and a hash that we know, alone of their kind, with a whole digest
  mismatch,      // the zone is not what was digested
  library,       // OpenSSL's policy does not allow the hash
};
std::string_view zonemd_fault_text(ZonemdFault fault) noexcept;  // half a sentence

// RFC 8976 section 3.3: over all records in canonical order and form but the apex ZONEMD RRset and its signatures.
// Streams: it holds 64 KiB and a record at most. SHA-384 or SHA-512; nothing when OpenSSL refuses it. The root zone
// takes about 20 ms.
std::optional<HashValue> zone_digest(const Zone& zone, HashKind hash);

// RFC 8976 section 4, from step 3 on: whether one of the apex ZONEMD records is of this zone as it is here. A scheme
// and hash that stand in more than one record do not count. Whether the set itself can be believed is DNSSEC's affair.
std::expected<void, ZonemdFault> verify_zonemd(const Zone& zone);

}  // namespace vouch
