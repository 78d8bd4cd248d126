// The head of an HTTP/1.1 request and the parts of its target (RFC 9112 sections 2 to 5), read strictly: what two
// parsers could read in two ways is refused, not repaired. Pure; any octets are fine. Everything is a view of the text
// that was parsed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouch {

// Request line and fields together. Browsers send below 1 KiB; a tracing proxy adds some hundred octets.
inline constexpr std::size_t kMaxWebHead = 8192;
inline constexpr std::size_t kMaxWebTarget = 2048;  // a name has 255 octets, each at most three in percent-encoding
inline constexpr std::size_t kMaxWebFields = 64;
inline constexpr std::size_t kMaxWebParameters = 16;
inline constexpr std::size_t kMaxWebParameter = 1024;  // octets of a name or a value, decoded

// One line for whoever debugs a client. The text lives for ever.
struct WebRefusal {
  std::uint16_t status;
  std::string_view text;
};

struct WebField {
  std::string_view name, value;
};

struct WebHead {
  std::string_view method, target;
  bool is_http_1_0 = false;
  std::vector<WebField> fields;

  // `text` goes up to the empty line, and has it.
  static std::expected<WebHead, WebRefusal> parse(std::string_view text);
  // The value of the first field of that name, which is in lower case.
  std::optional<std::string_view> field(std::string_view name) const noexcept;
  std::size_t count(std::string_view name) const noexcept;
  bool wants_close() const noexcept;  // by HTTP/1.0, or `Connection: close`
  bool has_body() const noexcept;     // as it says; we read none, so the connection must end
};

// How far a head reaches into `octets`, its empty line included (which may be all there is); nothing: its end has not
// come. A bare line feed ends a line here, so that parse() gets to see and refuse it.
std::optional<std::size_t> end_of_head(std::string_view octets) noexcept;

struct WebParameter {
  std::string name, value;  // decoded: any octets but controls
};

// "http://authority/path?query" or "/path?query".
struct WebTarget {
  std::optional<std::string_view> authority;  // of the absolute form
  std::string_view path;                      // as it was sent
  std::vector<WebParameter> parameters;

  static std::expected<WebTarget, WebRefusal> parse(std::string_view target);
  // The value, or empty. parse() refuses a name that comes twice.
  std::string_view parameter(std::string_view name) const noexcept;
  bool has(std::string_view name) const noexcept;
};

// Nothing: a broken escape, or a control character. `plus_is_space`: as forms encode (within a query).
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space);

bool same_ignoring_case(std::string_view a, std::string_view b) noexcept;

}  // namespace vouch
