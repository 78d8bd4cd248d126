#include "tests/bench/load/arguments.h"

#include <algorithm>
#include <charconv>

namespace vouch::load {

bool Arguments::flag(std::string_view name) {
  const auto at = std::ranges::find(words_, name);
  if (at == words_.end()) { return false; }
  words_.erase(at);
  return true;
}

std::optional<std::string> Arguments::text(std::string_view name) {
  const auto at = std::ranges::find(words_, name);
  if (at == words_.end()) { return std::nullopt; }
  if (at + 1 == words_.end()) {
    complaint_ = std::string(name) + " wants a value";
    words_.erase(at);
    return std::nullopt;
  }
  std::string value = *(at + 1);
  words_.erase(at, at + 2);
  return value;
}

std::uint64_t Arguments::number(std::string_view name, std::uint64_t otherwise, std::uint64_t least,
                                std::uint64_t most) {
  const std::optional<std::string> word = text(name);
  if (!word) { return otherwise; }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word->data(), word->data() + word->size(), value);
  if (error != std::errc() || end != word->data() + word->size() || value < least || value > most) {
    complaint_ = std::string(name) + " wants a number from " + std::to_string(least) + " to " + std::to_string(most) +
                 ", not `" + *word + "`";
    return otherwise;
  }
  return value;
}

std::string Arguments::complaint() const {
  if (!complaint_.empty() || words_.empty()) { return complaint_; }
  return "unknown argument `" + words_.front() + "`";
}

}  // namespace vouch::load
