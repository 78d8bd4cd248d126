#include "tests/bench/load/query_list.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

namespace vouch::load {

namespace {

constexpr std::size_t kHeaderSize = 12;
constexpr std::size_t kOptSize = 11;
constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxName = 255;

constexpr std::array<std::pair<std::string_view, std::uint16_t>, 12> kTypes = {{{"A", 1},
                                                                                {"NS", 2},
                                                                                {"CNAME", 5},
                                                                                {"SOA", 6},
                                                                                {"PTR", 12},
                                                                                {"MX", 15},
                                                                                {"TXT", 16},
                                                                                {"AAAA", 28},
                                                                                {"SRV", 33},
                                                                                {"DS", 43},
                                                                                {"DNSKEY", 48},
                                                                                {"HTTPS", 65}}};

std::optional<std::uint16_t> type_from(std::string_view text) {
  for (const auto& [mnemonic, number] : kTypes) {
    if (text == mnemonic) { return number; }
  }
  if (!text.starts_with("TYPE")) { return std::nullopt; }
  text.remove_prefix(4);
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) { return std::nullopt; }
  return number;
}

void append_u16(std::vector<std::uint8_t>& octets, std::uint16_t value) {
  octets.push_back(static_cast<std::uint8_t>(value >> 8));
  octets.push_back(static_cast<std::uint8_t>(value & 0xff));
}

bool append_name(std::vector<std::uint8_t>& octets, std::string_view name) {
  if (name.ends_with('.')) { name.remove_suffix(1); }
  if (name.size() + 2 > kMaxName) { return false; }
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    if (label.empty() || label.size() > kMaxLabel || label.contains('\\')) { return false; }
    octets.push_back(static_cast<std::uint8_t>(label.size()));
    octets.insert(octets.end(), label.begin(), label.end());
    if (label.size() + 1 == name.size()) { return false; }  // "a..": one dot at the end was already taken away
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  octets.push_back(0);
  return true;
}

void append_opt(std::vector<std::uint8_t>& octets, Edns edns) {
  octets.push_back(0);     // owner: the root
  append_u16(octets, 41);  // OPT, RFC 6891 section 6.1.2
  append_u16(octets, kEdnsSize);
  append_u16(octets, 0);  // extended RCODE and version
  append_u16(octets, edns == Edns::dnssec_ok ? 0x8000 : 0);
  append_u16(octets, 0);  // no options
}

}  // namespace

bool QueryList::add(std::string_view name, std::string_view type, Edns edns) {
  const std::optional<std::uint16_t> number = type_from(type);
  if (!number) { return false; }
  const std::size_t start = octets_.size();
  const bool with_opt = edns != Edns::none;
  const std::array<std::uint8_t, kHeaderSize> header = {0, 0, 1, 0, 0, 1,
                                                        0, 0, 0, 0, 0, static_cast<std::uint8_t>(with_opt ? 1 : 0)};
  octets_.insert(octets_.end(), header.begin(), header.end());
  if (!append_name(octets_, name)) {
    octets_.resize(start);
    return false;
  }
  append_u16(octets_, *number);
  append_u16(octets_, 1);
  if (with_opt) { append_opt(octets_, edns); }
  has_opt_ = with_opt;
  ends_.push_back(octets_.size());
  return true;
}

std::span<const std::uint8_t> QueryList::query(std::size_t index) const {
  const std::size_t start = index == 0 ? 0 : ends_[index - 1];
  return std::span(octets_).subspan(start, ends_[index] - start);
}

std::span<const std::uint8_t> QueryList::question(std::size_t index) const {
  const std::span<const std::uint8_t> whole = query(index);
  return whole.subspan(kHeaderSize, whole.size() - kHeaderSize - (has_opt_ ? kOptSize : 0));
}

std::expected<QueryList, std::string> read_queries(const std::string& path, Edns edns) {
  std::ifstream in(path);
  if (!in) { return std::unexpected("cannot read " + path + ": " + std::strerror(errno)); }
  QueryList list;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    const auto at = [&] { return path + ":" + std::to_string(number) + ": "; };
    std::istringstream words(line.substr(0, line.find('#')));
    std::string name;
    std::string type;
    std::string more;
    if (!(words >> name)) { continue; }
    if (!(words >> type) || (words >> more)) { return std::unexpected(at() + "not of the form `name type`"); }
    if (list.size() == kMaxQueries) { return std::unexpected(at() + "too many queries"); }
    if (!list.add(name, type, edns)) {
      return std::unexpected(at() + "not a name and a type: `" + name + " " + type + "`");
    }
  }
  if (in.bad()) { return std::unexpected("cannot read " + path + " to its end"); }
  if (list.empty()) { return std::unexpected(path + " holds no queries"); }
  return list;
}

}  // namespace vouch::load
