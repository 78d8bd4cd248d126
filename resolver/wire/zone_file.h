// Zone files (RFC 1035 section 5), record by record: a file of a million records takes no more memory here than its
// longest line. ldns reads the records; $TTL and $ORIGIN are understood, $INCLUDE is refused: a file from elsewhere has
// no business in other files. Blocking.
#pragma once

#include <cstdio>
#include <functional>
#include <optional>
#include <string>

#include "resolver/wire/rrset.h"

namespace vouch {

struct ZoneFileFault {
  std::uint64_t line = 0;  // from 1, where the record begins; 0: of the whole
  std::string problem;     // half a sentence
};

// `rdata` is sound and uncompressed. Class IN.
using OnZoneRecord = std::function<void(NameView owner, Type type, std::uint32_t ttl, Bytes rdata, std::uint64_t line)>;

// All of `file`, from where it stands; names without a final dot are below `origin`. Text that is no record ends it.
std::optional<ZoneFileFault> read_zone_file(std::FILE& file, NameView origin, const OnZoneRecord& on_record);

// One record as read_zone_file() takes it back, with its line end.
std::string zone_file_line(NameView owner, Type type, std::uint32_t ttl, Bytes rdata);

}  // namespace vouch
