// How a node of the YAML tree becomes a field of an option struct, and how the field is written back. A codec has three
// static functions: read() reports what is wrong and leaves the field alone; show() writes YAML that read() takes back;
// describe() says in words what may be written.
#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/problems.h"
#include "conf/values.h"
#include "conf/yaml_tree.h"

namespace vouch {

// The text of a scalar; null, and a problem told, for anything else.
const std::string* scalar_text(const YamlNode& node, std::string_view key, Problems& problems);
// The items of a list; null, and a problem told, for anything else.
const std::vector<YamlNode>* list_items(const YamlNode& node, std::string_view key, Problems& problems);
void report(const YamlNode& node, std::string_view key, ValueFault fault, Problems& problems);

struct Boolean {
  static void read(const YamlNode& node, std::string_view key, const Shape&, bool& field, Problems& problems) {
    const std::string* text = scalar_text(node, key, problems);
    if (text == nullptr) { return; }
    if (auto value = parse_boolean(*text)) {
      field = *value;
    } else {
      report(node, key, std::move(value.error()), problems);
    }
  }
  static std::string show(bool field, const Shape&) { return field ? "true" : "false"; }
  static std::string describe(const Shape&) { return "true or false"; }
};

struct Number {
  template <typename T>
  static void read(const YamlNode& node, std::string_view key, const Shape& shape, T& field, Problems& problems) {
    const std::string* text = scalar_text(node, key, problems);
    if (text == nullptr) { return; }
    auto value = parse_number(*text, shape);
    if (!value) {
      report(node, key, std::move(value.error()), problems);
    } else if constexpr (std::integral<T>) {
      field = static_cast<T>(*value);
    } else {
      field = T(static_cast<typename T::rep>(*value));
    }
  }
  template <std::integral T>
  static std::string show(T field, const Shape& shape) {
    return field == 0 && !shape.names.empty() ? std::string(shape.names)
                                              : show_number(static_cast<std::uint64_t>(field), shape);
  }
  static std::string show(std::chrono::milliseconds field, const Shape& shape) {
    return show_number(static_cast<std::uint64_t>(field.count()), shape);
  }
  static std::string describe(const Shape& shape);
};

// An enumeration whose values are 0, 1, 2... in the order of Shape::names.
struct Choice {
  template <typename Enum>
  static void read(const YamlNode& node, std::string_view key, const Shape& shape, Enum& field, Problems& problems) {
    const std::string* text = scalar_text(node, key, problems);
    if (text == nullptr) { return; }
    auto index = parse_choice(*text, shape.names);
    if (!index) {
      report(node, key, std::move(index.error()), problems);
    } else {
      field = static_cast<Enum>(*index);
    }
  }
  template <typename Enum>
  static std::string show(Enum field, const Shape& shape) {
    return std::string(split_names(shape.names).at(static_cast<std::size_t>(field)));
  }
  static std::string describe(const Shape& shape);
};

struct Text {
  static constexpr std::size_t kMaxOctets = 4096;  // a path (PATH_MAX)
  static void read(const YamlNode& node, std::string_view key, const Shape& shape, std::string& field,
                   Problems& problems);
  static std::string show(const std::string& field, const Shape&) { return show_text(field); }
  static std::string describe(const Shape& shape);
};

struct Secret {
  static void read(const YamlNode& node, std::string_view key, const Shape& shape, Buffer& field, Problems& problems);
  // Never shown: a printed configuration ends in tickets and on screens.
  static std::string show(const Buffer& field, const Shape&) { return field.empty() ? "\"\"" : "\"(set, not shown)\""; }
  static std::string describe(const Shape&) { return "32 hexadecimal digits"; }
};

struct SingleName {
  static void read(const YamlNode& node, std::string_view key, const Shape& shape, Name& field, Problems& problems);
  static std::string show(const Name& field, const Shape&) { return show_text(field.text()); }
  static std::string describe(const Shape&) { return "a domain name"; }
};

template <typename Item>
struct ListOf {
  using Value = typename Item::Value;
  static void read(const YamlNode& node, std::string_view key, const Shape&, std::vector<Value>& field,
                   Problems& problems) {
    const std::vector<YamlNode>* items = list_items(node, key, problems);
    if (items == nullptr) { return; }
    std::vector<Value> values;
    std::vector<std::string> shown;
    for (const YamlNode& item : *items) {
      const std::string* text = scalar_text(item, key, problems);
      if (text == nullptr) { continue; }
      auto value = Item::parse(*text);
      if (!value) {
        report(item, key, std::move(value.error()), problems);
        continue;
      }
      shown.push_back(Item::show(*value));
      values.push_back(std::move(*value));
    }
    report_repetitions(*items, key, shown, problems);
    field = std::move(values);
  }
  static std::string show(const std::vector<Value>& field, const Shape&) {
    std::string out = "[";
    for (const Value& value : field) { out += (out.size() > 1 ? ", " : "") + show_text(Item::show(value)); }
    return out + "]";
  }
  static std::string describe(const Shape&) { return "a list of " + std::string(Item::kWhat); }

 private:
  // By sorting: a list may have thousands of items.
  static void report_repetitions(const std::vector<YamlNode>& items, std::string_view key,
                                 std::vector<std::string>& shown, Problems& problems) {
    if (shown.size() != items.size()) { return; }  // something else is wrong already
    std::vector<std::size_t> order(shown.size());
    for (std::size_t i = 0; i < order.size(); ++i) { order[i] = i; }
    std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(std::string_view(shown[i]), i); });
    for (std::size_t i = 1; i < order.size(); ++i) {
      if (shown[order[i]] == shown[order[i - 1]]) {
        report(items[order[i]], key,
               {quoted_value(items[order[i]].text) + " is listed twice, first in line " +
                    std::to_string(items[order[i - 1]].line),
                "leave one out"},
               problems);
      }
    }
  }
};

}  // namespace vouch
