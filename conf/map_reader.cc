#include "conf/map_reader.h"

#include <algorithm>

namespace vouch::detail {

namespace {

// The section as a person names it: "cache.serve_stale.", "" and "" become "`cache.serve_stale`", "the top level".
std::string section_name(std::string_view section) {
  if (section.empty()) { return "the top level"; }
  return '`' + std::string(section.substr(0, section.size() - 1)) + '`';
}

// What may stand directly in `section`, keys and sections alike.
std::vector<std::string_view> names_in(std::string_view section, const std::vector<std::string_view>& paths) {
  std::vector<std::string_view> names;
  for (const std::string_view path : paths) {
    if (!path.starts_with(section)) { continue; }
    const std::string_view rest = path.substr(section.size());
    const std::string_view name = rest.substr(0, rest.find('.'));
    if (std::ranges::find(names, name) == names.end()) { names.push_back(name); }
  }
  return names;
}

// The path of a key of that very name in another section, if there is exactly one.
std::string_view elsewhere(std::string_view name, const std::vector<std::string_view>& paths) {
  std::string_view found;
  for (const std::string_view path : paths) {
    if (path.size() <= name.size() || !path.ends_with(name) || path[path.size() - name.size() - 1] != '.') { continue; }
    if (!found.empty()) { return {}; }
    found = path;
  }
  return found;
}

std::string listed(const std::vector<std::string_view>& names) {
  std::string out;
  for (const std::string_view name : names) { out += (out.empty() ? "`" : ", `") + std::string(name) + "`"; }
  return out;
}

}  // namespace

bool is_readable_key(const YamlNode& key, std::string_view section, Problems& problems) {
  if (key.kind == YamlNode::Kind::scalar) { return true; }
  problems.add(key, "a key in " + section_name(section) + " that is not a word", "write `name: value`");
  return false;
}

void report_repetition(const YamlNode& key, const YamlNode& first, std::string_view path, Problems& problems) {
  problems.add(key, quoted_value(path) + " is set twice, first in line " + std::to_string(first.line),
               "keep one of the two");
}

void report_unknown(const YamlNode& key, std::string_view section, const std::vector<std::string_view>& paths,
                    Problems& problems) {
  if (problems.is_full()) {
    problems.add(key, "unknown key");
    return;
  }
  const std::vector<std::string_view> names = names_in(section, paths);
  std::string problem = "unknown key " + quoted_value(std::string(section) + key.text);
  if (const std::string_view other = elsewhere(key.text, paths); !other.empty()) {
    problems.add(key, std::move(problem), "it belongs in `" + std::string(other.substr(0, other.rfind('.'))) + "`");
  } else if (const std::string_view near = nearest(key.text, names); !near.empty()) {
    problems.add(key, std::move(problem), "did you mean `" + std::string(near) + "`?");
  } else {
    problems.add(key, std::move(problem), section_name(section) + " knows " + listed(names));
  }
}

bool is_section(std::string_view path, const std::vector<std::string_view>& paths) {
  return std::ranges::any_of(paths, [&](std::string_view known) {
    return known.size() > path.size() && known.starts_with(path) && known[path.size()] == '.';
  });
}

void report_not_a_map(const YamlNode& node, std::string_view section, Problems& problems) {
  problems.add(node, (section.empty() ? "the file" : section_name(section)) + " must be a map of keys",
               "write `key: value` lines" + std::string(section.empty() ? "" : ", indented under it"));
}

}  // namespace vouch::detail
