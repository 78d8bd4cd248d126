#include "resolver/zones/zone_text.h"

#include <cstdio>

#include "resolver/base/regular_file.h"
#include "resolver/wire/zone_file.h"

namespace vouch {

std::expected<ZonePtr, std::string> read_zone_text(std::string_view text, NameView apex, const TransferLimits& limits) {
  if (text.empty()) { return std::unexpected(std::string("it is empty")); }
  if (text.size() > limits.octets) {
    return std::unexpected("it has more than " + std::to_string(limits.octets) + " octets");
  }
  const FilePtr file(::fmemopen(const_cast<char*>(text.data()), text.size(), "r"));
  if (!file) { return std::unexpected(std::string("no memory")); }
  RecordList records;
  std::uint64_t full_at = 0;  // the line with which a limit was passed; what follows is read and not kept
  const auto fault =
      read_zone_file(*file, apex, [&](NameView owner, Type type, std::uint32_t ttl, Bytes rdata, std::uint64_t line) {
        if (full_at != 0 || !owner.is_at_or_below(apex)) { return; }
        const bool fits = records.add(owner, type, ttl, rdata) && records.size() <= limits.records &&
                          records.octets() <= limits.octets;
        if (!fits) { full_at = line; }
      });
  if (full_at != 0) {
    return std::unexpected("line " + std::to_string(full_at) + ": more than " + std::to_string(limits.records) +
                           " records, or " + std::to_string(limits.octets) + " octets of them in memory");
  }
  if (fault && fault->line == 0) { return std::unexpected(fault->problem); }
  if (fault) { return std::unexpected("line " + std::to_string(fault->line) + ": " + fault->problem); }
  return Zone::make(apex, std::move(records));
}

}  // namespace vouch
