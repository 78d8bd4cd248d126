#include "conf/policy_lists.h"

#include <algorithm>
#include <set>

#include "conf/map_reader.h"

namespace vouch {

namespace {

// Each item of a list of maps, as far as it is right; `example` shows how one is written.
template <typename Item>
std::vector<Item> read_items(const YamlNode& node, std::string_view key, std::span<const KeySpec<Item>> keys,
                             std::string_view example, Problems& problems) {
  std::vector<Item> read;
  const std::vector<YamlNode>* items = list_items(node, key, problems);
  if (items == nullptr) { return read; }
  for (const YamlNode& item : *items) {
    if (item.kind != YamlNode::Kind::map) {
      report(item, key, {"each item must be a map", "write `- " + std::string(example) + "`"}, problems);
      continue;
    }
    Item made;
    const std::size_t before = problems.count();
    MapReader<Item> reader(keys, made, problems);
    reader.read(item);
    reader.require(item);
    if (problems.count() == before) { read.push_back(std::move(made)); }
  }
  return read;
}

template <typename Item>
std::string show_items(const std::vector<Item>& items, std::span<const KeySpec<Item>> keys) {
  std::string out = "[";
  for (const Item& item : items) {
    out += out.size() > 1 ? ", {" : "{";
    for (const KeySpec<Item>& key : keys) {
      const std::string value = key.show(key, item);
      if (!key.required && value == key.standard) { continue; }
      out += (out.ends_with('{') ? "" : ", ") + std::string(key.path) + ": " + value;
    }
    out += "}";
  }
  return out + "]";
}

template <typename Item>
void refuse_repeated(const YamlNode& node, std::string_view key, std::string_view what, const std::vector<Item>& items,
                     Problems& problems) {
  std::set<std::string> names;
  for (const Item& item : items) {
    if (names.insert(item.name).second) { continue; }
    report(node, key,
           {std::string(what) + " " + quoted_value(item.name) + " is there twice", "give one of them another name"},
           problems);
  }
}

void refuse_too_many(const YamlNode& node, std::string_view key, std::size_t count, std::size_t most,
                     Problems& problems) {
  if (count <= most) { return; }
  report(node, key, {"has more than " + std::to_string(most) + " items", "leave some out"}, problems);
}

}  // namespace

void PolicyLists::read(const YamlNode& node, std::string_view key, const Shape&, std::vector<PolicyListOptions>& field,
                       Problems& problems) {
  field = read_items(node, key, policy_list_schema(), "{name: ads, file: lists/ads.txt}", problems);
  refuse_repeated(node, key, "list", field, problems);
  refuse_too_many(node, key, field.size(), PolicyOptions::kMaxLists, problems);
  for (const PolicyListOptions& list : field) {
    if (!list.name.starts_with('_')) { continue; }
    report(node, key,
           {"list " + quoted_value(list.name) + " begins with an underscore, as in metrics that does which is no list",
            "write it without"},
           problems);
  }
}

std::string PolicyLists::show(const std::vector<PolicyListOptions>& field, const Shape&) {
  return show_items(field, policy_list_schema());
}

void Views::read(const YamlNode& node, std::string_view key, const Shape&, std::vector<ViewOptions>& field,
                 Problems& problems) {
  field = read_items(node, key, view_schema(), "{name: children, clients: [192.168.1.64/26]}", problems);
  refuse_repeated(node, key, "view", field, problems);
  refuse_too_many(node, key, field.size(), PolicyOptions::kMaxViews, problems);
  std::set<Prefix> seen;
  for (const ViewOptions& view : field) {
    if (view.clients.empty()) {
      report(node, key, {"view " + quoted_value(view.name) + " has no clients", "name a prefix of theirs"}, problems);
    }
    for (const Prefix& prefix : view.clients) {
      if (seen.insert(prefix).second) { continue; }
      report(node, key,
             {"clients " + prefix.text() + " of view " + quoted_value(view.name) + " are in another view already",
              "keep them in one"},
             problems);
    }
  }
}

std::string Views::show(const std::vector<ViewOptions>& field, const Shape&) {
  return show_items(field, view_schema());
}

void LocalZoneList::read(const YamlNode& node, std::string_view key, const Shape&, std::vector<LocalZoneOptions>& field,
                         Problems& problems) {
  field = read_items(node, key, local_zone_schema(), "{zone: corp.example, type: static}", problems);
  std::set<std::string> names;
  for (const LocalZoneOptions& zone : field) {
    Name lower = zone.zone;
    lower.lower_case();
    if (names.insert(lower.text()).second) { continue; }
    report(node, key, {"zone " + quoted_value(zone.zone.text()) + " is there twice", "keep one of them"}, problems);
  }
}

std::string LocalZoneList::show(const std::vector<LocalZoneOptions>& field, const Shape&) {
  return show_items(field, local_zone_schema());
}

Parsed<std::string> PolicyNameItem::parse(std::string_view text) {
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
  if (!text.empty() && text.size() <= kMaxPolicyName && std::ranges::all_of(text, is_plain)) {
    return std::string(text);
  }
  return std::unexpected(ValueFault{quoted_value(text) + " is not a name of 1 to " + std::to_string(kMaxPolicyName) +
                                        " lower-case letters, digits, hyphens and underscores",
                                    "write it like `ads`"});
}

static_assert(kMaxListedLabels == 32);  // as ListedNameItem::kWhat says

Parsed<Name> ListedNameItem::parse(std::string_view text) {
  auto name = NameItem::parse(text);
  if (!name || name->view().labels() <= kMaxListedLabels) { return name; }
  return std::unexpected(ValueFault{quoted_value(text) + " has more than " + std::to_string(kMaxListedLabels) +
                                        " labels, and no list holds such a name",
                                    "write a name above it: that covers all below"});
}

void PolicyName::read(const YamlNode& node, std::string_view key, const Shape&, std::string& field,
                      Problems& problems) {
  const std::string* text = scalar_text(node, key, problems);
  if (text == nullptr) { return; }
  if (auto name = PolicyNameItem::parse(*text)) {
    field = std::move(*name);
  } else {
    report(node, key, std::move(name.error()), problems);
  }
}

void TranslatorPrefix::read(const YamlNode& node, std::string_view key, const Shape&, Prefix& field,
                            Problems& problems) {
  const std::string* text = scalar_text(node, key, problems);
  if (text == nullptr) { return; }
  auto prefix = PrefixItem::parse(*text);
  if (!prefix) {
    report(node, key, std::move(prefix.error()), problems);
  } else if (const auto problem = translator_prefix_problem(*prefix)) {
    report(node, key, {quoted_value(*text) + " " + *problem, "write it like `\"64:ff9b::/96\"`"}, problems);
  } else {
    field = *prefix;
  }
}

}  // namespace vouch
