// The pages' one escaper: whatever octets come in, what goes out ends neither text nor an attribute, is UTF-8, holds
// nothing that cannot be seen, and tells the same letters.
#include <string>

#include "telemetry/web/html.h"
#include "tests/fuzz/fuzz_input.h"

namespace vouch {
namespace {

// One code point of what should be well-formed; a second decoder, written otherwise than the escaper's.
char32_t next_point(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  must(first < 0x80 || (first >= 0xC2 && first <= 0xF4), "a lead octet");
  must(text.size() >= size, "whole");
  char32_t point = size == 1 ? first : first & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    must(octet >> 6U == 2, "a continuation");
    point = point * 64 + octet % 64;
  }
  constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  must(point >= kLeast[size] && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF), "shortest form, a character");
  text.remove_prefix(size);
  return point;
}

void check_harmless(std::string_view escaped) {
  while (!escaped.empty()) {
    const char32_t point = next_point(escaped);
    must(point >= 0x20 && (point < 0x7F || point > 0x9F), "no control");
    must(point < 0x202A || point > 0x202E, "nothing turns the line");
    must(point < 0x2060 || point > 0x206F, "nothing hides");
    must(point < 0x200B || point > 0x200F, "nothing hides");
    must(point != '<' && point != '>' && point != '"' && point != '\'' && point != '`',
         "nothing ends text or attribute");
    if (point != '&') { continue; }
    bool known = false;
    for (const std::string_view entity : {"amp;", "lt;", "gt;", "quot;", "#39;", "#96;"}) {
      known = known || escaped.starts_with(entity);
    }
    must(known, "an entity of ours");
  }
}

void check_url(std::string_view text) {
  constexpr std::string_view kReserved = "&<>\"'`/?# ";
  const std::string encoded = url_component(text);
  std::size_t octets = 0;
  for (std::size_t at = 0; at < encoded.size(); at += encoded[at] == '%' ? 3 : 1, ++octets) {
    must(kReserved.find(encoded[at]) == kReserved.npos, "reserved octets are encoded");
  }
  must(octets == text.size(), "octet for octet");
}

}  // namespace
}  // namespace vouch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vouch;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string escaped;
  append_escaped(escaped, text);
  check_harmless(escaped);
  // Piece by piece it comes to the same wherever no character is cut.
  std::size_t cut = size / 2;
  while (cut < size && (data[cut] & 0xC0U) == 0x80) { ++cut; }
  std::string pieces;
  append_escaped(pieces, text.substr(0, cut));
  append_escaped(pieces, text.substr(cut));
  must(pieces == escaped, "no memory between pieces");
  must(foreign(text).octets() == "<bdi class=\"name\">" + escaped + "</bdi>", "a name is wrapped, not changed");
  check_url(text);
  return 0;
}
