#include "resolver/daemon/machine_start.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include "resolver/base/durable_file.h"

namespace vouch {

MachineStart parse_machine_start(std::string_view digits) noexcept {
  MachineStart start{};
  if (digits.size() != 2 * start.size()) { return start; }
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::size_t digit = std::string_view("0123456789abcdef").find(digits[i]);
    if (digit == std::string_view::npos) { return {}; }
    start[i / 2] = u8(std::size_t{start[i / 2]} << 4U | digit);
  }
  return start;
}

MachineStart machine_start(const std::string& file, const char* variable) {
  constexpr std::size_t kMost = 64;  // 36 characters and a line end
  if (const auto text = read_whole(file, kMost, Links::refused); text && *text) {
    std::string digits = **text;
    if (digits.ends_with('\n')) { digits.pop_back(); }
    std::erase(digits, '-');
    return parse_machine_start(digits);
  }
  const char* const told = std::getenv(variable);
  return told == nullptr ? MachineStart{} : parse_machine_start(told);
}

}  // namespace vouch
