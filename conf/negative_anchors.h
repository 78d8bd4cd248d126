// The codec of dnssec.negative_trust_anchors (RFC 7646): a list of names, or of maps that also say why and until when.
#pragma once

#include "conf/codecs.h"
#include "conf/schema.h"

namespace vouch {

struct NegativeAnchors {
  static void read(const YamlNode& node, std::string_view key, const Shape&, std::vector<NegativeAnchor>& field,
                   Problems& problems);
  static std::string show(const std::vector<NegativeAnchor>& field, const Shape&);
  static std::string describe(const Shape&) { return "a list of domain names, or of maps as below"; }
};

// A moment, as "2026-12-31" (its beginning) or "2026-12-31T18:00:00Z". UTC.
struct Moment {
  static void read(const YamlNode& node, std::string_view key, const Shape&, UnixTime& field, Problems& problems);
  static std::string show(UnixTime field, const Shape&);
  static std::string describe(const Shape&) { return "a date or a moment in UTC, such as 2026-12-31T18:00:00Z"; }
};
Parsed<UnixTime> parse_moment(std::string_view text);
std::string show_moment(UnixTime moment);  // always with the time of day

}  // namespace vouch
