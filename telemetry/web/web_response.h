// What goes back to a browser. The server adds what every response has: lengths, dates, the security headers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace vouch {

inline constexpr std::string_view kHtmlType = "text/html; charset=utf-8";
inline constexpr std::string_view kPlainType = "text/plain; charset=utf-8";
inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kCsvType = "text/csv; charset=utf-8";

struct WebResponse {
  std::uint16_t status = 200;
  std::string_view content_type = kPlainType;  // lives for ever
  std::string body{};
  std::string_view etag{};        // quoted; lives for ever; with one, browsers may keep the body a while
  std::string_view download{};    // a file name; lives for ever
  std::string_view challenge{};   // of WWW-Authenticate, with 401
  std::uint32_t retry_after = 0;  // seconds; 0: none
  bool closes = false;            // the connection cannot go on: what follows is not understood, or not wanted
};

inline WebResponse plain_response(std::uint16_t status, std::string_view line) {
  WebResponse response{.status = status, .body = std::string(line)};
  response.body.push_back('\n');
  return response;
}

// Status line and fields, up to the empty line. The same security headers on every response, errors included.
// `now`: Unix seconds, for Date. `body_length`: of the body, also where HEAD leaves it out.
std::string response_head(const WebResponse& response, std::size_t body_length, bool closes, std::int64_t now);

}  // namespace vouch
