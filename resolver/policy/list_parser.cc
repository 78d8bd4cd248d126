#include "resolver/policy/list_parser.h"

#include <idn2.h>

#include <algorithm>
#include <array>
#include <memory>

namespace vouch {

namespace {

constexpr std::string_view kBlanks = " \t\r\f\v";

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) { return {}; }
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string_view first_word(std::string_view text) noexcept { return text.substr(0, text.find_first_of(kBlanks)); }

// Addresses under which a hosts file puts what shall not be reached.
bool is_nowhere(std::string_view word) noexcept {
  constexpr std::array<std::string_view, 6> kNowhere = {"0.0.0.0", "127.0.0.1", "::", "::1", "::0", "0:0:0:0:0:0:0:0"};
  return std::ranges::find(kNowhere, word) != kNowhere.end();
}

// What every hosts file says of the machine itself.
bool is_of_the_machine(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 9> kNames = {"localhost.localdomain",
                                                      "0.0.0.0",
                                                      "255.255.255.255",
                                                      "localhost.",
                                                      "local.",
                                                      "broadcasthost.",
                                                      "localhost4.localdomain4",
                                                      "localhost6.localdomain6",
                                                      "::1"};
  return name.find('.') == std::string_view::npos || std::ranges::find(kNames, name) != kNames.end();
}

bool is_ascii(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

Octet lowered(char c) noexcept { return static_cast<Octet>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); }

bool is_of_names(Octet c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; }

// Labels of letters, digits, hyphens and underscores.
std::optional<Name> plain_name(std::string_view text) noexcept {
  if (text.ends_with('.')) { text.remove_suffix(1); }
  if (text.empty() || text.size() > kMaxNameLength - 2) { return std::nullopt; }
  std::array<Octet, kMaxNameLength> octets;
  std::size_t length_at = 0, at = 1;
  for (const char c : text) {
    if (c == '.') {
      if (at == length_at + 1) { return std::nullopt; }  // an empty label
      octets[length_at] = u8(at - length_at - 1);
      length_at = at++;
      continue;
    }
    const Octet octet = lowered(c);
    if (!is_of_names(octet) || at - length_at > kMaxLabelLength) { return std::nullopt; }
    octets[at++] = octet;
  }
  if (at == length_at + 1) { return std::nullopt; }
  octets[length_at] = u8(at - length_at - 1);
  octets[at++] = 0;
  const auto view = NameView::parse({octets.data(), at});
  return view ? std::optional(Name(*view)) : std::nullopt;
}

}  // namespace

std::optional<Name> listed_name(std::string_view text) {
  std::optional<Name> name;
  if (is_ascii(text)) {
    name = plain_name(text);
  } else {
    char* ascii = nullptr;
    const std::string whole(text);
    if (idn2_to_ascii_8z(whole.c_str(), &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) == IDN2_OK) {
      name = plain_name(ascii);
    }
    idn2_free(ascii);
  }
  // No top-level domain is made of digits (RFC 3696 section 2): this is an address.
  if (name) {
    const NameView top = name->view().suffix(1);
    const auto is_digit = [](Octet c) { return c >= '0' && c <= '9'; };
    if (std::ranges::all_of(top.first_label(), is_digit)) { return std::nullopt; }
  }
  return name;
}

// --------------------------------------------------------------------------------------------------------------- lines

void ListParser::feed(std::string_view piece) {
  while (!piece.empty()) {
    const std::size_t end = piece.find('\n');
    const std::string_view part = piece.substr(0, end);
    const bool is_long = rest_.size() + part.size() > kMaxLine;
    if (end == std::string_view::npos) {
      if (is_long) { skipping_ = true; }
      if (!skipping_) { rest_ += part; }
      return;
    }
    ++report_.lines;
    line_is_bad_ = false;
    if (skipping_ || is_long) {
      bad("longer than " + std::to_string(kMaxLine) + " octets");
    } else if (rest_.empty()) {
      take_line(part);
    } else {
      rest_ += part;
      take_line(rest_);
    }
    rest_.clear();
    skipping_ = false;
    piece.remove_prefix(end + 1);
  }
}

const ListReport& ListParser::end() {
  if (!rest_.empty() || skipping_) { feed("\n"); }
  listed_.finish();
  excepted_.finish();
  report_.names = listed_.size() + excepted_.size();
  return report_;
}

void ListParser::take_line(std::string_view line) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (report_.lines == 1 && line.starts_with(kByteOrderMark)) { line.remove_prefix(kByteOrderMark.size()); }
  line = trimmed(line);
  if (line.empty() || line.front() == '#' || line.front() == '!' || line.front() == '[') { return; }
  const bool takes_filters = format_ == ListFormat::automatic || format_ == ListFormat::adblock;
  if (takes_filters && line.starts_with("||")) { return take_filter(line.substr(2), false); }
  if (takes_filters && line.starts_with("@@||")) { return take_filter(line.substr(4), true); }
  const bool is_other_filter = takes_filters && (line.starts_with("@@") || line.find("##") != std::string_view::npos ||
                                                 line.find("#@") != std::string_view::npos ||
                                                 line.find_first_of("/$^|*=") != std::string_view::npos);
  if (is_other_filter && !line.starts_with("*.")) {
    ++report_.passed_over;
    return;
  }
  // A remark behind the line; '#' is in no name.
  line = trimmed(line.substr(0, line.find('#')));
  const std::string_view word = first_word(line);
  const bool has_more = word.size() != line.size();
  const bool is_hosts = format_ == ListFormat::hosts || (format_ == ListFormat::automatic && has_more);
  if (!is_hosts) {
    return format_ == ListFormat::adblock || !has_more ? take_domain(line) : bad("more than one name in a line");
  }
  if (!is_nowhere(word)) {
    return bad(IpAddress::parse(word) ? "maps names to an address that is reachable: local data, not a list"
                                      : "neither a name alone nor names behind 0.0.0.0");
  }
  take_hosts(line.substr(word.size()));
}

void ListParser::take_hosts(std::string_view names) {
  for (names = trimmed(names); !names.empty();) {
    const std::string_view name = first_word(names);
    if (!is_of_the_machine(name)) { add(name, NameReach::exact, listed_); }
    names = trimmed(names.substr(name.size()));
  }
}

void ListParser::take_domain(std::string_view text) {
  if (text.starts_with("*.")) { text.remove_prefix(2); }
  if (text.starts_with('.')) { text.remove_prefix(1); }
  add(text, NameReach::and_below, listed_);
}

// What stands behind the name must end it, and not make the filter one for some pages or clients only.
void ListParser::take_filter(std::string_view line, bool is_exception) {
  const std::size_t end = line.find_first_of("^$/");
  const std::string_view name = line.substr(0, end);
  std::string_view options = end == std::string_view::npos ? std::string_view{} : line.substr(end);
  if (options.starts_with('^')) { options.remove_prefix(1); }
  if (options.starts_with('|')) { options.remove_prefix(1); }
  const bool is_plain = options.empty() || options == "$important" || options == "$all" || options == "$document";
  if (!is_plain || name.find('*') != std::string_view::npos) {
    ++report_.passed_over;
    return;
  }
  add(name, NameReach::and_below, is_exception ? excepted_ : listed_);
}

void ListParser::add(std::string_view text, NameReach reach, NameTable& table) {
  const auto name = listed_name(text);
  if (!name) { return bad("not a domain name"); }
  switch (table.add(*name, reach)) {
    case NameTable::Added::yes:
    case NameTable::Added::known:
      return;
    case NameTable::Added::too_deep:
      return bad("more than " + std::to_string(HashedName::kMaxDepth) + " labels");
    case NameTable::Added::full:
      return bad("more names than a list can hold");
  }
}

void ListParser::bad(std::string problem) {
  if (line_is_bad_) { return; }
  line_is_bad_ = true;
  ++report_.bad;
  if (report_.first_bad.size() < ListReport::kMaxTold) {
    report_.first_bad.push_back({report_.lines, std::move(problem)});
  }
}

}  // namespace vouch
