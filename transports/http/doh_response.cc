#include "transports/http/doh_response.h"

#include <algorithm>
#include <charconv>

namespace vouch {

std::string alternative_service(std::uint16_t http3_port) {
  return http3_port == 0 ? std::string() : "h3=\":" + std::to_string(http3_port) + '"';
}

ResponseHead::ResponseHead(std::size_t octets, std::uint32_t lifetime, std::string_view alternative)
    : is_answer_(true) {
  add(":status", "200");
  add("content-type", kDnsMediaType);
  add("content-length", text_of("", octets));
  add("cache-control", text_of("max-age=", lifetime));
  if (!alternative.empty()) { add("alt-svc", alternative); }
}

ResponseHead::ResponseHead(const HttpRefusal& refusal) {
  add(":status", text_of("", refusal.status));
  add("content-type", "text/plain; charset=utf-8");
  add("content-length", text_of("", refusal.text.size()));
  add("cache-control", "no-store");  // some of these statuses would be kept by default (RFC 9110 section 15.1)
  if (refusal.status == 405) { add("allow", "GET, POST"); }
}

std::string_view ResponseHead::text_of(std::string_view prefix, std::uint64_t number) noexcept {
  char* const begin = digits_.data() + used_;
  char* const end = std::to_chars(std::copy(prefix.begin(), prefix.end(), begin), begin + kMaxDigits, number).ptr;
  used_ = static_cast<std::size_t>(end - digits_.data());
  return {begin, end};
}

}  // namespace vouch
