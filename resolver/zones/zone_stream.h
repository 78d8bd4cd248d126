// A zone as octets, to be kept in a file: the stream of messages in which AXFR would have brought it (RFC 5936), each
// behind its length. What is read is read by the reader of transfers, and trusted as little.
#pragma once

#include <expected>
#include <string>

#include "resolver/zones/transfer_reader.h"

namespace vouch {

std::string zone_stream(const Zone& zone);

// On failure half a sentence.
std::expected<ZonePtr, std::string> read_zone_stream(Bytes octets, NameView apex, const TransferLimits& limits);

}  // namespace vouch
