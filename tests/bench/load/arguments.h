// Command lines of the form --name value: numbers with bounds, and nothing that is not known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouch::load {

class Arguments {
 public:
  Arguments(int argc, char** argv) : words_(argv + 1, argv + argc) {}

  // Whether the switch is there. Like all the following it takes what it finds out of the command line.
  bool flag(std::string_view name);
  // The word after `name`; nothing if `name` is not there.
  std::optional<std::string> text(std::string_view name);
  // The same as a number; out of range or no number at all is an error.
  std::uint64_t number(std::string_view name, std::uint64_t otherwise, std::uint64_t least, std::uint64_t most);

  // What was wrong so far, or is left over; empty if all is well.
  std::string complaint() const;

 private:
  std::vector<std::string> words_;
  std::string complaint_;
};

}  // namespace vouch::load
