// HTML that is written on the server. Markup comes from literals of this program alone ("<p>"_html is the only way to
// make any), and whatever else is put in, a name or a translated sentence, is escaped on its way. There is one escaper,
// good for text and for attribute values in double quotes; what it lets through cannot end either, cannot turn the
// direction of the line, and is well-formed UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace vouch {

class Markup {
 public:
  constexpr std::string_view text() const noexcept { return text_; }

 private:
  friend consteval Markup operator""_html(const char* text, std::size_t size);
  consteval explicit Markup(std::string_view text) : text_(text) {}
  std::string_view text_;
};
consteval Markup operator""_html(const char* text, std::size_t size) { return Markup({text, size}); }

// Appends `text`, harmless. Line ends and tabs become a space; other controls, invisible and direction-turning
// characters and octets that are no UTF-8 become U+FFFD.
void append_escaped(std::string& to, std::string_view text);

// A piece of a document.
class Html {
 public:
  Html() = default;
  Html(Markup markup) : octets_(markup.text()) {}                   // NOLINT(google-explicit-constructor)
  Html(std::string_view text) { append_escaped(octets_, text); }    // NOLINT(google-explicit-constructor)
  Html(const std::string& text) { append_escaped(octets_, text); }  // NOLINT(google-explicit-constructor)
  Html(const char* text) : Html(std::string_view(text)) {}          // NOLINT(google-explicit-constructor)

  Html& operator<<(Markup markup) {
    octets_ += markup.text();
    return *this;
  }
  Html& operator<<(std::string_view text) {
    append_escaped(octets_, text);
    return *this;
  }
  Html& operator<<(const char* text) { return *this << std::string_view(text); }
  Html& operator<<(const std::string& text) { return *this << std::string_view(text); }
  Html& operator<<(const Html& piece) {
    octets_ += piece.octets_;
    return *this;
  }

  bool empty() const noexcept { return octets_.empty(); }
  const std::string& octets() const noexcept { return octets_; }
  std::string take() && { return std::move(octets_); }

 private:
  std::string octets_;
};

// For a component of a URL, a query value or a path segment: all but the unreserved characters (RFC 3986 section 2.3)
// as %XX. The result is ASCII and may be put into Html like any text.
std::string url_component(std::string_view text);

// A domain name, an address, an operator's own words: what others wrote. Set apart in direction, and free to break
// anywhere rather than widen the page.
Html foreign(std::string_view text);
// The same in the typeface of things that are copied letter by letter.
Html code(std::string_view text);
// An id of ours, like rrsig_expired: short, and never broken.
Html identifier(std::string_view id);

}  // namespace vouch
