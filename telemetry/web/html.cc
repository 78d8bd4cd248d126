#include "telemetry/web/html.h"

#include <algorithm>

#include "resolver/base/utf8.h"

namespace vouch {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// What must not stand as it is in text or in an attribute. The backtick once ended attributes in some browsers.
std::string_view entity_of(char32_t point) noexcept {
  switch (point) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    case '`':
      return "&#96;";
    case '\t':
    case '\n':
    case '\r':
      return " ";
    default:
      return {};
  }
}

bool is_unreserved(char letter) noexcept {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
         letter == '-' || letter == '.' || letter == '_' || letter == '~';
}

}  // namespace

void append_escaped(std::string& to, std::string_view text) {
  to.reserve(to.size() + text.size());
  while (!text.empty()) {
    const Utf8Point decoded = first_point(text);
    if (decoded.octets == 0) {
      to += kReplacement;
      text.remove_prefix(1);
      continue;
    }
    const std::string_view entity = entity_of(decoded.point);
    if (!entity.empty()) {
      to += entity;
    } else if (is_visible(decoded.point)) {
      to += text.substr(0, decoded.octets);
    } else {
      to += kReplacement;
    }
    text.remove_prefix(decoded.octets);
  }
}

std::string url_component(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char letter : text) {
    if (is_unreserved(letter)) {
      encoded += letter;
      continue;
    }
    const auto octet = static_cast<unsigned char>(letter);
    encoded += '%';
    encoded += kDigits[octet >> 4U];
    encoded += kDigits[octet & 15U];
  }
  return encoded;
}

Html foreign(std::string_view text) {
  Html html;
  html << "<bdi class=\"name\">"_html << text << "</bdi>"_html;
  return html;
}

Html code(std::string_view text) {
  Html html;
  html << "<bdi class=\"name code\">"_html << text << "</bdi>"_html;
  return html;
}

Html identifier(std::string_view id) {
  Html html;
  html << "<code>"_html << id << "</code>"_html;
  return html;
}

}  // namespace vouch
