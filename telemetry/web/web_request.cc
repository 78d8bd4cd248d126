#include "telemetry/web/web_request.h"

#include <algorithm>

namespace vouch {
namespace {

constexpr WebRefusal kBadLine{400, "The request line is malformed."};
constexpr WebRefusal kBadField{400, "A header field is malformed."};
constexpr WebRefusal kBadTarget{400, "The request target is malformed."};
constexpr WebRefusal kBadQuery{400, "The query string is malformed, has too much in it, or names a parameter twice."};

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// RFC 9110 section 5.6.2.
bool is_token(std::string_view text) noexcept {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || kMarks.contains(c);
  });
}

bool is_printable(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

bool is_field_value(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet == '\t' || (octet >= ' ' && octet != 0x7f);
  });
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) { text.remove_prefix(1); }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) { text.remove_suffix(1); }
  return text;
}

// The next line without its CRLF; nothing when a line ends in another way.
std::optional<std::string_view> take_line(std::string_view& text) noexcept {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos || end == 0 || text[end - 1] != '\r') { return std::nullopt; }
  const std::string_view line = text.substr(0, end - 1);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<WebRefusal> read_request_line(std::string_view line, WebHead& head) noexcept {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) { return kBadLine; }
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(head.method) || version.size() != 8 || !version.starts_with("HTTP/")) { return kBadLine; }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return WebRefusal{505, "Only HTTP/1.1 and HTTP/1.0 are spoken here."};
  }
  if (head.target.size() > kMaxWebTarget) { return WebRefusal{414, "The request target is too long."}; }
  if (head.target.empty() || !is_printable(head.target)) { return kBadTarget; }
  head.is_http_1_0 = version == "HTTP/1.0";
  return std::nullopt;
}

std::optional<unsigned> hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') { return static_cast<unsigned>(c - '0'); }
  c = lower(c);
  if (c >= 'a' && c <= 'f') { return static_cast<unsigned>(c - 'a') + 10; }
  return std::nullopt;
}

std::optional<std::vector<WebParameter>> parameters_in(std::string_view query) {
  std::vector<WebParameter> parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) { continue; }
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = percent_decoded(pair.substr(0, equals), true);
    auto value = percent_decoded(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value || name->size() > kMaxWebParameter || value->size() > kMaxWebParameter) { return std::nullopt; }
    const bool is_double = std::ranges::find(parameters, *name, &WebParameter::name) != parameters.end();
    if (is_double || parameters.size() == kMaxWebParameters) { return std::nullopt; }
    parameters.push_back({.name = std::move(*name), .value = std::move(*value)});
  }
  return parameters;
}

}  // namespace

bool same_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::optional<std::size_t> end_of_head(std::string_view octets) noexcept {
  if (octets.starts_with('\n')) { return 1; }
  if (octets.starts_with("\r\n")) { return 2; }
  for (std::size_t at = octets.find('\n'); at != std::string_view::npos; at = octets.find('\n', at + 1)) {
    const std::string_view rest = octets.substr(at + 1, 2);
    if (rest.starts_with('\n')) { return at + 2; }
    if (rest == "\r\n") { return at + 3; }
  }
  return std::nullopt;
}

std::expected<WebHead, WebRefusal> WebHead::parse(std::string_view text) {
  WebHead head;
  const auto first = take_line(text);
  if (!first) { return std::unexpected(kBadLine); }
  if (const auto wrong = read_request_line(*first, head)) { return std::unexpected(*wrong); }
  while (true) {
    const auto line = take_line(text);
    if (!line) { return std::unexpected(kBadField); }
    if (line->empty()) { break; }
    if (head.fields.size() == kMaxWebFields) { return std::unexpected(WebRefusal{431, "Too many header fields."}); }
    const std::size_t colon = std::min(line->find(':'), line->size());
    // A name that ends in white space, or begins with it (obs-fold), is no token.
    const WebField field{line->substr(0, colon), trimmed(line->substr(std::min(colon + 1, line->size())))};
    if (colon == line->size() || !is_token(field.name) || !is_field_value(field.value)) {
      return std::unexpected(kBadField);
    }
    head.fields.push_back(field);
  }
  if (!text.empty()) { return std::unexpected(kBadField); }
  return head;
}

std::optional<std::string_view> WebHead::field(std::string_view name) const noexcept {
  for (const WebField& field : fields) {
    if (same_ignoring_case(field.name, name)) { return field.value; }
  }
  return std::nullopt;
}

std::size_t WebHead::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(fields, [&](const WebField& field) { return same_ignoring_case(field.name, name); }));
}

bool WebHead::wants_close() const noexcept {
  if (is_http_1_0) { return true; }
  for (const WebField& field : fields) {
    if (!same_ignoring_case(field.name, "connection")) { continue; }
    std::string_view options = field.value;
    while (!options.empty()) {
      const std::size_t end = std::min(options.find(','), options.size());
      if (same_ignoring_case(trimmed(options.substr(0, end)), "close")) { return true; }
      options.remove_prefix(std::min(end + 1, options.size()));
    }
  }
  return false;
}

bool WebHead::has_body() const noexcept {
  if (count("transfer-encoding") > 0 || count("content-length") > 1) { return true; }
  const auto length = field("content-length");
  return length && *length != "0";
}

std::expected<WebTarget, WebRefusal> WebTarget::parse(std::string_view target) {
  WebTarget parts;
  constexpr std::string_view kScheme = "http://";
  if (same_ignoring_case(target.substr(0, kScheme.size()), kScheme)) {
    target.remove_prefix(kScheme.size());
    const std::size_t end = std::min(target.find_first_of("/?"), target.size());
    parts.authority = target.substr(0, end);
    target.remove_prefix(end);
    if (parts.authority->empty()) { return std::unexpected(kBadTarget); }
  } else if (!target.starts_with('/')) {
    return std::unexpected(kBadTarget);
  }
  // A fragment is never sent (RFC 9112 section 3.2.1).
  if (target.contains('#')) { return std::unexpected(kBadTarget); }
  const std::size_t question = std::min(target.find('?'), target.size());
  parts.path = target.substr(0, question);
  if (parts.path.empty()) { parts.path = "/"; }
  auto parameters = parameters_in(target.substr(std::min(question + 1, target.size())));
  if (!parameters) { return std::unexpected(kBadQuery); }
  parts.parameters = std::move(*parameters);
  return parts;
}

std::string_view WebTarget::parameter(std::string_view name) const noexcept {
  const auto found = std::ranges::find(parameters, name, &WebParameter::name);
  return found == parameters.end() ? std::string_view() : std::string_view(found->value);
}

bool WebTarget::has(std::string_view name) const noexcept {
  return std::ranges::find(parameters, name, &WebParameter::name) != parameters.end();
}

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
      const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
      if (!high || !low) { return std::nullopt; }
      c = static_cast<char>(*high << 4 | *low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    const auto octet = static_cast<unsigned char>(c);
    if (octet < ' ' || octet == 0x7f) { return std::nullopt; }
    decoded.push_back(c);
  }
  return decoded;
}

}  // namespace vouch
