#include "vouchctl/command.h"

#include <algorithm>
#include <charconv>

namespace vouch {

Found find_command(const Words& words) {
  Found best;
  for (const CtlCommand& command : commands()) {
    std::size_t used = 0;
    bool fits = true;
    for (std::string_view rest = command.words; fits && !rest.empty();) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      fits = used < words.size() && words[used] == rest.substr(0, end);
      ++used;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (fits && used > best.used) { best = {&command, used}; }
  }
  return best;
}

bool Options::flag(std::string_view name) {
  const auto found = std::ranges::find(words_, name);
  if (found == words_.end()) { return false; }
  words_.erase(found);
  return true;
}

std::optional<std::string> Options::value(std::string_view name) {
  const std::string with_value = std::string(name) + "=";
  for (auto at = words_.begin(); at != words_.end(); ++at) {
    if (at->starts_with(with_value)) {
      std::string value = at->substr(with_value.size());
      words_.erase(at);
      return value;
    }
    if (*at != name) { continue; }
    if (at + 1 == words_.end()) {
      problem_ = std::string(name) + " needs a value";
      return std::nullopt;
    }
    std::string value = *(at + 1);
    words_.erase(at, at + 2);
    return value;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> Options::number(std::string_view name, std::uint64_t least, std::uint64_t most) {
  const auto text = value(name);
  if (!text) { return std::nullopt; }
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size() || number < least || number > most) {
    problem_ = std::string(name) + " wants a number from " + std::to_string(least) + " to " + std::to_string(most);
    return std::nullopt;
  }
  return number;
}

std::expected<Words, std::string> Options::rest(std::size_t least, std::size_t most, std::string_view what) {
  if (!problem_.empty()) { return std::unexpected(problem_); }
  const auto unknown = std::ranges::find_if(words_, [](const std::string& word) { return word.starts_with("--"); });
  if (unknown != words_.end()) { return std::unexpected("unknown option `" + printable(*unknown) + "`"); }
  if (words_.size() < least) { return std::unexpected("wants " + std::string(what)); }
  if (words_.size() > most) {
    return std::unexpected("`" + printable(words_[most]) + "` is one word too many; wants " +
                           (most == 0 ? "none" : std::string(what)));
  }
  return words_;
}

}  // namespace vouch
