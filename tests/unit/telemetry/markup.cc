#include "tests/unit/telemetry/markup.h"

#include <algorithm>
#include <array>
#include <utility>

namespace vouch {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kEntities{
    {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&#96;", "`"}}};

bool is_name_letter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
         letter == '-' || letter == ':';
}

// Octets of the UTF-8 sequence at the front, 0 when it is none or a control.
std::size_t sequence(std::string_view text) {
  const auto octet = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = octet(0);
  if (first < 0x80) { return first == '\n' || (first >= 0x20 && first != 0x7F) ? 1 : 0; }
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) { return 0; }
  for (std::size_t i = 1; i < size; ++i) {
    if ((octet(i) & 0xC0U) != 0x80) { return 0; }
  }
  if ((first == 0xE0 && octet(1) < 0xA0) || (first == 0xED && octet(1) > 0x9F)) { return 0; }
  if ((first == 0xF0 && octet(1) < 0x90) || (first == 0xF4 && octet(1) > 0x8F)) { return 0; }
  if (first == 0xC2 && octet(1) < 0xA0) { return 0; }  // C1 controls
  return size;
}

class Reader {
 public:
  explicit Reader(std::string_view rest) : rest_(rest) {}

  Document read() {
    constexpr std::string_view kDoctype = "<!doctype html>";
    if (rest_.starts_with(kDoctype)) { rest_.remove_prefix(kDoctype.size()); }
    while (!rest_.empty() && document_.error.empty()) {
      if (rest_.starts_with("</")) {
        close();
      } else if (rest_[0] == '<') {
        open();
      } else {
        character(document_.text, '\0');
      }
    }
    if (document_.error.empty() && !open_.empty()) { fail("not closed: " + open_.back()); }
    return std::move(document_);
  }

 private:
  void fail(std::string why) { document_.error = std::move(why) + " at: " + std::string(rest_.substr(0, 60)); }

  std::string name() {
    std::string name;
    while (!rest_.empty() && is_name_letter(rest_[0])) {
      name += rest_[0];
      rest_.remove_prefix(1);
    }
    if (name.empty()) { fail("a name is missing"); }
    return name;
  }

  // One character of text or of a value that ends at `quote`.
  void character(std::string& into, char quote) {
    if (rest_[0] == '&') {
      for (const auto& [entity, meaning] : kEntities) {
        if (!rest_.starts_with(entity)) { continue; }
        into += quote == '\0' ? meaning : entity;
        rest_.remove_prefix(entity.size());
        return;
      }
      return fail("not an entity");
    }
    const std::size_t size = sequence(rest_);
    if (size == 0 || rest_[0] == '<') { return fail("a bad character"); }
    into += rest_.substr(0, size);
    rest_.remove_prefix(size);
  }

  void open() {
    rest_.remove_prefix(1);
    Element element{name(), {}};
    while (document_.error.empty() && rest_.starts_with(' ')) {
      rest_.remove_prefix(1);
      std::string attribute = name();
      if (!rest_.starts_with("=\"")) { return fail("a value is missing"); }
      rest_.remove_prefix(2);
      std::string value;
      while (!rest_.empty() && rest_[0] != '"' && document_.error.empty()) { character(value, '"'); }
      if (rest_.empty()) { return fail("a value does not end"); }
      rest_.remove_prefix(1);
      if (!element.attributes.emplace(std::move(attribute), std::move(value)).second) { return fail("twice"); }
    }
    const bool is_empty = rest_.starts_with("/>");
    if (!is_empty && !rest_.starts_with('>')) { return fail("a tag does not end"); }
    rest_.remove_prefix(is_empty ? 2 : 1);
    if (!is_empty) { open_.push_back(element.name); }
    document_.elements.push_back(std::move(element));
  }

  void close() {
    rest_.remove_prefix(2);
    const std::string closed = name();
    if (open_.empty() || open_.back() != closed || !rest_.starts_with('>')) { return fail("closed: " + closed); }
    open_.pop_back();
    rest_.remove_prefix(1);
    document_.text += '\n';
  }

  std::string_view rest_;
  std::vector<std::string> open_;
  Document document_;
};

}  // namespace

std::size_t Document::count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count(elements, name, &Element::name));
}

bool Document::has(std::string_view name) const { return count(name) != 0; }

const Element* Document::by_id(std::string_view id) const {
  for (const Element& element : elements) {
    const auto found = element.attributes.find("id");
    if (found != element.attributes.end() && found->second == id) { return &element; }
  }
  return nullptr;
}

Document read_markup(std::string_view octets) { return Reader(octets).read(); }

}  // namespace vouch
