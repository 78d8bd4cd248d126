#include "resolver/dnssec/anchor_memory.h"

#include <algorithm>
#include <array>

#include "resolver/dnssec/checked_text.h"

namespace vouch {

namespace {

constexpr std::string_view kHead = "vouch-trust-anchors 1\n";
constexpr std::size_t kLeastDs = 5;  // octets: tag, algorithm, type, and a digest

constexpr std::array kStates = {KeyState::add_pending, KeyState::valid, KeyState::missing, KeyState::revoked,
                                KeyState::removed};

void append_point(std::string& out, const TrustPointMemory& point) {
  out += "zone " + point.configured.zone.text() + " " + std::to_string(point.last_seen) + " " +
         std::to_string(point.next_probe) + " " + std::to_string(point.lifetime) + "\n";
  for (const Buffer& rdata : point.configured.ds) { out += "ds " + hex_text(rdata) + "\n"; }
  for (const Buffer& rdata : point.configured.dnskeys) { out += "dnskey " + hex_text(rdata) + "\n"; }
  for (const TrackedKey& key : point.keys) {
    out += "key " + std::string(key_state_name(key.state)) + " " + std::to_string(key.since) + " " +
           std::to_string(key.hold_down) + " " + std::to_string(key.sightings) + " " + hex_text(key.rdata) + "\n";
  }
}

class Parser {
 public:
  std::expected<std::vector<TrustPointMemory>, std::string> parse(std::string_view body) {
    int number = 1;
    while (!body.empty()) {
      const std::size_t end = body.find('\n');  // the body ends with one
      ++number;
      if (const char* const fault = take(words_of(body.substr(0, end))); fault != nullptr) {
        return std::unexpected("line " + std::to_string(number) + ": " + fault);
      }
      body.remove_prefix(end + 1);
    }
    for (const TrustPointMemory& point : points_) {
      if (point.keys.size() >
          TrustPoint::kMaxTrackedKeys + point.configured.ds.size() + point.configured.dnskeys.size()) {
        return std::unexpected("too many keys of one zone");
      }
    }
    return std::move(points_);
  }

 private:
  // What is wrong with the line; null when nothing is.
  const char* take(const std::vector<std::string_view>& words) {
    if (words[0] == "zone") { return take_zone(words); }
    if (points_.empty()) { return "no zone before it"; }
    if (words[0] == "ds" && words.size() == 2) { return take_ds(words[1]); }
    if (words[0] == "dnskey" && words.size() == 2) { return take_dnskey(words[1]); }
    if (words[0] == "key" && words.size() == 6) { return take_key(words); }
    return "unknown";
  }

  const char* take_zone(const std::vector<std::string_view>& words) {
    if (words.size() != 5) { return "not a zone"; }
    const auto name = Name::parse(words[1]);
    const auto last_seen = parse_stored_time(words[2]);
    const auto next_probe = parse_stored_time(words[3]);
    const auto lifetime = parse_stored_time(words[4]);
    if (!name || !last_seen || !next_probe || !lifetime) { return "not a zone"; }
    if (points_.size() == kMaxAnchorZones) { return "too many zones"; }
    for (const TrustPointMemory& point : points_) {
      if (point.configured.zone == *name) { return "a zone for the second time"; }
    }
    points_.push_back({.configured = {.zone = *name, .ds = {}, .dnskeys = {}},
                       .keys = {},
                       .last_seen = *last_seen,
                       .next_probe = *next_probe,
                       .lifetime = *lifetime});
    return nullptr;
  }

  const char* take_ds(std::string_view text) {
    auto rdata = parse_hex(text);
    if (!rdata || rdata->size() < kLeastDs || !ds_view(*rdata)) { return "not a DS"; }
    points_.back().configured.ds.push_back(std::move(*rdata));
    return nullptr;
  }

  const char* take_dnskey(std::string_view text) {
    auto rdata = parse_hex(text);
    if (!rdata || !dnskey_view(*rdata)) { return "not a DNSKEY"; }
    points_.back().configured.dnskeys.push_back(std::move(*rdata));
    return nullptr;
  }

  const char* take_key(const std::vector<std::string_view>& words) {
    const auto state = std::ranges::find(kStates, words[1], key_state_name);
    const auto since = parse_stored_time(words[2]);
    const auto hold_down = parse_count<std::uint32_t>(words[3]);
    const auto sightings = parse_count<std::uint32_t>(words[4]);
    auto rdata = parse_hex(words[5]);
    if (state == kStates.end() || !since || !hold_down || !sightings || !rdata) { return "not a key"; }
    const auto view = dnskey_view(*rdata);
    if (!view || view->is_revoked()) { return "not a key"; }
    const bool is_pending = *state == KeyState::add_pending;
    if (is_pending ? *hold_down < TrustPoint::kAddHoldDown : *hold_down != 0 || *sightings != 0) {
      return "a hold-down that cannot be";
    }
    std::vector<TrackedKey>& keys = points_.back().keys;
    if (std::ranges::find(keys, *rdata, &TrackedKey::rdata) != keys.end()) { return "a key for the second time"; }
    keys.push_back({.rdata = std::move(*rdata),
                    .state = *state,
                    .since = *since,
                    .hold_down = *hold_down,
                    .sightings = *sightings});
    return nullptr;
  }

  std::vector<TrustPointMemory> points_;
};

}  // namespace

std::optional<std::string> anchor_memory_text(const std::vector<TrustPointMemory>& points) {
  std::string text(kHead);
  for (const TrustPointMemory& point : points) { append_point(text, point); }
  auto whole = with_checksum(std::move(text));
  const bool fits = whole && whole->size() <= kMaxAnchorMemoryOctets && points.size() <= kMaxAnchorZones;
  return fits ? std::move(whole) : std::nullopt;
}

std::expected<std::vector<TrustPointMemory>, std::string> parse_anchor_memory(std::string_view text) {
  const auto body = checked_body(text, kHead, kMaxAnchorMemoryOctets);
  if (!body) { return std::unexpected(body.error()); }
  return Parser().parse(*body);
}

}  // namespace vouch
