// What is remembered of the negative trust anchors that the operator has set while the program runs, as text: a line
// for each, a checksum at the end.
//
//   vouch-negative-anchors 1
//   anchor example. 1767225600 1767232800 until-it-holds 6d6f76696e67     name, added, until, how it ends, reason (hex)
//   checksum 5c1d...
//
// A file is taken whole or not at all: a torn line could switch validation off above what the operator named.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "resolver/base/clock.h"
#include "resolver/wire/name.h"

namespace vouch {

// RFC 7646: at and below the zone nothing is validated, until it ends.
struct TemporaryNegativeAnchor {
  Name zone;           // never the root
  std::string reason;  // the operator's own words: printable, maybe empty
  UnixTime added = 0;
  UnixTime until = 0;
  bool stays = false;  // to its end, even if the zone validates again before
  friend bool operator==(const TemporaryNegativeAnchor&, const TemporaryNegativeAnchor&) = default;
};

constexpr UnixTime kLongestNegativeAnchor = 7 * 86400;  // seconds; RFC 7646 section 2: no more than a week
constexpr std::size_t kMaxNegativeAnchors = 256;        // zones broken at once that an operator knows by name
constexpr std::size_t kMaxNegativeAnchorReason = 200;   // octets: a sentence
// 256 anchors with the longest names and reasons take 370 KiB; honest ones some 20.
constexpr std::size_t kMaxNegativeAnchorOctets = std::size_t{512} * 1024;

// A clock that is set back by no more ends none: somebody took summer time for winter time, or NTP found its servers.
constexpr UnixTime kNegativeAnchorClockLeeway = 3600;
// Why it has ended at that time, as a literal for the log; empty: it has not. It has as well when it would stand for
// longer than any may, because it was added while the clock stood ahead.
std::string_view why_over(const TemporaryNegativeAnchor& anchor, UnixTime now) noexcept;

// Whether it may stand in a log line, a terminal and a page: UTF-8 that a reader sees (is_visible()), not too long.
bool is_fit_reason(std::string_view reason) noexcept;

// Nothing when it would be longer than can be read back, or the checksum cannot be made.
std::optional<std::string> negative_anchor_text(const std::vector<TemporaryNegativeAnchor>& anchors);
// Or a sentence that says what is wrong, fit for a log line.
std::expected<std::vector<TemporaryNegativeAnchor>, std::string> parse_negative_anchors(std::string_view text);

}  // namespace vouch
