#include "conf/negative_anchors.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>

#include "conf/map_reader.h"

namespace vouch {

namespace {

namespace chrono = std::chrono;

constexpr int kFirstYear = 1971;  // so that no moment is 0, which means "no end"

// The digits at [from, from + count), nothing else among them.
std::optional<int> digits(std::string_view text, std::size_t from, std::size_t count) {
  int number = 0;
  for (const char c : text.substr(from, count)) {
    if (c < '0' || c > '9') { return std::nullopt; }
    number = number * 10 + (c - '0');
  }
  return number;
}

std::optional<chrono::sys_days> parse_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') { return std::nullopt; }
  const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  if (!year || !month || !day || *year < kFirstYear) { return std::nullopt; }
  const chrono::year_month_day date(chrono::year(*year), chrono::month(static_cast<unsigned>(*month)),
                                    chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) { return std::nullopt; }
  return chrono::sys_days(date);
}

// "T18:00:00Z", or nothing at all.
std::optional<chrono::seconds> parse_time_of_day(std::string_view text) {
  if (text.empty()) { return chrono::seconds(0); }
  if (text.size() != 10 || text[0] != 'T' || text[3] != ':' || text[6] != ':' || text[9] != 'Z') {
    return std::nullopt;
  }
  const auto hour = digits(text, 1, 2), minute = digits(text, 4, 2), second = digits(text, 7, 2);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) { return std::nullopt; }
  return chrono::hours(*hour) + chrono::minutes(*minute) + chrono::seconds(*second);
}

std::string padded(unsigned long number, std::size_t width) {
  const std::string text = std::to_string(number);
  return std::string(width - std::min(width, text.size()), '0') + text;
}

// The item as an anchor; nothing when it is none, and then the problems say why.
std::optional<NegativeAnchor> read_anchor(const YamlNode& item, std::string_view key, Problems& problems) {
  const std::size_t before = problems.count();
  NegativeAnchor anchor;
  if (item.kind == YamlNode::Kind::map) {
    MapReader<NegativeAnchor> reader(negative_anchor_schema(), anchor, problems);
    reader.read(item);
    reader.require(item);
  } else {
    SingleName::read(item, key, {}, anchor.name, problems);
  }
  return problems.count() == before ? std::optional(std::move(anchor)) : std::nullopt;
}

}  // namespace

Parsed<UnixTime> parse_moment(std::string_view text) {
  const auto day = parse_day(text.substr(0, 10));
  const auto time = parse_time_of_day(text.substr(std::min<std::size_t>(10, text.size())));
  if (!day || !time) {
    return std::unexpected(ValueFault{"not a moment: " + quoted_value(text),
                                      "write it like `2026-12-31` or `2026-12-31T18:00:00Z`, which is UTC"});
  }
  return (*day + *time).time_since_epoch().count();
}

std::string show_moment(UnixTime moment) {
  const chrono::sys_seconds time{chrono::seconds(moment)};
  const auto day = chrono::floor<chrono::days>(time);
  const chrono::year_month_day date(day);
  const chrono::hh_mm_ss clock(time - day);
  return padded(static_cast<unsigned long>(static_cast<int>(date.year())), 4) + "-" +
         padded(static_cast<unsigned>(date.month()), 2) + "-" + padded(static_cast<unsigned>(date.day()), 2) + "T" +
         padded(static_cast<unsigned long>(clock.hours().count()), 2) + ":" +
         padded(static_cast<unsigned long>(clock.minutes().count()), 2) + ":" +
         padded(static_cast<unsigned long>(clock.seconds().count()), 2) + "Z";
}

void Moment::read(const YamlNode& node, std::string_view key, const Shape&, UnixTime& field, Problems& problems) {
  const std::string* text = scalar_text(node, key, problems);
  if (text == nullptr) { return; }
  if (auto moment = parse_moment(*text)) {
    field = *moment;
  } else {
    report(node, key, std::move(moment.error()), problems);
  }
}

std::string Moment::show(UnixTime field, const Shape&) { return field == 0 ? "never" : show_text(show_moment(field)); }

void NegativeAnchors::read(const YamlNode& node, std::string_view key, const Shape&, std::vector<NegativeAnchor>& field,
                           Problems& problems) {
  const std::vector<YamlNode>* items = list_items(node, key, problems);
  if (items == nullptr) { return; }
  std::vector<NegativeAnchor> anchors;
  std::set<std::string> names;
  for (const YamlNode& item : *items) {
    auto anchor = read_anchor(item, key, problems);
    if (!anchor) { continue; }
    Name lower = anchor->name;
    lower.lower_case();
    if (!names.insert(lower.text()).second) {
      report(item, key, {quoted_value(anchor->name.text()) + " is listed twice", "leave one out"}, problems);
      continue;
    }
    anchors.push_back(std::move(*anchor));
  }
  field = std::move(anchors);
}

std::string NegativeAnchors::show(const std::vector<NegativeAnchor>& field, const Shape&) {
  std::string out = "[";
  for (const NegativeAnchor& anchor : field) {
    out += out.size() > 1 ? ", " : "";
    const std::string name = show_text(anchor.name.text());
    if (anchor.reason.empty() && anchor.until == 0) {
      out += name;
      continue;
    }
    out += "{name: " + name;
    if (!anchor.reason.empty()) { out += ", reason: " + show_text(anchor.reason); }
    if (anchor.until != 0) { out += ", until: " + show_text(show_moment(anchor.until)); }
    out += "}";
  }
  return out + "]";
}

}  // namespace vouch
