// A map of the YAML tree read by a table of keys: sections within sections, unknown keys with a guess at what was
// meant, repeated keys, and where each key stood.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/schema.h"

namespace vouch {

// Where each key that the file has stands, by its path.
using KeyPlaces = std::map<std::string, const YamlNode*, std::less<>>;

namespace detail {

// Problems that concern the map and not its values.
bool is_readable_key(const YamlNode& key, std::string_view section, Problems& problems);
void report_repetition(const YamlNode& key, const YamlNode& first, std::string_view path, Problems& problems);
void report_unknown(const YamlNode& key, std::string_view section, const std::vector<std::string_view>& paths,
                    Problems& problems);
bool is_section(std::string_view path, const std::vector<std::string_view>& paths);
void report_not_a_map(const YamlNode& node, std::string_view section, Problems& problems);

}  // namespace detail

template <typename Target>
class MapReader {
 public:
  MapReader(std::span<const KeySpec<Target>> keys, Target& target, Problems& problems)
      : keys_(keys), target_(target), problems_(problems) {
    for (const KeySpec<Target>& key : keys_) { paths_.push_back(key.path); }
  }

  // `section` is empty for the whole, "cache." for a section. An empty section is allowed: all its keys may be
  // commented out.
  void read(const YamlNode& node, const std::string& section = {}) {
    if (node.kind == YamlNode::Kind::null) { return; }
    if (node.kind != YamlNode::Kind::map) {
      detail::report_not_a_map(node, section, problems_);
      return;
    }
    std::map<std::string_view, const YamlNode*> seen;
    for (std::size_t i = 0; i < node.keys.size() && i < node.items.size(); ++i) {
      const YamlNode& key = node.keys[i];
      if (!detail::is_readable_key(key, section, problems_)) { continue; }
      const std::string path = section + key.text;
      const auto [first, is_new] = seen.emplace(key.text, &key);
      if (!is_new) {
        detail::report_repetition(key, *first->second, path, problems_);
        continue;
      }
      read_entry(key, node.items[i], section, path);
    }
  }

  // Keys of an item of a list that must be there and are not.
  void require(const YamlNode& item) {
    for (const KeySpec<Target>& key : keys_) {
      if (key.required && !places_.contains(key.path)) {
        problems_.add(item, "`" + std::string(key.path) + "` is missing", "it is " + key.describe(key.shape));
      }
    }
  }

  const KeyPlaces& places() const noexcept { return places_; }

 private:
  void read_entry(const YamlNode& key, const YamlNode& value, const std::string& section, const std::string& path) {
    for (const KeySpec<Target>& spec : keys_) {
      if (spec.path == path) {
        places_.emplace(path, &value);
        spec.read(spec, value, target_, problems_);
        return;
      }
    }
    if (detail::is_section(path, paths_)) {
      read(value, path + ".");
      return;
    }
    detail::report_unknown(key, section, paths_, problems_);
  }

  std::span<const KeySpec<Target>> keys_;
  std::vector<std::string_view> paths_;
  Target& target_;
  Problems& problems_;
  KeyPlaces places_;
};

}  // namespace vouch
