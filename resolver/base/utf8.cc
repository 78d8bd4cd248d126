#include "resolver/base/utf8.h"

#include <algorithm>
#include <array>

namespace vouch {

namespace {

struct Range {
  char32_t first, last;
};
// What a reader does not see or what moves other text about (Unicode's controls, format characters, line and paragraph
// separators, fillers, noncharacters), in order. Joiners are among them: none of the three languages needs any, and in
// somebody else's text they hide differences.
constexpr std::array<Range, 25> kInvisible{{
    {0x0000, 0x001F}, {0x007F, 0x009F},   {0x00AD, 0x00AD},   {0x034F, 0x034F},   {0x0600, 0x0605},
    {0x061C, 0x061C}, {0x06DD, 0x06DD},   {0x070F, 0x070F},   {0x08E2, 0x08E2},   {0x115F, 0x1160},
    {0x17B4, 0x17B5}, {0x180B, 0x180F},   {0x200B, 0x200F},   {0x2028, 0x202E},   {0x2060, 0x206F},
    {0x3164, 0x3164}, {0xFDD0, 0xFDEF},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},
    {0xFFF0, 0xFFFF}, {0x110BD, 0x110CD}, {0x13430, 0x1345F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
}};
constexpr char32_t kFirstTag = 0xE0000;  // tags, variation selectors and private use lie above

}  // namespace

Utf8Point first_point(std::string_view text) noexcept {
  const auto octet = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned first = octet(0);
  std::size_t size = 0;
  char32_t point = 0, least = 0;
  if (first < 0x80) { return {first, 1}; }
  if ((first & 0xE0) == 0xC0) {
    size = 2, point = first & 0x1F, least = 0x80;
  } else if ((first & 0xF0) == 0xE0) {
    size = 3, point = first & 0x0F, least = 0x800;
  } else if ((first & 0xF8) == 0xF0) {
    size = 4, point = first & 0x07, least = 0x10000;
  } else {
    return {};
  }
  if (text.size() < size) { return {}; }
  for (std::size_t i = 1; i < size; ++i) {
    if ((octet(i) & 0xC0) != 0x80) { return {}; }
    point = point << 6 | (octet(i) & 0x3F);
  }
  if (point < least || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) { return {}; }
  return {point, size};
}

bool is_visible(char32_t point) noexcept {
  if (point >= kFirstTag || (point & 0xFFFE) == 0xFFFE) { return false; }
  const auto* at = std::ranges::find_if(kInvisible, [&](const Range& range) { return point <= range.last; });
  return at == kInvisible.end() || point < at->first;
}

}  // namespace vouch
