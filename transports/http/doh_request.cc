#include "transports/http/doh_request.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace vouch {

namespace {

constexpr std::size_t kDnsHeader = 12;  // RFC 1035 section 4.1.1: nothing shorter is a message
constexpr Octet kNotBase64 = 0xff;

constexpr std::array<Octet, 256> kBase64Values = [] {
  std::array<Octet, 256> values;
  values.fill(kNotBase64);
  Octet value = 0;
  for (const char character : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")) {
    values[static_cast<Octet>(character)] = value++;
  }
  return values;
}();

std::unexpected<HttpRefusal> refuse(std::uint16_t status, std::string_view text) {
  return std::unexpected(HttpRefusal{status, text});
}

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equals_ignoring_case(std::string_view one, std::string_view other) noexcept {
  return std::ranges::equal(one, other, {}, lower, lower);
}

// Parameters after it change nothing: the type has none (RFC 8484 section 6).
bool is_dns_media_type(std::string_view content_type) noexcept {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) { type.remove_suffix(1); }
  return equals_ignoring_case(type, kDnsMediaType);
}

// Nothing: not a number. A number of any length is one.
std::optional<bool> is_length_beyond_limit(std::string_view content_length) noexcept {
  const bool is_number =
      !content_length.empty() && std::ranges::all_of(content_length, [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number) { return std::nullopt; }
  std::uint64_t length = 0;
  const auto read = std::from_chars(content_length.data(), content_length.data() + content_length.size(), length);
  return read.ec != std::errc() || length > kMaxHttpBody;
}

bool has_long_target(const HttpRequest& request) noexcept {
  return request.has_long_target || request.target.size() > kMaxHttpTarget;
}

std::expected<Bytes, HttpRefusal> whole_message(Bytes message) {
  if (message.size() < kDnsHeader) { return refuse(400, "a DNS message has at least the 12 octets of its header\n"); }
  return message;
}

std::expected<Bytes, HttpRefusal> query_in_target(std::string_view parameters, MutableBytes room) {
  constexpr std::string_view kName = "dns=";
  std::optional<std::string_view> encoded;
  while (!parameters.empty()) {
    const std::size_t end = std::min(parameters.find('&'), parameters.size());
    const std::string_view parameter = parameters.substr(0, end);
    parameters.remove_prefix(std::min(end + 1, parameters.size()));
    if (!parameter.starts_with(kName)) { continue; }
    if (encoded) { return refuse(400, "the dns parameter is there more than once\n"); }
    encoded = parameter.substr(kName.size());
  }
  if (!encoded) { return refuse(400, "GET needs the dns parameter, with the query in base64url\n"); }
  const auto message = decode_base64url(*encoded, room);
  if (!message) { return message; }
  return whole_message(*message);
}

std::expected<Bytes, HttpRefusal> query_in_body(const HttpRequest& request) {
  if (!is_dns_media_type(request.content_type)) {
    return refuse(415, "POST needs content-type: application/dns-message\n");
  }
  if (!request.content_encoding.empty() && !equals_ignoring_case(request.content_encoding, "identity")) {
    return refuse(415, "no content-encoding is understood here\n");
  }
  if (!request.content_length.empty() && !is_length_beyond_limit(request.content_length)) {
    return refuse(400, "content-length is not a number\n");
  }
  return whole_message(request.body);
}

}  // namespace

bool is_oversized(const HttpRequest& request) noexcept {
  return request.has_too_many_fields || has_long_target(request) || request.body.size() > kMaxHttpBody ||
         is_length_beyond_limit(request.content_length).value_or(false);
}

std::expected<Bytes, HttpRefusal> dns_query_in(const HttpRequest& request, std::string_view path, MutableBytes room) {
  if (has_long_target(request)) { return refuse(414, "the URI is too long; use POST\n"); }
  if (request.has_too_many_fields) { return refuse(431, "the header fields are too large\n"); }
  const std::size_t mark = std::min(request.target.find('?'), request.target.size());
  // Only CONNECT has no path at all: its fault is the method.
  if (!request.target.empty() && request.target.substr(0, mark) != path) {
    return refuse(404, "DNS is not served here\n");
  }
  const bool is_get = request.method == "GET";
  if (!is_get && request.method != "POST") { return refuse(405, "only GET and POST are understood here\n"); }
  if (is_oversized(request)) { return refuse(413, "a DNS message has at most 65535 octets\n"); }
  if (!is_get) { return query_in_body(request); }
  return query_in_target(request.target.substr(std::min(mark + 1, request.target.size())), room);
}

std::expected<Bytes, HttpRefusal> decode_base64url(std::string_view text, MutableBytes room) noexcept {
  std::uint32_t bits = 0;
  int held = 0;  // of `bits`, not yet written
  std::size_t written = 0;
  for (const char character : text) {
    const Octet value = kBase64Values[static_cast<Octet>(character)];
    if (value == kNotBase64) {
      return refuse(400, character == '='
                             ? std::string_view("base64url is sent without padding here (RFC 8484 section 6)\n")
                             : std::string_view("the dns parameter is not base64url\n"));
    }
    bits = bits << 6 | value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      room[written++] = u8(bits >> held & 0xff);
    }
  }
  // A single character over makes no octet, and unused bits would give one message many spellings.
  if (held == 6 || (bits & ((1U << held) - 1)) != 0) {
    return refuse(400, "the dns parameter's base64url ends amiss\n");
  }
  return Bytes(room).first(written);
}

}  // namespace vouch
