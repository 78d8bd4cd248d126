#include "tests/lab/names.h"

#include <fmt/format.h>
#include <algorithm>
#include <cstdint>
#include <ranges>

namespace vouch::lab {

std::vector<std::string> labels_of(std::string_view name) {
  std::vector<std::string> labels;
  std::size_t at = 0;
  while (at < name.size()) {
    const std::size_t dot = std::min(name.find('.', at), name.size());
    if (dot > at) { labels.emplace_back(name.substr(at, dot - at)); }
    at = dot + 1;
  }
  return labels;
}

std::string parent_of(std::string_view name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos || dot + 1 >= name.size()) { return "."; }
  return std::string(name.substr(dot + 1));
}

bool is_at_or_below(std::string_view name, std::string_view ancestor) {
  if (ancestor == "." || name == ancestor) { return true; }
  return name.size() > ancestor.size() && name.ends_with(ancestor) && name[name.size() - ancestor.size() - 1] == '.';
}

std::string absolute(std::string_view name, std::string_view origin) {
  if (name == "@") { return std::string(origin); }
  if (name.ends_with('.')) { return std::string(name); }
  return origin == "." ? fmt::format("{}.", name) : fmt::format("{}.{}", name, origin);
}

std::string canonical_key(std::string_view name) {
  std::string key;
  for (const std::string& label : labels_of(name) | std::views::reverse) {
    key += lower_case(label);
    key += '\0';  // sorts before every octet a label holds: a name comes before all that lie below it
  }
  return key;
}

std::string to_wire(std::string_view name) {
  std::string wire;
  for (const std::string& label : labels_of(name)) {
    wire += static_cast<char>(label.size());
    wire += lower_case(label);
  }
  wire += '\0';
  return wire;
}

std::string from_wire(std::string_view wire) {
  std::string text;
  for (std::size_t at = 0; at < wire.size() && wire[at] != '\0';) {
    const std::size_t length = static_cast<std::uint8_t>(wire[at]);
    for (const char octet : wire.substr(at + 1, length)) {
      const bool plain = (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
                         (octet >= '0' && octet <= '9') || octet == '-' || octet == '_' || octet == '*';
      text += plain ? std::string(1, octet) : fmt::format("\\{:03}", static_cast<std::uint8_t>(octet));
    }
    text += '.';
    at += 1 + length;
  }
  return text.empty() ? "." : text;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while ((at = line.find_first_not_of(" \t\r\n", at)) != std::string_view::npos) {
    const std::size_t end = std::min(line.find_first_of(" \t\r\n", at), line.size());
    words.emplace_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

}  // namespace vouch::lab
