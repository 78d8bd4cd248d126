#include "telemetry/web/web_response.h"

#include <array>
#include <ctime>

namespace vouch {
namespace {

// Nothing may run, load, frame or be posted but what we serve ourselves. Never a CORS header: no other site has any
// business here.
constexpr std::string_view kSecurityFields =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n";

// Assets change with the program alone; minutes, so that an update shows soon and a page costs one request.
constexpr std::string_view kAssetCaching = "private, max-age=300";

std::string_view reason_phrase(std::uint16_t status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";
  }
}

// RFC 9110 section 5.6.7, whatever the locale.
std::string http_date(std::int64_t now) {
  constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = now;
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) { return "Thu, 01 Jan 1970 00:00:00 GMT"; }
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                kDays[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                kMonths[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
                parts.tm_sec);
  return text.data();
}

void add(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string response_head(const WebResponse& response, std::size_t body_length, bool closes, std::int64_t now) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + ' ';
  head.append(reason_phrase(response.status)).append("\r\n");
  add(head, "Date", http_date(now));
  if (response.status != 304) {
    add(head, "Content-Type", response.content_type);
    add(head, "Content-Length", std::to_string(body_length));
  }
  if (response.etag.empty()) {
    add(head, "Cache-Control", "no-store");
  } else {
    add(head, "Cache-Control", kAssetCaching);
    add(head, "ETag", response.etag);
  }
  if (!response.download.empty()) {
    add(head, "Content-Disposition", "attachment; filename=\"" + std::string(response.download) + '"');
  }
  if (!response.challenge.empty()) { add(head, "WWW-Authenticate", response.challenge); }
  if (response.retry_after > 0) { add(head, "Retry-After", std::to_string(response.retry_after)); }
  if (response.status == 405) { add(head, "Allow", "GET, HEAD"); }
  if (closes) { add(head, "Connection", "close"); }
  return head.append(kSecurityFields).append("\r\n");
}

}  // namespace vouch
