// Zone-file text (RFC 1035 section 5.1) cut into records, for the small files that a configuration names: root hints
// and trust anchors. Comments are dropped and parentheses joined; the records themselves are wire's parse_record()'s
// business.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouch {

struct ZoneLine {
  int line = 0;      // from 1, where the record begins
  std::string text;  // one record, its owner always written out
};

struct ZoneTextFault {
  int line = 0;
  std::string problem;
};

// `$ORIGIN .` and `$TTL` are passed over; other directives are faults, as are parentheses and quotes that do not close.
std::expected<std::vector<ZoneLine>, ZoneTextFault> split_zone_text(std::string_view text);

// The one record in `text`, on one line; nothing when there is none, or more than one.
std::optional<std::string> single_record(std::string_view text);

}  // namespace vouch
