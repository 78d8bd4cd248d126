#include "resolver/daemon/control/protocol.h"

namespace vouch {

bool nests_deeper(std::string_view text, std::size_t most) noexcept {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') { ++at; }  // whatever follows is no quote that ends the string
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > most) { return true; }
    } else if ((c == '}' || c == ']') && depth != 0) {
      --depth;
    }
  }
  return false;
}

std::expected<ControlRequest, std::string> parse_request(std::string_view line) {
  if (line.size() > kMaxRequestOctets) { return std::unexpected("a request may have 32 KiB, and this one has more"); }
  if (nests_deeper(line, kMaxRequestDepth)) {
    return std::unexpected("a request may nest 8 deep, and this one goes deeper");
  }
  Json object = Json::parse(line, nullptr, false);
  if (object.is_discarded() || !object.is_object()) {
    return std::unexpected("a request is one JSON object on one line, and this is none");
  }
  const auto command = object.find("command");
  if (command == object.end() || !command->is_string()) {
    return std::unexpected("a request names its command: {\"command\": \"status\"}");
  }
  ControlRequest request{.command = command->get<std::string>(), .arguments = {}};
  object.erase(command);
  request.arguments = std::move(object);
  return request;
}

std::string json_line(const Json& object) {
  constexpr int kNoIndent = -1;
  return object.dump(kNoIndent, ' ', true, Json::error_handler_t::replace) + '\n';
}

}  // namespace vouch
