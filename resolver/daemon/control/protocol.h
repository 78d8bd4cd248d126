// The language of the control socket: one JSON object a line, in both directions (docs/control.md). A request is
//   {"command": "flush name", "name": "www.example."}
// and is answered by any number of lines without the member `ok`, one for each thing that there is to tell, and then by
// one line with it, which is the last:
//   {"ok": true, ...}
//   {"ok": false, "code": "no_such_command", "error": "a sentence for the operator"}
//
// Who speaks may be hostile, or broken: a line is bounded, its nesting is counted before anything is parsed, and the
// parser does not recurse (CVE-2023-3341: 4,500 brackets ended a name server).
#pragma once

#include <cstddef>
#include <expected>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace vouch {

using Json = nlohmann::ordered_json;  // members stay in the order in which a reader wants them

inline constexpr std::size_t kMaxRequestOctets = 32 << 10;  // the longest honest one has a name of 1,004 characters
inline constexpr std::size_t kMaxRequestDepth = 8;          // an object with a list in it needs 2

// How a request failed, as programs tell: `code` of the last line.
namespace control_code {
inline constexpr std::string_view kMalformed = "malformed";     // no JSON object, or none with a command
inline constexpr std::string_view kTooLarge = "too_large";      // a line beyond kMaxRequestOctets; closed
inline constexpr std::string_view kNotAllowed = "not_allowed";  // who asks is neither root nor the daemon's user
inline constexpr std::string_view kBusy = "busy";               // as many as may be are under way
inline constexpr std::string_view kNoSuchCommand = "no_such_command";
inline constexpr std::string_view kBadArgument = "bad_argument";  // missing, unknown, or not what it should be
inline constexpr std::string_view kUnavailable = "unavailable";   // this vouchd cannot, as it is configured
inline constexpr std::string_view kTimeout = "timeout";           // the daemon did not come to an answer
inline constexpr std::string_view kFailed = "failed";             // it was tried, and failed
}  // namespace control_code

// Whether brackets nest deeper than `most` anywhere outside strings. Linear, and no recursion.
bool nests_deeper(std::string_view text, std::size_t most) noexcept;

struct ControlRequest {
  std::string command;
  Json arguments;  // an object: the request without its command
};
// `line` without its line feed. The error is a sentence for whoever wrote it.
std::expected<ControlRequest, std::string> parse_request(std::string_view line);

// ASCII, one line, with its line feed. Whatever is not UTF-8 is replaced: nothing that a name holds can make this
// throw.
std::string json_line(const Json& object);

}  // namespace vouch
