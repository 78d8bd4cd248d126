// Reads a document as strictly as XML is read, so that the tests can ask what is in it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vouch {

struct Element {
  std::string name;
  std::map<std::string, std::string> attributes;  // as written, entities and all
};

struct Document {
  std::vector<Element> elements;  // in order of their start
  std::string text;               // between the tags, entities resolved; a line end after each element
  std::string error;              // empty: well-formed

  bool has(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  const Element* by_id(std::string_view id) const;
};

// Every element closed in order, every attribute in double quotes and once, no stray < & or ", known entities alone,
// well-formed UTF-8 without control characters.
Document read_markup(std::string_view octets);

}  // namespace vouch
