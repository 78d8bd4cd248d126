// The fields of a DoH server's response, the same for HTTP/2 and HTTP/3. Nothing in them tells which server it is, or
// of which version. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "transports/http/doh_request.h"

namespace vouch {

// Names are in lower case, as HTTP/2 wants them.
struct HttpField {
  std::string_view name;
  std::string_view value;
};

// How clients learn of HTTP/3 at the same host (RFC 7838): the value of Alt-Svc. Empty for port 0.
std::string alternative_service(std::uint16_t http3_port);

// The fields of one response, with :status first. Not to be moved: they refer to its own digits.
class ResponseHead {
 public:
  static constexpr std::size_t kMaxFields = 5;
  // An answer of `octets` octets that may be kept for `lifetime` seconds: no longer than the data in it
  // (RFC 8484 section 5.1). `alternative` is sent when it is not empty, and must outlive this.
  static ResponseHead answer(std::size_t octets, std::uint32_t lifetime, std::string_view alternative) {
    return {octets, lifetime, alternative};
  }
  // What is wrong; refusal.text is the body.
  static ResponseHead refusal(const HttpRefusal& refusal) { return ResponseHead(refusal); }
  ResponseHead(const ResponseHead&) = delete;
  ResponseHead& operator=(const ResponseHead&) = delete;

  bool is_answer() const noexcept { return is_answer_; }
  std::span<const HttpField> fields() const noexcept { return {fields_.data(), count_}; }

 private:
  static constexpr std::size_t kMaxDigits = 32;  // "max-age=" and ten digits; any size_t
  ResponseHead(std::size_t octets, std::uint32_t lifetime, std::string_view alternative);
  explicit ResponseHead(const HttpRefusal& refusal);
  void add(std::string_view name, std::string_view value) noexcept { fields_[count_++] = {name, value}; }
  // `prefix` and the number in decimal, kept here.
  std::string_view text_of(std::string_view prefix, std::uint64_t number) noexcept;

  std::array<HttpField, kMaxFields> fields_;
  std::size_t count_ = 0;
  bool is_answer_ = false;
  std::array<char, 3 * kMaxDigits> digits_;
  std::size_t used_ = 0;
};

}  // namespace vouch
