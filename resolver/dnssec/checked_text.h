// What the small state files have in common: lines of words, octets in hexadecimal, and a checksum at the end, without
// which a text is not believed. Such a file is taken whole or not at all.
#pragma once

#include <charconv>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "resolver/base/bytes.h"

namespace vouch {

// Lower case alone, so that one memory has one text.
std::string hex_text(Bytes octets);
std::optional<Buffer> parse_hex(std::string_view text);  // nothing for an empty one

template <typename Integer>
std::optional<Integer> parse_count(std::string_view text) {
  Integer number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) { return std::nullopt; }
  return number;
}

inline constexpr std::int64_t kMostStoredTime = 1LL << 40U;  // seconds; a sum of a few of them overflows nothing
std::optional<std::int64_t> parse_stored_time(std::string_view text);

std::vector<std::string_view> words_of(std::string_view line);  // one blank between two

// The text with its checksum: SHA-256 over all that stands before the last line. Nothing when it cannot be made.
std::optional<std::string> with_checksum(std::string text);
// The lines between `head` and the checksum, each with its line feed. Else a sentence that says what is wrong.
std::expected<std::string_view, std::string> checked_body(std::string_view text, std::string_view head,
                                                          std::size_t most_octets);

}  // namespace vouch
