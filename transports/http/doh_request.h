// What an HTTP request to a DoH server means (RFC 8484), the same for HTTP/2 and HTTP/3: a DNS query, or the status
// that says what is wrong with it. Pure; any octets are fine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

#include "resolver/base/bytes.h"

namespace vouch {

inline constexpr std::string_view kDnsMediaType = "application/dns-message";

// The longest :path that is looked at: room for a query of 1.5 KiB, three times what the largest padded one takes.
// Whoever has more to ask can POST it.
inline constexpr std::size_t kMaxHttpTarget = 2048;
inline constexpr std::size_t kMaxGetMessage = kMaxHttpTarget / 4 * 3;

// Of one request: each field's name, its value and 32 octets more, as RFC 9113 section 6.5.2 and RFC 9114 section 4.2.2
// count them. Browsers send below 1 KiB; a tracing proxy adds some hundred octets.
inline constexpr std::size_t kMaxHttpFields = 8192;

inline constexpr std::size_t kMaxHttpBody = 65535;  // no DNS message is longer

// The parts of a request that matter to us; what was not there is empty. Views of what the connection holds.
struct HttpRequest {
  std::string_view method{};
  std::string_view target{};  // :path, query and all
  std::string_view content_type{};
  std::string_view content_encoding{};
  std::string_view content_length{};
  Bytes body{};                      // may end early when is_oversized()
  bool has_long_target = false;      // longer than kMaxHttpTarget, and not kept
  bool has_too_many_fields = false;  // more than kMaxHttpFields; the views above may be empty for that
};

struct HttpRefusal {
  std::uint16_t status;
  std::string_view text;  // one line for whoever debugs a client, with its end: the body; lives for ever
};

// The DNS message that it asks with: a view of its body or, for GET, of `room`, which holds at least kMaxGetMessage
// octets. `path`: where DNS is served, without a query.
//
// The Accept field is not looked at: whatever it says, a client must be ready for kDnsMediaType (RFC 8484 section 4.1).
std::expected<Bytes, HttpRefusal> dns_query_in(const HttpRequest& request, std::string_view path, MutableBytes room);

// Whether it is refused, for its size if for nothing else, as far as is known: what else may come need not be kept, nor
// waited for.
bool is_oversized(const HttpRequest& request) noexcept;

// The octets that `text` stands for (RFC 4648 section 5, without padding, strictly: one spelling for each message),
// written to `room`, which holds at least three for every four characters. Nothing: it is not base64url.
std::expected<Bytes, HttpRefusal> decode_base64url(std::string_view text, MutableBytes room) noexcept;

}  // namespace vouch
