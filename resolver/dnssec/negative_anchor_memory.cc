#include "resolver/dnssec/negative_anchor_memory.h"

#include <algorithm>

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

// Octets of the UTF-8 sequence that begins with this one; 0: none does.
std::size_t sequence_length(unsigned char first) noexcept {
  if (first < 0x80) { return 1; }
  if (first >= 0xc2 && first <= 0xdf) { return 2; }
  if (first >= 0xe0 && first <= 0xef) { return 3; }
  return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

// Those of U+0080 to U+009F, and what turns the direction of a line.
bool is_control(std::string_view sequence) noexcept {
  if (sequence.size() == 1) { return sequence[0] >= 0 && (sequence[0] < ' ' || sequence[0] == 0x7f); }
  if (sequence.size() == 2) { return sequence[0] == '\xc2' && static_cast<unsigned char>(sequence[1]) < 0xa0; }
  if (sequence.size() != 3 || sequence[0] != '\xe2') { return false; }
  const auto second = static_cast<unsigned char>(sequence[1]), third = static_cast<unsigned char>(sequence[2]);
  return (second == 0x80 && ((third >= 0x8b && third <= 0x8f) || (third >= 0xa8 && third <= 0xae))) ||
         (second == 0x81 && third >= 0xa0 && third <= 0xaf);
}

}  // namespace

bool is_fit_reason(std::string_view reason) noexcept {
  if (reason.size() > kMaxNegativeAnchorReason) { return false; }
  for (std::size_t at = 0; at < reason.size();) {
    const std::size_t length = sequence_length(static_cast<unsigned char>(reason[at]));
    if (length == 0 || length > reason.size() - at) { return false; }
    const std::string_view sequence = reason.substr(at, length);
    const bool continues =
        std::ranges::all_of(sequence.substr(1), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80; });
    if (!continues || is_control(sequence)) { return false; }
    at += length;
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
