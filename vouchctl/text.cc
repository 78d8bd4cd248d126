#include "vouchctl/text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace vouch {

namespace {

const Json* member_of(const Json& object, std::string_view member) {
  if (!object.is_object()) { return nullptr; }
  const auto found = object.find(member);
  return found == object.end() ? nullptr : &*found;
}

std::string formatted(const char* format, double number) {
  std::array<char, 64> room;
  std::snprintf(room.data(), room.size(), format, number);
  return room.data();
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= ' ' && c <= '~') {
      out += c;
      continue;
    }
    const auto octet = static_cast<unsigned char>(c);
    out += '\\';
    out += static_cast<char>('0' + octet / 100);
    out += static_cast<char>('0' + octet / 10 % 10);
    out += static_cast<char>('0' + octet % 10);
  }
  return out;
}

std::string text_in(const Json& object, std::string_view member) {
  const Json* const found = member_of(object, member);
  if (found == nullptr || found->is_null()) { return "-"; }
  if (!found->is_string()) { return printable(found->dump(-1, ' ', true, Json::error_handler_t::replace)); }
  const auto& text = found->get_ref<const std::string&>();
  return text.empty() ? "-" : printable(text);
}

std::uint64_t number_in(const Json& object, std::string_view member) {
  const double real = real_in(object, member);
  const Json* const found = member_of(object, member);
  if (found != nullptr && found->is_number_unsigned()) { return found->get<std::uint64_t>(); }
  constexpr double kMost = 9e18;
  return real > 0 && real < kMost ? static_cast<std::uint64_t>(real) : 0;
}

double real_in(const Json& object, std::string_view member) {
  const Json* const found = member_of(object, member);
  return found != nullptr && found->is_number() ? found->get<double>() : 0;
}

bool flag_in(const Json& object, std::string_view member) {
  const Json* const found = member_of(object, member);
  return found != nullptr && found->is_boolean() && found->get<bool>();
}

const Json& list_in(const Json& object, std::string_view member) {
  static const Json kNone = Json::array();
  const Json* const found = member_of(object, member);
  return found != nullptr && found->is_array() ? *found : kNone;
}

const Json& object_in(const Json& object, std::string_view member) {
  static const Json kNone = Json::object();
  const Json* const found = member_of(object, member);
  return found != nullptr && found->is_object() ? *found : kNone;
}

std::string count_text(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string octets_text(std::uint64_t octets) {
  constexpr std::array<const char*, 5> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB"};
  constexpr double kStep = 1024;
  if (octets < 1024) { return std::to_string(octets) + " octets"; }
  double size = static_cast<double>(octets) / kStep;
  std::size_t unit = 0;
  while (size >= kStep && unit + 1 < kUnits.size()) {
    size /= kStep;
    ++unit;
  }
  return formatted("%.1f ", size) + kUnits[unit];
}

std::string span_text(std::uint64_t seconds) {
  constexpr std::uint64_t kMinute = 60, kHour = 60 * kMinute, kDay = 24 * kHour;
  const auto two = [](std::uint64_t large, const char* unit, std::uint64_t small, const char* smaller) {
    const std::string first = std::to_string(large) + unit;
    return small == 0 ? first : first + " " + std::to_string(small) + smaller;
  };
  if (seconds >= kDay) { return two(seconds / kDay, " d", seconds % kDay / kHour, " h"); }
  if (seconds >= kHour) { return two(seconds / kHour, " h", seconds % kHour / kMinute, " min"); }
  if (seconds >= kMinute) { return two(seconds / kMinute, " min", seconds % kMinute, " s"); }
  return std::to_string(seconds) + " s";
}

std::string time_text(std::int64_t unix_time) {
  if (unix_time <= 0) { return "never"; }
  const std::time_t time = unix_time;
  std::tm parts{};
  std::array<char, 64> room;
  if (::gmtime_r(&time, &parts) == nullptr ||
      std::strftime(room.data(), room.size(), "%Y-%m-%d %H:%M:%S UTC", &parts) == 0) {
    return std::to_string(unix_time);
  }
  return room.data();
}

std::string share_text(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) { return "-"; }
  constexpr double kHundred = 100;
  return formatted("%.1f %%", kHundred * static_cast<double>(part) / static_cast<double>(whole));
}

std::string table_text(const Rows& rows, const std::vector<std::size_t>& right) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) { widths[i] = std::max(widths[i], row[i].size()); }
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - row[i].size(), ' ');
      const bool is_right = std::ranges::find(right, i) != right.end();
      line += (i == 0 ? "" : "  ") + (is_right ? padding + row[i] : row[i] + padding);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string json_line(const Json& object) {
  constexpr int kNoIndent = -1;
  return object.dump(kNoIndent, ' ', true, Json::error_handler_t::replace) + '\n';
}

}  // namespace vouch
