// A zone from a zone file (RFC 1035 section 5), as tools and other servers write it. resolver/wire/zone_file.h reads
// the text, and says what it understands.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "resolver/zones/transfer_reader.h"

namespace vouch {

// Records outside the zone are left out. On failure half a sentence, with the line. Limits count octets of text,
// octets of the records in memory, and records. Takes about 8 us for each record.
std::expected<ZonePtr, std::string> read_zone_text(std::string_view text, NameView apex, const TransferLimits& limits);

}  // namespace vouch
