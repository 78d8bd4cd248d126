// HTTP requests to a DoH server: each is a query or has a status; a query by GET has one spelling.
#include "transports/http/doh_request.h"

#include <array>
#include <string>

#include "tests/fuzz/fuzz_input.h"

namespace vouch {
namespace {

std::string encode_base64url(Bytes message) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  std::uint32_t bits = 0;
  int held = 0;
  for (const Octet octet : message) {
    bits = bits << 8 | octet;
    for (held += 8; held >= 6; held -= 6) { text.push_back(kAlphabet[bits >> (held - 6) & 63]); }
  }
  if (held != 0) { text.push_back(kAlphabet[bits << (6 - held) & 63]); }
  return text;
}

bool is_known(std::uint16_t status) {
  constexpr std::array<std::uint16_t, 7> kStatuses = {400, 404, 405, 413, 414, 415, 431};
  return std::ranges::find(kStatuses, status) != kStatuses.end();
}

std::string_view text_from(FuzzInput& input, std::initializer_list<std::string_view> usual) {
  const std::size_t choice = input.octet();
  if (choice < 0xc0) { return usual.begin()[choice % usual.size()]; }
  return text_of(input.octets(input.octet()));
}

void check(const HttpRequest& request, std::string_view path) {
  Buffer room(kMaxGetMessage);  // on the heap, so that a write beyond it is seen
  const auto query = dns_query_in(request, path, room);
  if (!query) {
    must(is_known(query.error().status), "a status we mean");
    must(query.error().text.ends_with('\n'), "with its line");
    return;
  }
  must(!is_oversized(request), "what is too large is no query");
  must(query->size() >= 12 && query->size() <= 65535, "as long as a message may be");
  if (request.method == "POST") {
    must(std::ranges::equal(*query, request.body), "the body");
    return;
  }
  must(request.method == "GET", "one of two methods");
  // Delimiters on both sides: what merely ends or begins like it is another parameter.
  const std::string spelled = "&dns=" + encode_base64url(*query) + '&';
  const std::string parameters = '&' + std::string(request.target.substr(request.target.find('?') + 1)) + '&';
  must(parameters.find(spelled) != std::string::npos, "one spelling, and the whole value");
}

void there_and_back(Bytes octets) {
  const Bytes message = octets.first(std::min(octets.size(), kMaxGetMessage));
  Buffer room(kMaxGetMessage);
  const auto decoded = decode_base64url(encode_base64url(message), room);
  must(decoded && std::ranges::equal(*decoded, message), "there and back");
}

}  // namespace
}  // namespace vouch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vouch;
  there_and_back({data, size});
  FuzzInput input({data, size});
  HttpRequest request;
  request.method = text_from(input, {"GET", "GET", "GET", "POST", "POST", "HEAD", "CONNECT", ""});
  request.content_type =
      text_from(input, {"application/dns-message", "application/dns-message; a=b", "text/plain", ""});
  request.content_encoding = text_from(input, {"", "", "identity", "gzip"});
  request.content_length = text_from(input, {"", "", "12", "65535", "65536"});
  const std::uint8_t flags = input.octet();
  request.has_long_target = flags == 1;
  request.has_too_many_fields = flags == 2;
  const Bytes rest = input.rest();
  std::string target(text_of(rest));
  if (flags >= 0x80) { target.insert(0, "/dns-query?dns="); }
  request.target = target;
  request.body = rest;
  check(request, "/dns-query");
  return 0;
}
