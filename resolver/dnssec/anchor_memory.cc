#include "resolver/dnssec/anchor_memory.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "resolver/dnssec/algorithms.h"

namespace vouch {

namespace {

constexpr std::string_view kHead = "vouch-trust-anchors 1\n";
constexpr std::string_view kChecksum = "checksum ";
constexpr std::uint8_t kSha256 = 2;             // as a DS digest type
constexpr std::size_t kLeastDs = 5;             // octets: tag, algorithm, type, and a digest
constexpr std::int64_t kMostTime = 1LL << 40U;  // seconds; a sum of a few of them overflows nothing

constexpr std::array kStates = {KeyState::add_pending, KeyState::valid, KeyState::missing, KeyState::revoked,
                                KeyState::removed};

std::string hex(Bytes octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(2 * octets.size());
  for (const Octet octet : octets) {
    out += kDigits[octet >> 4U];
    out += kDigits[octet & 0xfU];
  }
  return out;
}

// Lower case alone, so that one memory has one text.
std::optional<Buffer> parse_hex(std::string_view text) {
  const auto value = [](char c) {
    if (c >= '0' && c <= '9') { return c - '0'; }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  if (text.empty() || text.size() % 2 != 0) { return std::nullopt; }
  Buffer octets;
  octets.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = value(text[i]);
    const int low = value(text[i + 1]);
    if (high < 0 || low < 0) { return std::nullopt; }
    octets.push_back(static_cast<Octet>(high * 16 + low));
  }
  return octets;
}

template <typename Integer>
std::optional<Integer> parse_count(std::string_view text) {
  Integer number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) { return std::nullopt; }
  return number;
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  const auto time = parse_count<std::int64_t>(text);
  return time && *time >= 0 && *time <= kMostTime ? time : std::nullopt;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    const std::size_t blank = line.find(' ');
    words.push_back(line.substr(0, blank));
    if (blank == std::string_view::npos) { return words; }
    line.remove_prefix(blank + 1);
  }
}

std::optional<std::string> checksum_line(std::string_view text) {
  const auto digest = digest_of(kSha256, bytes_of(text), {});
  if (!digest) { return std::nullopt; }
  return std::string(kChecksum) + hex(digest->view()) + "\n";
}

void append_point(std::string& out, const TrustPointMemory& point) {
  out += "zone " + point.configured.zone.text() + " " + std::to_string(point.last_seen) + " " +
         std::to_string(point.next_probe) + " " + std::to_string(point.lifetime) + "\n";
  for (const Buffer& rdata : point.configured.ds) { out += "ds " + hex(rdata) + "\n"; }
  for (const Buffer& rdata : point.configured.dnskeys) { out += "dnskey " + hex(rdata) + "\n"; }
  for (const TrackedKey& key : point.keys) {
    out += "key " + std::string(key_state_name(key.state)) + " " + std::to_string(key.since) + " " +
           std::to_string(key.hold_down) + " " + std::to_string(key.sightings) + " " + hex(key.rdata) + "\n";
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
    const auto last_seen = parse_time(words[2]);
    const auto next_probe = parse_time(words[3]);
    const auto lifetime = parse_time(words[4]);
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
    const auto since = parse_time(words[2]);
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
  const auto checksum = checksum_line(text);
  if (!checksum) { return std::nullopt; }
  text += *checksum;
  return text.size() <= kMaxAnchorMemoryOctets && points.size() <= kMaxAnchorZones ? std::optional(std::move(text))
                                                                                   : std::nullopt;
}

std::expected<std::vector<TrustPointMemory>, std::string> parse_anchor_memory(std::string_view text) {
  if (text.size() > kMaxAnchorMemoryOctets) {
    return std::unexpected("longer than " + std::to_string(kMaxAnchorMemoryOctets) + " octets");
  }
  if (!text.starts_with(kHead)) { return std::unexpected("not in a form that this version writes"); }
  const std::size_t last = text.rfind("\n" + std::string(kChecksum));
  if (last == std::string_view::npos) { return std::unexpected("cut short: it does not end with a checksum"); }
  const auto checksum = checksum_line(text.substr(0, last + 1));
  if (!checksum || text.substr(last + 1) != *checksum) {
    return std::unexpected("its checksum does not fit: it was damaged, or changed by hand");
  }
  return Parser().parse(text.substr(kHead.size(), last + 1 - kHead.size()));
}

}  // namespace vouch
