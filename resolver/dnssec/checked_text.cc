#include "resolver/dnssec/checked_text.h"

#include "resolver/dnssec/algorithms.h"

namespace vouch {

namespace {

constexpr std::string_view kChecksum = "checksum ";
constexpr std::uint8_t kSha256 = 2;  // as a DS digest type

std::optional<std::string> checksum_line(std::string_view text) {
  const auto digest = digest_of(kSha256, bytes_of(text), {});
  if (!digest) { return std::nullopt; }
  return std::string(kChecksum) + hex_text(digest->view()) + "\n";
}

}  // namespace

std::string hex_text(Bytes octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(2 * octets.size());
  for (const Octet octet : octets) {
    out += kDigits[octet >> 4U];
    out += kDigits[octet & 0xfU];
  }
  return out;
}

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

std::optional<std::int64_t> parse_stored_time(std::string_view text) {
  const auto time = parse_count<std::int64_t>(text);
  return time && *time >= 0 && *time <= kMostStoredTime ? time : std::nullopt;
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

std::optional<std::string> with_checksum(std::string text) {
  const auto checksum = checksum_line(text);
  if (!checksum) { return std::nullopt; }
  return std::move(text) + *checksum;
}

std::expected<std::string_view, std::string> checked_body(std::string_view text, std::string_view head,
                                                          std::size_t most_octets) {
  if (text.size() > most_octets) { return std::unexpected("longer than " + std::to_string(most_octets) + " octets"); }
  if (!text.starts_with(head)) { return std::unexpected("not in a form that this version writes"); }
  const std::size_t last = text.rfind("\n" + std::string(kChecksum));
  if (last == std::string_view::npos) { return std::unexpected("cut short: it does not end with a checksum"); }
  const auto checksum = checksum_line(text.substr(0, last + 1));
  if (!checksum || text.substr(last + 1) != *checksum) {
    return std::unexpected("its checksum does not fit: it was damaged, or changed by hand");
  }
  return text.substr(head.size(), last + 1 - head.size());
}

}  // namespace vouch
