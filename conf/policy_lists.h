// Codecs of what policy is made of: lists, views, local zones, and values that a view may leave to everyone's.
#pragma once

#include <optional>

#include "conf/codecs.h"
#include "conf/schema.h"

namespace vouch {

struct PolicyLists {
  static void read(const YamlNode& node, std::string_view key, const Shape&, std::vector<PolicyListOptions>& field,
                   Problems& problems);
  static std::string show(const std::vector<PolicyListOptions>& field, const Shape&);
  static std::string describe(const Shape&) { return "a list of lists, each a map of the keys above"; }
};

struct Views {
  static void read(const YamlNode& node, std::string_view key, const Shape&, std::vector<ViewOptions>& field,
                   Problems& problems);
  static std::string show(const std::vector<ViewOptions>& field, const Shape&);
  static std::string describe(const Shape&) { return "a list of views, each a map of the keys above"; }
};

struct LocalZoneList {
  static void read(const YamlNode& node, std::string_view key, const Shape&, std::vector<LocalZoneOptions>& field,
                   Problems& problems);
  static std::string show(const std::vector<LocalZoneOptions>& field, const Shape&);
  static std::string describe(const Shape&) { return "a list of zones, each a map of the keys above"; }
};

// Lower-case letters, digits, hyphens and underscores: it goes into logs, metrics and answers.
struct PolicyName {
  static void read(const YamlNode& node, std::string_view key, const Shape&, std::string& field, Problems& problems);
  static std::string show(const std::string& field, const Shape&) { return show_text(field); }
  static std::string describe(const Shape&) { return "1 to 64 of a-z, 0-9, - and _"; }
};
struct PolicyNameItem {
  using Value = std::string;
  static constexpr std::string_view kWhat = "their names";
  static Parsed<std::string> parse(std::string_view text);
  static std::string show(const std::string& name) { return name; }
};

// A name that is let through, or blocked, with all below it.
struct ListedNameItem {
  using Value = Name;
  static constexpr std::string_view kWhat = "domain names of at most 32 labels";
  static Parsed<Name> parse(std::string_view text);
  static std::string show(const Name& name) { return NameItem::show(name); }
};

// The IPv6 prefix of a translator (RFC 6052 section 2.2).
struct TranslatorPrefix {
  static void read(const YamlNode& node, std::string_view key, const Shape&, Prefix& field, Problems& problems);
  static std::string show(const Prefix& field, const Shape&) { return show_text(field.text()); }
  static std::string describe(const Shape&) { return "an IPv6 prefix of length 32, 40, 48, 56, 64 or 96"; }
};

// Of a view: what is left out is as for everyone.
template <typename Codec>
struct OrEveryones {
  template <typename T>
  static void read(const YamlNode& node, std::string_view key, const Shape& shape, std::optional<T>& field,
                   Problems& problems) {
    T value{};
    const std::size_t before = problems.count();
    Codec::read(node, key, shape, value, problems);
    if (problems.count() == before) { field = std::move(value); }
  }
  template <typename T>
  static std::string show(const std::optional<T>& field, const Shape& shape) {
    return field ? Codec::show(*field, shape) : "everyone's";
  }
  static std::string describe(const Shape& shape) { return Codec::describe(shape); }
};

}  // namespace vouch
