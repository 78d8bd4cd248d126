#include "conf/document.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "conf/reload.h"
#include "conf/schema.h"

namespace vouch {

namespace {

constexpr std::size_t kWidth = 110;  // of comments

constexpr std::string_view kHead =
    "# The configuration of vouchd, with every key at its default: what is left out means what stands here.\n"
    "# `vouchd --check-config --config FILE` says what is wrong with a file, all of it, before a server is restarted "
    "with it.\n";

constexpr std::string_view kEachZone = "Each zone is a map of these keys:";

std::string indent(std::string_view path) {
  return std::string(2 * static_cast<std::size_t>(std::ranges::count(path, '.')), ' ');
}

std::string_view last_name(std::string_view path) { return path.substr(path.rfind('.') + 1); }  // npos + 1 is 0

// `text` as comment lines that begin with `margin`.
std::string comment(const std::string& margin, std::string_view text) {
  std::string out;
  std::string line = margin + "#";
  while (!text.empty()) {
    const std::size_t blank = std::min(text.find(' '), text.size());
    if (line.size() + 1 + blank > kWidth) {
      out += line + "\n";
      line = margin + "#";
    }
    line.append(" ").append(text.substr(0, blank));
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  return out + line + "\n";
}

std::string capitalised(std::string text) {
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z') {
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
  }
  return text;
}

template <typename Item>
std::string item_keys_comment(const std::string& margin, std::string_view head, std::span<const KeySpec<Item>> keys,
                              std::string_view example) {
  std::string out = comment(margin, head);
  for (const KeySpec<Item>& key : keys) {
    const std::string standard = key.required ? "must be there" : "default " + std::string(key.standard);
    out += comment(margin, "  " + std::string(key.path) + ": " + key.describe(key.shape) + "; " + standard + ". " +
                               std::string(key.meaning));
  }
  return out + comment(margin, "For example " + std::string(example));
}

// Section headings that lead to `path` and that the key before it was not in.
std::string headings(std::string_view path, std::string_view before, bool with_meaning) {
  std::string out;
  for (const SectionSpec& section : sections()) {
    const std::string prefix = std::string(section.path) + ".";
    if (!path.starts_with(prefix) || before.starts_with(prefix)) { continue; }
    const std::string margin = indent(section.path);
    if (with_meaning) { out += "\n" + comment(margin, section.meaning); }
    out += margin + std::string(last_name(section.path)) + ":\n";
  }
  return out;
}

}  // namespace

std::string default_document() {
  std::string out(kHead);
  std::string_view before;
  for (const KeySpec<Configuration>& key : schema()) {
    const std::string heading = headings(key.path, before, true);
    const std::string margin = indent(key.path);
    out += heading.empty() ? "\n" : heading;
    out += comment(margin, key.meaning);
    out += comment(margin, capitalised(key.describe(key.shape)) + ". Default: " + std::string(key.standard));
    if (needs_restart(key.path)) { out += comment(margin, "A change waits for a restart."); }
    if (key.path == "resolver.stub_zones") {
      out += item_keys_comment(margin, kEachZone, stub_zone_schema(),
                               "[{zone: corp.example, servers: [192.0.2.1, \"2001:db8::1@5353\"]}]");
    }
    if (key.path == "forward.zones") {
      out += item_keys_comment(margin, kEachZone, forward_zone_schema(),
                               "[{zone: ., servers: [192.0.2.53], tls: true, tls_name: dns.example.net}]");
    }
    if (key.path == "local_data.zones") {
      out += item_keys_comment(margin, kEachZone, local_zone_schema(), "[{zone: corp.example, type: redirect}]");
    }
    if (key.path == "policy.lists") {
      out += item_keys_comment(margin, "Each list is a map of these keys:", policy_list_schema(),
                               "[{name: ads, file: lists/ads.txt}, {name: adults, file: adults.txt, everyone: false}]");
    }
    if (key.path == "policy.views") {
      out += item_keys_comment(margin, "Each view is a map of these keys:", view_schema(),
                               "[{name: children, clients: [192.168.1.64/26], lists: [ads, adults]}]");
    }
    if (key.path == "dnssec.negative_trust_anchors") {
      out += item_keys_comment(margin, "Each map has these keys:", negative_anchor_schema(),
                               "[broken.example, {name: late.example, reason: expired, until: 2026-12-31}]");
    }
    if (key.path == "policy.rpz") {
      out += item_keys_comment(margin, kEachZone, rpz_zone_schema(),
                               "[{zone: rpz.example, file: rpz.zone}, {zone: feed.example, file: feed.zone, "
                               "action: disabled, log: true}]");
    }
    out += margin + std::string(last_name(key.path)) + ": " + std::string(key.standard) + "\n";
    before = key.path;
  }
  return out;
}

std::string effective_document(const Configuration& configuration) {
  std::string out;
  std::string_view before;
  for (const KeySpec<Configuration>& key : schema()) {
    out += headings(key.path, before, false);
    out += indent(key.path) + std::string(last_name(key.path)) + ": " + key.show(key, configuration) + "\n";
    before = key.path;
  }
  return out;
}

}  // namespace vouch
