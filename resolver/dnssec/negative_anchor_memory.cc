#include "resolver/dnssec/negative_anchor_memory.h"

#include <algorithm>

#include "resolver/base/utf8.h"
#include "resolver/dnssec/checked_text.h"

namespace vouch {

namespace {

constexpr std::string_view kHead = "vouch-negative-anchors 1\n";
constexpr std::string_view kStays = "stays", kUntilItHolds = "until-it-holds";
constexpr std::string_view kNoReason = "-";

std::string line_of(const TemporaryNegativeAnchor& anchor) {
  return "anchor " + anchor.zone.text() + " " + std::to_string(anchor.added) + " " + std::to_string(anchor.until) +
         " " + std::string(anchor.stays ? kStays : kUntilItHolds) + " " +
         (anchor.reason.empty() ? std::string(kNoReason) : hex_text(bytes_of(anchor.reason))) + "\n";
}

std::optional<std::string> parse_reason_text(std::string_view text) {
  if (text == kNoReason) { return std::string(); }
  const auto octets = parse_hex(text);
  if (!octets) { return std::nullopt; }
  std::string reason(text_of(*octets));
  return is_fit_reason(reason) ? std::optional(std::move(reason)) : std::nullopt;
}

std::optional<TemporaryNegativeAnchor> parse_line(std::string_view line) {
  const std::vector<std::string_view> words = words_of(line);
  if (words.size() != 6 || words[0] != "anchor") { return std::nullopt; }
  const auto zone = Name::parse(words[1]);
  const auto added = parse_stored_time(words[2]);
  const auto until = parse_stored_time(words[3]);
  const bool stays = words[4] == kStays;
  auto reason = parse_reason_text(words[5]);
  if (!zone || zone->view().is_root() || !added || !until || !reason) { return std::nullopt; }
  if (!stays && words[4] != kUntilItHolds) { return std::nullopt; }
  if (*until <= *added || *until - *added > kLongestNegativeAnchor) { return std::nullopt; }
  return TemporaryNegativeAnchor{*zone, std::move(*reason), *added, *until, stays};
}

}  // namespace

std::string_view why_over(const TemporaryNegativeAnchor& anchor, UnixTime now) noexcept {
  if (now >= anchor.until) { return "its time is over"; }
  if (anchor.until - now > kLongestNegativeAnchor + kNegativeAnchorClockLeeway) {
    return "the clock was set back, and it would stand for more than seven days";
  }
  return {};
}

bool is_fit_reason(std::string_view reason) noexcept {
  if (reason.size() > kMaxNegativeAnchorReason) { return false; }
  while (!reason.empty()) {
    const Utf8Point next = first_point(reason);
    if (next.octets == 0 || !is_visible(next.point)) { return false; }
    reason.remove_prefix(next.octets);
  }
  return true;
}

std::optional<std::string> negative_anchor_text(const std::vector<TemporaryNegativeAnchor>& anchors) {
  if (anchors.size() > kMaxNegativeAnchors) { return std::nullopt; }
  std::string text(kHead);
  for (const TemporaryNegativeAnchor& anchor : anchors) { text += line_of(anchor); }
  auto whole = with_checksum(std::move(text));
  return whole && whole->size() <= kMaxNegativeAnchorOctets ? std::move(whole) : std::nullopt;
}

std::expected<std::vector<TemporaryNegativeAnchor>, std::string> parse_negative_anchors(std::string_view text) {
  const auto checked = checked_body(text, kHead, kMaxNegativeAnchorOctets);
  if (!checked) { return std::unexpected(checked.error()); }
  std::vector<TemporaryNegativeAnchor> anchors;
  int number = 1;
  for (std::string_view body = *checked; !body.empty();) {
    const std::size_t end = body.find('\n');  // the body ends with one
    ++number;
    auto anchor = parse_line(body.substr(0, end));
    const std::string where = "line " + std::to_string(number) + ": ";
    if (!anchor) { return std::unexpected(where + "not a negative anchor"); }
    if (anchors.size() == kMaxNegativeAnchors) { return std::unexpected(where + "too many of them"); }
    if (std::ranges::find(anchors, anchor->zone, &TemporaryNegativeAnchor::zone) != anchors.end()) {
      return std::unexpected(where + "a zone for the second time");
    }
    anchors.push_back(std::move(*anchor));
    body.remove_prefix(end + 1);
  }
  return anchors;
}

}  // namespace vouch
