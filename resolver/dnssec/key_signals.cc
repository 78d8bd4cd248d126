#include "resolver/dnssec/key_signals.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "resolver/dnssec/key_set.h"

namespace vouch {

namespace {

constexpr std::string_view kIsTa = "root-key-sentinel-is-ta-";
constexpr std::string_view kNotTa = "root-key-sentinel-not-ta-";
constexpr std::size_t kTagDigits = 5;  // decimal, with zeros in front (RFC 8509 section 2.1)

std::string hex4(std::uint16_t tag) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned shift : {12U, 8U, 4U, 0U}) { text += kDigits[(tag >> shift) & 0xfU]; }
  return text;
}

// The tag that the label ends with, when it begins with `prefix` and has nothing else in it.
std::optional<std::uint16_t> tag_after(std::string_view prefix, Bytes label) {
  if (label.size() != prefix.size() + kTagDigits ||
      !same_ignoring_case(label.data(), bytes_of(prefix).data(), prefix.size())) {
    return std::nullopt;
  }
  std::uint32_t tag = 0;
  for (const Octet digit : label.subspan(prefix.size())) {
    if (digit < '0' || digit > '9') { return std::nullopt; }
    tag = tag * 10 + (digit - U'0');
  }
  return tag <= 0xffff ? std::optional(u16(tag)) : std::nullopt;
}

bool is_root_key(const AnchorSet& anchors, std::uint16_t tag) {
  const AnchorSet::Point* const root = anchors.closest(NameView());
  return root != nullptr && std::ranges::binary_search(key_tags(*root), tag);
}

}  // namespace

std::vector<std::uint16_t> key_tags(const AnchorSet::Point& point) {
  std::vector<std::uint16_t> tags;
  for (const Buffer& rdata : point.dnskeys) { tags.push_back(key_tag(rdata)); }
  for (const Buffer& rdata : point.ds) {
    if (const auto ds = ds_view(rdata)) { tags.push_back(ds->tag); }
  }
  std::ranges::sort(tags);
  const auto repeated = std::ranges::unique(tags);
  tags.erase(repeated.begin(), repeated.end());
  return tags;
}

std::vector<Name> key_tag_names(const AnchorSet::Point& point) {
  const std::vector<std::uint16_t> tags = key_tags(point);
  std::vector<Name> names;
  for (std::size_t from = 0; from < tags.size(); from += kMaxTagsPerSignal) {
    std::string label = "_ta";
    for (std::size_t i = from; i < std::min(from + kMaxTagsPerSignal, tags.size()); ++i) {
      label += "-" + hex4(tags[i]);
    }
    Name name = point.zone;
    if (name.prepend_label(bytes_of(label))) { names.push_back(name); }
  }
  return names;
}

bool is_withheld_by_sentinel(const SentinelQuery& query, const AnchorSet& anchors) {
  const Bytes label = query.name.first_label();
  if (label.size() != kIsTa.size() + kTagDigits && label.size() != kNotTa.size() + kTagDigits) { return false; }
  if (query.type != Type::A && query.type != Type::AAAA) { return false; }
  if (query.checking_disabled || query.security != Security::secure) { return false; }
  if (const auto tag = tag_after(kIsTa, label)) { return !is_root_key(anchors, *tag); }
  if (const auto tag = tag_after(kNotTa, label)) { return is_root_key(anchors, *tag); }
  return false;
}

}  // namespace vouch
